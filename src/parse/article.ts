import { hash } from "node:crypto";
import { basename, extname } from "node:path";
import { parse as parseYaml } from "yaml";
import { ParseError } from "../errors.ts";
import type { Category, Link, ParsedDocument, Person, StatedOriginal } from "../model.ts";
import { cutText } from "./construct.ts";
import { parseDate } from "./date.ts";
import { collapseWhitespace, sanitizeHtml } from "./html.ts";
import type { ParseLimits } from "./limits.ts";
import { renderMarkdown, textOfMarkdown } from "./markdown.ts";
import { distinctPeople, makePerson, parsePerson } from "./person.ts";
import { resolveHttpUrl } from "./url.ts";
import type { WarningLog } from "./warning-log.ts";

const FRONT_MATTER_LENGTH_MAX = 16 * 1024;
/** Lines looked at for the original URL, from the end. */
const CLOSING_LINES = 40;

interface ArticleOptions {
  /** URL or path, for messages and for a title of last resort. */
  readonly name: string;
  readonly documentUrl: string | null;
  readonly limits: ParseLimits;
  readonly log: WarningLog;
}

/** What a document says about itself, from its front matter and from the lines around its text. */
interface ArticleHead {
  title: string;
  authors: readonly Person[];
  published: Date | null;
}

/**
 * Reads an article document: Markdown or plain text with a title first, `By …`, a date line, the text, and at the end
 * `Original url:` (see "An article document" in the interface document). Front matter, when there, wins.
 * The entry's HTML holds the text only: title, byline, date, credit line and links that lead nowhere are left out.
 * @throws ParseError `parse/empty`, `parse/too-large`
 */
export function readArticle(text: string, options: ArticleOptions): ParsedDocument {
  const { limits, log } = options;
  if (text.trim() === "")
    throw new ParseError("parse/empty", "the document is empty", { document: options.name });
  if (text.length > limits.textBytesPerElement) {
    throw new ParseError("parse/too-large", "the article is longer than the limit", {
      document: options.name,
    });
  }
  const normalized = text.replace(/\r\n?/g, "\n");
  const { matter, body } = splitFrontMatter(normalized, log);
  const lines = body.split("\n");
  const closingUrl = takeOriginalUrl(lines);
  const head = takeHead(lines);
  const given = readFrontMatter(matter, log);

  const original = given.originalUrl ?? given.canonicalUrl ?? closingUrl;
  const url = original ?? given.url;
  const contentHtml = sanitizeHtml(renderMarkdown(lines.join("\n"), log), url ?? options.documentUrl);
  if (url === null) {
    log.add("no-original-url", "the article names no original URL; it goes by a digest of its content");
  }
  const title = given.title ?? (head.title || basename(options.name, extname(options.name)));
  return {
    format: "article",
    feed: {
      title: "",
      id: null,
      url: null,
      homeUrl: null,
      description: null,
      language: null,
      rights: null,
      updated: null,
      iconUrl: null,
      hubs: [],
      authors: [],
    },
    entries: [
      {
        guid: url === null ? `urn:sha256:${hash("sha256", normalized.trim())}` : null,
        url,
        title: cutText(title, limits.titleLength),
        authors: given.authors ?? head.authors,
        contributors: [],
        published: given.published ?? head.published,
        updated: null,
        summary: null,
        contentHtml,
        categories: given.categories,
        enclosures: [],
        links: linksOf(url, given.url),
        statedOriginals: statedOriginals(given, closingUrl),
        source: null,
        commentsUrl: null,
        language: given.language,
        rights: null,
        imageUrl: null,
      },
    ],
    hints: { ttlMs: null, skipHours: [], skipDays: [] },
    outlines: [],
    warnings: log.list(),
    isDamaged: false,
  };
}

function linksOf(url: string | null, copyUrl: string | null): readonly Link[] {
  const links: Link[] = [];
  if (url !== null) links.push({ rel: "alternate", href: url, type: null });
  if (copyUrl !== null && copyUrl !== url) links.push({ rel: "via", href: copyUrl, type: null });
  return links;
}

