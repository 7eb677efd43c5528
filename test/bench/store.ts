/**
 * `node test/bench/store.ts [--stories N]`: how fast the SQLite store takes entries in, beside a bare loop of prepared
 * statements that writes the same rows with nothing looked up and nothing decided; then what reading costs when the
 * store is large. Everything in one process and one run, on the disk of the temporary folder.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import type { SightingRecord } from "../../src/model.ts";
import { digestKey } from "../../src/store/digest.ts";
import { encodeContent } from "../../src/store/records.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { buildDefinition, buildPoll, T0 } from "../store/builders.ts";
import { buildDocument, ENTRIES_PER_POLL, median } from "./support-documents.ts";
import { noteRow, perSecond } from "./support-rows.ts";

const { values } = parseArgs({
  options: { stories: { type: "string", default: "100000" }, rounds: { type: "string", default: "3" } },
});
const SOURCES = 1000;
/** Polls under way together, as the scheduler has them. */
const CONCURRENCY = 64;

const folder = mkdtempSync(join(tmpdir(), "mainstem-bench-"));
const clock = { now: () => T0, sleep: () => Promise.reject(new Error("unused")) };

interface Rate {
  readonly perSecond: number;
  /** Microseconds of processor time an item: steadier than the rate on a busy machine. */
  readonly cpuUs: number;
}

/** Runs `work` and gives its rate. */
async function measure(items: number, work: () => Promise<void> | void): Promise<Rate> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: (items * 1000) / (performance.now() - start), cpuUs: (user + system) / items };
}

function tellRate(what: string, rates: readonly Rate[], beside = ""): void {
  const perSecond = median(rates.map((rate) => rate.perSecond)).toFixed(0);
  const cpuUs = median(rates.map((rate) => rate.cpuUs)).toFixed(1);
  tell(what, `${perSecond.padStart(7)}/s ${cpuUs.padStart(7)} us of CPU ${beside}`);
}

function tell(what: string, figure: string): void {
  process.stdout.write(`${what.padEnd(64)} ${figure}\n`);
}

async function openStore(name: string, sources: number): Promise<Store> {
  const store = await openSqliteStore({ file: join(folder, name), role: "poller", clock });
  const definitions = Array.from({ length: sources }, (_, n) =>
    buildDefinition(`s${n}`, { tags: [n % 2 === 0 ? "even" : "odd", ...(n === 1 ? ["rare"] : [])] }),
  );
  await store.syncSources(definitions, { now: T0, parentId: null });
  return store;
}

/** Records documents, so many polls at a time; the claims are not measured. */
async function record(
  store: Store,
  documents: readonly (readonly SightingRecord[])[],
): Promise<() => Promise<void>> {
  const claimed = await store.claimDueSources({ now: T0, limit: documents.length, leaseMs: 60_000 });
  return async () => {
    for (let from = 0; from < documents.length; from += CONCURRENCY) {
      const batch = documents.slice(from, from + CONCURRENCY);
      await Promise.all(
        batch.map((document, n) => {
          const lease = claimed[from + n]?.lease;
          if (lease === undefined) throw new Error("too few sources");
          return store.recordPoll(buildPoll(lease, document, { at: T0, state: { nextPollAt: T0 } }));
        }),
      );
    }
  };
}

/**
 * Writes the same rows as the store does for new entries, in transactions of the same size: their JSON and digests are
 * made, but nothing is looked up and nothing decided.
 */
