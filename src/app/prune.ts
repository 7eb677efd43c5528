/** Forgets by `keep`: a little at a time, so that polls and readers are not held up. */
import type { Keep } from "../config/schema.ts";
import type { Clock } from "../model.ts";
import type { Log } from "../observe/log.ts";
import { Archiver, type ArchiverStore } from "../serve/archiver.ts";
import type { SiteSettings } from "../serve/river.ts";
import type { Retention, Store } from "../store/store.ts";
import { counted } from "./counted.ts";

/** Stories forgotten in one transaction: some 10 ms of writing. */
const batchStories = 25;
/** Between two transactions of the daemon. */
const pauseMs = 200;
/** The first time after a start, which has other things to do, and then from time to time. */
const firstMs = 60_000;
const everyMs = 3_600_000;

/** What `keep` means at an instant. */
export function toRetention(keep: Keep, now: Date): Retention {
  return keep.kind === "count" ? { newest: keep.stories } : { since: new Date(now.getTime() - keep.ageMs) };
}

/** A source that has not listed an entry for so long will hardly do so again: what is remembered of it may go. */
const unseenMs = 180 * 86_400_000;
/** Rows of what is remembered that go in one transaction. */
const batchKeys = 500;
/** Bytes that are given back to the disk in one transaction: some 10 ms. */
const shrinkBytes = 4 * 2 ** 20;

export interface Pruned {
  readonly stories: number;
  readonly sightings: number;
}

/** Sees to it that stories which are about to be forgotten stand in the archives of the outputs that show them. */
export type SaveStories = (numbers: ReadonlySet<number>, signal: AbortSignal) => Promise<void>;

export function createArchiveSaver(
  parts: { readonly store: ArchiverStore; readonly clock: Clock },
  settings: () => SiteSettings,
): SaveStories {
  const archiver = new Archiver(parts);
  return async (numbers, signal) => {
    const now = settings();
    for (const output of now.outputs) {
      signal.throwIfAborted();
      await archiver.save(output, { numbers, settings: now });
    }
  };
}

/**
 * Forgets everything that need not stay, a transaction after another. @returns what is forgotten now
 * @throws the signal's reason when aborted; what was forgotten by then stays so
 */
export async function pruneStore(
  store: Pick<Store, "listForgettable" | "forgetStories">,
  request: {
    readonly keep: Retention;
    readonly save: SaveStories;
    readonly now: Date;
    /** Before each transaction but the first. */
    readonly pause?: (signal: AbortSignal) => Promise<void>;
    readonly onProgress?: (pruned: Pruned) => void;
  },
  signal: AbortSignal,
): Promise<Pruned> {
  let stories = 0;
  let sightings = 0;
  for (;;) {
    signal.throwIfAborted();
    const numbers = await store.listForgettable(request.keep, batchStories);
    if (numbers.length > 0) await request.save(new Set(numbers), signal);
    const batch = await store.forgetStories(request.keep, {
      at: request.now,
      limit: batchStories,
      numbers,
    });
    stories += batch.stories;
    sightings += batch.sightings;
    if (numbers.length < batchStories) return { stories, sightings };
    request.onProgress?.({ stories, sightings });
    await request.pause?.(signal);
  }
}

/**
 * Lets go of what need not be remembered of forgotten stories any more, and gives the file's free space back to the disk as
 * long as `isEnough` does not say that so much may stay, for what comes.
 *
 * @returns the rows that went, and the bytes that the file is shorter
 * @throws the signal's reason when aborted
 */
export async function tidyStore(
  store: Pick<Store, "dropForgottenKeys" | "shrink">,
  request: {
    readonly isEnough: (space: { readonly freeBytes: number; readonly fileBytes: number }) => boolean;
    /** Before each transaction but the first. */
    readonly pause?: (signal: AbortSignal) => Promise<void>;
  },
  signal: AbortSignal,
): Promise<{ readonly keys: number; readonly bytes: number }> {
  let keys = 0;
  for (;;) {
    signal.throwIfAborted();
    const dropped = await store.dropForgottenKeys({ unseenMs, limit: batchKeys });
    keys += dropped;
    if (dropped < batchKeys) break;
    await request.pause?.(signal);
  }
  const first = await store.shrink({ bytesMax: 0 });
  for (let space = first; ; ) {
    if (space.freeBytes === 0 || request.isEnough(space))
      return { keys, bytes: first.fileBytes - space.fileBytes };
    await request.pause?.(signal);
    signal.throwIfAborted();
    const next = await store.shrink({ bytesMax: shrinkBytes });
    // Nothing more to be had, as when another process holds the file.
    if (next.fileBytes >= space.fileBytes) return { keys, bytes: first.fileBytes - next.fileBytes };
    space = next;
  }
}

/** Free space that the daemon leaves: new entries need it again. */
const freeKeptBytes = 16 * 2 ** 20;

/** For the daemon: a quarter of the file may be free, since that is used again; a tool gives back everything. */
function isFreeEnough({
  freeBytes,
  fileBytes,
}: {
  readonly freeBytes: number;
  readonly fileBytes: number;
}): boolean {
  return freeBytes <= Math.max(freeKeptBytes, fileBytes / 4);
}

export interface PrunerOptions {
  readonly store: Pick<Store, "listForgettable" | "forgetStories" | "dropForgottenKeys" | "shrink">;
  readonly save: SaveStories;
  readonly clock: Clock;
  readonly log: Log;
  /** Of the config as it is now. */
  readonly keep: () => Keep | null;
  /** Readers see less now. */
  readonly onVisible: () => void;
}

export interface Pruner extends AsyncDisposable {
  /** `keep` may have changed: looks now. */
  wake(): void;
}

/** Prunes a minute after the start and every hour, as long as `keep` says anything. */
export function startPruner(options: PrunerOptions): Pruner {
  const { clock, log } = options;
  const stopping = new AbortController();
  let alarm = new AbortController();
  const running = (async () => {
    let waitMs = firstMs;
    for (;;) {
      try {
        await clock.sleep(waitMs, AbortSignal.any([alarm.signal, stopping.signal]));
      } catch {
        if (stopping.signal.aborted) return;
        alarm = new AbortController();
      }
      try {
        await pruneNow(options, stopping.signal);
      } catch (error) {
        if (stopping.signal.aborted) return;
        log.error({ err: error }, "forgetting old stories failed; it is tried again in an hour");
      }
      waitMs = everyMs;
    }
  })();
  return {
    wake: () => alarm.abort(new Error("keep has changed")),
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error("Mainstem is stopping"));
      await running;
    },
  };
}

async function pruneNow(
  { store, clock, log, keep, save, onVisible }: PrunerOptions,
  signal: AbortSignal,
): Promise<void> {
  const wanted = keep();
  if (wanted === null) return;
  const pause = (stop: AbortSignal) => clock.sleep(pauseMs, stop);
  const now = clock.now();
  const { stories, sightings } = await pruneStore(
    store,
    { keep: toRetention(wanted, now), now, save, pause },
    signal,
  );
  if (stories > 0) {
    log.info(
      { stories, entries: sightings },
      `keep: ${counted(stories, "story", "stories")} too old to stay ${stories === 1 ? "was" : "were"} forgotten`,
    );
    onVisible();
  }
  const { keys, bytes } = await tidyStore(store, { isEnough: isFreeEnough, pause }, signal);
  if (keys + bytes > 0) log.debug({ keys, bytes }, "keep: the store was tidied up");
}
