/**
 * The live document of an output that has include or exclude lists. What the lists let through can be rare, so it is not looked for
 * anew at every change: new stories are judged as they come, those in the document are read again, and the whole is gone through
 * now and then, in steps that leave readers and polls their turn.
 */
import { setImmediate } from "node:timers/promises";
import type { Clock, OutputDefinition, Story } from "../model.ts";
import { winnerFor } from "../publish/combine.ts";
import type { Store } from "../store/store.ts";
import type { Cursor } from "./river.ts";

/** Stories looked at in one query, and in one call. */
const CHUNK = 200;
const CHUNKS_MAX = 10;
/** The first call looks further, so that a start shows the feed as it was. */
const FIRST_CHUNKS_MAX = 25;
/** An edit can make an old story match: so often all are gone through, and a fiftieth of the time at most. */
const RESCAN_MS = 10 * 60_000;
const RESCAN_PAUSE_FACTOR = 50;

export type FilteredStore = Pick<Store, "listStories" | "listUnarchived">;

/** One going through the stories, from the newest down, as far as the document reaches. */
interface Scan {
  /** Numbers of the stories that match, among those above `before`. */
  readonly found: Set<number>;
  before: Cursor | null;
  /** There is nothing below `before` that could be in the document. */
  isExhausted: boolean;
  /** What it cost so far, in ms. */
  tookMs: number;
}

export interface FilteredOptions {
  readonly store: FilteredStore;
  readonly clock: Clock;
  readonly output: OutputDefinition;
  readonly matches: (entryText: string) => boolean;
}

export class FilteredRiver {
  readonly #options: FilteredOptions;
  #scan: Scan = startScan();
  /** The last one that was done: it holds while a new one is under way. */
  #done: Scan | null = null;
  #startedAt: Date;
  /** Every story up to this number was judged; null before the first call. */
  #judgedTo: number | null = null;

  constructor(options: FilteredOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
  }

  /**
   * The stories of the output now, newest first, at most `limit`, and in `reserve` the next few that are known to match.
   * @returns also whether there is more to look for: call again soon
   */
  async read(): Promise<{
    readonly stories: readonly Story[];
    readonly reserve: readonly Story[];
    readonly isBehind: boolean;
  }> {
    const { store, output } = this.#options;
    const chunksMax = this.#judgedTo === null ? FIRST_CHUNKS_MAX : CHUNKS_MAX;
    const isJudged = await this.#judgeNew();
    this.#restartWhenDue();
    await this.#deepen(chunksMax);
    if (this.#isDone(this.#scan)) this.#done = null;
    const shown = this.#done ?? this.#scan;
    const numbers = [...shown.found];
    const stored = numbers.length === 0 ? [] : await store.listStories({ limit: numbers.length, numbers });
    const stories = stored.filter((story) => this.#isMatch(story));
    // What was merged, does not match any more or is far below the document is forgotten; a few in reserve move up.
    const kept = new Set(stories.slice(0, 2 * output.limit).map(({ number }) => number));
    for (const number of numbers) if (!kept.has(number)) shown.found.delete(number);
    return {
      stories: stories.slice(0, output.limit),
      reserve: stories.slice(output.limit, 2 * output.limit),
      isBehind: !isJudged || !this.#isDone(this.#scan),
    };
  }

  #isDone({ isExhausted, found }: Scan): boolean {
    return isExhausted || found.size >= this.#options.output.limit;
  }

  #restartWhenDue(): void {
    const now = this.#options.clock.now();
    const pauseMs = Math.max(RESCAN_MS, this.#scan.tookMs * RESCAN_PAUSE_FACTOR);
    if (!this.#isDone(this.#scan) || now.getTime() - this.#startedAt.getTime() < pauseMs) return;
    this.#done = this.#scan;
    this.#scan = startScan();
    this.#startedAt = now;
  }

  /** Judges stories that came since the last call. @returns false when some are left for the next one */
  async #judgeNew(): Promise<boolean> {
    const { store, output } = this.#options;
    if (this.#judgedTo === null) {
      const [newest] = await store.listStories({ limit: 1 });
      // Those with greater numbers but older dates are judged twice, which does no harm.
      this.#judgedTo = newest?.number ?? 0;
      return true;
    }
    for (let chunk = 0; chunk < CHUNKS_MAX; chunk += 1) {
      const stories = await store.listUnarchived({
        ...{ output: output.name, after: this.#judgedTo, limit: CHUNK, tags: output.tags },
        ...(output.search === undefined ? {} : { search: output.search }),
      });
      const last = stories.at(-1);
      if (last === undefined) return true;
      for (const story of stories.filter((one) => this.#isMatch(one))) {
        for (const scan of [this.#scan, this.#done])
          if (scan !== null && isAbove(story, scan)) scan.found.add(story.number);
      }
      this.#judgedTo = last.number;
      await setImmediate();
    }
    return false;
  }

  /** Goes on with the scan under way. */
  async #deepen(chunksMax: number): Promise<void> {
    const { store, output } = this.#options;
    const scan = this.#scan;
    for (let chunk = 0; chunk < chunksMax && !this.#isDone(scan); chunk += 1) {
      const startedMs = performance.now();
      const stories = await store.listStories({
        ...{ limit: CHUNK, tags: output.tags },
        ...(output.search === undefined ? {} : { search: output.search }),
        ...(scan.before === null ? {} : { before: scan.before }),
      });
      for (const story of stories) if (this.#isMatch(story)) scan.found.add(story.number);
      const last = stories.at(-1);
      if (last !== undefined) scan.before = { orderedAt: last.orderedAt, number: last.number };
      scan.isExhausted = last === undefined || stories.length < CHUNK || this.#isPastWindow(last);
      scan.tookMs += performance.now() - startedMs;
      await setImmediate();
    }
  }

  #isMatch(story: Story): boolean {
    const { output, matches } = this.#options;
    return !this.#isPastWindow(story) && winnerFor(story, output, matches) !== null;
  }

  #isPastWindow({ orderedAt }: Story): boolean {
    const { output, clock } = this.#options;
    return output.windowMs !== undefined && orderedAt.getTime() < clock.now().getTime() - output.windowMs;
  }
}

function startScan(): Scan {
  return { found: new Set(), before: null, isExhausted: false, tookMs: 0 };
}

/** Does it stand where the scan has been? What stands below is found when the scan comes there. */
function isAbove({ orderedAt, number }: Story, { before, isExhausted }: Scan): boolean {
  if (isExhausted) return true;
  if (before === null) return false;
  return (
    orderedAt > before.orderedAt ||
    (orderedAt.getTime() === before.orderedAt.getTime() && number > before.number)
  );
}
