import { Parser } from "htmlparser2";
import { describe, expect, it } from "vitest";
import type { Story } from "../../src/model.ts";
import { combine, type PublishedFeed } from "../../src/publish/combine.ts";
import { type RiverView, renderRiver } from "../../src/publish/render-html.ts";
import { HOSTILE_HTML, HOSTILE_TEXTS, HOSTILE_URLS } from "../support/hostile.ts";
import { buildFeedInfo, buildOutput, buildSighting, buildStory } from "../support/story-builder.ts";

function feedOf(stories: readonly Story[], title = "All stories"): PublishedFeed {
  const output = buildOutput({ title, limit: 1000 });
  return combine(stories, { output, title: "Mainstem", url: "https://river.example", isDefault: true });
}

function viewOf(feed: PublishedFeed, overrides: Partial<RiverView> = {}): RiverView {
  return {
    feed,
    outputs: [
      { name: "all", title: "All stories", isDefault: true },
      { name: "world", title: "World", isDefault: false },
    ],
    basePath: "",
    tags: ["world"],
    sources: [
      { id: "s1", name: "Example News" },
      { id: "s2", name: "Copy Desk" },
    ],
    filter: { tag: null, sourceId: null, search: null },
    olderCursor: null,
    isFirstPage: true,
    isStatic: false,
    ...overrides,
  };
}

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

function elementsOf(html: string): readonly Element[] {
  const elements: Element[] = [];
  const parser = new Parser({
    onopentag: (name, attributes) => elements.push({ name, attributes: { ...attributes } }),
  });
  parser.end(html);
  return elements;
}

const carried = buildStory({
  sightings: [
    buildSighting({ sourceTags: ["world"] }),
    buildSighting({ sourceId: "s2", sourceName: "Copy Desk", entry: { url: "https://copy.example/1" } }),
  ],
});

describe("the river", () => {
  const html = renderRiver(viewOf(feedOf([carried])));
  const elements = elementsOf(html);

  it("shows a story with its link, source, time, summary and other carriers", () => {
    expect(html).toContain('<a href="https://news.example/stories/1" rel="noopener">A bridge reopens</a>');
    expect(html).toContain('<time datetime="2026-06-17T08:00:00.000Z">08:00</time>');
    expect(html).toContain('<a href="/?source=s1">Example News</a>');
    expect(html).toContain('<p class="summary">The bridge over the river reopened today.</p>');
    expect(html).toContain('Also carried by <a href="https://copy.example/1" rel="noopener">Copy Desk</a>');
    expect(html).toMatch(/>Wednesday,? 17 June 2026</);
  });

  it("advertises the three feeds", () => {
    const links = elements.filter((e) => e.name === "link" && e.attributes.rel === "alternate");
    expect(links.map((l) => [l.attributes.type, l.attributes.href])).toEqual([
      ["application/atom+xml", "/atom.xml"],
      ["application/rss+xml", "/rss.xml"],
      ["application/feed+json", "/feed.json"],
    ]);
  });

  it("has one h1, labels on every control, and nothing that a strict CSP refuses", () => {
    expect(elements.filter((e) => e.name === "h1")).toHaveLength(1);
    const names = new Set(elements.map((e) => e.name));
    expect([...names].filter((name) => ["style", "iframe", "img"].includes(name))).toEqual([]);
    const scripts = elements.filter(({ name }) => name === "script");
    expect(scripts.map(({ attributes }) => attributes.src)).toEqual([
      expect.stringMatching(/\/assets\/live-[0-9a-f]{10}\.js$/),
    ]);
    expect(elements.filter((e) => "style" in e.attributes)).toEqual([]);
    expect(elements.find((e) => e.name === "html")?.attributes.lang).toBe("en");
  });

  it("marks where one is", () => {
    const current = elements.filter((e) => "aria-current" in e.attributes);
    expect(current.map((e) => e.attributes.href)).toEqual(["/"]);
  });

  it("keeps the narrowing while paging", () => {
    const page = renderRiver(
      viewOf(feedOf([carried]), {
        filter: { tag: "world", sourceId: "s2", search: null },
        olderCursor: "1.2",
        isFirstPage: false,
      }),
    );
    expect(page).toContain('href="/?tag=world&amp;source=s2&amp;before=1.2"');
    expect(page).toContain('<a href="/?tag=world&amp;source=s2">Newest stories</a>');
    expect(page).toContain('<option value="s2" selected>');
    expect(page).toContain(
      "Only stories carried by <strong>Copy Desk</strong> and tagged <strong>world</strong>",
    );
  });

  it("as a file it needs no server", () => {
    const page = renderRiver(viewOf(feedOf([carried]), { isStatic: true, olderCursor: "1.2" }));
    expect(page).not.toMatch(/<form|\?source=|before=|\/status/);
  });

  it("an empty one says why", () => {
    expect(renderRiver(viewOf(feedOf([])))).toContain("No stories yet.");
    expect(renderRiver(viewOf(feedOf([]), { sources: [] }))).toContain("No sources yet.");
  });

  it("a story placed on another day than its publication shows its date", () => {
    const late = buildStory({ orderedAt: new Date("2026-06-19T00:00:00Z") });
    expect(renderRiver(viewOf(feedOf([late])))).toContain(">17 Jun 2026, 08:00</time>");
  });

  it("stays under 50 KB with thirty long stories that many carried", () => {
    const long = (index: number): Story =>
      buildStory({
        number: index,
        publishedId: `urn:example:${index}`,
        sightings: Array.from({ length: 12 }, (_, n) =>
          buildSighting({
            sourceId: `s${n}`,
            sourceName: `A source with quite a long name, number ${n}`,
            entry: {
              title: "A rather long headline that goes on ".repeat(5),
              url: `https://source-${n}.example/2026/06/17/a-rather-long-slug-for-a-story-${index}`,
              contentHtml: `<p>${"Many words of a long summary. ".repeat(50)}</p>`,
            },
          }),
        ),
      });
    const sources = Array.from({ length: 500 }, (_, n) => ({
      id: `source-${n}`,
      name: `A source, number ${n}`,
    }));
    const page = renderRiver(viewOf(feedOf(Array.from({ length: 30 }, (_, n) => long(n))), { sources }));
    expect(Buffer.byteLength(page)).toBeLessThan(50_000);
  });
});

