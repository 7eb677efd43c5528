/** One line on a terminal that says how far long work has come. Elsewhere it says nothing. */
import type { CliContext } from "./context.ts";

const barWidth = 28;
/** Not more often than eyes can follow. */
const redrawMs = 100;

export interface Progress {
  show(progress: { readonly done: number; readonly total: number }): void;
  /** Takes the bar's place with words, for work that has no measure. */
  say(text: string): void;
  /** Writes text that stays, such as lines of the log; the bar goes on below it. */
  printAbove(text: string): void;
  /** Takes the line away; what is printed next stands in its place. */
  clear(): void;
}

const clearLine = "\r\u001b[K";

/** Shows work counted in `unit` (a plural: "entries"). */
export function createProgressBar(
  { stderr, clock }: Pick<CliContext, "stderr" | "clock">,
  unit: string,
): Progress {
  const write = (text: string) => void stderr.write(text);
  if (!stderr.isTTY) return { show() {}, say() {}, printAbove: write, clear() {} };
  const startedMs = clock.now().getTime();
  let drawnMs = Number.NEGATIVE_INFINITY;
  let drawn = "";
  return {
    show({ done, total }) {
      const nowMs = clock.now().getTime();
      if (Math.abs(nowMs - drawnMs) < redrawMs && done < total) return;
      drawnMs = nowMs;
      drawn = describeProgress({ done, total, unit, elapsedMs: nowMs - startedMs });
      write(clearLine + drawn);
    },
    say(text) {
      drawn = text;
      write(clearLine + drawn);
    },
    printAbove(text) {
      write(drawn === "" ? text : clearLine + text + drawn);
    },
    clear() {
      if (drawn !== "") write(clearLine);
      drawn = "";
    },
  };
}

/** `[#######.......]  25 %  250 of 1,000 entries, about 9 s left` */
export function describeProgress(progress: {
  readonly done: number;
  readonly total: number;
  readonly unit: string;
  readonly elapsedMs: number;
}): string {
  const { done, total, unit, elapsedMs } = progress;
  const part = total <= 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(part * barWidth);
  const bar = "#".repeat(filled) + ".".repeat(barWidth - filled);
  const percent = String(Math.floor(part * 100)).padStart(3);
  const count = (value: number) => value.toLocaleString("en-GB");
  const leftSeconds = part > 0 && part < 1 ? Math.ceil((elapsedMs * (1 - part)) / part / 1000) : 0;
  // A guess from the first moments would only mislead.
  const left = elapsedMs > 2000 && leftSeconds > 0 ? `, about ${inWords(leftSeconds)} left` : "";
  return `[${bar}] ${percent} %  ${count(done)} of ${count(total)} ${unit}${left}`;
}

function inWords(seconds: number): string {
  if (seconds < 90) return `${seconds} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
