import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { explainUrl, identifyUrl } from "../../src/identify/original-url.ts";
import { differentPairs, samePairs, unwrapFacts } from "./held-out-facts.ts";

const seeds = [...samePairs, ...differentPairs].flat().concat(unwrapFacts.map(([input]) => input));

const word = fc.stringMatching(/^[a-z]{1,8}$/);
const unknownName = fc.stringMatching(/^zq[a-z]{1,6}$/);
const unknownValue = fc.stringMatching(/^[0-9]{1,6}$/);
const host = fc.constantFrom(
  "example.com",
  "www.example.com",
  "news.example.org",
  "www.youtube.com",
  "amp.example.net",
  "www.google.com",
  "x.com",
  "medium.com",
  "a.github.io",
);
const segment = fc.oneof(
  word,
  fc.stringMatching(/^[a-z0-9%._~;-]{1,12}$/),
  fc.constantFrom(
    "amp",
    "print",
    "index.html",
    "index.php",
    "2024",
    "a.amp",
    "..",
    "",
    "%2F",
    "%41",
    "redirect",
    "watch",
  ),
);
const pair = fc.oneof(
  fc.tuple(unknownName, unknownValue).map(([name, value]) => `${name}=${value}`),
  fc.constantFrom(
    "utm_source=rss",
    "ref=rss",
    "fbclid=x",
    "a",
    "a=",
    "=b",
    "",
    "url=https%3A%2F%2Fb.example%2Fx",
    "u=https://c.example/y",
    "q=a+b",
    "q=a%2Bb",
    "v=dQw4w9WgXcQ",
    "%zz=%",
    "page=all",
    "sid=0123456789abcdef0123456789abcdef",
  ),
);
const fragment = fc.oneof(
  fc.constant(""),
  fc.constantFrom(
    "#",
    "#comments",
    "#/route/1",
    "#!x",
    "#a=b",
    "#utm_source=x&b=2",
    "#v1.2",
    "#:~:text=a",
    "#History",
    "#ref=rss#x",
    "#a#b#",
  ),
);
const url = fc
  .record({
    host,
    path: fc.array(segment, { maxLength: 4 }),
    query: fc.array(pair, { maxLength: 4 }),
    fragment,
    scheme: fc.constantFrom("http", "https"),
  })
  .map(
    (parts) =>
      `${parts.scheme}://${parts.host}/${parts.path.join("/")}${parts.query.length === 0 ? "" : `?${parts.query.join("&")}`}${parts.fragment}`,
  );
const mangled = fc
  .tuple(fc.constantFrom(...seeds), fc.nat(200), fc.string({ maxLength: 6 }))
  .map(([seed, at, insert]) => seed.slice(0, at) + insert + seed.slice(at));
const anything = fc.oneof(
  url,
  mangled,
  fc.constantFrom(...seeds),
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
);

const runs = { numRuns: 3_000 };