describe("hostile input on the river", () => {
  const stories = [
    ...HOSTILE_TEXTS.map((text, n) =>
      buildStory({
        number: n + 1,
        publishedId: `urn:example:text-${n}`,
        sightings: [
          buildSighting({
            sourceId: text.slice(0, 50),
            sourceName: text,
            feed: buildFeedInfo({ title: text }),
            entry: {
              title: text,
              summary: text,
              language: text,
              authors: [{ name: text, email: text, url: text }],
            },
          }),
          buildSighting({ sourceId: "other", sourceName: text, entry: { url: text } }),
        ],
      }),
    ),
    ...HOSTILE_URLS.map((url, n) =>
      buildStory({
        number: n + 500,
        publishedId: `urn:example:url-${n}`,
        sightings: [
          buildSighting({ originalUrl: url, entry: { url, commentsUrl: url } }),
          buildSighting({ sourceId: "other", originalUrl: url, entry: { url } }),
        ],
      }),
    ),
    ...HOSTILE_HTML.map((html, n) =>
      buildStory({
        number: n + 900,
        publishedId: `urn:example:html-${n}`,
        sightings: [buildSighting({ entry: { contentHtml: html, title: html.slice(0, 1000) } })],
      }),
    ),
  ];
  const hostile = HOSTILE_TEXTS[1] ?? "";
  const feed = feedOf(stories, hostile);
  const html = renderRiver(
    viewOf(feed, {
      tags: [...HOSTILE_TEXTS.filter((text) => text.length < 1000)],
      sources: HOSTILE_TEXTS.filter((text) => text.length < 1000).map((text) => ({ id: text, name: text })),
      outputs: [{ name: "x", title: hostile, isDefault: false }],
      filter: { tag: hostile, sourceId: hostile, search: hostile },
      olderCursor: hostile,
      isFirstPage: false,
    }),
  );
  const elements = elementsOf(html);
  const usual = new Set(
    elementsOf(renderRiver(viewOf(feedOf([carried]), { olderCursor: "1.1", isFirstPage: false }))).map(
      (e) => e.name,
    ),
  );

  it("opens no element that the page does not have anyway", () => {
    usual.add("strong");
    expect([...new Set(elements.map((e) => e.name))].filter((name) => !usual.has(name))).toEqual([]);
    expect(elements.filter((e) => e.name === "article")).toHaveLength(stories.length);
  });

  it("has no event handler, no style, and no link but to http(s) and itself", () => {
    for (const { attributes } of elements) {
      for (const [name, value] of Object.entries(attributes)) {
        expect(name).toMatch(/^[a-z-]+$/i);
        expect(name).not.toMatch(/^on|^style$/);
        if (name === "href" || name === "src" || name === "action")
          expect(value).toMatch(/^(?:https?:\/\/|\/|#)/);
      }
    }
    expect(html).not.toContain("S3CRET");
  });
});
