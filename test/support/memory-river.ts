/** The few calls of a store that serving needs, over a list of stories; the rest of the contract is not here. */
import type { HealthNotice, SourceState, Story } from "../../src/model.ts";
import type { SiteStore } from "../../src/serve/site.ts";
import type { Store, StoryQuery } from "../../src/store/store.ts";

export class MemoryRiver implements SiteStore, Pick<Store, "listNotices"> {
  stories: readonly Story[];
  sources: readonly SourceState[];
  revisionNumber = 1;
  notices: readonly HealthNotice[] = [];
  /** How often stories were read. */
  listings = 0;

  constructor(stories: readonly Story[], sources: readonly SourceState[] = []) {
    this.stories = stories;
    this.sources = sources;
  }

  async listStories(query: StoryQuery): Promise<readonly Story[]> {
    this.listings += 1;
    const { before, sourceId, tags = [] } = query;
    return this.stories
      .filter((story) =>
        story.sightings.some((s) => tags.length === 0 || s.sourceTags.some((tag) => tags.includes(tag))),
      )
      .filter((story) => sourceId === undefined || story.sightings.some((s) => s.sourceId === sourceId))
      .filter((story) => before === undefined || compare(story, before) > 0)
      .toSorted(compare)
      .slice(0, query.limit);
  }

  async listSources(): Promise<readonly SourceState[]> {
    return this.sources;
  }

  async listNotices(limit: number): Promise<readonly HealthNotice[]> {
    return this.notices.slice(0, limit);
  }

  async revision(): Promise<number> {
    return this.revisionNumber;
  }

  change(stories: readonly Story[]): void {
    this.stories = stories;
    this.revisionNumber += 1;
  }
}

type Place = Pick<Story, "orderedAt" | "number">;

/** Newest first. */
function compare(a: Place, b: Place): number {
  return b.orderedAt.getTime() - a.orderedAt.getTime() || b.number - a.number;
}
