/** Where a feed and its pages live, and what names the feed. */
import type { PublishedFeed } from "./combine.ts";

export type FeedFormat = "atom" | "rss" | "json";

export interface FeedFile {
  readonly format: FeedFormat;
  /** The last part of the path (interface.md, HTTP). */
  readonly name: string;
  readonly mediaType: string;
  /** What people call it. */
  readonly label: string;
}

export const FEED_FILES: readonly FeedFile[] = [
  { format: "atom", name: "atom.xml", mediaType: "application/atom+xml", label: "Atom" },
  { format: "rss", name: "rss.xml", mediaType: "application/rss+xml", label: "RSS" },
  { format: "json", name: "feed.json", mediaType: "application/feed+json", label: "JSON Feed" },
];

/** `/` for the first output, `/<name>/` for the others. */
export function outputPath(output: { readonly name: string; readonly isDefault: boolean }): string {
  return output.isDefault ? "/" : `/${encodeURIComponent(output.name)}/`;
}

/** The feed's own page for people. */
export function pageUrl(feed: PublishedFeed): string {
  return `${feed.siteUrl}${outputPath({ name: feed.output.name, isDefault: feed.isDefault })}`;
}

/** The address the feed gives as its own (`rel="self"`): `/atom.xml` for the first output, else `/<name>/atom.xml`. */
export function selfUrl(feed: PublishedFeed, file: FeedFile): string {
  return `${pageUrl(feed)}${file.name}`;
}

/** A page of an archive is an Atom document, or made of it: a JSON Feed, and among files a page for people. */
export type ArchiveFormat = "xml" | "json" | "html";

/** The path of a page of the archive, under the site's address. */
export function archivePath(outputName: string, page: number, format: ArchiveFormat = "xml"): string {
  return `/${encodeURIComponent(outputName)}/archive/${page}.${format}`;
}

/** The address of a page of the feed's archive. */
export function archiveUrl(feed: PublishedFeed, page: number, format: ArchiveFormat = "xml"): string {
  return `${feed.siteUrl}${archivePath(feed.output.name, page, format)}`;
}

/** Names the feed for good, whichever output happens to be the first one today. */
export function feedId(feed: PublishedFeed): string {
  return `${feed.siteUrl}/${encodeURIComponent(feed.output.name)}/atom.xml`;
}

/** One line that says what the feed is. */
export function feedDescription(feed: PublishedFeed): string {
  return `Every story once, from all the sources that ${feed.siteTitle} follows.`;
}

/** The language of the feed, if all its entries share one. */
export function commonLanguage(feed: PublishedFeed): string | null {
  const language = feed.entries[0]?.language ?? null;
  return language !== null && feed.entries.every((entry) => entry.language === language) ? language : null;
}

/** The file of a format. */
export function feedFile(format: FeedFormat): FeedFile {
  const file = FEED_FILES.find((candidate) => candidate.format === format);
  if (file === undefined) throw new RangeError(`no such format: ${format}`);
  return file;
}
