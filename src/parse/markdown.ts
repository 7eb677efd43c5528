import { readFileSync } from "node:fs";
import { initSync, mdToHtml } from "md4w";
import { collapseWhitespace, escapeHtml, textOfHtml } from "./html.ts";
import type { WarningLog } from "./warning-log.ts";

declare global {
  /** The part that we need; the types of Node leave it to those of browsers. */
  namespace WebAssembly {
    class Module {
      constructor(bytes: Uint8Array);
    }
  }
}

/** CommonMark with the tables, deletions and bare URLs of GitHub. HTML is let through to the sanitiser, which judges it like all other HTML. */
const FLAGS = ["TABLES", "STRIKETHROUGH", "PERMISSIVE_URL_AUTO_LINKS"] as const;

/** The compiled md4c. It has a memory of its own, which a fault in it cannot leave. */
let module: WebAssembly.Module | null = null;
let isReady = false;

/** @throws WebAssembly.RuntimeError when md4c fails; it begins anew with the next text. */
function toHtml(source: string): string {
  if (source === "") return ""; // it would fail
  if (!isReady) {
    module ??= new WebAssembly.Module(readFileSync(new URL("md4w-small.wasm", import.meta.resolve("md4w"))));
    initSync(module);
  }
  isReady = false;
  const html = mdToHtml(source, { parseFlags: [...FLAGS] });
  isReady = true;
  // It leaves `&` in addresses as it is, and a browser would read `&reg-` in one as a name without its semicolon.
  return html.replace(/&(?!#?[a-z0-9]{1,32};)/gi, "&amp;");
}

/** Before a line that is to be read as words, so that it begins no list, quotation or heading; it ends up as white space. */
const NO_BLOCK = "&nbsp; ";

/** A line of Markdown without its marks. */
export function textOfMarkdown(source: string): string {
  const line = collapseWhitespace(source);
  if (!/[\\`*_[\]<>&!~:]/.test(line)) return line;
  try {
    return textOfHtml(toHtml(NO_BLOCK + line));
  } catch {
    return line;
  }
}

/**
 * Markdown as HTML that is not sanitised yet; links within the document are words. A text that was written to cost time, or that
 * the renderer cannot take, is shown as it stands, in paragraphs.
 */
export function renderMarkdown(source: string, log: WarningLog): string {
  const isCostly = isDense(source) || DEEP_QUOTATION.test(source);
  try {
    if (!isCostly) return withoutInnerLinks(toHtml(source));
  } catch {
    // Told below, as what is costly is.
  }
  log.add("bad-markdown", "the text is hardly Markdown: too many marks; it is shown as it stands");
  return source
    .trim()
    .split(/\n{2,}/)
    .map((paragraph) => `<p>${escapeHtml(paragraph.trim())}</p>`)
    .join("\n");
}

/**
 * Characters that may mean something, line ends included: a document of nothing else becomes four times as much HTML. In texts that
 * were written to be read they are one in ten or twenty.
 */
const MARK = /[\n[\]*_`<>&\\!~|#:]/g;
const CHARS_PER_MARK_MIN = 5;
/** A shorter text costs little whatever it is made of. */
const DENSE_LENGTH_MIN = 50_000;

function isDense(source: string): boolean {
  if (source.length < DENSE_LENGTH_MIN) return false;
  const marksMax = source.length / CHARS_PER_MARK_MIN;
  let marks = 0;
  MARK.lastIndex = 0;
  while (marks <= marksMax && MARK.test(source)) marks++;
  return marks > marksMax;
}

/** Nobody quotes a quotation a hundred times; each mark would become two tags of eleven characters. */
const DEEP_QUOTATION = /^(?: {0,3}>){100}/m;

const INNER_LINK = /<a (?:class="anchor" [^<>]{0,500} )?href="(?:#[^"<>]{0,2000})?"[^<>]{0,1000}>/g;

/** A link to `#` or to a heading (the renderer gives each an anchor) leads nowhere once the text stands in a feed: its words stay. */
function withoutInnerLinks(html: string): string {
  let clean = "";
  let end = 0;
  for (const { 0: tag, index } of html.matchAll(INNER_LINK)) {
    if (index < end) continue;
    const close = html.indexOf("</a>", index);
    if (close === -1) break;
    clean += html.slice(end, index) + html.slice(index + tag.length, close);
    end = close + "</a>".length;
  }
  return clean + html.slice(end);
}
