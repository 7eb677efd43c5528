/** The probes of issue 4 on addresses, content, dates and people: 37 of 81, each with a document of our own. */
import { describe, expect, it } from "vitest";
import type { Entry } from "../../src/model.ts";
import { atom, onlyEntry, readFeed, rss } from "../support/read-feed.ts";

type Probe = readonly [what: string, document: string, read: (entry: Entry) => unknown, expected: unknown];

const item = (inner: string) => rss(`<item><title>t</title>${inner}</item>`);
const entry = (inner: string, attributes = "", feedAttributes = "") =>
  atom(`<entry${attributes}><title>t</title><id>urn:x:1</id>${inner}</entry>`, feedAttributes);
const at = (date: Date | null) => date?.toISOString() ?? null;
const urlOf = ({ url }: Entry) => url;
const dateOf = ({ published }: Entry) => at(published);
const titleOf = ({ title }: Entry) => title;
const contentOf = ({ contentHtml }: Entry) => contentHtml;
const namesOf = ({ authors }: Entry) => authors.map(({ name }) => name);
const filesOf = ({ enclosures }: Entry) => enclosures.map(({ url }) => url);

const addresses: readonly Probe[] = [
  [
    "xml:base and a relative link",
    entry('<link href="../a/1"/>', "", ' xml:base="https://paper.example/x/y/"'),
    urlOf,
    "https://paper.example/x/a/1",
  ],
  [
    "xml:base on the link itself",
    entry('<link xml:base="https://other.example/z/" href="1"/>', "", ' xml:base="https://paper.example/"'),
    urlOf,
    "https://other.example/z/1",
  ],
  [
    "self and related before alternate",
    entry(
      '<link rel="self" href="https://paper.example/1.atom"/><link rel="related" href="https://other.example/"/><link rel="alternate" href="https://paper.example/1"/>',
    ),
    urlOf,
    "https://paper.example/1",
  ],
  [
    "a link without rel behind self",
    entry('<link rel="self" href="https://paper.example/1.atom"/><link href="https://paper.example/1"/>'),
    urlOf,
    "https://paper.example/1",
  ],
  [
    "alternates of text/plain, then of HTML",
    entry(
      '<link rel="alternate" type="text/plain" href="https://paper.example/1.txt"/><link rel="alternate" type="text/html" href="https://paper.example/1"/>',
    ),
    urlOf,
    "https://paper.example/1",
  ],
  [
    "a link in CDATA with white space",
    item("<link>\n  <![CDATA[ https://paper.example/1 ]]>\n</link>"),
    urlOf,
    "https://paper.example/1",
  ],
  [
    "a permalink guid without a link",
    item('<guid isPermaLink="true">https://paper.example/1</guid>'),
    urlOf,
    "https://paper.example/1",
  ],
  [
    "atom:link in an RSS item",
    item('<atom:link rel="alternate" href="https://paper.example/1"/>'),
    urlOf,
    "https://paper.example/1",
  ],
  [
    "feedburner:origLink",
    item(
      "<link>https://feeds.example/~r/paper/1</link><feedburner:origLink>https://paper.example/1</feedburner:origLink>",
    ),
    ({ statedOriginals }) => statedOriginals,
    [{ rule: "feedburner:origLink", url: "https://paper.example/1" }],
  ],
  [
    "source of RSS",
    item('<source url="https://other.example/feed">The Other</source>'),
    ({ source }) => source,
    { title: "The Other", url: "https://other.example/feed", id: null },
  ],
  [
    "source of Atom",
    entry(
      '<source><id>urn:x:other</id><title>The Other</title><link rel="self" href="https://other.example/feed"/></source>',
    ),
    ({ source, title }) => ({ source, title }),
    { source: { title: "The Other", url: "https://other.example/feed", id: "urn:x:other" }, title: "t" },
  ],
];

const contents: readonly Probe[] = [
  [
    "XHTML in order",
    entry(
      '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">one <b>two</b> three <i>four</i> five</div></content>',
    ),
    contentOf,
    "one <b>two</b> three <i>four</i> five",
  ],
  [
    "XHTML with a prefix",
    entry(
      '<content type="xhtml"><h:div xmlns:h="http://www.w3.org/1999/xhtml"><h:p>one</h:p> two</h:div></content>',
    ),
    contentOf,
    "<p>one</p> two",
  ],
  [
    "text stays text",
    atom('<entry><id>urn:x:1</id><title type="text">a &lt;b&gt; c</title></entry>'),
    titleOf,
    "a <b> c",
  ],
  [
    "a title that was escaped twice is decoded once",
    atom('<entry><id>urn:x:1</id><title type="html">The &amp;amp;lt;p&amp;amp;gt; element</title></entry>'),
    titleOf,
    "The &lt;p&gt; element",
  ],
  ["a title with markup", rss("<item><title>one <b>two</b> three</title></item>"), titleOf, "one two three"],
  [
    "content:encoded and description",
    item("<description>short</description><content:encoded><![CDATA[<p>long</p>]]></content:encoded>"),
    ({ summary, contentHtml }) => [summary, contentHtml],
    ["short", "<p>long</p>"],
  ],
  [
    "HTML in a description, not escaped",
    item("<description>one <p>two <a href='/x'>three</a></p> four</description>"),
    ({ summary }) => summary,
    'one <p>two <a href="https://paper.example/x">three</a></p> four',
  ],
  [
    "media:title is no title",
    rss(
      '<item><media:content url="https://paper.example/a.jpg"><media:title>picture</media:title></media:content><title>story</title></item>',
    ),
    titleOf,
    "story",
  ],
  [
    "iTunes' title and author stand back",
    rss(
      "<item><itunes:title>pod</itunes:title><itunes:author>Pod</itunes:author><title>story</title><dc:creator>Ann</dc:creator></item>",
    ),
    (read) => [read.title, namesOf(read)],
    ["story", ["Ann"]],
  ],
  ["a title of digits", rss("<item><title>007</title></item>"), titleOf, "007"],
];

