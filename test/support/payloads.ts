/**
 * Hostile and unusual documents, each with what must become of it: written for these tests, one for every attack of the
 * list in docs/security.md. `https://victim.example` is the innocent publisher, `evil.example` must never appear.
 */
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from "node:zlib";
import { HOSTILE_HTML } from "./hostile.ts";

export interface Payload {
  readonly name: string;
  readonly attack: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: () => Uint8Array;
  readonly expect: Expectation;
}

export interface Expectation {
  /** Null: read or refused, as long as nothing else happens. */
  readonly isRead: boolean | null;
  /** Least and most entries. */
  readonly entries?: readonly [number, number];
  /** In the combined Atom feed. */
  readonly contains?: readonly string[];
  /** In no output and in no answer at all. */
  readonly lacks?: readonly RegExp[];
}

const atomType = { "content-type": "application/atom+xml" };
const rssType = { "content-type": "application/rss+xml" };
const jsonType = { "content-type": "application/feed+json" };
const date = "2026-01-02T03:04:05Z";

function atomEntry(
  n: number | string,
  { title = `Entry ${n}`, extra = "", link = `https://victim.example/p/${n}` } = {},
) {
  return `<entry><id>urn:victim:${n}</id><title>${title}</title><link href="${link}"/><updated>${date}</updated>${extra}</entry>`;
}

function atomFeed(entries: string, { prolog = "", extra = "" } = {}): string {
  return `<?xml version="1.0"?>${prolog}<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:victim</id><title>Victim</title><updated>${date}</updated>${extra}${entries}</feed>`;
}

function rssFeed(items: string, prolog = ""): string {
  return `<?xml version="1.0"?>${prolog}<rss version="2.0"><channel><title>Victim</title><link>https://victim.example/</link><description>d</description>${items}</channel></rss>`;
}

function rssItem(n: number, extra = "", title = `Item ${n}`): string {
  return `<item><title>${title}</title><link>https://victim.example/i/${n}</link><guid isPermaLink="false">i${n}</guid>${extra}</item>`;
}

const content = (html: string) =>
  `<content type="html"><![CDATA[${html.replaceAll("]]>", "]]]]><![CDATA[>")}]]></content>`;
const escapeXml = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** A document type that declares what is given. */
const doctype = (declarations: string) => `<!DOCTYPE feed [${declarations}]>`;

