/** What is published is nested as parsers nest it: by the standard's rules, and to the strict parser that the W3C's validator uses. */
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { defaultTreeAdapter, html as HTML, parseFragment, serialize } from "parse5";
import { describe, expect, it } from "vitest";
import { cleanCharacters } from "../../src/publish/clean.ts";
import { cleanHtml } from "../../src/publish/clean-html.ts";
import { writeOutReferences } from "../../src/publish/html-nesting.ts";
import { ALLOWED_TAGS, isPlainSafeHtml } from "../../src/publish/html-policy.ts";
import { HOSTILE_HTML } from "../support/hostile.ts";
import { isSkippedWithout } from "../support/skip.ts";

/** The HTML as a browser has it in a page's body. */
function asParsed(html: string): string {
  return serialize(parseFragment(defaultTreeAdapter.createElement("body", HTML.NS.HTML, []), html, {}));
}

const VOID = new Set(["br", "hr", "img", "wbr", "col", "source", "track"]);
const node: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 6 },
    fc.constantFrom("text", " ", "a &amp; b", "&copy", "&#1;", "&#128;", "&lt;x&gt;"),
    fc
      .tuple(fc.constantFrom(...ALLOWED_TAGS), fc.array(tie("node"), { maxLength: 3 }))
      .map(([tag, inside]) => (VOID.has(tag) ? `<${tag}>` : `<${tag}>${inside.join("")}</${tag}>`)),
  ),
})).node;
const documents = fc.array(node, { maxLength: 4 }).map((nodes) => nodes.join(""));

describe("nesting", () => {
  it.each([
    ["<p>a<div>b</div>c</p>", "<p>a</p><div>b</div>c"],
    ["<p>a</p><ul><li>b</li></ul>", "<p>a</p><ul><li>b</li></ul>"],
    ["<p><ul><li>a<ul><li>b</li></ul></li></ul></p>", "<ul><li>a<ul><li>b</li></ul></li></ul>"],
    ["<td>a</td>", "a"],
    ["<table>a<tr><td>b</td></tr></table>", "a<table><tbody><tr><td>b</td></tr></tbody></table>"],
    ["<table><tr><td><p>b</p></td></tr></table>", "<table><tr><td><p>b</p></td></tr></table>"],
    ["<a><address><a>b</a></address></a>c", "<a></a><address><a></a><a>b</a></address>c"],
    ["<h2>a<h3>b</h3></h2>", "<h2>a</h2><h3>b</h3>"],
    ["<li>a<div><li>b</li></div></li>", "<li>a<div></div></li><li>b</li>"],
    ["<dl><dt>a<dd>b</dd></dt></dl>", "<dl><dt>a</dt><dd>b</dd></dl>"],
    ["a &copy 2026 &#128;", "a © 2026 €"],
    ["a &#1; &#xD800; b", "a  b"],
    ["<p>a &mdash; b&#8217;s &hellip;</p>", "<p>a — b’s …</p>"],
    ["<p>&#60;b&#62; &#38;lt; &#x22;&apos;</p>", "<p>&lt;b&gt; &amp;lt; &quot;&#39;</p>"],
    ["<p>&#xA0;x &NonBreakingSpace;y</p>", "<p>&nbsp;x &nbsp;y</p>"],
    ["<p>&nosuch; &mdash;</p>", "<p>&amp;nosuch; —</p>"],
    ["<p>&&#108;t;b &AM&#80; &mdash;</p>", "<p>&amp;lt;b &amp;AMP —</p>"],
    ["<p>&notit; &mdash;</p>", "<p>¬it; —</p>"],
    ["<table>&emsp;<tr><td>b</td></tr></table>", "<table><tbody><tr><td>b</td></tr></tbody></table>"],
    ["<table>&mdash;<tr><td>b</td></tr></table>", "—<table><tbody><tr><td>b</td></tr></tbody></table>"],
    ["<ruby>a<div><rt>b</rt></div></ruby>", "<ruby>a<div><span>b</span></div></ruby>"],
    ["<pre>\n\na</pre>", "<pre>\n\na</pre>"],
  ])("%s", (html, expected) => {
    expect(cleanHtml(html).html.replace(/\s+/g, " ")).toBe(expected.replace(/\s+/g, " "));
  });

  it("whatever is nested in whatever way, the outcome stays as it is when it is parsed, and is safe still", () => {
    fc.assert(
      fc.property(documents, (html) => {
        const { html: clean } = cleanHtml(html);
        expect(isPlainSafeHtml(clean)).toBe(true);
        const parsed = asParsed(clean);
        // A table's body and the columns' group are implied; a line's beginning in `pre` is the parser's.
        const plain = (text: string) =>
          text
            .replace(/<\/?(?:tbody|colgroup)>|\s/g, "")
            .replaceAll("&nbsp;", "")
            .replace(/ ?\/>/g, ">");
        expect(plain(asParsed(parsed))).toBe(plain(parsed));
        expect(plain(parsed)).toBe(plain(clean.replace(/&#39;/g, "'")));
      }),
      { numRuns: 500 },
    );
  });

  it("a reference written out is what a parser reads there, in text and in an attribute", () => {
    const named = fc.constantFrom(
      "mdash",
      "NotEqualTilde",
      "lt",
      "AMP",
      "apos",
      "notin",
      "copy",
      "nosuch",
      "Tab",
      "bne",
    );
    const digits = fc.integer({ min: 0, max: 0x11ffff });
    const reference = fc.oneof(
      named.map((name) => `&${name};`),
      named.map((name) => `&${name}`),
      digits.map((code) => `&#${code};`),
      digits.map((code) => `&#X${code.toString(16)};`),
    );
    const text = fc.array(fc.oneof(reference, fc.constantFrom("a", " ", "x=1", "&", "&amp;")), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(text, (parts) => {
        const html = `<p title="${parts.join("")}">${parts.join("")}</p>`;
        const written = writeOutReferences(html);
        // A carriage return is a line end wherever it comes from.
        expect(cleanCharacters(asParsed(cleanCharacters(written)))).toBe(cleanCharacters(asParsed(html)));
        expect(writeOutReferences(written)).toBe(written);
      }),
      { numRuns: 1000 },
    );
  });

  const python = "/usr/bin/python3";
  const hasHtml5lib = spawnSync(python, ["-c", "import html5lib"]).status === 0;
  it.skipIf(isSkippedWithout("python3-html5lib", hasHtml5lib))(
    "html5lib, which the W3C's validator asks, finds no error in it (skipped without python3-html5lib)",
    () => {
      const samples = [...HOSTILE_HTML, ...fc.sample(documents, { numRuns: 500, seed: 20261126 })];
      const input = JSON.stringify(samples.map((html) => cleanHtml(html).html));
      const script = `
import json, sys
from html5lib.html5parser import HTMLParser, ParseError
for html in json.load(sys.stdin):
    try:
        HTMLParser(strict=True).parseFragment(html)
    except ParseError as error:
        print(html, error)
`;
      const { stdout, stderr, status } = spawnSync(python, ["-c", script], { input, encoding: "utf8" });
      expect([status, stderr]).toEqual([0, ""]);
      expect(stdout).toBe("");
    },
  );
});
