/** The probes of issue 4 on bytes, damage and formats: 32 of 81, each with a document of our own. */
import iconv from "iconv-lite";
import { describe, expect, it } from "vitest";
import { ParseError } from "../../src/errors.ts";
import { onlyEntry, readFeed, rss, type Written } from "../support/read-feed.ts";

const declared = (encoding: string, text: string) =>
  rss(`<item><title>${text}</title></item>`, `<?xml version="1.0" encoding="${encoding}"?>`);
const encoded = (encoding: string, text: string, as = encoding): Written =>
  iconv.encode(declared(encoding, text), as);
const marked = (encoding: string, text: string): Written =>
  iconv.encode(declared("UTF-16", text), encoding, { addBOM: true });

describe("bytes", () => {
  const probes: readonly (readonly [what: string, document: Written, title: string])[] = [
    ["UTF-16LE with a mark", marked("utf-16le", "Brücke 橋"), "Brücke 橋"],
    ["UTF-16BE with a mark", marked("utf-16be", "Brücke 橋"), "Brücke 橋"],
    [
      "UTF-8 with a mark",
      iconv.encode(declared("utf-8", "Brücke 橋"), "utf-8", { addBOM: true }),
      "Brücke 橋",
    ],
    ["ISO-8859-2", encoded("ISO-8859-2", "Źródło i łąka"), "Źródło i łąka"],
    ["windows-1251", encoded("windows-1251", "Мост открыт"), "Мост открыт"],
    ["Shift_JIS", encoded("Shift_JIS", "橋が開いた"), "橋が開いた"],
    ["GB2312", encoded("GB2312", "大桥开通"), "大桥开通"],
    ["declares ISO-8859-1, is UTF-8", encoded("ISO-8859-1", "Brücke – auf", "utf-8"), "Brücke – auf"],
    [
      "no declaration, windows-1252 bytes",
      iconv.encode(rss("<item><title>“Café” – 5 €</title></item>", ""), "windows-1252"),
      "“Café” – 5 €",
    ],
  ];
  it.each(probes)("%s", async (_, document, title) => {
    expect(onlyEntry(await readFeed(document)).title).toBe(title);
  });
});

const one = "<item><title>One</title><link>https://paper.example/1</link></item>";

describe("damage", () => {
  it("a bare & in a title", async () => {
    expect(onlyEntry(await readFeed(rss("<item><title>Fish & chips</title></item>"))).title).toBe(
      "Fish & chips",
    );
  });
  it("a bare & in a link", async () => {
    const { url } = onlyEntry(
      await readFeed(rss("<item><title>t</title><link>https://paper.example/?a=1&b=2</link></item>")),
    );
    expect(url).toBe("https://paper.example/?a=1&b=2");
  });
  it("HTML's entities, never declared", async () => {
    const document = await readFeed(rss("<item><title>Caf&eacute;&nbsp;au lait</title></item>"));
    expect(onlyEntry(document).title).toBe("Café au lait");
  });
  it("control characters", async () => {
    const document = await readFeed(rss("<item><title>a\u000bb\u0000c</title></item>"));
    expect(onlyEntry(document).title).toBe("abc");
    expect(document.warnings).toContainEqual({
      code: "control-characters",
      message: "characters that XML forbids were removed",
      line: 1,
    });
  });
  it("references to control characters", async () => {
    expect(onlyEntry(await readFeed(rss("<item><title>a&#0;b&#x1F;c</title></item>"))).title).toBe("abc");
  });
  it("blank lines and words before the declaration", async () => {
    expect(onlyEntry(await readFeed(`\n\n  loading...\n${rss(one)}`)).title).toBe("One");
  });
  it("a warning of PHP before the declaration", async () => {
    const warning =
      "<br />\n<b>Warning</b>: Cannot modify header information in <b>/srv/feed.php</b> on line <b>3</b><br />\n";
    const document = await readFeed(warning + rss(one));
    expect(onlyEntry(document).url).toBe("https://paper.example/1");
    expect(document.warnings.map(({ code }) => code)).toContain("junk-before-feed");
  });
  it("breaks off in the second item", async () => {
    const whole = rss(`${one}<item><title>Two</title><link>https://paper.example/2</link></item>`);
    const document = await readFeed(whole.slice(0, whole.indexOf("Two") + 2));
    expect(onlyEntry(document).title).toBe("One");
    expect(document.isDamaged).toBe(true);
    expect(document.warnings.map(({ code }) => code)).toContain("truncated");
  });
  it("<br> without an end in a description", async () => {
    const document = await readFeed(
      rss("<item><title>t</title><description>first<br>second</description><guid>g</guid></item>"),
    );
    const { summary, guid } = onlyEntry(document);
    expect([summary, guid]).toEqual(["first<br />second", "g"]);
  });
  it("a closing tag of another name", async () => {
    const document = await readFeed(
      rss(`<item><title>t</titel><link>https://paper.example/1</link></item>${one.replace("One", "Next")}`),
    );
    expect(document.entries.map(({ title, url }) => [title, url])).toEqual([
      ["t", "https://paper.example/1"],
      ["Next", "https://paper.example/1"],
    ]);
  });
  it("attributes without quotes", async () => {
    const document = await readFeed(
      rss(
        "<item><title>t</title><enclosure url=https://paper.example/a.mp3 type=audio/mpeg length=7 /></item>",
      ),
    );
    expect(onlyEntry(document).enclosures).toEqual([
      { url: "https://paper.example/a.mp3", type: "audio/mpeg", length: 7 },
    ]);
  });
  it("words behind the root", async () => {
    const document = await readFeed(`${rss(one)}\n<!-- 0.3 s --><script>track()</script></html> & more`);
    expect(onlyEntry(document).title).toBe("One");
    expect(document.isDamaged).toBe(false);
  });
  it("a web page is refused", async () => {
    const page = "<!DOCTYPE html><html><head><title>Paper</title></head><body><p>item</p></body></html>";
    const refusal = await readFeed(page, "text/html").catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ParseError);
    expect(refusal).toMatchObject({ code: "parse/html" });
  });
});

