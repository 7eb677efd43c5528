/** JSON Feed 1.1 (jsonfeed.org/version/1.1). What the format has no place for is under `_mainstem`. */
import type { Episode, Person } from "../model.ts";
import type { PublishedEntry, PublishedFeed, PublishedSource } from "./combine.ts";
import { archiveUrl, commonLanguage, feedDescription, feedFile, pageUrl, selfUrl } from "./feed-urls.ts";
import { WrittenEntries } from "./written.ts";

/** What an item is made of. */
export interface ItemEntry extends Omit<PublishedEntry, "source" | "storyNumber" | "orderedAt"> {
  readonly source: Pick<PublishedSource, "title" | "id" | "selfUrl" | "homeUrl" | "updated" | "rights">;
}

/** What stands above the items. */
export interface JsonFeedHead {
  readonly title: string;
  readonly homeUrl: string;
  /** The live document: what names the feed, also on a page of its archive. */
  readonly feedUrl: string;
  readonly description: string;
  readonly language: string | null;
  readonly hubUrl: string | null;
  readonly updated: Date;
  /** The next older page in Atom, and in JSON Feed. */
  readonly prevArchive: string | null;
  readonly nextUrl: string | null;
}

/** The feed as a JSON Feed document, UTF-8. Needs a feed that `combine` made. */
export function renderJson(feed: PublishedFeed): Uint8Array {
  const { prevArchive } = feed;
  return renderJsonDocument(
    {
      title: feed.output.title,
      homeUrl: pageUrl(feed),
      feedUrl: selfUrl(feed, feedFile("json")),
      description: feedDescription(feed),
      language: commonLanguage(feed),
      hubUrl: feed.hubUrl,
      updated: feed.updated,
      prevArchive: prevArchive === null ? null : archiveUrl(feed, prevArchive),
      nextUrl: prevArchive === null ? null : archiveUrl(feed, prevArchive, "json"),
    },
    feed.entries,
  );
}

/** A JSON Feed document of head and items. Absent values are left out, never null. */
export function renderJsonDocument(head: JsonFeedHead, entries: readonly ItemEntry[]): Uint8Array {
  const document = {
    version: "https://jsonfeed.org/version/1.1",
    title: head.title,
    home_page_url: head.homeUrl,
    feed_url: head.feedUrl,
    description: head.description,
    next_url: head.nextUrl ?? undefined,
    authors: [{ name: head.title, url: head.homeUrl }],
    language: head.language ?? undefined,
    hubs: head.hubUrl === null ? undefined : [{ type: "WebSub", url: head.hubUrl }],
    _mainstem: {
      about:
        "Each item's _mainstem names the feed it was taken from (source) and everyone who carried it (carriers); copies are the same report as other sources print it.",
      updated: head.updated.toISOString(),
      prev_archive: head.prevArchive ?? undefined,
    },
  };
  const comma = Buffer.from(",");
  return Buffer.concat([
    Buffer.from(`${JSON.stringify(document).slice(0, -1)},"items":[`),
    ...entries.flatMap((entry, index) => (index === 0 ? [writeItem(entry)] : [comma, writeItem(entry)])),
    Buffer.from("]}\n"),
  ]);
}

const written = new WrittenEntries<ItemEntry, Uint8Array>();

function writeItem(entry: ItemEntry): Uint8Array {
  return written.get(entry) ?? written.set(entry, Buffer.from(JSON.stringify(toItem(entry))));
}

function toItem(entry: ItemEntry): object {
  const { source } = entry;
  return {
    id: entry.id,
    url: entry.alternateUrl ?? undefined,
    title: entry.title,
    ...toContent(entry),
    summary: entry.summaryText || undefined,
    image: entry.imageUrl ?? undefined,
    date_published: entry.published.toISOString(),
    date_modified: entry.updated.toISOString(),
    authors: nonEmpty(entry.authors.map(toAuthor)),
    tags: nonEmpty([...new Set(entry.categories.map((category) => category.label ?? category.term))]),
    language: entry.language ?? undefined,
    attachments: nonEmpty(
      entry.enclosures.map((enclosure) => ({
        url: enclosure.url,
        mime_type: enclosure.type,
        title: enclosure.title ?? undefined,
        size_in_bytes: enclosure.length ?? undefined,
        duration_in_seconds: enclosure.durationMs ? Math.round(enclosure.durationMs / 1000) : undefined,
      })),
    ),
    _mainstem: {
      source: {
        title: source.title,
        id: source.id,
        feed_url: source.selfUrl ?? undefined,
        home_page_url: source.homeUrl ?? undefined,
        updated: source.updated.toISOString(),
        rights: source.rights ?? undefined,
      },
      carriers: nonEmpty(
        entry.carriers.map((carrier) => ({ name: carrier.name, url: carrier.url ?? undefined })),
      ),
      copies: nonEmpty(
        entry.copies.map(({ name, title, url }) => ({
          name,
          url: url ?? undefined,
          title: title || undefined,
        })),
      ),
      via: nonEmpty(entry.viaUrls),
      contributors: nonEmpty(entry.contributors.map(toAuthor)),
      rights: entry.rights ?? undefined,
      episode: toEpisode(entry.episode),
      comments_url: entry.commentsUrl ?? undefined,
    },
  };
}

/** Apple's words for what a podcast says of its episode. */
function toEpisode(episode: Episode | null): object | undefined {
  if (episode === null) return undefined;
  const { season, number, type, isExplicit } = episode;
  return {
    season: season ?? undefined,
    episode: number ?? undefined,
    type: type ?? undefined,
    explicit: isExplicit ?? undefined,
  };
}

/** One of the two must be there (JSON Feed 1.1, items). */
function toContent(entry: ItemEntry): object {
  const html = entry.contentHtml ?? entry.summary;
  return html === null ? { content_text: entry.summaryText || entry.title } : { content_html: html };
}

function toAuthor(person: Person): object {
  return { name: person.name, url: person.url ?? undefined };
}

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}
