/**
 * `node test/bench/postgres.ts [--sources N] [--rounds N]`: how fast the PostgreSQL store takes entries in, beside a bare loop of
 * prepared statements over one connection that writes the same rows, pipelined, with nothing looked up and nothing decided. The
 * server is started here, with its own defaults but for fsync.
 */
import { parseArgs } from "node:util";
import { Client } from "pg";
import type { SightingRecord } from "../../src/model.ts";
import { digestKeyHex } from "../../src/store/digest.ts";
import { openPostgresStore } from "../../src/store/postgres.ts";
import { toVector } from "../../src/store/postgres-search.ts";
import { encodeContent } from "../../src/store/records.ts";
import type { Store } from "../../src/store/store.ts";
import { buildDefinition, buildPoll, T0 } from "../store/builders.ts";
import { startPostgres } from "../support/postgres.ts";
import { buildDocument, ENTRIES_PER_POLL, median } from "./support-documents.ts";
import { noteRow, perSecond } from "./support-rows.ts";

const { values } = parseArgs({
  options: { sources: { type: "string", default: "500" }, rounds: { type: "string", default: "3" } },
});
const sources = Number(values.sources);
const concurrency = 64;
const clock = { now: () => T0, sleep: () => Promise.reject(new Error("unused")) };
const at = T0.getTime();

