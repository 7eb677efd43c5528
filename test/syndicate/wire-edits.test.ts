/** 1,500 reports that papers edit: each copy has to find its report, and no other. */
import { describe, expect, it } from "vitest";
import { Press } from "./press.ts";
import { cutAndLocalise, cutToThird, rewordFifth, toHtml, type WireText, writeReport } from "./wire-texts.ts";

const TEXTS = 1500;
const HOUR_MS = 3_600_000;

const edits: readonly (readonly [string, (text: WireText, seed: number) => WireText])[] = [
  ["one word in five changed", rewordFifth],
  ["cut to three tenths", cutToThird],
  ["cut to half, two fifths of local text added", cutAndLocalise],
];

/** 150 to 750 words, most of them some 300 to 500, as wire reports are. */
function lengthOf(seed: number): number {
  return 150 + ((seed * 37) % 300) + ((seed * 101) % 300);
}

describe(`${TEXTS} reports of the wire`, () => {
  const texts = Array.from({ length: TEXTS }, (_, index) => writeReport(index + 1, lengthOf(index + 1)));
  const counts = edits.map(([name]) => ({ name, found: 0, wrong: 0 }));
  const press = new Press();
  let falseGroups = 0;

  for (const [index, text] of texts.entries()) {
    const entry = { title: text.title, contentHtml: toHtml(text) };
    if (press.print({ source: index % 40, at: index * 60_000, entry }) !== null) falseGroups += 1;
  }
  for (const [kind, [, edit]] of edits.entries()) {
    const count = counts[kind];
    for (const [index, text] of texts.entries()) {
      if (count === undefined) continue;
      const copy = edit(text, index);
      const entry = { title: copy.title, contentHtml: toHtml(copy) };
      const found = press.print({ source: 100 + kind, at: index * 60_000 + (kind + 1) * HOUR_MS, entry });
      if (found?.original === index + 1) count.found += 1;
      // A copy that was missed stands for itself; to join it is no mistake.
      else if (found !== null && (found.original - 1) % TEXTS !== index) count.wrong += 1;
    }
  }

  it("has no two reports that are taken for one", () => {
    expect(falseGroups).toBe(0);
  });

  it.each(counts)("$name: found by 98 of 100, none under another report", ({ name, found, wrong }) => {
    console.info(`${name}: recall ${(found / TEXTS).toFixed(4)}, false ${wrong}`);
    expect(wrong).toBe(0);
    expect(found / TEXTS).toBeGreaterThanOrEqual(0.98);
  });
});
