import type { Wrapper } from "./wrapper.ts";
import { findEmbedded } from "./wrapper-targets.ts";

/**
 * Rule 3, measuring prefixes of podcasts: a host writes its counter before the episode's own URL, often several in a row
 * (`dts.podtrac.com/redirect.mp3/pdst.fm/e/media.example/1.mp3`). The counter redirects to what follows. Source: the
 * services' instructions for podcast hosts. Each pattern ends where the episode's URL begins, with or without its scheme.
 */
const rows: readonly (readonly [name: string, hosts: string, prefix: RegExp])[] = [
  ["podtrac", "podtrac.com", /^\/(?:pts\/)?redirect\.(?:mp3|m4a|mp4|m4v|mov|aac|ogg|pdf|wav)\//i],
  ["chartable", "chtbl.com chrt.fm", /^\/track\/[A-Z0-9]{1,16}\//i],
  ["podsights", "pdst.fm", /^\/e\//],
  ["op3", "op3.dev", /^\/e(?:,[^/]{1,80})?\//],
  ["magellan", "mgln.ai", /^\/(?:e|track)\/[A-Za-z0-9-]{1,20}\//],
  ["podscribe", "verifi.podscribe.com pscrb.fm", /^\/rss\/p\//],
  ["claritas", "clrtpod.com", /^\/m\//],
  ["artsai", "arttrk.com", /^\/p\/[A-Za-z0-9]{1,16}\//],
  ["spotify-measurement", "prfx.byspotify.com", /^\/e\//],
  ["blubrry", "media.blubrry.com", /^\/[A-Za-z0-9_-]{1,80}\//],
  ["swap-fm", "tracking.swap.fm", /^\/track\/[A-Za-z0-9]{1,40}\//],
  ["vpixl", "pfx.vpixl.com", /^\/[A-Za-z0-9]{1,16}\//],
  ["podkite", "podkite.com", /^\/o\/[A-Za-z0-9]{1,20}\//],
];

/** `media.example/`: a prefix is followed by the episode's host, not by a page of the service's own. */
const target = String.raw`(?=https?(?::|%3a)|[a-z0-9-]+(?:\.[a-z0-9-]+)+\/)`;

export const mediaPrefixes: readonly Wrapper[] = rows.map(([name, hosts, prefix]) => {
  const pattern = new RegExp(prefix.source + target, "i");
  return {
    name,
    reason: "a podcast's measuring prefix stands before the episode's own URL",
    hosts: hosts.split(" "),
    unwrap: (parts) => findEmbedded(parts, pattern),
  };
});