describe("formats", () => {
  const rdf = (p: string, prefixed: string) =>
    `<${p}:RDF xmlns:${p}="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel ${prefixed}="https://paper.example/"><title>Paper</title><link>https://paper.example/</link></channel><item ${prefixed}="https://paper.example/1"><title>One</title><link>https://paper.example/1</link><dc:creator>Ann Author</dc:creator><dc:date>2026-06-01T10:00:00+02:00</dc:date></item></${p}:RDF>`;
  const probes: readonly (readonly [what: string, document: string])[] = [
    [
      "RSS 0.91 without a version",
      "<rss><channel><title>Paper</title><item><title>One</title><link>https://paper.example/1</link></item></channel></rss>",
    ],
    [
      "RSS 0.92",
      '<rss version="0.92"><channel><title>Paper</title><item><title>One</title><link>https://paper.example/1</link><source url="https://other.example/feed">Other</source></item></channel></rss>',
    ],
    ["RSS 1.0 with dc", rdf("rdf", "rdf:about")],
    ["RDF with the prefix r", rdf("r", "r:about")],
    [
      "Atom 0.3",
      '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>Paper</title><entry><title>One</title><link rel="alternate" type="text/html" href="https://paper.example/1"/><id>urn:x:1</id><issued>2026-06-01T08:00:00Z</issued><modified>2026-06-02T08:00:00Z</modified></entry></feed>',
    ],
    [
      "Atom with a prefix",
      '<atom:feed xmlns:atom="http://www.w3.org/2005/Atom"><atom:title>Paper</atom:title><atom:entry><atom:title>One</atom:title><atom:id>urn:x:1</atom:id><atom:link href="https://paper.example/1"/></atom:entry></atom:feed>',
    ],
    [
      "dc with an odd prefix",
      '<rss version="2.0" xmlns:zz="http://purl.org/dc/elements/1.1/"><channel><item><title>One</title><link>https://paper.example/1</link><zz:creator>Ann Author</zz:creator></item></channel></rss>',
    ],
    [
      "RSS with a default namespace",
      '<rss version="2.0" xmlns="http://backend.userland.com/rss2"><channel><item><title>One</title><link>https://paper.example/1</link></item></channel></rss>',
    ],
    [
      "tags in capitals",
      "<RSS VERSION='2.0'><CHANNEL><TITLE>Paper</TITLE><ITEM><TITLE>One</TITLE><LINK>https://paper.example/1</LINK></ITEM></CHANNEL></RSS>",
    ],
    [
      "JSON Feed 1.1",
      '{"version":"https://jsonfeed.org/version/1.1","title":"Paper","items":[{"id":"1","title":"One","url":"https://paper.example/1","content_text":"x"}]}',
    ],
  ];
  it.each(probes)("%s", async (what, document) => {
    const { title, url, authors, published, updated } = onlyEntry(await readFeed(document));
    expect([title, url]).toEqual(["One", "https://paper.example/1"]);
    if (document.includes("Ann Author")) expect(authors.map(({ name }) => name)).toEqual(["Ann Author"]);
    if (what.startsWith("R") && document.includes("dc:date"))
      expect(published?.toISOString()).toBe("2026-06-01T08:00:00.000Z");
    if (what === "Atom 0.3")
      expect([published?.toISOString(), updated?.toISOString()]).toEqual([
        "2026-06-01T08:00:00.000Z",
        "2026-06-02T08:00:00.000Z",
      ]);
  });
});
