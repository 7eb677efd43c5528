/**
 * The one door to the feed formats. `feed` writes RSS 2.0; Atom and JSON Feed 1.1, of which it lacks too much, are
 * ours. What comes in is a PublishedFeed, so everything is typed, clean and limited before it is written.
 */
import { escapeUTF8 } from "entities";
import type { PublishedFeed } from "./combine.ts";
import type { FeedFormat } from "./feed-urls.ts";
import { renderAtom, renderAtomArchive } from "./render-atom.ts";
import { renderJson } from "./render-json.ts";
import { renderRss } from "./render-rss.ts";

/** One feed as Atom 1.0 (RFC 4287), RSS 2.0 (RSS Advisory Board, 2.0.11) or JSON Feed 1.1, UTF-8. */
export function renderFeed(feed: PublishedFeed, format: FeedFormat): Uint8Array {
  switch (format) {
    case "atom":
      return renderAtom(feed);
    case "rss":
      return renderRss(feed);
    case "json":
      return renderJson(feed);
  }
}

/** A page of the feed's archive (RFC 5005 4) as bytes; `feed` holds the stories of that page. */
export function renderArchivePage(feed: PublishedFeed, page: number): Uint8Array {
  return renderAtomArchive(feed, page);
}

/**
 * An archive page for a site that has moved: the links of its head lead to the new address, its entries stay byte for byte.
 */
export function moveArchivePage(
  body: Uint8Array,
  { from, to }: { readonly from: string; readonly to: string },
): Uint8Array {
  if (from === to) return body;
  const text = Buffer.from(body).toString("utf8");
  const end = text.indexOf("<entry");
  const head = end === -1 ? text : text.slice(0, end);
  const moved = head.replaceAll(escapeUTF8(from), escapeUTF8(to));
  return Buffer.from(end === -1 ? moved : moved + text.slice(end));
}
