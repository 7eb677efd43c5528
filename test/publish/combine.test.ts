import { describe, expect, it } from "vitest";
import { type CombineOptions, combine } from "../../src/publish/combine.ts";
import { buildFeedInfo, buildOutput, buildSighting, buildStory } from "../support/story-builder.ts";

const options: CombineOptions = {
  output: buildOutput(),
  title: "Mainstem",
  url: "https://river.example/",
  isDefault: true,
};

const original = buildSighting({
  sourceId: "afp",
  sourceName: "AFP",
  sourceTags: ["world"],
  originalUrl: "https://afp.example/story",
  entry: { url: "https://afp.example/story?utm_source=rss" },
});
const copy = buildSighting({
  sourceId: "times",
  sourceName: "The Times",
  sourceTags: ["uk", "daily"],
  originalUrl: "https://afp.example/story",
  entry: { url: "https://times.example/afp-story", title: "A bridge reopens (AFP)" },
  feed: buildFeedInfo({ title: "The Times", url: "https://times.example/rss" }),
  firstSeenAt: new Date("2026-06-17T12:00:00Z"),
});
const wrapper = buildSighting({
  sourceId: "digest",
  sourceName: "Digest",
  sourceTags: ["daily"],
  originalUrl: "https://afp.example/story",
  entry: { url: "http://www.afp.example/story/" },
});
const story = buildStory({ sightings: [original, copy, wrapper], publishedId: "https://afp.example/story" });

describe("which copy is shown", () => {
  it("is the best one", () => {
    const [entry] = combine([story], options).entries;
    expect(entry?.title).toBe("A bridge reopens");
    expect(entry?.source.title).toBe("Example News");
  });

  it("is the best one among the output's tags, and the id stays", () => {
    const [entry] = combine([story], { ...options, output: buildOutput({ tags: ["daily"] }) }).entries;
    expect(entry?.title).toBe("A bridge reopens (AFP)");
    expect(entry?.source).toMatchObject({ title: "The Times", selfUrl: "https://times.example/rss" });
    expect(entry?.id).toBe("https://afp.example/story");
    expect(entry?.carriers.map((carrier) => carrier.name)).toEqual(["The Times", "AFP", "Digest"]);
  });

  it("leaves a story out that no source of the output's tags carried", () => {
    expect(combine([story], { ...options, output: buildOutput({ tags: ["sport"] }) }).entries).toEqual([]);
  });

  it("leaves a story out that the output's lists refuse", () => {
    const seen: string[] = [];
    const matches = (text: string): boolean => {
      seen.push(text);
      return !text.includes("bridge");
    };
    expect(combine([story], { ...options, matches }).entries).toEqual([]);
    expect(seen).toEqual(["A bridge reopens\nThe bridge over the river reopened today.\n\nAda Reporter"]);
  });
});

describe("links", () => {
  it("points at the original and names every other page that carried it, each once", () => {
    const [entry] = combine([story], options).entries;
    expect(entry?.alternateUrl).toBe("https://afp.example/story");
    expect(entry?.viaUrls).toEqual(["https://times.example/afp-story"]);
  });

  it("keeps pages apart that differ in a query that counts", () => {
    const a = buildSighting({
      originalUrl: "https://x.example/item?id=1",
      entry: { url: "https://x.example/item?id=1" },
    });
    const b = buildSighting({ sourceId: "s2", entry: { url: "https://x.example/item?id=2" } });
    const [entry] = combine([buildStory({ sightings: [a, b] })], options).entries;
    expect(entry?.viaUrls).toEqual(["https://x.example/item?id=2"]);
  });

  it("lists a source once however many copies it carried", () => {
    const twice = buildStory({ sightings: [original, { ...original, guidKey: "guid:other" }, copy] });
    expect(combine([twice], options).entries[0]?.carriers.map((c) => c.sourceId)).toEqual(["afp", "times"]);
  });
});

