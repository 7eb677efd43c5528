/** Prints entries one after another and says which earlier one each is a copy of: what the store does, without a store. */
import type { Entry } from "../../src/model.ts";
import { NO_BOILERPLATE } from "../../src/syndicate/boilerplate.ts";
import {
  CANDIDATES_MAX,
  type Candidate,
  chooseOriginal,
  type Found,
  WINDOW_MS,
} from "../../src/syndicate/choose.ts";
import { PostingIndex } from "../../src/syndicate/posting-index.ts";
import { fingerprintOf, type ReportEntry, readReport } from "../../src/syndicate/report.ts";

export interface Print {
  readonly source: number;
  /** In ms since 1970. */
  readonly at: number;
  readonly entry: Partial<Entry> & Pick<Entry, "title">;
}

const EMPTY: Omit<ReportEntry, "title"> = { authors: [], summary: null, contentHtml: null, language: null };

export class Press {
  readonly #index = new PostingIndex(WINDOW_MS);
  readonly #firsts = new Map<number, Candidate>();
  #count = 0;

  /** @returns what it is a copy of (`original` is the number of the earlier call, from 1), or null */
  print({ source, at, entry }: Print): Found | null {
    this.#count += 1;
    const no = this.#count;
    const report = readReport({ ...EMPTY, ...entry });
    const fingerprint = fingerprintOf(report);
    const own: Candidate = { story: no, publishedAt: at, source, report };
    const candidates = this.#index
      .find({ ...fingerprint, at }, { limit: CANDIDATES_MAX })
      .flatMap((found) => this.#firsts.get(found) ?? []);
    const found = chooseOriginal(own, candidates, () => NO_BOILERPLATE);
    if (found !== null) return found;
    this.#index.add({ ...fingerprint, no, at });
    this.#firsts.set(no, own);
    return null;
  }
}
