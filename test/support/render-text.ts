import type { PublishedFeed } from "../../src/publish/combine.ts";
import type { FeedFormat } from "../../src/publish/feed-urls.ts";
import { renderFeed } from "../../src/publish/render.ts";

/** A feed document as text. */
export function renderText(feed: PublishedFeed, format: FeedFormat): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(renderFeed(feed, format));
}
