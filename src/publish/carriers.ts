/** Who carried a story, and on which pages. */
import type { Sighting, Story } from "../model.ts";
import { cleanLine, cleanUrl, withoutTrailingSlashes } from "./clean.ts";
import type { PublishedCarrier } from "./combine.ts";
import { whyJoined } from "./joined.ts";

const CARRIERS_MAX = 100;
const NAME_LENGTH_MAX = 200;

/** Everyone who carried a story, one per source, the shown copy's source first. */
export function carriersOf(story: Story, winner: Sighting): readonly PublishedCarrier[] {
  const carriers = new Map<string, PublishedCarrier>();
  for (const sighting of [winner, ...story.sightings]) {
    if (carriers.size >= CARRIERS_MAX) break;
    if (carriers.has(sighting.sourceId)) continue;
    carriers.set(sighting.sourceId, {
      name: cleanLine(sighting.sourceName, NAME_LENGTH_MAX) || "Unnamed source",
      url: cleanUrl(sighting.entry.url) ?? cleanUrl(sighting.originalUrl),
      sourceId: sighting.sourceId,
      reason: sighting === winner ? null : whyJoined(sighting, story.sightings),
    });
  }
  return [...carriers.values()];
}

/**
 * The other pages that carried a story (RFC 4287 4.2.7.2 `via`), each once. A page that differs from the alternate
 * link only by scheme, `www.`, a final slash, a fragment or campaign parameters is the same page and left out.
 */
export function viaUrlsOf(story: Story, alternateUrl: string | null): readonly string[] {
  const pages = new Map<string, string>();
  for (const sighting of story.sightings.slice(0, CARRIERS_MAX)) {
    const url = cleanUrl(sighting.entry.url);
    if (url !== null && !pages.has(pageOf(url))) pages.set(pageOf(url), url);
  }
  if (alternateUrl !== null) pages.delete(pageOf(alternateUrl));
  return [...pages.values()];
}

/** A comparison string for "the same page as a person sees it"; only for leaving out links, never for identity. */
export function pageOf(url: string): string {
  const { host, pathname, searchParams } = new URL(url);
  for (const name of new Set(searchParams.keys())) {
    if (/^(?:utm_|fbclid$|gclid$|at_medium$|at_campaign$)/.test(name)) searchParams.delete(name);
  }
  searchParams.sort();
  return `${host.replace(/^www\./, "")}${withoutTrailingSlashes(pathname)}?${searchParams}`;
}
