import { Feed } from "feed";
import { Parser } from "htmlparser2";
import { describe, expect, it } from "vitest";
import type { Enclosure, Entry, FeedInfo, Story } from "../../src/model.ts";
import { combine, type PublishedFeed } from "../../src/publish/combine.ts";
import { readText } from "../../src/publish/html-text.ts";
import { renderArchivePage } from "../../src/publish/render.ts";
import { checkAtom, checkRss } from "../support/feed-checks.ts";
import {
  FORGED_TITLE,
  HOSTILE_HTML,
  HOSTILE_TEXTS,
  HOSTILE_URLS,
  unsafeMarkupIn,
} from "../support/hostile.ts";
import { renderText } from "../support/render-text.ts";
import {
  assertValidAtom,
  createJsonFeedValidator,
  hasAtomSchema,
  hasJsonFeedSchema,
} from "../support/schemas.ts";
import { shownText } from "../support/shown-text.ts";
import { isSkippedWithout } from "../support/skip.ts";
import { buildFeedInfo, buildOutput, buildSighting, buildStory } from "../support/story-builder.ts";
import { childrenOf, parseStrictXml, textOf, type XmlNode } from "../support/strict-xml.ts";

interface JsonItem {
  readonly id: string;
  readonly title: string;
  readonly url?: string;
  readonly content_html?: string;
  readonly [key: string]: unknown;
}

function feedOf(
  stories: readonly Story[],
  overrides: { title?: string; isDefault?: boolean } = {},
): PublishedFeed {
  return combine(stories, {
    output: buildOutput({ title: overrides.title ?? "All stories" }),
    title: "Mainstem",
    url: "https://river.example",
    isDefault: overrides.isDefault ?? true,
    hubUrl: "https://river.example/websub",
  });
}

function storyOf(entry: Partial<Entry>, number = 1): Story {
  const sighting = buildSighting({ entry, originalUrl: entry.url ?? "https://news.example/stories/1" });
  return buildStory({ number, publishedId: `urn:example:story-${number}`, sightings: [sighting] });
}

function file(url: string): Enclosure {
  return { url, type: "audio/mpeg", length: null };
}

const rich = storyOf({
  title: "Café & <b>bold</b> ]]> 1 < 2",
  authors: [
    { name: "Ada Reporter", email: "ada@news.example", url: "https://news.example/ada" },
    { name: "AFP", email: null, url: null },
  ],
  contributors: [{ name: "Ben Editor", email: null, url: null }],
  summary: "<p>Short &amp; sweet</p>",
  categories: [
    { term: "world", scheme: "https://news.example/topics", label: "World & beyond" },
    { term: "true", scheme: null, label: null },
  ],
  enclosures: [
    { url: "https://news.example/a.mp3", type: "audio/mpeg", length: 1234, durationMs: 3_725_000 },
    { url: "https://news.example/b.png", type: "image/png", length: null, title: 'The "map"' },
  ],
  commentsUrl: "https://news.example/stories/1#comments",
  language: "en-GB",
  rights: "© 2026 Example <News>",
  imageUrl: "https://news.example/thumb.jpg?a=1&b=2",
});
const carried: Story = {
  ...rich,
  updatedAt: new Date("2026-06-17T10:00:00Z"),
  sightings: [
    {
      ...(rich.sightings[0] ?? buildSighting()),
      feed: buildFeedInfo({
        id: "tag:news.example,2026:feed",
        rights: "All rights",
        iconUrl: "https://news.example/i.png",
      }),
    },
    buildSighting({
      sourceId: "s2",
      sourceName: "Copy Desk",
      entry: { url: "https://copy.example/1?a=1&b=2" },
    }),
  ],
};

const episode = storyOf(
  {
    authors: [{ name: "Ada", email: null, url: null }],
    enclosures: [{ url: "https://news.example/a.mp3", type: "audio/mpeg", length: 1234, durationMs: 61_000 }],
    imageUrl: "https://news.example/cover.jpg",
    contentHtml: null,
    summary: null,
    episode: { season: 3, number: 14, type: "bonus", isExplicit: true },
  },
  2,
);

