/** The contract's part on what publishing keeps: subscriptions at our own hub, and the archives of outputs. */
import { expect, test } from "vitest";
import type { HubSubscription, UnarchivedQuery } from "../../src/store/store.ts";
import { addSources, after, buildDefinition, buildSighting, poll, T0 } from "./builders.ts";
import { type StoreFactory, useStore } from "./contract.ts";

const subscription: HubSubscription = {
  topic: "https://river.example/atom.xml",
  callback: "https://reader.example/push?a=1&b=2",
  secret: null,
  expiresAt: null,
  request: { mode: "subscribe", secret: "s3cret", leaseMs: 86_400_000, askedAt: T0 },
  delivered: null,
  failures: 0,
  failingSince: null,
  nextTryAt: null,
  version: 0,
};

export function describePublishing(factory: StoreFactory): void {
  const { store, fixture } = useStore(factory);

  test("a hub's subscription is there once for its topic and callback, and comes back whole", async () => {
    expect(await store().saveHubSubscription(subscription)).toBe(1);
    const active: HubSubscription = {
      ...subscription,
      secret: "s3cret",
      request: null,
      expiresAt: after(86_400_000),
      delivered: "abc",
      failures: 3,
      failingSince: after(-1000),
      nextTryAt: after(60_000),
      version: 1,
    };
    expect(await store().saveHubSubscription(active)).toBe(2);
    await store().saveHubSubscription({ ...subscription, callback: "https://other.example/" });
    await store().saveHubSubscription({ ...subscription, topic: "https://river.example/rss.xml" });
    await using other = await fixture().open();
    const stored = await other.listHubSubscriptions();
    expect(stored).toHaveLength(3);
    expect(stored).toContainEqual({ ...active, version: 2 });
    expect(stored).toContainEqual({ ...subscription, callback: "https://other.example/", version: 3 });
    expect(await other.findHubSubscription(active)).toEqual({ ...active, version: 2 });
    expect(await store().removeHubSubscription({ ...active, version: 2 })).toBeGreaterThan(4);
    expect(await other.listHubSubscriptions()).toHaveLength(2);
    expect(await other.findHubSubscription(active)).toBeNull();
    expect(await store().removeHubSubscription({ ...active, version: 2 })).toBeNull();
  });

  test("of two that change a hub's subscription at once one is told that it was not the first", async () => {
    await using other = await fixture().open();
    expect(await other.hubChanges()).toBe(0);
    const added = await Promise.all([
      store().saveHubSubscription(subscription),
      other.saveHubSubscription({ ...subscription, secret: "theirs" }),
    ]);
    expect(added.filter((version) => version !== null)).toHaveLength(1);
    const first = await store().findHubSubscription(subscription);
    if (first === null) throw new Error("nothing is stored");
    const changed = await Promise.all([
      store().saveHubSubscription({ ...first, failures: 1 }),
      other.removeHubSubscription(first),
      other.saveHubSubscription({ ...first, failures: 2 }),
    ]);
    expect(changed.filter((version) => version !== null)).toHaveLength(1);
    // Gone and there again, it is another one: what is known of the earlier one does not hold for it.
    const second = await other.findHubSubscription(subscription);
    if (second !== null) await other.removeHubSubscription(second);
    await other.saveHubSubscription(subscription);
    expect(await store().saveHubSubscription({ ...first, failures: 3 })).toBeNull();
    expect((await store().findHubSubscription(subscription))?.failures).toBe(0);
    const changes = await store().hubChanges();
    expect((await other.findHubSubscription(subscription))?.version).toBeLessThanOrEqual(changes);
    expect(await other.hubChanges()).toBe(changes);
  });

  test("one at a time delivers for the hub, until it gives that up, or for as long as it said", async () => {
    await using other = await fixture().open();
    const claim = (holder: string, atMs: number, on = store()) =>
      on.claimHub({ holder, now: after(atMs), leaseMs: 30_000 });
    const both = await Promise.all([claim("a", 0), claim("b", 0, other)]);
    expect(both.filter(Boolean)).toHaveLength(1);
    const [first, second] = both[0] ? (["a", "b"] as const) : (["b", "a"] as const);
    expect(await claim(second, 29_999, other)).toBe(false);
    // Prolonged in time.
    expect(await claim(first, 29_999)).toBe(true);
    expect(await claim(second, 59_998, other)).toBe(false);
    // It has ended.
    expect(await claim(second, 59_999, other)).toBe(true);
    expect(await claim(first, 60_000)).toBe(false);
    await store().releaseHub(first);
    expect(await claim(first, 60_000)).toBe(false);
    await store().releaseHub(second);
    expect(await claim(first, 60_000)).toBe(true);
    // The clock was set back by more than a minute.
    expect(await claim(second, 10_000, other)).toBe(false);
    expect(await claim(second, -10_000, other)).toBe(true);
    expect(await other.listHubSubscriptions()).toEqual([]);
  });

  const fill = async () => {
    await addSources(store(), buildDefinition("a", { tags: ["x"] }), buildDefinition("b"));
    const sightings = ["1", "2", "3"].map((id, index) =>
      buildSighting(id, { orderedAt: after(-index * 1000), entry: { title: `Lake ${id}` } }),
    );
    await poll(store(), "a", sightings);
    await poll(store(), "b", [
      buildSighting("4", { orderedAt: after(-9000), entry: { title: "River 4" } }),
      // Carried by both sources.
      buildSighting("5", { urls: ["2.example/"], entry: { title: "Lake 2" } }),
    ]);
  };
  const titles = async (query: Partial<UnarchivedQuery> = {}) =>
    (await store().listUnarchived({ output: "all", after: 0, limit: 100, ...query })).map(
      ({ sightings }) => sightings[0]?.entry.title,
    );

  test("stories that are on no page come by number, whatever their dates, under the output's filters", async () => {
    await fill();
    expect(await titles()).toEqual(["Lake 1", "Lake 2", "Lake 3", "River 4"]);
    expect(await titles({ limit: 2 })).toEqual(["Lake 1", "Lake 2"]);
    expect(await titles({ tags: ["x"] })).toEqual(["Lake 1", "Lake 2", "Lake 3"]);
    expect(await titles({ tags: ["y"] })).toEqual([]);
    expect(await titles({ search: "river" })).toEqual(["River 4"]);
    expect(await titles({ search: "lake", tags: ["x"], limit: 1 })).toEqual(["Lake 1"]);
    expect(await titles({ search: "-lake" })).toEqual([]);
    const [first] = await store().listUnarchived({ output: "all", after: 0, limit: 1 });
    expect(await titles({ after: first?.number ?? 0, limit: 1 })).toEqual(["Lake 2"]);
  });

  test("stories asked for by number come in the feed's order, those that are gone are left out", async () => {
    await fill();
    const all = await store().listStories({ limit: 100 });
    const [first, , third] = all;
    const numbers = [third?.number ?? 0, 999_999, first?.number ?? 0];
    expect(await store().listStories({ limit: 100, numbers })).toEqual([first, third]);
    expect(await store().listStories({ limit: 1, numbers })).toEqual([first]);
    expect(await store().listStories({ limit: 100, numbers: [] })).toEqual([]);
  });

  test("a page is added once, marks its stories in its own output only, and never changes", async () => {
    await fill();
    const stories = await store().listUnarchived({ output: "all", after: 0, limit: 2 });
    const numbers = stories.map(({ number }) => number);
    const position = numbers.at(-1) ?? 0;
    const page = {
      ...{ output: "all", number: 1, at: T0, siteUrl: "https://river.example" },
      body: Buffer.from("<feed>é</feed>".repeat(100)),
    };
    expect(await store().addArchivePage(page, { stories: numbers, position })).toBe(true);
    const again = { ...page, body: Buffer.from("other") };
    expect(await store().addArchivePage(again, { stories: [], position: 99 })).toBe(false);
    expect(await store().addArchivePage({ ...again, number: 3 }, { stories: [], position: 99 })).toBe(false);
    await using other = await fixture().open();
    const found = await other.findArchivePage("all", 1);
    expect(found).toEqual({ ...page, body: expect.anything() });
    expect(Buffer.from(found?.body ?? []).equals(page.body)).toBe(true);
    expect(await other.findArchivePage("all", 2)).toBeNull();
    expect(await other.findArchivePage("world", 1)).toBeNull();
    expect(await titles()).toEqual(["Lake 3", "River 4"]);
    expect(await titles({ output: "world" })).toEqual(["Lake 1", "Lake 2", "Lake 3", "River 4"]);
    expect(await other.archiveState("all")).toEqual({ pages: 1, position, scope: "", sweptAt: null });
  });

  test("a page with a story that became part of another meanwhile is not written", async () => {
    await fill();
    const [first, second] = await store().listUnarchived({ output: "all", after: 0, limit: 2 });
    const numbers = [first?.number ?? 0, second?.number ?? 0];
    const page = { output: "all", number: 1, at: T0, siteUrl: "https://r.example", body: Buffer.from("x") };
    const gone = { stories: [...numbers, 999_999], position: 999_999 };
    expect(await store().addArchivePage(page, gone)).toBe(false);
    expect(await store().archiveState("all")).toMatchObject({ pages: 0, position: 0 });
    expect(await store().findArchivePage("all", 1)).toBeNull();
    expect(await store().addArchivePage(page, { ...gone, stories: numbers })).toBe(true);
  });

  test("an archive's place is kept for each output, and moving it keeps the pages", async () => {
    const empty = { pages: 0, position: 0, scope: "", sweptAt: null };
    expect(await store().archiveState("all")).toEqual(empty);
    const place = { position: 7, scope: "tags: x", sweptAt: T0 };
    await store().moveArchive("all", place);
    expect(await store().archiveState("all")).toEqual({ ...place, pages: 0 });
    const page = { output: "all", number: 1, at: T0, siteUrl: "https://r.example", body: Buffer.from("x") };
    await store().addArchivePage(page, { stories: [], position: 9 });
    expect(await store().archiveState("all")).toEqual({ ...place, pages: 1, position: 9 });
    await store().moveArchive("all", { ...place, position: 0 });
    expect(await store().archiveState("all")).toEqual({ ...place, pages: 1, position: 0 });
    expect(await store().archiveState("world")).toEqual(empty);
  });
}
