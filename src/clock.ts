/** The real clock: the only place that asks the operating system for the time. */
import { setTimeout as sleepFor } from "node:timers/promises";
import type { Clock } from "./model.ts";

/** Longest time that a Node timer can be set for; beyond it the timer would fire at once. */
const timerMaxMs = 2 ** 31 - 1;

/** The system's time. `sleep` rejects with the signal's reason and leaves no timer behind. */
export const systemClock: Clock = {
  now: () => new Date(),
  async sleep(ms, signal) {
    let leftMs = Math.max(0, ms);
    try {
      for (; leftMs > timerMaxMs; leftMs -= timerMaxMs) await sleepFor(timerMaxMs, undefined, { signal });
      await sleepFor(leftMs, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
};
