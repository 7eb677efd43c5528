import { setImmediate } from "node:timers/promises";
import type { Story } from "../model.ts";
import { type CombineOptions, combine, isPublishedBefore, type PublishedFeed } from "../publish/combine.ts";

/** New stories that are made entries in one turn of the event loop: some milliseconds. */
const STORIES_PER_TURN = 10;

/**
 * As `combine`. A hundred new stories take some hundredths of a second, in which nobody would be answered: they are made entries a few a
 * turn, which are at hand when the feed is put together.
 */
export async function combineInTurns(
  stories: readonly Story[],
  options: CombineOptions,
): Promise<PublishedFeed> {
  const fresh = stories.filter((story) => !isPublishedBefore(story));
  for (let from = STORIES_PER_TURN; from < fresh.length; from += STORIES_PER_TURN) {
    combine(fresh.slice(from - STORIES_PER_TURN, from), options);
    await setImmediate();
  }
  return combine(stories, options);
}
