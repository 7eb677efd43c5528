/**
 * `npm run bench syndication`: what finding copies costs an entry, in time and in the store, while up to a million others are
 * in the window of 72 hours; beside what storing the same entry costs without it. Reports of some 400 words, one in five a
 * copy of an earlier one. `node test/bench/syndication.ts --window 100000` leaves the million out, which takes a minute.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import type { SightingRecord } from "../../src/model.ts";
import { encodeContent } from "../../src/store/records.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { CopyFinder } from "../../src/store/sqlite-copies.ts";
import { fingerprintOf, readReport } from "../../src/syndicate/report.ts";
import { buildDefinition, buildPoll, buildSighting, claim, T0 } from "../store/builders.ts";
import { randomFrom, rewordFifth, toHtml, writeReport } from "../syndicate/wire-texts.ts";

const { values } = parseArgs({ options: { window: { type: "string", default: "1000000" } } });
const windowMax = Number(values.window);
/** In the window already, and copied. */
const EARLIER = 2000;
const ENTRIES = 4000;
const COPIES_EVERY = 5;
/** Entries of one poll, and polls of one transaction. */
const POLL = 20;
const POLLS = 4;
const SOURCES = 50;
const SHINGLES = 400;
const SAMPLE = 24;

const folder = mkdtempSync(join(tmpdir(), "mainstem-bench-"));
const clock = { now: () => T0, sleep: () => Promise.reject(new Error("unused")) };
const tell = (what: string, figure: string) => process.stdout.write(`${what.padEnd(60)} ${figure}\n`);
const entries = buildEntries();

function buildEntries(): SightingRecord[] {
  return Array.from({ length: EARLIER + ENTRIES }, (_, index) => {
    const isCopy = index >= EARLIER && index % COPIES_EVERY === 0;
    const seed = isCopy ? (index * 7) % EARLIER : index;
    const text = writeReport(seed, 300 + (seed % 200));
    const { title, paragraphs } = isCopy ? rewordFifth(text, index) : text;
    return buildSighting(`e${index}`, { title, entry: { contentHtml: toHtml({ title, paragraphs }) } });
  });
}

async function makeStore(name: string, isSyndicating: boolean) {
  const store = await openSqliteStore({ file: join(folder, name), role: "poller", clock, isSyndicating });
  const definitions = Array.from({ length: SOURCES }, (_, n) => buildDefinition(`s${n}`));
  await store.syncSources(definitions, { now: T0, parentId: null });
  return store;
}

/** The whole way of an entry into the store, polls of 20 entries. @returns microseconds an entry */
async function measureStore(isSyndicating: boolean): Promise<number> {
  await using store = await makeStore(`whole-${isSyndicating}.db`, isSyndicating);
  let took = 0;
  for (let from = 0; from < entries.length; from += POLL) {
    const lease = await claim(store, `s${(from / POLL) % SOURCES}`, T0);
    const start = performance.now();
    await store.recordPoll(buildPoll(lease, entries.slice(from, from + POLL), { at: T0 }));
    took += performance.now() - start;
  }
  return (took * 1000) / entries.length;
}

/** Puts so many other entries into the window: short rows, with samples as reports of `SHINGLES` shingles have them. */
function fill(db: DatabaseSync, count: number): void {
  const random = randomFrom(count);
  const sighting = db.prepare(
    `INSERT INTO sightings (id, source_no, story, story_ordered_at, guid_digest, variant, content_hash, identity_hash,
       is_own_host, completeness, first_seen_at, published_at, updated_at, ordered_at, record)
     VALUES (?, 1, 1, 0, ?, '', '', '', 0, 0, 0, 0, 0, 0, '')`,
  );
  const report = db.prepare(
    "INSERT INTO reports (sighting, seen_at, title_hash, sample) VALUES (?, ?, ?, ?)",
  );
  const at = T0.getTime() - 3_600_000;
  const range = (2 ** 32 * SAMPLE) / SHINGLES;
  for (let from = 0; from < count; from += 10_000) {
    db.exec("BEGIN");
    for (let n = from; n < Math.min(count, from + 10_000); n += 1) {
      sighting.run(n + 1_000_000, new Uint8Array(new Uint32Array([n, 0, 0, 0]).buffer));
      const sample = Uint32Array.from({ length: SAMPLE }, () => random() * range).sort();
      report.run(n + 1_000_000, at, Math.floor(random() * 2 ** 32), new Uint8Array(sample.buffer));
    }
    db.exec("COMMIT");
  }
}

function bytesOf(db: DatabaseSync): number {
  const row = db
    .prepare(
      "SELECT sum(pgsize) AS bytes FROM dbstat WHERE name IN ('reports', 'sqlite_autoindex_reports_1', 'copies', 'copies_original')",
    )
    .get();
  return Number(row?.bytes ?? 0);
}

