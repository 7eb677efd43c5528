/**
 * HTML at the door. Parsing has sanitised it once; here it is sanitised again by a wider list, so that neither an old
 * store nor a fault before us can put a script into a reader. Results are remembered: unchanged entries cost a look-up.
 */
import { escapeUTF8 } from "entities";
import sanitizeHtml from "sanitize-html";
import { cleanCharacters, cleanText } from "./clean.ts";
import { isWellNested, nestAnew, writeOutReferences } from "./html-nesting.ts";
import {
  ALLOWED_ATTRIBUTES,
  ALLOWED_TAGS,
  isPlainSafeHtml,
  isSafeAttribute,
  NESTING_MAX,
} from "./html-policy.ts";
import { readText } from "./html-text.ts";

const HTML_LENGTH_MAX = 256 * 1024;
const TEXT_LENGTH_MAX = 600;
const MEMORY_LENGTH_MAX = 32 * 1024 * 1024;

export interface CleanHtml {
  /** Sanitised, with absolute URLs only; empty when nothing is left to see. */
  readonly html: string;
  /** The beginning of its text on one line, at most 600 UTF-16 units. */
  readonly text: string;
}

const NOTHING: CleanHtml = { html: "", text: "" };
const POLICY: sanitizeHtml.IOptions = {
  allowedTags: [...ALLOWED_TAGS],
  allowedAttributes: { ...ALLOWED_ATTRIBUTES },
  allowedSchemes: ["http", "https", "mailto", "tel"],
  allowedSchemesAppliedToAttributes: ["href", "src", "cite", "poster", "srcset"],
  allowProtocolRelative: false,
  transformTags: { "*": dropUnsafeAttributes },
};

const memory = new Map<string, CleanHtml>();
let memoryLength = 0;

/**
 * Sanitises HTML for every format and reads its text. Longer than 256 Ki characters is cut; nested deeper than 256
 * elements, it becomes text.
 */
export function cleanHtml(html: string | null | undefined): CleanHtml {
  if (typeof html !== "string" || html === "") return NOTHING;
  const known = memory.get(html);
  if (known !== undefined) return known;
  const cut = cleanText(html.slice(0, HTML_LENGTH_MAX)).trim();
  // Again, for what stood behind entities; no letter that it changes is part of markup.
  const safe = cleanText(nest(isPlainSafeHtml(cut) ? cut : cleanCharacters(sanitize(cut))));
  const text = readText(safe, TEXT_LENGTH_MAX);
  const isEmpty = text === "" && !/<(?:img|audio|video|picture)\b/.test(safe);
  const clean = isEmpty ? NOTHING : { html: safe, text };
  remember(html, clean);
  return clean;
}

/** What a parser would move is moved, as long as what comes of it is as plain and safe. */
function nest(html: string): string {
  if (isWellNested(html)) return html;
  const written = cleanCharacters(writeOutReferences(html));
  if (written !== html && isWellNested(written) && isPlainSafeHtml(written)) return written;
  const nested = cleanCharacters(nestAnew(html));
  // Reopened elements can multiply; what grew beyond reason stays as it was.
  const isReasonable = nested.length <= 2 * html.length + 1000;
  return isReasonable && isPlainSafeHtml(nested) ? nested : html;
}

class NestedTooDeep extends Error {}

/** What is nested too deep loses its markup: the library is quadratic in depth. */
function sanitize(html: string): string {
  let depth = 0;
  try {
    return sanitizeHtml(html, {
      ...POLICY,
      onOpenTag: () => {
        depth += 1;
        if (depth > NESTING_MAX) throw new NestedTooDeep();
      },
      onCloseTag: () => {
        depth -= 1;
      },
    }).trim();
  } catch (error) {
    if (!(error instanceof NestedTooDeep)) throw error;
    return escapeUTF8(readText(html, HTML_LENGTH_MAX));
  }
}

/** sanitize-html lets relative URLs through; in a feed they would point at us. */
function dropUnsafeAttributes(tagName: string, attributes: sanitizeHtml.Attributes): sanitizeHtml.Tag {
  for (const [name, value] of Object.entries(attributes)) {
    if (!isSafeAttribute(name, value)) delete attributes[name];
  }
  // Validators know no `bdo`: its text keeps its direction apart from what stands around it.
  return { tagName: tagName === "bdo" ? "bdi" : tagName, attribs: attributes };
}

function remember(html: string, clean: CleanHtml): void {
  memory.set(html, clean);
  memoryLength += html.length + clean.html.length;
  for (const [oldest, value] of memory) {
    if (memoryLength <= MEMORY_LENGTH_MAX) break;
    memory.delete(oldest);
    memoryLength -= oldest.length + value.html.length;
  }
}
