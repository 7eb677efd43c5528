/** What every engine of the store promises. Each engine's own test calls `describeStore` with a way to open one. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LeaseLostError } from "../../src/errors.ts";
import type { Lease, RekeyableStore, Store } from "../../src/store/store.ts";
import {
  addSources,
  after,
  buildDefinition,
  buildFeed,
  buildPoll,
  buildSighting,
  buildState,
  claim,
  DAY_MS,
  MINUTE_MS,
  poll,
  T0,
} from "./builders.ts";
import { describeCopies } from "./contract-copies.ts";
import { describeOverrides } from "./contract-overrides.ts";
import { describePublishing } from "./contract-publishing.ts";
import { describeQuestions } from "./contract-questions.ts";
import { describeRekey } from "./contract-rekey.ts";
import { describeRetention } from "./contract-retention.ts";
import { describeSearch } from "./contract-search.ts";
import { describeStories } from "./contract-stories.ts";

/** A fresh, empty store and ways to reach it. */
export interface StoreFixture<Opened extends Store = Store> {
  /** The first time the store that is tested, then another handle on it, as another process has one. */
  open(): Promise<Opened>;
  /** A path for a backup that does not exist yet, and how to open it afterwards. */
  readonly backup: { readonly file: string; open(): Promise<Store> };
  /** Closes and removes everything. */
  remove(): Promise<void>;
}

export type StoreFactory<Opened extends Store = Store> = () => Promise<StoreFixture<Opened>>;

/** Gives each test a store of its own. */
export function useStore<Opened extends Store>(
  factory: StoreFactory<Opened>,
): {
  readonly fixture: () => StoreFixture<Opened>;
  readonly store: () => Opened;
} {
  let fixture: StoreFixture<Opened> | null = null;
  let store: Opened | null = null;
  beforeEach(async () => {
    fixture = await factory();
    store = await fixture.open();
  });
  afterEach(async () => {
    await store?.[Symbol.asyncDispose]();
    await fixture?.remove();
  });
  const there = <T>(value: T | null): T => {
    if (value === null) throw new Error("no store yet");
    return value;
  };
  return { fixture: () => there(fixture), store: () => there(store) };
}

export function describeStore(engine: string, factory: StoreFactory): void {
  describe(`${engine}: sources`, () => describeSources(factory));
  describe(`${engine}: leases`, () => describeLeases(factory));
  describe(`${engine}: polls`, () => describePolls(factory));
  describe(`${engine}: stories`, () => describeStories(factory));

  describe(`${engine}: search`, () => describeSearch(factory));
  describe(`${engine}: publishing`, () => describePublishing(factory));
  describe(`${engine}: questions`, () => describeQuestions(factory));
  describe(`${engine}: retention`, () => describeRetention(factory));
  describe(`${engine}: overrides`, () => describeOverrides(factory));
  describe(`${engine}: copies`, () => describeCopies(factory));
  describe(`${engine}: the store as a whole`, () => describeWhole(factory));
}

/** The same, and naming everything anew. */
export function describeRekeyableStore(engine: string, factory: StoreFactory<RekeyableStore>): void {
  describeStore(engine, factory);
  describe(`${engine}: rekey`, () => describeRekey(factory));
}

