/**
 * The glossary of Mainstem, then its types. Every room speaks these words and no others.
 *
 * - **Source**: a line of the config (or of a followed OPML list): what to poll, its rhythm and its health.
 * - **Document**: the bytes one poll of a source brought, as parsed: a feed with its entries.
 * - **Entry**: what a source says about one item, as parsed and cleaned. It knows nothing of other entries.
 * - **Sighting**: an entry of a source, stored; one per (source, guid key).
 * - **Story**: what happened once. It owns its published id, its winning sighting and its aliases.
 * - **Alias**: a key (a URL key, a guid key …) that points at a story. Two entries that share an alias tell one story.
 * - **Evidence**: every alias records the rule that made it and what it was made from.
 * - **Original URL**: the address of the story at its publisher; it opens in a browser and is published.
 * - **Key**: a comparison string made from a URL; never shown as a link, never fetched.
 *
 * Instants are `Date`, durations are numbers whose names end in `Ms`, sizes end in `Bytes`.
 */

export type DocumentFormat = "rss" | "atom" | "rdf" | "json" | "article" | "opml";

/** A person or an agency that wrote something. At least one of the three is there. */
export interface Person {
  readonly name: string;
  readonly email: string | null;
  readonly url: string | null;
}

/** A link as published, `href` made absolute. `rel` is `alternate` where the feed gave none (RFC 4287 4.2.7.2). */
export interface Link {
  readonly rel: string;
  readonly href: string;
  readonly type: string | null;
  readonly title?: string | null;
  readonly hreflang?: string | null;
  readonly length?: number | null;
}

/** An attached media file. `length` is in bytes, null where unknown. */
export interface Enclosure {
  readonly url: string;
  readonly type: string | null;
  readonly length: number | null;
  readonly title?: string | null;
  readonly durationMs?: number | null;
}

/** What a podcast says of an episode beside its media (`itunes:*`). Season and number count from 1. */
export interface Episode {
  readonly season: number | null;
  readonly number: number | null;
  readonly type: "full" | "trailer" | "bonus" | null;
  /** Of the podcast where the episode does not say. */
  readonly isExplicit: boolean | null;
}

export interface Category {
  readonly term: string;
  readonly scheme: string | null;
  readonly label: string | null;
}

/** The feed an entry says that it came from (Atom `source`, RSS `source url`). It names a carrier, never an identity. */
export interface EntrySource {
  readonly title: string | null;
  readonly url: string | null;
  readonly id: string | null;
}

/** A URL that the feed itself states to be the entry's own address. `rule` names the element, e.g. `feedburner:origLink`. */
export interface StatedOriginal {
  readonly rule:
    | "feedburner:origLink"
    | "pheedo:origLink"
    | "rel=canonical"
    | "permalink-guid"
    | "article:original-url";
  readonly url: string;
}

/** What a source says about one item. Titles and names are plain text; HTML is sanitised and has absolute URLs. */
export interface Entry {
  /** The id exactly as published (trimmed), or null. */
  readonly guid: string | null;
  /** The entry's link as published, absolute, or null. */
  readonly url: string | null;
  readonly title: string;
  readonly authors: readonly Person[];
  readonly contributors: readonly Person[];
  readonly published: Date | null;
  readonly updated: Date | null;
  /** Sanitised HTML, or null. */
  readonly summary: string | null;
  /** Sanitised HTML, or null. */
  readonly contentHtml: string | null;
  readonly categories: readonly Category[];
  readonly enclosures: readonly Enclosure[];
  /** Every link of every rel, in document order, the one chosen as `url` included. */
  readonly links: readonly Link[];
  readonly statedOriginals: readonly StatedOriginal[];
  readonly source: EntrySource | null;
  readonly commentsUrl: string | null;
  /** BCP 47 tag, inherited from the feed where the entry has none. */
  readonly language: string | null;
  /** Plain text. */
  readonly rights: string | null;
  /** Absolute URL of a picture that stands for the entry (media:thumbnail, itunes:image, JSON Feed image). */
  readonly imageUrl: string | null;
  /** Absent where it is no podcast's. */
  readonly episode?: Episode;
}