describe("Atom", () => {
  const atom = parseStrictXml(renderText(feedOf([carried]), "atom"));
  const [entry] = childrenOf(atom, "entry");
  const link = (rel: string): (string | undefined)[] =>
    childrenOf(entry, "link")
      .filter((l) => l.attributes.get("rel") === rel)
      .map((l) => l.attributes.get("href"));

  it("names itself for good", () => {
    expect(textOf(atom, "id")).toBe("https://river.example/all/atom.xml");
    expect(textOf(atom, "updated")).toBe("2026-06-17T10:00:00.000Z");
    const links = childrenOf(atom, "link").map((l) => [l.attributes.get("rel"), l.attributes.get("href")]);
    expect(links).toEqual([
      ["self", "https://river.example/atom.xml"],
      ["alternate", "https://river.example/"],
      ["hub", "https://river.example/websub"],
    ]);
  });

  it("keeps the id when another output becomes the first", () => {
    const other = parseStrictXml(renderText(feedOf([carried], { isDefault: false }), "atom"));
    expect(textOf(other, "id")).toBe(textOf(atom, "id"));
    expect(childrenOf(other, "link")[0]?.attributes.get("href")).toBe("https://river.example/all/atom.xml");
  });

  it("carries every field, text escaped once", () => {
    expect(shownText(entry, "title")).toBe("Café & <b>bold</b> ]]> 1 < 2");
    expect(textOf(entry, "published")).toBe("2026-06-17T08:00:00.000Z");
    expect(childrenOf(entry, "author").map((a) => textOf(a, "name"))).toEqual(["Ada Reporter", "AFP"]);
    expect(childrenOf(entry, "author").map((a) => textOf(a, "email"))).toEqual(["ada@news.example", null]);
    expect(childrenOf(entry, "contributor").map((a) => textOf(a, "name"))).toEqual(["Ben Editor"]);
    expect(textOf(entry, "summary")).toBe("<p>Short &amp; sweet</p>");
    expect(textOf(entry, "content")).toContain('<a href="https://news.example/river">reopened</a>');
    expect(textOf(entry, "rights")).toBe("© 2026 Example <News>");
    expect(entry?.attributes.get("xml:lang") ?? atom.attributes.get("xml:lang")).toBe("en-GB");
    expect(childrenOf(entry, "category").map((c) => Object.fromEntries(c.attributes))).toEqual([
      { term: "world", scheme: "https://news.example/topics", label: "World & beyond" },
      { term: "true" },
    ]);
  });

  it("links to the original, the other carriers, the media and the comments", () => {
    expect(link("alternate")).toEqual(["https://news.example/stories/1"]);
    expect(link("via")).toEqual(["https://copy.example/1?a=1&b=2"]);
    expect(link("enclosure")).toEqual(["https://news.example/a.mp3", "https://news.example/b.png"]);
    expect(link("replies")).toEqual(["https://news.example/stories/1#comments"]);
    expect(childrenOf(entry, "thumbnail")[0]?.attributes.get("url")).toBe(
      "https://news.example/thumb.jpg?a=1&b=2",
    );
  });

  it("names the feed it was taken from", () => {
    const [source] = childrenOf(entry, "source");
    expect(textOf(source, "id")).toBe("tag:news.example,2026:feed");
    expect(textOf(source, "title")).toBe("Example News");
    expect(textOf(source, "updated")).toBe("2026-06-17T09:00:00.000Z");
    expect(textOf(source, "rights")).toBe("All rights");
    expect(textOf(source, "icon")).toBe("https://news.example/i.png");
    expect(
      childrenOf(source, "link").map((l) => [l.attributes.get("rel"), l.attributes.get("href")]),
    ).toEqual([
      ["self", "https://news.example/feed.xml"],
      ["alternate", "https://news.example/"],
    ]);
  });

  it("says how long media play, of several in a group", () => {
    const [group] = childrenOf(entry, "group");
    const told = (nodes: readonly XmlNode[]) => nodes.map(({ attributes }) => Object.fromEntries(attributes));
    expect(told(childrenOf(group, "content"))).toEqual([
      { url: "https://news.example/a.mp3", type: "audio/mpeg", fileSize: "1234", duration: "3725" },
      { url: "https://news.example/b.png", type: "image/png" },
    ]);
    const [alone] = childrenOf(parseStrictXml(renderText(feedOf([episode]), "atom")), "entry");
    expect(told(childrenOf(alone, "content"))).toEqual([
      { url: "https://news.example/a.mp3", type: "audio/mpeg", fileSize: "1234", duration: "61" },
    ]);
    expect(textOf(alone, "summary")).toBe("A bridge reopens");
    expect(textOf(alone, "rating")).toBe("adult");
    expect(textOf(entry, "rating")).toBeNull();
  });

  it("entries of one instant have it in different letters, and one that is alone as always", () => {
    const stories = [1, 2, 3].map((n) => storyOf({ url: `https://news.example/${n}` }, n));
    const entries = childrenOf(parseStrictXml(renderText(feedOf(stories), "atom")), "entry");
    expect(entries.map((one) => textOf(one, "updated"))).toEqual([
      "2026-06-17T08:02:00.000+00:02",
      "2026-06-17T08:03:00.000+00:03",
      "2026-06-17T08:04:00.000+00:04",
    ]);
    const [last] = childrenOf(parseStrictXml(renderText(feedOf(stories.slice(2)), "atom")), "entry");
    expect(textOf(last, "updated")).toBe("2026-06-17T08:00:00.000Z");
  });

  it("text that shows tags is no markup to whoever takes it for HTML", () => {
    const text = "How to use <b></b> & <i>";
    const joined = "How to use <\u2060b><\u2060/b> & <\u2060i>";
    const story = storyOf({
      title: text,
      rights: text,
      authors: [{ name: text, email: null, url: null }],
      categories: [{ term: "x", label: text, scheme: null }],
      enclosures: [{ url: "https://a.example/1.png", type: "image/png", length: 1, title: text }],
    });
    const [one] = childrenOf(parseStrictXml(renderText(feedOf([story]), "atom")), "entry");
    const enclosure = childrenOf(one, "link").find(({ attributes }) => attributes.get("rel") === "enclosure");
    expect([textOf(one, "title"), textOf(one, "rights")]).toEqual([joined, joined]);
    expect(textOf(childrenOf(one, "author")[0], "name")).toBe(joined);
    expect(childrenOf(one, "category")[0]?.attributes.get("label")).toBe(joined);
    expect(enclosure?.attributes.get("title")).toBe(joined);
    expect(readText(joined.replaceAll("&", "&amp;"), 1000)).toBe(joined);
    // Without an end tag nobody takes it for HTML, and it stays as it is.
    const [plain] = childrenOf(
      parseStrictXml(renderText(feedOf([storyOf({ title: "1 < 2 & <T>" })]), "atom")),
      "entry",
    );
    expect(textOf(plain, "title")).toBe("1 < 2 & <T>");
  });

  it("names a source by its feed's id where that is canonical, else by an address", () => {
    const idOf = (feed: Partial<FeedInfo>) => {
      const sighting = buildSighting({ feed: buildFeedInfo(feed) });
      const document = parseStrictXml(renderText(feedOf([buildStory({ sightings: [sighting] })]), "atom"));
      return textOf(childrenOf(childrenOf(document, "entry")[0], "source")[0], "id");
    };
    expect(idOf({ id: "tag:news.example,2005:feed" })).toBe("tag:news.example,2005:feed");
    expect(idOf({ id: "http://News.example" })).toBe("http://news.example/");
    expect(idOf({ id: "yt:channel:1" })).toBe("https://news.example/feed.xml");
    expect(idOf({ id: null })).toBe("https://news.example/feed.xml");
  });

  it("an address in a name gets its own place", () => {
    const people = [
      { name: "Ada <ada@news.example>", email: null, url: null },
      { name: "<ben@news.example>", email: null, url: null },
      { name: "Cy <cy@old.example>", email: "cy@news.example", url: null },
      { name: "<dee@localhost>", email: null, url: null },
    ];
    const [one] = childrenOf(
      parseStrictXml(renderText(feedOf([storyOf({ authors: people })]), "atom")),
      "entry",
    );
    expect(
      childrenOf(one, "author").map((person) => [textOf(person, "name"), textOf(person, "email")]),
    ).toEqual([
      ["Ada", "ada@news.example"],
      ["ben@news.example", "ben@news.example"],
      ["Cy", "cy@news.example"],
      ["dee@localhost", null],
    ]);
  });

  it("an entry without an author is the source's, not ours", () => {
    const anonymous = parseStrictXml(renderText(feedOf([storyOf({ authors: [] })]), "atom"));
    const source = childrenOf(childrenOf(anonymous, "entry")[0], "source")[0];
    expect(textOf(childrenOf(source, "author")[0], "name")).toBe("Example News");
  });

  it("an entry without a link has a content", () => {
    const sighting = buildSighting({
      originalUrl: null,
      sourceUrl: null,
      feed: null,
      entry: { url: null, contentHtml: null },
    });
    const bare = parseStrictXml(
      renderText(feedOf([buildStory({ sightings: [sighting], publishedId: "urn:example:y" })]), "atom"),
    );
    expect(textOf(childrenOf(bare, "entry")[0], "content")).toBe("A bridge reopens");
  });
});

