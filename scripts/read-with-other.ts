/**
 * `read-with-other.ts feedparser|rowanmanning FOLDER FILE...`: what parsers that are installed in FOLDER read, in the shape of
 * `preview --json`, as far as they have it. They are in no package.json: `compare-reading --others` fetches them for one run.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";

type Loose = Record<string, unknown>;
const [reader, folder = "", ...files] = process.argv.slice(2);
const requireThere = createRequire(join(resolve(folder), "package.json"));

for (const file of files) {
  try {
    const bytes = readFileSync(file);
    const entries = reader === "feedparser" ? await withFeedparser(bytes) : withRowanmanning(bytes);
    console.log(JSON.stringify({ document: file, ok: true, entries }));
  } catch (error) {
    console.log(JSON.stringify({ document: file, ok: false, error: String(error), entries: [] }));
  }
}

async function withFeedparser(bytes: Buffer): Promise<readonly object[]> {
  const found = requireThere("feedparser");
  const FeedParser = found.default ?? found.FeedParser ?? found;
  const stream = Readable.from([bytes]).pipe(new FeedParser({ addmeta: false, resume_saxerror: true }));
  const entries: object[] = [];
  for await (const item of stream as AsyncIterable<Loose>) {
    const source = (item.source ?? {}) as Loose;
    entries.push({
      guid: item.guid ?? null,
      url: item.link ?? null,
      title: item.title ?? null,
      published: instant(item.pubdate),
      updated: instant(item.date),
      authors: typeof item.author === "string" ? [{ name: item.author }] : [],
      content_html: item.description ?? null,
      summary: item.summary ?? null,
      enclosures: Array.isArray(item.enclosures) ? item.enclosures : [],
      categories: Array.isArray(item.categories) ? item.categories : [],
      source: { title: source.title ?? null },
      links: typeof item.origlink === "string" ? [{ href: item.origlink }] : [],
    });
  }
  return entries;
}

function withRowanmanning(bytes: Buffer): readonly object[] {
  const { parseFeed } = requireThere("@rowanmanning/feed-parser");
  const { items } = parseFeed(new TextDecoder().decode(bytes)).toJSON() as { items: readonly Loose[] };
  return items.map((item) => ({
    guid: item.id ?? null,
    url: item.url ?? null,
    title: item.title ?? null,
    published: instant(item.published),
    updated: instant(item.updated),
    authors: Array.isArray(item.authors) ? item.authors : [],
    content_html: item.content ?? null,
    summary: item.description ?? null,
    enclosures: Array.isArray(item.media) ? item.media : [],
    categories: Array.isArray(item.categories)
      ? item.categories.map((category: Loose) => category.term ?? category.label)
      : [],
    source: { title: null },
    links: [],
  }));
}

function instant(value: unknown): string | null {
  if (typeof value !== "string" && !(value instanceof Date)) return null;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
