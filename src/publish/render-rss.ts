/**
 * RSS 2.0 (RSS Advisory Board 2.0.11) through `feed`. The package writes the channel, links, guids, dates, categories
 * and the enclosure; what it lacks (source, comments, dc:creator, media:*, via) and what it would put into CDATA goes
 * in as extensions, which are elements of its own tree, not text: no content can forge one.
 */
import { type Extension, Feed, type Item } from "feed";
import { isFullUri, languageInXml, shorten } from "./clean.ts";
import type { PublishedEnclosure } from "./clean-entry.ts";
import type { PublishedEntry, PublishedFeed } from "./combine.ts";
import { archiveUrl, commonLanguage, feedDescription, feedFile, pageUrl, selfUrl } from "./feed-urls.ts";
import { escapePlainText, unmarked } from "./markup.ts";
import { WrittenEntries } from "./written.ts";

const NAMESPACES = {
  "xmlns:atom": "http://www.w3.org/2005/Atom",
  "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
  "xmlns:dc": "http://purl.org/dc/elements/1.1/",
  "xmlns:media": "http://search.yahoo.com/mrss/",
  "xmlns:itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
};

/** An element in the form of xml-js, which `feed` writes with. */
type XmlElement = {
  readonly _text?: string;
  readonly _attributes?: Readonly<Record<string, string | number>>;
} & { readonly [child: string]: unknown };

/** The feed as an RSS document, UTF-8. Needs a feed that `combine` made. */
export function renderRss(feed: PublishedFeed): Uint8Array {
  const podcast = podcastOf(feed);
  const language = languageInXml(commonLanguage(feed) ?? (podcast === null ? null : mixedLanguage(feed)));
  const rss = new Feed({
    title: escapeText(unmarked(feed.output.title)),
    description: escapeText(unmarked(feedDescription(feed))),
    link: pageUrl(feed),
    updated: feed.updated,
    generator: "Mainstem",
    docs: "https://www.rssboard.org/rss-specification",
    ...(language === null ? {} : { language }),
  });
  // The channel carries the namespaces: the package declares its own only when it uses them.
  rss.addExtension({ name: "_attributes", objects: NAMESPACES });
  rss.addExtension(list("atom:link", toLinks(feed).map(attributes)));
  for (const extension of podcast ?? []) rss.addExtension(extension);
  const channel = rss.rss2();
  const end = channel.lastIndexOf(CHANNEL_END);
  return Buffer.concat([
    Buffer.from(markPlainText(channel.slice(0, end), CHANNEL_PLAIN_ELEMENT)),
    ...writeItems(feed.entries, podcast !== null),
    Buffer.from(`${channel.slice(end)}\n`),
  ]);
}

/**
 * What Apple's rules want of a channel with episodes, of which podcast readers want to know the whole, too; null where there are none, or
 * nobody to name. An item's `itunes:*` are right only in such a channel.
 */
function podcastOf(feed: PublishedFeed): readonly Extension[] | null {
  const episodes = feed.entries.filter(isEpisode);
  if (episodes.length === 0 || feed.ownerEmail === null) return null;
  const isExplicit = episodes.some(({ episode }) => episode?.isExplicit === true);
  return [
    { name: "itunes:explicit", objects: text(String(isExplicit)) },
    { name: "itunes:category", objects: attributes({ text: PODCAST_CATEGORY }) },
    {
      name: "itunes:owner",
      objects: {
        "itunes:name": text(shorten(unmarked(feed.output.title), ITUNES_TEXT_LENGTH_MAX)),
        "itunes:email": text(feed.ownerEmail),
      },
    },
  ];
}

/** ISO 639-2: several languages, or none known. Each item has its own. */
function mixedLanguage({ entries }: PublishedFeed): string {
  return entries.some(({ language }) => language !== null) ? "mul" : "und";
}

/** Of Apple's list; a feed of many sources is news of some kind. */
const PODCAST_CATEGORY = "News";
/** Apple takes no longer ones. */
const ITUNES_TEXT_LENGTH_MAX = 255;
const CHANNEL_END = "\n    </channel>";
const ITEM_START = "\n        <item>";
/** The package takes 30 us for each, and as much for a document. */
const written = new WrittenEntries<PublishedEntry, Uint8Array>();

/** The elements as the package writes them: from one tag to the next, as no text holds a tag that is not escaped. */
function writeItems(entries: readonly PublishedEntry[], isPodcast: boolean): readonly Uint8Array[] {
  const place = isPodcast ? "podcast" : "";
  const unwritten = entries.filter((entry) => written.get(entry, place) === undefined);
  if (unwritten.length > 0) {
    // A channel must have a link; this one is cut off with the rest of it.
    const rss = new Feed({ title: "", link: "https://channel.invalid/", updated: new Date(0) });
    for (const entry of unwritten) rss.addItem(toItem(entry, isPodcast));
    const document = rss.rss2();
    const items = document.slice(0, document.lastIndexOf(CHANNEL_END)).split(ITEM_START).slice(1);
    if (items.length !== unwritten.length)
      throw new Error("feed wrote another number of items than it was given");
    for (const [index, entry] of unwritten.entries())
      written.set(entry, Buffer.from(markPlainText(ITEM_START + (items[index] ?? ""), PLAIN_ELEMENT)), place);
  }
  return entries.flatMap((entry) => written.get(entry, place) ?? []);
}