function statedOriginals(given: FrontMatter, closingUrl: string | null): readonly StatedOriginal[] {
  const stated: StatedOriginal[] = [];
  const original = given.originalUrl ?? closingUrl;
  if (original !== null) stated.push({ rule: "article:original-url", url: original });
  if (given.canonicalUrl !== null) stated.push({ rule: "rel=canonical", url: given.canonicalUrl });
  return stated;
}

// ---- front matter --------------------------------------------------------------------------------------------------

interface FrontMatter {
  readonly title: string | null;
  readonly published: Date | null;
  readonly authors: readonly Person[] | null;
  readonly url: string | null;
  readonly originalUrl: string | null;
  readonly canonicalUrl: string | null;
  readonly categories: readonly Category[];
  readonly language: string | null;
}

/** Front matter stands between `---` on the first line and the next `---` or `...`. */
function splitFrontMatter(
  text: string,
  log: WarningLog,
): { matter: ReadonlyMap<string, unknown>; body: string } {
  const none = { matter: new Map<string, unknown>(), body: text };
  const start = /^\s{0,20}---[ \t]{0,20}\n/.exec(text)?.[0];
  if (start === undefined) return none;
  const rest = text.slice(start.length);
  const end = /^(?:---|\.\.\.)[ \t]{0,20}(?:\n|$)/m.exec(rest.slice(0, FRONT_MATTER_LENGTH_MAX));
  if (end === null) return none;
  const body = rest.slice(end.index + end[0].length);
  try {
    if (isNestedTooDeep(rest.slice(0, end.index))) throw new Error("it is nested too deep");
    // The core schema has no dates, no code and no merge keys; aliases cannot multiply.
    const value: unknown = parseYaml(rest.slice(0, end.index), {
      schema: "core",
      maxAliasCount: 10,
      logLevel: "silent",
      prettyErrors: false, // they are made for each of thousands of errors, and look back to the first line
    });
    const isMap = value !== null && typeof value === "object" && !Array.isArray(value);
    return { matter: new Map(isMap ? Object.entries(value) : []), body };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
    log.add(
      "bad-front-matter",
      `the front matter is not YAML and is passed over: ${reason.slice(0, 150)}`,
      0,
    );
    return { matter: new Map(), body };
  }
}

/** Front matter is a list of fields; YAML's readers take seconds for a thousand open brackets. Quotes are not looked at. */
const FRONT_MATTER_DEPTH_MAX = 20;
const DEEP_BLOCKS = new RegExp(`(?:[-?:][ \\t]{1,50}){${FRONT_MATTER_DEPTH_MAX}}`);

function isNestedTooDeep(matter: string): boolean {
  let depth = 0;
  for (let at = 0; at < matter.length; at++) {
    const char = matter[at];
    if (char === "[" || char === "{") depth++;
    else if ((char === "]" || char === "}") && depth > 0) depth--;
    if (depth > FRONT_MATTER_DEPTH_MAX) return true;
  }
  return DEEP_BLOCKS.test(matter);
}

function readFrontMatter(matter: ReadonlyMap<string, unknown>, log: WarningLog): FrontMatter {
  const text = (key: string) => {
    const value = matter.get(key);
    const line =
      typeof value === "string" || typeof value === "number" ? collapseWhitespace(String(value)) : "";
    return line === "" ? null : line;
  };
  const url = (key: string) => {
    const value = text(key);
    const resolved = value === null ? null : urlOf(value);
    if (value !== null && resolved === null)
      log.add("dropped-url", `${key}: "${value.slice(0, 80)}" is no http(s) URL`);
    return resolved;
  };
  const date = text("date") ?? text("published");
  const published = date === null ? null : parseDate(date);
  if (date !== null && published === null) log.add("bad-date", `"${date.slice(0, 60)}" is no date`);
  const people = distinctPeople(stringsOf(matter.get("authors") ?? matter.get("author")).map(parsePerson));
  return {
    title: text("title"),
    published,
    authors: people.length > 0 ? people : null,
    url: url("url"),
    originalUrl: url("original_url"),
    canonicalUrl: url("canonical_url"),
    categories: [...new Set(stringsOf(matter.get("tags")))].map((term) => ({
      term,
      scheme: null,
      label: null,
    })),
    language: text("language") ?? text("lang"),
  };
}