function describeSources(factory: StoreFactory): void {
  const { store } = useStore(factory);
  const sync = (definitions: Parameters<Store["syncSources"]>[0], parentId: string | null = null, now = T0) =>
    store().syncSources(definitions, { now, parentId });
  const find = async (id: string) => (await store().listSources()).find((source) => source.id === id);

  test("a new source is there, due at once, with nothing known of it", async () => {
    const definition = buildDefinition("a", { tags: ["world", "news"], priority: 7 });
    expect(await sync([definition])).toEqual({ added: 1, changed: 0, retired: 0 });
    expect(await store().listSources()).toEqual([
      {
        ...buildState({ nextPollReason: "new source", status: "new", nextPollAt: T0 }),
        id: "a",
        kind: "url",
        location: "https://a.example/feed.xml",
        name: "Source a",
        tags: ["world", "news"],
        priority: 7,
        parentId: null,
        addedAt: T0,
        lastPollAt: null,
        lastOkAt: null,
        lastNewEntryAt: null,
        entryCount: 0,
        duplicateCount: 0,
      },
    ]);
  });

  test("the same definitions change nothing, however often they are given", async () => {
    const definitions = [buildDefinition("a"), buildDefinition("b")];
    await sync(definitions);
    const revision = await store().revision();
    expect(await sync([...definitions, ...definitions])).toEqual({ added: 0, changed: 0, retired: 0 });
    expect(await store().revision()).toBe(revision);
  });

  test("name, tags and priority are changed in place; what was polled stays", async () => {
    await sync([buildDefinition("a")]);
    await poll(store(), "a", [buildSighting("g")]);
    const revision = await store().revision();
    const changed = buildDefinition("a", { name: "New", tags: ["x"], priority: 3 });
    expect(await sync([changed])).toEqual({ added: 0, changed: 1, retired: 0 });
    expect(await find("a")).toMatchObject({
      name: "New",
      tags: ["x"],
      priority: 3,
      entryCount: 1,
      lastPollAt: T0,
    });
    expect(await store().revision()).toBeGreaterThan(revision);
  });

  test("a missing source is retired with all it brought, and goes on where it was when it comes back", async () => {
    await sync([buildDefinition("a"), buildDefinition("b")]);
    const state = { validators: { etag: '"1"', lastModified: null } };
    await poll(store(), "a", [buildSighting("g")], { state });
    expect(await sync([buildDefinition("b")])).toEqual({ added: 0, changed: 0, retired: 1 });
    expect(await find("a")).toMatchObject({ status: "retired", entryCount: 1 });
    expect(await store().listStories({ limit: 9 })).toHaveLength(1);
    const all = await store().claimDueSources({ now: after(DAY_MS), limit: 9, leaseMs: 1 });
    expect(all.map(({ source }) => source.id)).toEqual(["b"]);
    expect(await store().claimDueSources({ now: T0, limit: 9, leaseMs: 1, onlyIds: ["a"] })).toEqual([]);

    expect(await sync([buildDefinition("a"), buildDefinition("b")])).toMatchObject({ added: 1, retired: 0 });
    expect(await find("a")).toMatchObject({ status: "ok", entryCount: 1, ...state });
  });

  test("a poll that was under way when its source was retired is discarded", async () => {
    await sync([buildDefinition("a")]);
    const lease = await claim(store(), "a", T0);
    await sync([]);
    const record = buildPoll(lease, [buildSighting("g")], { at: T0 });
    await expect(store().recordPoll(record)).rejects.toThrow(LeaseLostError);
    expect(await find("a")).toMatchObject({ status: "retired", entryCount: 0 });
  });

  test("the feeds of a list belong to it: they come and go with the list's own document", async () => {
    await sync([buildDefinition("list", { kind: "opml" }), buildDefinition("a")]);
    await sync([buildDefinition("b"), buildDefinition("c")], "list");
    expect(await find("b")).toMatchObject({ parentId: "list", status: "new" });
    expect(await sync([buildDefinition("c")], "list")).toMatchObject({ retired: 1 });
    expect(await find("b")).toMatchObject({ status: "retired" });
    expect(await find("a")).toMatchObject({ status: "new" });
  });

  test("a list that leaves the config takes its feeds along, and brings them back", async () => {
    const config = [buildDefinition("list", { kind: "opml" })];
    await sync(config);
    await sync([buildDefinition("inner", { kind: "opml" })], "list");
    await sync([buildDefinition("b")], "inner");
    expect(await sync([])).toEqual({ added: 0, changed: 0, retired: 3 });
    expect(await find("b")).toMatchObject({ status: "retired" });
    expect(await sync(config)).toEqual({ added: 3, changed: 0, retired: 0 });
    expect(await find("b")).toMatchObject({ status: "new", parentId: "inner" });
  });

  test("a source that several list lives while one does; the config's definition comes first", async () => {
    const config = ["l1", "l2"].map((id) => buildDefinition(id, { kind: "opml" }));
    await sync(config);
    await sync([buildDefinition("a", { tags: ["one"] })], "l1");
    await sync([buildDefinition("a", { tags: ["two"] })], "l2");
    expect(await find("a")).toMatchObject({ parentId: "l1", tags: ["one"] });
    await sync([...config, buildDefinition("a", { tags: ["own"] })]);
    expect(await find("a")).toMatchObject({ parentId: null, tags: ["own"] });
    await sync([], "l1");
    await sync(config);
    expect(await find("a")).toMatchObject({ parentId: "l2", status: "new" });
    await sync([], "l2");
    expect(await find("a")).toMatchObject({ status: "retired" });
  });

  test("neither headers nor the rest of a definition's secrets are given back", async () => {
    await sync([buildDefinition("a", { headers: { Authorization: "S3CRET-CANARY" } })]);
    await poll(store(), "a", [buildSighting("g")]);
    const everything = [await store().listSources(), await store().listStories({ limit: 1 })];
    expect(JSON.stringify(everything)).not.toContain("S3CRET-CANARY");
  });
}

