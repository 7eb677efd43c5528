import type { Warning } from "../model.ts";

const WARNINGS_PER_CODE = 5;
const WARNINGS_MAX = 60;

/** Collects what was forgiven while one document was read, a handful per code, with line numbers where they are known. */
export class WarningLog {
  readonly #warnings: Warning[] = [];
  readonly #counts = new Map<string, number>();
  readonly #text: string;
  #countedTo = 0;
  #line = 1;

  /** `text` is the decoded document; offsets given to `add` are positions in it. */
  constructor(text = "") {
    this.#text = text;
  }

  /** Notes that something was forgiven. `offset` (UTF-16 units into the document) becomes a line that counts from 1. */
  add(code: string, message: string, offset?: number): void {
    const count = (this.#counts.get(code) ?? 0) + 1;
    this.#counts.set(code, count);
    if (count > WARNINGS_PER_CODE || this.#warnings.length >= WARNINGS_MAX) return;
    this.#warnings.push(
      offset === undefined ? { code, message } : { code, message, line: this.lineAt(offset) },
    );
  }

  /** Takes over warnings made elsewhere. */
  addAll(warnings: readonly Warning[]): void {
    for (const warning of warnings) {
      this.#counts.set(warning.code, (this.#counts.get(warning.code) ?? 0) + 1);
      if (this.#warnings.length < WARNINGS_MAX) this.#warnings.push(warning);
    }
  }

  /** The line, counted from 1, that holds `offset`. Going forward is linear over the whole document. */
  lineAt(offset: number): number {
    if (offset < this.#countedTo) return countLines(this.#text, 0, offset) + 1;
    this.#line += countLines(this.#text, this.#countedTo, offset);
    this.#countedTo = offset;
    return this.#line;
  }

  /** Everything noted, in the order it was met; codes met more often than they are listed say how often. */
  list(): readonly Warning[] {
    const left = [...this.#counts].filter(([, count]) => count > WARNINGS_PER_CODE);
    return [
      ...this.#warnings,
      ...left.map(([code, count]) => ({ code, message: `${count - WARNINGS_PER_CODE} more of these` })),
    ];
  }
}

function countLines(text: string, start: number, end: number): number {
  let lines = 0;
  for (let at = text.indexOf("\n", start); at !== -1 && at < end; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}
