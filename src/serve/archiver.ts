/**
 * Writes the archive of an output (RFC 5005): whatever is not in the live document stands on a page, and a page never
 * changes. Stories are taken in the order in which they were stored, not of their dates: a story that comes late with an old
 * date goes on a new page instead of being missed behind the closed ones.
 */
import { hash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Clock, OutputDefinition, Story } from "../model.ts";
import { renderArchivePage } from "../publish/render.ts";
import type { ArchiveState, Store } from "../store/store.ts";
import { combineInTurns } from "./combine-in-turns.ts";
import { isShown, withCopies } from "./copy-groups.ts";
import type { SiteSettings } from "./river.ts";

/** Stories looked at in one turn of the event loop: some milliseconds. */
const CHUNK = 10;
/** What one call does at most before the next documents are rendered. */
const CHUNKS_MAX = 200;
/** After so many, what was looked at is read again for its page. */
const CHUNKS_KEPT = 20;
const PAGES_MAX = 5;
const PAGE_ENTRIES_MAX = 100;
const PAGE_ENTRIES_MIN = 10;
/** A story may come to match long after it was stored (another source carries it): so often they are gone through anew. */
const SWEEP_MS = 86_400_000;
/** From so many stories that are none of the output's on, where the next start goes on is worth writing down. */
const MOVE_WORTH = 1000;

export type ArchiverStore = Pick<
  Store,
  "archiveState" | "listUnarchived" | "listCopies" | "addArchivePage" | "moveArchive" | "findArchivePage"
>;

export interface ArchiverOptions {
  readonly store: ArchiverStore;
  readonly clock: Clock;
}

export interface Archived {
  /** The newest page, or null while there is none. */
  readonly newest: number | null;
  /** There is more to write: call again soon. */
  readonly isBehind: boolean;
}

/** What is known of an output's stories that are on no page. */
interface Progress {
  readonly scope: string;
  readonly pages: number;
  /** Every story up to this number was looked at. */
  scannedTo: number;
  /** Numbers of the output's stories among them, the smallest first. */
  waiting: number[];
}

/** What one call works with. */
interface Advance {
  readonly settings: Selection;
  /** Numbers of the stories in the live document. */
  readonly live: ReadonlySet<number>;
  /** The output's stories that this call has looked at and that are on no page yet. */
  readonly looked: Map<number, Story>;
  chunksLeft: number;
}

type Selection = Pick<SiteSettings, "title" | "url" | "outputs" | "matchers">;

export class Archiver {
  readonly #store: ArchiverStore;
  readonly #clock: Clock;
  /** By output name. */
  readonly #progress = new Map<string, Progress>();