describe("RSS", () => {
  const rss = parseStrictXml(renderText(feedOf([carried]), "rss"));
  const [channel] = childrenOf(rss, "channel");
  const [item] = childrenOf(channel, "item");

  it("carries every field, text escaped once", () => {
    expect(shownText(item, "title")).toBe("Café & <b>bold</b> ]]> 1 < 2");
    expect(textOf(item, "pubDate")).toBe("Wed, 17 Jun 2026 08:00:00 GMT");
    expect(textOf(item, "description")).toBe("<p>Short &amp; sweet</p>");
    expect(textOf(item, "encoded")).toContain('<a href="https://news.example/river">reopened</a>');
    expect(childrenOf(item, "creator").map((c) => c.text)).toEqual(["Ada Reporter", "AFP"]);
    // RSS's own author is an address of electronic mail; itunes:author is none.
    expect(childrenOf(item, "author").filter(({ uri }) => uri === "")).toEqual([]);
    expect(textOf(item, "source")).toBe("Example News");
    expect(childrenOf(item, "source")[0]?.attributes.get("url")).toBe("https://news.example/feed.xml");
    expect(textOf(item, "comments")).toBe("https://news.example/stories/1#comments");
    expect(childrenOf(item, "category").map((c) => [c.text, c.attributes.get("domain")])).toEqual([
      ["World & beyond", "https://news.example/topics"],
      ["true", undefined],
    ]);
    const via = childrenOf(item, "link").filter((l) => l.uri === "http://www.w3.org/2005/Atom");
    expect(via.map((l) => l.attributes.get("href"))).toEqual(["https://copy.example/1?a=1&b=2"]);
  });

  it("has one enclosure, all the media in a group, and how long it plays", () => {
    expect(childrenOf(item, "enclosure").map((e) => Object.fromEntries(e.attributes))).toEqual([
      { url: "https://news.example/a.mp3", type: "audio/mpeg", length: "1234" },
    ]);
    const [group] = childrenOf(item, "group");
    expect(childrenOf(group, "content").map((c) => c.attributes.get("url"))).toEqual([
      "https://news.example/a.mp3",
      "https://news.example/b.png",
    ]);
    expect(textOf(item, "duration")).toBe("1:02:05");
  });

  it("an episode has what podcast readers look for", () => {
    const [channelOf] = childrenOf(parseStrictXml(renderText(feedOf([episode]), "rss")), "channel");
    const [one] = childrenOf(channelOf, "item");
    expect(childrenOf(one, "image").map(({ attributes }) => attributes.get("href"))).toEqual([
      "https://news.example/cover.jpg",
    ]);
    expect([textOf(one, "author"), textOf(one, "duration")]).toEqual(["Ada", "0:01:01"]);
    expect(["season", "episode", "episodeType", "explicit"].map((name) => textOf(one, name))).toEqual([
      ...["3", "14", "bonus", "true"],
    ]);
    expect(textOf(channelOf, "explicit")).toBe("true");
    // What is no episode says nothing of the kind, and without episodes the channel does not either.
    expect(textOf(item, "explicit")).toBeNull();
    const [plain] = childrenOf(parseStrictXml(renderText(feedOf([storyOf({})]), "rss")), "channel");
    expect(textOf(plain, "explicit")).toBeNull();
    const unsaid = storyOf({
      enclosures: [{ url: "https://a.example/1.mp3", type: "audio/mpeg", length: null }],
    });
    const [clean] = childrenOf(parseStrictXml(renderText(feedOf([unsaid]), "rss")), "channel");
    expect(textOf(clean, "explicit")).toBe("false");
  });

  it("a channel with episodes says who answers for it, what it is and in which language", () => {
    const channelOf = (feed: PublishedFeed) =>
      childrenOf(parseStrictXml(renderText(feed, "rss")), "channel")[0];
    const mixed = [episode, storyOf({ language: "de", url: "https://news.example/2" }, 2)];
    const channel = channelOf(feedOf(mixed));
    const [owner] = childrenOf(channel, "owner");
    expect([textOf(owner, "name"), textOf(owner, "email")]).toEqual([
      "All stories",
      "webmaster@river.example",
    ]);
    expect(childrenOf(channel, "category").map(({ attributes }) => attributes.get("text"))).toEqual(["News"]);
    expect(textOf(channel, "language")).toBe("mul");
    expect(
      textOf(channelOf(feedOf([storyOf({ enclosures: [file("https://a.example/1.mp3")] })])), "language"),
    ).toBe("und");
    const named = channelOf({ ...feedOf(mixed), ownerEmail: "ada@news.example" });
    expect(textOf(childrenOf(named, "owner")[0], "email")).toBe("ada@news.example");
    // Nobody to name: nothing of Apple's anywhere.
    expect(renderText({ ...feedOf(mixed), ownerEmail: null }, "rss")).not.toMatch(/<itunes:/);
    // No episode: a mixed feed has no language of its own.
    expect(textOf(channelOf(feedOf(mixed.slice(1).concat(storyOf({}, 3)))), "language")).toBeNull();
  });

  it("links files that RSS has no enclosure for, and addresses that it has no element for", () => {
    const story = storyOf({
      url: "http://[2001:db8::1]/1",
      commentsUrl: "http://[2001:db8::1]/1#comments",
      imageUrl: "http://nas/cover.jpg",
      enclosures: [
        { ...file("http://nas/1.mp3"), durationMs: 3_600_000 },
        { ...file("https://a.example/1.mp3"), durationMs: 60_000 },
        file("http://[::1]/1.mp3"),
      ],
    });
    const document = renderText(feedOf([story]), "rss");
    expect(checkRss(document, "https://river.example/rss.xml")).toEqual([]);
    const [one] = childrenOf(childrenOf(parseStrictXml(document), "channel")[0], "item");
    expect(childrenOf(one, "enclosure").map(({ attributes }) => attributes.get("url"))).toEqual([
      "https://a.example/1.mp3",
    ]);
    expect(
      childrenOf(one, "link").map(({ attributes }) => [attributes.get("rel"), attributes.get("href")]),
    ).toEqual([
      ["alternate", "http://[2001:db8::1]/1"],
      ["enclosure", "http://nas/1.mp3"],
      ["enclosure", "http://[::1]/1.mp3"],
    ]);
    expect(childrenOf(one, "thumbnail")[0]?.attributes.get("url")).toBe("http://nas/cover.jpg");
    expect(childrenOf(one, "image")).toEqual([]);
    expect(textOf(one, "duration")).toBe("0:01:00");
    // A story stored under such an address keeps it as its name.
    const named = renderText(feedOf([{ ...story, publishedId: "http://[2001:db8::1]/1" }]), "rss");
    const [stored] = childrenOf(childrenOf(parseStrictXml(named), "channel")[0], "item");
    const [guid] = childrenOf(stored, "guid");
    expect([guid?.text, guid?.attributes.get("isPermaLink")]).toEqual(["http://[2001:db8::1]/1", "false"]);
  });

  it("cuts a list of authors that Apple would not take", () => {
    const authors = Array.from({ length: 40 }, (_, n) => ({ name: `Author ${n}`, email: null, url: null }));
    const crowd = storyOf({
      authors,
      enclosures: [{ url: "https://a.example/1.mp3", type: "audio/mpeg", length: null }],
    });
    const [channelOf] = childrenOf(parseStrictXml(renderText(feedOf([crowd]), "rss")), "channel");
    const [one] = childrenOf(channelOf, "item");
    const [author] = childrenOf(one, "author").filter(({ uri }) => uri.includes("itunes"));
    expect(author?.text.length).toBeLessThanOrEqual(255);
    expect(childrenOf(one, "creator")).toHaveLength(40);
  });

  it("says where it lives and what it is", () => {
    const self = childrenOf(channel, "link").find((l) => l.attributes.get("rel") === "self");
    expect(self?.attributes.get("href")).toBe("https://river.example/rss.xml");
    expect(textOf(channel, "docs")).toBe("https://www.rssboard.org/rss-specification");
    expect(textOf(channel, "generator")).toBe("Mainstem");
    expect(textOf(channel, "lastBuildDate")).toBe("Wed, 17 Jun 2026 10:00:00 GMT");
    expect(textOf(channel, "language")).toBe("en-GB");
  });

  it.each([
    ["urn:example:x", "false"],
    ["https://news.example/other", "false"],
    ["https://news.example/stories/1", "true"],
  ])("the guid %s has isPermaLink=%s", (publishedId, isPermaLink) => {
    const feed = feedOf([{ ...rich, publishedId }]);
    const guid = childrenOf(
      childrenOf(childrenOf(parseStrictXml(renderText(feed, "rss")), "channel")[0], "item")[0],
      "guid",
    )[0];
    expect(guid?.text).toBe(publishedId);
    expect(guid?.attributes.get("isPermaLink")).toBe(isPermaLink);
  });

  it("`&amp;` in a text stays `&amp;`", () => {
    const title = "How to write &amp; and &lt; in HTML, &amp;amp; so on";
    const feed = feedOf([storyOf({ title })], { title });
    const document = parseStrictXml(renderText(feed, "rss"));
    expect(textOf(childrenOf(document, "channel")[0], "title")).toBe(title);
    expect(textOf(childrenOf(childrenOf(document, "channel")[0], "item")[0], "title")).toBe(title);
  });
});

