import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { isSkippedWithout } from "../support/skip.ts";
import { freshDifferentPairs, freshSamePairs, freshUnwrapFacts } from "./fresh-facts.ts";
import { differentPairs, samePairs, unwrapFacts } from "./held-out-facts.ts";
import {
  addTo,
  isPairRight,
  isUnwrapRight,
  keyOf,
  type PairRow,
  rateOf,
  readRows,
  type Score,
  type UnwrapRow,
} from "./score.ts";

const folder = fileURLToPath(new URL("../../../shared/corpus/urls/", import.meta.url));
const pairsFile = `${folder}pairs.dev.jsonl`;
const unwrapFile = `${folder}unwrap.dev.jsonl`;
const isThere = existsSync(pairsFile) && existsSync(unwrapFile);

describe.skipIf(isSkippedWithout("../shared/corpus/urls", isThere))("labelled facts about URLs", () => {
  it("keeps different items apart and joins the same", () => {
    const rows = readRows<PairRow>(pairsFile);
    const kinds = new Map<string, Score>();
    const all = new Map<string, Score>();
    for (const row of rows) {
      const isRight = isPairRight(row);
      addTo(kinds, `${row.same ? "same" : "different"} ${row.kind}`, isRight);
      addTo(all, row.same ? "same" : "different", isRight);
      if (row.same && !row.label_source.startsWith("rule:")) addTo(all, "same, by no rule set", isRight);
      if (row.kind.startsWith("real-tracking")) addTo(all, "feed decoration", isRight);
    }
    print(kinds);
    print(all);
    expect(1 - rateOf(all.get("different"))).toBeLessThanOrEqual(0.004);
    expect(rateOf(all.get("same"))).toBeGreaterThanOrEqual(0.97);
    expect(rateOf(all.get("same, by no rule set"))).toBeGreaterThanOrEqual(0.97);
    expect(rateOf(all.get("feed decoration"))).toBeGreaterThanOrEqual(0.95);
  });

  it("undoes wrappers and guesses nothing else", () => {
    const scores = new Map<string, Score>();
    for (const row of readRows<UnwrapRow>(unwrapFile)) {
      if (row.expected !== null && row.kind !== "not-a-wrapper")
        addTo(scores, "wrappers", isUnwrapRight(row));
      addTo(scores, row.kind, isUnwrapRight(row));
    }
    print(scores);
    expect(rateOf(scores.get("wrappers"))).toBeGreaterThanOrEqual(0.97);
    expect(rateOf(scores.get("not-a-wrapper"))).toBe(1);
    expect(rateOf(scores.get("opaque"))).toBe(1);
  });
});

describe("facts held out", () => {
  it.each(differentPairs)("%s is not %s (%s)", (a, b) => {
    expect(keyOf(a)).not.toBe(keyOf(b));
  });

  it("joins nearly all of the same", () => {
    const scores = new Map<string, Score>();
    for (const [a, b, group] of samePairs) {
      addTo(scores, group, isPairRight({ a, b, same: true }));
      addTo(scores, "all", isPairRight({ a, b, same: true }));
    }
    print(scores);
    expect(rateOf(scores.get("all"))).toBeGreaterThanOrEqual(0.97);
  });

  it.each(unwrapFacts)("%s leads to %s (%s)", (input, expected, kind) => {
    expect(isUnwrapRight({ input, expected, kind })).toBe(true);
  });
});

describe("a second set of facts held out", () => {
  it.each(freshDifferentPairs)("%s is not %s (%s)", (a, b) => {
    expect(keyOf(a)).not.toBe(keyOf(b));
  });

  it("joins most of the same", () => {
    const right = freshSamePairs.filter(([a, b]) => isPairRight({ a, b, same: true }));
    console.info(`  second set, same: ${right.length} of ${freshSamePairs.length}`);
    expect(right.length / freshSamePairs.length).toBeGreaterThanOrEqual(0.95);
  });

  it.each(freshUnwrapFacts)("%s leads to %s (%s)", (input, expected, kind) => {
    expect(isUnwrapRight({ input, expected, kind })).toBe(true);
  });
});

function print(scores: ReadonlyMap<string, Score>): void {
  const lines = [...scores]
    .sort()
    .map(([name, score]) => `  ${name.padEnd(34)} ${score.right} of ${score.total}`);
  console.info(lines.join("\n"));
}
