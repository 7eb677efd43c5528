import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SightingRecord } from "../../src/model.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import {
  addSources,
  after,
  buildDefinition,
  buildSighting,
  guidAlias,
  operatorAlias,
  poll,
} from "./builders.ts";

const SOURCES = ["a", "b", "c"];
const clock = { now: () => after(0), sleep: () => Promise.reject(new Error("unused")) };

let folder = "";
let runs = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mainstem-property-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** One entry of a random document. The title follows from the guid, so that no guid looks reused. */
interface RandomEntry {
  readonly guid: number;
  readonly keys: readonly number[];
  readonly edition: number;
}

const entry = fc.record({
  guid: fc.nat(5),
  keys: fc.uniqueArray(fc.nat(11), { minLength: 1, maxLength: 3 }),
  edition: fc.nat(2),
});
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ source: fc.constantFrom(...SOURCES), entries: fc.array(entry, { maxLength: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ merge: fc.tuple(fc.nat(11), fc.nat(11)) }) },
  { weight: 1, arbitrary: fc.record({ split: fc.nat(11) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const keyOf = (n: number) => `url:k/${n}`;

function toSighting(source: string, { guid, keys, edition }: RandomEntry): SightingRecord {
  return buildSighting(`${source}-${guid}`, {
    urls: keys.map((key) => `k/${key}`),
    publishedIds: keys.map((key) => `https://k/${key}`),
    entry: { summary: `${edition}` },
    completeness: edition,
  });
}

/** Equal for two versions of an entry that say the same. */
function versionOf(source: string, each: RandomEntry): string {
  const { contentHash, originalUrl, aliases } = toSighting(source, each);
  return JSON.stringify([contentHash, originalUrl, aliases.map(({ key }) => key).sort()]);
}

/** Runs `check` on a fresh store. */
async function withStore(check: (store: Store, file: string) => Promise<void>): Promise<void> {
  runs += 1;
  const file = join(folder, `${runs}.db`);
  {
    await using store = await openSqliteStore({ file, role: "tool", clock });
    await addSources(store, ...SOURCES.map((id, n) => buildDefinition(id, { priority: n })));
    await check(store, file);
  }
  for (const suffix of ["", "-wal", "-shm", ".lock"]) await rm(file + suffix, { force: true });
}

/** What must hold in the file at any time, asked in plain SQL. Every query lists offenders. */
const OFFENDERS: Readonly<Record<string, string>> = {
  "a story without sightings": "SELECT number FROM stories WHERE number NOT IN (SELECT story FROM sightings)",
  "an id both published and forwarded":
    "SELECT id FROM forwarded_ids WHERE digest IN (SELECT published_digest FROM stories)",
  "a wrong place in the order":
    "SELECT id FROM sightings JOIN stories ON number = story WHERE story_ordered_at <> stories.ordered_at",
  "a wrong entry count":
    "SELECT no FROM sources WHERE entry_count <> (SELECT count(*) FROM sightings WHERE source_no = no)",
  "a wrong duplicate count": `
    WITH ranked AS (SELECT source_no, row_number() OVER (PARTITION BY story ORDER BY first_seen_at, id) AS place FROM sightings)
    SELECT no FROM sources WHERE duplicate_count <> (SELECT count(*) FROM ranked WHERE source_no = no AND place > 1)`,
  "a wrong total of stories": "SELECT stories FROM meta WHERE stories <> (SELECT count(*) FROM stories)",
  "a wrong total of aliases": "SELECT aliases FROM meta WHERE aliases <> (SELECT count(*) FROM aliases)",
  "a pinned key that points elsewhere":
    "SELECT pins.key FROM pins JOIN aliases USING (digest) WHERE pins.story <> aliases.story",
  "a pinned key with a story but no alias":
    "SELECT key FROM pins WHERE story IS NOT NULL AND digest NOT IN (SELECT digest FROM aliases)",
  "an alias of no sighting's and no operator's":
    "SELECT key FROM aliases WHERE source_no IS NOT NULL AND story NOT IN (SELECT story FROM sightings)",
  "a broken reference": "PRAGMA foreign_key_check",
  "an update before the first sight or in the future":
    "SELECT number FROM stories WHERE updated_at < published_at",
};

function expectSound(file: string): void {
  const db = new DatabaseSync(file, { readOnly: true });
  const found = Object.entries(OFFENDERS).filter(([, sql]) => db.prepare(sql).all().length > 0);
  const integrity = db.prepare("PRAGMA integrity_check").get();
  db.close();
  expect(found.map(([what]) => what)).toEqual([]);
  expect(integrity).toEqual({ integrity_check: "ok" });
}

/** Sets of things that are one because a chain of shared keys says so. */
class Partition {
  readonly #parents = new Map<string, string>();
  find(name: string): string {
    const up = this.#parents.get(name) ?? name;
    return up === name ? name : this.find(up);
  }
  unite(a: string, b: string): void {
    this.#parents.set(this.find(a), this.find(b));
  }
}

test("without an operator, stories are exactly the unions of sightings over shared keys, and ids are stable", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ source: fc.constantFrom(...SOURCES), entries: fc.array(entry, { maxLength: 4 }) }),
        {
          maxLength: 12,
        },
      ),
      (polls) =>
        withStore(async (store, file) => {
          const expected = new Partition();
          const names = new Set<string>();
          const versions = new Map<string, string>();
          /** By published id: when it was first published, and what forwards to it by now. */
          const published = new Map<string, number>();
          for (const [n, { source, entries }] of polls.entries()) {
            // Of an entry that a document repeats the version that is stored already counts, else the first.
            const counted = new Map(entries.toReversed().map((each) => [each.guid, each]));
            for (const each of entries) {
              const { guid } = each;
              if (versions.get(`${source}-${guid}`) === versionOf(source, each)) counted.set(guid, each);
            }
            for (const each of counted.values()) {
              const { guid, keys } = each;
              const name = `${source}-${guid}`;
              versions.set(name, versionOf(source, each));
              names.add(name);
              for (const key of keys) expected.unite(name, keyOf(key));
            }
            const sightings = entries.map((each) => toSighting(source, each));
            await poll(store, source, sightings, { at: after(n * 1000) });

            const stories = await store.listStories({ limit: 999 });
            for (const story of stories) {
              const since = published.get(story.publishedId);
              if (since !== undefined) expect(story.publishedAt.getTime()).toBe(since);
              published.set(story.publishedId, story.publishedAt.getTime());
            }
          }
          const stories = await store.listStories({ limit: 999 });
          const actual = stories.flatMap((story) =>
            story.sightings.map(({ guidKey }) => [guidKey, story.number] as const),
          );
          expect(actual.map(([name]) => name).sort()).toEqual([...names].sort());
          const numbers = new Map(actual);
          for (const a of names) {
            for (const b of names) {
              expect(numbers.get(a) === numbers.get(b)).toBe(expected.find(a) === expected.find(b));
            }
          }
          // Whatever was ever published still leads to one story.
          for (const id of published.keys()) expect(await store.findStory([id])).not.toBeNull();
          expectSound(file);
        }),
    ),
    { numRuns: 60 },
  );
}, 120_000);