describe("JSON Feed", () => {
  const json = JSON.parse(renderText(feedOf([carried]), "json")) as {
    items: JsonItem[];
    [key: string]: unknown;
  };
  const [item] = json.items;

  it("is 1.1 and carries every field", () => {
    expect(json).toMatchObject({
      version: "https://jsonfeed.org/version/1.1",
      feed_url: "https://river.example/feed.json",
      home_page_url: "https://river.example/",
      language: "en-GB",
    });
    expect(item).toMatchObject({
      id: "urn:example:story-1",
      url: "https://news.example/stories/1",
      title: "Café & <b>bold</b> ]]> 1 < 2",
      summary: "Short & sweet",
      date_published: "2026-06-17T08:00:00.000Z",
      date_modified: "2026-06-17T10:00:00.000Z",
      authors: [{ name: "Ada Reporter", url: "https://news.example/ada" }, { name: "AFP" }],
      tags: ["World & beyond", "true"],
      attachments: [
        {
          url: "https://news.example/a.mp3",
          mime_type: "audio/mpeg",
          size_in_bytes: 1234,
          duration_in_seconds: 3725,
        },
        { url: "https://news.example/b.png", mime_type: "image/png", title: 'The "map"' },
      ],
      _mainstem: {
        source: {
          title: "Example News",
          id: "tag:news.example,2026:feed",
          feed_url: "https://news.example/feed.xml",
        },
        carriers: [
          { name: "Example News", url: "https://news.example/stories/1" },
          { name: "Copy Desk", url: "https://copy.example/1?a=1&b=2" },
        ],
        via: ["https://copy.example/1?a=1&b=2"],
      },
    });
  });
});