/** What a document says about itself. `url` is its self link, `homeUrl` the site it belongs to. */
export interface FeedInfo {
  readonly title: string;
  readonly id: string | null;
  readonly url: string | null;
  readonly homeUrl: string | null;
  readonly description: string | null;
  readonly language: string | null;
  readonly rights: string | null;
  readonly updated: Date | null;
  readonly iconUrl: string | null;
  readonly hubs: readonly string[];
  readonly authors: readonly Person[];
}

/** What the document asks of pollers: RSS `ttl`, RSS 1.0 `sy:*`, `skipHours` (UTC hours 0-23), `skipDays` (0 = Sunday). */
export interface PollHints {
  readonly ttlMs: number | null;
  readonly skipHours: readonly number[];
  readonly skipDays: readonly number[];
}

/** Something that was forgiven or doubted while reading. `line` counts from 1. */
export interface Warning {
  readonly code: string;
  readonly message: string;
  readonly line?: number;
}

/** One document, read. `entries` is empty and `outlines` filled for OPML. */
export interface ParsedDocument {
  readonly format: DocumentFormat;
  readonly feed: FeedInfo;
  readonly entries: readonly Entry[];
  readonly hints: PollHints;
  readonly outlines: readonly OpmlOutline[];
  readonly warnings: readonly Warning[];
  /** Where older entries stand: RFC 5005 `prev-archive`, else `next` of a paged feed; JSON Feed `next_url`. */
  readonly olderUrl?: string | null;
  /** The document broke off or was damaged: what came whole is here, its validators must not be stored. */
  readonly isDamaged: boolean;
}

/** A folder of an OPML list by the names on the way to it, outermost first; empty: the list itself. */
export type FolderPath = readonly string[];

/** One feed of an OPML list; folders become tags, outermost first. */
export interface OpmlOutline {
  readonly url: string;
  readonly title: string | null;
  readonly homeUrl: string | null;
  readonly tags: readonly string[];
  /** Every folder that it stands in. */
  readonly folders: readonly FolderPath[];
}

// ---- sources ------------------------------------------------------------------------------------------------------

export type SourceKind = "url" | "file" | "articles" | "opml";

export type Schedule =
  | { readonly kind: "adaptive" }
  | { readonly kind: "every"; readonly intervalMs: number }
  | { readonly kind: "cron"; readonly expression: string };

/** What names an entry's story: `auto` drops a key that a source reuses for everything. */
export type IdentityMode = "auto" | "url" | "guid";

/** A source as the config states it. `id` is a stable digest of kind and location. */
export interface SourceDefinition {
  readonly id: string;
  readonly kind: SourceKind;
  /** The URL as configured, or an absolute path. */
  readonly location: string;
  readonly name: string | null;
  readonly tags: readonly string[];
  /** Which copy of a story wins; higher first. */
  readonly priority: number;
  readonly schedule: Schedule;
  readonly identity: IdentityMode;
  /** Keep only entries that match one; text or `/regex/flags`. */
  readonly include: readonly string[];
  /** Drop entries that match one. */
  readonly exclude: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly isPrivateAllowed: boolean;
  /** Who rests when a server names a time (429, 503): its whole host, or this source alone. */
  readonly restScope: "host" | "source";
  /** Archive pages (RFC 5005) that the first poll follows. */
  readonly historyPages: number;
  /** Fetch the pages of entries that are cut short, and carry their text. */
  readonly isFullText?: boolean;
  /** The site it belongs to, as an OPML list or the operator says. */
  readonly homeUrl?: string | null;
  /** Where it stands in OPML lists; null: as its tags say. */
  readonly folders?: readonly FolderPath[] | null;
}

/** HTTP validators, byte for byte as received (RFC 9110 8.8). */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** `retired`: no longer in the config (its stories stay). `gone`: the publisher said 410, or 404 for a week. */
export type SourceStatus = "new" | "ok" | "failing" | "gone" | "retired";

