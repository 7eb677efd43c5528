import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldRepeats } from "../../src/identify/collapse.ts";
import {
  aliasesForLookup,
  type IdentityContext,
  identifyDocument,
  urlAliasKey,
} from "../../src/identify/identify.ts";
import type { Entry, IdentifiedEntry } from "../../src/model.ts";
import { buildContext, buildEntry } from "./entries.ts";

const title = "Three words at least";
const day = new Date("2026-03-01T12:00:00Z");

function identifyOne(said: Partial<Entry>, context: Partial<IdentityContext> = {}): IdentifiedEntry {
  const entry = identifyDocument([buildEntry(said)], buildContext(context)).entries[0];
  if (entry === undefined) throw new Error("no entry came back");
  return entry;
}

function keysOf(entry: IdentifiedEntry): readonly string[] {
  return entry.aliases.map((alias) => alias.key);
}

/** The store joins two entries that share a key. */
function isJoined(a: IdentifiedEntry, b: IdentifiedEntry): boolean {
  const keys = new Set(keysOf(a));
  return keysOf(b).some((key) => keys.has(key));
}

describe("one entry", () => {
  it("is named by its link and its guid", () => {
    const entry = identifyOne({ guid: "42", url: "https://www.news.example/a/story-of-it?utm_source=rss" });
    expect(entry.originalUrl).toBe("https://www.news.example/a/story-of-it");
    expect(entry.aliases).toEqual([
      {
        key: "url:news.example/a/story-of-it",
        kind: "url",
        rule: "link",
        evidence: "https://www.news.example/a/story-of-it?utm_source=rss",
      },
      { key: "guid:s1:42", kind: "guid", rule: "guid", evidence: "42" },
    ]);
    expect(entry.guidKey).toBe("42");
    expect(entry.isOwnHost).toBe(true);
    expect(entry.publishedIds[0]).toBe("https://www.news.example/a/story-of-it");
  });

  it.each([
    ["tag:news.example,2026:1", "tag:news.example,2026:1"],
    ["urn:uuid:f47ac10b-58cc-4372-a567-0e02b2c3d479", "urn:uuid:f47ac10b-58cc-4372-a567-0e02b2c3d479"],
    ["https://www.news.example/?p=1", "https://www.news.example/?p=1"],
    ["javascript:alert(1)", "https://www.news.example/x"],
    ["data:text/html,hi", "https://www.news.example/x"],
    ["https://www.news.example/", "https://www.news.example/x"],
    ["two words: here", "https://www.news.example/x"],
    ["1234", "https://www.news.example/x"],
  ])("with guid %s is published as %s", (guid, id) => {
    expect(identifyOne({ guid, url: "https://www.news.example/x" }).publishedIds[0]).toBe(id);
  });

  it("without link and guid is named by what it says, and keeps that name", () => {
    const entry = identifyOne({ title });
    expect(entry.aliases).toHaveLength(1);
    expect(entry.aliases[0]?.kind).toBe("content");
    expect(entry.publishedIds[0]).toMatch(/^urn:sha256:[0-9a-f]{64}$/);
    expect(identifyOne({ title, contentHtml: "edited" })).toMatchObject({
      guidKey: entry.guidKey,
      aliases: entry.aliases,
    });
    expect(isJoined(entry, identifyOne({ title: "Another title of three" }))).toBe(false);
  });

  it("takes no front page for a story", () => {
    const first = identifyOne({ guid: "1", title, url: "https://www.news.example/", published: day });
    const second = identifyOne(
      { guid: "2", title: "Quite another story here", url: "https://www.news.example/" },
      { sourceId: "s2" },
    );
    expect(isJoined(first, second)).toBe(false);
    expect(first.publishedIds).not.toContain("https://www.news.example/");
  });

  it("bounds what a hostile feed may store", () => {
    const entry = identifyOne({
      guid: "g".repeat(100_000),
      url: `https://news.example/${"x".repeat(100_000)}`,
      title: "t ".repeat(100_000),
    });
    for (const alias of entry.aliases) {
      expect(alias.key.length).toBeLessThan(2_200);
      expect(alias.evidence.length).toBeLessThanOrEqual(500);
    }
    expect(entry.guidKey.length).toBeLessThan(300);
  });

  it("that links to nothing on the web is named by its guid", () => {
    const entry = identifyOne({ guid: "id-1", url: "mailto:a@news.example", title });
    expect(entry.originalUrl).toBeNull();
    expect(keysOf(entry)).toContain("guid:s1:id-1");
    expect(entry.isOwnHost).toBe(false);
  });
});

