/**
 * How fast and how right URL identity is: `node test/bench/url-identity.ts [file.jsonl …]`.
 * Prints the scores on the facts held out (and on labelled files given as arguments, or ../shared's where it is there), then
 * URLs per second on one core beside `new URL` and normalize-url.
 */
import { existsSync } from "node:fs";
import normalizeUrl from "normalize-url";
import { identifyUrl } from "../../src/identify/original-url.ts";
import { differentPairs, samePairs, unwrapFacts } from "../identify/held-out-facts.ts";
import {
  addTo,
  isPairRight,
  isUnwrapRight,
  type PairRow,
  rateOf,
  readRows,
  type Score,
  type UnwrapRow,
} from "../identify/score.ts";

const shared = new URL("../../../shared/corpus/urls/", import.meta.url).pathname;
const given = process.argv.slice(2);
const files =
  given.length > 0
    ? given
    : ["pairs.dev.jsonl", "unwrap.dev.jsonl"].map((name) => shared + name).filter((file) => existsSync(file));

function print(title: string, scores: ReadonlyMap<string, Score>): void {
  console.log(`\n${title}`);
  for (const [name, score] of [...scores].sort()) {
    console.log(
      `  ${name.padEnd(36)} ${String(score.right).padStart(4)} of ${String(score.total).padStart(4)}  ${(rateOf(score) * 100).toFixed(1)} %`,
    );
  }
}

const heldOut = new Map<string, Score>();
for (const [a, b, group] of samePairs) addTo(heldOut, `same ${group}`, isPairRight({ a, b, same: true }));
for (const [a, b, group] of differentPairs)
  addTo(heldOut, `different ${group}`, isPairRight({ a, b, same: false }));
for (const [input, expected, group] of unwrapFacts)
  addTo(heldOut, `unwrap ${group}`, isUnwrapRight({ input, expected, kind: group }));
print("held-out facts", heldOut);

const urls: string[] = [];
for (const file of files) {
  const scores = new Map<string, Score>();
  for (const row of readRows<PairRow | UnwrapRow>(file)) {
    if ("same" in row) {
      urls.push(row.a, row.b);
      addTo(scores, `${row.same ? "same" : "different"} ${row.kind}`, isPairRight(row));
      addTo(scores, row.same ? "= RECALL" : "= DIFFERENT KEPT APART", isPairRight(row));
      if (row.same && !row.label_source.startsWith("rule:"))
        addTo(scores, "= RECALL without rule-derived labels", isPairRight(row));
    } else {
      urls.push(row.input);
      addTo(scores, row.kind, isUnwrapRight(row));
      const isWrapper = row.expected !== null && row.kind !== "not-a-wrapper";
      if (isWrapper) addTo(scores, "= WRAPPERS UNDONE", isUnwrapRight(row));
    }
  }
  print(file, scores);
}
if (urls.length === 0) for (const [a, b] of [...samePairs, ...differentPairs]) urls.push(a, b);

/** URLs per second of processor time, so that a busy machine does not count; best of five, after warming. */
function measure(read: (url: string) => unknown): number {
  let sink = 0;
  const run = (durationMs: number): number => {
    const start = performance.now();
    const before = process.cpuUsage();
    let count = 0;
    while (performance.now() - start < durationMs) {
      for (const url of urls) if (read(url) !== null) sink++;
      count += urls.length;
    }
    const used = process.cpuUsage(before);
    return (count / (used.user + used.system)) * 1e6;
  };
  run(1_000);
  const rate = Math.max(...[1, 2, 3, 4, 5].map(() => run(500)));
  return sink > 0 ? rate : 0;
}

const readers: readonly (readonly [string, (url: string) => unknown])[] = [
  ["identifyUrl", (url) => identifyUrl(url)],
  ["new URL().href", (url) => URL.parse(url)?.href ?? null],
  [
    "normalize-url",
    (url) => {
      try {
        return normalizeUrl(url);
      } catch {
        return null;
      }
    },
  ],
];
console.log(`\nspeed over ${urls.length} URLs, one core`);
for (const [name, read] of readers)
  console.log(`  ${name.padEnd(16)} ${Math.round(measure(read)).toLocaleString("en")} URLs/s`);
