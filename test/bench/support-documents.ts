/** Documents and rates for the benchmarks of the stores. */
import type { SightingRecord } from "../../src/model.ts";
import { buildSighting, guidAlias, T0, urlAlias } from "../store/builders.ts";

export const ENTRIES_PER_POLL = 20;

/** Words of a language that nobody speaks; the same at every run. */
const WORDS = Array.from({ length: 4096 }, (_, n) => {
  const syllables = ["ka", "to", "mi", "ren", "sol", "var", "del", "mon"];
  return [n % 8, (n >> 3) % 8, (n >> 6) % 8, n >> 9].map((index) => syllables[index]).join("");
});

/** Some 2 KB of prose that no other entry has: what is the same everywhere would be taken for copies of one report. */
function buildContent(seed: number): string {
  let state = seed * 2_654_435_761 + 1;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return WORDS[state >>> 20] ?? "";
  };
  return Array.from({ length: 4 }, () => `<p>${Array.from({ length: 48 }, next).join(" ")}.</p>`).join("");
}

/** Twenty new entries of 2 KB with three keys each. */
export function buildDocument(source: number, version: number): SightingRecord[] {
  return Array.from({ length: ENTRIES_PER_POLL }, (_, n) => {
    const name = `s${source}-${version}-${n}`;
    const url = `news${source}.example/2026/06/17/${name}-a-story-of-some-length`;
    return buildSighting(name, {
      entry: {
        contentHtml: buildContent((version * 100_003 + source) * 32 + n),
        published: T0,
        authors: [{ name: "A. Author", email: null, url: null }],
      },
      aliases: [urlAlias(url), guidAlias(`${source} ${name}`), { ...urlAlias(`soft ${name}`), kind: "soft" }],
      orderedAt: new Date(T0.getTime() - ((source * 7919 + version * 104_729 + n * 31) % 31_536_000) * 1000),
    });
  });
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