async function measureFinder(count: number): Promise<void> {
  const name = `window-${count}.db`;
  await (await makeStore(name, true))[Symbol.asyncDispose]();
  const db = new DatabaseSync(join(folder, name));
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768");
  db.exec(
    "INSERT INTO stories (number, published_digest, published_at, updated_at, ordered_at, first_seen_at, published_id) VALUES (1, x'00', 0, 0, 0, 0, 'x')",
  );
  fill(db, count);
  const story = db.prepare(
    "INSERT INTO stories (number, published_digest, published_at, updated_at, ordered_at, first_seen_at, published_id) VALUES (?, ?, 0, 0, 0, 0, ?)",
  );
  const sighting = db.prepare(
    `INSERT INTO sightings (id, source_no, story, story_ordered_at, guid_digest, variant, content_hash, identity_hash,
       is_own_host, completeness, first_seen_at, published_at, updated_at, ordered_at, record)
     VALUES (?, ?, ?, 0, ?, '', ?, '', 0, 0, 0, ?, 0, 0, ?)`,
  );
  const at = T0.getTime();
  const noted = entries.map((record, index) => ({
    id: index + 1,
    record,
    sourceNo: 1 + (Math.floor(index / POLL) % SOURCES),
  }));
  db.exec("BEGIN");
  for (const { id, record, sourceNo } of noted) {
    const digest = new Uint8Array(new Uint32Array([id, 1, 0, 0]).buffer);
    story.run(id + 1, digest, `x${id}`);
    sighting.run(id, sourceNo, id + 1, digest, record.contentHash, at, encodeContent(record, []));
  }
  db.exec("COMMIT");
  const before = bytesOf(db);
  const memory = process.memoryUsage.rss();
  const finder = new CopyFinder(db);
  const opened = process.cpuUsage();
  let sliceMs = 0;
  for (let isMore = true; isMore; ) {
    const begun = process.threadCpuUsage();
    isMore = finder.takeSlice(at);
    const { user, system } = process.threadCpuUsage(begun);
    sliceMs = Math.max(sliceMs, (user + system) / 1000);
  }
  const started = process.cpuUsage(opened);
  const startMs = (started.user + started.system) / 1000;
  for (const one of noted.slice(0, EARLIER)) finder.note([one], { sourceNo: one.sourceNo, at });
  const rates: number[] = [];
  const cpu = process.cpuUsage();
  for (let from = EARLIER; from < noted.length; from += POLL * POLLS) {
    const batch = noted.slice(from, from + POLL * POLLS);
    const start = performance.now();
    db.exec("BEGIN");
    for (let poll = 0; poll < batch.length; poll += POLL) {
      const brought = batch.slice(poll, poll + POLL);
      finder.note(brought, { sourceNo: brought[0]?.sourceNo ?? 0, at });
    }
    db.exec("COMMIT");
    rates.push(((performance.now() - start) * 1000) / batch.length);
  }
  const { user, system } = process.cpuUsage(cpu);
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const median = rates.toSorted((a, b) => a - b)[Math.floor(rates.length / 2)] ?? 0;
  const copies = Number(db.prepare("SELECT count(*) AS n FROM copies").get()?.n);
  const bytes = (count > 0 ? before / count : bytesOf(db) / entries.length).toFixed(0);
  const rss = Math.max(0, Math.round((process.memoryUsage.rss() - memory) / 1e6));
  tell(
    `finding copies among ${count.toLocaleString("en")} entries`,
    `${((user + system) / ENTRIES).toFixed(0)} us of processor time an entry (by the clock ${mean.toFixed(0)}, median ${median.toFixed(0)}), ${bytes} bytes in the store, ${copies} copies found; start ${startMs.toFixed(0)} ms of processor time, longest slice ${sliceMs.toFixed(0)} ms, ${rss} MB`,
  );
  db.close();
}

try {
  let start = performance.now();
  const reports = entries.map(({ entry }) => readReport(entry));
  tell(
    "reading the text",
    `${(((performance.now() - start) * 1000) / entries.length).toFixed(0)} us an entry`,
  );
  start = performance.now();
  for (const report of reports) fingerprintOf(report);
  tell(
    "sample and headline",
    `${(((performance.now() - start) * 1000) / entries.length).toFixed(0)} us an entry`,
  );
  const segmenter = new Intl.Segmenter("en", { granularity: "word" });
  start = performance.now();
  let segments = 0;
  for (const { entry } of entries.slice(0, 500)) {
    for (const { isWordLike } of segmenter.segment(entry.contentHtml ?? "")) segments += isWordLike ? 1 : 0;
  }
  tell(
    "words by Intl.Segmenter, for comparison",
    `${(((performance.now() - start) * 1000) / 500).toFixed(0)} us an entry (${Math.round(segments / 500)} words)`,
  );
  const without = await measureStore(false);
  const withCopies = await measureStore(true);
  tell(
    "storing the entry, without and with finding copies",
    `${without.toFixed(0)} and ${withCopies.toFixed(0)} us: ${(withCopies / without).toFixed(2)} times`,
  );
  for (const count of [0, windowMax / 1000, windowMax / 100, windowMax / 10, windowMax])
    await measureFinder(Math.round(count));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
