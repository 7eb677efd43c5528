/**
 * Writes test/fixtures/store/vN.db.gz and vN.expected.json as the current code makes them: run it before a change of the schema,
 * so that the version that was can always be migrated (`node scripts/write-store-fixture.ts`). An existing fixture is left alone.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { SQLITE_MIGRATIONS } from "../src/store/migrations/sqlite.ts";

const version = SQLITE_MIGRATIONS.length;
const target = join("test/fixtures/store", `v${version}`);
if (existsSync(`${target}.db.gz`)) throw new Error(`${target}.db.gz is there already and stays as it is`);
const folder = mkdtempSync(join(tmpdir(), "mainstem-fixture-"));
try {
  mkdirSync(join(folder, "config"));
  const config = join(folder, "config", "mainstem.yaml");
  writeFileSync(
    config,
    `store: sqlite:../mainstem.db
identity: { resolve: false, page: never }
sources:
  - { id: articles, articles: ${resolve("feeds/articles")}, name: Article documents, tags: [world], priority: 10 }
  - { id: wire, file: ${resolve("feeds/wire.xml")}, tags: [sample] }
  - { id: standards, file: ${resolve("feeds/standards.atom")}, tags: [sample] }
  - { id: links, file: ${resolve("feeds/links.rdf")} }
  - { id: notes, file: ${resolve("feeds/notes.json")} }
outputs: [{ name: all, limit: 100 }]
publish: { directory: ../public }
`,
  );
  const run = (...args: readonly string[]) =>
    execFileSync(process.execPath, ["src/main.ts", ...args, "--config", config], { stdio: "inherit" });
  const published = (): { id: string; url: string; title: string }[] =>
    JSON.parse(readFileSync(join(folder, "public/all/feed.json"), "utf8")).items;
  run("once");
  const merged = published()
    .slice(0, 2)
    .map(({ url }) => url);
  run("merge", ...merged);
  run("once", "--force");
  const copy = join(folder, "copy.db");
  run("backup", copy);
  const stories = published().map(({ id, url, title }) => ({ id, url, title }));
  writeFileSync(`${target}.db.gz`, gzipSync(readFileSync(copy), { level: 9 }));
  writeFileSync(`${target}.expected.json`, `${JSON.stringify({ version, merged, stories }, null, 1)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
