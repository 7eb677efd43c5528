/** Tells pages that are open when another process has polled: for one that serves only. */
import type { Clock } from "../model.ts";
import type { Log } from "../observe/log.ts";
import type { Store } from "../store/store.ts";

/** How often is looked, while somebody looks at the page. */
const intervalMs = 2000;

export interface PollWatchOptions {
  readonly store: Pick<Store, "lastPollAt">;
  readonly clock: Clock;
  readonly log: Log;
  /** Is the status page open anywhere? Where not, nothing is asked. */
  readonly isWatched: () => boolean;
  readonly onPoll: () => void;
}

/**
 * A poll that brings nothing new changes nothing that readers see, so the store does not tell of it; but the page shows when it
 * was. Disposing ends the watch.
 */
export function watchPolls(options: PollWatchOptions): AsyncDisposable {
  const { store, clock, log, isWatched, onPoll } = options;
  const stopping = new AbortController();
  const running = (async () => {
    let seenMs: number | null = null;
    for (;;) {
      try {
        await clock.sleep(intervalMs, stopping.signal);
        if (!isWatched()) continue;
        const atMs = (await store.lastPollAt())?.getTime() ?? null;
        if (atMs !== seenMs) onPoll();
        seenMs = atMs;
      } catch (error) {
        if (stopping.signal.aborted) return;
        log.debug({ err: error }, "the store does not tell when it was polled");
      }
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error("Mainstem is stopping"));
      await running;
    },
  };
}
