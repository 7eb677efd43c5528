/** Entries that a feed cuts short, and the text of their pages (`full_text: true`). Pure. */
import type { Entry } from "../model.ts";

/** What is shorter is a teaser; a page is worth a look. In characters of HTML. */
const wholeLengthMin = 2500;
/** What the end of a cut text looks like, in the languages that were seen. */
const cutMarks =
  /(?:\.\.\.|…|\[…\]|\[\.\.\.\]|&hellip;|&#8230;|\b(?:read more|continue reading|read the full|weiterlesen|mehr lesen|lire la suite|leer más|читать далее|leggi tutto|lees meer)\b)[^\p{L}\p{N}]{0,40}$/iu;
/** Of a text without tags, so much of the end is looked at. */
const endLength = 200;

/** True when the feed gives an entry's beginning only, as far as that can be told. */
export function isCutShort(entry: Pick<Entry, "contentHtml" | "summary">): boolean {
  const html = entry.contentHtml ?? entry.summary ?? "";
  if (html.length < wholeLengthMin) return true;
  const end = html
    .slice(-endLength * 4)
    .replace(/<[^<>]*>/g, " ")
    .trimEnd()
    .slice(-endLength);
  return cutMarks.test(end);
}

/** The entry with the text of its page, where that says more than the feed; else the entry itself. */
export function withPageText(entry: Entry, pageHtml: string): Entry {
  const own = entry.contentHtml ?? entry.summary ?? "";
  return pageHtml.length > own.length ? { ...entry, contentHtml: pageHtml } : entry;
}
