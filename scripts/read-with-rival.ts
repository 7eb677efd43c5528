/** `read-with-rival.ts feedsmith|rss-parser FILE...`: what they read, in the shape of `preview --json`, as far as they have it. */
import { readFileSync } from "node:fs";
import { parseFeed } from "feedsmith";
import RssParser from "rss-parser";

type Loose = Record<string, unknown>;
const [reader, ...files] = process.argv.slice(2);
const parser = new RssParser({
  customFields: {
    item: [
      ["feedburner:origLink", "origLink"],
      ["source", "source"],
      ["author", "author"],
    ],
  },
});

for (const file of files) {
  try {
    const text = new TextDecoder().decode(readFileSync(file));
    const entries = reader === "feedsmith" ? withFeedsmith(text) : await withRssParser(text);
    console.log(JSON.stringify({ document: file, ok: true, entries }));
  } catch (error) {
    console.log(JSON.stringify({ document: file, ok: false, error: String(error), entries: [] }));
  }
}

function withFeedsmith(text: string): readonly object[] {
  const { format, feed } = parseFeed(text) as { format: string; feed: Loose };
  const items = list(feed.items ?? feed.entries);
  return items.map((item) => {
    const links = list(item.links);
    const isAtom = format === "atom";
    const alternate = links.find((link) => (link.rel ?? "alternate") === "alternate");
    const content = field(item.content);
    const dc = field(item.dc);
    return {
      guid: isAtom ? item.id : (field(item.guid).value ?? item.id ?? field(item.rdf).about ?? null),
      url: isAtom ? alternate?.href : (item.link ?? item.url ?? null),
      title: textOf(item.title),
      published: instant(
        item.published ?? item.pubDate ?? item.date_published ?? list(dc.dates)[0] ?? dc.dates,
      ),
      updated: instant(item.updated ?? item.date_modified),
      authors: [...list(item.authors), ...strings(dc.creators).map((name) => ({ name }))],
      content_html: textOf(content.encoded ?? item.content ?? item.content_html),
      summary: textOf(item.description ?? item.summary),
      enclosures: [
        ...list(item.enclosures),
        ...links.filter(({ rel }) => rel === "enclosure").map(({ href }) => ({ url: href })),
      ],
      categories: [...list(item.categories).map(({ name, term }) => name ?? term), ...strings(dc.subjects)],
      source: { title: textOf(field(item.source).title) },
      links: [],
    };
  });
}

async function withRssParser(text: string): Promise<readonly object[]> {
  const feed = await parser.parseString(text);
  return feed.items.map((given) => {
    const item = given as unknown as Loose;
    const source = item.source;
    return {
      guid: item.guid ?? item.id ?? null,
      url: item.link ?? null,
      title: item.title ?? null,
      published: instant(item.isoDate ?? item.pubDate),
      updated: null,
      authors: [{ name: textOf(item.creator ?? item.author ?? item["dc:creator"]) }],
      content_html: item["content:encoded"] ?? item.content ?? null,
      summary: item.summary ?? null,
      enclosures: item.enclosure === undefined ? [] : [item.enclosure],
      categories: list(item.categories).map((category) =>
        typeof category === "string" ? category : category._,
      ),
      source: { title: typeof source === "string" ? source : textOf(field(source)._) },
      links: typeof item.origLink === "string" ? [{ href: item.origLink }] : [],
    };
  });
}

function field(value: unknown): Loose {
  return typeof value === "object" && value !== null ? (value as Loose) : {};
}

function list(value: unknown): Loose[] {
  return Array.isArray(value) ? (value as Loose[]) : [];
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

function textOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  const inner = field(value).value;
  return typeof inner === "string" ? inner : null;
}

function instant(value: unknown): string | null {
  if (typeof value !== "string" && !(value instanceof Date)) return null;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