function prepareRawLoop(file: string, documents: readonly (readonly SightingRecord[])[]): () => void {
  const db = new DatabaseSync(file);
  db.exec("PRAGMA foreign_keys = ON; PRAGMA cache_size = -32768; PRAGMA synchronous = NORMAL");
  const story = db.prepare(
    `INSERT INTO stories (published_digest, published_at, updated_at, ordered_at, first_seen_at, pin, published_id)
     VALUES (?, ?, ?, ?, ?, 0, ?)`,
  );
  const sighting = db.prepare(
    `INSERT INTO sightings (source_no, story, story_ordered_at, guid_digest, variant, content_hash, identity_hash,
       is_own_host, completeness, first_seen_at, published_at, updated_at, ordered_at, record)
     VALUES (?, ?, ?, ?, '', ?, ?, 0, 100, ?, ?, ?, ?, ?)`,
  );
  const alias = db.prepare(
    `INSERT INTO aliases (digest, story, source_no, created_at, kind, rule, key, evidence) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const at = T0.getTime();
  const toRow = (record: SightingRecord, sourceNo: number) => ({
    sourceNo,
    orderedAt: record.orderedAt.getTime(),
    id: record.publishedIds[0] ?? "",
    idDigest: digestKey(record.publishedIds[0] ?? ""),
    guidDigest: digestKey(record.guidKey),
    contentHash: record.contentHash,
    identityHash: record.contentHash.slice(0, 32),
    json: encodeContent(record, []),
    aliases: record.aliases.map((each) => ({ ...each, digest: digestKey(each.key) })),
  });
  return () => {
    const polls = Math.floor(256 / (ENTRIES_PER_POLL + 1));
    for (let from = 0; from < documents.length; from += polls) {
      db.exec("BEGIN IMMEDIATE");
      const batch = documents.slice(from, from + polls);
      for (const row of batch.flatMap((document, n) => document.map((each) => toRow(each, from + n + 1)))) {
        const number = Number(story.run(row.idDigest, at, at, row.orderedAt, at, row.id).lastInsertRowid);
        sighting.run(
          row.sourceNo,
          number,
          row.orderedAt,
          row.guidDigest,
          row.contentHash,
          row.identityHash,
          at,
          at,
          at,
          row.orderedAt,
          row.json,
        );
        for (const each of row.aliases) {
          alias.run(each.digest, number, row.sourceNo, at, each.kind, each.rule, each.key, each.evidence);
        }
      }
      db.exec("COMMIT");
    }
    db.close();
  };
}

async function benchWrites(): Promise<void> {
  const ours: Rate[] = [];
  const raw: Rate[] = [];
  const unchanged: Rate[] = [];
  const edited: Rate[] = [];
  const entries = SOURCES * ENTRIES_PER_POLL;
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const documents = Array.from({ length: SOURCES }, (_, n) => buildDocument(n, round));
    const edits = documents.map((document) =>
      document.map((each) => ({ ...each, contentHash: `${each.contentHash}!` })),
    );
    await (await openStore(`raw-${round}.db`, SOURCES))[Symbol.asyncDispose]();
    const loop = prepareRawLoop(join(folder, `raw-${round}.db`), documents);
    raw.push(await measure(entries, loop));
    await using store = await openStore(`ours-${round}.db`, SOURCES);
    ours.push(await measure(entries, await record(store, documents)));
    unchanged.push(await measure(entries, await record(store, documents)));
    edited.push(await measure(entries, await record(store, edits)));
  }
  const share = (of: (rate: Rate) => number) =>
    `${(median(ours.map((rate, n) => of(rate) / of(raw[n] ?? rate))) * 100).toFixed(0)} %`;
  tellRate("new entries, raw loop of prepared statements", raw);
  const besides = `(${share((rate) => rate.perSecond)} of the raw loop's rate, ${share((rate) => rate.cpuUs)} of its CPU)`;
  tellRate("new entries, recordPoll", ours, besides);
  const rates = [ours, raw].map((of) => median(of.map((rate) => rate.perSecond)));
  noteRow({
    figure: "entries into SQLite, with the index of words and copies looked for",
    ours: perSecond(rates[0] ?? 0),
    beside: `raw loop of prepared statements ${perSecond(rates[1] ?? 0)}`,
    ratio: share((rate) => rate.perSecond),
    wanted: ">= 60 %",
    isReached: (rates[0] ?? 0) >= 0.6 * (rates[1] ?? 0),
  });
  tellRate("unchanged entries, recordPoll", unchanged);
  tellRate("edited entries, recordPoll", edited);
}

async function time(what: string, work: () => Promise<unknown>): Promise<void> {
  const times: number[] = [];
  for (let n = 0; n < 7; n += 1) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  tell(what, `${median(times).toFixed(2)} ms  (first ${times[0]?.toFixed(2)} ms)`);
}

async function benchReads(stories: number): Promise<void> {
  const store = await openStore("large.db", SOURCES);
  const versions = Math.ceil(stories / (SOURCES * ENTRIES_PER_POLL));
  for (let version = 0; version < versions; version += 1) {
    const documents = Array.from({ length: SOURCES }, (_, n) => buildDocument(n, version));
    const rate = await measure(SOURCES * ENTRIES_PER_POLL, await record(store, documents));
    if (version === versions - 1) tellRate("new entries, the last of them", [rate]);
  }
  const { stories: total } = await store.counts();
  const at = `at ${total} stories`;
  await time(`listStories(100) ${at}`, () => store.listStories({ limit: 100 }));
  await time(`listStories(100), a tag of half the sources, ${at}`, () =>
    store.listStories({ limit: 100, tags: ["odd"] }),
  );
  await time(`listStories(100), a tag of one source, ${at}`, () =>
    store.listStories({ limit: 100, tags: ["rare"] }),
  );
  const [, middle] = await store.listStories({
    limit: 2,
    before: { orderedAt: new Date(T0.getTime() - 1.5e10), number: 0 },
  });
  if (middle !== undefined)
    await time(`listStories(100) from the middle, ${at}`, () =>
      store.listStories({ limit: 100, before: middle }),
    );
  await time(`findStory ${at}`, () => store.findStory(["url:soft s7-0-3"]));
  await time(`counts ${at}`, () => store.counts());
  await time(`revision ${at}`, () => store.revision());
  await time(`dailyCounts ${at}`, () => store.dailyCounts(T0));
  await time(`backup ${at}`, async () => {
    rmSync(join(folder, "copy.db"), { force: true });
    await store.backup(join(folder, "copy.db"));
  });
  await store[Symbol.asyncDispose]();
  tell(`file ${at}`, `${(statSync(join(folder, "large.db")).size / 2 ** 20).toFixed(0)} MiB`);
  await time(`open and close ${at}`, async () => {
    await using _ = await openSqliteStore({ file: join(folder, "large.db"), role: "poller", clock });
  });
  tell("resident memory", `${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MiB`);
}

async function benchSources(): Promise<void> {
  await using store = await openStore("sources.db", 10_000);
  const definitions = Array.from({ length: 10_000 }, (_, n) => buildDefinition(`s${n}`));
  await time("syncSources, 10,000 sources, tags of all changed by turns", async () => {
    definitions.reverse();
    const tags = [String(definitions[0]?.id)];
    await store.syncSources(
      definitions.map((each) => ({ ...each, tags })),
      { now: T0, parentId: null },
    );
  });
  await time("listSources, 10,000 sources", () => store.listSources());
  await time("claim and release 64 of 10,000 due sources", async () => {
    const claimed = await store.claimDueSources({ now: T0, limit: 64, leaseMs: 60_000 });
    for (const { lease } of claimed) await store.releaseLease(lease);
  });
  const claimed = await store.claimDueSources({ now: T0, limit: 10_000, leaseMs: 60_000 });
  await time("claimDueSources, 10,000 sources all leased", () =>
    store.claimDueSources({ now: T0, limit: 64, leaseMs: 1 }),
  );
  await time("nextDueAt, 10,000 sources all leased", () => store.nextDueAt(T0));
  const rate = await measure(claimed.length, async () => {
    for (let from = 0; from < claimed.length; from += CONCURRENCY) {
      const batch = claimed.slice(from, from + CONCURRENCY);
      await Promise.all(batch.map(({ lease }) => store.recordPoll(buildPoll(lease, [], { at: T0 }))));
    }
  });
  tellRate("polls that found nothing new (304)", [rate]);
}

try {
  await benchWrites();
  await benchSources();
  await benchReads(Number(values.stories));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