describe("URL identity", () => {
  it("is the identity of its original URL", () => {
    fc.assert(
      fc.property(anything, (input) => {
        const found = identifyUrl(input);
        if (found === null) return;
        const again = identifyUrl(found.originalUrl);
        expect(again).toEqual(found);
        expect(URL.canParse(found.originalUrl)).toBe(true);
      }),
      runs,
    );
  });

  it("never throws, and says why there is none", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "binary", maxLength: 80 }), fc.string({ maxLength: 80 }), mangled),
        (input) => {
          const explained = explainUrl(input);
          expect(explained.error === null).toBe(explained.key !== null);
          expect(explained.key).toBe(identifyUrl(input)?.key ?? null);
          expect(explained.originalUrl).toBe(identifyUrl(input)?.originalUrl ?? null);
        },
      ),
      runs,
    );
  });

  it("does not depend on the order of parameters", () => {
    const parameters = fc.uniqueArray(fc.tuple(unknownName, unknownValue), {
      selector: ([name]) => name,
      minLength: 2,
      maxLength: 6,
    });
    fc.assert(
      fc.property(
        parameters.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
        ),
        fc.boolean(),
        ([list, shuffled], isTracked) => {
          const keyOf = (pairs: readonly (readonly [string, string])[], tail: string) =>
            identifyUrl(
              `https://example.com/view?${pairs.map(([name, value]) => `${name}=${value}`).join("&")}${tail}`,
            )?.key;
          expect(keyOf(list, "")).toBe(keyOf(shuffled, isTracked ? "&utm_source=x" : ""));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("differs whenever an unknown parameter differs", () => {
    fc.assert(
      fc.property(
        url,
        unknownName,
        fc.uniqueArray(unknownValue, { minLength: 2, maxLength: 2 }),
        (base, name, [first, second]) => {
          const at = (value: string | undefined) => {
            const whole = new URL(
              base
                .replace("www.youtube.com", "video.example")
                .replace("x.com", "short.example")
                .replace("medium.com", "blog.example")
                .replace("www.google.com", "search.example"),
            );
            whole.searchParams.append(name, value ?? "");
            return identifyUrl(whole.href)?.key;
          };
          fc.pre(first !== second && !/url=|u=http/.test(base));
          expect(at(first)).not.toBe(at(second));
        },
      ),
      runs,
    );
  });

  it("keeps the case of a path and its unknown segments", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{5,12}$/), (name) => {
        const lower = identifyUrl(`https://example.com/${name}`)?.key;
        expect(identifyUrl(`https://example.com/${name.toUpperCase()}`)?.key).not.toBe(lower);
        expect(identifyUrl(`https://example.com/${name}x`)?.key).not.toBe(lower);
      }),
    );
  });

  it.each([
    ["a long path", `https://example.com/${"a".repeat(1_000_000)}`],
    ["letters on a mobile host", `https://m.example.com/${"a".repeat(1_000_000)}`],
    ["letters under amp", `https://example.com/amp/${"a".repeat(1_000_000)}/amp`],
    ["buttons", `https://example.com/?${"nb=1&".repeat(200_000)}`],
    ["decoded letters", `https://example.com/?q=${"a+".repeat(500_000)}`],
    ["subdomains", `https://${"a.".repeat(500_000)}example.com/x`],
    ["article marks", `https://m.example.com/${"a-".repeat(500_000)}print`],
    ["slashes", `https://example.com${"/".repeat(1_000_000)}`],
    ["amp segments", `https://example.com${"/amp".repeat(250_000)}`],
    ["empty parameters", `https://example.com/?${"&".repeat(1_000_000)}`],
    ["trackers", `https://example.com/?${"utm_source=x&".repeat(80_000)}`],
    ["question marks", `https://example.com/?${"?".repeat(1_000_000)}`],
    ["late trackers", `https://example.com/?${"a?utm_x=".repeat(120_000)}`],
    ["escapes", `https://example.com/${"%41".repeat(330_000)}`],
    ["entities", `https://example.com/?${"&amp;".repeat(200_000)}`],
    ["unfinished entities", `https://example.com/?${"&#0".repeat(330_000)}`],
    ["schemes", "http://".repeat(140_000)],
    ["schemes of feeds", `${"feed:".repeat(200_000)}//example.com/`],
    ["schemes without slashes", `${"https:".repeat(160_000)}//example.com/`],
    ["hashes", `https://example.com/#${"#".repeat(1_000_000)}`],
    ["fragment pairs", `https://example.com/#${"a=b&".repeat(250_000)}`],
    ["fragment dashes", `https://example.com/#${"a-".repeat(500_000)}`],
    ["dots in the path", `https://example.com/${"../".repeat(300_000)}`],
    ["semicolons", `https://example.com/${";jsessionid=".repeat(80_000)}`],
    ["parentheses", `https://example.com/${"(S(".repeat(300_000)}`],
    ["nested wrappers", `${"https://href.li/?".repeat(60_000)}https://example.com/`],
    ["an archive of archives", `${"https://web.archive.org/web/2020/".repeat(30_000)}https://example.com/`],
    ["angle brackets", `https://example.com/${"<".repeat(1_000_000)}`],
    ["white space", `${" ".repeat(500_000)}https://example.com/${"\u200b".repeat(500_000)}`],
    ["login pages", `https://example.com${"/login".repeat(160_000)}?next=https://example.com/`],
    ["Bing's base64", `https://www.bing.com/ck/a?u=a1${"aHR0".repeat(250_000)}`],
  ])("is linear in a megabyte of %s", { timeout: 20_000 }, (_name, input) => {
    // No time is asserted: what is quadratic does not come back within the test's own limit.
    const found = identifyUrl(input);
    const explained = explainUrl(input);
    expect(explained.key).toBe(found?.key ?? null);
  });
});
