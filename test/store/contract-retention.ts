/** The contract's part on forgetting stories (`keep`) and on what must not come back. */
import { beforeEach, describe, expect, test } from "vitest";
import type { SightingRecord } from "../../src/model.ts";
import type { Retention } from "../../src/store/store.ts";
import {
  addSources,
  after,
  buildDefinition,
  buildSighting,
  DAY_MS,
  guidAlias,
  operatorAlias,
  poll,
  type SightingOptions,
  T0,
  urlAlias,
} from "./builders.ts";
import { type StoreFactory, useStore } from "./contract.ts";

export function describeRetention(factory: StoreFactory): void {
  const { store } = useStore(factory);
  const addAll = (...ids: readonly string[]) => addSources(store(), ...ids.map((id) => buildDefinition(id)));
  const titles = async () =>
    (await store().listStories({ limit: 99 })).map(({ sightings }) => sightings[0]?.entry.title);
  const forgetAll = (keep: Retention = { newest: 0 }) => store().forgetStories(keep, { at: T0, limit: 1000 });
  const day = (number: number) => after(number * DAY_MS);
  /** An entry that stands `days` before T0 and says so. */
  const aged = (guid: string, days: number, options: SightingOptions = {}) => {
    const at = after(-days * DAY_MS);
    const entry = { published: at, ...options.entry };
    return buildSighting(guid, { publishedAt: at, updatedAt: at, orderedAt: at, ...options, entry });
  };

  test("what is older than an instant is forgotten, the oldest first, so many at a time", async () => {
    await addAll("a");
    await poll(store(), "a", [aged("1", 1), aged("5", 5), aged("9", 9), aged("7", 7)]);
    const keep = { since: after(-4 * DAY_MS) };
    expect(await store().countForgettable(keep)).toEqual({
      stories: 3,
      sightings: 3,
      until: after(-5 * DAY_MS),
    });
    const numbers = await store().listForgettable(keep, 2);
    const next = await store().listStories({ limit: 9, numbers });
    expect(next.map(({ sightings }) => sightings[0]?.entry.title)).toEqual(["Title of 7", "Title of 9"]);
    // Only those that are named, and of them only those whose turn it is.
    expect(await store().forgetStories(keep, { at: T0, limit: 2, numbers: [] })).toMatchObject({
      stories: 0,
    });
    const [, , third = 0] = await store().listForgettable(keep, 9);
    expect(await store().forgetStories(keep, { at: T0, limit: 2, numbers: [third] })).toMatchObject({
      stories: 0,
    });
    expect(await store().forgetStories(keep, { at: T0, limit: 2, numbers })).toEqual({
      stories: 2,
      sightings: 2,
    });
    expect(await titles()).toEqual(["Title of 1", "Title of 5"]);
    expect(await store().forgetStories(keep, { at: T0, limit: 2 })).toEqual({ stories: 1, sightings: 1 });
    expect(await store().forgetStories(keep, { at: T0, limit: 2 })).toEqual({ stories: 0, sightings: 0 });
    expect(await store().listForgettable(keep, 9)).toEqual([]);
    expect(await store().countForgettable(keep)).toEqual({ stories: 0, sightings: 0, until: null });
    expect(await titles()).toEqual(["Title of 1"]);
  });

  test("a count keeps so many of the newest", async () => {
    await addAll("a");
    await poll(store(), "a", [aged("1", 1), aged("2", 2), aged("3", 3)]);
    expect(await store().countForgettable({ newest: 3 })).toMatchObject({ stories: 0, until: null });
    expect(await store().countForgettable({ newest: 1 })).toMatchObject({ stories: 2 });
    await forgetAll({ newest: 1 });
    expect(await titles()).toEqual(["Title of 1"]);
  });

  test("what is still in a feed does not come back as new: not unchanged, not edited, not from another source", async () => {
    await addAll("a", "b");
    const guidToo = { aliases: [urlAlias("x/1"), guidAlias("1@a")] };
    await poll(store(), "a", [aged("1", 9, guidToo)]);
    await forgetAll();
    const revision = await store().revision();
    const comebacks = [
      ["a", aged("1", 9, guidToo)],
      ["a", aged("1", 9, { ...guidToo, title: "Edited" })],
      ["a", aged("1", 9, { aliases: [urlAlias("x/moved"), guidAlias("1@a")], title: "Moved" })],
      ["a", aged("other-guid", 0, { aliases: [urlAlias("x/1")], title: "Dated anew" })],
      ["b", aged("at b", 9, { aliases: [urlAlias("b/copy"), urlAlias("x/1")] })],
    ] as const;
    for (const [source, sighting] of comebacks) {
      expect(await poll(store(), source, [sighting], { at: after(DAY_MS) })).toEqual({
        entries: { new: 0, updated: 0, unchanged: 1 },
        stories: { new: 0, merged: 0 },
        isVisible: false,
      });
    }
    expect(await store().listStories({ limit: 9 })).toEqual([]);
    expect(await store().revision()).toBe(revision);
  });

  test("a guid that its source uses again for another story hides none", async () => {
    await addAll("a");
    const latest = (days: number, url: string, overrides: SightingOptions = {}) =>
      aged("latest", days, { aliases: [urlAlias(url), guidAlias("latest@a")], title: url, ...overrides });
    await poll(store(), "a", [latest(9, "x/1")]);
    await forgetAll();
    await poll(store(), "a", [latest(1, "x/2")], { at: after(1) });
    expect(await titles()).toEqual(["x/2"]);
    await forgetAll();
    // Without a date nothing says that it is the forgotten one under another address.
    await poll(store(), "a", [latest(0, "x/3", { entry: { published: null } })], { at: after(2) });
    expect(await titles()).toEqual(["x/3"]);
    await forgetAll();
    // Without an address the guid is all there is.
    const bare = aged("latest", 0, { urls: [], aliases: [guidAlias("latest@a")] });
    await poll(store(), "a", [bare], { at: after(3) });
    expect(await titles()).toEqual([]);
  });

  test("a living story that is told again under a forgotten key stays whole", async () => {
    await addAll("a", "b");
    await poll(store(), "a", [aged("old", 9, { aliases: [urlAlias("x/old")] })]);
    await poll(store(), "a", [aged("new", 1, { aliases: [urlAlias("x/new")] })], { at: after(1) });
    await forgetAll({ newest: 1 });
    const both = aged("both", 1, { aliases: [urlAlias("x/old"), urlAlias("x/new")] });
    expect(await poll(store(), "b", [both], { at: after(2) })).toMatchObject({
      stories: { new: 0, merged: 1 },
    });
    expect(await titles()).toEqual(["Title of new"]);
  });

  describe("what is remembered of the forgotten", () => {
    const old = () => aged("old", 9, { aliases: [urlAlias("x/old"), guidAlias("old@a")] });
    const fresh = (n: number) => aged(`fresh ${n}`, -n, { aliases: [urlAlias(`x/fresh-${n}`)] });
    const drop = async (days = 180) =>
      await store().dropForgottenKeys({ unseenMs: days * DAY_MS, limit: 100 });
    const read = (n: number, sightings: readonly SightingRecord[], isWhole = true) =>
      poll(store(), "a", sightings, { at: day(n), isWhole });
    const isBack = async () => (await titles()).includes("Title of old");

    beforeEach(async () => {
      await addAll("a", "b");
      await read(0, [old()]);
      await forgetAll();
    });

    test("goes when its source has read without it for long, so many rows at a time", async () => {
      await read(179, [fresh(179)]);
      expect(await drop()).toBe(0);
      await read(180, [fresh(180)]);
      const first = await store().dropForgottenKeys({ unseenMs: 180 * DAY_MS, limit: 1 });
      expect([first, (await drop()) > 0, await drop()]).toEqual([1, true, 0]);
    });

    test("stays as long as the source lists it, however long that is, and nothing comes back", async () => {
      for (let n = 20; n <= 800; n += 20) {
        await read(n, [fresh(n), old()]);
        expect(await drop()).toBe(0);
      }
      expect(await isBack()).toBe(false);
      await read(979, [fresh(979)]);
      expect(await drop()).toBe(0);
      await read(980, [fresh(980)]);
      expect(await drop()).toBeGreaterThan(0);
    });

    test("stays while the document is the same, fails, is pushed or cut off: none says that it is not offered", async () => {
      const failing = { failures: 1, status: "failing", lastError: { code: "x", message: "x" } } as const;
      await poll(store(), "a", [], { at: day(200), isWhole: false });
      await poll(store(), "a", [], { at: day(400), isWhole: false, state: failing });
      await read(600, [fresh(600)], false);
      expect(await drop()).toBe(0);
      await read(800, [fresh(800), old()]);
      expect(await isBack()).toBe(false);
    });

    test("stays for each source by itself: what another one offers is not new there", async () => {
      await poll(store(), "b", [aged("at b", 9, { aliases: [urlAlias("x/old")] })], { at: day(1) });
      await read(200, [fresh(200)]);
      expect(await drop()).toBeGreaterThan(0);
      await poll(store(), "b", [aged("at b", 9, { aliases: [urlAlias("x/old")], title: "Edited" })], {
        at: day(201),
      });
      await read(202, [old()]);
      expect(await store().listStories({ limit: 9, sourceId: "b" })).toEqual([]);
      expect(await isBack()).toBe(false);
    });

    test("of a source that is not listed any more stays", async () => {
      await store().syncSources([buildDefinition("b")], { now: day(1), parentId: null });
      await poll(store(), "b", [fresh(1)], { at: day(400) });
      expect(await drop()).toBe(0);
    });
  });

  test("no id is published twice: neither a forgotten story's nor one that was forwarded to it", async () => {
    await addAll("a", "b", "c");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"], publishedIds: ["urn:one"] })]);
    await poll(store(), "b", [buildSighting("2", { urls: ["x/2"], publishedIds: ["urn:two"] })]);
    await store().mergeStories(operatorAlias("url:x/1"), operatorAlias("url:x/2"), after(1));
    await forgetAll();
    const fresh = buildSighting("3", { urls: ["x/3"], publishedIds: ["urn:one", "urn:two", "urn:three"] });
    await poll(store(), "c", [fresh], { at: after(2) });
    expect((await store().listStories({ limit: 9 })).map(({ publishedId }) => publishedId)).toEqual([
      "urn:three",
    ]);
    // The operator's word is kept, and wakes nothing.
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"] })], { at: after(3) });
    expect(await store().counts()).toMatchObject({ stories: 1 });
  });

  test("every count stays true, search forgets too, and a story's number is not given again", async () => {
    await addAll("a", "b");
    const carried = { aliases: [urlAlias("x/1")], title: "Whales sing" };
    await poll(store(), "a", [aged("1", 9, carried), aged("2", 1)]);
    await poll(store(), "b", [aged("1 at b", 8, carried)], { at: after(1) });
    const sources = async () =>
      (await store().listSources()).map(({ entryCount, duplicateCount }) => [entryCount, duplicateCount]);
    expect(await sources()).toEqual([
      [2, 0],
      [1, 1],
    ]);
    const last = (await store().listStories({ limit: 9 })).map(({ number }) => number);
    const revision = await store().revision();
    expect(await forgetAll({ newest: 1 })).toEqual({ stories: 1, sightings: 2 });
    expect(await store().revision()).toBeGreaterThan(revision);
    expect(await sources()).toEqual([
      [1, 0],
      [0, 0],
    ]);
    expect(await store().counts()).toEqual({ sources: 2, sightings: 1, stories: 1, aliases: 1 });
    expect(await store().listStories({ limit: 9, search: "whales" })).toEqual([]);
    expect(await store().findStory(["url:x/1", "tag:1"])).toBeNull();
    await forgetAll();
    await poll(store(), "a", [aged("3", 0)], { at: after(2) });
    const [story] = await store().listStories({ limit: 9 });
    expect(story?.number).toBeGreaterThan(Math.max(...last));
  });

  test("what waited for the network is forgotten with its entry, and a page's text is let go", async () => {
    await addAll("a");
    const sighting = buildSighting("1", { urls: ["x/1"] });
    const [claimed] = await store().claimDueSources({ now: T0, limit: 1, leaseMs: DAY_MS });
    if (claimed === undefined) throw new Error("nothing was due");
    const question = { kind: "text", url: "https://x/1" } as const;
    const state = (await store().listSources())[0];
    if (state === undefined) throw new Error("no source");
    await store().recordPoll({
      lease: claimed.lease,
      at: T0,
      state: { ...state, status: "ok" },
      sightings: [sighting],
      collapsedKeys: [],
      questions: [question],
    });
    expect((await store().listAskers(question)).sightings).toHaveLength(1);
    await forgetAll();
    expect((await store().listAskers(question)).sightings).toEqual([]);

    await store().recordAnswer({
      question,
      answer: { outcome: "found", text: "<p>long</p>" },
      at: T0,
      changes: [],
      collapsedKeys: [],
    });
    expect((await store().answers("text", [question.url])).get(question.url)).toBe("<p>long</p>");
    await poll(store(), "a", [buildSighting("2", { urls: ["y/2"], originalUrl: question.url })], {
      at: after(1),
    });
    await forgetAll();
    expect((await store().answers("text", [question.url])).size).toBe(0);
    expect(await store().claimQuestions({ now: after(DAY_MS), limit: 9, leaseMs: 1 })).toEqual([]);
  });
}
