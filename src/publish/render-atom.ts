/** Atom 1.0 (RFC 4287) and its archives (RFC 5005), with Media RSS pictures, `replies` links (RFC 4685) and the hub link of WebSub. */
import type { Category, Person } from "../model.ts";
import { isFullUri, languageInXml } from "./clean.ts";
import type { PublishedCopy, PublishedEntry, PublishedFeed, PublishedSource } from "./combine.ts";
import {
  archiveUrl,
  commonLanguage,
  feedDescription,
  feedFile,
  feedId,
  pageUrl,
  selfUrl,
} from "./feed-urls.ts";
import { SharedInstants, writeInstant } from "./instant.ts";
import { attribute, type Markup, markup, plainAttribute, plainText } from "./markup.ts";
import { WrittenEntries } from "./written.ts";

/** The feed as an Atom document, UTF-8. Needs a feed that `combine` made: text and URLs are written as they are. */
export function renderAtom(feed: PublishedFeed): Uint8Array {
  return renderDocument(feed, {
    namespaces: null,
    links: markup`<link rel="self" type="application/atom+xml" href="${selfUrl(feed, feedFile("atom"))}"/>
<link rel="alternate" type="text/html" href="${pageUrl(feed)}"/>${
      feed.hubUrl !== null && markup`\n<link rel="hub" href="${feed.hubUrl}"/>`
    }${feed.prevArchive !== null && prevArchive(feed, feed.prevArchive)}`,
  });
}

/**
 * A page of the feed's archive (RFC 5005 4): `feed` holds its stories, `page` is its number. It names the page before it and
 * the live document, but no page after it: there is none when it is written, and it never changes.
 */
export function renderAtomArchive(feed: PublishedFeed, page: number): Uint8Array {
  return renderDocument(feed, {
    namespaces: markup` xmlns:fh="http://purl.org/syndication/history/1.0"`,
    links: markup`<link rel="self" type="application/atom+xml" href="${archiveUrl(feed, page)}"/>
<link rel="current" type="application/atom+xml" href="${selfUrl(feed, feedFile("atom"))}"/>
<link rel="alternate" type="text/html" href="${pageUrl(feed)}"/>${page > 1 ? prevArchive(feed, page - 1) : nextArchive(feed)}
<fh:archive/>`,
  });
}

function prevArchive(feed: PublishedFeed, page: number): Markup {
  return markup`\n<link rel="prev-archive" type="application/atom+xml" href="${archiveUrl(feed, page)}"/>`;
}

/**
 * The first page alone says where it goes on: it has no other page to name, and an archive that names none is incomplete (RFC 5005 4;
 * the W3C's validator's ArchiveIncomplete). Until the second is there, its address leads to the live document.
 */
function nextArchive(feed: PublishedFeed): Markup {
  return markup`\n<link rel="next-archive" type="application/atom+xml" href="${archiveUrl(feed, 2)}"/>`;
}

function renderDocument(
  feed: PublishedFeed,
  { namespaces, links }: { readonly namespaces: Markup | null; readonly links: Markup },
): Uint8Array {
  const language = commonLanguage(feed);
  const head = markup`<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"${namespaces}${attribute("xml:lang", languageInXml(language))}>
<id>${feedId(feed)}</id>
<title type="text">${plainText(feed.output.title)}</title>
<subtitle type="text">${plainText(feedDescription(feed))}</subtitle>
<updated>${feed.updated.toISOString()}</updated>
<author><name>${plainText(feed.output.title)}</name><uri>${pageUrl(feed)}</uri></author>
${links}
<generator>Mainstem</generator>
`;
  const instants = new SharedInstants(feed.entries.map(({ updated }) => updated));
  const entries = feed.entries.map((entry) =>
    renderEntry(entry, {
      language: entry.language === language ? null : entry.language,
      nth: instants.nthOf(entry.updated, entry.storyNumber),
    }),
  );
  return Buffer.concat([Buffer.from(head.toString()), ...entries, Buffer.from("</feed>\n")]);
}

/** What an entry's element depends on beside the entry. */
interface EntryPlace {
  /** Null where it is the feed's. */
  readonly language: string | null;
  /** How its `updated` is written (`writeInstant`). */
  readonly nth: number;
}

const written = new WrittenEntries<PublishedEntry, Uint8Array>();

function renderEntry(entry: PublishedEntry, place: EntryPlace): Uint8Array {
  const key = `${place.language} ${place.nth}`;
  return written.get(entry, key) ?? written.set(entry, Buffer.from(writeEntry(entry, place).toString()), key);
}

