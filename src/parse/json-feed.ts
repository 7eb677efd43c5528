import { ParseError } from "../errors.ts";
import type { Category, Enclosure, Entry, FeedInfo, Link, ParsedDocument, Person } from "../model.ts";
import { cutText } from "./construct.ts";
import { parseDate } from "./date.ts";
import { cleanText } from "./decode.ts";
import { collapseWhitespace, hasMarkup, htmlOfText, sanitizeHtml, textOfHtml } from "./html.ts";
import type { ParseLimits } from "./limits.ts";
import { readLength, readMediaType } from "./media-type.ts";
import { distinctPeople, makePerson } from "./person.ts";
import { isHttpUrl, readUrl, resolveHttpUrl } from "./url.ts";
import type { WarningLog } from "./warning-log.ts";

interface JsonFeedOptions {
  /** For messages. */
  readonly name: string;
  readonly documentUrl: string | null;
  readonly limits: ParseLimits;
  readonly log: WarningLog;
}

/** Items read between two pauses that let other work run. */
const ITEMS_PER_PAUSE = 50;

/**
 * Reads JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1). Strict about types, forgiving about everything else: a value of a
 * wrong type counts as absent, an item without anything is left out, both with a warning.
 * @throws ParseError `parse/malformed`, `parse/too-deep`, `parse/not-a-feed`
 */
export async function readJsonFeed(text: string, options: JsonFeedOptions): Promise<ParsedDocument> {
  const root = parseJson(text, options);
  if (!(root instanceof JsonObject) || !isJsonFeed(root)) {
    throw new ParseError("parse/not-a-feed", "this JSON is not a JSON Feed", { document: options.name });
  }
  const items = root.value("items");
  if (!Array.isArray(items)) {
    throw new ParseError("parse/not-a-feed", "this JSON Feed has no list of items", {
      document: options.name,
    });
  }
  const reader = new JsonFeedReader(root, options);
  const entries: Entry[] = [];
  for (const [index, item] of items.slice(0, options.limits.entries).entries()) {
    const entry = reader.readItem(item, index);
    if (entry !== null) entries.push(entry);
    if (index % ITEMS_PER_PAUSE === ITEMS_PER_PAUSE - 1)
      await new Promise((resolve) => setImmediate(resolve));
  }
  if (items.length > options.limits.entries) {
    options.log.add("too-many-entries", `only the first ${options.limits.entries} entries are read`);
  }
  return {
    format: "json",
    feed: reader.feed,
    entries,
    hints: { ttlMs: null, skipHours: [], skipDays: [] },
    outlines: [],
    olderUrl: reader.olderUrl,
    warnings: options.log.list(),
    isDamaged: false,
  };
}

function isJsonFeed(root: JsonObject): boolean {
  return (root.string("version") ?? "").includes("jsonfeed.org") || Array.isArray(root.value("items"));
}

class JsonFeedReader {
  readonly feed: FeedInfo;
  readonly olderUrl: string | null;
  readonly #options: JsonFeedOptions;
  readonly #base: string | null;

