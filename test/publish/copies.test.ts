/** How an output shows stories that print one report. */
import { describe, expect, it } from "vitest";
import type { CopyGroup, Entry, Sighting, Story } from "../../src/model.ts";
import { combine, type PublishedEntry } from "../../src/publish/combine.ts";
import { readRiver } from "../../src/serve/river.ts";
import { MemoryRiver } from "../support/memory-river.ts";
import { renderText } from "../support/render-text.ts";
import { buildOutput, buildSighting, buildStory } from "../support/story-builder.ts";

const HOUR_MS = 3_600_000;
const T0 = new Date("2026-06-17T08:00:00Z");
const found = new Date("2026-06-17T12:00:00Z");

interface Paper extends Partial<Omit<Sighting, "entry">> {
  readonly entry?: Partial<Entry>;
}

function print(number: number, host: string, { entry, ...sighting }: Paper = {}): Story {
  const url = `https://${host}/report`;
  const at = new Date(T0.getTime() + number * HOUR_MS);
  return buildStory({
    number,
    publishedId: `urn:story:${number}`,
    sightings: [
      buildSighting({
        sourceId: host,
        sourceName: `The ${host}`,
        publishedAt: at,
        updatedAt: at,
        orderedAt: at,
        firstSeenAt: at,
        ...sighting,
        originalUrl: sighting.originalUrl ?? url,
        entry: { url, title: "A dam holds", ...entry },
      }),
    ],
  });
}

function group(stories: readonly Story[], rule = "text"): CopyGroup {
  const evidence = { rule, share: 0.8, shared: 90, agency: "AFP", foundAt: found };
  return { members: stories.map((story, index) => ({ story, evidence: index === 0 ? null : evidence })) };
}

async function river(stories: readonly Story[], groups: readonly CopyGroup[], output = buildOutput()) {
  const store = new MemoryRiver(stories);
  store.groups = groups;
  const slice = await readRiver(
    store,
    { outputs: [output], title: "River", url: "https://river.example" },
    { output, tag: null, sourceId: null, before: null, limit: output.limit, emptyUpdated: T0 },
  );
  return slice.feed;
}

const one = (entries: readonly PublishedEntry[]): PublishedEntry => {
  const [entry, ...more] = entries;
  if (entry === undefined || more.length > 0) throw new Error(`${entries.length} entries instead of one`);
  return entry;
};

