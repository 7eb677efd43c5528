/** The index of words is written for many sightings at a time: what is found must not depend on when. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SightingRecord } from "../../src/model.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { addSources, buildDefinition, buildPoll, buildSighting, DAY_MS, poll, T0 } from "./builders.ts";

const later = new Date(T0.getTime() + DAY_MS);
const clock = { now: () => T0, sleep: () => Promise.reject(new Error("unused")) };
const entry = (guid: string, title: string) => buildSighting(guid, { entry: { title } });
const entries = (count: number, word: string) =>
  Array.from({ length: count }, (_, n) => entry(`${word}-${n}`, `${word} ${n}`));

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mainstem-words-"));
});
afterEach(() => rm(folder, { recursive: true }));

const open = () => openSqliteStore({ file: join(folder, "mainstem.db"), role: "poller", clock });

/** How many sightings stand in the index, whatever is searched. */
function countIndexed(): number {
  using db = new DatabaseSync(join(folder, "mainstem.db"), { readOnly: true });
  return Number(db.prepare("SELECT count(*) AS count FROM sighting_texts").get()?.count);
}

/** Edited sightings whose words the index does not have. */
function countWaiting(): number {
  using db = new DatabaseSync(join(folder, "mainstem.db"), { readOnly: true });
  return Number(db.prepare("SELECT count(*) AS count FROM edited_words").get()?.count);
}

