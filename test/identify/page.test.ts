import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readPageIdentity } from "../../src/identify/page.ts";

const pageUrl = "https://www.news.example.com/2026/03/story-of-the-day";

function read(head: string, url = pageUrl) {
  return readPageIdentity(`<!doctype html><html><head>${head}</head><body><p>Text</p></body></html>`, url);
}

describe("readPageIdentity", () => {
  it("reads a page's own canonical URL, cleaned", () => {
    const { candidates } = read(
      `<link rel="canonical" href="https://www.news.example.com/2026/03/story-of-the-day?utm_source=x">`,
    );
    expect(candidates).toEqual([{ rule: "page:canonical", url: pageUrl, trust: "exact" }]);
  });

  it("trusts another domain only softly", () => {
    const { candidates } = read(`<link rel='nofollow canonical' href='https://agency.example.org/report-1'>`);
    expect(candidates).toEqual([
      { rule: "page:canonical", url: "https://agency.example.org/report-1", trust: "soft" },
    ]);
  });

  it("puts what a reprint says of its source first", () => {
    const { candidates } = read(`
      <meta property="og:url" content="https://www.news.example.com/og-story-of-it">
      <link rel="canonical" href="https://www.news.example.com/canonical-story">
      <meta name="original-source" content="https://agency.example.org/report-1">`);
    expect(candidates.map(({ rule }) => rule)).toEqual([
      "page:original-source",
      "page:canonical",
      "page:og:url",
    ]);
  });

  it.each([
    [
      '{"@type":"NewsArticle","mainEntityOfPage":{"@id":"https://www.news.example.com/2026/main-story"}}',
      "https://www.news.example.com/2026/main-story",
    ],
    [
      '{"@graph":[{"@type":"WebSite","url":"https://www.news.example.com/"},{"@type":["Article"],"mainEntityOfPage":"https://www.news.example.com/2026/main-story"}]}',
      "https://www.news.example.com/2026/main-story",
    ],
    [
      '[{"@type":"BlogPosting","isBasedOn":{"url":"https://agency.example.org/report-1"}}]',
      "https://agency.example.org/report-1",
    ],
    ['{"@type":"WebPage","mainEntityOfPage":"https://www.news.example.com/2026/main-story"}', null],
    ["{not json", null],
  ])("reads JSON-LD %s", (json, url) => {
    const { candidates } = read(`<script type="application/ld+json">${json}</script>`);
    expect(candidates[0]?.url ?? null).toBe(url);
  });

  it.each([
    ["https://www.news.example.com/{{slug}}", "a template's placeholder"],
    ["https://www.news.example.com/", "a front page"],
    ["https://www.news.example.com/index.html", "a front page"],
    ["index.html", "relative"],
    ["story-of-the-day", "relative"],
    ["https://www.news.example.com/2026/", "a section of the site"],
    ["https://www.news.example.com/login?next=x", "no article"],
    ["http://localhost/2026/story", "no public host"],
    ["http://10.0.0.1/2026/story", "no public host"],
    ["javascript:alert(1)", "relative"],
    [`https://www.news.example.com/${"x".repeat(3_000)}`, "too long"],
  ])("does not believe %s", (href, reason) => {
    const { candidates, rejected } = read(`<link rel="canonical" href="${href}">`);
    expect(candidates).toEqual([]);
    expect(rejected).toEqual([{ rule: "page:canonical", url: href, reason }]);
  });

  it("takes a path from the root of the site", () => {
    expect(read(`<link rel="canonical" href="/2026/03/canonical-story">`).candidates[0]?.url).toBe(
      "https://www.news.example.com/2026/03/canonical-story",
    );
  });

  it("reads no further than its limit", () => {
    const late = `${"<p>filler</p>".repeat(30_000)}<link rel="canonical" href="https://www.news.example.com/too-late">`;
    expect(readPageIdentity(late, pageUrl).candidates).toEqual([]);
  });

  it("never throws", () => {
    const piece = fc.constantFrom(
      "<",
      ">",
      "<link rel=canonical href=",
      '"',
      "<script type=application/ld+json>",
      "</script>",
      "{",
      "[[",
      "https://a.example/b",
      "<meta property=og:url content=",
      "\u0000",
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(piece, fc.string({ maxLength: 10 })), { maxLength: 30 }),
        fc.oneof(fc.constant(pageUrl), fc.string()),
        (pieces, url) => {
          const { candidates } = readPageIdentity(pieces.join(""), url);
          for (const candidate of candidates) expect(URL.canParse(candidate.url)).toBe(true);
        },
      ),
    );
  });
});