/** A list of lines from a YAML list, or from text with commas. */
function stringsOf(value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value)
    ? value
    : typeof value === "string"
      ? value.split(",")
      : [];
  return items
    .filter((item) => typeof item === "string" || typeof item === "number")
    .map((item) => cutText(collapseWhitespace(String(item)), 300))
    .filter((item) => item !== "");
}

// ---- the lines around the text ---------------------------------------------------------------------------------------

const ORIGINAL_LINE =
  /^[\s>*_#-]{0,10}original[ -]?(?:url|link|source|article)[\s*_]{0,6}:[\s*_]{0,6}(.{0,5000})$/i;

/** Takes `Original url:` and its URL (same line or the next that is not blank) out of the closing lines. */
function takeOriginalUrl(lines: string[]): string | null {
  const first = Math.max(0, lines.length - CLOSING_LINES);
  for (let at = lines.length - 1; at >= first; at--) {
    const match = ORIGINAL_LINE.exec(lines[at] ?? "");
    if (match === null) continue;
    const own = match[1]?.trim() ?? "";
    let last = at;
    if (own === "") {
      last = lines.findIndex((line, index) => index > at && line.trim() !== "");
      if (last === -1) last = at;
    }
    const url = urlOf(own === "" ? (lines[last] ?? "") : own);
    lines.splice(at, (url === null && own === "" ? at : last) - at + 1);
    return url;
  }
  return null;
}

/** The http(s) URL of a line: bare, in angle brackets, or as a Markdown link; null for `#` and everything else. */
function urlOf(line: string): string | null {
  const trimmed = line.trim();
  const link = /^\[[^\]]{0,2000}\]\(\s{0,5}<?([^\s<>)]{1,4000})>?[^)]{0,300}\)/.exec(trimmed)?.[1];
  const bracketed = /^<([^<>\s]{1,4000})>/.exec(trimmed)?.[1];
  return resolveHttpUrl(link ?? bracketed ?? trimmed.replace(/[*_\s]{1,10}$/, ""), null);
}

const HEADING = /^\s{0,3}#\s{1,5}(.{1,2000}?)\s{0,5}#{0,6}\s{0,20}$/;
const BYLINE = /^[\s*_]{0,6}by[:\s]\s{0,5}(.{1,400}?)[\s*_]{0,6}$/i;
const BOLD_LINE = /^\s{0,3}(\*\*|__)([^*_]{1,120})\1\s{0,20}$/;
const RELATED_LINE =
  /^[\s>*_-]{0,8}(?:related(?: (?:article|story|stories|articles|news))?|read (?:more|also)|see also)[\s*_]{0,6}:/i;

/** Takes title, byline, date and credit out of the lines before the text, and lines of links that lead nowhere out of all. */
function takeHead(lines: string[]): ArticleHead {
  const head: ArticleHead = { title: "", authors: [], published: null };
  let isBefore = true;
  let isTitleTaken = false;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (line.trim() === "") continue;
    if (!isTitleTaken) {
      const heading = headingAt(lines, at);
      if (heading !== null) {
        head.title = heading;
        isTitleTaken = true;
        isBefore = true;
        continue;
      }
    }
    if (isBefore) {
      if (takeHeadLine(line, head)) {
        lines[at] = "";
        continue;
      }
      isBefore = isTitleTaken && line.trim().startsWith("![");
      if (isBefore) continue;
    } else if (head.published === null && isFullDate(line)) {
      head.published = parseDate(bare(line));
      lines[at] = "";
      continue;
    }
    if (RELATED_LINE.test(line) && leadsNowhere(line)) lines[at] = "";
  }
  if (head.title === "") takePlainTitle(lines, head);
  return head;
}