describe("the index of words", () => {
  test("has everything when it is searched, also what a process left that is gone", async () => {
    {
      await using store = await open();
      await addSources(store, buildDefinition("a"));
      await poll(store, "a", entries(5, "river"));
      expect(countIndexed()).toBe(0);
    }
    await using store = await open();
    expect(await store.listStories({ limit: 9, search: "river" })).toHaveLength(5);
    expect(countIndexed()).toBe(5);
    await poll(store, "a", entries(6, "river"));
    expect(await store.listStories({ limit: 9, search: "river" })).toHaveLength(6);
    const unarchived = { output: "all", after: 0, limit: 9, search: "lake" };
    await poll(store, "a", [...entries(6, "river"), entry("late", "lake")]);
    expect(await store.listUnarchived(unarchived)).toHaveLength(1);
  });

  test("takes in many without being searched", async () => {
    await using store = await open();
    await addSources(store, buildDefinition("a"), buildDefinition("b"));
    await poll(store, "a", entries(1999, "river"));
    expect(countIndexed()).toBe(0);
    await poll(store, "b", entries(1, "lake"));
    expect(countIndexed()).toBe(2000);
    // Few, but of many words: of each the first 200,000 characters.
    const long = Array.from({ length: 21 }, (_, n) =>
      buildSighting(`long-${n}`, { entry: { contentHtml: "words ".repeat(34_000) } }),
    );
    await poll(store, "b", [...entries(1, "lake"), ...long.slice(0, 20)]);
    expect(countIndexed()).toBe(2000);
    await poll(store, "b", [...entries(1, "lake"), ...long]);
    expect(countIndexed()).toBe(2021);
  });

  test("follows an edit, before and after it has the entry", async () => {
    await using store = await open();
    await addSources(store, buildDefinition("a"));
    const find = async (search: string) => (await store.listStories({ limit: 9, search })).length;
    await poll(store, "a", [entry("1", "first words")]);
    await poll(store, "a", [{ ...entry("1", "second words"), contentHash: "edited" }]);
    expect([await find("first"), await find("second")]).toEqual([0, 1]);
    await poll(store, "a", [{ ...entry("1", "third words"), contentHash: "edited again" }]);
    expect([await find("second"), await find("third"), await find("words")]).toEqual([0, 1, 1]);
  });

  test("takes in edits many at a time, also those of a process that is gone", async () => {
    const edited = (count: number, word: string) =>
      entries(count, "river").map((one, n) => ({
        ...one,
        contentHash: `${word}-${n}`,
        entry: { ...one.entry, title: `${word} ${n}` },
      }));
    const countOf = async (store: Store, search: string) =>
      (await store.listStories({ limit: 3000, search })).length;
    {
      await using store = await open();
      await addSources(store, buildDefinition("a"));
      await poll(store, "a", entries(2000, "river"));
      expect(countIndexed()).toBe(2000);
      await poll(store, "a", edited(3, "lake"));
    }
    expect(countWaiting()).toBe(3);
    await using store = await open();
    expect([await countOf(store, "river"), await countOf(store, "lake")]).toEqual([1997, 3]);
    expect(countWaiting()).toBe(0);
    await poll(store, "a", edited(2000, "sea"));
    expect(countWaiting()).toBe(0);
    expect([await countOf(store, "lake"), await countOf(store, "sea")]).toEqual([0, 2000]);
  });

  test("leaves alone what is edited without a new word", async () => {
    await using store = await open();
    await addSources(store, buildDefinition("a"));
    await poll(store, "a", entries(2, "river"));
    await store.listStories({ limit: 9, search: "river" });
    const link = (one: SightingRecord) => ({
      ...one,
      contentHash: "other link",
      entry: { ...one.entry, url: "https://elsewhere.example/", imageUrl: "https://a.example/i.png" },
    });
    await poll(store, "a", entries(2, "river").map(link));
    expect(countWaiting()).toBe(0);
    const label = (one: SightingRecord) => ({
      ...link(one),
      contentHash: "label",
      entry: { ...one.entry, categories: [{ term: "t", scheme: null, label: "lake" }] },
    });
    await poll(store, "a", entries(2, "river").map(label));
    expect(countWaiting()).toBe(2);
    expect(await store.listStories({ limit: 9, search: "river lake" })).toHaveLength(2);
  });

  test("has no words of an edit that was forgotten while it waited, nor old ones of one that another process took in", async () => {
    await using store = await open();
    await addSources(store, buildDefinition("a"), buildDefinition("b"));
    const edited = (guid: string, title: string) => ({ ...entry(guid, title), contentHash: title });
    await poll(store, "a", [entry("1", "river one")]);
    await poll(store, "b", [{ ...entry("2", "river two"), orderedAt: later }]);
    await store.listStories({ limit: 9, search: "river" });
    await poll(store, "a", [edited("1", "lake one")]);
    await poll(store, "b", [edited("2", "lake two")]);
    expect(countWaiting()).toBe(2);
    {
      await using tool = await openSqliteStore({ file: join(folder, "mainstem.db"), role: "tool", clock });
      expect(await tool.listStories({ limit: 9, search: "lake" })).toHaveLength(2);
    }
    await poll(store, "a", [edited("1", "sea one")]);
    await poll(store, "b", [edited("2", "sea two")]);
    await store.forgetStories({ newest: 1 }, { at: T0, limit: 100 });
    expect(countWaiting()).toBe(1);
    const find = async (search: string) => (await store.listStories({ limit: 9, search })).length;
    expect([await find("river"), await find("lake"), await find("sea")]).toEqual([0, 0, 1]);
    expect([countIndexed(), countWaiting()]).toEqual([1, 0]);
  });

  test("loses what is forgotten, whether it had it or not", async () => {
    await using store = await open();
    await addSources(store, buildDefinition("a"));
    await poll(store, "a", entries(3, "river"));
    await store.listStories({ limit: 9, search: "river" });
    await poll(store, "a", [...entries(3, "river"), ...entries(2, "lake")]);
    const { stories } = await store.counts();
    expect(stories).toBe(5);
    await store.forgetStories({ newest: 1 }, { at: T0, limit: 100 });
    const found = await store.listStories({ limit: 9, search: "river OR lake" });
    expect(found).toHaveLength(1);
    expect(countIndexed()).toBe(1);
  });

  test("has no words of an edit that could not be written, and those of the one before it", async () => {
    await using store = await open();
    await addSources(store, buildDefinition("a"), buildDefinition("b"));
    const edited = (guid: string, title: string) => ({ ...entry(guid, title), contentHash: title });
    await poll(store, "a", [entry("1", "river")]);
    await poll(store, "b", [entry("2", "pond")]);
    await store.listStories({ limit: 9, search: "river" });
    await poll(store, "a", [edited("1", "lake")]);
    const claimed = await store.claimDueSources({ now: later, limit: 9, leaseMs: 60_000 });
    const settled = await Promise.allSettled(
      claimed.map(({ lease, source }) => {
        const isBad = source.id === "a";
        const sighting = isBad ? edited("1", "never") : edited("2", "sea");
        const state = isBad ? { nextPollAt: new Date(Number.NaN) } : {};
        return store.recordPoll(buildPoll(lease, [sighting], { at: later, state }));
      }),
    );
    expect(settled.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(countWaiting()).toBe(2);
    const find = async (search: string) => (await store.listStories({ limit: 9, search })).length;
    const words = ["river", "lake", "never", "pond", "sea"];
    expect(await Promise.all(words.map(find))).toEqual([0, 1, 0, 0, 1]);
  });

  test("has no words of a poll that could not be written, beside which others were", async () => {
    await using store = await open();
    await addSources(store, ...["a", "b", "c"].map((id) => buildDefinition(id)));
    const claimed = await store.claimDueSources({ now: T0, limit: 9, leaseMs: 60_000 });
    const words = new Map([
      ["a", "river"],
      ["b", "lake"],
      ["c", "sea"],
    ]);
    await Promise.allSettled(
      claimed.map(({ lease, source }) => {
        const state = source.id === "b" ? { nextPollAt: new Date(Number.NaN) } : {};
        const sightings = entries(3, words.get(source.id) ?? "");
        return store.recordPoll(buildPoll(lease, sightings, { at: T0, state }));
      }),
    );
    const find = async (search: string) => (await store.listStories({ limit: 9, search })).length;
    expect([await find("river"), await find("lake"), await find("sea")]).toEqual([3, 0, 3]);
  });
});