/** The rows of new entries, in transactions of the size that the store makes. */
async function rawLoop(
  url: string,
  documents: readonly (readonly SightingRecord[])[],
  { hasWords }: { readonly hasWords: boolean },
): Promise<void> {
  const client = new Client({ connectionString: url, pipeline: true });
  await client.connect();
  const story = {
    name: "story",
    text: `INSERT INTO stories (number, published_digest, published_at, updated_at, ordered_at, first_seen_at, pin, published_id)
           VALUES ($1, $2, $3, $3, $4, $3, 0, $5)`,
  };
  const sighting = {
    name: "sighting",
    text: `INSERT INTO sightings (source_no, story, story_ordered_at, guid_digest, variant, content_hash, identity_hash,
             is_own_host, completeness, first_seen_at, published_at, updated_at, ordered_at, record)
           VALUES ($1, $2, $3, $4, '', $5, $6, 0, 100, $7, $7, $7, $3, $8)`,
  };
  const alias = {
    name: "alias",
    text: `INSERT INTO aliases (digest, story, source_no, created_at, kind, rule, key, evidence)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
  };
  const words = {
    name: "words",
    text: "INSERT INTO sighting_texts (sighting, words) VALUES ($1, $2::tsvector)",
  };
  const polls = Math.floor(512 / (ENTRIES_PER_POLL + 1));
  let number = 0;
  for (let from = 0; from < documents.length; from += polls) {
    const batch = documents.slice(from, from + polls);
    const sent: Promise<unknown>[] = [client.query("BEGIN")];
    for (const [index, document] of batch.entries()) {
      for (const record of document) {
        number += 1;
        const sourceNo = from + index + 1;
        const id = record.publishedIds[0] ?? "";
        const orderedAt = record.orderedAt.getTime();
        sent.push(client.query({ ...story, values: [number, digestKeyHex(id), at, orderedAt, id] }));
        sent.push(
          client.query({
            ...sighting,
            values: [
              ...[sourceNo, number, orderedAt, digestKeyHex(record.guidKey), record.contentHash],
              ...[record.contentHash.slice(0, 32), at, encodeContent(record, [])],
            ],
          }),
        );
        if (hasWords) sent.push(client.query({ ...words, values: [number, toVector(record.entry)] }));
        for (const { key, kind, rule, evidence } of record.aliases) {
          const row = [digestKeyHex(key), number, sourceNo, at, kind, rule, key, evidence];
          sent.push(client.query({ ...alias, values: row }));
        }
      }
    }
    sent.push(client.query("COMMIT"));
    await Promise.all(sent);
  }
  await client.end();
}

async function openStore(url: string): Promise<Store> {
  const store = await openPostgresStore({ url, clock, isSyndicating: process.env.BENCH_COPIES !== "off" });
  const definitions = Array.from({ length: sources }, (_, n) => buildDefinition(`s${n}`));
  await store.syncSources(definitions, { now: T0, parentId: null });
  return store;
}

async function record(store: Store, documents: readonly (readonly SightingRecord[])[]) {
  const claimed = await store.claimDueSources({ now: T0, limit: documents.length, leaseMs: 60_000 });
  return async () => {
    let next = 0;
    const worker = async () => {
      for (let n = next++; n < claimed.length; n = next++) {
        const lease = claimed[n]?.lease;
        const document = documents[n];
        if (lease === undefined || document === undefined) throw new Error("too few sources");
        await store.recordPoll(buildPoll(lease, document, { at: T0, state: { nextPollAt: T0 } }));
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
  };
}

async function rateOf(
  items: number,
  work: () => Promise<void>,
): Promise<{ perSecond: number; cpuUs: number }> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: (items * 1000) / (performance.now() - start), cpuUs: (user + system) / items };
}

type Rates = Awaited<ReturnType<typeof rateOf>>[];

function tell(what: string, rates: Rates, beside = ""): void {
  const perSecond = median(rates.map((rate) => rate.perSecond)).toFixed(0);
  const cpuUs = median(rates.map((rate) => rate.cpuUs)).toFixed(1);
  console.log(`${what.padEnd(56)} ${perSecond.padStart(7)}/s ${cpuUs.padStart(7)} us of our CPU ${beside}`);
}

await using server = await startPostgres();
const raw: Rates = [];
const rawWords: Rates = [];
const ours: Rates = [];
const unchanged: Rates = [];
const idle: Rates = [];
const entries = sources * ENTRIES_PER_POLL;
for (let round = 0; round < Number(values.rounds); round += 1) {
  const documents = Array.from({ length: sources }, (_, n) => buildDocument(n, round));
  for (const hasWords of [false, true]) {
    const bare = await server.makeSchema();
    await (await openStore(bare))[Symbol.asyncDispose]();
    (hasWords ? rawWords : raw).push(await rateOf(entries, () => rawLoop(bare, documents, { hasWords })));
    await server.dropSchema(bare);
  }
  const url = await server.makeSchema();
  {
    await using store = await openStore(url);
    ours.push(await rateOf(entries, await record(store, documents)));
    unchanged.push(await rateOf(entries, await record(store, documents)));
    idle.push(
      await rateOf(
        sources,
        await record(
          store,
          documents.map(() => []),
        ),
      ),
    );
  }
  await server.dropSchema(url);
}
const shareOf = (baseline: Rates) =>
  `${(100 * median(ours.map(({ perSecond }, n) => perSecond / (baseline[n]?.perSecond ?? Number.NaN)))).toFixed(0)} %`;
tell("new entries, raw loop of pipelined prepared statements", raw);
tell("the same with the index of words", rawWords);
tell("new entries, recordPoll", ours, `(${shareOf(raw)} and ${shareOf(rawWords)} of those rates)`);
noteRow({
  figure: "entries into PostgreSQL, with the index of words and copies looked for",
  ours: perSecond(median(ours.map((rate) => rate.perSecond))),
  beside: `raw loop of pipelined prepared statements ${perSecond(median(raw.map((rate) => rate.perSecond)))}, with the index of words ${perSecond(median(rawWords.map((rate) => rate.perSecond)))}`,
  ratio: `${shareOf(raw)}, ${shareOf(rawWords)}`,
  wanted: ">= 60 %",
  isReached: median(ours.map((rate) => rate.perSecond)) >= 0.6 * median(raw.map((rate) => rate.perSecond)),
});
tell("unchanged entries, recordPoll", unchanged);
tell("polls that found nothing new (304)", idle);
