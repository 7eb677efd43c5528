import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ParseError } from "../../src/errors.ts";
import type { ParsedDocument } from "../../src/model.ts";
import { parseDocument } from "../../src/parse/parse.ts";
import { isSkippedWithout } from "../support/skip.ts";

const payloads = new URL("../../../shared/payloads/", import.meta.url);
const isThere = existsSync(payloads);

interface Payload {
  readonly file: string;
  readonly kind: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly expect: {
    readonly status: string;
    readonly items?: number | string;
    readonly mustNotContain?: readonly string[];
    readonly mustContain?: readonly string[];
  };
}

function read(bytes: Uint8Array, contentType: string | null = null): Promise<ParsedDocument> {
  return parseDocument({ bytes, contentType, url: "https://victim.example/feed", name: "payload" });
}

/** The document, or the code of the ParseError that refused it; anything else that is thrown fails the test. */
async function readOrRefuse(
  bytes: Uint8Array,
  contentType: string | null = null,
): Promise<ParsedDocument | string> {
  try {
    return await read(bytes, contentType);
  } catch (error) {
    if (error instanceof ParseError) return error.code;
    throw error;
  }
}

function list(): readonly Payload[] {
  if (!isThere) return [];
  const manifest: { payloads: readonly Payload[] } = JSON.parse(
    readFileSync(new URL("manifest.json", payloads), "utf8"),
  );
  // Transport encodings are the fetcher's affair, configuration is the loader's.
  return manifest.payloads.filter(
    ({ kind, file, headers }) =>
      kind === "feed" && (!headers?.["content-encoding"] || file === "many-items.atom.gz"),
  );
}

describe.skipIf(isSkippedWithout("../shared/payloads", isThere))("payloads of the security list", () => {
  it.each(list().map((payload) => [payload.file, payload] as const))("%s", async (file, payload) => {
    const raw = readFileSync(new URL(file, payloads));
    const bytes = file.endsWith(".gz") ? gunzipSync(raw) : raw;
    const result = await readOrRefuse(bytes, payload.headers?.["content-type"] ?? null);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
    const { status, items, mustContain = [], mustNotContain = [] } = payload.expect;
    if (status === "feed-error" && file !== "truncated.atom") {
      expect(typeof result).toBe("string");
      return;
    }
    if (typeof result === "string") {
      expect(status).not.toBe("ok");
      return;
    }
    if (file !== "id-spoof-b.atom" && typeof items === "number" && status === "ok")
      expect(result.entries).toHaveLength(items);
    const shown = JSON.stringify(result.entries);
    for (const text of mustContain) expect(shown).toContain(text);
    if (file !== "id-spoof-b.atom") for (const text of mustNotContain) expect(shown).not.toContain(text);
    for (const entry of result.entries) {
      expect(entry.title.length).toBeLessThanOrEqual(1000);
      const urls = [
        entry.url,
        ...entry.links.map((link) => link.href),
        ...entry.enclosures.map((one) => one.url),
      ];
      for (const url of urls) if (url !== null) expect(url).toMatch(/^https?:\/\/[^/@]+(?:\/|$|\?)/);
      if (file === "xss-content.atom")
        expect(entry.contentHtml ?? "").not.toMatch(/\son[a-z]+\s*=|javascript\s*:|evil\.example/i);
      expect(entry.contentHtml ?? "").not.toMatch(
        /<(?:script|iframe|object|embed|form|meta|base|link|style|svg|math|xmp|noscript|template|textarea)\b|<[^>]*\son[a-z]+\s*=|(?:href|src)="javascript:/i,
      );
    }
  });

  it("keeps the whole entries of the truncated document and says that it is damaged", async () => {
    const document = await read(readFileSync(new URL("truncated.atom", payloads)));
    expect(document.isDamaged).toBe(true);
    expect(document.entries.map((entry) => entry.guid)).toEqual(["urn:p:0", "urn:p:1", "urn:p:2"]);
  });
});

const text = (value: string) => new TextEncoder().encode(value);
const rss = (inner: string) => text(`<rss version="2.0"><channel><title>t</title>${inner}</channel></rss>`);

