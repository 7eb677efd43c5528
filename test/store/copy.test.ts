/** `copy` between engines: nothing lost, nothing renamed, interrupted where you like. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { copyStores } from "../../src/app/copy-store.ts";
import type { StorePlace } from "../../src/config/load.ts";
import { openPostgresStore } from "../../src/store/postgres.ts";
import { openPostgresReader } from "../../src/store/postgres-rows.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { openSqliteReader } from "../../src/store/sqlite-rows.ts";
import type { Store } from "../../src/store/store.ts";
import { STORE_TABLES } from "../../src/store/tables.ts";
import { isPostgresMissing, startPostgres, type TestPostgres } from "../support/postgres.ts";
import {
  addSources,
  after,
  buildDefinition,
  buildSighting,
  DAY_MS,
  operatorAlias,
  poll,
  T0,
  urlAlias,
} from "./builders.ts";

const clock = { now: () => T0, sleep: () => Promise.reject(new Error("the store does not sleep")) };
const signal = new AbortController().signal;

describe.skipIf(isPostgresMissing())("copying a store", () => {
  let server: TestPostgres;
  let url = "";
  let folder = "";
  beforeAll(async () => {
    server = await startPostgres();
  }, 120_000);
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    url = await server.makeSchema();
    folder = await mkdtemp(join(tmpdir(), "mainstem-copy-"));
  });
  afterEach(async () => {
    await server.dropSchema(url);
    await rm(folder, { recursive: true });
  });

  const sqlite = (name: string): StorePlace => ({ engine: "sqlite", file: join(folder, name) });
  const postgres = (): StorePlace => ({ engine: "postgres", url });
  const open = (place: StorePlace): Promise<Store> =>
    place.engine === "sqlite"
      ? openSqliteStore({ file: place.file, role: "tool", clock })
      : openPostgresStore({ url: place.url, clock });

  /** A store with something in every corner. */
  async function fill(store: Store): Promise<void> {
    await addSources(store, ...["a", "b", "c"].map((id) => buildDefinition(id, { tags: [id] })));
    await poll(
      store,
      "a",
      Array.from({ length: 450 }, (_, n) => buildSighting(`a${n}`, { orderedAt: after(-n * 1000) })),
      { collapsedKeys: ["k"] },
    );
    await poll(store, "b", [
      buildSighting("b1", { urls: ["a1.example/"], title: "Nul \u0000 and \u001b é 😀" }),
    ]);
    await poll(store, "b", [buildSighting("b2", { urls: ["a2.example/", "a3.example/"] })]);
    await store.mergeStories(urlAlias("a4.example/"), operatorAlias("url:a5.example/"), T0);
    await store.splitStory(urlAlias("a1.example/"), T0);
    await store.mergeStories(operatorAlias("url:x"), operatorAlias("url:y"), T0);
    await store.forgetStories({ newest: 440 }, { at: T0, limit: 5 });
    await store.saveHubSubscription({
      ...{ topic: "https://t.example/", callback: "https://c.example/", secret: "s", request: null },
      ...{ expiresAt: after(DAY_MS), delivered: null, failures: 0, failingSince: null, nextTryAt: null },
      version: 0,
    });
    const archived = await store.listUnarchived({ output: "all", after: 0, limit: 2 });
    await store.addArchivePage(
      { output: "all", number: 1, body: Buffer.from("<feed/>"), siteUrl: "https://s.example", at: T0 },
      { stories: archived.map(({ number }) => number), position: archived.at(-1)?.number ?? 0 },
    );
    await store.setIdentityVersion(7);
  }

  async function describeAll(store: Store) {
    return {
      sources: await store.listSources(),
      stories: await store.listStories({ limit: 1000 }),
      details: await Promise.all(
        ["a1", "a2", "a3", "a4"].map((key) => store.findStory([`url:${key}.example/`])),
      ),
      found: (await store.listStories({ limit: 9, search: "title b2" })).map(({ number }) => number),
      counts: await store.counts(),
      days: await store.dailyCounts(T0),
      hub: await store.listHubSubscriptions(),
      page: Buffer.from((await store.findArchivePage("all", 1))?.body ?? []).toString(),
      version: await store.identityVersion(),
    };
  }

  test("from SQLite to PostgreSQL and back, everything is as it was, and goes on alike", async () => {
    const [first, second] = [sqlite("first.db"), sqlite("second.db")];
    {
      await using store = await open(first);
      await fill(store);
    }
    const progress: number[] = [];
    const report = await copyStores(
      { from: first, to: postgres(), clock, onProgress: ({ done, total }) => progress.push(done / total) },
      signal,
    );
    expect(report.rows.get("sightings")).toBe(447);
    expect(progress.at(-1)).toBe(1);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    await copyStores({ from: postgres(), to: second, clock }, signal);
    await using original = await open(first);
    await using inPostgres = await open(postgres());
    await using back = await open(second);
    const expected = await describeAll(original);
    expect(expected.stories.length).toBeGreaterThan(400);
    expect(await describeAll(inPostgres)).toEqual(expected);
    expect(await describeAll(back)).toEqual(expected);
    // Numbers go on where they were, and what was forgotten stays forgotten.
    for (const store of [original, inPostgres, back]) {
      await poll(store, "c", [buildSighting("c1"), buildSighting("a449", { orderedAt: after(-449_000) })]);
    }
    const numbers = await Promise.all(
      [original, inPostgres, back].map(
        async (store) => (await store.findStory(["url:c1.example/"]))?.story.number,
      ),
    );
    expect(new Set(numbers).size).toBe(1);
    expect(await inPostgres.counts()).toEqual(await original.counts());
  });

  test("an entry that was edited just before is found in the copies by its new words alone", async () => {
    const [first, second] = [sqlite("first.db"), sqlite("second.db")];
    const find = (store: Store, search: string) => store.listStories({ limit: 9, search });
    {
      await using store = await open(first);
      await addSources(store, buildDefinition("a"));
      await poll(store, "a", [buildSighting("x", { title: "Old heron" })]);
      expect(await find(store, "heron")).toHaveLength(1);
      // Its words wait for the next search, which the copy comes before.
      await poll(store, "a", [buildSighting("x", { title: "New otter" })]);
    }
    await copyStores({ from: first, to: postgres(), clock }, signal);
    await copyStores({ from: postgres(), to: second, clock }, signal);
    for (const place of [postgres(), second, first]) {
      await using store = await open(place);
      expect(await find(store, "otter")).toHaveLength(1);
      expect(await find(store, "heron")).toHaveLength(0);
    }
  });

  test("interrupted again and again, it goes on where it was", async () => {
    const from = sqlite("first.db");
    {
      await using store = await open(from);
      await fill(store);
    }
    let runs = 0;
    const seen: string[] = [];
    for (;;) {
      const stopping = new AbortController();
      runs += 1;
      try {
        await copyStores(
          {
            ...{ from, to: postgres(), clock },
            onProgress: () => stopping.abort(new Error("interrupted")),
            onResume: (how) => seen.push(how),
          },
          stopping.signal,
        );
        break;
      } catch (error) {
        expect(error).toMatchObject({ message: "interrupted" });
      }
    }
    expect(runs).toBeGreaterThan(10);
    expect(new Set(seen)).toEqual(new Set(["goes-on"]));
    await using original = await open(from);
    await using copy = await open(postgres());
    expect(await describeAll(copy)).toEqual(await describeAll(original));
  });

  test.each([
    ["that has new entries", (store: Store) => poll(store, "c", [buildSighting("later")])],
    ["that has lost a source", (store: Store) => store.syncSources([], { now: T0, parentId: null })],
  ])("an unfinished copy of a store %s meanwhile begins again", async (_, change) => {
    const from = sqlite("first.db");
    const stopping = new AbortController();
    await using store = await open(from);
    await fill(store);
    const onProgress = () => stopping.abort(new Error("interrupted"));
    await expect(copyStores({ from, to: postgres(), clock, onProgress }, stopping.signal)).rejects.toThrow(
      "interrupted",
    );
    await change(store);
    const seen: string[] = [];
    await copyStores({ from, to: postgres(), clock, onResume: (how) => seen.push(how) }, signal);
    expect(seen).toEqual(["begins-again"]);
    await using copy = await open(postgres());
    expect(await describeAll(copy)).toEqual(await describeAll(store));
  });

  test("a store that is not empty is left alone", async () => {
    for (const place of [sqlite("first.db"), postgres()]) {
      await using store = await open(place);
      await addSources(store, buildDefinition("a"));
    }
    await expect(copyStores({ from: sqlite("first.db"), to: postgres(), clock }, signal)).rejects.toThrow(
      /is not empty; nothing was copied/,
    );
    await expect(copyStores({ from: postgres(), to: postgres(), clock }, signal)).rejects.toThrow(
      /same store/,
    );
  });

  test("both engines have the same tables with the same columns, and all of them are copied", async () => {
    await using _one = await open(sqlite("first.db"));
    await using _two = await open(postgres());
    await using reader = openSqliteReader(join(folder, "first.db"));
    await using other = await openPostgresReader(url);
    const known = new Set(STORE_TABLES.map(({ name }) => name));
    // Indexes of words and what an engine keeps for itself are made anew; leases are no copy's.
    const own =
      /^(sqlite_|sighting_texts|indexed_words$|edited_words$|mainstem_|source_counts$|source_leases$)/;
    for (const tables of [await reader.tables(), await other.tables()]) {
      const there = [...tables.keys()].filter((name) => !own.test(name));
      expect(new Set(there)).toEqual(known);
    }
    const [inSqlite, inPostgres] = [await reader.tables(), await other.tables()];
    for (const { name } of STORE_TABLES)
      expect([name, inPostgres.get(name)]).toEqual([name, inSqlite.get(name)]);
  });
});
