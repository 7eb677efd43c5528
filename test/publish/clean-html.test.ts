import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import sanitizeHtml from "sanitize-html";
import { describe, expect, it } from "vitest";
import { cleanHtml } from "../../src/publish/clean-html.ts";
import { ALLOWED_ATTRIBUTES, ALLOWED_TAGS, isPlainSafeHtml } from "../../src/publish/html-policy.ts";
import { readText } from "../../src/publish/html-text.ts";
import { HOSTILE_HTML, HOSTILE_TEXTS, HOSTILE_URLS, unsafeMarkupIn } from "../support/hostile.ts";
import { isSkippedWithout } from "../support/skip.ts";
import { childrenOf, parseStrictXml, textOf } from "../support/strict-xml.ts";

describe("cleanHtml", () => {
  it.each([
    ["<p>a</p>", "<p>a</p>"],
    ["a &amp; b &lt;c&gt;", "a &amp; b &lt;c&gt;"],
    ['<a href="https://x.example/?a=1&amp;b=2">x</a>', '<a href="https://x.example/?a=1&amp;b=2">x</a>'],
    ["<p>unclosed", "<p>unclosed</p>"],
    ["<script>alert(1)</script>", ""],
    ["<p> </p>", ""],
    ['<img src="https://x.example/a.png" onerror="x()">', '<img src="https://x.example/a.png" />'],
    ['<a href="/relative">x</a>', "<a>x</a>"],
    ['<a href="&#106;avascript:alert(1)">x</a>', "<a>x</a>"],
    ['<img srcset="https://x.example/a.png 1x, b.png 2x" alt="b">', '<img alt="b" />'],
    [`${"<div>".repeat(300)}<b>deep</b>`, "deep"],
    ['a <bdo dir="rtl">abc</bdo>', 'a <bdi dir="rtl">abc</bdi>'],
    ["<p>Caf&Atilde;&copy;, th&#195;&#169;</p>", "<p>Café, thé</p>"],
    ["<ruby><rb>漢</rb><rp>(</rp><rt>kan</rt></ruby>", "<ruby>漢<rp>(</rp><rt>kan</rt></ruby>"],
  ])("%s", (html, expected) => {
    expect(cleanHtml(html).html).toBe(expected);
  });

  it("keeps what is already clean, letter by letter", () => {
    const html = `<h2>Title</h2><p lang="en">A <em>clean</em> text<br />with a <a href="https://x.example/a?b=c&amp;d=e" title="&quot;x&quot;">link</a> and <img src="https://x.example/a.png" alt="" width="10" />.</p><ul><li>one</li></ul>`;
    expect(isPlainSafeHtml(html)).toBe(true);
    expect(cleanHtml(html).html).toBe(html);
  });

  it.each(HOSTILE_HTML.map((html) => [html.slice(0, 60), html]))("%s holds nothing unsafe", (_, html) => {
    expect(unsafeMarkupIn(cleanHtml(html).html)).toEqual([]);
  });

  it("gives back what it gave before", () => {
    fc.assert(
      fc.property(fc.constantFrom(...HOSTILE_HTML), fc.constantFrom(...HOSTILE_HTML), (a, b) => {
        const once = cleanHtml(a + b).html;
        expect(cleanHtml(once).html).toBe(once);
      }),
    );
  });
});

const payloads = path.resolve(import.meta.dirname, "../../../shared/payloads");

describe.skipIf(isSkippedWithout("../shared/payloads", existsSync(payloads)))(
  "the shared payloads (skipped without ../shared)",
  () => {
    it.each(["xss-content.atom", "xss-title.atom", "link-schemes.atom"])(
      "%s: nothing unsafe is left",
      (file) => {
        const entries = childrenOf(parseStrictXml(readFileSync(path.join(payloads, file), "utf8")), "entry");
        expect(entries.length).toBeGreaterThan(5);
        for (const entry of entries) {
          for (const name of ["title", "content", "summary"]) {
            const html = cleanHtml(textOf(entry, name)).html;
            expect(unsafeMarkupIn(html)).toEqual([]);
            expect(html).not.toMatch(/<[^>]*alert/);
          }
        }
      },
    );
  },
);