test("polls, merges and splits in any order leave a sound store, and what was split or merged last holds", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 16 }), (steps) =>
      withStore(async (store, file) => {
        let updated = new Map<string, number>();
        for (const [n, each] of steps.entries()) {
          await runStep(store, each, n);
          const stories = await store.listStories({ limit: 999 });
          for (const story of stories) {
            expect(story.updatedAt.getTime()).toBeGreaterThanOrEqual(updated.get(story.publishedId) ?? 0);
          }
          updated = new Map(stories.map((story) => [story.publishedId, story.updatedAt.getTime()]));
          expect(updated.size).toBe(stories.length);
        }
        expectSound(file);
      }),
    ),
    { numRuns: 100 },
  );
}, 120_000);

async function runStep(store: Store, each: Step, n: number): Promise<void> {
  const at = after(n * 1000);
  if ("source" in each) {
    const sightings = each.entries.map((entry) => toSighting(each.source, entry));
    await poll(store, each.source, sightings, { at });
  } else if ("merge" in each) {
    const [a, b] = each.merge.map(keyOf);
    await store.mergeStories(operatorAlias(a ?? ""), operatorAlias(b ?? ""), at);
    const numbers = await Promise.all([a, b].map((key) => store.findStory([key ?? ""])));
    expect(numbers[0]?.story.number).toBe(numbers[1]?.story.number);
  } else {
    const key = keyOf(each.split);
    const before = await store.findStory([key]);
    expect(await store.splitStory(operatorAlias(key), at)).toBe(before !== null);
    const story = (await store.findStory([key]))?.story;
    if (story !== undefined && story.number !== before?.story.number) {
      // Who carries the key left the others behind.
      const left = new Set(story.sightings.map(({ guidKey }) => guidKey));
      const rest = before?.story.sightings.filter(({ guidKey }) => !left.has(guidKey)) ?? [];
      expect(rest.length).toBeGreaterThan(0);
      for (const { aliases } of rest) expect(aliases.map((alias) => alias.key)).not.toContain(key);
    }
  }
}

test("entries of any guid and title: a guid's own key never joins two that its source used it for", async () => {
  const sameGuid = fc.array(fc.record({ url: fc.nat(3), title: fc.nat(3) }), { minLength: 1, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(sameGuid, (versions) =>
      withStore(async (store, file) => {
        for (const [n, { url, title }] of versions.entries()) {
          const sighting = buildSighting("guid", { urls: [`k/${url}`], title: `Title ${title}` });
          const aliases = [...sighting.aliases, guidAlias("guid")];
          await poll(store, "a", [{ ...sighting, aliases }], { at: after(n * 1000) });
          const found = await store.findStory([keyOf(url)]);
          expect(found?.story.sightings.map((each) => each.entry.title)).toContain(`Title ${title}`);
        }
        expectSound(file);
      }),
    ),
    { numRuns: 60 },
  );
}, 120_000);