function describeLeases(factory: StoreFactory): void {
  const { store } = useStore(factory);
  const claimAll = (now: Date, limit = 99, leaseMs = MINUTE_MS) =>
    store().claimDueSources({ now, limit, leaseMs });
  const ids = (claimed: Awaited<ReturnType<typeof claimAll>>) => claimed.map(({ source }) => source.id);

  test("due sources are leased once, the longest overdue first, at most as many as asked for", async () => {
    await addSources(store(), buildDefinition("a"), buildDefinition("b"), buildDefinition("c"));
    await poll(store(), "a", [], { state: { nextPollAt: after(2000) } });
    await poll(store(), "b", [], { state: { nextPollAt: after(1000) } });
    await poll(store(), "c", [], { state: { nextPollAt: after(9000) } });
    expect(ids(await claimAll(after(999)))).toEqual([]);
    expect(ids(await claimAll(after(5000), 1))).toEqual(["b"]);
    expect(ids(await claimAll(after(5000)))).toEqual(["a"]);
    expect(ids(await claimAll(after(5000)))).toEqual([]);
  });

  test("a claim tells the source, a rising generation and when it expires", async () => {
    await addSources(store(), buildDefinition("a"));
    const [first] = await claimAll(T0);
    expect(first?.lease).toMatchObject({ sourceId: "a", expiresAt: after(MINUTE_MS) });
    expect(first?.collapsedKeys.size).toBe(0);
    const [second] = await claimAll(after(MINUTE_MS));
    expect(second?.lease.generation).toBeGreaterThan(first?.lease.generation ?? Infinity);
  });

  test("an expired lease still counts while nobody took the source; taken, its write is refused whole", async () => {
    await addSources(store(), buildDefinition("a"));
    const late = await claim(store(), "a", T0);
    await store().recordPoll(buildPoll(late, [], { at: after(2 * MINUTE_MS) }));

    const lost = await claim(store(), "a", after(DAY_MS));
    const current = await claim(store(), "a", after(DAY_MS + MINUTE_MS));
    const record = buildPoll(lost, [buildSighting("g")], { at: after(DAY_MS), collapsedKeys: ["k"] });
    await expect(store().recordPoll(record)).rejects.toThrow(LeaseLostError);
    expect(await store().counts()).toEqual({ sources: 1, sightings: 0, stories: 0, aliases: 0 });
    await store().recordPoll(buildPoll(current, [], { at: after(DAY_MS) }));
  });

  test("a claim tells whether the last holder let its lease run out", async () => {
    await addSources(store(), buildDefinition("a"));
    const isTakenOver = async (now: Date) => (await claimAll(now))[0]?.isTakenOver;
    expect(await isTakenOver(T0)).toBe(false);
    expect(await isTakenOver(after(MINUTE_MS))).toBe(true);
    const named = await store().claimDueSources({
      now: after(2 * MINUTE_MS),
      limit: 1,
      leaseMs: MINUTE_MS,
      onlyIds: ["a"],
    });
    expect(named[0]?.isTakenOver).toBe(true);
    if (named[0] !== undefined) await store().releaseLease(named[0].lease);
    expect(await isTakenOver(after(2 * MINUTE_MS))).toBe(false);
  });

  test("a lease is good for one write", async () => {
    await addSources(store(), buildDefinition("a"));
    const lease = await claim(store(), "a", T0);
    await store().recordPoll(buildPoll(lease, [], { at: T0 }));
    await expect(store().recordPoll(buildPoll(lease, [], { at: T0 }))).rejects.toMatchObject({
      code: "store/lease-lost",
    });
  });

  test("a lease given back leaves the source due; giving back a lost one is no error and harms nobody", async () => {
    await addSources(store(), buildDefinition("a"));
    const first = await claim(store(), "a", T0);
    await store().releaseLease(first);
    const second = await claim(store(), "a", T0);
    await store().releaseLease(first);
    expect(await claimAll(T0)).toEqual([]);
    await store().recordPoll(buildPoll(second, [], { at: T0 }));
    await store().releaseLease({ sourceId: "nobody", generation: 1, expiresAt: T0 });
  });

  test.each([
    ["given back", (lease: Lease) => store().releaseLease(lease)],
    [
      "of a source that was retired and came back",
      async () => {
        await store().syncSources([], { now: T0, parentId: null });
        await addSources(store(), buildDefinition("a"));
      },
    ],
  ])("a lease %s is void for good, also while the source is leased again", async (_, end) => {
    await addSources(store(), buildDefinition("a"));
    const first = await claim(store(), "a", T0);
    await end(first);
    const second = await claim(store(), "a", T0);
    expect(second.generation).toBeGreaterThan(first.generation);
    for (const lease of [first, { ...first, generation: 0 }])
      await expect(store().recordPoll(buildPoll(lease, [], { at: T0 }))).rejects.toThrow(LeaseLostError);
    expect(await store().renewLeases([first], { now: T0, leaseMs: MINUTE_MS })).toEqual([]);
    await store().recordPoll(buildPoll(second, [], { at: T0 }));
  });

  test("a source that is gone is not due any more, but may be asked for by name", async () => {
    await addSources(store(), buildDefinition("a"));
    await poll(store(), "a", [], { state: { status: "gone", nextPollAt: T0 } });
    expect(await claimAll(after(DAY_MS))).toEqual([]);
    expect(await store().nextDueAt(T0)).toBeNull();
    await poll(store(), "a", [], { state: { status: "ok", nextPollAt: T0 } });
    expect(ids(await claimAll(after(DAY_MS)))).toEqual(["a"]);
  });

  test("the next due time is that of the earliest source without a live lease", async () => {
    expect(await store().nextDueAt(T0)).toBeNull();
    await addSources(store(), buildDefinition("a"), buildDefinition("b"));
    await poll(store(), "a", [], { state: { nextPollAt: after(5000) } });
    expect(await store().nextDueAt(T0)).toEqual(T0);
    const lease = await claim(store(), "b", T0);
    expect(await store().nextDueAt(T0)).toEqual(after(5000));
    expect(await store().nextDueAt(after(2 * MINUTE_MS))).toEqual(T0);
    await store().recordPoll(buildPoll(lease, [], { at: T0, state: { nextPollAt: after(3000) } }));
    expect(await store().nextDueAt(T0)).toEqual(after(3000));
  });

  test("a clock set back a day freezes no source: neither by a lease nor by a poll from what is now the future", async () => {
    await addSources(store(), buildDefinition("leased"), buildDefinition("polled"));
    await claim(store(), "leased", after(DAY_MS));
    await poll(store(), "polled", [], { at: after(DAY_MS), state: { nextPollAt: after(DAY_MS + 1) } });
    expect(await store().nextDueAt(T0)).toEqual(T0);
    expect(ids(await claimAll(T0)).sort()).toEqual(["leased", "polled"]);
    expect(await claimAll(T0)).toEqual([]);
  });

  test("collapsed keys are remembered for the source that collapsed them", async () => {
    await addSources(store(), buildDefinition("a"), buildDefinition("b"));
    await poll(store(), "a", [], { collapsedKeys: ["k1", "k2"] });
    await poll(store(), "a", [], { collapsedKeys: ["k2", "k3"] });
    const claimed = await store().claimDueSources({ now: T0, limit: 9, leaseMs: 1, onlyIds: ["a", "b"] });
    const keys = new Map(claimed.map(({ source, collapsedKeys }) => [source.id, [...collapsedKeys].sort()]));
    expect(keys).toEqual(
      new Map([
        ["a", ["k1", "k2", "k3"]],
        ["b", []],
      ]),
    );
  });
}

