/** The tick that drives polling: node-cron, every second, whatever happens to the wall clock. */
import { type ScheduledTask, schedule as startTask } from "node-cron";

/** A difference between wall clock and elapsed time that is no drift but a jump. */
const jumpMs = 2000;
const minuteMs = 60_000;

/**
 * Calls `onTick` about once a second until `stop` is called.
 *
 * node-cron waits for instants of the wall clock. Set back by a day, it would wait for a day; a day ahead, it would count
 * 86,400 missed runs one by one (measured: 6 s without an answer to anybody). So its task covers this minute and the next
 * only, and is made anew when that time is used up, or when the wall clock and the time that has passed disagree.
 */
export function startTick(onTick: () => void): { stop(): Promise<void> } {
  let task = startTask(secondsFrom(Date.now()), onTick, taskOptions);
  let endsAtMs = performance.now() + minuteMs;
  let offsetMs = Date.now() - performance.now();
  const ending = new Set<Promise<unknown>>();
  const watch = setInterval(() => {
    const isJump = Math.abs(Date.now() - performance.now() - offsetMs) > jumpMs;
    if (!isJump && performance.now() < endsAtMs) return;
    end(task, ending);
    task = startTask(secondsFrom(Date.now()), onTick, taskOptions);
    endsAtMs = performance.now() + minuteMs;
    offsetMs = Date.now() - performance.now();
    onTick();
  }, 1000);
  return {
    async stop() {
      clearInterval(watch);
      end(task, ending);
      await Promise.all(ending);
    },
  };
}

const taskOptions = { suppressMissedWarning: true, timezone: "Etc/UTC" };

/** Every second of this minute and the next, as a cron expression in UTC. */
function secondsFrom(nowMs: number): string {
  const dates = [new Date(nowMs), new Date(nowMs + minuteMs)];
  const field = (read: (date: Date) => number) => [...new Set(dates.map(read))].join(",");
  const minute = field((date) => date.getUTCMinutes());
  const hour = field((date) => date.getUTCHours());
  const day = field((date) => date.getUTCDate());
  const month = field((date) => date.getUTCMonth() + 1);
  return `* ${minute} ${hour} ${day} ${month} *`;
}

function end(task: ScheduledTask, ending: Set<Promise<unknown>>): void {
  const ended = Promise.resolve(task.destroy()).finally(() => ending.delete(ended));
  ending.add(ended);
}
