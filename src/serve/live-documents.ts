/** Which stories stand in the live document of an output, and until when time alone leaves them there. */
import type { Clock, OutputDefinition } from "../model.ts";
import type { PublishedEntry, PublishedFeed } from "../publish/combine.ts";
import type { Store } from "../store/store.ts";
import { showOnce, withCopies } from "./copy-groups.ts";
import { FilteredRiver } from "./filtered-river.ts";
import { combineRiver, readRiver, type SiteSettings } from "./river.ts";

export interface LiveDocumentsOptions {
  readonly store: Pick<Store, "listStories" | "listUnarchived" | "listCopies">;
  readonly clock: Clock;
  /** The `updated` of a document without entries. */
  readonly emptyUpdated: Date;
}

export class LiveDocuments {
  readonly #store: LiveDocumentsOptions["store"];
  readonly #clock: Clock;
  readonly #emptyUpdated: Date;
  /** Of outputs with lists; settings that are read anew have outputs that are others. */
  readonly #filtered = new WeakMap<OutputDefinition, FilteredRiver>();

  constructor({ store, clock, emptyUpdated }: LiveDocumentsOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#emptyUpdated = emptyUpdated;
  }

  /** @returns what stands in it now, and whether there is more to look for: call again soon */
  async read(
    output: OutputDefinition,
    settings: SiteSettings,
  ): Promise<{ readonly feed: PublishedFeed; readonly isBehind: boolean }> {
    const { limit, windowMs } = output;
    const query = { output, limit, emptyUpdated: this.#emptyUpdated };
    const matches = settings.matchers?.get(output.name);
    if (matches === undefined) {
      const notBefore = windowMs === undefined ? null : new Date(this.#clock.now().getTime() - windowMs);
      const whole = { ...query, notBefore, tag: null, sourceId: null, before: null };
      return { feed: (await readRiver(this.#store, settings, whole)).feed, isBehind: false };
    }
    let river = this.#filtered.get(output);
    if (river === undefined) {
      river = new FilteredRiver({ store: this.#store, clock: this.#clock, output, matches });
      this.#filtered.set(output, river);
    }
    const { stories, reserve, isBehind } = await river.read();
    // What copies leave free is filled from the reserve.
    const found = await withCopies(this.#store, [...stories, ...reserve], output);
    const shown = showOnce(found, { output, matches, told: new Set() }).slice(0, limit);
    return { feed: await combineRiver(shown, settings, query), isBehind };
  }
}

/** When the oldest of these entries leaves the output's window. */
export function expiryOf(entries: readonly PublishedEntry[], { windowMs }: OutputDefinition): Date | null {
  if (windowMs === undefined || entries.length === 0) return null;
  return new Date(Math.min(...entries.map((entry) => entry.orderedAt.getTime())) + windowMs);
}

export function earliest(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}
