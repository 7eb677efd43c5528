/** The contract's part on stories: what joins, what merges, what is published under which id, and how it is read. */
import { expect, test } from "vitest";
import type { Story } from "../../src/model.ts";
import type { StoryDetail, StoryQuery } from "../../src/store/store.ts";
import {
  addSources,
  after,
  buildDefinition,
  buildSighting,
  DAY_MS,
  guidAlias,
  poll,
  T0,
  urlAlias,
} from "./builders.ts";
import { type StoreFactory, useStore } from "./contract.ts";

const HOUR_MS = 3_600_000;

export function describeStories(factory: StoreFactory): void {
  const { store } = useStore(factory);
  const list = (query: Partial<StoryQuery> = {}) => store().listStories({ limit: 100, ...query });
  const only = async (): Promise<Story> => {
    const [story, ...more] = await list();
    if (story === undefined || more.length > 0) throw new Error(`${more.length + 1} stories instead of one`);
    return story;
  };
  const find = async (key: string): Promise<StoryDetail> => {
    const detail = await store().findStory([key]);
    if (detail === null) throw new Error(`no story has ${key}`);
    return detail;
  };
  const addAll = (...ids: readonly string[]) => addSources(store(), ...ids.map((id) => buildDefinition(id)));
  const dates = { publishedAt: after(-3000), updatedAt: after(-2000), orderedAt: after(-1000) };

  test("a sighting is given back as it was stored, beside what its source is", async () => {
    const location = "https://user:pass@a.example/feed.xml";
    await addSources(store(), buildDefinition("a", { tags: ["t"], priority: 4, location }));
    const sighting = buildSighting("g", {
      ...dates,
      urls: ["x.example/1", "y.example/2"],
      isOwnHost: true,
      completeness: 42,
      entry: {
        authors: [{ name: "A", email: "a@b.example", url: null }],
        published: after(-3000),
        updated: after(-2000),
        contentHtml: "<p>é</p>",
        links: [{ rel: "alternate", href: "https://x.example/1", type: "text/html", length: 3 }],
        enclosures: [{ url: "https://x.example/a.mp3", type: "audio/mpeg", length: 9, durationMs: 1000 }],
        episode: { season: 1, number: null, type: "full", isExplicit: false },
        categories: [{ term: "t", scheme: null, label: "T" }],
        statedOriginals: [{ rule: "feedburner:origLink", url: "https://x.example/1" }],
        source: { title: "S", url: null, id: null },
        language: "en",
      },
    });
    await poll(store(), "a", [sighting]);
    expect(await only()).toEqual({
      number: expect.any(Number),
      publishedId: "tag:g",
      ...dates,
      firstSeenAt: T0,
      sightings: [
        {
          ...sighting,
          sourceId: "a",
          sourceName: "Source a",
          sourceTags: ["t"],
          sourcePriority: 4,
          sourceKind: "url",
          sourceUrl: "https://a.example/feed.xml",
          feed: null,
          firstSeenAt: T0,
        },
      ],
    });
  });

  test("a local source has no address of its own; a moved one has the new one", async () => {
    await addSources(
      store(),
      buildDefinition("f", { kind: "file", location: "/feeds/f.xml", name: null }),
      buildDefinition("u"),
    );
    await poll(store(), "f", [buildSighting("1")]);
    await poll(store(), "u", [buildSighting("2")], { state: { currentUrl: "https://new.example/" } });
    const sightings = (await list()).flatMap((story) => story.sightings);
    expect(sightings.map(({ sourceId, sourceUrl, sourceName }) => [sourceId, sourceUrl, sourceName])).toEqual(
      [
        ["u", "https://new.example/", "Source u"],
        ["f", null, "/feeds/f.xml"],
      ],
    );
  });

  test("sightings that share a key tell one story, published once under the first one's id", async () => {
    await addAll("a", "b", "c");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"] })]);
    const recorded = await poll(store(), "b", [buildSighting("2", { urls: ["y/1", "x/1"] })]);
    expect(recorded).toMatchObject({ stories: { new: 0, merged: 1 }, isVisible: true });
    await poll(store(), "c", [buildSighting("3", { urls: ["y/1"] })]);
    const story = await only();
    expect(story.publishedId).toBe("tag:1");
    expect(story.sightings.map(({ sourceId }) => sourceId)).toEqual(["a", "b", "c"]);
  });

  test("entries of one document that share a key are one story too", async () => {
    await addAll("a");
    const sightings = [
      buildSighting("1", { urls: ["x/1"] }),
      buildSighting("2", { urls: ["x/2"] }),
      buildSighting("3", { urls: ["x/2", "x/1"] }),
    ];
    const recorded = await poll(store(), "a", sightings);
    expect(recorded.stories).toEqual({ new: 1, merged: 2 });
    expect(await only()).toMatchObject({ publishedId: "tag:1" });
    expect((await find("url:x/2")).forwardedIds).toEqual([]);
  });

  test("a key that joins two stories makes them one: the older id and dates stay, the younger id is forwarded", async () => {
    await addAll("a", "b", "c");
    await poll(store(), "a", [buildSighting("1", { ...dates, urls: ["x/1"] })]);
    await poll(store(), "b", [buildSighting("2", { urls: ["x/2"] })], { at: after(1000) });
    const recorded = await poll(store(), "c", [buildSighting("3", { urls: ["x/2", "x/1"] })], {
      at: after(2000),
    });
    expect(recorded).toMatchObject({ stories: { new: 0, merged: 2 }, isVisible: true });
    expect(await only()).toMatchObject({
      publishedId: "tag:1",
      publishedAt: dates.publishedAt,
      firstSeenAt: T0,
    });
    const detail = await find("tag:2");
    expect(detail.forwardedIds).toEqual(["tag:2"]);
    expect(detail.aliases.map(({ key }) => key).sort()).toEqual(["url:x/1", "url:x/2"]);
    expect(await store().counts()).toEqual({ sources: 3, sightings: 3, stories: 1, aliases: 2 });
  });

  test("three stories become one at once, and numbers are never used again", async () => {
    await addAll("a", "b");
    await poll(
      store(),
      "a",
      ["1", "2", "3"].map((n) => buildSighting(n, { urls: [`x/${n}`] })),
    );
    const highest = Math.max(...(await list()).map((story) => story.number));
    const recorded = await poll(store(), "b", [buildSighting("4", { urls: ["x/3", "x/1", "x/2"] })]);
    expect(recorded.stories).toEqual({ new: 0, merged: 3 });
    await poll(store(), "b", [buildSighting("5")]);
    expect((await list()).map((story) => story.number)).toContain(highest + 1);
  });

  test("a key learnt later joins the stories of the sightings that are known already", async () => {
    await addAll("a", "b");
    await poll(store(), "a", [buildSighting("1", { urls: ["opaque/1"] })]);
    await poll(store(), "b", [buildSighting("2", { urls: ["x/1"] })]);
    expect(await list()).toHaveLength(2);
    const recorded = await poll(store(), "a", [buildSighting("1", { urls: ["opaque/1", "x/1"] })], {
      at: after(5),
    });
    expect(recorded).toMatchObject({ entries: { updated: 1 }, stories: { new: 0, merged: 1 } });
    expect((await only()).publishedId).toBe("tag:1");
  });

  test("an edit that moves the link keeps the old key, so that a late copy still joins", async () => {
    await addAll("a", "b");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/old"], title: "Same" })]);
    await poll(store(), "a", [buildSighting("1", { urls: ["x/new"], title: "Same" })]);
    await poll(store(), "b", [buildSighting("2", { urls: ["x/old"] })]);
    expect((await find("url:x/new")).story.sightings).toHaveLength(2);
    expect((await only()).sightings[0]?.originalUrl).toBe("https://x/new");
  });

  test("a guid that is used again for another entry makes a sighting and a story of its own, and keeps them", async () => {
    await addAll("a", "b");
    const first = buildSighting("latest", { urls: ["x/1"], title: "Fire in the port" });
    const second = buildSighting("latest", { urls: ["x/2"], title: "Harvest is in" });
    const withGuid = (sighting: typeof first) => ({
      ...sighting,
      aliases: [...sighting.aliases, guidAlias("latest")],
    });
    await poll(store(), "a", [withGuid(first)]);
    expect(await poll(store(), "a", [withGuid(second)])).toMatchObject({
      entries: { new: 1, updated: 0 },
      stories: { new: 1, merged: 0 },
    });
    const stories = await list();
    expect(stories).toHaveLength(2);
    expect(new Set(stories.flatMap((story) => story.sightings.map(({ guidKey }) => guidKey))).size).toBe(2);
    for (const again of [first, second, first]) {
      expect((await poll(store(), "a", [withGuid(again)])).entries).toEqual({
        new: 0,
        updated: 0,
        unchanged: 1,
      });
    }
    const edited = { ...withGuid(buildSighting("latest", { urls: ["x/2"], title: "Harvest is in early" })) };
    expect((await poll(store(), "a", [edited])).entries).toEqual({ new: 0, updated: 1, unchanged: 0 });
    expect((await find("url:x/2")).story.sightings[0]?.entry.title).toBe("Harvest is in early");
    await poll(store(), "b", [buildSighting("b", { urls: ["x/2"] })]);
    expect((await find("url:x/1")).story.sightings).toHaveLength(1);
  });

  test("a headline and its address edited together stay one entry while the publisher's date does not move", async () => {
    await addAll("a");
    const entry = { published: after(-HOUR_MS) };
    await poll(store(), "a", [buildSighting("1", { urls: ["x/slug-1"], title: "First head", entry })]);
    const edited = buildSighting("1", { urls: ["x/slug-2"], title: "Better headline", entry });
    expect((await poll(store(), "a", [edited])).entries).toEqual({ new: 0, updated: 1, unchanged: 0 });
    expect(await only()).toMatchObject({ publishedId: "tag:1" });
  });

  test("the published id is the first free one, and one derived from the key when all are taken", async () => {
    await addAll("a", "b", "c", "d");
    const ids = ["tag:one", "tag:two"];
    await poll(store(), "a", [buildSighting("1", { publishedIds: ids })]);
    await poll(store(), "b", [buildSighting("2", { publishedIds: ids })]);
    await poll(store(), "c", [
      buildSighting("3", { publishedIds: ids }),
      buildSighting("4", { publishedIds: ids }),
    ]);
    const published = (await list()).map((story) => story.publishedId);
    expect(new Set(published).size).toBe(4);
    expect(published.filter((id) => id.startsWith("urn:uuid:"))).toHaveLength(2);
    expect(published).toEqual(expect.arrayContaining(ids));
    for (const id of published) expect((await find(id)).story.publishedId).toBe(id);
  });

  test("a forwarded id is not given to another story", async () => {
    await addAll("a", "b");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"] }), buildSighting("2", { urls: ["x/2"] })]);
    await poll(store(), "b", [buildSighting("3", { urls: ["x/1", "x/2"] })]);
    await poll(store(), "b", [buildSighting("4", { publishedIds: ["tag:2", "tag:4"] })]);
    expect((await find("url:4.example/")).story.publishedId).toBe("tag:4");
  });

  test("no instant lies in the future", async () => {
    await addAll("a");
    const future = after(DAY_MS);
    await poll(store(), "a", [
      buildSighting("1", { publishedAt: future, updatedAt: future, orderedAt: future }),
    ]);
    expect(await only()).toMatchObject({ publishedAt: T0, updatedAt: T0, orderedAt: T0 });
  });

  test("the winner: priority, the publisher's own host, the most complete, the earliest; at once when priorities change", async () => {
    await addSources(
      store(),
      buildDefinition("low"),
      buildDefinition("own"),
      buildDefinition("full"),
      buildDefinition("high", { priority: 5 }),
    );
    const title = "One story";
    const at = (n: number) => ({ at: after(n) });
    await poll(store(), "low", [buildSighting("1", { urls: ["x/1"], title })], at(0));
    await poll(store(), "full", [buildSighting("2", { urls: ["x/1"], title, completeness: 900 })], at(1));
    await poll(
      store(),
      "own",
      [buildSighting("3", { urls: ["x/1"], title, isOwnHost: true, completeness: 1 })],
      at(2),
    );
    await poll(store(), "high", [buildSighting("4", { urls: ["x/1"], title, completeness: 1 })], at(3));
    const order = async () => (await only()).sightings.map(({ sourceId }) => sourceId);
    expect(await order()).toEqual(["high", "own", "full", "low"]);
    await addSources(
      store(),
      buildDefinition("low", { priority: 9 }),
      buildDefinition("own"),
      buildDefinition("full"),
      buildDefinition("high"),
    );
    expect(await order()).toEqual(["low", "own", "full", "high"]);
  });

  test("a stranger that repeats a story's URL and id under other words takes nothing over, however much it says", async () => {
    await addAll("first", "stranger", "agreeing");
    const told = { urls: ["x/1"], publishedIds: ["https://x/1"], title: "What the paper says" };
    await poll(store(), "first", [buildSighting("1", told)], { at: after(0) });
    const before = await only();
    const claim = { ...told, title: "SPOOFED", completeness: 90_000, updatedAt: after(900) };
    await poll(store(), "stranger", [buildSighting("1", claim)], { at: after(1000) });
    const { sightings, ...story } = await only();
    expect(sightings.map(({ sourceId }) => sourceId)).toEqual(["first", "stranger"]);
    expect(story).toMatchObject({ publishedId: "https://x/1", publishedAt: before.publishedAt });
    // It may repeat this as often as it likes, and edit it.
    const edited = { ...claim, entry: { contentHtml: "<p>evil</p>" }, completeness: 99_000 };
    await poll(store(), "stranger", [buildSighting("1", edited)], { at: after(2000) });
    expect(await only()).toMatchObject({ updatedAt: before.updatedAt });
    // A fuller copy under the same headline is what readers are glad of.
    const fuller = { ...told, title: "What the Paper says…", completeness: 500 };
    await poll(store(), "agreeing", [buildSighting("1", fuller)], { at: after(3000) });
    expect((await only()).sightings.map(({ sourceId }) => sourceId)).toEqual([
      "agreeing",
      "first",
      "stranger",
    ]);
  });

  test("an edit of what readers see moves `updated` forward, never past now, and nothing else", async () => {
    await addAll("a");
    await poll(store(), "a", [buildSighting("1", dates)]);
    const edit = async (title: string, updatedAt: Date, at: Date) => {
      const changed = buildSighting("1", { title, updatedAt, publishedAt: at, orderedAt: at });
      const recorded = await poll(store(), "a", [changed], { at });
      expect(recorded).toMatchObject({ entries: { updated: 1 }, isVisible: true });
      const story = await only();
      expect(story).toMatchObject({ publishedAt: dates.publishedAt, orderedAt: dates.orderedAt });
      return story.updatedAt;
    };
    expect(await edit("said when", after(500), after(1000))).toEqual(after(500));
    expect(await edit("said nothing new", after(500), after(2000))).toEqual(after(2000));
    expect(await edit("lied", after(DAY_MS), after(3000))).toEqual(after(3000));
    expect(await edit("clock set back", after(100), after(-DAY_MS))).toEqual(after(3000));
  });

  test("a copy that does not win changes neither `updated` nor, edited, what is visible; one that wins does", async () => {
    await addSources(
      store(),
      buildDefinition("a", { priority: 1 }),
      buildDefinition("b"),
      buildDefinition("c", { priority: 2 }),
    );
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"] })]);
    await poll(store(), "b", [buildSighting("2", { urls: ["x/1"] })], { at: after(1000) });
    expect((await only()).updatedAt).toEqual(T0);
    const revision = await store().revision();
    const edited = buildSighting("2", { urls: ["x/1"], title: "Edited" });
    expect(await poll(store(), "b", [edited], { at: after(2000) })).toMatchObject({
      entries: { updated: 1 },
      isVisible: false,
    });
    expect(await store().revision()).toBe(revision);
    await poll(store(), "c", [buildSighting("3", { urls: ["x/1"], updatedAt: after(2500) })], {
      at: after(3000),
    });
    expect(await only()).toMatchObject({ updatedAt: after(2500), publishedId: "tag:1" });
    expect(await store().revision()).toBeGreaterThan(revision);
  });

  test("an entry without a date keeps the one of its first sighting when it is edited", async () => {
    await addAll("a");
    await poll(store(), "a", [buildSighting("1", dates)]);
    const later = { publishedAt: after(900), orderedAt: after(900) };
    await poll(store(), "a", [buildSighting("1", { title: "Edited", ...later })], { at: after(1000) });
    expect((await only()).sightings[0]).toMatchObject({
      publishedAt: dates.publishedAt,
      orderedAt: dates.orderedAt,
    });
  });

  test("duplicates are counted for whoever came later, through merges too", async () => {
    await addAll("a", "b", "c");
    const counts = async () =>
      Object.fromEntries((await store().listSources()).map((s) => [s.id, [s.entryCount, s.duplicateCount]]));
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"] }), buildSighting("1b", { urls: ["x/1"] })]);
    await poll(store(), "b", [buildSighting("2", { urls: ["x/2"] })], { at: after(1) });
    expect(await counts()).toEqual({ a: [2, 1], b: [1, 0], c: [0, 0] });
    await poll(store(), "c", [buildSighting("3", { urls: ["x/2", "x/1"] })], { at: after(2) });
    expect(await counts()).toEqual({ a: [2, 1], b: [1, 1], c: [1, 1] });
  });

  test("stories come newest first and page without gap or repeat, equal times included", async () => {
    await addAll("a");
    const sightings = Array.from({ length: 25 }, (_, n) =>
      buildSighting(`${n}`, { orderedAt: after(-Math.floor(n / 5) * 1000) }),
    );
    await poll(store(), "a", sightings);
    const all = await list();
    expect(all).toHaveLength(25);
    const paged: Story[] = [];
    for (;;) {
      const last = paged.at(-1);
      const page = await list({ limit: 4, ...(last === undefined ? {} : { before: last }) });
      if (page.length === 0) break;
      paged.push(...page);
    }
    expect(paged).toEqual(all);
    const places = all.map((story) => [story.orderedAt.getTime(), story.number]);
    expect(places).toEqual(places.toSorted(([a = 0, m = 0], [b = 0, n = 0]) => b - a || n - m));
  });

  test("stories are chosen by the tags of any source that carried them, by source, and by both", async () => {
    await addSources(
      store(),
      buildDefinition("a", { tags: ["world"] }),
      buildDefinition("b", { tags: ["sport", "it"] }),
      buildDefinition("c"),
    );
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"] }), buildSighting("2", { urls: ["x/2"] })]);
    await poll(store(), "b", [buildSighting("3", { urls: ["x/2"] }), buildSighting("4", { urls: ["x/4"] })]);
    await poll(store(), "c", [buildSighting("5", { urls: ["x/5"] })]);
    const ids = async (query: Partial<StoryQuery>) =>
      (await list(query)).map((story) => story.publishedId).sort();
    expect(await ids({ tags: ["world"] })).toEqual(["tag:1", "tag:2"]);
    expect(await ids({ tags: ["sport", "world"] })).toEqual(["tag:1", "tag:2", "tag:4"]);
    expect(await ids({ tags: ["nothing"] })).toEqual([]);
    expect(await ids({ tags: [] })).toHaveLength(4);
    expect(await ids({ sourceId: "b" })).toEqual(["tag:2", "tag:4"]);
    expect(await ids({ sourceId: "b", tags: ["world"], limit: 1 })).toEqual(["tag:2"]);
    expect(await ids({ sourceId: "nobody" })).toEqual([]);
  });

  test("a tag of very many sources is read as well as a tag of few", async () => {
    const names = Array.from({ length: 120 }, (_, n) => `s${n}`);
    await addSources(
      store(),
      ...names.map((id, n) => buildDefinition(id, { tags: n % 4 === 0 ? ["few"] : ["many"] })),
    );
    for (const [n, id] of names.entries()) {
      await poll(store(), id, [
        buildSighting(id, { orderedAt: after(-n) }),
        buildSighting(`${id}-old`, { orderedAt: after(-1000 - n) }),
      ]);
    }
    for (const tag of ["few", "many"]) {
      const expected = (await list({ limit: 999 })).filter(
        (story) => story.sightings[0]?.sourceTags[0] === tag,
      );
      const first = await list({ tags: [tag], limit: 20 });
      const before = first.at(-1);
      if (before === undefined) throw new Error("an empty page");
      expect([...first, ...(await list({ tags: [tag], limit: 20, before }))]).toEqual(expected.slice(0, 40));
      expect(await list({ tags: [tag], limit: 999 })).toEqual(expected);
    }
  });

  test("a story is found by any of its keys and ids, with the evidence; the first known key decides", async () => {
    await addAll("a", "b");
    await poll(store(), "a", [buildSighting("1", { urls: ["x/1"] })]);
    await poll(store(), "b", [buildSighting("2", { urls: ["x/2"] })], { at: after(7) });
    expect(await store().findStory([])).toBeNull();
    expect(await store().findStory(["url:unknown", "tag:unknown"])).toBeNull();
    const detail = await store().findStory(["url:unknown", "tag:2", "url:x/1"]);
    expect(detail?.story.publishedId).toBe("tag:2");
    expect(detail?.aliases).toEqual([{ ...urlAlias("x/2"), sourceId: "b", createdAt: after(7) }]);
    expect(detail?.overrides).toEqual([]);
  });
}
