import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NO_BOILERPLATE } from "../../src/syndicate/boilerplate.ts";
import { compareReports } from "../../src/syndicate/compare.ts";
import { RecentTexts } from "../../src/syndicate/recent-texts.ts";
import { type Report, readReport } from "../../src/syndicate/report.ts";
import "../support/property-seed.ts";
import { randomFrom } from "./wire-texts.ts";

const random = randomFrom(3);
const WORDS = Array.from({ length: 900 }, (_, n) => `${n % 7 === 0 ? "N" : "n"}ame${n.toString(36)}`);

/** Twenty paragraphs of some thirty words, and what sources put under their texts. */
const PARAGRAPHS = Array.from({ length: 20 }, () => sentence(20 + Math.floor(random() * 20)));
const FOOTERS = Array.from({ length: 4 }, () => sentence(25));

function sentence(length: number): string {
  return `${Array.from({ length }, () => WORDS[Math.floor(random() * WORDS.length)]).join(" ")}.`;
}

interface Printed {
  readonly title: string;
  readonly paragraphs: readonly number[];
  /** Under this text, and what its source is said to repeat. */
  readonly footer: number | null;
  readonly repeats: number | null;
  /** Was it found out what the source repeats? */
  readonly isFoundOut: boolean;
}

function reportOf({ title, paragraphs, footer }: Pick<Printed, "title" | "paragraphs" | "footer">): Report {
  const texts = [...paragraphs.map((n) => PARAGRAPHS[n]), ...(footer === null ? [] : [FOOTERS[footer]])];
  const contentHtml = texts.map((text) => `<p>${text}</p>`).join("");
  return readReport({ title, authors: [], summary: null, contentHtml, language: null });
}

function repeatsOf({ repeats }: Printed): Uint32Array {
  return repeats === null
    ? NO_BOILERPLATE
    : reportOf({ title: "", paragraphs: [], footer: repeats }).shingles;
}

const printed: fc.Arbitrary<Printed> = fc.record({
  // The second is long enough to make a copy of what has little text.
  title: fc.constantFrom("Of ports", "Seven rivers flood the harbour towns of northern Jutland"),
  paragraphs: fc.array(fc.nat(PARAGRAPHS.length - 1), { maxLength: 10 }),
  footer: fc.option(fc.nat(FOOTERS.length - 1)),
  repeats: fc.option(fc.nat(FOOTERS.length - 1)),
  isFoundOut: fc.integer({ max: 9, min: 0 }).map((n) => n > 0),
});

describe("the texts of recent reports", () => {
  it("leave out nothing that a comparison would call a copy, whatever the sources repeat", () => {
    const counts = { kept: 0, left: 0, copies: 0 };
    fc.assert(
      fc.property(printed, printed, (a, b) => {
        const [first, second] = [reportOf(a), reportOf(b)];
        const texts = new RecentTexts();
        texts.add(7, { source: 1, shingles: first.shingles });
        const sifted = texts.sift([7], { source: 2, shingles: second.shingles }, (source) => {
          const of = source === 1 ? a : b;
          return of.isFoundOut ? repeatsOf(of) : null;
        });
        const isCopy = compareReports(first, second, [repeatsOf(a), repeatsOf(b)]) !== null;
        if (sifted.length === 0) counts.left += 1;
        else counts.kept += 1;
        if (!isCopy) return;
        counts.copies += 1;
        expect(sifted).toEqual([7]);
      }),
      { numRuns: 3000 },
    );
    // None of it was for nothing.
    expect(Math.min(counts.kept, counts.left)).toBeGreaterThan(300);
    expect(counts.copies).toBeGreaterThan(30);
  });

  const shingles = (from: number, length: number) => Uint32Array.from({ length }, (_, n) => from + n);
  const nothing = () => NO_BOILERPLATE;

  it("keep what they do not know, and what a source is said to repeat without its being known", () => {
    const texts = new RecentTexts();
    texts.add(1, { source: 1, shingles: shingles(0, 300) });
    const entry = { source: 2, shingles: shingles(250, 300) };
    expect(texts.sift([1, 2], entry, nothing)).toEqual([2]);
    expect(texts.sift([1, 2], entry, () => null)).toEqual([1, 2]);
    expect(texts.sift([1, 2], entry, (source) => (source === 2 ? NO_BOILERPLATE : null))).toEqual([1, 2]);
    // Too little is shared, whatever is repeated.
    const other = { source: 2, shingles: shingles(290, 300) };
    expect(texts.sift([1], other, () => null)).toEqual([]);
  });

  it("leave out a source's own, and nothing short", () => {
    const texts = new RecentTexts();
    texts.add(1, { source: 1, shingles: shingles(0, 300) });
    texts.add(2, { source: 3, shingles: shingles(0, 39) });
    expect(texts.sift([1, 2], { source: 4, shingles: shingles(900, 39) }, nothing)).toEqual([1, 2]);
    expect(texts.sift([1], { source: 1, shingles: shingles(0, 300) }, nothing)).toEqual([]);
    expect(texts.sift([1, 2], { source: 2, shingles: shingles(0, 300) }, nothing)).toEqual([1, 2]);
    expect(texts.sift([1, 2], { source: 2, shingles: shingles(900, 300) }, nothing)).toEqual([2]);
  });

  it("make room by forgetting what was not looked at for longest", () => {
    const texts = new RecentTexts(700);
    const entry = { source: 9, shingles: shingles(5000, 300) };
    texts.add(1, { source: 1, shingles: shingles(0, 300) });
    texts.add(2, { source: 2, shingles: shingles(300, 300) });
    expect(texts.sift([1], entry, nothing)).toEqual([]);
    texts.add(3, { source: 3, shingles: shingles(600, 300) });
    expect(texts.sift([1, 2, 3], entry, nothing)).toEqual([2]);
    // Given anew, it is not counted twice.
    texts.add(3, { source: 3, shingles: shingles(600, 300) });
    expect(texts.sift([1, 2, 3], entry, nothing)).toEqual([2]);
    texts.clear();
    expect(texts.sift([1, 2, 3], entry, nothing)).toEqual([1, 2, 3]);
  });
});
