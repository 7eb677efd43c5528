import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cleanCharacters,
  cleanEmail,
  cleanId,
  cleanLanguage,
  cleanLine,
  cleanMediaType,
  cleanUrl,
  firstDate,
  languageInXml,
  mendDoubleEncoding,
  publicUrl,
  scrubUrls,
} from "../../src/publish/clean.ts";
import { HOSTILE_TEXTS, HOSTILE_URLS } from "../support/hostile.ts";

const VALID_URI = /^https?:\/\/[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+$/;

describe("cleanUrl", () => {
  it.each([
    ["https://example.org", "https://example.org/"],
    ["HTTP://Example.ORG:80/a", "http://example.org/a"],
    ["https://example.org/a b?c=d e#f g", "https://example.org/a%20b?c=d%20e#f%20g"],
    ["https://example.org/a|b{c}[d]^e%zz", "https://example.org/a%7Cb%7Bc%7D%5Bd%5D%5Ee%25zz"],
    ["https://example.org/#a#b", "https://example.org/#a%23b"],
    ["https://user:pw@example.org/x", "https://example.org/x"],
    ["https://ünïcode.example/ü", "https://xn--ncode-cta3g.example/%C3%BC"],
    ["http://[2001:db8::1]:8080/x", "http://[2001:db8::1]:8080/x"],
    ["java\tscript:alert(1)", null],
    ["//example.org/x", null],
    ["/x", null],
    ["mailto:a@example.org", null],
    ["ftp://example.org/", null],
    ['https://a"b.example/', null],
    ["", null],
    [null, null],
  ])("%j becomes %j", (input, expected) => {
    expect(cleanUrl(input)).toBe(expected);
  });

  it("gives a valid http(s) URI or null, and leaves its own answers alone", () => {
    const url = fc.oneof(
      fc.webUrl({ withFragments: true, withQueryParameters: true }),
      fc.constantFrom(...HOSTILE_URLS),
    );
    const tail = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(url, tail, (start, end) => {
        const clean = cleanUrl(start + end);
        if (clean === null) return;
        expect(clean).toMatch(VALID_URI);
        expect(cleanUrl(clean)).toBe(clean);
        expect(new URL(clean).href).toBe(clean);
      }),
      { numRuns: 500 },
    );
  });
});

describe("cleanId", () => {
  it.each([
    "https://example.org/a?b=c#d",
    "http://example.org/ünïcode/日本",
    "tag:example.org,2026-06-17:stories/1",
    "tag:blogger.com,1999:blog-1.post-2",
    "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a",
    "urn:sha256:abc",
  ])("keeps %s letter by letter", (id) => {
    expect(cleanId(id)).toBe(id);
  });

  it.each([
    ["https://example.org/a b", "https://example.org/a%20b"],
    ['https://example.org/"<x>', "https://example.org/%22%3Cx%3E"],
    ["https://example.org/100%", "https://example.org/100%25"],
  ])("encodes what no IRI may hold in %s", (id, expected) => {
    expect(cleanId(id)).toBe(expected);
  });

  it.each(["12345", "", "javascript:alert(1)", "data:text/html,x", "urn:x", "http://", "a b c"])(
    "gives %j a name of its own, always the same",
    (id) => {
      expect(cleanId(id)).toMatch(/^urn:sha256:[0-9a-f]{64}$/);
      expect(cleanId(id)).toBe(cleanId(id));
    },
  );

  it("is stable on its own answers", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...HOSTILE_URLS)), (id) => {
        expect(cleanId(cleanId(id))).toBe(cleanId(id));
      }),
    );
  });
});

describe("cleanLine", () => {
  it.each([
    ["  a \n\t b\r\nc ", "a b c"],
    ["nul\u0000 c1\u0085 \ud800lone \udc00", "nul c1 lone"],
    ["a\u202eb\u2066c", "abc"],
    ["😀 kept", "😀 kept"],
    [null, ""],
  ])("%j becomes %j", (input, expected) => {
    expect(cleanLine(input, 100)).toBe(expected);
  });

  it("cuts between characters and keeps within the limit", () => {
    expect(cleanLine("😀".repeat(100), 10)).toBe("😀😀😀😀…");
    expect(cleanLine(`${"word ".repeat(50)}`, 24)).toBe("word word word word wor…");
    for (const text of HOSTILE_TEXTS) expect(cleanLine(text, 500).length).toBeLessThanOrEqual(500);
  });
});

