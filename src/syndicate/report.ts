/** An entry prepared for comparison. Pure. */
import type { Entry } from "../model.ts";
import { type Agency, agencyOf } from "./agencies.ts";
import { sampleOf, shinglesOf } from "./shingles.ts";
import { readTitle, TITLE_WORDS_MIN, type Title } from "./titles.ts";
import { mix, type Tokens, tokenise } from "./tokens.ts";

export interface Report {
  readonly tokens: Tokens;
  /** One for each place in the text. */
  readonly shingles: Uint32Array;
  /** Primary subtag of the stated language, lower case; null where none is stated. */
  readonly language: string | null;
  readonly title: Title;
  readonly agency: Agency | null;
}

export type ReportEntry = Pick<Entry, "title" | "authors" | "summary" | "contentHtml" | "language">;

/** The longer of content and summary stands for the text. What is for comparing is made when it is asked for. */
export function readReport(entry: ReportEntry): Report {
  const tokens = tokenise(textOf(entry));
  const shingles = shinglesOf(tokens);
  let title: Title | null = null;
  let agency: Agency | null | undefined;
  return {
    tokens,
    shingles,
    language: entry.language?.split(/[-_]/)[0]?.toLowerCase() || null,
    get title() {
      title ??= readTitle(entry.title);
      return title;
    },
    get agency() {
      if (agency === undefined) agency = agencyOf(entry);
      return agency;
    },
  };
}

/** What an entry is found by. */
export interface Fingerprint {
  readonly shingles: Uint32Array;
  readonly sample: Uint32Array;
  /** Of its headline, where that is long enough to be nobody else's. */
  readonly titleHash: number | null;
}

export function fingerprintOf({ shingles, title }: Report): Fingerprint {
  const { words, distinctive } = title;
  const titleHash = distinctive.size < TITLE_WORDS_MIN ? null : hashWords(words);
  return { shingles, sample: sampleOf(shingles), titleHash };
}

function hashWords(words: ReadonlySet<number>): number {
  return [...words].sort((a, b) => a - b).reduce((hash, word) => mix(Math.imul(hash, 31) + word), 1);
}

/** The words of an entry alone, for finding what its source says again and again. */
export function readShingles(entry: ReportEntry): Uint32Array {
  return shinglesOf(tokenise(textOf(entry)));
}

function textOf({ contentHtml, summary }: ReportEntry): string {
  const content = contentHtml ?? "";
  return summary !== null && summary.length > content.length ? summary : content;
}
