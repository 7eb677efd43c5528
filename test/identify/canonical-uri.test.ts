/** Which ids may be published as they are (RFC 3986 6.2.2; the W3C validator's NonCanonicalURI, InvalidURN, InvalidTAG, InvalidUUID). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isCanonicalUri } from "../../src/identify/canonical-uri.ts";
import { identifyDocument } from "../../src/identify/identify.ts";
import { buildContext, buildEntry } from "./entries.ts";

describe("isCanonicalUri", () => {
  it.each([
    "https://news.example/2026/06/bridge",
    "https://news.example/",
    "https://news.example:8080/?p=123",
    "https://news.example/a?b=c%26d#part",
    "https://news.example/caf%C3%A9",
    "http://nas/1",
    "tag:blogger.com,1999:blog-1.post-2",
    "tag:ada@news.example,2005-06-01:/posts/1",
    "urn:uuid:60a76c80-d399-11d9-b93c-0003939e0af6",
    "urn:sha256:ab12",
    "info:lccn/2002022641",
    "x-entry:7",
  ])("takes %s", (id) => expect(isCanonicalUri(id)).toBe(true));

  it.each<[string, string]>([
    ["a scheme in capitals", "HTTPS://news.example/"],
    ["a host in capitals", "https://News.example/"],
    ["no path", "https://news.example"],
    ["a default port", "https://news.example:443/"],
    ["telnet's port", "telnet://news.example:23/"],
    ["an empty port", "https://news.example:/"],
    ["a final dot", "https://news.example./"],
    ["a user", "https://ada@news.example/"],
    ["dot segments", "https://news.example/a/../b"],
    ["a needless escape", "https://news.example/%7Eada"],
    ["an escape in lower case", "https://news.example/caf%c3%a9"],
    ["an escaped escape", "https://news.example/%2541"],
    ["bytes that are no UTF-8", "https://news.example/caf%E9"],
    ["UTF-8 that is not in NFC", "https://news.example/cafe%CC%81"],
    ["letters beyond ASCII", "https://news.example/café"],
    ["brackets", "https://news.example/a[1]"],
    ["an IPv6 address", "http://[::1]/"],
    ["two fragments", "https://news.example/#a#b"],
    ["no host", "http:news.example/1"],
    ["a stray percent sign", "https://news.example/100%"],
    ["a scheme that nobody registered", "yt:video:abc"],
    ["a tag without a date", "tag:news.example:1"],
    ["a tag of capitals", "tag:News.example,2005:1"],
    ["a URN with a slash", "urn:news:a/b"],
    ["a URN without a name", "urn:news:"],
    ["a UUID that is none", "urn:uuid:123"],
    ["no URI at all", "entry 7"],
    ["nothing", ""],
  ])("refuses %s", (_, id) => expect(isCanonicalUri(id)).toBe(false));

  it("takes what a browser would make of any address, once its escapes are in order", () => {
    fc.assert(
      fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (text) => {
        const { href } = new URL(text);
        const isOrderly = !/%|[^\w\-.~:/?#@!$&'()*+,;=]/.test(href) && (href.match(/#/g)?.length ?? 0) < 2;
        // A name that ends in a dot is the same without it.
        if (isOrderly && !new URL(text).hostname.endsWith(".")) expect(isCanonicalUri(href)).toBe(true);
      }),
    );
  });

  it("takes nothing that a browser would write otherwise", () => {
    fc.assert(
      fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (text) => {
        // Browsers escape the apostrophe of a query, which needs none (RFC 3986 3.4).
        if (isCanonicalUri(text)) expect(new URL(text).href.replaceAll("%27", "'")).toBe(text);
      }),
    );
  });
});

describe("the ids that an entry may be published under", () => {
  const context = buildContext();

  it("are canonical whatever its guid and its link are", () => {
    const address = fc.oneof(fc.webUrl({ withFragments: true, withQueryParameters: true }), fc.string());
    fc.assert(
      fc.property(fc.option(address), fc.option(address), (guid, url) => {
        const [identified] = identifyDocument([buildEntry({ guid, url })], context).entries;
        expect(identified?.publishedIds.filter((id) => !isCanonicalUri(id))).toEqual([]);
        expect(identified?.publishedIds.length).toBeGreaterThan(0);
      }),
    );
  });

  it.each([
    ["yt:video:abc", "https://www.youtube.com/watch?v=abc", "https://www.youtube.com/watch?v=abc"],
    ["https://News.example/?p=1", "https://news.example/bridge", "https://news.example/bridge"],
    ["tag:news.example,2026:1", "https://news.example/bridge", "tag:news.example,2026:1"],
  ])("of guid %s and link %s: %s first", (guid, url, expected) => {
    expect(identifyDocument([buildEntry({ guid, url })], context).entries[0]?.publishedIds[0]).toBe(expected);
  });
});