it("cleanCharacters leaves only what XML 1.0 allows", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 0, max: 0xffff }), (text, unit) => {
      const clean = cleanCharacters(text + String.fromCharCode(unit));
      expect(clean.isWellFormed()).toBe(true);
      expect(clean).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd-\uffff]/);
    }),
  );
});

it.each([
  ["en", "en"],
  ["EN_us", "en-US"],
  ["zh-hant-tw", "zh-Hant-TW"],
  ["english", null],
  ["xx", null],
  ["eng", "en"],
  ["gsw-CH", "gsw-CH"],
  ["yue-hk", "yue-HK"],
  ["zh-yue-HK", "yue-HK"],
  ["AR-arz", "arz"],
  // The W3C's validator knows ISO 639-2 only.
  ["ckb", null],
  ["zxx", null],
  ["", null],
  ['en"><x', null],
])("cleanLanguage: %j becomes %j", (input, expected) => {
  expect(cleanLanguage(input)).toBe(expected);
});

it.each([
  ["audio/MPEG; codecs=x", "audio/mpeg"],
  ["image/svg+xml", "image/svg+xml"],
  ["mp3", null],
  ["a/b<c>", null],
])("cleanMediaType: %j becomes %j", (input, expected) => {
  expect(cleanMediaType(input)).toBe(expected);
});

it.each([
  ["mailto:ada@example.org", "ada@example.org"],
  ["ada at example.org", null],
  ["ada@<script>", null],
  ["ada@news.-example", null],
])("cleanEmail: %j becomes %j", (input, expected) => {
  expect(cleanEmail(input)).toBe(expected);
});

it("firstDate passes over what no format can write", () => {
  const good = new Date("2026-06-17T00:00:00Z");
  expect(firstDate(new Date(Number.NaN), null, new Date(8.64e15), new Date(-1), good)).toBe(good);
  // The zero of a clock, and what is older than the web.
  expect(firstDate(new Date(0), new Date("1989-12-31T23:59:59Z"), good)).toBe(good);
  expect(firstDate(undefined)).toBeNull();
});

it.each([
  ["yue-HK", "zh-yue-HK"],
  ["arz", "ar-arz"],
  ["zh-Hant", "zh-Hant"],
  ["en", "en"],
])("languageInXml: %s is written %s, and read back", (tag, expected) => {
  expect(languageInXml(tag)).toBe(expected);
  expect(cleanLanguage(expected)).toBe(tag);
});

describe("mendDoubleEncoding", () => {
  it.each([
    ["CafÃ© au lait", "Café au lait"],
    ["100Â\u00a0km", "100\u00a0km"],
    ["<p>CafÃ©</p> &amp; thÃ©", "<p>Café</p> &amp; thé"],
    // Twice over.
    ["CafÃ\u0083Â©", "Café"],
    // It shows such letters beside right ones, or beside letters beyond Latin-1.
    ["Why é becomes Ã©", "Why é becomes Ã©"],
    ["“CafÃ©”", "“CafÃ©”"],
    ["Café", "Café"],
    ["ÃO PAULO", "ÃO PAULO"],
    ["IRMÃ\u00a0JOANA", "IRMÃ JOANA"],
    ["voilÃ\u00a0", "voilà"],
    ["", ""],
  ])("%j becomes %j", (input, expected) => {
    expect(mendDoubleEncoding(input)).toBe(expected);
  });

  it("leaves text alone that was encoded once, and gives back what was encoded twice", () => {
    // Of these no two make a letter of UTF-8.
    const right = fc.string({ unit: fc.constantFrom(..."abc é ü ñ ß – 漢") });
    fc.assert(fc.property(right, (text) => void expect(mendDoubleEncoding(text)).toBe(text)));
    const latin = fc.string({ unit: fc.constantFrom(..."abc éüñß"), minLength: 1 });
    fc.assert(
      fc.property(latin, (text) => {
        expect(mendDoubleEncoding(Buffer.from(text).toString("latin1"))).toBe(text);
      }),
    );
  });
});

describe("secrets", () => {
  it("publicUrl withholds an address whose query holds one", () => {
    expect(publicUrl("https://u:S3CRET@example.org/feed")).toBe("https://example.org/feed");
    expect(publicUrl("https://example.org/feed?token=S3CRET")).toBeNull();
    expect(publicUrl("https://example.org/feed?category=a")).toBe("https://example.org/feed?category=a");
  });

  it("scrubUrls takes them out of a message", () => {
    const message =
      "GET https://u:S3CRET@example.org/f?token=S3CRET&x=1 failed; see https://example.org/help";
    expect(scrubUrls(message)).toBe(
      "GET https://example.org/f?token=…&x=1 failed; see https://example.org/help",
    );
  });
});