/** The heading at this line, `# …` or underlined with `=`; its lines are emptied. */
function headingAt(lines: string[], at: number): string | null {
  const match = HEADING.exec(lines[at] ?? "");
  const underlined = match === null && /^={3,200}\s{0,20}$/.test(lines[at + 1] ?? "");
  if (match === null && !underlined) return null;
  const source = match?.[1] ?? lines[at] ?? "";
  lines[at] = "";
  if (underlined) lines[at + 1] = "";
  return textOfMarkdown(source);
}

/** @returns true if the line was byline, date or credit and is now in `head` or left out. */
function takeHeadLine(line: string, head: ArticleHead): boolean {
  const byline = head.authors.length === 0 ? BYLINE.exec(line)?.[1] : undefined;
  if (byline !== undefined) {
    head.authors = readByline(byline);
    return true;
  }
  if (head.published === null && isFullDate(line)) {
    head.published = parseDate(bare(line));
    return true;
  }
  // A lone bold line that is no sentence is the credit of the picture above it.
  const bold = BOLD_LINE.exec(line)?.[2]?.trim();
  return bold !== undefined && !/[.!?:…”"]$/.test(bold);
}

/** A text without any heading: a short first line with a blank one behind is its title. */
function takePlainTitle(lines: string[], head: ArticleHead): void {
  const at = lines.findIndex((line) => line.trim() !== "");
  const line = lines[at]?.trim() ?? "";
  if (at === -1 || line.length > 200 || (lines[at + 1] ?? "").trim() !== "" || /^[-*>+]\s/.test(line)) return;
  lines[at] = "";
  head.title = textOfMarkdown(line);
  for (let next = at + 1; next < lines.length; next++) {
    const text = lines[next] ?? "";
    if (text.trim() === "") continue;
    if (!takeHeadLine(text, head)) return;
    lines[next] = "";
  }
}

function bare(line: string): string {
  return line
    .trim()
    .replace(/^[*_]{1,3}/, "")
    .replace(/[*_]{1,3}$/, "")
    .replace(/^(?:published|date|posted|updated)(?: on)?\s{0,3}:?\s{1,3}/i, "");
}

/** A line that is a date with its year, month and day and nothing else. */
function isFullDate(line: string): boolean {
  if (line.length > 300 || !/\d{4}/.test(line)) return false;
  const text = bare(line);
  return (
    text.length >= 8 &&
    text.length <= 60 &&
    /\d.*\d{4}|\d{4}.*\d/.test(text) &&
    parseDate(text) !== null &&
    !/[.!?]$/.test(text)
  );
}

/** `[AFP](#)`, `[Ann Author](https://…)`, `Ann Author and Ben Writer`. A link to `#` is no link. */
function readByline(byline: string): readonly Person[] {
  const people = byline.split(/\s{1,5}(?:and|&)\s{1,5}|,\s{0,5}(?=[\p{Lu}[])/u).map((part) => {
    const link = /^\[([^\]]{1,300})\]\(([^)\s]{0,2000})[^)]{0,300}\)/.exec(part.trim());
    if (link === null) return parsePerson(textOfMarkdown(part));
    return makePerson({ name: textOfMarkdown(link[1] ?? ""), url: resolveHttpUrl(link[2] ?? "", null) });
  });
  return distinctPeople(people);
}

/** True if the line has links and none of them goes anywhere. */
function leadsNowhere(line: string): boolean {
  const targets = [...line.slice(0, 5000).matchAll(/\]\(\s{0,5}([^)\s]{0,2000})/g)].map(
    (match) => match[1] ?? "",
  );
  return targets.length > 0 && targets.every((target) => target === "" || target.startsWith("#"));
}
