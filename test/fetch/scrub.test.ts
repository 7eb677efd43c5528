import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scrubText, scrubUrl } from "../../src/fetch/scrub.ts";

describe("scrubUrl", () => {
  it.each([
    ["https://example.org/feed?page=2#top", "https://example.org/feed?page=2#top"],
    ["https://bob:s3cret@example.org/feed", "https://example.org/feed"],
    ["https://bob@example.org", "https://example.org"],
    ["https://a:b@c@example.org/x@y", "https://example.org/x@y"],
    ["https://bob:s3cret@example.org:99999/not-a-url", "https://example.org:99999/not-a-url"],
    ["https://bob:s3%2Fcret@example.org/feed", "https://example.org/feed"],
    ["https://bob:s3/cret@example.org/feed", "https://example.org/feed"],
    ["https://bob:s3#cret@example.org/feed", "https://example.org/feed"],
    ["https://bob:s3?cr@et@example.org/feed", "https://example.org/feed"],
    ["https://p.org/?url=https://bob:S@e.org/f&x=a@b", "https://p.org/?url=https://e.org/f&x=a@b"],
    [
      "https://p.org/?url=https%3A%2F%2Fbob%3AS%40e.org%2Ff%40g",
      "https://p.org/?url=https%3A%2F%2Fe.org%2Ff%40g",
    ],
    ["https://e.org/f?token=S&x=1", "https://e.org/f?token=***&x=1"],
    ["https://e.org/f?x=1;api_key=S", "https://e.org/f?x=1;api_key=***"],
    ["https://e.org/f?private_token=S", "https://e.org/f?private_token=***"],
    ["https://e.org/f?feedToken=S", "https://e.org/f?feedToken=***"],
    ["https://e.org/f?X-Amz-Signature=S&X-Amz-Date=1", "https://e.org/f?X-Amz-Signature=***&X-Amz-Date=1"],
    [
      "https://e.org/f?sig=S&auth=S&PASSWORD=S&key=S",
      "https://e.org/f?sig=***&auth=***&PASSWORD=***&key=***",
    ],
    ["https://e.org/f?pass%77ord=S", "https://e.org/f?pass%77ord=***"],
    ["https://e.org/f?%zz=1&secret=S", "https://e.org/f?%zz=1&secret=***"],
    ["https://e.org/f#access_token=S", "https://e.org/f#access_token=***"],
    ["https://e.org/f?author=Jo&keyword=tea&design=1", "https://e.org/f?author=Jo&keyword=tea&design=1"],
    ["/home/jo/feeds/a@b.xml", "/home/jo/feeds/a@b.xml"],
    ["", ""],
  ])("%s", (url, expected) => expect(scrubUrl(url)).toBe(expected));

  it("lets no password through, whatever it is made of", () => {
    const secret = fc.stringMatching(
      /^[A-Za-z0-9!$&'()*+,;=:@%._~-]{0,20}S3CRET[A-Za-z0-9!$&'()*+,;=:@%._~-]{0,20}$/,
    );
    fc.assert(
      fc.property(secret, (password) => {
        expect(scrubUrl(`https://bob:${password}@example.org/feed?x=1`)).not.toContain("S3CRET");
      }),
    );
  });
});

describe("scrubText", () => {
  it.each([
    ["connect https://bob:s3cret@example.org/f failed", "connect https://example.org/f failed"],
    [
      'see "postgres://u:p@db/main" and (http://x.org/?key=S)',
      'see "postgres://db/main" and (http://x.org/?key=***)',
    ],
    ["http://x.org/f?token=S: 3 new", "http://x.org/f?token=***: 3 new"],
    [
      "is it http://x.org/f?token=S#pwd=S2, or http://y.org/?",
      "is it http://x.org/f?token=***#pwd=***, or http://y.org/?",
    ],
    ["tried http://a:S@b,http://c:S@d in turn", "tried http://b,http://d in turn"],
    ["Authorization: Bearer abcdef123456", "Authorization: Bearer ***"],
    ["authorization: basic Ym9iOnMzY3JldA==", "authorization: basic ***"],
    ["nothing to hide", "nothing to hide"],
  ])("%s", (text, expected) => expect(scrubText(text)).toBe(expected));
});