/** A story for every hostile value in every field, beside a good one. */
function hostileStories(): readonly Story[] {
  const stories: Story[] = [];
  const push = (entry: Partial<Entry>): void => {
    stories.push(storyOf(entry, stories.length + 1));
  };
  for (const text of HOSTILE_TEXTS) {
    push({
      title: text,
      authors: [{ name: text, email: text, url: text }],
      contributors: [{ name: text, email: null, url: null }],
      categories: [{ term: text, scheme: text, label: text }],
      enclosures: [{ url: "https://x.example/a.bin", type: text, length: Number.NaN, title: text }],
      language: text,
      rights: text,
    });
  }
  for (const url of HOSTILE_URLS) {
    push({
      url,
      authors: [{ name: "", email: null, url }],
      categories: [{ term: "t", scheme: url, label: null }],
      enclosures: [{ url, type: null, length: 1 }],
      commentsUrl: url,
      imageUrl: url,
    });
  }
  for (const html of HOSTILE_HTML) push({ contentHtml: html, summary: html });
  const number = stories.length + 1;
  stories.push(
    ...HOSTILE_TEXTS.map((text, index) =>
      buildStory({
        number: number + index,
        publishedId: text,
        sightings: [
          buildSighting({
            sourceName: text,
            sourceUrl: text,
            feed: buildFeedInfo({
              title: text,
              id: text,
              url: text,
              homeUrl: text,
              rights: text,
              iconUrl: text,
              language: text,
            }),
          }),
        ],
      }),
    ),
  );
  return stories;
}

