/** What is stripped, against a corpus of attacks: by the door, and in every format. */
import { describe, expect, it } from "vitest";
import { cleanHtml } from "../../src/publish/clean-html.ts";
import { combine } from "../../src/publish/combine.ts";
import { checkAtom, checkHtml, checkRss } from "../support/feed-checks.ts";
import { unsafeMarkupIn } from "../support/hostile.ts";
import { renderText } from "../support/render-text.ts";
import { buildOutput, buildSighting, buildStory } from "../support/story-builder.ts";
import { XSS } from "../support/xss.ts";

const cases = XSS.map((html, index) => [`${index} ${html.slice(0, 70)}`, html] as const);

describe("the door", () => {
  it.each(cases)("%s: nothing that runs is left", (_, html) => {
    const clean = cleanHtml(html).html;
    expect(checkHtml(clean)).toEqual([]);
    expect(unsafeMarkupIn(clean)).toEqual([]);
    // Read a second time, it is still what it was.
    expect(cleanHtml(clean).html).toBe(clean);
  });

  it("keeps the words around an attack", () => {
    expect(cleanHtml("<p>before</p><script>hit()</script><p>after</p>").html).toBe(
      "<p>before</p><p>after</p>",
    );
    expect(cleanHtml('<a href="javascript:hit()">words</a>').html).toBe("<a>words</a>");
  });
});

describe("every format", () => {
  it("holds none of the attacks, in text, title, name, category or rights", () => {
    const stories = XSS.map((html, index) =>
      buildStory({
        number: index + 1,
        publishedId: `urn:example:${index}`,
        sightings: [
          buildSighting({
            entry: {
              ...{
                url: `https://news.example/${index}`,
                title: html,
                contentHtml: html,
                summary: html,
                rights: html,
              },
              authors: [{ name: html, email: html, url: html }],
              categories: [{ term: html, scheme: html, label: html }],
            },
          }),
        ],
      }),
    );
    const feed = combine(stories, {
      ...{
        output: buildOutput({ limit: 1000 }),
        title: "River",
        url: "https://river.example",
        isDefault: true,
      },
    });
    expect(feed.entries).toHaveLength(XSS.length);
    expect(checkAtom(renderText(feed, "atom"), "https://river.example/atom.xml")).toEqual([]);
    expect(checkRss(renderText(feed, "rss"), "https://river.example/rss.xml")).toEqual([]);
    const { items } = JSON.parse(renderText(feed, "json")) as { items: { content_html?: string }[] };
    for (const { content_html: html } of items) expect(checkHtml(html ?? "")).toEqual([]);
  });
});
