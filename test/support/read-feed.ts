import type { Entry, ParsedDocument } from "../../src/model.ts";
import { parseDocument } from "../../src/parse/parse.ts";

/** A document as a test writes it: text stands for UTF-8. */
export type Written = string | Uint8Array;

/** Reads a document as if it came from `https://host.example/dir/feed`. */
export function readFeed(written: Written, contentType: string | null = null): Promise<ParsedDocument> {
  const bytes = typeof written === "string" ? new TextEncoder().encode(written) : written;
  return parseDocument({ bytes, contentType, url: "https://host.example/dir/feed", name: "feed" });
}

/** An RSS 2.0 document around what stands in the channel. */
export function rss(items: string, declaration = '<?xml version="1.0"?>'): string {
  return `${declaration}<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Paper</title><link>https://paper.example/</link><description>d</description>${items}</channel></rss>`;
}

/** An Atom 1.0 document around its entries. */
export function atom(entries: string, attributes = ""): string {
  return `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"${attributes}><title>Paper</title><id>urn:x:feed</id><updated>2026-06-01T00:00:00Z</updated>${entries}</feed>`;
}

/** The one entry of a document. */
export function onlyEntry({ entries }: ParsedDocument): Entry {
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) throw new Error(`${entries.length} entries, not one`);
  return entry;
}
