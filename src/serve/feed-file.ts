/** How a feed file is sent: its type and headers. Pure. */
import type { PublishedFeed } from "../publish/combine.ts";
import { type FeedFile, selfUrl } from "../publish/feed-urls.ts";
import type { RepresentationOptions } from "./conditional-response.ts";

const DAY_SECONDS = 86_400;

/** May be read by scripts of every origin, and is never a place for scripts itself. */
export const FEED_HEADERS: readonly string[] = [
  "Access-Control-Allow-Origin",
  "*",
  "Access-Control-Expose-Headers",
  "ETag, Last-Modified, Link",
  "X-Content-Type-Options",
  "nosniff",
  "Content-Security-Policy",
  "default-src 'none'; style-src 'self'; sandbox",
];

/** A rendered feed file, `body`, as what is served at its address. */
export function describeFeedFile(
  feed: PublishedFeed,
  file: FeedFile,
  body: Uint8Array,
): RepresentationOptions {
  // WebSub 4: a subscriber looks here first. Both links or none: without a hub, nobody asks for our own name.
  const links = `<${feed.hubUrl}>; rel="hub", <${selfUrl(feed, file)}>; rel="self"`;
  const hub = feed.hubUrl === null ? [] : ["Link", links];
  return {
    body,
    contentType: `${file.mediaType}; charset=utf-8`,
    cacheControl: cacheControlOf(feed),
    lastModified: feed.changed,
    // The first output's documents have two addresses; this one is their own (RFC 9110 8.7).
    headers: [...FEED_HEADERS, "Content-Location", selfUrl(feed, file), ...hub],
  };
}

/**
 * Fresh for half the usual gap between the newest entries, 1 to 15 minutes; stale copies may be shown a while longer,
 * and for a day when we are down (RFC 5861).
 */
function cacheControlOf(feed: PublishedFeed): string {
  const times = feed.entries
    .slice(0, 20)
    .map((entry) => entry.orderedAt.getTime())
    .sort((a, b) => b - a);
  const gaps = times.slice(1).map((time, index) => (times[index] ?? time) - time);
  const medianMs = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0;
  const maxAge = Math.min(Math.max(Math.round(medianMs / 2000), 60), 900);
  return `public, max-age=${maxAge}, stale-while-revalidate=${maxAge * 2}, stale-if-error=${DAY_SECONDS}`;
}