describe("hostile input", () => {
  const stories = hostileStories();
  const feed = combine(stories, {
    output: buildOutput({ title: FORGED_TITLE, limit: 1000 }),
    title: FORGED_TITLE,
    url: "https://river.example",
    isDefault: true,
  });
  const text = {
    atom: renderText(feed, "atom"),
    rss: renderText(feed, "rss"),
    json: renderText(feed, "json"),
  };
  const atom = parseStrictXml(text.atom);
  const channel = childrenOf(parseStrictXml(text.rss), "channel")[0];
  const json = JSON.parse(text.json) as { items: JsonItem[] };

  it("loses no story and forges none, in any format", () => {
    expect(feed.skipped).toEqual([]);
    expect(feed.entries).toHaveLength(stories.length);
    expect(childrenOf(atom, "entry")).toHaveLength(stories.length);
    expect(childrenOf(channel, "item")).toHaveLength(stories.length);
    expect(json.items).toHaveLength(stories.length);
  });

  it("tells the same truth in three formats", () => {
    const ids = feed.entries.map((entry) => entry.id);
    expect(childrenOf(atom, "entry").map((entry) => textOf(entry, "id"))).toEqual(ids);
    expect(childrenOf(channel, "item").map((item) => textOf(item, "guid"))).toEqual(ids);
    expect(json.items.map((item) => item.id)).toEqual(ids);
    const titles = feed.entries.map((entry) => entry.title);
    expect(childrenOf(atom, "entry").map((entry) => shownText(entry, "title"))).toEqual(titles);
    expect(childrenOf(channel, "item").map((item) => shownText(item, "title"))).toEqual(titles);
    expect(json.items.map((item) => item.title)).toEqual(titles);
  });

  it("has no link but http(s), and no credentials", () => {
    const urls: string[] = [];
    const collect = (node: XmlNode): void => {
      for (const name of ["href", "url", "src", "scheme", "domain"]) {
        const value = node.attributes.get(name);
        if (value !== undefined) urls.push(value);
      }
      if (["uri", "icon", "link", "comments"].includes(node.name) && node.text.trim() !== "")
        urls.push(node.text.trim());
      node.children.forEach(collect);
    };
    collect(atom);
    if (channel !== undefined) collect(channel);
    expect(urls.length).toBeGreaterThan(100);
    for (const url of urls) expect(url).toMatch(/^https?:\/\/[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+$/);
    for (const document of Object.values(text)) expect(document).not.toContain("S3CRET");
  });

  it("has no script in any HTML", () => {
    const documents = [
      ...childrenOf(atom, "entry").flatMap((e) => [textOf(e, "content"), textOf(e, "summary")]),
      ...childrenOf(channel, "item").flatMap((i) => [textOf(i, "description"), textOf(i, "encoded")]),
      ...json.items.map((i) => i.content_html),
    ].filter((html) => typeof html === "string");
    for (const html of documents) {
      expect(unsafeMarkupIn(html)).toEqual([]);
      expect(handlersIn(html)).toEqual([]);
    }
  });

  it.skipIf(isSkippedWithout("xmllint or ../shared/schema", hasAtomSchema))(
    "is valid by RFC 4287's RelaxNG (skipped without xmllint or ../shared)",
    () => {
      assertValidAtom(text.atom);
      assertValidAtom(renderText(feedOf([]), "atom"));
      assertValidAtom(renderText(feedOf([carried]), "atom"));
    },
  );

  it.skipIf(isSkippedWithout("../shared/schema", hasJsonFeedSchema))(
    "is valid by the JSON Feed 1.1 schema (skipped without ../shared)",
    () => {
      const problemsOf = createJsonFeedValidator();
      expect(problemsOf(json)).toEqual([]);
      expect(problemsOf(JSON.parse(renderText(feedOf([]), "json")))).toEqual([]);
      expect(problemsOf(JSON.parse(renderText(feedOf([carried]), "json")))).toEqual([]);
    },
  );

  it("passes the checks of the W3C's feed validator", () => {
    expect(checkAtom(text.atom, "https://river.example/atom.xml")).toEqual([]);
    expect(checkRss(text.rss, "https://river.example/rss.xml")).toEqual([]);
    for (const some of [feedOf([]), feedOf([carried]), feedOf([episode])]) {
      expect(checkAtom(renderText(some, "atom"), "https://river.example/atom.xml")).toEqual([]);
      expect(checkRss(renderText(some, "rss"), "https://river.example/rss.xml")).toEqual([]);
    }
    expect(checkAtom(String(renderArchivePage(feed, 2)), "https://river.example/all/archive/2.xml")).toEqual(
      [],
    );
  });

  // The package splits the first `]]>` of a text, so that the second one ends the CDATA, and the rest is well-formed.
  const crafted = "one ]]> two ]]></title></item><item><title><![CDATA[forged";
  const titlesOf = (xml: string) =>
    childrenOf(childrenOf(parseStrictXml(xml), "channel")[0], "item").map((item) => shownText(item, "title"));

  it("a crafted title that makes `feed` write a forged entry in well-formed XML makes us write none", () => {
    const raw = new Feed({ title: "t", link: "https://river.example/", updated: new Date(0) });
    raw.addItem({ title: crafted, link: "https://news.example/1", date: new Date(0) });
    expect(titlesOf(raw.rss2())).toContain("forged");
    const ours = feedOf([storyOf({ title: crafted, contentHtml: crafted, summary: crafted })]);
    expect(titlesOf(renderText(ours, "rss"))).toEqual([crafted]);
    const entries = childrenOf(parseStrictXml(renderText(ours, "atom")), "entry");
    expect(entries.map((entry) => shownText(entry, "title"))).toEqual([crafted]);
    expect((JSON.parse(renderText(ours, "json")) as { items: unknown[] }).items).toHaveLength(1);
  });

  it("two `]]>` in one title forge no item", () => {
    const forged = feedOf([storyOf({ title: FORGED_TITLE, contentHtml: FORGED_TITLE })]);
    const items = childrenOf(childrenOf(parseStrictXml(renderText(forged, "rss")), "channel")[0], "item");
    expect(items).toHaveLength(1);
    expect(shownText(items[0], "title")).toBe(FORGED_TITLE);
    expect(childrenOf(items[0], "link")).toHaveLength(1);
  });
});

/** Event handlers and scripts that an HTML parser sees. */
function handlersIn(html: string): readonly string[] {
  const found: string[] = [];
  const parser = new Parser({
    onopentag(name, attributes) {
      if (name === "script" || name === "style" || name === "iframe") found.push(name);
      for (const attribute of Object.keys(attributes)) if (attribute.startsWith("on")) found.push(attribute);
    },
  });
  parser.end(html);
  return found;
}
