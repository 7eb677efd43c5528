/** The table that `npm run bench` prints at its end: what was measured beside what, in one run, and what is wanted. */
import { appendFileSync, readFileSync } from "node:fs";

export interface SpeedRow {
  readonly figure: string;
  readonly ours: string;
  readonly beside: string;
  /** Ours in terms of what stands beside it. */
  readonly ratio: string;
  readonly wanted: string;
  readonly isReached: boolean;
}

/** Adds a row to the table of this run; a bench that is run by itself has none. */
export function noteRow(row: SpeedRow): void {
  const file = process.env.BENCH_ROWS;
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(row)}\n`);
}

/** The rows that were noted in a file, as a table in Markdown; nothing when there are none. */
export function tableOf(file: string): string {
  const rows = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): SpeedRow => JSON.parse(line));
  if (rows.length === 0) return "";
  const lines = rows.map(
    ({ figure, ours, beside, ratio, wanted, isReached }) =>
      `| ${figure} | ${ours} | ${beside} | ${ratio} | ${wanted} | ${isReached ? "yes" : "no"} |`,
  );
  return [
    "| figure | ours | beside it | ratio | wanted | reached |",
    "| --- | --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}

/** A share in percent. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

export function perSecond(rate: number): string {
  return `${Math.round(rate).toLocaleString("en")}/s`;
}
