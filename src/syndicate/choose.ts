/** Which of several entries a new one is a copy of. Pure. */
import { type Comparison, compareReports } from "./compare.ts";
import type { Report } from "./report.ts";

/** Copies appear within three days of each other. */
export const WINDOW_MS = 72 * 3_600_000;

/** Entries that are compared with a new one at most. */
export const CANDIDATES_MAX = 8;

/** An entry that stands for its group: the first of it, never a copy itself, so that groups do not chain. */
export interface Candidate {
  readonly story: number;
  /** When it was published, in ms since 1970. */
  readonly publishedAt: number;
  readonly source: number;
  readonly report: Report;
}

export interface Found extends Comparison {
  /** The story that it is a copy of. */
  readonly original: number;
}

/**
 * The candidate that shares most with an entry, where one is the same report; a shared text before a shared title.
 * `boilerplateOf(source)`: the shingles that this source has in many of its items.
 */
export function chooseOriginal(
  entry: Candidate,
  candidates: readonly Candidate[],
  boilerplateOf: (source: number) => Uint32Array,
): Found | null {
  let best: Found | null = null;
  for (const candidate of candidates) {
    if (candidate.story === entry.story || candidate.source === entry.source) continue;
    if (Math.abs(candidate.publishedAt - entry.publishedAt) > WINDOW_MS) continue;
    const boilerplates = [boilerplateOf(candidate.source), boilerplateOf(entry.source)];
    const comparison = compareReports(candidate.report, entry.report, boilerplates);
    if (comparison === null) continue;
    if (best === null || rank(comparison) > rank(best)) best = { ...comparison, original: candidate.story };
  }
  return best;
}

function rank({ rule, share }: Comparison): number {
  return share + (rule === "title" ? 0 : 1);
}
