import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isCanonicalUri } from "../../src/identify/canonical-uri.ts";
import type { Story } from "../../src/model.ts";
import { toJsonArchive } from "../../src/publish/archive-json.ts";
import { digestUrn } from "../../src/publish/clean.ts";
import { combine } from "../../src/publish/combine.ts";
import { feedFile, selfUrl } from "../../src/publish/feed-urls.ts";
import { renderArchivePage } from "../../src/publish/render.ts";
import { checkAtom, checkRss } from "../support/feed-checks.ts";
import { HOSTILE_HTML, HOSTILE_TEXTS, HOSTILE_URLS } from "../support/hostile.ts";
import { renderText } from "../support/render-text.ts";
import {
  assertValidAtom,
  createJsonFeedValidator,
  hasAtomSchema,
  hasJsonFeedSchema,
} from "../support/schemas.ts";
import { isSkippedWithout } from "../support/skip.ts";
import { buildFeedInfo, buildOutput, buildSighting, buildStory } from "../support/story-builder.ts";
import { childrenOf, parseStrictXml } from "../support/strict-xml.ts";

const short = HOSTILE_TEXTS.filter((text) => text.length < 1000);
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc
    .array(
      fc.constantFrom("]]>", "<", "&", "&amp;", '"', "'", "\u0000", "\ud800", "</entry>", "<item>", "a"),
      { maxLength: 12 },
    )
    .map((p) => p.join("")),
  fc.constantFrom(...short, ...HOSTILE_URLS.filter((url) => url.length < 1000)),
  fc.webUrl(),
);
const html = fc.oneof(text, fc.constantFrom(...HOSTILE_HTML.filter((h) => h.length < 1000)));
const nullable = fc.option(text, { nil: null });
const date = fc.oneof(fc.date({ noInvalidDate: false }), fc.constant(new Date("2026-06-17T00:00:00Z")));
const person = fc.record({ name: text, email: nullable, url: nullable });

const sighting = fc
  .record({
    guid: nullable,
    url: nullable,
    title: text,
    authors: fc.array(person, { maxLength: 3 }),
    contributors: fc.array(person, { maxLength: 2 }),
    summary: fc.option(html, { nil: null }),
    contentHtml: fc.option(html, { nil: null }),
    categories: fc.array(fc.record({ term: text, scheme: nullable, label: nullable }), { maxLength: 3 }),
    enclosures: fc.array(
      fc.record({ url: text, type: nullable, length: fc.option(fc.double(), { nil: null }) }),
      { maxLength: 3 },
    ),
    commentsUrl: nullable,
    language: nullable,
    rights: nullable,
    imageUrl: nullable,
    episode: fc.record({
      season: fc.option(fc.integer({ min: 1, max: 99 }), { nil: null }),
      number: fc.constant(null),
      type: fc.constantFrom("full", "bonus", null),
      isExplicit: fc.boolean(),
    }),
  })
  .chain((entry) =>
    fc.record({
      entry: fc.constant(entry),
      originalUrl: nullable,
      sourceName: text,
      sourceId: text,
      sourceUrl: nullable,
      title: text,
      id: nullable,
    }),
  )
  .map(({ title, id, ...rest }) =>
    buildSighting({ ...rest, feed: buildFeedInfo({ title, id, homeUrl: id, url: rest.sourceUrl }) }),
  );

const stories: fc.Arbitrary<readonly Story[]> = fc
  .array(
    fc.record({
      // What identity lets be published, see test/identify/canonical-uri.test.ts.
      publishedId: text.map((one) => (isCanonicalUri(one) ? one : digestUrn(one))),
      publishedAt: date,
      updatedAt: date,
      sightings: fc.array(sighting, { minLength: 1, maxLength: 3 }),
    }),
    { maxLength: 4 },
  )
  .map((list) => list.map((story, index) => buildStory({ ...story, number: index + 1 })));

describe("whatever stands in any field", () => {
  it("Atom and RSS are well-formed, JSON is JSON, and each has every entry once", () => {
    const problemsOf = hasJsonFeedSchema ? createJsonFeedValidator() : () => [];
    fc.assert(
      fc.property(stories, text, text, (list, title, name) => {
        const feed = combine(list, {
          // A name stands in the id; the config takes ASCII only.
          output: buildOutput({ title, name: name.toWellFormed().normalize("NFC").replaceAll("%", "") }),
          title,
          url: "https://river.example",
          isDefault: false,
        });
        expect(feed.skipped).toEqual([]);
        expect(feed.entries).toHaveLength(list.length);
        expect(childrenOf(parseStrictXml(renderText(feed, "atom")), "entry")).toHaveLength(list.length);
        const [channel] = childrenOf(parseStrictXml(renderText(feed, "rss")), "channel");
        expect(childrenOf(channel, "item")).toHaveLength(list.length);
        expect(checkAtom(renderText(feed, "atom"), selfUrl(feed, feedFile("atom")))).toEqual([]);
        expect(checkRss(renderText(feed, "rss"), selfUrl(feed, feedFile("rss")))).toEqual([]);
        const json = JSON.parse(renderText(feed, "json")) as { items: unknown[] };
        expect(json.items).toHaveLength(list.length);
        expect(problemsOf(json)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("a page of the archive says in JSON Feed what the live document says", () => {
    fc.assert(
      fc.property(stories, text, (list, title) => {
        const feed = combine(list, {
          output: buildOutput({ title }),
          title,
          url: "https://river.example",
          isDefault: true,
          prevArchive: 2,
        });
        const live = JSON.parse(renderText(feed, "json"));
        const page = JSON.parse(Buffer.from(toJsonArchive(renderArchivePage(feed, 3))).toString());
        // What Atom has no place for.
        for (const { _mainstem } of live.items) {
          _mainstem.carriers = undefined;
          _mainstem.episode = _mainstem.episode.explicit ? { explicit: true } : undefined;
        }
        expect(page).toEqual(JSON.parse(JSON.stringify(live)));
      }),
      { numRuns: 300 },
    );
  });

  it.skipIf(isSkippedWithout("xmllint or ../shared/schema", hasAtomSchema))(
    "Atom is valid by its schema (skipped without xmllint or ../shared)",
    () => {
      fc.assert(
        fc.property(stories, text, (list, title) => {
          const feed = combine(list, {
            output: buildOutput({ title }),
            title,
            url: "https://river.example",
            isDefault: true,
          });
          assertValidAtom(renderText(feed, "atom"));
        }),
        { numRuns: 25 },
      );
    },
  );
});