describe("limits", () => {
  it.each([
    ["nothing", "", "parse/empty"],
    ["blanks", " \n\t", "parse/empty"],
    ["prose", "Hello there.", "parse/not-a-feed"],
    ["a page", "<html><body><p>x</p></body></html>", "parse/html"],
    ["other XML", "<urlset><url/></urlset>", "parse/not-a-feed"],
    ["other JSON", '{"a":1}', "parse/not-a-feed"],
    ["broken JSON", '{"items":[', "parse/malformed"],
    ["deep JSON", `{"items":${"[".repeat(400_000)}`, "parse/too-deep"],
    [
      "laughter",
      `<!DOCTYPE rss [<!ENTITY a "${"x".repeat(4000)}"><!ENTITY b "${"&a;".repeat(50)}">]><rss><channel><title>&b;</title></channel></rss>`,
      "parse/malformed",
    ],
  ])("refuses %s", async (_, source, code) => {
    expect(await readOrRefuse(text(source))).toBe(code);
  });

  it("refuses more bytes than it may read", async () => {
    const options = { limits: { documentBytes: 10 } };
    const reading = parseDocument(
      { bytes: text("<rss></rss>"), contentType: null, url: "file:///x", name: "x" },
      options,
    );
    await expect(reading).rejects.toMatchObject({ code: "parse/too-large" });
  });

  it("reads as many entries as it may", async () => {
    const document = await parseDocument(
      {
        bytes: rss("<item><title>x</title></item>".repeat(50)),
        contentType: null,
        url: "https://a.example/",
        name: "x",
      },
      { limits: { entries: 7 } },
    );
    expect(document.entries).toHaveLength(7);
    expect(document.warnings.map((warning) => warning.code)).toContain("too-many-entries");
    expect(document.isDamaged).toBe(false);
  });

  it.each([
    [
      "5,000 nested elements",
      `<item><title>deep</title>${"<x>".repeat(5000)}${"</x>".repeat(5000)}</item><item><title>next</title></item>`,
      2,
    ],
    [
      "100,000 nested elements in a description",
      `<item><title>deep</title><description>${"<b>".repeat(100_000)}</description></item><item><title>next</title></item>`,
      2,
    ],
    ["crossed tags", `<item><description>${"<b></i>".repeat(50_000)}</description></item>`, 1],
    [
      "half a tag, often",
      `<item><title>t</title><description><![CDATA[${"<p".repeat(100_000)}]]></description></item>`,
      1,
    ],
    [
      "opening brackets",
      `<item><title>t</title><description><![CDATA[${"<".repeat(200_000)}]]></description></item>`,
      1,
    ],
    ["ampersands", `<item><title>t</title><description>${"&".repeat(200_000)}</description></item>`, 1],
    [
      "a long attribute",
      `<item><title>t</title><enclosure url="https://a.example/${"x".repeat(1_000_000)}"/></item>`,
      1,
    ],
    [
      "many attributes",
      `<item ${Array.from({ length: 20_000 }, (_, n) => `a${n}="x"`).join(" ")}><title>t</title></item>`,
      1,
    ],
    [
      "names of prototypes",
      "<item><title>t</title><__proto__><polluted>1</polluted></__proto__><constructor/><hasOwnProperty>1</hasOwnProperty></item>",
      1,
    ],
  ])("survives %s", async (_, inner, entries) => {
    const document = await read(rss(inner));
    expect(document.entries).toHaveLength(entries);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });
});

it("expands entities of nothing without end in no time", async () => {
  const names = "abcdefghi";
  const entities = [...names]
    .slice(1)
    .map((name, n) => `<!ENTITY ${name} "${`&${names[n]};`.repeat(1000)}">`);
  const source = `<!DOCTYPE rss [<!ENTITY a "">${entities.join("")}]><rss><channel><item><title>&i;x</title></item></channel></rss>`;
  expect((await read(text(source))).entries.map((entry) => entry.title)).toEqual(["x"]);
});