function describePolls(factory: StoreFactory): void {
  const { store } = useStore(factory);
  const only = async () => {
    const [source] = await store().listSources();
    return source;
  };

  test("everything that a poll says of its source is read back as it was", async () => {
    await addSources(store(), buildDefinition("a"));
    const state = buildState({
      currentUrl: "https://a.example/moved.xml",
      movingTo: { url: "https://b.example/", times: 2 },
      validators: { etag: 'W/"x"', lastModified: "Wed, 17 Jun 2026 12:00:00 GMT" },
      bodyHash: "abc",
      feed: buildFeed({ authors: [{ name: "N", email: null, url: null }] }),
      hints: { ttlMs: 60_000, skipHours: [1, 2], skipDays: [0] },
      rhythmMs: 5000,
      nextPollAt: after(1234),
      nextPollReason: "because",
      failures: 3,
      failingSince: after(-5),
      lastError: { code: "fetch/timeout", message: "too slow" },
      status: "failing",
      warnings: [
        { code: "w", message: "m", line: 3 },
        { code: "v", message: "n" },
      ],
    });
    expect(await store().lastPollAt()).toBeNull();
    await poll(store(), "a", [], { at: after(10), state });
    expect(await store().lastPollAt()).toEqual(after(10));
    expect(await only()).toMatchObject({ ...state, lastPollAt: after(10), lastOkAt: null });
    await poll(store(), "a", [buildSighting("g")], { at: after(20) });
    expect(await only()).toMatchObject({ lastOkAt: after(20), lastNewEntryAt: after(20), entryCount: 1 });
    await poll(store(), "a", [], { at: after(30) });
    expect(await only()).toMatchObject({ lastPollAt: after(30), lastNewEntryAt: after(20) });
  });

  test("a first poll counts new entries and stories, the same again counts none and shows nothing new", async () => {
    await addSources(store(), buildDefinition("a"));
    const sightings = [buildSighting("g1"), buildSighting("g2")];
    expect(await poll(store(), "a", sightings)).toEqual({
      entries: { new: 2, updated: 0, unchanged: 0 },
      stories: { new: 2, merged: 0 },
      isVisible: true,
    });
    const revision = await store().revision();
    expect(await poll(store(), "a", sightings, { at: after(DAY_MS) })).toEqual({
      entries: { new: 0, updated: 0, unchanged: 2 },
      stories: { new: 0, merged: 0 },
      isVisible: false,
    });
    expect(await store().revision()).toBe(revision);
    expect(await store().counts()).toEqual({ sources: 1, sightings: 2, stories: 2, aliases: 2 });
    expect(await store().sizeBytes()).toBeGreaterThan(10_000);
  });

  test("a document that repeats an entry gives one sighting, and no version of it wins by turns", async () => {
    await addSources(store(), buildDefinition("a"));
    const versions = [buildSighting("g", { title: "One" }), buildSighting("g", { title: "Two" })];
    const first = await poll(store(), "a", versions);
    expect(first.entries).toEqual({ new: 1, updated: 0, unchanged: 1 });
    for (const again of [versions, versions.toReversed(), versions]) {
      const recorded = await poll(store(), "a", again);
      expect(recorded.entries).toEqual({ new: 0, updated: 0, unchanged: 2 });
    }
    const [story] = await store().listStories({ limit: 2 });
    expect(story?.sightings.map(({ entry }) => entry.title)).toEqual(["One"]);
  });

  test("the feed's own words are visible once it has entries; a newer date of it alone is not", async () => {
    await addSources(store(), buildDefinition("a"));
    const feed = (overrides = {}) => ({ state: { feed: buildFeed(overrides) } });
    expect(await poll(store(), "a", [], feed())).toMatchObject({ isVisible: false });
    await poll(store(), "a", [buildSighting("g")], feed());
    expect(await poll(store(), "a", [], feed({ updated: after(1) }))).toMatchObject({ isVisible: false });
    expect(await poll(store(), "a", [], feed({ title: "Renamed" }))).toMatchObject({ isVisible: true });
    const [story] = await store().listStories({ limit: 1 });
    expect(story?.sightings[0]?.feed).toEqual(buildFeed({ title: "Renamed" }));
  });

  test("polls recorded at once are each written whole, and one that lost its lease harms no other", async () => {
    const names = Array.from({ length: 20 }, (_, n) => `s${n}`);
    await addSources(store(), ...names.map((id) => buildDefinition(id)));
    const claimed = await store().claimDueSources({ now: T0, limit: 99, leaseMs: MINUTE_MS });
    const outcomes = await Promise.allSettled(
      claimed.map(({ lease, source }, n) => {
        const sightings = Array.from({ length: 30 }, (_, k) => buildSighting(`${source.id}-${k}`));
        const generation = n === 7 ? lease.generation - 1 : lease.generation;
        return store().recordPoll(buildPoll({ ...lease, generation }, sightings, { at: T0 }));
      }),
    );
    expect(outcomes.map(({ status }) => status).filter((status) => status === "rejected")).toHaveLength(1);
    expect(await store().counts()).toMatchObject({ sightings: 19 * 30, stories: 19 * 30 });
    for (const source of await store().listSources()) {
      expect(source.entryCount).toBe(source.id === claimed[7]?.source.id ? 0 : 30);
    }
  });

  test("a poll that cannot be written fails alone and whole; those recorded beside it are there", async () => {
    await addSources(store(), ...["a", "b", "c"].map((id) => buildDefinition(id)));
    const claimed = await store().claimDueSources({ now: T0, limit: 9, leaseMs: MINUTE_MS });
    const outcomes = await Promise.allSettled(
      claimed.map(({ lease, source }) => {
        const state = source.id === "b" ? { nextPollAt: new Date(Number.NaN) } : {};
        return store().recordPoll(buildPoll(lease, [buildSighting(source.id)], { at: T0, state }));
      }),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(await store().counts()).toEqual({ sources: 3, sightings: 2, stories: 2, aliases: 2 });
    expect(await store().findStory(["url:b.example/"])).toBeNull();
  });

  test("hostile text is stored literally", async () => {
    await addSources(store(), buildDefinition("a"));
    const title = `'); DROP TABLE stories; -- "\u0000 \u202e ${"😀"} __proto__`;
    const contentHtml = "x".repeat(1_000_000);
    const long = `long.example/${"y".repeat(20_000)}`;
    const sighting = buildSighting(`g'"`, { title, urls: [long], entry: { contentHtml } });
    await poll(store(), "a", [sighting]);
    const detail = await store().findStory([`url:${long}`]);
    expect(detail?.story.sightings[0]?.entry).toEqual(sighting.entry);
  });

  test("new sightings are counted per day and source", async () => {
    await addSources(store(), buildDefinition("a"), buildDefinition("b"));
    await poll(store(), "a", [buildSighting("1"), buildSighting("2")]);
    await poll(store(), "a", [buildSighting("3")], { at: after(DAY_MS) });
    await poll(store(), "b", [buildSighting("4")], { at: after(DAY_MS) });
    await poll(store(), "a", [buildSighting("3")], { at: after(DAY_MS) });
    expect(await store().dailyCounts(T0)).toEqual(
      new Map([
        [
          "a",
          [
            { day: "2026-06-17", count: 2 },
            { day: "2026-06-18", count: 1 },
          ],
        ],
        ["b", [{ day: "2026-06-18", count: 1 }]],
      ]),
    );
    expect([...(await store().dailyCounts(after(DAY_MS))).values()].flat()).toHaveLength(2);
  });
}

function describeWhole(factory: StoreFactory): void {
  const { store, fixture } = useStore(factory);

  test("closed and opened again, everything is there", async () => {
    await addSources(store(), buildDefinition("a"));
    await poll(store(), "a", [buildSighting("g")]);
    const before = [
      await store().listStories({ limit: 9 }),
      await store().listSources(),
      await store().revision(),
    ];
    await store()[Symbol.asyncDispose]();
    await using again = await fixture().open();
    expect([
      await again.listStories({ limit: 9 }),
      await again.listSources(),
      await again.revision(),
    ]).toEqual(before);
  });

  test("a store that was closed says so, and closing it twice does nothing", async () => {
    await store()[Symbol.asyncDispose]();
    await store()[Symbol.asyncDispose]();
    await expect(store().listSources()).rejects.toThrow(/closed/);
    await expect(store().revision()).rejects.toThrow(/closed/);
    const lease = { sourceId: "a", generation: 1, expiresAt: T0 };
    await expect(store().recordPoll(buildPoll(lease, [], { at: T0 }))).rejects.toThrow(/closed/);
  });

  test("polls still waiting when the store is closed are written first", async () => {
    await addSources(store(), buildDefinition("a"));
    const lease = await claim(store(), "a", T0);
    const recorded = store().recordPoll(buildPoll(lease, [buildSighting("g")], { at: T0 }));
    await store()[Symbol.asyncDispose]();
    expect(await recorded).toMatchObject({ entries: { new: 1 } });
    await using again = await fixture().open();
    expect(await again.counts()).toMatchObject({ sightings: 1 });
  });

  test("a backup is the store as it was, and overwrites nothing", async () => {
    await addSources(store(), buildDefinition("a"));
    await poll(store(), "a", [buildSighting("g")]);
    const stories = await store().listStories({ limit: 9 });
    const { backup } = fixture();
    const running = store().backup(backup.file);
    await poll(store(), "a", [buildSighting("later")], { at: after(1) });
    await running;
    await expect(store().backup(backup.file)).rejects.toMatchObject({ code: "store/unwritable" });
    await using copy = await backup.open();
    const copied = await copy.listStories({ limit: 9 });
    expect(copied).toEqual(expect.arrayContaining([...stories]));
    const sources = await copy.listSources();
    expect(sources[0]?.entryCount).toBe(copied.length);
  });
}
