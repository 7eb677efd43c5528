/**
 * `npm run compare-reading [-- [--others] [--misses] FOLDER...]`: how ours, feedsmith and rss-parser read the documents of other
 * projects, beside python3-feedparser (Debian), in one run: `../shared/tools/compare-reading.mjs` once for each. Where that measure
 * is wrong by a specification (`oracle-errors.ts`) its differences are counted apart, for every reader. `--others` installs
 * node-feedparser and @rowanmanning/feed-parser in a temporary folder and compares them too, and sfeed and gofeed where Debian's
 * sfeed, golang-go and golang-github-mmcdole-gofeed-dev are there; `--misses` lists what is left of ours.
 * Says so and exits with 0 where the shared folder is absent.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ORACLE_ERRORS, type OracleError } from "./oracle-errors.ts";

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

/** A difference from the measure, as the tool lists it: `LINK path 0 "..."`, `COUNT path 1 of 2`. */
interface Miss {
  readonly field: string;
  readonly line: string;
  readonly error: OracleError | undefined;
}

const OTHERS = ["feedparser@2", "@rowanmanning/feed-parser"];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { others: { type: "boolean", default: false }, misses: { type: "boolean", default: false } },
});
const folders =
  positionals.length > 0
    ? positionals
    : readdirSync(corpus, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => join(corpus, name));

compare("ours", "src/main.ts preview --json");
for (const rival of ["feedsmith", "rss-parser"]) compare(rival, `scripts/read-with-rival.ts ${rival}`);
if (values.others) compareOthers();

function compareOthers(): void {
  const folder = mkdtempSync(join(tmpdir(), "compare-reading-"));
  try {
    const install = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--prefix", folder, ...OTHERS], {
      encoding: "utf8",
    });
    if (install.status !== 0) throw new Error(`npm install ${OTHERS.join(" ")}: ${install.stderr}`);
    compare("node-feedparser", `scripts/read-with-other.ts feedparser ${folder}`);
    compare("rowanmanning", `scripts/read-with-other.ts rowanmanning ${folder}`);
    compareDebian(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function compareDebian(folder: string): void {
  if (spawnSync("sfeed", { input: "" }).error === undefined)
    compare("sfeed", `scripts/read-with-other.ts sfeed ${folder}`);
  else console.log("sfeed            skipped: apt-get install sfeed");
  const program = join(folder, "read-with-gofeed");
  const build = spawnSync("go", ["build", "-o", program, "scripts/read-with-gofeed.go"], {
    env: { ...process.env, GO111MODULE: "off", GOPATH: "/usr/share/gocode", GOCACHE: join(folder, "go") },
  });
  if (build.status === 0) compareWith("gofeed", program);
  else console.log("gofeed           skipped: apt-get install golang-go golang-github-mmcdole-gofeed-dev");
}

function compare(name: string, script: string): void {
  compareWith(name, `${process.execPath} ${script}`);
}

function compareWith(name: string, command: string): void {
  const run = spawnSync(process.execPath, [tool, "--json", "--misses", "--command", command, ...folders], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  const lines = run.stdout.trim().split("\n");
  const rows: readonly Row[] = JSON.parse(lines.pop() ?? "[]");
  const misses = lines.map(readMiss);
  const sum = (read: (row: Row) => number) => rows.reduce((total, row) => total + read(row), 0);
  const documents = sum((row) => row.documents);
  const percent = (right: number, of: number, field: string) => {
    const wrong = misses.filter((miss) => miss.error !== undefined && miss.field === field).length;
    const show = (share: number) => (100 * share).toFixed(1);
    return of === 0 ? "-" : `${show(right / of)}${wrong === 0 ? "" : ` (${show(right / (of - wrong))})`}`;
  };
  const fields = Object.keys(rows[0]?.fields ?? {}).map((field) => {
    const right = sum((row) => row.fields[field]?.[0] ?? 0);
    return `${field} ${percent(
      right,
      sum((row) => row.fields[field]?.[1] ?? 0),
      field,
    )}`;
  });
  const parsed = sum((row) => row.parsed);
  const shares = [
    `parsed ${percent(parsed, documents, "parsed")}`,
    `count ${percent(
      sum((row) => row.count),
      documents,
      "count",
    )}`,
    ...fields,
  ];
  console.log(`${name.padEnd(16)} ${documents} documents: ${shares.join(", ")}`);
  if (name === "ours") explain(misses);
}

function readMiss(line: string): Miss {
  const [field = "", path = ""] = line.split(" ");
  const name = field.toLowerCase();
  const error = ORACLE_ERRORS.find(({ documents, fields }) => documents.test(path) && fields.includes(name));
  return { field: name, line, error };
}

/** Which differences are the measure's errors, and how many are left. */
function explain(misses: readonly Miss[]): void {
  const left = misses.filter(({ error }) => error === undefined);
  console.log(
    `  of ${misses.length} differences the measure is wrong in ${misses.length - left.length}; in brackets: without them`,
  );
  for (const error of ORACLE_ERRORS) {
    const count = misses.filter((miss) => miss.error === error).length;
    if (count > 0) console.log(`  ${String(count).padStart(4)}  it ${error.what} (${error.section})`);
  }
  if (values.misses) for (const { line } of left) console.log(`  ${line}`);
}
