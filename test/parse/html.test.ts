import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cleanAnyHtml,
  collapseWhitespace,
  readSrcset,
  sanitizeHtml,
  textOfHtml,
} from "../../src/parse/html.ts";
import type { AttributeReader } from "../../src/parse/html-attributes.ts";
import { cleanRegularHtml } from "../../src/parse/regular-html.ts";
import { writeRegularPicture } from "../../src/parse/regular-picture.ts";

const BASE = "https://site.example/dir/page";

describe("sanitizeHtml", () => {
  it.each([
    ["plain text", "plain text"],
    ["a & b > c", "a &amp; b &gt; c"],
    ["&ldquo;quoted&rdquo; &amp; &#8217;", "&ldquo;quoted&rdquo; &amp; &#8217;"],
    ['<a href="x?a=1&amp;b=2" onclick="y()">t</a>', '<a href="https://site.example/dir/x?a=1&amp;b=2">t</a>'],
    ["<A HREF='/y'>t</A>", '<a href="https://site.example/y">t</a>'],
    ['<a href="javascript:alert(1)">t</a>', "<a>t</a>"],
    ['<a href="jav&#x09;ascript:alert(1)">t</a>', "<a>t</a>"],
    ['<a href="&#14;javascript:alert(1)">t</a>', "<a>t</a>"],
    ['<a href="data:text/html,x">t</a>', "<a>t</a>"],
    ['<a href="mailto:a@b.example">t</a>', '<a href="mailto:a@b.example">t</a>'],
    ['<a href="//other.example/z">t</a>', '<a href="https://other.example/z">t</a>'],
    ['<p style="position:fixed" class="x">t</p>', "<p>t</p>"],
    ["<script>alert(1)</script>x", "x"],
    ["<style>p{}</style>x", "x"],
    ['<iframe src="https://tube.example/"></iframe>x', "x"],
    ["<xmp><script>alert(1)</script></xmp>x", "x"],
    ['<svg onload=alert(1)><a xlink:href="javascript:x">t</a></svg>', "<a>t</a>"],
    ["<p>unclosed <b>tags", "<p>unclosed <b>tags</b></p>"],
    ["<br><br/>x<hr>", "<br /><br />x<hr />"],
    ['<img src="p.jpg" alt="" onerror="x()">', '<img alt="" src="https://site.example/dir/p.jpg" />'],
    ['x<img src="data:image/png;base64,AAAA">', "x"],
    ['x<img src="https://c.example/p" width="1" height="1">', "x"],
    ['x<img src="https://c.example/p" style="display:none">', "x"],
    ['x<img src="https://feeds.feedburner.com/~r/a/~4/b" alt="">', "x"],
    [
      '<img src="data:image/gif;base64,R0" data-src="real.jpg">',
      '<img src="https://site.example/dir/real.jpg" />',
    ],
    [
      '<img class="lazy" data-lazy-src="a.jpg"><noscript><img src="a.jpg"></noscript>',
      '<img src="https://site.example/dir/a.jpg" />',
    ],
    ['<img srcset="a.jpg 1x, javascript:x 2x">', '<img srcset="https://site.example/dir/a.jpg 1x" />'],
    [
      '<video poster="javascript:x" src="v.mp4"></video>',
      '<video src="https://site.example/dir/v.mp4"></video>',
    ],
    ['<blockquote cite="javascript:x">q</blockquote>', "<blockquote>q</blockquote>"],
  ])("%s", (html, clean) => {
    expect(sanitizeHtml(html, BASE)).toBe(clean);
  });

  it("drops relative URLs where there is no base", () => {
    expect(sanitizeHtml('<a href="x">t</a><img src="y.png">', null)).toBe("<a>t</a>");
  });

  it.each(["", " \n ", "<!-- c -->", "<script>x</script>", '<img src="data:,">'])(
    "shows nothing for %j",
    (html) => {
      expect(sanitizeHtml(html, BASE)).toBeNull();
    },
  );

  it("keeps the text of HTML that is nested beyond reason", () => {
    expect(sanitizeHtml(`${"<b>".repeat(30_000)}deep`, BASE)).toBe("deep");
    expect(sanitizeHtml("<p><div></p>".repeat(30_000), BASE)).toBeNull();
  });
});

const asGiven: AttributeReader = {
  readAttributes: (_, attributes) => attributes,
  readLink: (href) => href,
  isPlainPicture: () => true,
  onNoscript: () => {},
};

/**
 * What the library makes of it, in two readings where the text breaks off in a tag: that is dropped by the quick way, while the
 * library shows some of them, by their first letter (`text` for `<text`).
 */
function thorough(source: string): readonly (string | null)[] {
  return [source, source.replace(/<\/?[a-z][^>]*$/i, "")].map((html) => cleanAnyHtml(html, BASE) || null);
}

