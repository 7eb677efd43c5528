/**
 * `read-with-other.ts feedparser|rowanmanning|sfeed FOLDER FILE...`: what parsers that are installed in FOLDER (sfeed: from Debian)
 * read, in the shape of `preview --json`, as far as they have it. They are in no package.json: `compare-reading --others` fetches
 * them for one run.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { decodeDocument } from "../src/parse/decode.ts";

type Loose = Record<string, unknown>;
const [reader, folder = "", ...files] = process.argv.slice(2);
const requireThere = createRequire(join(resolve(folder), "package.json"));

for (const file of files) {
  try {
    const bytes = readFileSync(file);
    const entries = await read(bytes);
    console.log(JSON.stringify({ document: file, ok: true, entries }));
  } catch (error) {
    console.log(JSON.stringify({ document: file, ok: false, error: String(error), entries: [] }));
  }
}

async function read(bytes: Buffer): Promise<readonly object[]> {
  if (reader === "feedparser") return withFeedparser(bytes);
  return reader === "sfeed" ? withSfeed(bytes) : withRowanmanning(bytes);
}

/** sfeed(1) takes UTF-8 only, and tells entries in lines of nine fields (sfeed(5)). */
function withSfeed(bytes: Buffer): readonly object[] {
  const { stdout, status } = spawnSync("sfeed", {
    input: decodeDocument(bytes, null).text,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0 || stdout === "") throw new Error("sfeed found nothing");
  const plain = (field = "") =>
    field.replace(/\\([nt\\])/g, (_, sign: string) => (sign === "n" ? "\n" : sign === "t" ? "\t" : "\\"));
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [time, title, link, content, , id, author, enclosure, category = ""] = line.split("\t");
      return {
        guid: plain(id) || null,
        url: plain(link) || null,
        title: plain(title),
        published: time ? instant(new Date(Number(time) * 1000)) : null,
        authors: author ? [{ name: plain(author) }] : [],
        content_html: plain(content) || null,
        enclosures: enclosure ? [{ url: plain(enclosure) }] : [],
        categories: category.split("|").filter((term) => term !== ""),
        source: { title: null },
        links: [],
      };
    });
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
