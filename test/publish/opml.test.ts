import { expect, it } from "vitest";
import { listFeeds, renderOpml } from "../../src/publish/opml.ts";
import { HOSTILE_TEXTS } from "../support/hostile.ts";
import { buildFeedInfo, buildSourceState } from "../support/story-builder.ts";
import { childrenOf, parseStrictXml, textOf } from "../support/strict-xml.ts";

it("lists the feeds with their tags, and nothing else", () => {
  const opml = parseStrictXml(
    renderOpml(
      listFeeds([
        buildSourceState({
          tags: ["world", "daily, news"],
          name: null,
          feed: buildFeedInfo({ title: "News & Views", language: "en" }),
        }),
        buildSourceState({ id: "s2", kind: "file", location: "/srv/feed.xml", currentUrl: null }),
        buildSourceState({ id: "s3", status: "retired" }),
        buildSourceState({
          id: "s4",
          currentUrl: "https://x.example/f?token=S3CRET",
          location: "https://x.example/f?token=S3CRET",
        }),
        buildSourceState({ id: "s5", currentUrl: "https://moved.example/feed" }),
      ]),
      "My <feeds>",
    ),
  );
  expect(textOf(childrenOf(opml, "head")[0], "title")).toBe("My <feeds>");
  const [folder, ...plain] = childrenOf(childrenOf(opml, "body")[0], "outline");
  expect(Object.fromEntries(folder?.attributes ?? [])).toEqual({ text: "world" });
  const outlines = [...childrenOf(folder, "outline"), ...plain].map((o) => Object.fromEntries(o.attributes));
  expect(outlines).toEqual([
    {
      type: "rss",
      text: "News & Views",
      title: "News & Views",
      xmlUrl: "https://news.example/feed.xml",
      htmlUrl: "https://news.example/",
      language: "en",
      category: "/world,/daily  news",
    },
    expect.objectContaining({ xmlUrl: "https://moved.example/feed" }),
  ]);
});

it("says the site and the folders that the config names", () => {
  const source = buildSourceState({ tags: ["News"], feed: null });
  const configured = { homeUrl: "https://user:pass@news.example/", folders: [["News", "Daily"]] };
  const list = renderOpml(listFeeds([source], new Map([[source.id, configured]])), "Mine");
  const [news] = childrenOf(childrenOf(parseStrictXml(list), "body")[0], "outline");
  const [daily] = childrenOf(news, "outline");
  expect(daily?.attributes.get("text")).toBe("Daily");
  expect(childrenOf(daily, "outline").map(({ attributes }) => attributes.get("htmlUrl"))).toEqual([
    "https://news.example/",
  ]);
});

it("has an outline even when there is nothing to list", () => {
  const list = renderOpml([], "Mine");
  const [outline] = childrenOf(childrenOf(parseStrictXml(list), "body")[0], "outline");
  expect(Object.fromEntries(outline?.attributes ?? [])).toEqual({
    text: "No source with a public address.",
    isComment: "true",
  });
});

it("stays well-formed whatever a source is called", () => {
  const sources = HOSTILE_TEXTS.map((text, n) =>
    buildSourceState({
      id: `s${n}`,
      name: text,
      tags: [text],
      feed: buildFeedInfo({ title: text, homeUrl: text, language: text }),
    }),
  );
  const opml = parseStrictXml(renderOpml(listFeeds(sources), HOSTILE_TEXTS[1] ?? ""));
  expect(childrenOf(childrenOf(opml, "body")[0], "outline")).toHaveLength(sources.length);
});
