/** What a sighting says, as JSON and back. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Alias, Entry } from "../../src/model.ts";
import { decodeContent, encodeContent } from "../../src/store/records.ts";
import { buildEntry, buildSighting, T0, urlAlias } from "./builders.ts";

const text = fc.option(fc.string());
const instant = fc.option(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("9999-12-31") }));
const person = fc.record({ name: fc.string(), email: text, url: text });
const entries: fc.Arbitrary<Entry> = fc.record(
  {
    guid: text,
    url: text,
    title: fc.string(),
    authors: fc.array(person),
    contributors: fc.array(person),
    published: instant,
    updated: instant,
    summary: text,
    contentHtml: text,
    categories: fc.array(fc.record({ term: fc.string(), scheme: text, label: text })),
    enclosures: fc.array(
      fc.record(
        {
          url: fc.string(),
          type: text,
          length: fc.option(fc.nat()),
          title: fc.string(),
          durationMs: fc.nat(),
        },
        { requiredKeys: ["url", "type", "length"] },
      ),
    ),
    links: fc.array(
      fc.record(
        { rel: fc.string(), href: fc.string(), type: text, title: fc.string(), hreflang: fc.string() },
        { requiredKeys: ["rel", "href", "type"] },
      ),
    ),
    statedOriginals: fc.array(fc.record({ rule: fc.constant("rel=canonical" as const), url: fc.string() })),
    source: fc.option(fc.record({ title: text, url: text, id: text })),
    commentsUrl: text,
    language: text,
    rights: text,
    imageUrl: text,
    episode: fc.record({
      season: fc.option(fc.nat()),
      number: fc.option(fc.nat()),
      type: fc.constantFrom(null, "full" as const, "bonus" as const),
      isExplicit: fc.option(fc.boolean()),
    }),
  },
  {
    requiredKeys: Object.keys(buildEntry()) as (keyof Entry)[],
  },
);
const kind = fc.constantFrom<Alias["kind"][]>("url", "stated", "guid", "soft", "content", "operator");

test("whatever an entry and its aliases say is read back as it was", () => {
  const property = fc.property(
    entries,
    text,
    // Aliases whose key begins with their kind or another, and whose evidence is the usual one or not.
    fc.array(
      fc.tuple(
        kind,
        fc.option(kind),
        fc.string(),
        fc.constantFrom("link", "guid", "guid+host"),
        fc.constantFrom("original", "guid", "else"),
      ),
    ),
    fc.array(fc.record({ key: fc.string(), kind })),
    (entry, originalUrl, drawn, formerAliases) => {
      const aliases = drawn.map(([own, prefix, rest, rule, from]): Alias => {
        const evidence = from === "original" ? originalUrl : from === "guid" ? entry.guid : "else";
        return { key: `${prefix ?? own}:${rest}`, kind: own, rule, evidence: evidence ?? "" };
      });
      const record = { ...buildSighting("g"), entry, originalUrl, aliases };
      const { guidKey, publishedIds } = record;
      const content = { guidKey, publishedIds, originalUrl, aliases, formerAliases, entry };
      expect(decodeContent(encodeContent(record, formerAliases))).toEqual(content);
    },
  );
  fc.assert(property, { numRuns: 500 });
});

describe("a stored record", () => {
  it("holds nothing that is empty or follows from the rest", () => {
    const record = buildSighting("g", { urls: ["a.example/1"] });
    expect(JSON.parse(encodeContent(record, []))).toEqual({
      guidKey: "g",
      originalUrl: "https://a.example/1",
      publishedIds: ["tag:g", "https://a.example/1"],
      aliases: [{ key: "url:a.example/1", rule: "link" }],
      entry: { guid: "g", url: "https://a.example/1", title: "Title of g" },
    });
  });

  it("of an older version, which wrote all of it, reads the same", () => {
    const { guidKey, originalUrl, publishedIds, aliases, entry } = buildSighting("g", {
      entry: { published: T0, categories: [{ term: "news", scheme: null, label: null }] },
      aliases: [
        urlAlias("a.example/1"),
        { key: "url:b.example/2", kind: "stated", rule: "link", evidence: "b" },
      ],
    });
    const content = { guidKey, originalUrl, publishedIds, aliases, formerAliases: [], entry };
    expect(decodeContent(JSON.stringify(content))).toEqual(content);
  });

  it("is unreadable where an alias has no kind", () => {
    const json = JSON.stringify({
      guidKey: "g",
      publishedIds: [],
      aliases: [{ key: "nothing-we-know:1", rule: "link" }],
      entry: { title: "t" },
    });
    expect(decodeContent(json)).toBeNull();
  });
});