/** Elements that hold plain text, as written. Texts are escaped, so no text looks like one of them. */
const PLAIN_ELEMENT = /(<(title|category|source|dc:rights|itunes:author)(?: [^<>]*)?>)([^<]*)(?=<\/\2>)/g;

/** A channel's description is one, an item's holds HTML. */
const CHANNEL_PLAIN_ELEMENT = /(<(title|description|itunes:name)>)([^<]*)(?=<\/\2>)/g;
/** Attributes that do. */
const PLAIN_ATTRIBUTE =
  /(<atom:link rel="[a-z]+" href="[^"<>]*"(?: type="[^"<>]*")?(?: length="\d+")? title=")([^"]*)/g;

function markPlainText(document: string, element: RegExp): string {
  return document
    .replace(element, (_, tag: string, __, text: string) => tag + escapePlainText(text))
    .replace(PLAIN_ATTRIBUTE, (_, tag: string, text: string) => tag + escapePlainText(text));
}

/** The package would write these too, but knows no archive, and an extension replaces all of one name. */
function toLinks(feed: PublishedFeed): readonly Readonly<Record<string, string>>[] {
  const links: Readonly<Record<string, string>>[] = [
    { href: selfUrl(feed, feedFile("rss")), rel: "self", type: "application/rss+xml" },
  ];
  if (feed.hubUrl !== null) links.push({ href: feed.hubUrl, rel: "hub" });
  if (feed.prevArchive !== null) {
    // The archive is written in Atom only; RFC 5005 lets a feed of either format name it.
    const href = archiveUrl(feed, feed.prevArchive);
    links.push({ href, rel: "prev-archive", type: "application/atom+xml" });
  }
  return links;
}

function toItem(entry: PublishedEntry, isPodcast: boolean): Item {
  const enclosure = enclosureOf(entry);
  return {
    // Empty, so that the package writes no CDATA: it splits only the first `]]>` of a text. The title is an extension.
    title: "",
    link: isFullUri(entry.alternateUrl) ? entry.alternateUrl : "",
    // Without a guid of its own the link is the guid, with isPermaLink="true".
    ...(entry.id === entry.alternateUrl && isFullUri(entry.alternateUrl)
      ? {}
      : { guid: escapeText(entry.id) }),
    date: entry.published,
    category: entry.categories.map((category) => ({
      name: escapeText(unmarked(category.label ?? category.term)),
      ...(category.scheme === null ? {} : { domain: escapeAttribute(category.scheme) }),
    })),
    ...(enclosure === undefined
      ? {}
      : { enclosure: { url: enclosure.url, type: enclosure.type, length: enclosure.length ?? 0 } }),
    extensions: toExtensions(entry, isPodcast),
  };
}

function toExtensions(entry: PublishedEntry, isPodcast: boolean): Extension[] {
  const { source } = entry;
  const extensions: Extension[] = [{ name: "title", objects: plain(entry.title) }];
  // `description` is what every reader shows; the full text goes beside it where both are there.
  const description = entry.summary ?? entry.contentHtml;
  if (description !== null) extensions.push({ name: "description", objects: text(description) });
  if (entry.summary !== null && entry.contentHtml !== null) {
    extensions.push({ name: "content:encoded", objects: text(entry.contentHtml) });
  }
  const creators = entry.authors.map((author) => text(author.name));
  if (creators.length > 0) extensions.push(list("dc:creator", creators));
  const contributors = entry.contributors.map((contributor) => text(contributor.name));
  if (contributors.length > 0) extensions.push(list("dc:contributor", contributors));
  if (isFullUri(entry.commentsUrl)) extensions.push({ name: "comments", objects: text(entry.commentsUrl) });
  const sourceUrl = source.selfUrl ?? source.homeUrl;
  if (isFullUri(sourceUrl)) {
    extensions.push({
      name: "source",
      objects: { ...attributes({ url: sourceUrl }), ...plain(source.title) },
    });
  }
  if (entry.rights !== null) extensions.push({ name: "dc:rights", objects: plain(entry.rights) });
  const language = languageInXml(entry.language);
  if (language !== null) extensions.push({ name: "dc:language", objects: text(language) });
  if (entry.updated > entry.published) {
    extensions.push({ name: "atom:updated", objects: text(entry.updated.toISOString()) });
  }
  const links = [
    ...(entry.alternateUrl === null || isFullUri(entry.alternateUrl)
      ? []
      : [attributes({ rel: "alternate", href: entry.alternateUrl })]),
    ...entry.enclosures.filter(({ url }) => !hasPlainHost(url)).map(toEnclosureLink),
    ...entry.viaUrls.map((url) => attributes({ rel: "via", href: url })),
    ...entry.copies.flatMap(({ url, name }) =>
      url === null ? [] : [attributes({ rel: "related", href: url, title: unmarked(name) })],
    ),
  ];
  if (links.length > 0) extensions.push(list("atom:link", links));
  return [...extensions, ...toMedia(entry), ...(isPodcast ? toItunes(entry) : [])];
}

