/** The contract's part on full-text search: which words find a story, in what order, under which other filters. */
import { expect, test } from "vitest";
import type { StoryQuery } from "../../src/store/store.ts";
import { addSources, after, buildDefinition, buildSighting, poll, urlAlias } from "./builders.ts";
import { type StoreFactory, useStore } from "./contract.ts";

export function describeSearch(factory: StoreFactory): void {
  const { store } = useStore(factory);
  const find = async (search: string, query: Partial<StoryQuery> = {}) =>
    (await store().listStories({ limit: 100, search, ...query })).map(
      ({ sightings }) => sightings[0]?.entry.title,
    );
  const fill = async () => {
    await addSources(store(), buildDefinition("a", { tags: ["x"] }), buildDefinition("b"));
    await poll(store(), "a", [
      buildSighting("1", {
        orderedAt: after(-3000),
        entry: {
          title: "Rivers of Europe",
          contentHtml: '<p class="danube">The <b>Rhône</b> &amp; the Rhine</p>',
        },
      }),
      buildSighting("2", {
        orderedAt: after(-2000),
        entry: { title: "Lakes", summary: "The lakes of Europe and no river", contentHtml: null },
      }),
    ]);
    await poll(store(), "b", [
      buildSighting("3", {
        orderedAt: after(-1000),
        entry: {
          title: "River again",
          contentHtml: "<p>Rhine</p>",
          categories: [{ term: "hydro", scheme: null, label: null }],
        },
      }),
    ]);
  };

  test.each([
    ["europe", ["Lakes", "Rivers of Europe"]],
    ["EUROPE rhine", ["Rivers of Europe"]],
    ["rhone", ["Rivers of Europe"]],
    ["river", ["River again", "Lakes"]],
    ["river*", ["River again", "Lakes", "Rivers of Europe"]],
    ['"lakes of europe"', ["Lakes"]],
    ['"europe of lakes"', []],
    ["river* -lakes", ["River again", "Rivers of Europe"]],
    ["lakes OR again", ["River again", "Lakes"]],
    ["hydro", ["River again"]],
    ["danube", []],
    ["", []],
    ['"', []],
    ["-river", []],
    ["NEAR(", []],
    ["title:lakes AND", []],
    ["' OR 1=1 --", []],
  ])("a search for %s", async (search, titles) => {
    await fill();
    expect(await find(search)).toEqual(titles);
  });

  test("a search goes with the other filters and with paging", async () => {
    await fill();
    expect(await find("rhine", { sourceId: "b" })).toEqual(["River again"]);
    expect(await find("rhine", { tags: ["x"] })).toEqual(["Rivers of Europe"]);
    const [first] = await store().listStories({ limit: 1, search: "rhine" });
    if (first === undefined) throw new Error("nothing found");
    expect(await find("rhine", { before: first })).toEqual(["Rivers of Europe"]);
  });

  test("an edit changes what finds a story, and a story carried twice is found once", async () => {
    await addSources(store(), buildDefinition("a"), buildDefinition("b"));
    const urls = ["x.example/1"];
    await poll(store(), "a", [buildSighting("1", { urls, entry: { title: "Old words" } })]);
    await poll(store(), "b", [buildSighting("2", { urls, entry: { title: "New words" } })]);
    expect(await find("words")).toHaveLength(1);
    await poll(store(), "a", [
      buildSighting("1", { urls, contentHash: "edited", entry: { title: "Fresh" } }),
    ]);
    expect(await find("old")).toEqual([]);
    expect(await find("fresh")).toHaveLength(1);
    expect(await store().findStory([urlAlias("x.example/1").key])).not.toBeNull();
  });
}
