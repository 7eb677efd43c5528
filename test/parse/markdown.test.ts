/** Markdown: what it becomes, before the sanitiser has judged it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { textOfHtml } from "../../src/parse/html.ts";
import { renderMarkdown, textOfMarkdown } from "../../src/parse/markdown.ts";
import { WarningLog } from "../../src/parse/warning-log.ts";

function render(source: string): { html: string; codes: readonly string[] } {
  const log = new WarningLog();
  const html = renderMarkdown(source, log).trim();
  return { html, codes: log.list().map(({ code }) => code) };
}

describe("renderMarkdown", () => {
  it.each([
    ["a *b* **c** `d` ~~e~~", "<p>a <em>b</em> <strong>c</strong> <code>d</code> <del>e</del></p>"],
    ["# A heading\n\n#none", "<h1>A heading </h1>\n<p>#none</p>"],
    [
      "> quoted\n\n- a\n- b",
      "<blockquote>\n<p>quoted</p>\n</blockquote>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>",
    ],
    [
      '[w](https://a.example/?a=1&b=2 "t")',
      '<p><a href="https://a.example/?a=1&amp;b=2" title="t">w</a></p>',
    ],
    [
      "see https://a.example/b_c_d.",
      '<p>see <a href="https://a.example/b_c_d">https://a.example/b_c_d</a>.</p>',
    ],
    ["[r]\n\n[r]: https://a.example/", '<p><a href="https://a.example/">r</a></p>'],
    ["![p](a.png)", '<p><img src="a.png" alt="p"></p>'],
    ["    x < y", "<pre><code>x &lt; y\n</code></pre>"],
    ["1 < 2 & <b>3</b>", "<p>1 &lt; 2 &amp; <b>3</b></p>"],
    ["1.5 \\* 2\\\n3", "<p>1.5 * 2<br>\n3</p>"],
    [
      "|a|b|\n|-|-|\n|1|2|",
      "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td>2</td>\n</tr>\n</tbody>\n</table>",
    ],
  ])("%j", (source, html) => {
    expect(render(source)).toEqual({ html, codes: [] });
  });

  it.each([
    ["[*AFP*](#) said", "<p><em>AFP</em> said</p>"],
    [
      "[below](#more) and [there](https://a.example/#more)",
      '<p>below and <a href="https://a.example/#more">there</a></p>',
    ],
    ["[empty]()", "<p>empty</p>"],
    ['<a class="x" href="#">raw</a>', '<p><a class="x" href="#">raw</a></p>'],
    ["[a](#) [b](#", "<p>a [b](#</p>"],
  ])("leaves the words of a link within the document: %j", (source, html) => {
    expect(render(source).html).toBe(html);
  });

  it.each(["1. x\n", "http://a.b ", "a b c d e f g\n\n", "- [x](y) and more text\n"])(
    "renders a megabyte of %j",
    (part) => {
      const { html, codes } = render(part.repeat(1_000_000 / part.length));
      expect(html).toMatch(/^<(?:p|ol|ul)>/);
      expect(codes).toEqual([]);
    },
  );

  it("ends every element that it begins, whatever it is given", () => {
    const marks = fc.constantFrom(
      ..."[ ] ( ) * _ ` ~ # > - + 1. ! | \\ & < = : // \t".split(" "),
      " ",
      "\n",
      "\n\n",
      "    ",
      "a",
      "é",
      "http://a.b",
      "\0",
      "😀",
    );
    fc.assert(
      fc.property(fc.array(marks, { maxLength: 60 }), (parts) => {
        // Without raw HTML, what is opened is closed.
        const { html, codes } = render(parts.join("").replaceAll("<", ""));
        const open: string[] = [];
        for (const [, close, name = ""] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/g)) {
          if (["br", "hr", "img"].includes(name)) continue;
          if (close === "/") expect(open.pop()).toBe(name);
          else open.push(name);
        }
        expect(open).toEqual([]);
        expect(codes).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it("keeps every word of a text without marks", () => {
    const words = fc.array(fc.stringMatching(/^[a-zà-ÿа-я漢字]{1,12}$/), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(words, (parts) => {
        expect(textOfHtml(render(parts.join(" ")).html)).toBe(parts.join(" "));
      }),
    );
  });
});

describe("textOfMarkdown", () => {
  it.each([
    ["The **bold** and the `code`", "The bold and the code"],
    ["[Ann](https://a.example/) & Ben", "Ann & Ben"],
    ["![a picture](p.png) Words", "Words"],
    ["1. *not* a list", "1. not a list"],
    ["# no _heading_", "# no heading"],
    ["- *a*", "- a"],
    ["> *a*", "> a"],
    ["a \\* b", "a * b"],
    ["plain   words", "plain words"],
    ["", ""],
  ])("%j", (source, text) => {
    expect(textOfMarkdown(source)).toBe(text);
  });
});