describe("any document", () => {
  const tokens = fc.constantFrom(
    "<?xml version='1.0'?>",
    "<rss version='2.0'>",
    "<channel>",
    "<item>",
    "</item>",
    "</channel>",
    "</rss>",
    "<feed xmlns='http://www.w3.org/2005/Atom'>",
    "<entry>",
    "</entry>",
    "</feed>",
    "<rdf:RDF>",
    "<title>",
    "</title>",
    "<title type='xhtml'>",
    "<link>",
    "</link>",
    "<link href='x' rel='self'/>",
    "<guid>",
    "</guid>",
    "<description>",
    "</description>",
    "<content:encoded>",
    "</content:encoded>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<!DOCTYPE rss [",
    "<!ENTITY a 'b'>",
    "]>",
    "&a;",
    "&amp;",
    "&#0;",
    "&#x110000;",
    "&",
    "<",
    ">",
    "<b>",
    "</b>",
    "<br>",
    "<img src=x>",
    "text",
    "https://a.example/1",
    "2026-06-01",
    "<pubDate>",
    "</pubDate>",
    "<author>",
    "<name>",
    "</name>",
    "</author>",
    "<opml>",
    "<outline xmlUrl='https://a.example/'>",
    "<__proto__>",
    " xml:base='http://b.example/'",
    "\u0000",
    "é",
    "<item",
    " a=",
    "'",
    '"',
    "<html>",
    "{",
    "}",
    "[",
    "]",
    '"items":',
    '"version":"https://jsonfeed.org/version/1.1"',
    ",",
    "null",
    "---\n",
    "# t\n",
  );

  it("is read or refused with a ParseError, and touches no prototype", async () => {
    const before = Object.getOwnPropertyNames(Object.prototype).join();
    const documents = fc.oneof(
      fc.array(tokens, { maxLength: 40 }).map((parts) => text(parts.join(""))),
      fc.array(tokens, { maxLength: 30 }).map((parts) => rss(`<item>${parts.join("")}`)),
      fc.uint8Array({ maxLength: 100 }),
      fc.json().map((json) => text(`{"version":"https://jsonfeed.org/version/1","items":[${json}]}`)),
      fc.json().map(text),
    );
    await fc.assert(
      fc.asyncProperty(documents, fc.boolean(), async (bytes, articleHint) => {
        try {
          // The second reader has its own tests; a thread for each of thousands of documents takes too long.
          const limits = { secondReaderMs: 1 };
          const document = await parseDocument(
            { bytes, contentType: null, url: "https://a.example/f", name: "f" },
            { articleHint, limits },
          );
          for (const entry of document.entries) {
            expect(entry.url ?? "https://").toMatch(/^https?:\/\//);
            expect(entry.title.isWellFormed()).toBe(true);
          }
        } catch (error) {
          if (!(error instanceof ParseError)) throw error;
        }
      }),
      { numRuns: 3000 },
    );
    expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(before);
  });
});

describe("Markdown made to cost time", { timeout: 20_000 }, () => {
  it.each(["[", "![", "*a ", "_*", "`a", "<b>x", "# x\n", "&amp;", "> "])(
    "%j: shown as it stands",
    async (mark) => {
      const source = `# Title\n\nBy Ann\n\n${mark.repeat(Math.floor(900_000 / mark.length))}\n`;
      const { entries, warnings } = await parseDocument(
        { bytes: text(source), contentType: null, url: "file:///x.md", name: "x.md" },
        { articleHint: true },
      );
      expect(entries[0]?.title).toBe("Title");
      expect(entries[0]?.contentHtml).toContain(
        mark.trim().replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"),
      );
      expect(warnings.map(({ code }) => code)).toContain("bad-markdown");
    },
  );

  it("reads a book", async () => {
    const source = `# Title\n\n${"Words of *some* [weight](https://a.example/) in a line that goes on and on and on and on.\n\n".repeat(5000)}`;
    const { entries, warnings } = await parseDocument(
      { bytes: text(source), contentType: null, url: "file:///x.md", name: "x.md" },
      { articleHint: true },
    );
    expect(entries[0]?.contentHtml).toContain("<em>some</em>");
    expect(warnings.map(({ code }) => code)).not.toContain("bad-markdown");
  });
});

describe("front matter of an article", { timeout: 5000 }, () => {
  it.each(["[", "{", "{a: ", "- ", "? ", "a: [", ": ", '"', "&a "])(
    "of %s over and over ends soon",
    async (part) => {
      const article = `---\ntitle: x\na: ${part.repeat(15_000 / part.length)}\n---\n# Title\n\nBody\n`;
      const document = await parseDocument(
        {
          bytes: Buffer.from(article),
          contentType: "text/markdown",
          url: "https://host.example/a.md",
          name: "a.md",
        },
        {},
      );
      expect(document.entries).toHaveLength(1);
    },
  );
});