describe("times", () => {
  it("the feed changed when a carrier joined, but was not updated", () => {
    const feed = combine([story], options);
    expect(feed.updated).toEqual(new Date("2026-06-17T08:00:00Z"));
    expect(feed.changed).toEqual(new Date("2026-06-17T12:00:00Z"));
  });

  it("an edit never lies before the publication", () => {
    const odd = buildStory({ updatedAt: new Date("2020-01-01T00:00:00Z") });
    const [entry] = combine([odd], options).entries;
    expect(entry?.updated).toEqual(entry?.published);
  });

  it("what a clock that stood at 1970 dated is published, as old as anything may be", () => {
    const at = new Date("1970-01-02T00:00:00Z");
    const times = { publishedAt: at, updatedAt: at, orderedAt: at, firstSeenAt: at };
    const sighting = { ...original, ...times, feed: null };
    const [entry] = combine([buildStory({ ...times, sightings: [sighting] })], options).entries;
    const earliest = new Date("1990-01-01T00:00:00Z");
    expect([entry?.published, entry?.updated, entry?.source.updated]).toEqual([earliest, earliest, earliest]);
  });

  it("an empty feed has the date it is given", () => {
    const emptyUpdated = new Date("2026-06-01T00:00:00Z");
    expect(combine([], { ...options, emptyUpdated }).updated).toEqual(emptyUpdated);
  });
});

describe("one bad story", () => {
  it("never costs the others", () => {
    const bad = new Date(Number.NaN);
    const undated = buildStory({ number: 7, publishedAt: bad, orderedAt: bad, firstSeenAt: bad });
    const mistyped = buildStory({
      number: 8,
      sightings: [{ ...original, entry: { ...original.entry, authors: null as never } }],
    });
    const feed = combine([undated, mistyped, story], options);
    expect(feed.entries.map((entry) => entry.id)).toEqual(["https://afp.example/story"]);
    expect(feed.skipped.map((skipped) => skipped.storyNumber)).toEqual([7, 8]);
    expect(feed.skipped[0]?.reason).toBe("it has no valid date");
  });

  it("two ids that become one by cleaning stay two", () => {
    const a = buildStory({ number: 1, publishedId: "https://x.example/a b" });
    const b = buildStory({ number: 2, publishedId: "https://x.example/a%20b" });
    const ids = combine([a, b], options).entries.map((entry) => entry.id);
    expect(new Set(ids).size).toBe(2);
  });
});

describe("what is missing", () => {
  it.each([
    [{ title: "", contentHtml: "<p>A note without a title</p>" }, "A note without a title"],
    [{ title: "", contentHtml: null, url: "https://x.example/path" }, "x.example/path"],
    [{ title: " \u0000 ", contentHtml: null, url: null }, "Untitled"],
  ])("a title comes from what is there: %j", (entry, expected) => {
    const sighting = buildSighting({ entry, originalUrl: null });
    expect(
      combine([buildStory({ sightings: [sighting], publishedId: "urn:example:y" })], options).entries[0]
        ?.title,
    ).toBe(expected);
  });

  it("a local source is named by the page that lists its stories", () => {
    const local = buildSighting({ sourceId: "f 1", feed: null, sourceUrl: null, sourceName: "Drop folder" });
    const [entry] = combine([buildStory({ sightings: [local] })], options).entries;
    expect(entry?.source).toMatchObject({
      title: "Drop folder",
      id: "https://river.example/?source=f%201",
      selfUrl: null,
    });
  });

  it("an enclosure's type is read from its name", () => {
    const sighting = buildSighting({
      entry: {
        enclosures: [
          { url: "https://x.example/a.mp3", type: "nonsense", length: -1 },
          { url: "javascript:x", type: null, length: 1 },
        ],
      },
    });
    const [entry] = combine([buildStory({ sightings: [sighting] })], options).entries;
    expect(entry?.enclosures).toEqual([
      { url: "https://x.example/a.mp3", type: "audio/mpeg", length: null, title: null, durationMs: null },
    ]);
  });
});

it("a secret in a source's address is not published", () => {
  const secret = buildSighting({
    sourceUrl: "https://x.example/feed?token=S3CRET-CANARY",
    feed: buildFeedInfo({ url: "https://u:S3CRET-CANARY@x.example/feed?api_key=S3CRET-CANARY", id: null }),
  });
  expect(JSON.stringify(combine([buildStory({ sightings: [secret] })], options))).not.toContain(
    '"selfUrl":"https://x',
  );
  expect(JSON.stringify(combine([buildStory({ sightings: [secret] })], options).entries)).not.toContain(
    "S3CRET-CANARY",
  );
});

it("the limit holds", () => {
  const stories = Array.from({ length: 20 }, (_, n) =>
    buildStory({ number: n, publishedId: `urn:example:story-${n}` }),
  );
  expect(combine(stories, { ...options, output: buildOutput({ limit: 5 }) }).entries).toHaveLength(5);
});