function billionLaughs(): string {
  const levels = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`);
  return atomFeed(atomEntry(1, { title: "&l9;" }), {
    prolog: doctype(`<!ENTITY l0 "lol">${levels.join("")}`),
  });
}

const bombBytes = 256 * 2 ** 20;

/** Evil markup beside innocent text, so that the text must come through. */
const markupVectors = [
  ...HOSTILE_HTML.filter(
    (html) => html.length < 1000 && !html.includes("forged") && !/ok\.example/.test(html),
  ),
  "<img src='https://victim.example/a.png' srcset='javascript:alert(1) 2x'>",
  "<a href='java&#10;script:alert(1)'>x</a><a href='&#x6A;avascript:alert(1)'>y</a>",
  "<math><mi xlink:href='data:x,<script>alert(1)</script>'></math>",
  "<svg/onload=alert(1)><svg><animate onbegin=alert(1) attributeName=x></svg>",
  "<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)></audio>",
  "<details open ontoggle=alert(1)>d</details><marquee onstart=alert(1)>m</marquee>",
  "<template><script>alert(1)</script></template><frameset onload=alert(1)></frameset>",
  "<!--><script>alert(1)</script>--><![CDATA[<script>alert(1)</script>]]>",
  "<p style=\"x:expression(alert(1))\">p</p><div style='background-image:url(javascript:alert(1))'>d</div>",
  "<a href='vbscript:msgbox(1)'>v</a><a href='//evil.example\\@victim.example/'>w</a>".replace(
    "//evil.example\\@",
    "java\0script:",
  ),
];

/** What a reader must never be given, as markup or decoded once. */
const activeMarkup = [
  /(?:<|&lt;|&#60;)\s*\/?(?:script|iframe|object|embed|meta|base|svg|math|xmp|noscript|template|textarea)\b/i,
  /(?:<|&lt;)[^<>&]*\son[a-z]+\s*=/i,
  /(?:href|src|url|uri|id|srcset)\s*=\s*["']?\s*(?:java\s*script|vbscript|data|file):/i,
];

const forged = /<(?:title|name)>forged|(?:href="|<link>|url":\s*")https:\/\/evil\.example/;

type Row = readonly [
  name: string,
  attack: string,
  headers: Readonly<Record<string, string>>,
  body: () => string | Uint8Array,
  expect: Expectation,
];

const refused: Expectation = { isRead: false, entries: [0, 0] };
const read = (entries: number, more: Partial<Expectation> = {}): Expectation => ({
  isRead: true,
  entries: [entries, entries],
  ...more,
});
const either: Expectation = { isRead: null };

const rows: readonly Row[] = [
  ["billion-laughs.atom", "entities that multiply", atomType, billionLaughs, refused],
  [
    "quadratic.atom",
    "a 50 KB entity, 20,000 times",
    atomType,
    () =>
      atomFeed(atomEntry(1, { title: "&big;".repeat(20_000) }), {
        prolog: doctype(`<!ENTITY big "${"x".repeat(50_000)}">`),
      }),
    refused,
  ],
  [
    "two-doctypes.atom",
    "a second DOCTYPE that would reset the counters",
    atomType,
    () => billionLaughs().replace("<feed", `${doctype('<!ENTITY l0 "lol">')}<feed`),
    refused,
  ],
  [
    "entity-markup.atom",
    "an entity whose name is a pattern and whose text is markup",
    atomType,
    () =>
      atomFeed(atomEntry(1, { title: "&l.;&lt;b&gt;" }), {
        prolog: doctype(`<!ENTITY l. "<img src=x onerror=alert(1)>">`),
      }),
    { ...refused, lacks: [/onerror/] },
  ],
  [
    "xxe-file.atom",
    "an external entity: a file",
    atomType,
    () =>
      atomFeed(atomEntry(1, { title: "&x;" }), {
        prolog: doctype('<!ENTITY x SYSTEM "file:///etc/passwd">'),
      }),
    { ...refused, lacks: [/root:x:0/] },
  ],
  [
    "xxe-http.atom",
    "an external entity: an address within",
    atomType,
    () =>
      atomFeed(atomEntry(1, { title: "&x;" }), {
        prolog: doctype('<!ENTITY x SYSTEM "http://127.0.0.66:9981/canary">'),
      }),
    refused,
  ],
  [
    "xxe-parameter.atom",
    "an external subset and a parameter entity",
    atomType,
    () =>
      atomFeed(atomEntry(1), {
        prolog:
          '<!DOCTYPE feed SYSTEM "http://127.0.0.66:9981/x.dtd" [<!ENTITY % p SYSTEM "http://127.0.0.66:9981/p">%p;]>',
      }),
    refused,
  ],
  [
    "xinclude.atom",
    "XInclude",
    atomType,
    () =>
      atomFeed(
        atomEntry(1, {
          extra:
            '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">t<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/></div></content>',
        }),
      ),
    { isRead: true, entries: [0, 1], lacks: [/root:x:0/] },
  ],
  [
    "rss-0.91.rss",
    "Netscape's DOCTYPE, which real feeds carry",
    rssType,
    () =>
      `<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel><title>Old</title><link>https://victim.example/</link><description>d</description><language>en</language>${rssItem(1)}</channel></rss>`,
    read(1),
  ],
  [
    "undeclared-entities.rss",
    "HTML's entities in XML, undeclared",
    rssType,
    () => rssFeed(rssItem(1, "", "Caf&eacute; &nbsp; &hellip;")),
    { isRead: null, entries: [0, 1] },
  ],
  [
    "numeric-flood.atom",
    "400,000 character references",
    atomType,
    () => atomFeed(atomEntry(1, { title: "&#65;".repeat(400_000) })),
    either,
  ],
  [
    "numeric-range.atom",
    "references to what is no character",
    atomType,
    () => atomFeed(atomEntry(1, { title: "a&#0;b&#xFFFF;c&#x110000;d&#xD800;e&#99999999999;f" })),
    either,
  ],
  [
    "deep.atom",
    "50,000 elements within each other",
    atomType,
    () => atomFeed(atomEntry(1, { extra: `${"<x>".repeat(50_000)}${"</x>".repeat(50_000)}` })),
    either,
  ],
  [
    "deep-html.atom",
    "20,000 HTML elements within each other",
    atomType,
    () => atomFeed(atomEntry(1, { extra: content(`${"<div><b>".repeat(20_000)}deep`) })),
    either,
  ],
  [
    "attributes.atom",
    "100,000 attributes on one element",
    atomType,
    () =>
      atomFeed(
        `<entry ${Array.from({ length: 100_000 }, (_, n) => `a${n}="${n}"`).join(" ")}><id>urn:victim:1</id><title>t</title><link href="https://victim.example/p/1"/></entry>`,
      ),
    either,
  ],
  [
    "huge-attribute.atom",
    "one attribute of 4 MB",
    atomType,
    () =>
      atomFeed(
        atomEntry(1, {
          extra: `<link rel="related" href="https://victim.example/${"a".repeat(4_000_000)}"/>`,
        }),
      ),
    either,
  ],
  [
    "namespaces.atom",
    "3,000 namespaces",
    atomType,
    () =>
      atomFeed(
        Array.from({ length: 3000 }, (_, n) => `<n${n}:x xmlns:n${n}="urn:n:${n}">`).join("") +
          Array.from({ length: 3000 }, (_, n) => `</n${2999 - n}:x>`).join(""),
      ),
    either,
  ],
  [
    "prototype.rss",
    "elements named as an object's own parts",
    rssType,
    () =>
      rssFeed(
        rssItem(
          1,
          "<__proto__><polluted>yes</polluted></__proto__><constructor><prototype>x</prototype></constructor><hasOwnProperty/><toString>x</toString>",
        ),
      ),
    read(1),
  ],
  [
    "prototype.json",
    "keys named as an object's own parts",
    jsonType,
    () =>
      '{"version":"https://jsonfeed.org/version/1.1","title":"t","__proto__":{"polluted":1,"items":[{"id":"z","url":"https://evil.example/z"}]},"constructor":{"prototype":{"polluted":1}},"items":[{"id":"1","url":"https://victim.example/1","title":"one","content_text":"x","__proto__":{"url":"https://evil.example/"},"hasOwnProperty":1}]}',
    read(1, { lacks: [/evil\.example/] }),
  ],
  ["null.json", "null", jsonType, () => "null", refused],
  ["array.json", "a list", jsonType, () => '[{"id":"1"}]', refused],
  [
    "items-null.json",
    "items: null",
    jsonType,
    () => '{"version":"https://jsonfeed.org/version/1.1","title":"t","items":null}',
    refused,
  ],
  [
    "types.json",
    "wrong types everywhere, and one good item",
    jsonType,
    () =>
      '{"version":"https://jsonfeed.org/version/1.1","title":{"a":1},"authors":"x","items":[null,7,"x",[],{"id":{}},{"id":"1","url":"https://victim.example/1","title":5,"content_html":["x"],"tags":"no","date_published":12,"attachments":{"url":1},"authors":[null,{"name":{}}]}]}',
    read(1),
  ],
  ["deep.json", "200,000 lists within each other", jsonType, () => "[".repeat(200_000), refused],
  [
    "numbers.json",
    "numbers beyond all measure",
    jsonType,
    () =>
      `{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[{"id":1e999,"url":"https://victim.example/n","title":"n","content_text":"x","date_published":${"9".repeat(400)},"attachments":[{"url":"https://victim.example/a.mp3","mime_type":"audio/mpeg","size_in_bytes":-1e308}]}]}`,
    { isRead: true, entries: [0, 1] },
  ],
  [
    "bad-utf8.atom",
    "bytes that are no UTF-8",
    atomType,
    () =>
      Buffer.concat([
        Buffer.from(atomFeed("").replace("</feed>", "<entry><id>urn:victim:1</id><title>a")),
        Buffer.from([0xc3, 0x28, 0xed, 0xa0, 0x80, 0xf8, 0x88, 0x80]),
        Buffer.from('b</title><link href="https://victim.example/1"/></entry></feed>'),
      ]),
    either,
  ],
  [
    "utf16.atom",
    "UTF-16 with a mark: legal",
    atomType,
    () => Buffer.from(`\ufeff${atomFeed(atomEntry(1, { title: "Über ñ" }))}`, "utf16le"),
    read(1, { contains: ["Über ñ"] }),
  ],
  [
    "windows-1251.rss",
    "a legacy encoding that the document names",
    { "content-type": "text/xml" },
    () =>
      Buffer.concat([
        Buffer.from(
          '<?xml version="1.0" encoding="windows-1251"?><rss version="2.0"><channel><title>t</title><link>https://victim.example/</link><description>d</description><item><title>',
        ),
        Buffer.from([0xcc, 0xe8, 0xf0]),
        Buffer.from("</title><link>https://victim.example/mir</link></item></channel></rss>"),
      ]),
    read(1, { contains: ["Мир"] }),
  ],
  [
    "utf7.atom",
    "markup smuggled in as UTF-7",
    { "content-type": "application/atom+xml; charset=utf-7" },
    () => atomFeed(atomEntry(1, { title: "+ADw-script+AD4-alert(1)+ADw-/script+AD4-" })),
    { isRead: null, lacks: [/<script|&lt;script/i] },
  ],
  [
    "controls.json",
    "NUL, control characters, half a surrogate, a terminal's escape",
    jsonType,
    () =>
      String.raw`{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[{"id":"a","url":"https://victim.example/a","title":"nul\u0000 esc\u001b[31m \ud800 line\nbreak","content_text":"x\u0007\u0000"},{"id":"b\u0000","url":"https://victim.example/b","title":"two","content_html":"<p>\u0001</p>"}]}`,
    read(2, { lacks: [/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/] }),
  ],
  [
    "cut.atom",
    "cut off within an entry",
    atomType,
    () => atomFeed(atomEntry(1) + atomEntry(2)).slice(0, -60),
    { isRead: null, entries: [0, 1] },
  ],
  ["empty.atom", "no byte at all", atomType, () => "", refused],
  [
    "page.xml",
    "a web page in the place of the feed",
    { "content-type": "application/xml" },
    () =>
      '<!doctype html><html><head><title>Log in</title><link rel="alternate" type="application/atom+xml" href="http://127.0.0.66:9981/canary"></head><body>Captive</body></html>',
    refused,
  ],
  [
    "bomb.gz",
    "gzip: 256 KB that become 256 MB",
    { ...atomType, "content-encoding": "gzip" },
    () => gzipSync(Buffer.alloc(bombBytes, 32), { level: 6 }),
    refused,
  ],
  [
    "bomb.br",
    "brotli: some hundred bytes that become 256 MB",
    { ...atomType, "content-encoding": "br" },
    () =>
      brotliCompressSync(Buffer.alloc(bombBytes, 32), { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
    refused,
  ],
  [
    "bomb.zst",
    "zstd: some thousand bytes that become 256 MB",
    { ...atomType, "content-encoding": "zstd" },
    () => zstdCompressSync(Buffer.alloc(bombBytes, 32)),
    refused,
  ],
  [
    "chain.gz",
    "gzip five times over",
    { ...atomType, "content-encoding": "gzip, gzip, gzip, gzip, gzip" },
    () =>
      Array.from({ length: 5 }).reduce<Buffer>(
        (bytes) => gzipSync(bytes),
        Buffer.from(atomFeed(atomEntry(1))),
      ),
    either,
  ],
  [
    "thousand-codings.atom",
    "a thousand codings named",
    { ...atomType, "content-encoding": "gzip, br".repeat(1).concat(", gzip, br".repeat(499)) },
    () => atomFeed(atomEntry(1)),
    refused,
  ],
  [
    "members.gz",
    "gzip of two members: legal",
    { ...atomType, "content-encoding": "gzip" },
    () => {
      const text = atomFeed(atomEntry(1));
      return Buffer.concat([gzipSync(text.slice(0, 100)), gzipSync(text.slice(100))]);
    },
    read(1),
  ],
  [
    "not-gzip.atom",
    "says gzip and is not",
    { ...atomType, "content-encoding": "gzip" },
    () => atomFeed(atomEntry(1)),
    refused,
  ],
  [
    "many.atom",
    "60,000 entries",
    { ...atomType, "content-encoding": "gzip" },
    () => gzipSync(atomFeed(Array.from({ length: 60_000 }, (_, n) => atomEntry(n)).join(""))),
    { isRead: null, entries: [0, 10_000] },
  ],
  [
    "huge-title.atom",
    "a title of 3 MB",
    atomType,
    () => atomFeed(atomEntry(1, { title: "word ".repeat(600_000) })),
    read(1, { lacks: [/(?:word ){300}/] }),
  ],
  [
    "long-urls.atom",
    "links of 2,000 to 70,000 bytes",
    atomType,
    () =>
      atomFeed(
        [2000, 2800, 8300, 70_000]
          .map((length) => atomEntry(length, { link: `https://victim.example/${"u".repeat(length)}` }))
          .join(""),
      ),
    { isRead: true, entries: [2, 4] },
  ],
  [
    "schemes.atom",
    "links that would run or open something else",
    atomType,
    () =>
      atomFeed(
        [
          "javascript:alert(1)",
          "JaVa&#9;Script:alert(1)",
          "data:text/html,x",
          "vbscript:x",
          "file:///etc/passwd",
          "https://user:pw@victim.example/secret",
          "https://victim.example/good",
        ]
          .map((link, n) => atomEntry(n, { link }))
          .join(""),
      ),
    {
      isRead: true,
      lacks: [
        /(?:href|url|link|id)[^>]*java\s*script:/i,
        /data:text\/html/,
        /vbscript:/,
        /file:\/\/\//,
        /user:pw@/,
      ],
    },
  ],
  [
    "fields.atom",
    "the same in every other place that takes an address",
    atomType,
    () =>
      atomFeed(
        atomEntry(1, {
          extra: `<link rel="enclosure" href="javascript:alert(1)" type="audio/mpeg"/><author><name>A &lt;script&gt;</name><uri>javascript:alert(2)</uri></author><category term="&lt;img src=x onerror=alert(3)&gt;good" scheme="javascript:alert(4)" label="&lt;b onerror=x&gt;label"/><link rel="via" href="javascript:alert(5)"/>`,
        }),
        { extra: "<icon>javascript:alert(6)</icon><logo>javascript:alert(7)</logo>" },
      ),
    read(1, { lacks: [/javascript:/, /onerror=/] }),
  ],
  [
    "spellings.atom",
    "one address in seven spellings",
    atomType,
    () =>
      atomFeed(
        [
          "https://victim.example/one/story-of-a-day",
          "HTTPS://VICTIM.example/one/story-of-a-day",
          "https://victim.example:443/one/story-of-a-day",
          "https://victim.example/./one/story-of-a-day",
          "https://victim.example/x/../one/story-of-a-day",
          "https://victim.example/one/%73tory-of-a-day",
          "https://victim.example/one/story-of-a-day#top",
        ]
          .map((link, n) => atomEntry(n, { link, title: "The story of a day" }))
          .join(""),
      ),
    { isRead: true, entries: [1, 7] },
  ],
  [
    "dates.atom",
    "dates that are none, or far away",
    atomType,
    () =>
      atomFeed(
        [
          "",
          "0",
          "never",
          "9999-12-31T23:59:59Z",
          "0000-00-00T00:00:00Z",
          "2026-02-31T25:61:61Z",
          "-271821-04-20T00:00:00Z",
          "1e99",
          "+275760-09-13T00:00:00.001Z",
          "2026-01-02T03:04:05+99:99",
          "Thu, 32 Foo 2026",
        ]
          .map((when, n) => atomEntry(n).replace(date, when))
          .join(""),
      ),
    read(11, { lacks: [/<(?:updated|published)>(?:9999|2[1-9]\d\d|\+)/, /Invalid Date/] }),
  ],
  [
    "markup.atom",
    "active markup in content, a vector an entry",
    atomType,
    () =>
      atomFeed(
        markupVectors
          .map((html, n) =>
            atomEntry(n, {
              extra: content(html.replaceAll("\0", "")),
              link: `https://victim.example/markup/${n}-a-story`,
            }),
          )
          .join(""),
      ),
    read(markupVectors.length, { lacks: [...activeMarkup, /evil\.example/] }),
  ],
  [
    "titles.atom",
    "markup in titles",
    atomType,
    () =>
      atomFeed(
        [
          "AT&amp;T &lt;b&gt;bold&lt;/b&gt; 1 &lt; 2",
          "&lt;img src=x onerror=alert(1)&gt;",
          "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;",
          '" onmouseover="alert(1)',
        ]
          .map((title, n) => atomEntry(n, { title }))
          .join(""),
      ),
    read(4, { lacks: [/<(?:img|script|b)\b/i, /<[^>]*" onmouseover=/] }),
  ],
  [
    "forged.rss",
    "an entry forged through the end of a CDATA section",
    rssType,
    () =>
      rssFeed(
        rssItem(
          1,
          `<description>${escapeXml("]]></description></item><item><title>forged</title><link>https://evil.example/forged</link></item>")}</description>`,
          escapeXml("one ]]></title></item><item><title>forged</title></item><item><title>]]> two"),
        ),
      ),
    read(1, { lacks: [forged] }),
  ],
  [
    "line-breaks.rss",
    "line breaks that would reach a header or a log",
    rssType,
    () =>
      rssFeed(
        rssItem(1, "<guid>x\r\nSet-Cookie: a=b</guid>", "a&#13;&#10;X-Injected: yes&#13;&#10;&#13;&#10;b"),
      ),
    read(1),
  ],
  [
    "backtracking.atom",
    "texts that make patterns backtrack",
    atomType,
    () =>
      atomFeed(
        [
          "&lt;".repeat(100_000),
          `&lt;a ${"x=".repeat(50_000)}`,
          `${" ".repeat(100_000)}x`,
          `https://${"a.".repeat(50_000)}`,
          `${"a@".repeat(50_000)}`,
          `By ${"[a](".repeat(30_000)}`,
          `${"&amp;".repeat(80_000)}`,
          `${"-".repeat(100_000)}!`,
        ]
          .map((text, n) =>
            atomEntry(n, { extra: `<summary type="html">${text}</summary><content>${text}</content>` }),
          )
          .join(""),
      ),
    read(8),
  ],
  [
    "backtracking-dates.rss",
    "dates that make patterns backtrack",
    rssType,
    () =>
      rssFeed(
        [
          `${"1".repeat(50_000)}x`,
          `${" ".repeat(50_000)}2026`,
          `Mon, ${"1 ".repeat(50_000)}`,
          `2026${"-01".repeat(50_000)}`,
          `${"+00:".repeat(50_000)}`,
        ]
          .map((when, n) => rssItem(n, `<pubDate>${when}</pubDate>`))
          .join(""),
      ),
    read(5),
  ],
  [
    "sql.atom",
    "what a database or a template would understand",
    atomType,
    () => atomFeed(atomEntry(1, { title: "'); DROP TABLE stories; -- ${7*7} {{7*7}} %s" })),
    read(1, { contains: ["DROP TABLE stories"], lacks: [/[^0-9a-f]49 \{|\{\{49/] }),
  ],
];

export const payloads: readonly Payload[] = rows.map(([name, attack, headers, body, expect]) => ({
  name,
  attack,
  headers,
  body: () => {
    const made = body();
    return typeof made === "string" ? Buffer.from(made) : made;
  },
  expect,
}));
