/** What the store is given and gives back, in the words of its contract (`store.ts`). */
import type {
  CopyGroup,
  HealthNotice,
  PollState,
  SightingRecord,
  SourceState,
  StoredAlias,
  Story,
} from "../model.ts";
import type { IncomingSighting } from "./prepared-sighting.ts";

// Told in the words of the model, for the publishing half needs them too.
export type { CopyEvidence, CopyGroup } from "../model.ts";

/** The right to poll one source until `expiresAt`. A later claim raises the generation and makes this one void. */
export interface Lease {
  readonly sourceId: string;
  readonly generation: number;
  readonly expiresAt: Date;
}

export interface ClaimedSource {
  readonly source: SourceState;
  readonly lease: Lease;
  /** Alias keys that this source reuses for different entries and that name nothing for it (the collapse guard). */
  readonly collapsedKeys: ReadonlySet<string>;
  /** The lease before this one ran out without a word of its holder, whose poll is void now. */
  readonly isTakenOver: boolean;
}

/** The connections to a server's database. */
export interface ConnectionCounts {
  /** Lent to work under way. */
  readonly active: number;
  readonly idle: number;
  /** Work that waits for a connection. */
  readonly waiting: number;
}

export interface ClaimRequest {
  readonly now: Date;
  /** At most so many sources. */
  readonly limit: number;
  readonly leaseMs: number;
  /** Only these, due or not (`once --force`, a watched file that changed). */
  readonly onlyIds?: readonly string[];
}

/** Everything one poll found. An absent `sightings` list means that the source said nothing new (304, a failure). */
export interface PollRecord {
  readonly lease: Lease;
  readonly at: Date;
  readonly state: PollState;
  readonly sightings: readonly IncomingSighting[];
  /** The source's whole document was read: what it does not list, the source does not offer any more. False where absent. */
  readonly isWhole?: boolean;
  /** Keys that this document used for different entries; remembered for the source. */
  readonly collapsedKeys: readonly string[];
  /** What to ask the network about these sightings; each is about those whose `originalUrl` is its URL. */
  readonly questions?: readonly Question[];
  /** What the operator is to be told of the source. */
  readonly notice?: Pick<HealthNotice, "kind" | "message" | "code" | "sourceName">;
}

/** What only the network can tell: where an opaque URL leads (`link`), how a page names itself (`page`), what it says (`text`). */
export interface Question {
  readonly kind: "link" | "page" | "text";
  readonly url: string;
}

export interface ClaimedQuestion extends Question {
  /** How often it was asked in vain. */
  readonly attempts: number;
  /** The answer where it is known already and only new sightings wait for it. */
  readonly known: string | null;
}

/** `found` and `nothing` hold for good, as does having given up. */
export type Answer =
  | { readonly outcome: "found"; readonly text: string }
  | { readonly outcome: "nothing" | "given-up"; readonly note: string }
  | { readonly outcome: "later"; readonly note: string; readonly retryAt: Date };

/** A sighting as stored, for naming it anew. */
export interface StoredSighting {
  readonly id: number;
  readonly sourceId: string;
  readonly record: SightingRecord;
}

/** A stored sighting's new identity. */
export interface SightingChange {
  readonly id: number;
  readonly record: SightingRecord;
}

export interface CollapsedKey {
  readonly sourceId: string;
  readonly key: string;
}

export interface AnswerRecord {
  readonly question: Question;
  readonly answer: Answer;
  readonly at: Date;
  /** The sightings that carry the URL, as they are named now that the answer is known. */
  readonly changes: readonly SightingChange[];
  readonly collapsedKeys: readonly CollapsedKey[];
  /** What is to be asked next about those whose new `originalUrl` is the question's URL. */
  readonly questions?: readonly Question[];
}

/** A batch of stored sightings in the order in which they came, and what is known about them. */
export interface SightingBatch {
  readonly sightings: readonly StoredSighting[];
  /** Keys that name nothing for a source. */
  collapsedKeys(sourceId: string): ReadonlySet<string>;
  /** Where an opaque URL leads, as far as the network has said. */
  resolved(url: string): string | null;
  /** What the network has said of a page, as it was recorded. */
  page(url: string): string | null;
  /**
   * Fetches what was asked for by `resolved` and `page` and was not at hand; they gave null for it.
   * @returns true when some of it is known: whoever asked asks again
   */
  fetchMissing(): Promise<boolean>;
}