describe("what the feed states", () => {
  const proxied = "https://feedproxy.google.com/~r/news/~3/AbC/";
  const original = { rule: "feedburner:origLink", url: "https://www.news.example/2026/story-of-it" } as const;

  it("is the original of a link that only leads on", () => {
    const { entries, unresolved } = identifyDocument(
      [buildEntry({ url: proxied, statedOriginals: [original] })],
      buildContext(),
    );
    expect(entries[0]?.originalUrl).toBe(original.url);
    expect(entries[0]?.aliases).toContainEqual({
      key: "url:news.example/2026/story-of-it",
      kind: "stated",
      rule: "feedburner:origLink",
      evidence: original.url,
    });
    expect(unresolved).toEqual([]);
  });

  it("bridges no two stories of different owners by itself", () => {
    const stranger = identifyOne(
      {
        guid: "x1",
        url: "https://stranger.example/own-story",
        title: "A title of the stranger",
        statedOriginals: [{ rule: "rel=canonical", url: original.url }],
      },
      { sourceId: "s2" },
    );
    const publisher = identifyOne({ guid: "1", url: original.url, title, published: day });
    const reader = identifyOne(
      { guid: "9", url: "https://stranger.example/own-story", title: "A title of the stranger" },
      { sourceId: "s3" },
    );
    expect(isJoined(stranger, publisher)).toBe(false);
    expect(isJoined(stranger, reader)).toBe(true);
    expect(stranger.originalUrl).toBe("https://stranger.example/own-story");
  });

  it("joins a reprint when title and day agree", () => {
    const reprint = identifyOne(
      {
        url: "https://other.example/reprint-of-it",
        title: "Three words, at LEAST!",
        published: new Date(day.getTime() + 20 * 3_600_000),
        statedOriginals: [{ rule: "rel=canonical", url: original.url }],
      },
      { sourceId: "s2" },
    );
    expect(isJoined(reprint, identifyOne({ url: original.url, title, published: day }))).toBe(true);
    const late = identifyOne({
      url: original.url,
      title,
      published: new Date(day.getTime() + 9 * 86_400_000),
    });
    expect(isJoined(reprint, late)).toBe(false);
  });

  it("counts within one owner", () => {
    const entry = identifyOne({
      url: "https://www.news.example/2026/story-of-it",
      statedOriginals: [{ rule: "permalink-guid", url: "https://news.example/?p=77" }],
    });
    expect(keysOf(entry)).toContain("url:news.example?p=77");
  });
});

describe("a guid in another source", () => {
  const guid = "https://www.news.example/?p=123456";
  const url = "https://www.news.example/2026/story-of-it";

  it("counts where the host agrees", () => {
    const own = identifyOne({ guid, url, title });
    const planet = identifyOne(
      { guid, url: "https://m.news.example/short", title: "Other" },
      { sourceId: "s2" },
    );
    expect(isJoined(own, planet)).toBe(true);
  });

  it("counts where the title agrees", () => {
    const own = identifyOne({ guid, url, title });
    const copy = identifyOne({ guid, url: "https://copy.example/1", title }, { sourceId: "s2" });
    expect(isJoined(own, copy)).toBe(true);
  });

  it("takes no story over by being repeated", () => {
    const own = identifyOne({ guid, url, title });
    const thief = identifyOne(
      { guid, url: "https://thief.example/1", title: "Buy three pills now" },
      { sourceId: "s2" },
    );
    expect(isJoined(own, thief)).toBe(false);
  });

  it.each(["1", "12345678901234", "article-123456789012345", "post1234567890123456", "latest"])(
    "is nothing when it is %s",
    (common) => {
      const one = identifyOne({ guid: common, url: "https://www.news.example/a", title });
      const other = identifyOne(
        { guid: common, url: "https://www.news.example/b", title: "Another title of three" },
        { sourceId: "s2" },
      );
      expect(isJoined(one, other)).toBe(false);
    },
  );
});

describe("entries that a document repeats", () => {
  it("count once, and those of other words each", () => {
    const entries = ["A", "B", "A", "B", "C"].map((text) =>
      buildEntry({ guid: "1", title, contentHtml: text }),
    );
    const summaries = [buildEntry({ guid: "1", title, summary: "A" }), buildEntry({ guid: "2", title })];
    expect(foldRepeats([...entries, ...summaries])).toEqual([
      entries[0],
      entries[1],
      entries[4],
      ...summaries,
    ]);
  });
});

