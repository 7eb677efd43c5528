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
import { RecentTexts } from "../../src/syndicate/recent-texts.ts";
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
  readonly #texts = new RecentTexts();
  #count = 0;

  /** @returns what it is a copy of (`original` is the number of the earlier call, from 1), or null */
  print({ source, at, entry }: Print): Found | null {
    this.#count += 1;
    const no = this.#count;
    const report = readReport({ ...EMPTY, ...entry });
    const fingerprint = fingerprintOf(report);
    const own: Candidate = { story: no, publishedAt: at, source, report };
    const nos = this.#index.find({ ...fingerprint, at }, { limit: CANDIDATES_MAX });
    const text = { source, shingles: report.shingles };
    const sifted = this.#texts.sift(nos, text, () => NO_BOILERPLATE);
    const found = this.#choose(own, sifted);
    const missed = this.#choose(own, nos);
    if (missed?.original !== found?.original)
      throw new Error(`${no} would be a copy of ${missed?.original}, which was left out`);
    if (found !== null) return found;
    this.#texts.add(no, text);
    this.#index.add({ ...fingerprint, no, at });
    this.#firsts.set(no, own);
    return null;
  }

  #choose(own: Candidate, nos: readonly number[]): Found | null {
    const candidates = nos.flatMap((no) => this.#firsts.get(no) ?? []);
    return chooseOriginal(own, candidates, () => NO_BOILERPLATE);
  }
}