/** The part of a source's row that a poll changes, and reads back at the next poll. */
export interface PollState {
  /** Where the next request goes: the configured URL, or the one a permanent redirect led to. */
  readonly currentUrl: string | null;
  /** A permanent redirect target seen and how often in a row it was confirmed; adopted after enough agreement. */
  readonly movingTo: { readonly url: string; readonly times: number } | null;
  readonly validators: Validators;
  /** sha-256 (hex) of the last document's decoded bytes; equal bytes are not parsed again. */
  readonly bodyHash: string | null;
  readonly feed: FeedInfo | null;
  readonly hints: PollHints;
  /** The feed's own rate: half the median gap between entries, null while unknown. */
  readonly rhythmMs: number | null;
  /** UTC hours of the day in which the feed is not used to publish. */
  readonly quietHours: readonly number[];
  readonly nextPollAt: Date;
  /** Why then, in words for the operator. */
  readonly nextPollReason: string;
  readonly failures: number;
  readonly failingSince: Date | null;
  /** Since when every answer was 404. */
  readonly notFoundSince: Date | null;
  /** The trouble that the operator was told of and that is not over. */
  readonly noticed: { readonly kind: "failing" | "silent"; readonly at: Date } | null;
  readonly lastError: { readonly code: string; readonly message: string } | null;
  readonly status: SourceStatus;
  readonly warnings: readonly Warning[];
}

/** What the operator is told of a source, once. */
export interface HealthNotice {
  readonly sourceId: string;
  /** What a person calls it, as it was then. */
  readonly sourceName: string;
  readonly kind: "died" | "failing" | "moved" | "silent" | "recovered";
  readonly at: Date;
  /** What happened, since when, and what is done about it. */
  readonly message: string;
  /** The error's code, where there is one. */
  readonly code: string | null;
}

/** A source as the store knows it. */
export interface SourceState extends PollState {
  readonly id: string;
  readonly kind: SourceKind;
  readonly location: string;
  readonly name: string | null;
  readonly tags: readonly string[];
  readonly priority: number;
  /** The OPML source this one was found in, or null. */
  readonly parentId: string | null;
  readonly addedAt: Date;
  readonly lastPollAt: Date | null;
  readonly lastOkAt: Date | null;
  readonly lastNewEntryAt: Date | null;
  /** Sightings stored. */
  readonly entryCount: number;
  /** Sightings whose story has an older sighting of another source or guid: what deduplication saved. */
  readonly duplicateCount: number;
}

// ---- identity -----------------------------------------------------------------------------------------------------

/**
 * A key that names a story. Two entries tell one story when they share a key string exactly; a *soft* alias already
 * carries in its key what else must agree (title, day), so that the store compares strings and nothing more.
 */
export interface Alias {
  readonly key: string;
  readonly kind: "url" | "stated" | "guid" | "soft" | "content" | "operator";
  /** The rule that made it, e.g. `link`, `feedburner:origLink`, `guid+title`. */
  readonly rule: string;
  /** What it was made from, e.g. the URL as the feed said it. */
  readonly evidence: string;
}

/** One step on the way from a URL as found to its original URL and key. */
export interface IdentityStep {
  readonly rule: string;
  readonly before: string;
  readonly after: string;
}

/** `explain`'s answer for one URL. */
export interface UrlExplanation {
  readonly input: string;
  readonly originalUrl: string | null;
  readonly key: string | null;
  readonly steps: readonly IdentityStep[];
  readonly error: string | null;
}

/** An entry with its identity, ready to be stored. */
export interface IdentifiedEntry {
  readonly entry: Entry;
  /** Names the entry within its source: its guid, else its URL key, else a digest of its text. */
  readonly guidKey: string;
  readonly originalUrl: string | null;
  /** Ids to publish under if this entry founds a story, best first; the store takes the first that is free. Never empty. */
  readonly publishedIds: readonly string[];
  /** Never empty; the first is the strongest. */
  readonly aliases: readonly Alias[];
  /** The source's own host is the original URL's: this is the publisher's own copy. */
  readonly isOwnHost: boolean;
}

// ---- stories ------------------------------------------------------------------------------------------------------

