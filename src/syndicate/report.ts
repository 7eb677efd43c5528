/** An entry prepared for comparison. Pure. */
import type { Entry } from "../model.ts";
import { type Agency, agencyOf } from "./agencies.ts";
import { shinglesOf } from "./shingles.ts";
import { readTitle, type Title } from "./titles.ts";
import { type Tokens, tokenise } from "./tokens.ts";

export interface Report {
  readonly tokens: Tokens;
  /** One for each place in the text. */
  readonly shingles: Uint32Array;
  /** Primary subtag of the stated language, lower case; null where none is stated. */
  readonly language: string | null;
  readonly title: Title;
  readonly agency: Agency | null;
}

export type ReportEntry = Pick<
  Entry,
  "title" | "authors" | "summary" | "contentHtml" | "language"
>;

/** The longer of content and summary stands for the text. */
export function readReport(entry: ReportEntry): Report {
  const tokens = tokenise(textOf(entry));
  return {
    tokens,
    shingles: shinglesOf(tokens),
    language: entry.language?.split(/[-_]/)[0]?.toLowerCase() || null,
    title: readTitle(entry.title),
    agency: agencyOf(entry),
  };
}

/** The words of an entry alone, for finding what its source says again and again. */
export function readShingles(entry: ReportEntry): Uint32Array {
  return shinglesOf(tokenise(textOf(entry)));
}

function textOf({ contentHtml, summary }: ReportEntry): string {
  const content = contentHtml ?? "";
  return summary !== null && summary.length > content.length ? summary : content;
}
