import RssParser from "rss-parser";

/** A feed as `rss-parser` gives it, reduced to what is used here; everything else in it is dropped. */
export interface RssParserFeed {
  readonly title: string | null;
  readonly link: string | null;
  readonly feedUrl: string | null;
  readonly description: string | null;
  readonly language: string | null;
  readonly items: readonly RssParserItem[];
}

/** An item as `rss-parser` gives it; fields that are not plain text there are null here. */
export interface RssParserItem {
  readonly guid: string | null;
  readonly link: string | null;
  readonly title: string | null;
  readonly author: string | null;
  readonly date: string | null;
  readonly content: string | null;
  readonly summary: string | null;
  readonly comments: string | null;
  readonly categories: readonly string[];
  readonly enclosure: {
    readonly url: string;
    readonly type: string | null;
    readonly length: string | null;
  } | null;
}

/**
 * The one door to `rss-parser`, `parseString` only: its `parseURL` goes round conditional GET and every limit.
 * Takes quadratic time on some input: call it on a thread that can be ended, or on documents one trusts.
 */
export async function parseWithRssParser(text: string): Promise<RssParserFeed> {
  const parser = new RssParser({ defaultRSS: 2 });
  const feed = await parser.parseString(text);
  return {
    title: textOf(feed.title),
    link: textOf(feed.link),
    feedUrl: textOf(feed.feedUrl),
    description: textOf(feed.description),
    language: textOf(feed.language),
    items: feed.items.map((item) => readItem(item)),
  };
}

function readItem(item: RssParser.Item & { readonly [key: string]: unknown }): RssParserItem {
  const enclosure = item.enclosure;
  const url = textOf(enclosure?.url);
  return {
    guid: textOf(item.guid) ?? textOf(item.id) ?? textOf(item["rdf:about"]),
    link: textOf(item.link),
    title: textOf(item.title),
    author: textOf(item.creator) ?? textOf(item.author) ?? textOf(item["dc:creator"]),
    date: textOf(item.pubDate) ?? textOf(item.isoDate) ?? textOf(item.date),
    content: textOf(item["content:encoded"]) ?? textOf(item.content),
    summary: textOf(item.summary),
    comments: textOf(item.comments),
    categories: (item.categories ?? [])
      .map((category: unknown) => textOf(category) ?? "")
      .filter((term) => term !== ""),
    enclosure:
      url === null ? null : { url, type: textOf(enclosure?.type), length: textOf(enclosure?.length) },
  };
}

/** The text of a value that xml2js made: a string, or an object with the text under `_`. */
function textOf(value: unknown): string | null {
  if (typeof value === "string") return value.trim() === "" ? null : value;
  if (typeof value === "number") return String(value);
  if (value !== null && typeof value === "object" && Object.hasOwn(value, "_"))
    return textOf(Reflect.get(value, "_"));
  return null;
}