describe("copies of one report", () => {
  const papers = [print(1, "a.example"), print(2, "b.example"), print(3, "c.example")];

  it("are one entry, with the first one's id and dates, that links to each copy and who printed it", async () => {
    const feed = await river(papers, [group(papers)]);
    const entry = one(feed.entries);
    expect(entry).toMatchObject({
      id: "urn:story:1",
      alternateUrl: "https://a.example/report",
      viaUrls: [],
      published: new Date("2026-06-17T09:00:00Z"),
      copies: [
        { name: "The b.example", url: "https://b.example/report", title: "A dam holds" },
        { name: "The c.example", url: "https://c.example/report", title: "A dam holds" },
      ],
    });
    expect(feed.changed).toEqual(found);
    expect(renderText(feed, "atom")).toContain(
      '<link rel="related" href="https://b.example/report" title="The b.example"/>',
    );
    expect(renderText(feed, "rss")).toMatch(
      /<atom:link (?=[^>]*rel="related")(?=[^>]*href="https:\/\/c.example\/report")/,
    );
    expect(JSON.parse(renderText(feed, "json")).items[0]._mainstem.copies).toEqual([
      { name: "The b.example", url: "https://b.example/report", title: "A dam holds" },
      { name: "The c.example", url: "https://c.example/report", title: "A dam holds" },
    ]);
  });

  it("are one story carried by all of them with merge, and stories of their own with off", async () => {
    const merged = one((await river(papers, [group(papers)], buildOutput({ syndication: "merge" }))).entries);
    expect(merged).toMatchObject({
      id: "urn:story:1",
      viaUrls: ["https://b.example/report", "https://c.example/report"],
      copies: [],
    });
    expect(merged.carriers.map(({ name }) => name)).toEqual([
      "The a.example",
      "The b.example",
      "The c.example",
    ]);
    const apart = await river(papers, [group(papers)], buildOutput({ syndication: "off" }));
    expect(apart.entries.map(({ id }) => id)).toEqual(["urn:story:3", "urn:story:2", "urn:story:1"]);
    expect(apart.entries.flatMap(({ copies }) => copies)).toEqual([]);
  });

  it("found by their titles alone are linked, never merged", async () => {
    const titled = [group(papers, "title")];
    expect((await river(papers, titled)).entries).toHaveLength(1);
    expect((await river(papers, titled, buildOutput({ syndication: "merge" }))).entries).toHaveLength(3);
  });

  it.each<[string, readonly [Paper, Paper, Paper], string]>([
    ["the earliest, where nothing else tells", [{}, {}, {}], "a.example"],
    ["the fullest under the same headline", [{}, { completeness: 900 }, {}], "b.example"],
    [
      "not what a paper made longer under a headline of its own",
      [{}, { completeness: 900, entry: { title: "Our town watches a dam hold" } }, {}],
      "a.example",
    ],
    [
      "the publisher's own host before the fullest",
      [{ isOwnHost: false }, {}, { completeness: 9 }],
      "b.example",
    ],
    ["the operator's priority before that", [{}, {}, { sourcePriority: 5, isOwnHost: false }], "c.example"],
    [
      "the agency's own page before all",
      [{ sourcePriority: 5 }, { originalUrl: "https://www.reuters.com/world/dam" }, { completeness: 900 }],
      "b.example",
    ],
  ])("show %s", async (_, options, winner) => {
    const hosts = ["a.example", "b.example", "c.example"];
    const stories = options.map((paper, index) => print(index + 1, hosts[index] ?? "", paper));
    const entry = one((await river(stories, [group(stories)])).entries);
    expect(entry.source.sourceId).toBe(winner);
    expect(entry.id).toBe("urn:story:1");
    expect(entry.copies).toHaveLength(2);
    // Another text under the same id is a change that readers are told of.
    expect(entry.updated).toEqual(winner === "a.example" ? new Date("2026-06-17T09:00:00Z") : found);
  });

  it("count only as far as the output shows them", async () => {
    const tagged = papers.map((story, index) => ({
      ...story,
      sightings: story.sightings.map((s) => ({ ...s, sourceTags: index === 0 ? ["x"] : ["y"] })),
    }));
    const feed = await river(tagged, [group(tagged)], buildOutput({ tags: ["y"] }));
    const entry = one(feed.entries);
    expect(entry.id).toBe("urn:story:2");
    expect(entry.copies.map(({ name }) => name)).toEqual(["The c.example"]);
    const only = await river(tagged, [group(tagged)], buildOutput({ tags: ["x"] }));
    expect(one(only.entries)).toMatchObject({ id: "urn:story:1", copies: [] });
  });

  it("are one entry of a search, too, whichever of them it finds", async () => {
    const feed = await river(papers.slice(1), [group(papers)], buildOutput({ search: "dam" }));
    expect(one(feed.entries)).toMatchObject({ id: "urn:story:1", storyNumber: 1 });
  });

  it("do not fill the pages of a river", async () => {
    const store = new MemoryRiver([...papers, print(4, "d.example")]);
    store.groups = [group(papers)];
    const output = buildOutput();
    const settings = { outputs: [output], title: "River", url: "https://river.example" };
    const query = { output, tag: null, sourceId: null, limit: 1, emptyUpdated: T0 };
    const first = await readRiver(store, settings, { ...query, before: null });
    const second = await readRiver(store, settings, { ...query, before: first.older });
    expect([first, second].map(({ feed }) => feed.entries.map(({ id }) => id))).toEqual([
      ["urn:story:4"],
      ["urn:story:1"],
    ]);
    expect(second.older).toBeNull();
  });
});

describe("an entry without an author", () => {
  const publish = (entry: Partial<Entry>) =>
    combine([buildStory({ sightings: [buildSighting({ entry })] })], {
      output: buildOutput(),
      title: "River",
      url: "https://river.example",
      isDefault: true,
    }).entries[0]?.authors.map(({ name }) => name);

  it("is by the agency that its dateline names", () => {
    expect(publish({ authors: [], contentHtml: "<p>PARIS (AFP) - A dam holds.</p>" })).toEqual(["AFP"]);
    expect(publish({ authors: [], contentHtml: "<p>A dam holds. Photo: AFP</p>" })).toEqual([]);
    const authors = [{ name: "Ada Reporter", email: null, url: null }];
    expect(publish({ authors, contentHtml: "<p>PARIS (AFP) - A dam holds.</p>" })).toEqual(["Ada Reporter"]);
  });
});