export interface RekeyRequest {
  readonly at: Date;
  /** The version of the identity rules, stored with the new keys. */
  readonly version: number;
  /** Everything is worked out and nothing kept. */
  readonly isDryRun: boolean;
  /** Names a batch anew; sightings that are left out stay as they are. */
  readonly identify: (batch: SightingBatch) => {
    readonly changes: readonly SightingChange[];
    readonly collapsedKeys: readonly CollapsedKey[];
  };
  /** Hears how many of all sightings were looked at. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** A subscription to a source's hub (WebSub). `asked`: the hub has not asked back yet; `refused`: it said no. */
export interface PushSubscription {
  readonly sourceId: string;
  /** The unguessable end of the address that the hub calls. */
  readonly callback: string;
  readonly secret: string;
  readonly hub: string;
  readonly topic: string;
  readonly state: "asked" | "active" | "refused";
  /** Requests in a row that the hub did not take. */
  readonly failures: number;
  readonly expiresAt: Date | null;
  readonly pushedAt: Date | null;
  /** When a poll brought what should have been pushed; null again with the next push. */
  readonly missedAt: Date | null;
  /** When it is asked for again, or renewed. */
  readonly nextTryAt: Date;
}

/** A reader's subscription at our own hub (WebSub 5): one for a topic and a callback. */
export interface HubSubscription {
  /** The address of the feed, as the subscriber asked for it. */
  readonly topic: string;
  readonly callback: string;
  readonly secret: string | null;
  /** When the lease ends; null until the subscriber has confirmed for the first time. */
  readonly expiresAt: Date | null;
  /** What was asked for and is not confirmed yet. Until then everything else stays in force (WebSub 5.1). */
  readonly request: HubRequest | null;
  /** Names the version of the feed that the subscriber has; null for none. */
  readonly delivered: string | null;
  /** Deliveries in a row that failed, and since when. */
  readonly failures: number;
  readonly failingSince: Date | null;
  /** Not before then is a delivery tried again; null while none failed. */
  readonly nextTryAt: Date | null;
  /** Grows with every write of it; 0: it is not stored yet. */
  readonly version: number;
}

export interface HubRequest {
  readonly mode: "subscribe" | "unsubscribe";
  readonly secret: string | null;
  readonly leaseMs: number;
  readonly askedAt: Date;
}

/** Who wants to deliver for the hub, and for how long. */
export interface HubClaim {
  readonly holder: string;
  readonly now: Date;
  readonly leaseMs: number;
}

/** How far the archive of an output has come. */
export interface ArchiveState {
  /** The number of the newest page; 0 while there is none. */
  readonly pages: number;
  /** Every story up to this number is on a page or was not one of the output's when it was looked at. */
  readonly position: number;
  /** Names what the output selected then; empty before the first time. */
  readonly scope: string;
  /** When the stories were last gone through from the first one. */
  readonly sweptAt: Date | null;
}

export interface UnarchivedQuery {
  readonly output: string;
  /** Only stories with a greater number. */
  readonly after: number;
  readonly limit: number;
  /** As in `StoryQuery`. */
  readonly tags?: readonly string[];
  readonly search?: string;
}

/** A page of an output's archive (RFC 5005 4); never changed once it is there. */
export interface ArchivePage {
  readonly output: string;
  /** Counts from 1. */
  readonly number: number;
  /** The document. */
  readonly body: Uint8Array;
  /** The site's public address in its links. */
  readonly siteUrl: string;
  readonly at: Date;
}

/** A story as people know it. */
export interface StoryName {
  readonly publishedId: string;
  readonly title: string;
  readonly url: string | null;
}

export interface RekeyReport {
  readonly sightings: number;
  /** Sightings that are named otherwise now. */
  readonly changed: number;
  /** Stories that became part of an older one, the first of them told. */
  readonly merged: number;
  readonly mergeExamples: readonly { readonly from: StoryName; readonly into: StoryName }[];
  /** New stories that left an older one, the first of them told. */
  readonly parted: number;
  readonly partExamples: readonly { readonly from: StoryName; readonly story: StoryName }[];
}

export interface RecordedPoll {
  readonly entries: { readonly new: number; readonly updated: number; readonly unchanged: number };
  /** `merged`: sightings that joined a story already there, plus stories that became one. */
  readonly stories: { readonly new: number; readonly merged: number };
  /** Something that a reader of the combined feed can see has changed. */
  readonly isVisible: boolean;
}

export interface StoryQuery {
  /** At most so many stories, newest (`orderedAt`, then number) first. */
  readonly limit: number;
  /** Stories that a source with one of these tags carried; empty means all. */
  readonly tags?: readonly string[];
  readonly sourceId?: string;
  /**
   * Only stories of which one sighting has all these words: `word "a phrase" -without begin* this OR that`
   * (`search-query.ts`); case and accents do not matter. Without a word to find there are none.
   */
  readonly search?: string;
  /** Exactly these stories, as far as they are still there; no other key of the query counts beside it but `limit`. */
  readonly numbers?: readonly number[];
  /** Only stories strictly older than this place in the order (for paging). */
  readonly before?: { readonly orderedAt: Date; readonly number: number };
}

export interface StoryDetail {
  /** The group that the story belongs to, or null. */
  readonly copies: CopyGroup | null;
  readonly story: Story;
  readonly aliases: readonly StoredAlias[];
  /** Published ids of stories that were merged into this one. */
  readonly forwardedIds: readonly string[];
  readonly overrides: readonly string[];
}

export interface StoreCounts {
  readonly sources: number;
  readonly sightings: number;
  readonly stories: number;
  readonly aliases: number;
}

/** Which stories stay: those that stand after an instant in the order, or so many of the newest. */
export type Retention = { readonly since: Date } | { readonly newest: number };

/** What is forgotten, or would be. `until`: where the newest of it stands in the order; null: there is none. */
export interface Forgettable {
  readonly stories: number;
  readonly sightings: number;
  readonly until: Date | null;
}

export interface ForgetRequest {
  readonly at: Date;
  readonly limit: number;
  readonly numbers?: readonly number[];
}

/** How many sightings were added per UTC day, oldest first, for sparklines. */
export interface DailyCount {
  readonly day: string;
  readonly count: number;
}
