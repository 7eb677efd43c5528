/**
 * Pairs that look like copies and are none, labelled as they were written and before any rule saw them: reports of one event
 * in other words (written by hand), and issues of series with a fixed wording.
 */
import { describe, expect, it } from "vitest";
import { freshSeries } from "./fresh-series.ts";
import { series } from "./hard-series.ts";
import { Press } from "./press.ts";
import { sameEventPairs } from "./same-events.ts";
import { toHtml, type WireText } from "./wire-texts.ts";

const PAIRS_PER_SERIES = 28;
const allSeries = { ...series, ...freshSeries };
const HOUR_MS = 3_600_000;

/** The first as one paper prints it, the second in another paper two hours later. */
function isJoined(a: WireText, b: WireText): string | null {
  const press = new Press();
  const entry = ({ title, ...text }: WireText) => ({ title, contentHtml: toHtml({ title, ...text }) });
  press.print({ source: 1, at: 0, entry: entry(a) });
  const found = press.print({ source: 2, at: 2 * HOUR_MS, entry: entry(b) });
  return found && `${found.rule} ${found.share.toFixed(2)} (${found.shared}): ${a.title} | ${b.title}`;
}

const pairs: readonly (readonly [string, readonly (readonly [WireText, WireText])[]])[] = [
  ["one event in other words", sameEventPairs()],
  ...Object.entries(allSeries).map(([name, write]) => {
    const issues = Array.from({ length: PAIRS_PER_SERIES }, (_, index) => index * 2);
    return [name, issues.map((seed) => [write(seed), write(seed + 1)] as const)] as const;
  }),
];

describe("hard negatives", () => {
  it("are at least three hundred", () => {
    expect(pairs.reduce((sum, [, of]) => sum + of.length, 0)).toBeGreaterThanOrEqual(300);
  });

  it.each(pairs)("%s: no two are one report", (_, of) => {
    expect(of.flatMap(([a, b]) => isJoined(a, b) ?? [])).toEqual([]);
  });

  // All at once, so that each issue meets those that are most like it.
  it("all of one series in one press: no group", () => {
    const joined = Object.entries(allSeries).flatMap(([name, write]) => {
      const press = new Press();
      return Array.from({ length: 60 }, (_, seed) => {
        const text = write(seed);
        const entry = { title: text.title, contentHtml: toHtml(text) };
        const found = press.print({ source: seed, at: seed * 60_000, entry });
        return found === null ? [] : [`${name}: ${text.title}: ${found.rule} ${found.share.toFixed(2)}`];
      }).flat();
    });
    expect(joined).toEqual([]);
  });
});
