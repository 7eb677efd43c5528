import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseLinkHeader } from "../../src/fetch/link-header.ts";

const base = "https://example.org/blog/feed.xml";
const links = (text: string) => parseLinkHeader(text, base).map(({ rel, href }) => `${rel} ${href}`);

describe("parseLinkHeader (RFC 8288)", () => {
  it.each([
    ['<https://hub.example/>; rel="hub"', ["hub https://hub.example/"]],
    [
      '<https://hub.example/>; rel="hub", <https://example.org/f>; rel="self"',
      ["hub https://hub.example/", "self https://example.org/f"],
    ],
    [
      "<https://hub.example/>;rel=hub,<../f>;rel=self",
      ["hub https://hub.example/", "self https://example.org/f"],
    ],
    ['<p2>; rel="next prev NEXT"', ["next https://example.org/blog/p2", "prev https://example.org/blog/p2"]],
    ['<a>; rel="hub"; rel="self"', ["hub https://example.org/blog/a"]],
    ['<a>; title="x, <b>; rel=\\"evil\\""; rel=hub', ["hub https://example.org/blog/a"]],
    ["<a>; title*=UTF-8''x; REL=hub", ["hub https://example.org/blog/a"]],
    ['<a>; rel="hub"; anchor="/other"', []],
    ["<a>", []],
    ["<javascript:alert(1)>; rel=hub", []],
    ["<a; rel=hub", []],
    ["nonsense", []],
    ["", []],
  ])("%s", (text, expected) => expect(links(text)).toEqual(expected));

  it("keeps type, title and hreflang", () => {
    const text = '<a>; rel=alternate; type="application/atom+xml"; title="All \\"posts\\""; hreflang=de';
    expect(parseLinkHeader(text, base)).toEqual([
      {
        rel: "alternate",
        href: "https://example.org/blog/a",
        type: "application/atom+xml",
        title: 'All "posts"',
        hreflang: "de",
      },
    ]);
  });

  it("ends on any text, with no more than 100 links", () => {
    const hostile = fc.string({ unit: fc.constantFrom("<", ">", ";", ",", '"', "\\", "=", "rel", "a", " ") });
    fc.assert(fc.property(hostile, (text) => parseLinkHeader(text, base).length <= 100));
    expect(parseLinkHeader("<a>;rel=x,".repeat(5000), base)).toHaveLength(100);
  });
});