  constructor(root: JsonObject, options: JsonFeedOptions) {
    this.#options = options;
    const feedUrl = resolveHttpUrl(root.string("feed_url") ?? "", options.documentUrl);
    const homeUrl = resolveHttpUrl(root.string("home_page_url") ?? "", feedUrl ?? options.documentUrl);
    const isLocal = options.documentUrl === null || options.documentUrl.startsWith("file:");
    this.#base = isLocal ? (feedUrl ?? homeUrl) : options.documentUrl;
    this.olderUrl = resolveHttpUrl(root.string("next_url") ?? "", this.#base);
    const hubs = root.objects("hubs").map((hub) => resolveHttpUrl(hub.string("url") ?? "", null));
    this.feed = {
      title: titleOf(root.string("title"), options.limits),
      id: null,
      url: feedUrl,
      homeUrl,
      description: lineOf(root.string("description")),
      language: lineOf(root.string("language")),
      rights: null,
      updated: null,
      iconUrl: resolveHttpUrl(root.string("icon") ?? root.string("favicon") ?? "", this.#base),
      hubs: hubs.filter((hub) => hub !== null),
      authors: this.#readAuthors(root),
    };
  }

  readItem(value: unknown, index: number): Entry | null {
    const item = value instanceof JsonObject ? value : null;
    const guid = item === null ? null : lineOf(idOf(item.value("id")));
    const url = item === null ? null : this.#readLink(item.string("url"), "url");
    const title = item === null ? "" : titleOf(item.string("title"), this.#options.limits);
    const base = url ?? this.#base;
    const contentHtml = item === null ? null : this.#readContent(item, base);
    const summary = htmlOfText(item?.string("summary") ?? "");
    const attachments = item === null ? [] : this.#readAttachments(item);
    const isEmpty =
      url === null && title === "" && contentHtml === null && summary === null && attachments.length === 0;
    if (item === null || isEmpty) {
      this.#options.log.add(
        "empty-entry",
        `item ${index + 1} holds nothing that can be read and is left out`,
      );
      return null;
    }
    const authors = this.#readAuthors(item);
    const permalink = guid !== null && isHttpUrl(guid) ? resolveHttpUrl(guid, null) : null;
    return {
      guid,
      url: url ?? permalink,
      title,
      authors: authors.length > 0 ? authors : this.feed.authors,
      contributors: [],
      published: this.#readDate(item, "date_published"),
      updated: this.#readDate(item, "date_modified"),
      summary,
      contentHtml,
      categories: readTags(item),
      enclosures: attachments,
      links: this.#readLinks(item, url),
      statedOriginals:
        permalink !== null && permalink !== url ? [{ rule: "permalink-guid", url: permalink }] : [],
      source: null,
      commentsUrl: null,
      language: lineOf(item.string("language")) ?? this.feed.language,
      rights: null,
      imageUrl: resolveHttpUrl(item.string("image") ?? item.string("banner_image") ?? "", base),
    };
  }

  #readContent(item: JsonObject, base: string | null): string | null {
    const limit = this.#options.limits.textBytesPerElement;
    const html = item.string("content_html");
    if (html !== null && html.length > limit)
      this.#options.log.add("too-long", "the content of an item is cut");
    const content = html === null ? null : sanitizeHtml(html.slice(0, limit), base);
    return content ?? htmlOfText((item.string("content_text") ?? "").slice(0, limit));
  }

  #readLinks(item: JsonObject, url: string | null): readonly Link[] {
    const external = this.#readLink(item.string("external_url"), "external_url");
    const links: Link[] = [];
    if (url !== null) links.push({ rel: "alternate", href: url, type: null });
    if (external !== null && external !== url) links.push({ rel: "related", href: external, type: null });
    return links;
  }

  #readLink(text: string | null, what: string): string | null {
    return readUrl(text, { base: this.#base, log: this.#options.log, what });
  }

  #readAttachments(item: JsonObject): readonly Enclosure[] {
    const enclosures: Enclosure[] = [];
    for (const attachment of item.objects("attachments")) {
      const url = this.#readLink(attachment.string("url"), "attachment");
      if (url === null) continue;
      const seconds = attachment.number("duration_in_seconds");
      const title = lineOf(attachment.string("title"));
      const size = attachment.number("size_in_bytes");
      enclosures.push({
        url,
        type: readMediaType(attachment.string("mime_type")),
        length: size === null ? null : readLength(String(Math.trunc(size))),
        ...(title === null ? {} : { title }),
        ...(seconds === null || seconds <= 0 ? {} : { durationMs: Math.round(seconds * 1000) }),
      });
    }
    return enclosures;
  }

