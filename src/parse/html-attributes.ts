import { escapeLoosely } from "./html-policy.ts";
import { letterBit, type TagRule } from "./html-rules.ts";
import { writeRegularPicture } from "./regular-picture.ts";

export type Attributes = Record<string, string>;

/** What knows which URLs and pictures may be published; values come and go as they stand in HTML, references undecoded. */
export interface AttributeReader {
  /** Changes an element's attributes to what may be published of them (absolute URLs, no counters). */
  readAttributes(tag: string, attributes: Attributes): Attributes;
  /** The address of a link made absolute, or null if it may not be published. */
  readLink(href: string): string | null;
  /** True if the picture at this address may be published, and its address as it stands. */
  isPlainPicture(src: string): boolean;
  /** A `noscript` begins or ends. */
  onNoscript(change: 1 | -1): void;
}

/** Says of a tag that it may be published as it stands. */
export const UNCHANGED = "=";

const SLASH = 0x2f;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const NAME_LENGTH_MAX = 60;

/**
 * The tag whose attributes stand from `start` to `end`, as it may be published: `UNCHANGED`, empty for a picture without an
 * address, null when the attributes are not regular (the end of the tag may then be elsewhere).
 */
export function rewriteTag(
  source: string,
  { rule, start, end }: { readonly rule: TagRule; readonly start: number; readonly end: number },
  reader: AttributeReader,
): string | null {
  if (rule.name === "img") {
    const picture = writeRegularPicture(source, { start, end }, (src) => reader.isPlainPicture(src));
    if (picture !== null) return picture;
  }
  let attributes: Attributes | null = null;
  /** The value of `href` as long as nothing else was found that counts. */
  let href: string | null = null;
  let at = start;
  if (rule.name === "a" && source.startsWith(' href="', start)) {
    // The usual case first.
    const valueEnd = source.indexOf('"', start + 7);
    if (valueEnd === -1 || valueEnd >= end) return null;
    href = source.slice(start + 7, valueEnd);
    at = valueEnd + 1;
  }
  while (at < end) {
    const blank = at;
    while (isSpace(source.charCodeAt(at))) at++;
    if (at >= end) break;
    if (source.charCodeAt(at) === SLASH) {
      // Of an element that is not void HTML opens it all the same.
      if (at + 1 !== end) return null;
      break;
    }
    const nameStart = at;
    const nameEnd = endOfAttributeName(source, at);
    if (at === blank || nameEnd === at) return null;
    let valueStart = nameEnd;
    let valueEnd = nameEnd;
    const next = source.charCodeAt(nameEnd);
    if (next === EQUALS) {
      const quote = source.charCodeAt(nameEnd + 1);
      if (quote === QUOTE || quote === APOSTROPHE) {
        valueStart = nameEnd + 2;
        valueEnd = source.indexOf(quote === QUOTE ? '"' : "'", valueStart);
        if (valueEnd === -1 || valueEnd >= end) return null;
        at = valueEnd + 1;
      } else {
        valueStart = nameEnd + 1;
        valueEnd = valueStart;
        while (valueEnd < end && !isSpace(source.charCodeAt(valueEnd))) valueEnd++;
        if (valueEnd === valueStart) return null;
        at = valueEnd;
      }
    } else {
      at = nameEnd;
      while (isSpace(source.charCodeAt(at))) at++;
      if (source.charCodeAt(at) === EQUALS) return null;
      at = nameEnd;
    }
    const first = source.charCodeAt(nameStart) | 0x20;
    if ((rule.readableLetters & letterBit(first)) === 0) continue;
    const name = source.slice(nameStart, nameEnd).toLowerCase();
    if (!rule.readable.has(name)) continue;
    const value = source.slice(valueStart, valueEnd);
    if (name === "href" && attributes === null && href === null) href = value;
    else {
      if (attributes === null) attributes = href === null ? {} : { href };
      if (attributes[name] === undefined) attributes[name] = value;
    }
  }
  if (attributes === null && href !== null) {
    const url = reader.readLink(href);
    if (url === null || url === "") return "<a>";
    // Nothing but ` href="..."` stands there, and the address is as it was.
    const isAlone = end - start === href.length + 8;
    if (isAlone && url === href && source.startsWith('a href="', start - 1)) return UNCHANGED;
    return `<a href="${url}">`;
  }
  return writeTag(rule, attributes ?? {}, reader);
}

function writeTag(rule: TagRule, given: Attributes, reader: AttributeReader): string | null {
  const attributes = rule.isRead ? reader.readAttributes(rule.name, given) : given;
  let written = "";
  for (const key in attributes) {
    const value = attributes[key] ?? "";
    if (!rule.allowed.has(key)) continue;
    if (key === "reversed" || (key === "srcset" && !WIDTHS.test(value))) return null;
    if (value === "" && key !== "alt") continue;
    written += ` ${key}="${escapeLoosely(value)}"`;
  }
  if (rule.isVoid) return written === "" && rule.name === "img" ? "" : `<${rule.name}${written} />`;
  return `<${rule.name}${written}>`;
}

/** A `srcset` that the library would write as it stands: addresses without commas, a width or a density each. */
const WIDTHS = /^(?:https?:\/\/[^\s,"<>]+ [1-9]\d{0,3}(?:w|(?:\.\d{0,2}[1-9])?x)(?:, |$))+$/;

/** Where a name that begins with a letter ends; `start` where there is none of the usual kind. */
function endOfAttributeName(source: string, start: number): number {
  let at = start;
  let code = source.charCodeAt(at) | 0x20;
  if (code < 0x61 || code > 0x7a) return start;
  while (isAttributeNameCode(code)) code = source.charCodeAt(++at);
  const isEnd = code === EQUALS || code === SLASH || code === GREATER || isSpace(code);
  return at - start > NAME_LENGTH_MAX || !isEnd ? start : at;
}

const GREATER = 0x3e;

/** Letters, digits, `-`, `.`, `:`, `_`. */
function isAttributeNameCode(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x2d ||
    (code >= 0x30 && code <= 0x3a) ||
    (code >= 0x41 && code <= 0x5a) ||
    code === 0x5f ||
    code === 0x2e
  );
}

/** White space of HTML. */
function isSpace(code: number): boolean {
  return code === 0x20 || (code <= 0x0d && code >= 0x09 && code !== 0x0b);
}