describe("the collapse guard", () => {
  const home = "https://www.news.example/all-of-it";

  it("drops a URL that several different entries have", () => {
    const { entries, collapsedKeys, warnings } = identifyDocument(
      [1, 2, 3].map((number) =>
        buildEntry({ guid: `g${number}`, url: home, title: `Story number ${number} of them` }),
      ),
      buildContext(),
    );
    expect(collapsedKeys).toEqual(["url:news.example/all-of-it"]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.code).toBe("identity/collapsed");
    for (const entry of entries) {
      expect(keysOf(entry).filter((key) => key.startsWith("url:"))).toEqual([]);
      expect(entry.publishedIds).not.toContain(home);
    }
    expect(new Set(entries.map((entry) => entry.guidKey)).size).toBe(3);
  });

  it("remembers for the source", () => {
    const collapsedKeys = new Set(["url:news.example/all-of-it"]);
    const { entries, collapsedKeys: found } = identifyDocument(
      [buildEntry({ guid: "g9", url: home, title })],
      buildContext({ collapsedKeys }),
    );
    expect(found).toEqual([]);
    expect(entries[0]?.aliases.map((alias) => alias.key)).toEqual(["guid:s1:g9"]);
  });

  it("drops a guid that several different entries have", () => {
    const { entries, collapsedKeys } = identifyDocument(
      [1, 2].map((number) =>
        buildEntry({
          guid: "same",
          url: `https://www.news.example/${number}`,
          title: `Story number ${number} of them`,
        }),
      ),
      buildContext(),
    );
    expect(collapsedKeys).toEqual(["guid:s1:same"]);
    expect(entries.map((entry) => entry.aliases[0]?.key)).toEqual([
      "url:news.example/1",
      "url:news.example/2",
    ]);
    expect(entries[0]?.guidKey).not.toBe(entries[1]?.guidKey);
  });

  it("leaves an edit and a second guid of one story alone", () => {
    const edit = [
      buildEntry({ guid: "a", url: home, title }),
      buildEntry({ guid: "a", url: home, title: "The title was edited" }),
    ];
    expect(identifyDocument(edit, buildContext()).collapsedKeys).toEqual([]);
    const twice = [buildEntry({ guid: "a", url: home, title }), buildEntry({ guid: "b", url: home, title })];
    expect(identifyDocument(twice, buildContext()).collapsedKeys).toEqual([]);
  });

  it("does not let a shared front page or soft keys join what it parted", () => {
    const { entries } = identifyDocument(
      [1, 2].map((number) =>
        buildEntry({
          guid: `g${number}`,
          url: home,
          title: `Story number ${number} of them`,
          published: day,
        }),
      ),
      buildContext(),
    );
    const [first, second] = entries;
    if (first === undefined || second === undefined) throw new Error("two entries were given");
    expect(isJoined(first, second)).toBe(false);
  });

  it("names even what has nothing of its own", () => {
    const { entries } = identifyDocument(
      [1, 2].map((number) => buildEntry({ url: home, title: `Story number ${number} of them` })),
      buildContext(),
    );
    expect(entries.map((entry) => entry.aliases[0]?.kind)).toEqual(["content", "content"]);
    expect(new Set(entries.map((entry) => entry.guidKey)).size).toBe(2);
  });

  it("folds exact repetitions", () => {
    const entry = buildEntry({ guid: "a", url: home, title });
    expect(
      identifyDocument([entry, { ...entry }, buildEntry({ guid: "b", url: home, title })], buildContext())
        .entries,
    ).toHaveLength(2);
  });
});

describe("the mode of a source", () => {
  const said = {
    guid: "https://www.news.example/?p=123456",
    url: "https://www.news.example/2026/story-of-it",
    title,
    published: day,
  };

  it("guid: only guids name", () => {
    expect(keysOf(identifyOne(said, { mode: "guid" }))).toEqual([`guid:s1:${said.guid}`]);
  });

  it("url: only URLs name", () => {
    const kinds = identifyOne(said, { mode: "url" }).aliases.map((alias) => alias.key.split(":")[0]);
    expect(kinds).not.toContain("guid");
    expect(identifyOne(said, { mode: "url" }).aliases.some((alias) => alias.key.includes("soft:guid"))).toBe(
      false,
    );
  });
});