  /** `authors` of version 1.1, `author` of 1.0. */
  #readAuthors(object: JsonObject): readonly Person[] {
    const single = object.value("author");
    const authors = object.objects("authors");
    const all = authors.length > 0 ? authors : single instanceof JsonObject ? [single] : [];
    return distinctPeople(
      all.map((author) => {
        const url = author.string("url");
        const email = url !== null && /^mailto:/i.test(url) ? url.slice(7) : null;
        return makePerson({
          name: author.string("name"),
          email,
          url: url === null ? null : resolveHttpUrl(url, null),
        });
      }),
    );
  }

  #readDate(item: JsonObject, key: string): Date | null {
    const text = item.string(key);
    if (text === null || text.trim() === "") return null;
    const date = parseDate(text);
    if (date === null) this.#options.log.add("bad-date", `"${text.slice(0, 60)}" is no date`);
    return date;
  }
}

function readTags(item: JsonObject): readonly Category[] {
  const tags = item.value("tags");
  if (!Array.isArray(tags)) return [];
  const terms = tags
    .filter((tag) => typeof tag === "string")
    .map((tag) => (hasMarkup(tag) ? textOfHtml(tag) : tag))
    .map((tag) => cutText(collapseWhitespace(cleanText(tag)), 300))
    .filter((term) => term !== "");
  return [...new Set(terms)].map((term) => ({ term, scheme: null, label: null }));
}

/** An id must be a string; version 1.0 feeds with numbers are read too ("coerced to a string", jsonfeed.org). */
function idOf(value: unknown): string | null {
  if (typeof value === "string") return cleanText(value);
  return typeof value === "number" && Number.isFinite(value) ? String(value) : null;
}

function titleOf(text: string | null, limits: ParseLimits): string {
  return cutText(text === null ? "" : collapseWhitespace(text), limits.titleLength);
}

function lineOf(text: string | null): string | null {
  const line = text === null ? "" : collapseWhitespace(text);
  return line === "" ? null : line.slice(0, 8192);
}

// ---- JSON ----------------------------------------------------------------------------------------------------------

/** An object as `JSON.parse` made it, read by own keys only: `__proto__` and `constructor` are keys like others. */
class JsonObject {
  readonly #entries: ReadonlyMap<string, unknown>;

  constructor(entries: ReadonlyMap<string, unknown>) {
    this.#entries = entries;
  }

  value(key: string): unknown {
    return this.#entries.get(key);
  }

  /** A string, clean of characters that XML forbids; null for any other type. */
  string(key: string): string | null {
    const value = this.#entries.get(key);
    return typeof value === "string" ? cleanText(value) : null;
  }

  number(key: string): number | null {
    const value = this.#entries.get(key);
    return typeof value === "number" && Number.isFinite(value) ? value : null;
  }

  /** The objects in a list; anything else in it is passed over. */
  objects(key: string): readonly JsonObject[] {
    const value = this.#entries.get(key);
    return Array.isArray(value) ? value.filter((item) => item instanceof JsonObject) : [];
  }
}

function parseJson(text: string, options: JsonFeedOptions): unknown {
  if (nestingOf(text) > options.limits.depth) {
    throw new ParseError("parse/too-deep", `this JSON is nested deeper than ${options.limits.depth}`, {
      document: options.name,
    });
  }
  try {
    return JSON.parse(text, (_key, value: unknown) =>
      value !== null && typeof value === "object" && !Array.isArray(value)
        ? new JsonObject(new Map(Object.entries(value)))
        : value,
    );
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.slice(0, 200) : "unknown";
    throw new ParseError("parse/malformed", `this is not JSON: ${reason}`, { document: options.name, cause });
  }
}

/** The deepest nesting of arrays and objects in JSON text, outside strings. Linear, and before any parser recurses. */
function nestingOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) at = endOfString(text, at + 1);
    else if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x5d || code === 0x7d) depth--;
  }
  return deepest;
}

function endOfString(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) at++;
    else if (code === 0x22) return at;
  }
  return text.length;
}
