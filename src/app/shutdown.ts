/** The end of a daemon, in less time than Docker, Kubernetes and systemd leave it before they kill. */
import { performance } from "node:perf_hooks";
import type { Log } from "../observe/log.ts";

/**
 * Everything together, on the clock of the wall. It leaves a second and a half of ten to an event loop that is late, and to the
 * end of the process.
 */
const stopMs = 8500;

export interface StopSteps {
  /** No new work; resolves when what was under way has ended, or was cut off after `ms`. */
  drain(ms: number): Promise<unknown>;
  /** Writes the files anew, unless that would take longer than `ms`: the next start writes them too. */
  writeFiles(ms: number): Promise<unknown>;
  /** Closes all that is open, the store last. */
  close(): Promise<unknown>;
}

/**
 * Takes the steps in their order. When the time is over, what is still under way is left as it is: what is written to a store is
 * written whole or not at all, files are renamed into place, and leases run out by themselves.
 *
 * @returns false when something was left
 */
export async function stopInTime(
  steps: StopSteps,
  { log, totalMs = stopMs }: { readonly log: Pick<Log, "warn">; readonly totalMs?: number },
): Promise<boolean> {
  const endsAt = performance.now() + totalMs;
  let step = "polls and readers";
  const orderly = (async () => {
    // Polls and readers may finish in the first half. What is cut is asked again after the next start.
    await steps.drain(totalMs / 2);
    step = "files";
    await steps.writeFiles(endsAt - performance.now());
    step = "what was open, the store among it";
    await steps.close();
    return true;
  })();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), totalMs);
  });
  const isWhole = await Promise.race([orderly, late]);
  clearTimeout(timer);
  if (!isWhole) {
    // It may fail yet, when nobody listens any more.
    orderly.catch(() => {});
    log.warn(
      `the stop was cut short after ${totalMs / 1000} s, at ${step}; nothing is half written, and the next start goes on from there`,
    );
  }
  return isWhole;
}
