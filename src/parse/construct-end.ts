import type { XmlElement } from "./xml-element.ts";

/** Seen inside unescaped HTML these mean that the closing tag of the construct was forgotten. */
const CONSTRUCT_BREAKERS = new Set([
  "item",
  "atom:entry",
  "guid",
  "pubdate",
  "atom:id",
  "atom:updated",
  "atom:published",
]);
/** The same for a title, which holds no such things as HTML has. */
const TITLE_BREAKERS = new Set(
  "link description author category comments content:encoded dc:creator dc:date atom:link atom:summary atom:content".split(
    " ",
  ),
);

/** True if an element with this key can only stand behind the construct, whose closing tag must have been forgotten. */
export function isBreaker(construct: XmlElement, key: string): boolean {
  const isInTitle = construct.key === "title" || construct.key === "atom:title";
  if (!CONSTRUCT_BREAKERS.has(key) && !(isInTitle && TITLE_BREAKERS.has(key))) return false;
  return !isXhtmlConstruct(construct);
}

/** XHTML by its declared type, or by Atom 0.3's mode (RFC 4287 3.1.1.3, 4.1.3.3). */
export function isXhtmlConstruct(element: XmlElement): boolean {
  if (element.key.startsWith("xhtml:")) return true;
  const type = element.attribute("type")?.trim().toLowerCase() ?? "";
  if (type === "xhtml" || type.endsWith("+xml") || type.endsWith("/xml")) return true;
  return element.attribute("mode")?.trim().toLowerCase() === "xml";
}