describe("what is learnt", () => {
  const links = (parameter: string) =>
    [1, 2, 3, 4, 5].map((number) =>
      buildEntry({
        guid: `g${number}`,
        url: `https://www.news.example/story-${number}?${parameter}`,
        title: `Story number ${number} of them`,
        published: day,
      }),
    );

  it("from a feed's every link is soft", () => {
    const decorated = identifyDocument(links("chnl=77"), buildContext()).entries[0];
    const plain = identifyOne(
      { url: "https://www.news.example/story-1", title: "Story number 1 of them", published: day },
      { sourceId: "s2" },
    );
    const untitled = identifyOne(
      { url: "https://www.news.example/story-1", title: "Something else entirely", published: day },
      { sourceId: "s2" },
    );
    if (decorated === undefined) throw new Error("entries were given");
    expect(isJoined(decorated, plain)).toBe(true);
    expect(isJoined(decorated, untitled)).toBe(false);
    expect(keysOf(decorated)).toContain("url:news.example/story-1?chnl=77");
  });

  it("needs five entries that agree", () => {
    const few = identifyDocument(links("chnl=77").slice(0, 4), buildContext()).entries[0];
    expect(few?.aliases.some((alias) => alias.rule.startsWith("learnt"))).toBe(false);
  });

  it("from the network renames an opaque link", () => {
    const url = "https://t.co/AbC123";
    const before = identifyDocument([buildEntry({ guid: "1", url })], buildContext());
    expect(before.unresolved).toEqual([url]);
    expect(before.entries[0]?.aliases[0]?.key).toBe("url:t.co/AbC123");
    const after = identifyDocument(
      [buildEntry({ guid: "1", url })],
      buildContext({
        resolved: (asked) => (asked === url ? "https://www.news.example/a/story-of-it?utm_source=t" : null),
      }),
    );
    expect(after.unresolved).toEqual([]);
    expect(after.entries[0]?.originalUrl).toBe("https://www.news.example/a/story-of-it");
    expect(after.entries[0]?.isOwnHost).toBe(true);
  });

  it("of a mobile host whose path says little is soft", () => {
    const mobile = identifyOne({ url: "https://m.news.example/post", title, published: day });
    const main = identifyOne({ url: "https://news.example/post", title, published: day }, { sourceId: "s2" });
    const other = identifyOne(
      { url: "https://news.example/post", title: "Another title of three", published: day },
      { sourceId: "s2" },
    );
    expect(isJoined(mobile, main)).toBe(true);
    expect(isJoined(mobile, other)).toBe(false);
  });
});

describe("looking up", () => {
  it("finds a story by any form of its URL, or by its id", () => {
    expect(urlAliasKey("http://www.news.example/x/?utm_source=a")).toBe("url:news.example/x");
    expect(urlAliasKey("urn:uuid:1")).toBeNull();
    expect(aliasesForLookup("urn:uuid:1")).toEqual(["urn:uuid:1"]);
    expect(aliasesForLookup(" https://www.news.example/x?utm_source=a ")).toEqual([
      "url:news.example/x",
      "https://www.news.example/x?utm_source=a",
      "https://www.news.example/x",
    ]);
  });
});

describe("any document", () => {
  const maybe = (values: readonly string[]) => fc.option(fc.constantFrom(...values), { nil: null });
  const entry = fc
    .record({
      guid: maybe(["1", "2", "tag:a,2026:1", "https://www.news.example/?p=1", "javascript:x", "", " "]),
      url: maybe([
        "https://www.news.example/",
        "https://www.news.example/a",
        "https://b.example/b",
        "https://t.co/x",
        "not a url",
        "mailto:x@y.example",
      ]),
      title: fc.constantFrom("", "One", "A title of five words", "Another title of five words"),
      published: fc.constantFrom(null, day, new Date(Number.NaN)),
    })
    .map(buildEntry);

  it("gives every entry a name, an id and a key of its own kind", () => {
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 8 }),
        fc.constantFrom("auto" as const, "url" as const, "guid" as const),
        (entries, mode) => {
          const identified = identifyDocument(entries, buildContext({ mode }));
          for (const { aliases, publishedIds, guidKey } of identified.entries) {
            expect(aliases.length).toBeGreaterThan(0);
            expect(publishedIds.length).toBeGreaterThan(0);
            expect(guidKey).not.toBe("");
            expect(new Set(aliases.map((alias) => alias.key)).size).toBe(aliases.length);
            for (const key of identified.collapsedKeys)
              expect(aliases.map((alias) => alias.key)).not.toContain(key);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
