import { describe, expect, it } from "vitest";
import {
  isOnServerOf,
  isOwnOrigin,
  parseRequestTarget,
  resolveLocation,
} from "../../src/fetch/request-target.ts";

describe("parseRequestTarget", () => {
  it.each([
    ["http://example.org", "/"],
    ["http://example.org?x=1", "/?x=1"],
    [
      "http://example.org/a%2Fb%20c.xml?b=2&a=1&q=%E2%9C%93&empty=&x=a+b#frag",
      "/a%2Fb%20c.xml?b=2&a=1&q=%E2%9C%93&empty=&x=a+b",
    ],
    ["http://example.org/a/../b/./c", "/a/../b/./c"],
    ["http://example.org/%zz?%", "/%zz?%"],
    ["http://example.org/f?q='a'&r=(b)*!", "/f?q='a'&r=(b)*!"],
    ["http://example.org//double//slash?", "//double//slash?"],
    ["  http://example.org/trimmed  ", "/trimmed"],
    ["http://bob:p@example.org/f", "/f"],
    ["HTTP://EXAMPLE.ORG/Case", "/Case"],
    ["http:///example.org/f", "/f"],
    ["http:example.org/f", "/f"],
    ["http://example.org/with space", "/with%20space"],
    ["http://example.org/ünï?q=ü", "/%C3%BCn%C3%AF?q=%C3%BC"],
    ['http://example.org/"quoted"', "/%22quoted%22"],
    ["http://example.org/back\\slash", "/back/slash"],
  ])("%s is asked for as %s", (url, path) => expect(parseRequestTarget(url).path).toBe(path));

  it("takes credentials out of the URL and into Authorization (RFC 7617)", () => {
    const target = parseRequestTarget("https://bob:s3%3Acret@example.org/f#x");
    expect(target.url).toBe("https://example.org/f");
    expect(Buffer.from(target.authorization?.slice("Basic ".length) ?? "", "base64").toString()).toBe(
      "bob:s3:cret",
    );
    expect(parseRequestTarget("https://example.org/").authorization).toBeNull();
  });

  it.each([
    "",
    "nonsense",
    "http://",
    "file:///etc/passwd",
    "gopher://x/",
    "javascript:alert(1)",
    "unix:/var/run/x.sock",
    `http://x/${"a".repeat(9000)}`,
  ])("refuses %s", (url) =>
    expect(() => parseRequestTarget(url)).toThrow(expect.objectContaining({ code: "fetch/bad-url" })),
  );
});

describe("resolveLocation", () => {
  const base = parseRequestTarget("https://example.org/blog/feed?x=1");
  it.each([
    ["https://other.example/f?q='x'", "https://other.example/f?q='x'"],
    ["/feed?q='x'", "https://example.org/feed?q='x'"],
    ["atom.xml", "https://example.org/blog/atom.xml"],
    ["?x=2", "https://example.org/blog/feed?x=2"],
    ["//cdn.example/f", "https://cdn.example/f"],
    [Buffer.from("/ü", "utf8").toString("latin1"), "https://example.org/ü"],
    ["ftp://example.org/f", "ftp://example.org/f"],
  ])("%s", (location, expected) => expect(resolveLocation(location, base)).toBe(expected));
});

describe("isOwnOrigin", () => {
  it.each([
    ["https://a.example/x", "https://a.example/y", true],
    ["https://a.example/x", "http://a.example/y", true],
    ["http://a.example/x", "https://a.example/y", false],
    ["https://a.example:8443/x", "http://a.example/y", false],
    ["https://a.example/x", "http://a.example:8080/y", false],
    ["https://b.example/x", "https://a.example/y", false],
    ["https://a.example.evil/x", "https://a.example/y", false],
    ["https://sub.a.example/x", "https://a.example/y", false],
  ])("what is configured for %s's asker %s: %s", (target, owner, expected) => {
    expect(isOwnOrigin(parseRequestTarget(target), parseRequestTarget(owner))).toBe(expected);
  });
});

describe("isOnServerOf", () => {
  it.each([
    ["http://nas.lan:8080/page", "http://nas.lan:8080/feed"],
    ["https://nas.lan/page", "http://nas.lan/feed"],
    ["http://NAS.lan/", "http://bob:p@nas.lan/feed"],
    ["http://127.0.0.1:8080/", "http://localhost:8080/"],
    ["http://127.9.9.9:8080/", "http://127.0.0.1:8080/"],
    ["http://[::1]:8080/", "http://0x7f.1:8080/"],
  ])("%s is on the server of %s", (url, owner) => expect(isOnServerOf(url, owner)).toBe(true));

  it.each([
    ["http://nas.lan:8081/page", "http://nas.lan:8080/feed"],
    ["http://nas.lan:8443/", "https://nas.lan:8443/"],
    ["http://nas.lan/", "https://nas.lan/feed"],
    ["http://router.lan/", "http://nas.lan/"],
    ["http://192.168.0.1/", "http://192.168.0.2/"],
    ["http://127.0.0.1:8081/", "http://127.0.0.1:8080/"],
    ["http://127.0.0.1/", "http://192.168.0.1/"],
    ["http://127.0.0.1.evil.example/", "http://127.0.0.1/"],
    ["http://localhost.evil.example/", "http://localhost/"],
    ["file:///etc/passwd", "file:///etc/passwd"],
    ["no address", "http://nas.lan/"],
    ["http://nas.lan/", "../feeds/local.xml"],
  ])("%s is not on the server of %s", (url, owner) => expect(isOnServerOf(url, owner)).toBe(false));
});
