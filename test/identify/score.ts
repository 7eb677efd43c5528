import { readFileSync } from "node:fs";
import { identifyUrl } from "../../src/identify/original-url.ts";

/** A row of `pairs.dev.jsonl`. */
export interface PairRow {
  readonly a: string;
  readonly b: string;
  readonly same: boolean;
  readonly kind: string;
  readonly label_source: string;
}

/** A row of `unwrap.dev.jsonl`. */
export interface UnwrapRow {
  readonly input: string;
  readonly expected: string | null;
  readonly kind: string;
  readonly label_source: string;
}

export interface Score {
  right: number;
  total: number;
}

/** The key, or the input itself where it has none: nothing else can be equal to it. */
export function keyOf(url: string): string {
  return identifyUrl(url)?.key ?? `invalid ${url}`;
}

/** Whether the keys say of a pair what its label says. */
export function isPairRight(row: Pick<PairRow, "a" | "b" | "same">): boolean {
  return (keyOf(row.a) === keyOf(row.b)) === row.same;
}

/**
 * Whether a wrapper's original URL is the document expected, whether what is no wrapper was left at its own host and path, and
 * whether what is opaque was neither guessed nor folded.
 */
export function isUnwrapRight(row: Pick<UnwrapRow, "input" | "expected" | "kind">): boolean {
  const found = identifyUrl(row.input);
  if (found === null) return false;
  if (row.expected === null)
    return found.originalUrl === new URL(row.input).href && keyOf(row.input) !== keyOf(swapCase(row.input));
  if (row.kind === "not-a-wrapper") return found.originalUrl === new URL(row.expected).href;
  return found.key === keyOf(row.expected);
}

/** The same URL with its path in the other case. */
function swapCase(url: string): string {
  const { origin, pathname, search } = new URL(url);
  return (
    origin +
    Array.from(pathname, (letter) =>
      letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
    ).join("") +
    search
  );
}

export function readRows<T>(file: string): readonly T[] {
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
}

export function addTo(scores: Map<string, Score>, name: string, isRight: boolean): void {
  const score = scores.get(name) ?? { right: 0, total: 0 };
  score.total++;
  if (isRight) score.right++;
  scores.set(name, score);
}

export function rateOf(score: Score | undefined): number {
  return score === undefined || score.total === 0 ? 1 : score.right / score.total;
}
