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

function reportOf(paragraphs: readonly number[], footer: number | null, title = "Of ports"): Report {
  const texts = paragraphs.map((n) => PARAGRAPHS[n % PARAGRAPHS.length] ?? "");
  const html = [...texts, ...(footer === null ? [] : [FOOTERS[footer] ?? ""])].map(
    (text) => `<p>${text}</p>`,
  );
  return readReport({ title, authors: [], summary: null, contentHtml: html.join(""), language: null });
}

const paragraphs = fc.array(fc.nat(PARAGRAPHS.length - 1), { minLength: 0, maxLength: 10 });
const footer = fc.option(fc.nat(FOOTERS.length - 1));

describe("the texts of recent reports", () => {
  it("leave out nothing that a comparison would call a copy, whatever the sources repeat", () => {
    let kept = 0;
    let left = 0;
    fc.assert(
      fc.property(
        paragraphs,
        footer,
        paragraphs,
        footer,
        footer,
        footer,
        (a, footerA, b, footerB, ...repeats) => {
          const [first, second] = [reportOf(a, footerA), reportOf(b, footerB)];
          const [one, two] = repeats.map((n) => (n === null ? NO_BOILERPLATE : reportOf([], n).shingles)) as [
            Uint32Array,
            Uint32Array,
          ];
          const texts = new RecentTexts();
          texts.add(7, { source: 1, shingles: first.shingles });
          const sifted = texts.sift([7], { source: 2, shingles: second.shingles }, (source) =>
            source === 1 ? one : two,
          );
          if (sifted.length === 1) {
            kept += 1;
            return;
          }
          left += 1;
          expect(compareReports(first, second, [one, two])).toBeNull();
        },
      ),
      { numRuns: 3000 },
    );
    // Neither was for nothing.
    expect(Math.min(kept, left)).toBeGreaterThan(300);
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

  it("leave out a source's own, and keep what is short", () => {
    const texts = new RecentTexts();
    texts.add(1, { source: 1, shingles: shingles(0, 300) });
    texts.add(2, { source: 3, shingles: shingles(0, 39) });
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
    texts.add(3, { source: 3, shingles: shingles(600, 400) });
    expect(texts.sift([1, 2, 3], entry, nothing)).toEqual([2]);
    texts.clear();
    expect(texts.sift([1, 2, 3], entry, nothing)).toEqual([1, 2, 3]);
  });
});
