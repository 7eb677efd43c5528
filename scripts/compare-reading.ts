/**
 * `npm run compare-reading [-- FOLDER...]`: how ours, feedsmith, feedparser and rss-parser read the documents of other projects, beside
 * python3-feedparser (Debian), in one run: `../shared/tools/compare-reading.mjs` once for each. Says so and exits with 0 where that
 * folder is absent.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { findOracleError } from "./oracle-errors.ts";

const tool = resolve("../shared/tools/compare-reading.mjs");
const corpus = resolve("../shared/corpus/feeds");
if (!existsSync(tool) || !existsSync(corpus)) {
  console.log(`skipped: ${tool} is not here`);
  process.exit(0);
}
interface Row {
  readonly documents: number;
  readonly parsed: number;
  readonly count: number;
  readonly fields: Readonly<Record<string, readonly [right: number, judged: number]>>;
}

const named = process.argv.slice(2);
const folders =
  named.length > 0
    ? named
    : readdirSync(corpus, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => join(corpus, name));
const readers = {
  ours: "src/main.ts preview --json",
  feedsmith: "scripts/read-with-rival.ts feedsmith",
  feedparser: "scripts/read-with-rival.ts feedparser",
  "rss-parser": "scripts/read-with-rival.ts rss-parser",
};
for (const [name, command] of Object.entries(readers)) {
  const run = spawnSync(
    process.execPath,
    [tool, "--json", "--misses", "--command", `${process.execPath} ${command}`, ...folders],
    { encoding: "utf8", maxBuffer: 2 ** 28 },
  );
  const lines = run.stdout.trimEnd().split("\n");
  const rows: readonly Row[] = JSON.parse(lines.pop() ?? "[]");
  const sum = (read: (row: Row) => number) => rows.reduce((total, row) => total + read(row), 0);
  const documents = sum((row) => row.documents);
  const percent = (right: number, of: number) => (of === 0 ? "-" : ((100 * right) / of).toFixed(1));
  const tell = (what: string, excused: ReadonlyMap<string, number>) => {
    const without = (field: string) => excused.get(field) ?? 0;
    const fields = Object.keys(rows[0]?.fields ?? {}).map(
      (field) =>
        `${field} ${percent(
          sum((row) => row.fields[field]?.[0] ?? 0),
          sum((row) => row.fields[field]?.[1] ?? 0) - without(field),
        )}`,
    );
    const parsed = percent(
      sum((row) => row.parsed),
      documents,
    );
    const count = percent(
      sum((row) => row.count),
      documents - without("count"),
    );
    console.log(
      `${what.padEnd(11)} ${documents} documents, parsed ${parsed}, count ${count}; ${fields.join(", ")}`,
    );
  };
  tell(name, new Map());
  if (name !== "ours") continue;
  // What the measure itself reads wrongly says nothing about a reader: counted apart, with the reason.
  const reasons = new Map<string, number>();
  const excused = new Map<string, number>();
  for (const line of lines) {
    const error = findOracleError(line);
    const field = (line.split(" ")[0] ?? "").toLowerCase();
    if (error === null) console.log(`            not explained: ${line}`);
    else {
      reasons.set(error.why, (reasons.get(error.why) ?? 0) + 1);
      excused.set(field, (excused.get(field) ?? 0) + 1);
    }
  }
  tell("- apart", excused);
  for (const [why, count] of reasons) console.log(`            ${count} apart: ${why}`);
}