/** Tags good and bad, so that about every third document keeps to the policy. */
const value = fc.constantFrom(
  "https://x.example/",
  "javascript:alert(1)",
  "/x",
  "a",
  "&#106;avascript:x",
  '"',
  ">",
  "a&amp;b",
  "//x",
);
const attribute = fc.tuple(
  fc.constantFrom("href", "src", "title", "onclick", "style", "lang", "HREF"),
  fc.constantFrom('"', "'", ""),
  value,
);
const tag = fc
  .tuple(
    fc.constantFrom("p", "b", "a", "br", "img", "script", "svg", "P", "xmp"),
    fc.array(attribute, { maxLength: 2 }),
  )
  .map(
    ([name, attributes]) =>
      `<${name}${attributes.map(([key, quote, v]) => ` ${key}=${quote}${v}${quote}`).join("")}>`,
  );
const piece = fc.oneof(
  tag,
  fc.constantFrom(
    "</p>",
    "</b>",
    "</a>",
    "text",
    "<",
    "<!--",
    "-->",
    "&lt;",
    "<p>x</p>",
    "<b>",
    '<a href="https://x.example/">y</a>',
  ),
);
const document = fc.oneof(
  fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join("")),
  fc.constantFrom(
    ...HOSTILE_TEXTS.filter((t) => t.length < 1000),
    ...HOSTILE_URLS.filter((u) => u.length < 1000),
  ),
);

describe("isPlainSafeHtml", () => {
  it("never lets anything through that the sanitiser would take out", () => {
    let plain = 0;
    fc.assert(
      fc.property(document, (html) => {
        if (!isPlainSafeHtml(html)) return;
        plain += 1;
        const sanitized = sanitizeHtml(html, {
          allowedTags: [...ALLOWED_TAGS],
          allowedAttributes: { ...ALLOWED_ATTRIBUTES },
          allowedSchemes: ["http", "https", "mailto", "tel"],
          allowProtocolRelative: false,
        });
        expect(tagsOf(html)).toEqual(tagsOf(sanitized));
        // What a tooltip says is text: `title=" style="` has no style.
        expect(unsafeMarkupIn(html.replace(/ (title|lang)="[^"]*"/g, " $1"))).toEqual([]);
      }),
      { numRuns: 3000 },
    );
    expect(plain).toBeGreaterThan(100);
  });

  it.each([
    "<p>a",
    "a</p>",
    "<b><i></b></i>",
    "<P>a</P>",
    "<p class=x>a</p>",
    '<p style="x">a</p>',
    "<a href='https://x.example/'>a</a>",
    '<a href="javascript:x">a</a>',
    "a < b",
    "a > b",
    "<!-- x -->",
    "<![CDATA[x]]>",
    "<?x?>",
    '<img src="https://x.example/"onerror="x">',
    '<p title="<b>">a</p>',
    "<svg></svg>",
    '<img lang="&#106;avascript:x">',
    '<p title="&apos;">a</p>',
    '<a><a href="https://x.example/">y</a></a>',
    '<img lang="de" lang="en">',
  ])("%s goes through the sanitiser", (html) => {
    expect(isPlainSafeHtml(html)).toBe(false);
  });
});

function tagsOf(html: string): readonly string[] {
  return (html.match(/<[^>]*>/g) ?? []).map((t) => t.replace(/ ?\/?>$/, ">"));
}

describe("readText", () => {
  it.each([
    ["<p>One</p><p>two</p>", "One two"],
    ["O<b>n</b>e<br>two", "One two"],
    ["a &amp; b &lt;c&gt; &nbsp; d", "a & b <c> d"],
    ["<style>x</style><script>y</script>z", "z"],
    ["", ""],
  ])("%s", (html, text) => {
    expect(readText(html, 100)).toBe(text);
  });

  it("is cut at its limit", () => {
    expect(readText(`<p>${"word ".repeat(100)}</p>`, 20).length).toBeLessThanOrEqual(20);
  });
});
