/** Documents and rates for the benchmarks of the stores. */
import type { SightingRecord } from "../../src/model.ts";
import { buildSighting, guidAlias, T0, urlAlias } from "../store/builders.ts";

export const ENTRIES_PER_POLL = 20;
const CONTENT = "<p>Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod.</p>".repeat(25);

/** Twenty new entries of 2 KB with three keys each. */
export function buildDocument(source: number, version: number): SightingRecord[] {
  return Array.from({ length: ENTRIES_PER_POLL }, (_, n) => {
    const name = `s${source}-${version}-${n}`;
    const url = `news${source}.example/2026/06/17/${name}-a-story-of-some-length`;
    return buildSighting(name, {
      entry: {
        contentHtml: CONTENT,
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
