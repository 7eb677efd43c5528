/** The checks that stand in for the W3C's validator find what they are there for. */
import { describe, expect, it } from "vitest";
import { combine } from "../../src/publish/combine.ts";
import { renderArchivePage } from "../../src/publish/render.ts";
import { checkAtom, checkRss } from "../support/feed-checks.ts";
import { renderText } from "../support/render-text.ts";
import { buildOutput, buildSighting, buildStory } from "../support/story-builder.ts";

const sighting = buildSighting({
  entry: {
    authors: [{ name: "Ada", email: null, url: null }],
    enclosures: [
      { url: "https://a.example/1.mp3", type: "audio/mpeg", length: 5, durationMs: 60_000 },
      { url: "https://a.example/1.ogg", type: "audio/ogg", length: null },
    ],
    episode: { season: 1, number: 2, type: "full", isExplicit: true },
    contentHtml: "<p>Text</p>",
    summary: "<p>Short</p>",
  },
});
const feed = combine([buildStory({ sightings: [sighting] })], {
  output: buildOutput(),
  title: "A & B",
  url: "https://river.example",
  isDefault: true,
});
const atom = renderText(feed, "atom");
const rss = renderText(feed, "rss");
const page = Buffer.from(renderArchivePage(feed, 2)).toString();
const namesOf = (problems: readonly string[]) => problems.map((problem) => problem.split(":")[0]);

describe("the checks", () => {
  it("find nothing where there is nothing", () => {
    expect(checkAtom(atom, "https://river.example/atom.xml")).toEqual([]);
    expect(checkRss(rss, "https://river.example/rss.xml")).toEqual([]);
    expect(checkAtom(page, "https://river.example/all/archive/2.xml")).toEqual([]);
  });

  it.each<[string, string | RegExp, string]>([
    ["SelfDoesntMatchLocation", "https://river.example/atom.xml", "https://river.example/other.xml"],
    ["MissingSelf", /<link rel="self" type="application.*\n/, ""],
    ["MissingElement", /<author><name>A.*?<\/author>|<author>\s*<name>Ada<\/name><\/author>/g, ""],
    ["InvalidRFC3339Date", /<updated>2026-/, "<updated>26-"],
    ["UnexpectedWhitespace", /<updated>/, "<updated> "],
    ["DuplicateAtomLink", /(<link rel="alternate" type="text\/html".*\n)/, "$1$1"],
    ["UnregisteredAtomLinkRel", 'rel="enclosure"', 'rel="enclosed"'],
    ["InvalidLink", 'href="https://a.example/1.mp3"', 'href="/1.mp3"'],
    ["MissingTypeAttr", /(rel="enclosure" href="[^"]*") type="[^"]*"/, "$1"],
    ["FeedHistoryRelInEntry", 'rel="enclosure"', 'rel="prev-archive"'],
    ["MediaGroupWithoutAlternatives", /<media:content url="https:\/\/a.example\/1.ogg".*\n/, ""],
    ["InvalidMediaRating", ">adult<", ">explicit<"],
    ["CharacterData", "A &#x26; B", "A &amp; B"],
    ["ContainsHTML", ">A bridge reopens</title>", ">A &#x3C;/b> bridge</title>"],
    ["ContainsEmail", "<name>Ada</name>", "<name>Ada &#x3C;ada@a.example></name>"],
    ["NonCanonicalURI", /<id>[^<]*<\/id>(?=\n<title[^>]*>A bridge)/, "<id>https://News.example/1</id>"],
    ["ImplausibleDate", /<updated>2026-/, "<updated>1970-"],
    ["DuplicateUpdated", /(<entry[\s\S]*<\/entry>)/, "$1$1"],
    ["InvalidLanguage", "<entry", '<entry xml:lang="yue"'],
    ["BadCharacters", ">A bridge", ">CafÃ©"],
    ["SecurityRisk", "&lt;p&gt;Text", "&lt;script&gt;Text"],
    ["ContainsRelRef", "&lt;p&gt;Text", "&lt;img src=&quot;/x&quot;&gt;Text"],
    ["UnexpectedAttribute", "<entry", '<entry version="1"'],
    ["UndefinedElement", "<generator>Mainstem</generator>", "<generated>Mainstem</generated>"],
    [
      "NonstdPrefix",
      'xmlns:media="http://search.yahoo.com/mrss/"',
      'xmlns:media="http://search.yahoo.com/mrss"',
    ],
  ])("%s in Atom", (name, from, to) => {
    expect(namesOf(checkAtom(atom.replace(from, to), "https://river.example/atom.xml"))).toContain(name);
  });

  it.each<[string, string | RegExp, string]>([
    ["MissingAtomSelfLink", 'rel="self"', 'rel="alternate"'],
    ["InvalidRFC2822Date", /<pubDate>Wed/, "<pubDate>Thu"],
    ["InvalidIntegerAttribute", 'length="5"', 'length="five"'],
    ["MissingItunesElement", /<itunes:category[^>]*>/, ""],
    ["MissingItunesElement", /<language>.*?<\/language>/, ""],
    ["MissingItunesEmail", /<itunes:email>[^<]*<\/itunes:email>/, ""],
    ["UnsupportedItunesFormat", /<itunes:(?:explicit|category|owner)[\s\S]*?(?=<item>)/, ""],
    ["InvalidURLAttribute", 'url="https://a.example/1.mp3"', 'url="http://nas/1.mp3"'],
    ["InvalidTrueFalse", "<itunes:explicit>true", "<itunes:explicit>yes"],
    ["InvalidItunesEpisodeType", ">full<", ">whole<"],
    ["InvalidPositiveInteger", "<itunes:season>1", "<itunes:season>0"],
    ["InvalidDuration", "<itunes:duration>0:01:00", "<itunes:duration>one minute"],
    ["TooLong", "<itunes:author>Ada", `<itunes:author>${"x".repeat(256)}`],
    ["NotBlank", /<title>[^<]*<\/title>(?![\s\S]*<title>)/, "<title> </title>"],
    ["MissingGuid", /<guid[^>]*>[^<]*<\/guid>/, ""],
  ])("%s in RSS", (name, from, to) => {
    expect(namesOf(checkRss(rss.replace(from, to), "https://river.example/rss.xml"))).toContain(name);
  });

  it("MissingCurrentInArchive, ArchiveIncomplete", () => {
    const without = page.replace(/<link rel="current".*\n/, "");
    expect(namesOf(checkAtom(without, "https://river.example/all/archive/2.xml"))).toEqual([
      "MissingCurrentInArchive",
    ]);
    const alone = page.replace(/<link rel="prev-archive".*\n/, "");
    expect(namesOf(checkAtom(alone, "https://river.example/all/archive/2.xml"))).toEqual([
      "ArchiveIncomplete",
    ]);
  });
});
