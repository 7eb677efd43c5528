/** A clock that stands still until a test moves it. */
import type { Clock } from "../../src/model.ts";

interface Sleeper {
  readonly wakeAtMs: number;
  readonly wake: () => void;
}

export interface ManualClock extends Clock {
  /** Moves the time on; every sleeper whose time has come wakes, the earliest first, each at its own instant. */
  advance(ms: number): Promise<void>;
  /** How many sleep. */
  readonly sleeperCount: number;
}

/** Starts at `start`, 2026-01-01 00:00 UTC where none is given. */
export function createManualClock(start: Date = new Date(Date.UTC(2026, 0, 1))): ManualClock {
  let nowMs = start.getTime();
  const sleepers = new Set<Sleeper>();
  return {
    now: () => new Date(nowMs),
    get sleeperCount() {
      return sleepers.size;
    },
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        if (ms <= 0) return resolve();
        const onAbort = () => {
          sleepers.delete(sleeper);
          reject(signal.reason);
        };
        const sleeper: Sleeper = {
          wakeAtMs: nowMs + ms,
          wake() {
            sleepers.delete(sleeper);
            signal.removeEventListener("abort", onAbort);
            resolve();
          },
        };
        signal.addEventListener("abort", onAbort, { once: true });
        sleepers.add(sleeper);
      });
    },
    async advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        await settle();
        const due = [...sleepers].filter(({ wakeAtMs }) => wakeAtMs <= endMs);
        const next = due.sort((a, b) => a.wakeAtMs - b.wakeAtMs)[0];
        if (!next) break;
        nowMs = Math.max(nowMs, next.wakeAtMs);
        next.wake();
      }
      nowMs = endMs;
      await settle();
    },
  };
}

/** Lets everything run that can run without time passing. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
