import { describe, expect, it } from "vitest";
import { PostingIndex } from "../../src/syndicate/posting-index.ts";
import { randomFrom } from "./wire-texts.ts";

const HOUR_MS = 3_600_000;
const random = randomFrom(1);
const samples = Array.from({ length: 40_000 }, () =>
  Uint32Array.from({ length: 24 }, () => random() * 2 ** 28),
);

function fill(index: PostingIndex): void {
  for (const [at, sample] of samples.entries()) index.add({ no: at + 5, at, sample, titleHash: at * 7 + 1 });
}

describe.each([
  ["grown", 0],
  ["reserved", samples.length],
  ["reserved for fewer", 100],
])("an index of postings, %s", (_, reserved) => {
  const index = new PostingIndex(HOUR_MS);
  index.reserve(reserved, { no: 5, at: 0 });
  fill(index);

  it("finds nearly every entry by its sample, and by three hashes of it", () => {
    const wanted = samples.flatMap((sample, at) => (at % 40 === 0 ? [{ sample, no: at + 5 }] : []));
    const ask = (from: number, to: number) =>
      wanted.filter(({ sample, no }) => {
        const asked = { at: samples.length, sample: sample.slice(from, to), titleHash: null };
        return index.find(asked, { limit: 1 })[0] === no;
      }).length;
    expect(ask(0, 24)).toBe(wanted.length);
    expect(ask(5, 8)).toBeGreaterThan(wanted.length * 0.97);
    expect(ask(5, 7)).toBe(0);
  });

  it("finds by headline alone, and nothing once the window is over", () => {
    const asked = { sample: new Uint32Array(0), titleHash: 39_999 * 7 + 1 };
    expect(index.find({ ...asked, at: samples.length }, { limit: 8 })).toEqual([40_004]);
    expect(index.find({ ...asked, at: samples.length + HOUR_MS }, { limit: 8 })).toEqual([]);
  });
});
