import type { DocumentFormat, Entry, FeedInfo, ParsedDocument, PollHints } from "../model.ts";
import { textOfConstruct } from "./construct.ts";
import { collapseWhitespace } from "./html.ts";
import type { ParseLimits } from "./limits.ts";
import { distinctPeople, parsePerson } from "./person.ts";
import { isHttpUrl, resolveHttpUrl } from "./url.ts";
import type { WarningLog } from "./warning-log.ts";
import type { XmlElement } from "./xml-element.ts";
import { firstDate, readAuthors, readEntry } from "./xml-entry.ts";
import { RIGHTS_KEYS } from "./xml-groups.ts";
import { chooseUrl, readLink } from "./xml-links.ts";
import { readExplicit } from "./xml-media.ts";
import { type XmlHandler, XmlReader, type XmlSource } from "./xml-reader.ts";

/** Feed-level elements kept at most; a feed has some dozens. */
const FEED_ELEMENTS_MAX = 2000;

const CONTAINERS = ["rss", "channel", "rdf:rdf", "rdf", "atom:feed", "feed", "items"];
const CONSTRUCTS = `title description content:encoded summary content body fullitem copyright rights
   atom:title atom:summary atom:content atom:subtitle atom:tagline atom:info atom:rights atom:copyright
   xhtml:body xhtml:div dc:title dc:description dc:rights dcterms:abstract dcterms:title dcterms:rights
   media:title media:description media:text itunes:summary itunes:subtitle itunes:title googleplay:description`.split(
  /\s+/,
);

const KINDS: ReadonlyMap<string, "container" | "entry" | "construct"> = new Map([
  ...CONTAINERS.map((key) => [key, "container"] as const),
  ...CONSTRUCTS.map((key) => [key, "construct"] as const),
  ["item", "entry"],
  ["atom:entry", "entry"],
]);

/** What reading one XML feed gave, with what the second reader's judge needs to know. */
export interface XmlFeedResult {
  readonly document: ParsedDocument;
  readonly maxDepth: number;
}

/**
 * Reads RSS 0.90 to 2.0, RDF, Atom 0.3 and 1.0 with their modules, namespaces by URI (RSS 2.0, RSS 1.0, RFC 4287).
 * Never throws on odd input: what came whole is returned, the rest is in the warnings.
 * @throws EntityRefused when the document's own entities grow beyond the limit
 */
export async function readXmlFeed(
  source: XmlSource,
  options: { readonly limits: ParseLimits; readonly log: WarningLog },
): Promise<XmlFeedResult> {
  const builder = new FeedBuilder(source, options);
  const reader = new XmlReader(source, builder, options);
  await reader.read();
  return { document: builder.build(reader.isComplete), maxDepth: reader.maxDepth };
}

class FeedBuilder implements XmlHandler {
  readonly #source: XmlSource;
  readonly #limits: ParseLimits;
  readonly #log: WarningLog;
  readonly #elements: XmlElement[] = [];
  readonly #entries: Entry[] = [];
  #format: DocumentFormat = "rss";
  #root: XmlElement | null = null;
  /** Where relative URLs start: the document, or for RSS its site as soon as that is known. */
  #base: string | null;
  #hasLostEntry = false;
  #olderUrl: string | null = null;

  constructor(source: XmlSource, options: { readonly limits: ParseLimits; readonly log: WarningLog }) {
    this.#source = source;
    this.#limits = options.limits;
    this.#log = options.log;
    this.#base = source.documentUrl;
  }

  kindOf(key: string): "container" | "entry" | "construct" | "simple" {
    return KINDS.get(key) ?? "simple";
  }

  onRoot(root: XmlElement): void {
    this.#root = root;
    if (root.key.startsWith("atom:") || root.key === "feed") this.#format = "atom";
    else if (root.key.startsWith("rdf")) this.#format = "rdf";
  }

