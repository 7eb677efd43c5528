import { decodeHTML } from "entities/decode";
import { cleanText } from "./decode.ts";
import { collapseWhitespace, hasMarkup, htmlOfText, sanitizeHtml, textOfHtml } from "./html.ts";
import type { XmlElement } from "./xml-element.ts";

/** How the text of a construct is to be understood. */
export type ConstructKind = "text" | "html";

/** Elements of RSS and its modules hold HTML or something near it; Atom says so itself (RFC 4287 3.1, Atom 0.3 3.1). */
export function kindOfConstruct(element: XmlElement): ConstructKind {
  if (element.markup !== null || !element.key.startsWith("atom:")) return "html";
  const type = element.attribute("type")?.trim().toLowerCase() ?? "";
  return type === "html" ||
    type === "xhtml" ||
    type.includes("html") ||
    type.endsWith("xml") ||
    isBase64(element)
    ? "html"
    : "text";
}

/** Atom 0.3's mode, or a type that says bytes (RFC 4287 4.1.3.3, rule 6). */
function isBase64(element: XmlElement): boolean {
  if (element.attributes.length === 0) return false;
  if (element.attribute("mode")?.trim().toLowerCase() === "base64") return true;
  return element.attribute("type")?.trim().toLowerCase() === "application/octet-stream";
}

/** Text in base64; nothing when the bytes are no text. */
function decodeBase64(text: string): string {
  try {
    return cleanText(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(text, "base64")));
  } catch {
    return "";
  }
}

/** The HTML source or the text of a construct as it stands in the document; `base64` of Atom 0.3 is decoded. */
export function sourceOfConstruct(element: XmlElement): string {
  if (element.markup !== null) return element.markup;
  return isBase64(element) ? decodeBase64(element.text) : element.text;
}

/** A construct as sanitised HTML, or null when it shows nothing. `base` makes its URLs absolute. */
export function htmlOfConstruct(element: XmlElement, base: string | null): string | null {
  const source = sourceOfConstruct(element);
  return kindOfConstruct(element) === "text"
    ? htmlOfText(source)
    : sanitizeHtml(source, element.base ?? base);
}

/**
 * A construct as one line of plain text, decoded once and only once: escaped text by XML, CDATA and Atom's `html` by
 * HTML. RSS titles are text, but those that hold everyday tags are HTML (RSS does not say).
 */
export function textOfConstruct(element: XmlElement, lengthMax: number): string {
  const source = sourceOfConstruct(element);
  const text = isHtmlTitle(element, source)
    ? textOfHtml(source)
    : collapseWhitespace(element.isCdata && !element.key.startsWith("atom:") ? decodeHTML(source) : source);
  return cutText(text, lengthMax);
}

function isHtmlTitle(element: XmlElement, source: string): boolean {
  if (element.markup !== null) return true;
  if (element.key.startsWith("atom:")) return kindOfConstruct(element) === "html";
  return hasMarkup(source);
}

/** The first `lengthMax` UTF-16 units of a text, not cut inside a character, with a sign that there was more. */
export function cutText(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  return `${text
    .slice(0, lengthMax - 1)
    .toWellFormed()
    .replace(/�$/, "")}…`;
}
