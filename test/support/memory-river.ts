/** The few calls of a store that serving needs, over a list of stories; the rest of the contract is not here. */
import type { CopyGroup, HealthNotice, SourceState, Story } from "../../src/model.ts";
import type { SiteStore } from "../../src/serve/site.ts";
import type { ArchivePage, ArchiveState, Store, StoryQuery, UnarchivedQuery } from "../../src/store/store.ts";

export class MemoryRiver implements SiteStore, Pick<Store, "listNotices"> {
  stories: readonly Story[];
  sources: readonly SourceState[];
  groups: readonly CopyGroup[] = [];
  revisionNumber = 1;
  notices: readonly HealthNotice[] = [];
  /** Pages of archives, in the order in which they were written. */
  readonly pages: ArchivePage[] = [];
  readonly #archives = new Map<string, ArchiveState>();
  readonly #archived = new Set<string>();
  /** How often stories were read. */
  listings = 0;

  constructor(stories: readonly Story[], sources: readonly SourceState[] = []) {
    this.stories = stories;
    this.sources = sources;
  }

  async listStories(query: StoryQuery): Promise<readonly Story[]> {
    this.listings += 1;
    const { before, sourceId, tags = [], numbers } = query;
    const asked =
      numbers === undefined ? this.stories : this.stories.filter((s) => numbers.includes(s.number));
    return asked
      .filter((story) =>
        story.sightings.some((s) => tags.length === 0 || s.sourceTags.some((tag) => tags.includes(tag))),
      )
      .filter((story) => sourceId === undefined || story.sightings.some((s) => s.sourceId === sourceId))
      .filter((story) => before === undefined || compare(story, before) > 0)
      .toSorted(compare)
      .slice(0, query.limit);
  }

  async listCopies(numbers: readonly number[]): Promise<readonly CopyGroup[]> {
    return this.groups.filter(({ members }) => members.some(({ story }) => numbers.includes(story.number)));
  }

  async archiveState(output: string): Promise<ArchiveState> {
    return this.#archives.get(output) ?? { pages: 0, position: 0, scope: "", sweptAt: null };
  }

  async listUnarchived({ output, after, limit, tags = [] }: UnarchivedQuery): Promise<readonly Story[]> {
    return this.stories
      .filter(({ number }) => number > after && !this.#archived.has(`${output} ${number}`))
      .filter(({ sightings }) =>
        sightings.some((s) => tags.length === 0 || s.sourceTags.some((tag) => tags.includes(tag))),
      )
      .toSorted((a, b) => a.number - b.number)
      .slice(0, limit);
  }

  async addArchivePage(
    page: ArchivePage,
    { stories, position }: { readonly stories: readonly number[]; readonly position: number },
  ): Promise<boolean> {
    const state = await this.archiveState(page.output);
    if (page.number !== state.pages + 1) return false;
    this.pages.push(page);
    for (const number of stories) this.#archived.add(`${page.output} ${number}`);
    this.#archives.set(page.output, { ...state, pages: page.number, position });
    return true;
  }

  async moveArchive(output: string, place: Omit<ArchiveState, "pages">): Promise<void> {
    this.#archives.set(output, { ...place, pages: (await this.archiveState(output)).pages });
  }

  async findArchivePage(output: string, number: number): Promise<ArchivePage | null> {
    return this.pages.find((page) => page.output === output && page.number === number) ?? null;
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
