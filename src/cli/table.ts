/** Tables for people. */
import { styleText } from "node:util";
import Table from "cli-table3";
import type { CliContext } from "./context.ts";

const plain = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
};
const bare = { left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "  " };

/**
 * A table without lines, its head in bold on a terminal. Control characters of strangers' texts are taken out, so that no
 * feed can steer the terminal.
 */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  stdout: CliContext["stdout"],
  /** Columns of numbers, by their place. */
  numeric: readonly number[] = [],
): string {
  const table = new Table({
    colAligns: head.map((_, column) => (numeric.includes(column) ? "right" : "left")),
    chars: { ...plain, ...bare },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  table.push(head.map((text) => (stdout.isTTY ? styleText("bold", text) : text)));
  for (const row of rows) table.push(row.map(terminalText));
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

/** Text of strangers, safe on a terminal. */
export function terminalText(text: string): string {
  // Every control character (C0, DEL, C1) and the bidirectional overrides.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, " ");
}

/** `text` cut to at most `length` characters, with an ellipsis. */
export function shorten(text: string, length: number): string {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}…`;
}

/** `in 5 min`, `3 h ago`, for people. */
export function relativeTime(date: Date, now: Date): string {
  const deltaMs = date.getTime() - now.getTime();
  const amount = Math.abs(deltaMs);
  const [value, unit] =
    amount < 60_000
      ? [Math.round(amount / 1000), "s"]
      : amount < 3_600_000
        ? [Math.round(amount / 60_000), "min"]
        : amount < 2 * 86_400_000
          ? [Math.round(amount / 3_600_000), "h"]
          : [Math.round(amount / 86_400_000), "d"];
  return deltaMs >= 0 ? `in ${value} ${unit}` : `${value} ${unit} ago`;
}