/** An identified entry with the times and ranks that ingest gave it. */
export interface SightingRecord extends IdentifiedEntry {
  /** Digest (hex) of what a reader sees; when it changes, the entry was edited. */
  readonly contentHash: string;
  /** Publication time: never in the future; when it was first seen where the entry has no date. */
  readonly publishedAt: Date;
  readonly updatedAt: Date;
  /** Where it stands in the combined feed: a late-dated entry is not buried, a future one not pinned. */
  readonly orderedAt: Date;
  /** How much of the story this copy tells, in characters of text, for choosing the winner. */
  readonly completeness: number;
}

/** A carrier of a story: a stored sighting beside what its source is. */
export interface Sighting extends SightingRecord {
  readonly sourceId: string;
  readonly sourceName: string;
  readonly sourceTags: readonly string[];
  readonly sourcePriority: number;
  readonly sourceKind: SourceKind;
  /** The source's address as configured or moved to; null for local files and folders. */
  readonly sourceUrl: string | null;
  readonly feed: FeedInfo | null;
  readonly firstSeenAt: Date;
}

/** What happened once, with everyone who carried it. */
export interface Story {
  /** Internal number; grows with time, never reused. */
  readonly number: number;
  /** Frozen when the story was first stored. */
  readonly publishedId: string;
  readonly publishedAt: Date;
  /** Never goes back, never lies in the future. */
  readonly updatedAt: Date;
  readonly orderedAt: Date;
  readonly firstSeenAt: Date;
  /** Best first: priority, the publisher's own host, the most complete, the earliest. Never empty. */
  readonly sightings: readonly Sighting[];
  /** The group of syndicated copies that it stands for, where an output shows that once. */
  readonly copies?: CopyGroup | undefined;
}

/** Why a story is held to be a copy of the first of its group. */
export interface CopyEvidence {
  /** `text`, `text and title`, `text and agency`, or `title` where there was little text. */
  readonly rule: string;
  /** The part of the shorter text that both have, 0 to 1. */
  readonly share: number;
  /** Runs of three words (five or nine characters where a script has no spaces) that both have. */
  readonly shared: number;
  /** The news agency that author or dateline name, or null. */
  readonly agency: string | null;
  readonly foundAt: Date;
}

/** Stories that print one report: the one that was stored first, then its copies by number. */
export interface CopyGroup {
  readonly members: readonly { readonly story: Story; readonly evidence: CopyEvidence | null }[];
}

/** An alias as stored: what points at a story, since when, and from which source. */
export interface StoredAlias extends Alias {
  readonly sourceId: string | null;
  readonly createdAt: Date;
}

/** What an output does with stories that print one report (see `src/syndicate`). */
export type SyndicationMode = "off" | "link" | "merge";

/** An output of the config: a selection of stories published as one feed. */
export interface OutputDefinition {
  readonly name: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Only stories that this full-text search finds (`StoryQuery.search`). */
  readonly search?: string | undefined;
  /** `link` when absent. */
  readonly syndication?: SyndicationMode | undefined;
  /** Entries in the live document. */
  readonly limit: number;
  /** How long an entry stays in the live document, counted from its place in the order; absent: as long as `limit` lets it. */
  readonly windowMs?: number | undefined;
  /** Are stories that leave the live document kept on archive pages (RFC 5005)? Yes unless false. */
  readonly isArchived?: boolean | undefined;
}

/** A feed of our own, as hubs distribute it. */
export interface Topic {
  /** Its canonical address: what its `self` link says. */
  readonly selfUrl: string;
  readonly contentType: string;
  /** Names this version; another one has another hash. */
  readonly hash: string;
  /** The whole document. */
  readonly body: Uint8Array;
  /**
   * What somebody misses who has the version of that hash: for Atom and RSS a document of the new and changed entries (WebSub 7),
   * the whole one where that is not known or not possible; null for nothing.
   */
  since(hash: string | null): Uint8Array | null;
}

/** The topic of an address as it is published now; null where no feed of ours is. */
export type FindTopic = (url: string) => Topic | null;

/** The only source of time; tests drive one by hand. */
export interface Clock {
  now(): Date;
  /** Resolves after `ms`, or rejects with the signal's reason. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