function writeEntry(entry: PublishedEntry, { language, nth }: EntryPlace): Markup {
  return markup`<entry${attribute("xml:lang", languageInXml(language))}>
<id>${entry.id}</id>
<title type="text">${plainText(entry.title)}</title>
<published>${entry.published.toISOString()}</published>
<updated>${writeInstant(entry.updated, nth)}</updated>
${entry.authors.map((author) => renderPerson("author", author))}${entry.contributors.map((contributor) =>
  renderPerson("contributor", contributor),
)}${entry.alternateUrl !== null && markup`<link rel="alternate" href="${entry.alternateUrl}"/>\n`}${entry.viaUrls.map(
  (url) => markup`<link rel="via" href="${url}"/>\n`,
)}${entry.copies.map(renderCopy)}${
  entry.commentsUrl !== null && markup`<link rel="replies" type="text/html" href="${entry.commentsUrl}"/>\n`
}${entry.enclosures.map(
  (enclosure) =>
    markup`<link rel="enclosure" href="${enclosure.url}" type="${enclosure.type}"${attribute("length", enclosure.length)}${plainAttribute("title", enclosure.title)}/>\n`,
)}${renderMedia(entry)}${
  entry.episode?.isExplicit === true && markup`<media:rating scheme="urn:simple">adult</media:rating>\n`
}${entry.imageUrl !== null && markup`<media:thumbnail url="${entry.imageUrl}"/>\n`}${entry.categories.map(
  renderCategory,
)}${entry.rights !== null && markup`<rights type="text">${plainText(entry.rights)}</rights>\n`}${renderSource(entry)}${
  entry.summary !== null && markup`<summary type="html">${entry.summary}</summary>\n`
}${renderContent(entry)}</entry>
`;
}

/**
 * An entry without an alternate link must have a content (RFC 4287 4.1.2), and every one should say something (4.1.1.1): its title
 * is the last resort.
 */
function renderContent(entry: PublishedEntry): Markup | null {
  if (entry.contentHtml !== null) return markup`<content type="html">${entry.contentHtml}</content>\n`;
  if (entry.alternateUrl === null)
    return markup`<content type="text">${plainText(entry.summaryText || entry.title)}</content>\n`;
  return entry.summary === null ? markup`<summary type="text">${plainText(entry.title)}</summary>\n` : null;
}

/**
 * What an Atom link cannot say of media (Media RSS 1.5): how long each plays. A group means alternatives to the W3C's validator, so
 * a single one stands alone.
 */
function renderMedia(entry: PublishedEntry): Markup | null {
  const enclosures = entry.enclosures.filter(({ url }) => isFullUri(url));
  if (!enclosures.some(({ durationMs }) => durationMs)) return null;
  const contents = enclosures.map(
    ({ url, type, length, durationMs }) =>
      markup`<media:content url="${url}" type="${type}"${attribute("fileSize", length || null)}${attribute(
        "duration",
        durationMs ? Math.round(durationMs / 1000) : null,
      )}/>\n`,
  );
  return contents.length > 1 ? markup`<media:group>\n${contents}</media:group>\n` : markup`${contents}`;
}

/** RFC 4287 4.2.7.2: a related resource; its title says who printed it. */
function renderCopy({ url, name }: PublishedCopy): Markup {
  return url === null
    ? markup``
    : markup`<link rel="related" href="${url}"${plainAttribute("title", name)}/>\n`;
}

function renderPerson(element: "author" | "contributor", person: Person): Markup {
  const fields = markup`<name>${plainText(person.name)}</name>${person.url !== null && markup`<uri>${person.url}</uri>`}${
    person.email !== null && markup`<email>${person.email}</email>`
  }`;
  return element === "author"
    ? markup`<author>${fields}</author>\n`
    : markup`<contributor>${fields}</contributor>\n`;
}

function renderCategory(category: Category): Markup {
  return markup`<category term="${category.term}"${attribute("scheme", category.scheme)}${plainAttribute("label", category.label)}/>\n`;
}

/**
 * `atom:source` (RFC 4287 4.2.11). Where the entry names no author, the source's author is the entry's: without one
 * here, the combined feed itself would pass for the author.
 */
function renderSource(entry: PublishedEntry): Markup {
  const { source } = entry;
  return markup`<source>
<id>${source.id}</id>
<title type="text">${plainText(source.title)}</title>
${source.subtitle !== null && markup`<subtitle type="text">${plainText(source.subtitle)}</subtitle>\n`}<updated>${source.updated.toISOString()}</updated>
${sourceAuthors(entry, source).map((author) => renderPerson("author", author))}${
  source.selfUrl !== null && markup`<link rel="self" href="${source.selfUrl}"/>\n`
}${source.homeUrl !== null && markup`<link rel="alternate" href="${source.homeUrl}"/>\n`}${
  source.iconUrl !== null && markup`<icon>${source.iconUrl}</icon>\n`
}${source.rights !== null && markup`<rights type="text">${plainText(source.rights)}</rights>\n`}</source>
`;
}

function sourceAuthors(entry: PublishedEntry, source: PublishedSource): readonly Person[] {
  if (source.authors.length > 0 || entry.authors.length > 0) return source.authors;
  return [{ name: source.title, email: null, url: source.homeUrl }];
}
