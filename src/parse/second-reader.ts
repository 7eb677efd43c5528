import type { DocumentFormat, Entry, ParsedDocument } from "../model.ts";
import { cutText } from "./construct.ts";
import { parseDate } from "./date.ts";
import { cleanText } from "./decode.ts";
import { collapseWhitespace, hasMarkup, sanitizeHtml, textOfHtml } from "./html.ts";
import type { ParseLimits } from "./limits.ts";
import { readLength, readMediaType } from "./media-type.ts";
import { distinctPeople, parsePerson } from "./person.ts";
import type { RssParserFeed, RssParserItem } from "./rss-parser-door.ts";
import { readOnThread } from "./rss-parser-thread.ts";
import { isHttpUrl, readUrl, resolveHttpUrl } from "./url.ts";
import type { WarningLog } from "./warning-log.ts";

/** Longer documents are not given to the second reader. */
const SECOND_READER_LENGTH_MAX = 4 * 1024 * 1024;

interface SecondReaderOptions {
  readonly documentUrl: string | null;
  readonly limits: ParseLimits;
  readonly log: WarningLog;
  readonly format: DocumentFormat;
}

/**
 * Reads with `rss-parser` a document that the first reader refused or found no entry in, on a thread of its own with
 * a time limit and a memory limit. The caller has checked the document's depth.
 * @param text the document from its root element or XML declaration on
 * @returns null when it finds no entry either, or takes too long
 */
export async function readWithSecondReader(
  text: string,
  options: SecondReaderOptions,
): Promise<ParsedDocument | null> {
  if (text.length > SECOND_READER_LENGTH_MAX) return null;
  const feed = await readOnThread(repairMarkup(text), options.limits.secondReaderMs);
  if (feed === null || feed.items.length === 0) return null;
  options.log.add("second-reader", "read by the second reader; some fields may be missing");
  return toDocument(feed, options);
}

/** The bare ampersands that make strict XML parsers give up. */
function repairMarkup(text: string): string {
  return text.replace(/&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-f]{1,6});)/gi, "&amp;");
}

/** Maps what rss-parser gives to the shapes of the model; exported for the comparison of both readers. */
export function toDocument(feed: RssParserFeed, options: SecondReaderOptions): ParsedDocument {
  const homeUrl = resolveHttpUrl(feed.link ?? "", options.documentUrl);
  const base = homeUrl ?? options.documentUrl;
  const entries = feed.items
    .slice(0, options.limits.entries)
    .map((item) => toEntry(item, { base, language: feed.language, log: options.log, limits: options.limits }))
    .filter((entry) => entry !== null);
  return {
    format: options.format,
    feed: {
      title: lineOf(feed.title ?? "", options.limits.titleLength),
      id: null,
      url: resolveHttpUrl(feed.feedUrl ?? "", options.documentUrl),
      homeUrl,
      description: lineOf(feed.description ?? "", 4000) || null,
      language: feed.language,
      rights: null,
      updated: null,
      iconUrl: null,
      hubs: [],
      authors: [],
    },
    entries,
    hints: { ttlMs: null, skipHours: [], skipDays: [] },
    outlines: [],
    warnings: options.log.list(),
    isDamaged: false,
  };
}

function toEntry(
  item: RssParserItem,
  context: {
    readonly base: string | null;
    readonly language: string | null;
    readonly log: WarningLog;
    readonly limits: ParseLimits;
  },
): Entry | null {
  const { base, log, limits } = context;
  const guid = item.guid === null ? null : collapseWhitespace(cleanText(item.guid)) || null;
  const permalink = guid !== null && isHttpUrl(guid) ? resolveHttpUrl(guid, null) : null;
  const url = readUrl(item.link, { base, log, what: "link" }) ?? permalink;
  const title = lineOf(item.title ?? "", limits.titleLength);
  const content = htmlOf(item.content, base, limits);
  const summary = htmlOf(item.summary, base, limits);
  if (guid === null && url === null && title === "" && content === null && summary === null) return null;
  const enclosureUrl = readUrl(item.enclosure?.url, { base, log, what: "enclosure" });
  return {
    guid,
    url,
    title,
    authors: distinctPeople([item.author === null ? null : parsePerson(item.author)]),
    contributors: [],
    published: item.date === null ? null : parseDate(item.date),
    updated: null,
    summary,
    contentHtml: content,
    categories: item.categories.map((term) => ({ term: lineOf(term, 300), scheme: null, label: null })),
    enclosures:
      enclosureUrl === null
        ? []
        : [
            {
              url: enclosureUrl,
              type: readMediaType(item.enclosure?.type ?? null),
              length: readLength(item.enclosure?.length ?? null),
            },
          ],
    links: url === null ? [] : [{ rel: "alternate", href: url, type: null }],
    statedOriginals: [],
    source: null,
    commentsUrl: resolveHttpUrl(item.comments ?? "", base),
    language: context.language,
    rights: null,
    imageUrl: null,
  };
}

function htmlOf(html: string | null, base: string | null, limits: ParseLimits): string | null {
  return html === null ? null : sanitizeHtml(html.slice(0, limits.textBytesPerElement), base);
}

function lineOf(text: string, lengthMax: number): string {
  const clean = cleanText(text);
  return cutText(hasMarkup(clean) ? textOfHtml(clean) : collapseWhitespace(clean), lengthMax);
}