/**
 * A host with dots, as the W3C's validator wants it of an enclosure. Files elsewhere (`http://nas/1.mp3`) are linked as Atom
 * does it, which readers know as well.
 */
function hasPlainHost(url: string): boolean {
  return /^https?:\/\/(?:[a-z0-9-]+\.)+[a-z0-9][a-z0-9-]*(?::\d+)?(?:\/|$)/.test(url);
}

/** RSS has room for one. */
function enclosureOf({ enclosures }: PublishedEntry): PublishedEnclosure | undefined {
  return enclosures.find(({ url }) => hasPlainHost(url));
}

function toEnclosureLink({ url, type, length, title }: PublishedEnclosure): XmlElement {
  return attributes({
    ...{ rel: "enclosure", href: url, type },
    ...(length === null ? {} : { length }),
    ...(title ? { title: unmarked(title) } : {}),
  });
}

/** Media RSS 1.5: RSS has room for one enclosure, a group holds them all. */
function toMedia(entry: PublishedEntry): Extension[] {
  const extensions: Extension[] = [];
  const enclosures = entry.enclosures.filter(({ url }) => isFullUri(url));
  if (enclosures.length > 1) {
    const contents = enclosures.map((enclosure) =>
      attributes({
        url: enclosure.url,
        type: enclosure.type,
        ...(enclosure.length ? { fileSize: enclosure.length } : {}),
        ...(enclosure.durationMs ? { duration: Math.round(enclosure.durationMs / 1000) } : {}),
      }),
    );
    extensions.push({ name: "media:group", objects: { "media:content": contents } });
  }
  if (entry.imageUrl !== null) {
    extensions.push({ name: "media:thumbnail", objects: attributes({ url: entry.imageUrl }) });
  }
  return extensions;
}

/** How long the enclosure plays, and what a podcast reader looks for beside an episode; other items have dc:creator and media:thumbnail. */
function toItunes(entry: PublishedEntry): Extension[] {
  const extensions: Extension[] = [];
  const durationMs = enclosureOf(entry)?.durationMs;
  if (durationMs) extensions.push({ name: "itunes:duration", objects: text(formatDuration(durationMs)) });
  if (!isEpisode(entry)) return extensions;
  if (entry.imageUrl !== null && hasPlainHost(entry.imageUrl))
    extensions.push({ name: "itunes:image", objects: attributes({ href: entry.imageUrl }) });
  const author = shorten(unmarked(entry.authors.map(({ name }) => name).join(", ")), ITUNES_TEXT_LENGTH_MAX);
  if (author !== "") extensions.push({ name: "itunes:author", objects: text(author) });
  const { season = null, number = null, type = null, isExplicit = null } = entry.episode ?? {};
  const stated = { season, episode: number, episodeType: type, explicit: isExplicit };
  for (const [name, value] of Object.entries(stated))
    if (value !== null) extensions.push({ name: `itunes:${name}`, objects: text(String(value)) });
  return extensions;
}

function isEpisode({ enclosures }: PublishedEntry): boolean {
  return /^(?:audio|video)\//.test(enclosures[0]?.type ?? "");
}

/** `h:mm:ss`, the form every podcast reader knows. */
function formatDuration(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part, index) => String(part).padStart(index === 0 ? 1 : 2, "0")).join(":");
}

function text(value: string): XmlElement {
  return { _text: escapeText(value) };
}

/** Text that holds no markup, whatever it shows. */
function plain(value: string): XmlElement {
  return text(unmarked(value));
}

function attributes(values: Readonly<Record<string, string | number>>): XmlElement {
  const escaped: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(values)) {
    escaped[name] = typeof value === "string" ? escapeAttribute(value) : value;
  }
  return { _attributes: escaped };
}

/** Several elements of one name; the package hands `objects` to xml-js as they are, and that takes a list. */
function list(name: string, elements: readonly XmlElement[]): Extension {
  return { name, objects: elements as unknown as Record<string, unknown> };
}

/** xml-js turns `&amp;` in a text back into `&` before it escapes: this makes it arrive as it was. */
function escapeText(value: string): string {
  return value.replaceAll("&", "&amp;");
}

/** xml-js escapes nothing but quotes in an attribute. */
function escapeAttribute(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
