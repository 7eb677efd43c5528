/** JSON Feed 1.1 (jsonfeed.org/version/1.1). What the format has no place for is under `_mainstem`. */
import type { Person } from "../model.ts";
import type { PublishedEntry, PublishedFeed } from "./combine.ts";
import { archiveUrl, commonLanguage, feedDescription, feedFile, pageUrl, selfUrl } from "./feed-urls.ts";

/** The feed as a JSON Feed document. Needs a feed that `combine` made. Absent values are left out, never null. */
export function renderJson(feed: PublishedFeed): string {
  const document = {
    version: "https://jsonfeed.org/version/1.1",
    title: feed.output.title,
    home_page_url: pageUrl(feed),
    feed_url: selfUrl(feed, feedFile("json")),
    description: feedDescription(feed),
    authors: [{ name: feed.output.title, url: pageUrl(feed) }],
    language: commonLanguage(feed) ?? undefined,
    hubs: feed.hubUrl === null ? undefined : [{ type: "WebSub", url: feed.hubUrl }],
    _mainstem: {
      about:
        "Each item's _mainstem names the feed it was taken from (source) and everyone who carried it (carriers); copies are the same report as other sources print it.",
      updated: feed.updated.toISOString(),
      // Not `next_url`: the archive is written in Atom only.
      prev_archive: feed.prevArchive === null ? undefined : archiveUrl(feed, feed.prevArchive),
    },
  };
  const items = feed.entries.map(writeItem).join(",");
  return `${JSON.stringify(document).slice(0, -1)},"items":[${items}]}\n`;
}

/** An entry that did not change is not written again. */
const written = new WeakMap<PublishedEntry, string>();

function writeItem(entry: PublishedEntry): string {
  let text = written.get(entry);
  if (text === undefined) {
    text = JSON.stringify(toItem(entry));
    written.set(entry, text);
  }
  return text;
}

function toItem(entry: PublishedEntry): object {
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
      carriers: entry.carriers.map((carrier) => ({ name: carrier.name, url: carrier.url ?? undefined })),
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
      comments_url: entry.commentsUrl ?? undefined,
    },
  };
}

/** One of the two must be there (JSON Feed 1.1, items). */
function toContent(entry: PublishedEntry): object {
  const html = entry.contentHtml ?? entry.summary;
  return html === null ? { content_text: entry.summaryText || entry.title } : { content_html: html };
}

function toAuthor(person: Person): object {
  return { name: person.name, url: person.url ?? undefined };
}

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}