describe("the quick way and the library", () => {
  const url = fc.constantFrom(
    "https://x.example/?a=1&b=2",
    "https://x.example/?a=1&amp;b=2",
    "rel/p",
    "/abs",
    "//h.example/q",
    "javascript:alert(1)",
    "&#106;avascript:x",
    "mailto:a@b.example",
    "data:,x",
    "http://",
    "#f",
    "",
    "a b",
  );
  const attribute = fc
    .tuple(
      fc.constantFrom(
        "href",
        "src",
        "title",
        "alt",
        "class",
        "style",
        "width",
        "height",
        "cite",
        "onclick",
        "rel",
        "lang",
        "data-src",
        "srcset",
        "reversed",
        "value",
      ),
      fc.oneof(
        url,
        fc.constantFrom("1", "x & y", "&lt;", "a'b", 'a"b', "display:none", "a.jpg 1x, b.jpg 2x"),
      ),
      fc.constantFrom('"', "'"),
    )
    .map(([name, value, quote]) => (value.includes(quote) ? "" : ` ${name}=${quote}${value}${quote}`));
  const attributes = fc.array(attribute, { maxLength: 3 }).map((parts) => parts.join(""));
  const tag = fc.constantFrom(
    "p",
    "a",
    "b",
    "em",
    "div",
    "li",
    "ul",
    "h1",
    "h2",
    "blockquote",
    "pre",
    "span",
    "del",
    "figure",
    "script",
    "table",
    "td",
    "font",
  );
  const text = fc.oneof(
    fc.constantFrom("text", " ", "\n", "&amp;", "&lt;b&gt;", "&", "&x", "a > b", "&nbsp;", "—", "&#0;"),
    fc.string({ maxLength: 5 }),
  );
  const leaf = fc.oneof(
    text,
    fc
      .tuple(fc.constantFrom("br", "hr", "img", "wbr"), attributes, fc.constantFrom("", "/", " /"))
      .map(([name, rest, end]) => `<${name}${rest}${end}>`),
  );
  const { html } = fc.letrec<{ html: string; node: string }>((tie) => ({
    html: fc.array(tie("node"), { maxLength: 5 }).map((parts) => parts.join("")),
    node: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      fc
        .tuple(tag, attributes, tie("html"))
        .map(([name, rest, inner]) => `<${name}${rest}>${inner}</${name}>`),
      fc.tuple(tag, tie("html")).map(([name, inner]) => `<${name}>${inner}`),
    ),
  }));

  it("agree wherever the quick way has an opinion", () => {
    let opinions = 0;
    fc.assert(
      fc.property(html, (source) => {
        const trimmed = source.trim();
        if (trimmed !== "") expect(thorough(trimmed)).toContain(sanitizeHtml(source, BASE));
        if (cleanRegularHtml(trimmed, asGiven) !== null) opinions++;
      }),
      { numRuns: 5000 },
    );
    expect(opinions).toBeGreaterThan(1000);
  });

  it("agree about damaged HTML", () => {
    const piece = fc.constantFrom(
      ..."p P br BR img a A b em div table tbody thead tfoot tr td TD th li ul dl dt dd h1 h2 center font span blockquote section ruby rt rp col"
        .split(" ")
        .flatMap((name) => [`<${name}>`, `</${name}>`, `<${name}/>`, `<${name} />`, `</${name} >`]),
      "<p class=x>",
      "<br clear=all>",
      "<br clear=all/>",
      "<td width=1 colspan=2>",
      "<a href=/x>",
      "<a HREF='/x' download>",
      '<a href="/x" href="/y">',
      "<a title>",
      "<a href=>",
      "<a href = /x>",
      "<a href=/x/>",
      '<a href="/x"title="y">',
      '<a href="a>b">',
      '<a x:y="1" data-a.b_c=2 href=/z>',
      "<img alt src=/p.jpg>",
      "<IMG SRC=/p.jpg ALT=x>",
      '<img src="/p.jpg" srcset="/p.jpg 480w, https://a.example/q.jpg 800w">',
      '<img srcset="/p.jpg 1x, /q.jpg 2x">',
      "<!-- c -->",
      "<!---->",
      "<!-->",
      "<!--->",
      "<!-- a --!>",
      "<!-- <p> > -->",
      "<!-- a",
      "<!doctype html>",
      "<script>x < y</script>",
      "<script src=a></script>",
      "<script/>",
      "<SCRIPT>a</SCRIPT>",
      "<script><!--</script>",
      "<style>p { }</style>",
      "<style>a</STYLE>",
      "<iframe src=x></iframe>",
      "<iframe>a<b>b</iframe>",
      "</iframe>",
      "</script>",
      "<o:p>",
      "<x-y>",
      "</x>",
      "<p-x>",
      "<noscript>",
      "</noscript>",
      '<img data-src="https://a.example/q.jpg">',
      '<img src="https://a.example/q.jpg">',
      "<p",
      "</p",
      "<a href=/x",
      '<a href="',
      "<p ",
      "<3",
      "<-",
      "<?php x ?>",
      "<",
      "text",
      " ",
      "\n",
      "&",
      "&amp;",
      "a > b",
      "a < b",
      "<",
      ">",
      "&nbsp;",
    );
    let opinions = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const source = pieces.join("").trim();
        if (source !== "") expect(thorough(source)).toContain(sanitizeHtml(source, BASE));
        if (cleanRegularHtml(source, asGiven) !== null) opinions++;
      }),
      { numRuns: 20_000 },
    );
    expect(opinions).toBeGreaterThan(3000);
  });

  it("agree about pictures", () => {
    const name = fc.constantFrom(
      ..."src alt title width height class id loading decoding style srcset data-src lang SRC".split(" "),
    );
    const value = fc.constantFrom(
      "",
      "0",
      "1",
      "1px",
      " 1",
      "2",
      "01",
      "600",
      "100%",
      "a b",
      "x & y",
      "&lt;b",
      "&amp;",
      "a'b",
      "https://a.example/p.jpg",
      "https://a.example/p.jpg?a=1&amp;b=2",
      "https://a.example/p.jpg?a=1&b=2",
      "https://pixel.wp.com/g.gif",
      "/p.jpg",
      "javascript:alert(1)",
      "data:image/gif;base64,AA",
    );
    const part = fc
      .tuple(fc.constantFrom(" ", " ", " ", "", "\n"), name, value, fc.constantFrom('"', '"', '"', "'"))
      .map(([blank, key, text, quote]) => `${blank}${key}=${quote}${text}${quote}`);
    const usual = fc
      .tuple(fc.constantFrom("alt", "title", "width", "height", "class", "loading"), value)
      .map(([key, text]) => ` ${key}="${text}"`);
    const parts = fc.oneof(
      fc.array(part, { maxLength: 5 }),
      fc.tuple(fc.array(usual, { maxLength: 4 }), value).map(([some, src]) => [...some, ` src="${src}"`]),
    );
    const picture = fc
      .tuple(parts, fc.constantFrom("", "/", " /", " "))
      .map(([some, end]) => `<img${some.join("")}${end}>`);
    let opinions = 0;
    fc.assert(
      fc.property(picture, (source) => {
        expect(sanitizeHtml(source, BASE)).toBe(cleanAnyHtml(source, BASE) || null);
        if (writeRegularPicture(source, { start: 4, end: source.length - 1 }, () => true) !== null)
          opinions++;
      }),
      { numRuns: 20_000 },
    );
    expect(opinions).toBeGreaterThan(1000);
  });

  it("lets no script, handler or foreign scheme through", () => {
    const hostile = fc.array(
      fc.constantFrom(
        "<",
        ">",
        "</",
        "/>",
        "script",
        "img",
        "svg",
        "a",
        "p",
        " href=",
        " src=",
        " onerror=",
        "javascript:",
        "alert(1)",
        '"',
        "'",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "&lt;",
        "&#x6a;",
        "style",
        "noscript",
        "textarea",
        "math",
        " ",
        "x",
      ),
      { maxLength: 25 },
    );
    fc.assert(
      fc.property(hostile, (parts) => {
        const clean = sanitizeHtml(parts.join(""), BASE) ?? "";
        const tags = clean.match(/<[^>]*>/g) ?? [];
        for (const one of tags)
          expect(one).not.toMatch(
            /^<\/?(?:script|svg|style|math|noscript|textarea)|\son\w+=|(?:href|src)="(?!https?:|mailto:)/i,
          );
      }),
      { numRuns: 5000 },
    );
  });
});

describe("textOfHtml", () => {
  it.each([
    ["<b>Tom &amp; Jerry</b>&#8217;s", "Tom & Jerry’s"],
    ["one<br>two</p><p>three", "one two three"],
    ["a<script>x()</script>b<style>p{}</style>", "ab"],
    ["&amp;lt;b&amp;gt;", "&lt;b&gt;"],
    ["  many \n spaces&nbsp;here ", "many spaces here"],
  ])("%s", (html, text) => {
    expect(textOfHtml(html)).toBe(text);
  });
});

it("collapseWhitespace is split and join", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", " ", "\n", "\u00a0", "b") }), (text) => {
      expect(collapseWhitespace(text)).toBe(text.split(/\s+/).filter(Boolean).join(" "));
    }),
  );
});

it("readSrcset keeps commas that belong to URLs", () => {
  expect(
    readSrcset("https://x.example/a,b.jpg 1x, https://x.example/c.jpg 1.5x,d.jpg 300w, e.jpg odd"),
  ).toEqual([
    { url: "https://x.example/a,b.jpg", descriptor: "1x" },
    { url: "https://x.example/c.jpg", descriptor: "1.5x" },
    { url: "d.jpg", descriptor: "300w" },
  ]);
});