  onElement(element: XmlElement, isWhole: boolean): void {
    if (element.kind === "entry") {
      if (!isWhole) {
        this.#hasLostEntry = true;
        return;
      }
      const entry = readEntry(element, { base: this.#base, limits: this.#limits, log: this.#log });
      if (entry !== null) this.#entries.push(entry);
      return;
    }
    if (this.#elements.length < FEED_ELEMENTS_MAX) this.#elements.push(element);
    if (element.key === "link" || element.key === "atom:link") this.#learnBase(element);
  }

  /** RSS knows no base: its site's address is the likeliest one. A local file is where its feed says it belongs. */
  #learnBase(element: XmlElement): void {
    const rel = element.attribute("rel") ?? "alternate";
    const isLocal = this.#base === null || this.#base.startsWith("file:");
    const target = element.attribute("href") ?? element.text;
    if (!isHttpUrl(target) || (rel !== "alternate" && rel !== "self")) return;
    if (isLocal || (this.#format !== "atom" && rel === "alternate"))
      this.#base = resolveHttpUrl(target, null);
  }

  build(isComplete: boolean): ParsedDocument {
    const isDamaged = !isComplete;
    if (isDamaged) {
      const lost = this.#hasLostEntry ? "; the entry it broke off in is left out" : "";
      this.#log.add("truncated", `the document breaks off before its end${lost}`, this.#source.text.length);
    }
    const feed = this.#readFeed();
    const isExplicit = readExplicit(new FeedView(this.#elements).text("itunes:explicit")) === true;
    return {
      format: this.#format,
      feed,
      entries: this.#entries.map((entry) => inherit(entry, { feed, isExplicit })),
      hints: readHints(this.#elements),
      outlines: [],
      olderUrl: this.#olderUrl,
      warnings: this.#log.list(),
      isDamaged,
    };
  }

  #readFeed(): FeedInfo {
    const elements = this.#elements;
    const view = new FeedView(elements);
    const root = this.#root;
    const base = root?.base ?? this.#source.documentUrl;
    const links = elements
      .map((element) => readLink(element, base, this.#log))
      .filter((link) => link !== null);
    const older = ["prev-archive", "next"].map((rel) => links.find((link) => link.rel === rel)?.href);
    this.#olderUrl = older.find((href) => href !== undefined) ?? null;
    const image = view.child("image");
    const icon = [
      view.text("atom:icon"),
      view.text("atom:logo"),
      image?.textOf("url"),
      view.child("itunes:image")?.attribute("href"),
      view.child("googleplay:image")?.attribute("href"),
    ];
    return {
      title: view.line(["title", "atom:title", "dc:title"], this.#limits.titleLength) ?? "",
      id: view.text("atom:id") ?? view.text("id"),
      url: links.find((link) => link.rel === "self")?.href ?? null,
      homeUrl: chooseUrl(links),
      description: view.line(
        ["description", "atom:subtitle", "atom:tagline", "itunes:summary", "dc:description", "atom:info"],
        4000,
      ),
      language: view.text("language") ?? view.text("dc:language") ?? root?.language ?? null,
      rights: view.line(RIGHTS_KEYS, 2000),
      updated: view.date(
        ["atom:updated", "atom:modified", "lastbuilddate", "pubdate", "dc:date", "dcterms:modified"],
        this.#log,
      ),
      iconUrl: firstUrl(icon, base),
      hubs: links.filter((link) => link.rel === "hub").map((link) => link.href),
      authors: view.authors(base),
    };
  }
}

/** The feed-level elements, found by key. */
class FeedView {
  readonly #elements: readonly XmlElement[];

  constructor(elements: readonly XmlElement[]) {
    this.#elements = elements;
  }

  child(key: string): XmlElement | null {
    return this.#elements.find((element) => element.key === key) ?? null;
  }

  text(key: string): string | null {
    const found = this.#elements.find((element) => element.key === key && element.text.trim() !== "");
    return found === undefined ? null : collapseWhitespace(found.text);
  }

  /** The first of these constructs as a line of text. */
  line(keys: readonly string[], lengthMax: number): string | null {
    for (const key of keys) {
      for (const element of this.#elements) {
        if (element.key !== key) continue;
        const text = textOfConstruct(element, lengthMax);
        if (text !== "") return text;
      }
    }
    return null;
  }

  date(keys: readonly string[], log: WarningLog): Date | null {
    return firstDate({ children: this.#elements }, keys, log);
  }

  authors(base: string | null): FeedInfo["authors"] {
    const named = readAuthors({ children: this.#elements }, base);
    if (named.length > 0) return named;
    return distinctPeople([parsePerson(this.text("managingeditor") ?? "")]);
  }
}

function firstUrl(texts: readonly (string | null | undefined)[], base: string | null): string | null {
  for (const text of texts) {
    const url = text == null ? null : resolveHttpUrl(text, base);
    if (url !== null) return url;
  }
  return null;
}

/** What an entry does not say itself and its feed does (RFC 4287 4.2.1, RSS 2.0 `language`, `itunes:explicit`). */
function inherit(
  entry: Entry,
  { feed, isExplicit }: { readonly feed: FeedInfo; readonly isExplicit: boolean },
): Entry {
  const { episode } = entry;
  const needsAuthors = entry.authors.length === 0 && feed.authors.length > 0;
  const needsLanguage = entry.language === null && feed.language !== null;
  const needsExplicit = isExplicit && entry.enclosures.length > 0 && (episode?.isExplicit ?? null) === null;
  if (!needsAuthors && !needsLanguage && !needsExplicit) return entry;
  return {
    ...entry,
    authors: needsAuthors ? feed.authors : entry.authors,
    language: entry.language ?? feed.language,
    ...(needsExplicit && {
      episode: { ...(episode ?? { season: null, number: null, type: null }), isExplicit },
    }),
  };
}

const PERIODS: ReadonlyMap<string, number> = new Map([
  ["hourly", 3_600_000],
  ["daily", 86_400_000],
  ["weekly", 604_800_000],
  ["monthly", 2_592_000_000],
  ["yearly", 31_536_000_000],
]);
const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/** RSS 2.0 `ttl` (minutes), `skipHours`, `skipDays`; RSS 1.0 `sy:updatePeriod` divided by `sy:updateFrequency`. */
function readHints(elements: readonly XmlElement[]): PollHints {
  const view = new FeedView(elements);
  const ttl = Number(view.text("ttl") ?? Number.NaN);
  const period = PERIODS.get(view.text("sy:updateperiod")?.toLowerCase() ?? "");
  const frequency = Number(view.text("sy:updatefrequency") ?? 1);
  const byModule = period !== undefined && frequency > 0 ? Math.round(period / frequency) : null;
  const hours = (view.child("skiphours")?.children ?? []).map(
    (hour) => Number(hour.text.trim() || Number.NaN) % 24,
  );
  const days = (view.child("skipdays")?.children ?? []).map((day) =>
    DAYS.indexOf(day.text.trim().toLowerCase()),
  );
  return {
    ttlMs: ttl > 0 && ttl < 1e7 ? ttl * 60_000 : byModule,
    skipHours: [...new Set(hours.filter((hour) => Number.isInteger(hour) && hour >= 0))],
    skipDays: [...new Set(days.filter((day) => day !== -1))],
  };
}