const dates: readonly Probe[] = [
  [
    "a zone's name",
    item("<pubDate>Mon, 01 Jun 2026 08:00:00 EST</pubDate>"),
    dateOf,
    "2026-06-01T13:00:00.000Z",
  ],
  [
    "no seconds, no weekday",
    item("<pubDate>1 Jun 2026 08:00 GMT</pubDate>"),
    dateOf,
    "2026-06-01T08:00:00.000Z",
  ],
  [
    "a year of two digits",
    item("<pubDate>Mon, 01 Jun 26 08:00:00 GMT</pubDate>"),
    dateOf,
    "2026-06-01T08:00:00.000Z",
  ],
  ["CEST", item("<pubDate>Mon, 01 Jun 2026 08:00:00 CEST</pubDate>"), dateOf, "2026-06-01T06:00:00.000Z"],
  [
    "ISO with a blank and a zone",
    item("<pubDate>2026-06-01 08:00:00 +0200</pubDate>"),
    dateOf,
    "2026-06-01T06:00:00.000Z",
  ],
  [
    "no zone is UTC",
    item("<pubDate>Mon, 01 Jun 2026 08:00:00</pubDate>"),
    dateOf,
    "2026-06-01T08:00:00.000Z",
  ],
  [
    "a bad date kills nothing",
    entry(
      '<link href="https://paper.example/1"/><published>soon</published><updated>2026-06-01T08:00:00Z</updated>',
    ),
    (read) => [read.url, dateOf(read), at(read.updated)],
    ["https://paper.example/1", null, "2026-06-01T08:00:00.000Z"],
  ],
  [
    "published and updated",
    entry("<updated>2026-06-02T08:00:00Z</updated><published>2026-06-01T08:00:00Z</published>"),
    (read) => [dateOf(read), at(read.updated)],
    ["2026-06-01T08:00:00.000Z", "2026-06-02T08:00:00.000Z"],
  ],
  ["dc:date alone", item("<dc:date>2026-06-01T08:00:00+02:00</dc:date>"), dateOf, "2026-06-01T06:00:00.000Z"],
];

const people: readonly Probe[] = [
  [
    "two dc:creator",
    item("<dc:creator>Ann</dc:creator><dc:creator>Ben</dc:creator>"),
    namesOf,
    ["Ann", "Ben"],
  ],
  [
    "the feed's author for entries without",
    atom("<author><name>Ann</name></author><entry><title>t</title><id>urn:x:1</id></entry>"),
    namesOf,
    ["Ann"],
  ],
  [
    "two enclosures",
    item(
      '<enclosure url="https://paper.example/a.mp3" type="audio/mpeg" length="1"/><enclosure url="https://paper.example/b.mp3" type="audio/mpeg" length="2"/>',
    ),
    filesOf,
    ["https://paper.example/a.mp3", "https://paper.example/b.mp3"],
  ],
  [
    "an enclosure of Atom",
    entry('<link rel="enclosure" type="audio/mpeg" length="7" href="https://paper.example/a.mp3"/>'),
    ({ enclosures }) => enclosures,
    [{ url: "https://paper.example/a.mp3", type: "audio/mpeg", length: 7 }],
  ],
  [
    "media:content",
    item('<media:group><media:content url="https://paper.example/a.mp4" type="video/mp4"/></media:group>'),
    filesOf,
    ["https://paper.example/a.mp4"],
  ],
];

describe.each([
  ["addresses", addresses],
  ["content", contents],
  ["dates", dates],
  ["people and files", people],
] as const)("%s", (_, probes) => {
  it.each(probes)("%s", async (_what, document, read, expected) => {
    expect(read(onlyEntry(await readFeed(document)))).toEqual(expected);
  });
});

describe("what says nothing", () => {
  it("an empty item and an empty entry are left out with a warning", async () => {
    for (const document of [
      rss("<item/><item><title>One</title></item><item></item>"),
      atom("<entry/><entry><title>One</title></entry>"),
    ]) {
      const { entries, warnings } = await readFeed(document);
      expect(entries.map(({ title }) => title)).toEqual(["One"]);
      expect(warnings.map(({ code }) => code)).toContain("empty-entry");
    }
  });
  it("a link without href harms nothing", async () => {
    const document = await readFeed(entry('<link rel="alternate"/><link href="https://paper.example/1"/>'));
    expect(onlyEntry(document).url).toBe("https://paper.example/1");
  });
});