  constructor({ store, clock }: ArchiverOptions) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Writes the pages that are due now that the live document holds the stories with these numbers, a few at most.
   * An output that is not archived keeps the pages that it has.
   */
  async advance(
    output: OutputDefinition,
    { live, settings }: { readonly live: ReadonlySet<number>; readonly settings: Selection },
  ): Promise<Archived> {
    let state = await this.#prepare(output);
    if (output.isArchived === false) return toArchived(state, false);
    const advance: Advance = { settings, live, looked: new Map(), chunksLeft: CHUNKS_MAX };
    let isBehind = true;
    for (let written = 0; written < PAGES_MAX; written += 1) {
      isBehind = await this.#scan(output, advance);
      // A page that is not full stays so for good.
      if (isBehind && this.#progressOf(output).waiting.length < pageSizeOf(output)) break;
      const target = await this.#findTarget(output, advance);
      if (target === null) break;
      const next = await this.#writePage(output, { state, advance });
      if (next === null) return toArchived(await this.#store.archiveState(output.name), true);
      state = next;
      isBehind = true;
      await setImmediate();
    }
    await this.#remember(output, state);
    return toArchived(state, isBehind);
  }

  /**
   * Writes those of the stories with these numbers that are the output's and on no page yet onto one of their own, whatever
   * else waits: they are about to be forgotten.
   */
  async save(
    output: OutputDefinition,
    { numbers, settings }: { readonly numbers: ReadonlySet<number>; readonly settings: Selection },
  ): Promise<void> {
    for (;;) {
      const state = await this.#prepare(output);
      if (output.isArchived === false) return;
      while (await this.#scanChunk(output, { settings }));
      const { waiting } = this.#progressOf(output);
      const stories: Story[] = [];
      for (const number of waiting.filter((one) => numbers.has(one))) {
        const [story] = await this.#list(output, number - 1, 1);
        if (story?.number === number && matches(story, { output, settings })) stories.push(story);
      }
      if (stories.length === 0) return;
      const { position } = state;
      if ((await this.#addPage(output, { stories, position, state, settings })) !== null) return;
    }
  }

  /** Where the archive stands. What another process wrote, and a change of what the output selects, count from here. */
  async #prepare(output: OutputDefinition): Promise<ArchiveState> {
    const { name } = output;
    const scope = scopeOf(output);
    let state = await this.#store.archiveState(name);
    const now = this.#clock.now();
    const isSweepDue =
      scope !== "" && (state.sweptAt === null || now.getTime() - state.sweptAt.getTime() >= SWEEP_MS);
    if (state.scope !== scope || isSweepDue) {
      state = { ...state, position: 0, scope, sweptAt: now };
      await this.#store.moveArchive(name, state);
      this.#progress.delete(name);
    }
    const known = this.#progress.get(name);
    if (known === undefined || known.scope !== scope || known.pages !== state.pages)
      this.#progress.set(name, {
        ...{ scope, pages: state.pages, scannedTo: state.position },
        waiting: [],
      });
    return state;
  }

  /** Looks at stories that came since, until there is a page to write. @returns whether some are left for later */
  async #scan(output: OutputDefinition, advance: Advance): Promise<boolean> {
    const { settings, live, looked } = advance;
    const progress = this.#progressOf(output);
    const size = pageSizeOf(output);
    while (progress.waiting.length < size || progress.waiting.every((number) => live.has(number))) {
      if (advance.chunksLeft === 0) return true;
      advance.chunksLeft -= 1;
      // What was read long ago may have changed.
      if (advance.chunksLeft % CHUNKS_KEPT === 0) looked.clear();
      if (!(await this.#scanChunk(output, { settings, looked }))) return false;
    }
    return true;
  }

  /** @returns whether there was something to look at */
  async #scanChunk(
    output: OutputDefinition,
    { settings, looked }: Pick<Advance, "settings"> & Partial<Pick<Advance, "looked">>,
  ): Promise<boolean> {
    const progress = this.#progressOf(output);
    const stories = await this.#list(output, progress.scannedTo);
    const last = stories.at(-1);
    if (last === undefined) return false;
    for (const story of stories) {
      if (!matches(story, { output, settings })) continue;
      progress.waiting.push(story.number);
      looked?.set(story.number, story);
    }
    progress.scannedTo = last.number;
    return true;
  }

  /** The last story that is neither live nor on a page; null when there is none. */
  async #findTarget(output: OutputDefinition, { live, looked, settings }: Advance): Promise<number | null> {
    const progress = this.#progressOf(output);
    for (;;) {
      const number = progress.waiting.findLast((one) => !live.has(one));
      if (number === undefined || looked.has(number)) return number ?? null;
      // It may have become part of another story meanwhile.
      const [story] = await this.#list(output, number - 1, 1);
      if (story?.number === number && matches(story, { output, settings })) return number;
      progress.waiting = progress.waiting.filter((one) => one !== number);
    }
  }

  /** @returns the state after it, or null when another process has written that page, or stories of it are gone */
  async #writePage(
    output: OutputDefinition,
    { state, advance }: { readonly state: ArchiveState; readonly advance: Advance },
  ): Promise<ArchiveState | null> {
    const { settings, looked } = advance;
    const stories =
      this.#takeLooked(output, looked) ??
      (await this.#takeStories(output, { from: state.position, settings }));
    const last = stories.at(-1);
    // They have all become part of others.
    if (last === undefined) {
      this.#progress.delete(output.name);
      return null;
    }
    return this.#addPage(output, { stories, position: last.number, state, settings });
  }

  async #addPage(
    output: OutputDefinition,
    {
      stories,
      position,
      state,
      settings,
    }: {
      readonly stories: readonly Story[];
      /** Every story up to there is on a page then. */
      readonly position: number;
      readonly state: ArchiveState;
      readonly settings: Selection;
    },
  ): Promise<ArchiveState | null> {
    const number = state.pages + 1;
    const at = this.#clock.now();
    // Reading, making and storing a page take a few milliseconds each: readers get their turn in between.
    await setImmediate();
    const feed = await combineInTurns(stories.toSorted(newestFirst), {
      output: { ...output, limit: stories.length },
      title: settings.title,
      url: settings.url,
      isDefault: settings.outputs[0]?.name === output.name,
      matches: settings.matchers?.get(output.name),
      emptyUpdated: at,
    });
    await setImmediate();
    const body = renderArchivePage(feed, number);
    await setImmediate();
    const isAdded = await this.#store.addArchivePage(
      { output: output.name, number, at, siteUrl: feed.siteUrl, body },
      { stories: stories.map((story) => story.number), position },
    );
    if (!isAdded) {
      this.#progress.delete(output.name);
      return null;
    }
    const progress = this.#progressOf(output);
    const rest = progress.waiting.findIndex((one) => one > position);
    const later = rest === -1 ? [] : progress.waiting.slice(rest);
    const written = new Set(stories.map((story) => story.number));
    const waiting = position > state.position ? later : later.filter((one) => !written.has(one));
    this.#progress.set(output.name, { ...progress, pages: number, waiting });
    return { ...state, pages: number, position };
  }

  /** The page of stories that waits longest, where this call has just looked at all of them; else null. */
  #takeLooked(output: OutputDefinition, looked: ReadonlyMap<number, Story>): readonly Story[] | null {
    const next = this.#progressOf(output).waiting.slice(0, pageSizeOf(output));
    const stories = next.flatMap((number) => looked.get(number) ?? []);
    return stories.length === next.length ? stories : null;
  }

  /** The oldest stories of the output that are on no page: a page of them. */
  async #takeStories(
    output: OutputDefinition,
    { from, settings }: { readonly from: number; readonly settings: Selection },
  ): Promise<readonly Story[]> {
    const { waiting, scannedTo } = this.#progressOf(output);
    const [first] = waiting;
    const size = pageSizeOf(output);
    const taken: Story[] = [];
    let after = Math.max(from, (first ?? 0) - 1);
    while (taken.length < size) {
      const stories = await this.#list(output, after);
      const last = stories.at(-1);
      if (last === undefined) break;
      taken.push(
        ...stories.filter((story) => story.number <= scannedTo && matches(story, { output, settings })),
      );
      after = last.number;
      if (after >= scannedTo) break;
    }
    return taken.slice(0, size);
  }

  /** Where the next start goes on, when that spares it much. */
  async #remember(output: OutputDefinition, state: ArchiveState): Promise<void> {
    const { waiting, scannedTo } = this.#progressOf(output);
    const [first] = waiting;
    const position = first === undefined ? scannedTo : first - 1;
    if (position - state.position >= MOVE_WORTH)
      await this.#store.moveArchive(output.name, { ...state, position });
  }

  /** In a turn of its own. */
  async #list(output: OutputDefinition, after: number, limit: number = CHUNK): Promise<readonly Story[]> {
    await setImmediate();
    const stories = await this.#store.listUnarchived({
      ...{ output: output.name, after, limit, tags: output.tags },
      ...(output.search === undefined ? {} : { search: output.search }),
    });
    return withCopies(this.#store, stories, output);
  }

  #progressOf({ name }: OutputDefinition): Progress {
    const progress = this.#progress.get(name);
    if (progress === undefined) throw new Error(`the archive of ${name} was not looked at`);
    return progress;
  }
}

function matches(
  story: Story,
  { output, settings }: { readonly output: OutputDefinition; readonly settings: Selection },
): boolean {
  return isShown(story, { output, matches: settings.matchers?.get(output.name) });
}

/** Half the live document: the newest stories, which are edited most, stay off the pages for a while. */
function pageSizeOf({ limit }: OutputDefinition): number {
  return Math.max(PAGE_ENTRIES_MIN, Math.min(PAGE_ENTRIES_MAX, Math.floor(limit / 2)));
}

/** Names what an output selects; empty for everything. */
function scopeOf({ tags, include, exclude, search }: OutputDefinition): string {
  if (tags.length + include.length + exclude.length === 0 && search === undefined) return "";
  const text = JSON.stringify([tags, include, exclude, search ?? null]);
  return hash("sha256", text, "base64url").slice(0, 22);
}

function newestFirst(a: Story, b: Story): number {
  return b.orderedAt.getTime() - a.orderedAt.getTime() || b.number - a.number;
}

function toArchived({ pages }: ArchiveState, isBehind: boolean): Archived {
  return { newest: pages === 0 ? null : pages, isBehind };
}
