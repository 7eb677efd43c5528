import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../src/parse/limits.ts";
import { parseDocument } from "../../src/parse/parse.ts";
import { parseWithRssParser } from "../../src/parse/rss-parser-door.ts";
import { readWithSecondReader, toDocument } from "../../src/parse/second-reader.ts";
import { WarningLog } from "../../src/parse/warning-log.ts";

const folder = new URL("../fixtures/parse/", import.meta.url);
const BASE = "https://host.example/feeds/x";

/** Where rss-parser reads less or otherwise, and why ours is right. */
const EXPLAINED: ReadonlyMap<string, string> = new Map([
  [
    "addresses.xml",
    "rss-parser resolves nothing, keeps script URLs and takes no link from a guid or an atom:link",
  ],
  ["atom-0.3.xml", "rss-parser does not know `issued`"],
  [
    "atom-1.0.xml",
    "rss-parser takes the first alternate (text/plain), no xml:base, and drops inline markup from titles",
  ],
  ["atom-prefixed.xml", "rss-parser goes by prefix"],
  ["content.xml", "rss-parser loses the order of unescaped markup"],
  ["modules.xml", "rss-parser knows one description; ours takes the longer of two as content"],
  ["entities.xml", "rss-parser refuses internal entities"],
  ["feed-in-page.xml", "rss-parser refuses pages"],
  ["malformed.xml", "rss-parser refuses malformed XML"],
  ["prefix-by-uri.xml", "rss-parser goes by prefix"],
  ["rdf-any-prefix.xml", "rss-parser goes by prefix"],
  ["single-entry.xml", "rss-parser refuses a lone entry"],
  ["titles.xml", "rss-parser leaves markup and double escapes in titles"],
  ["truncated.xml", "rss-parser refuses what is cut"],
  ["upper-case.xml", "rss-parser refuses upper case"],
]);

const ordinary = readdirSync(folder).filter(
  (name) => name.endsWith(".xml") && !/opml|origin-entities|windows-1251|utf-16/.test(name),
);

describe("both readers", () => {
  it.each(ordinary)("%s", async (name) => {
    const bytes = readFileSync(new URL(name, folder));
    const first = await parseDocument({ bytes, contentType: null, url: BASE, name });
    const difference = await differenceOf(bytes.toString("utf8"), first);
    if (EXPLAINED.has(name)) return;
    expect(difference).toBeNull();
  });

  it("has no explanation for documents on which they agree by now", async () => {
    const settled: string[] = [];
    for (const name of EXPLAINED.keys()) {
      const bytes = readFileSync(new URL(name, folder));
      const first = await parseDocument({ bytes, contentType: null, url: BASE, name });
      if ((await differenceOf(bytes.toString("utf8"), first)) === null) settled.push(name);
    }
    expect(settled).toEqual([]);
  });
});

type Fields = Awaited<ReturnType<typeof parseDocument>>;

/** The first field in which the readers differ, or null. */
async function differenceOf(text: string, first: Fields): Promise<string | null> {
  const options = {
    documentUrl: BASE,
    limits: DEFAULT_LIMITS,
    log: new WarningLog(),
    format: first.format,
  } as const;
  const second = await parseWithRssParser(text).then(
    (feed) => toDocument(feed, options),
    () => null,
  );
  if (second === null) return "refused";
  if (first.entries.length !== second.entries.length) return "number of entries";
  for (const [index, entry] of first.entries.entries()) {
    const other = second.entries[index];
    if (other === undefined || entry.title !== other.title) return `title of ${index}`;
    if (entry.url !== other.url) return `url of ${index}`;
    if (entry.guid !== other.guid) return `guid of ${index}`;
    if ((entry.published ?? entry.updated)?.getTime() !== other.published?.getTime())
      return `date of ${index}`;
    if ((entry.contentHtml ?? entry.summary) !== (other.contentHtml ?? other.summary))
      return `content of ${index}`;
  }
  return null;
}

describe("the second reader", () => {
  const options = () => ({
    documentUrl: BASE,
    limits: DEFAULT_LIMITS,
    log: new WarningLog(),
    format: "rss" as const,
  });

  it("reads what the first finds no entry in", async () => {
    const bytes = readFileSync(new URL("second-reader.xml", folder));
    const document = await parseDocument({ bytes, contentType: null, url: BASE, name: "second-reader.xml" });
    expect(document.entries.map((entry) => entry.title)).toEqual(["Only the second reader knows me"]);
    expect(document.warnings.map((warning) => warning.code)).toContain("second-reader");
  });

  it("gives up on what it cannot read", async () => {
    expect(await readWithSecondReader("<rss", options())).toBeNull();
    expect(await readWithSecondReader("<rss version='2.0'><channel></channel></rss>", options())).toBeNull();
  });

  it("is stopped when it takes too long", async () => {
    const slow = `<rss version="2.0"><channel><item><title>x</title><description><![CDATA[${"a<p".repeat(100_000)}]]></description></item></channel></rss>`;
    const limits = { ...DEFAULT_LIMITS, secondReaderMs: 300 };
    expect(await readWithSecondReader(slow, { ...options(), limits })).toBeNull();
  });
});
