/**
 * The store's contract: what SQLite and PostgreSQL both promise. `test/store/contract.ts` runs it on each.
 *
 * Everything that one poll found is written in one transaction: sightings, stories, aliases, validators, the next
 * poll and the release of the lease. Either all of it is there after a crash, or none.
 */
import type {
  Alias,
  CopyGroup,
  HealthNotice,
  PollState,
  SightingRecord,
  SourceDefinition,
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

export interface Store extends AsyncDisposable {
  /**
   * Makes the store's sources equal to `definitions` (those with the same parent): new ones are added and due at once
   * (spread is the scheduler's affair), changed ones updated, missing ones `retired` with all they brought. A retired one that
   * comes back (counted as added) goes on where it was. A source that several parents list lives while one of them does, under
   * the config's definition, else the first list's; a list that is retired takes its sources along and brings them back.
   * A poll under way when its source is retired has lost its lease.
   */
  syncSources(
    definitions: readonly SourceDefinition[],
    options: { readonly now: Date; readonly parentId: string | null },
  ): Promise<{ readonly added: number; readonly changed: number; readonly retired: number }>;

  listSources(): Promise<readonly SourceState[]>;

  /**
   * Leases due sources (`nextPollAt <= now`, not retired, not gone, no live lease), longest overdue first. Asked for by
   * `onlyIds`, one that is gone is leased, too. What was leased or polled in what is now the future (the clock was set
   * back by more than a minute) is due, so that nothing stands still until then.
   */
  claimDueSources(request: ClaimRequest): Promise<readonly ClaimedSource[]>;

  /** When a source was last polled, by whichever process; null: never. */
  lastPollAt(): Promise<Date | null>;

  /** When the earliest source not under a live lease falls due, or null. */
  nextDueAt(now: Date): Promise<Date | null>;

  /**
   * Prolongs leases of polls that are still under way. @returns those that hold, with their new end; a lease that is missing
   * was lost: its source ran out of time and was claimed by another, or was retired
   */
  renewLeases(
    leases: readonly Lease[],
    times: { readonly now: Date; readonly leaseMs: number },
  ): Promise<readonly Lease[]>;

  /** Gives a lease back unused; the source stays due. A lost lease is no error here. */
  releaseLease(lease: Lease): Promise<void>;

  /** Writes one poll. @throws LeaseLostError when the lease is not the current one any more; nothing is written then. */
  recordPoll(record: PollRecord): Promise<RecordedPoll>;

  listStories(query: StoryQuery): Promise<readonly Story[]>;

  /**
   * The groups of syndicated copies that these stories belong to, each once. `recordPoll` finds copies: an entry that prints
   * the report of another source's within 72 hours (`src/syndicate`). A story is compared with the first of a group only, and
   * one that an operator split off is never grouped.
   */
  listCopies(stories: readonly number[]): Promise<readonly CopyGroup[]>;

  /** The story that one of these alias keys or published ids belongs to, the first that is known. */
  findStory(keys: readonly string[]): Promise<StoryDetail | null>;

  /**
   * The operator says that two keys name one story. Holds for good: both aliases are pinned to the older story.
   * A key without a story yet is pinned and takes effect when it is seen.
   */
  mergeStories(a: Alias, b: Alias, now: Date): Promise<void>;

  /**
   * The operator says that this key names a story of its own: its sightings leave, the key is pinned to them, and no
   * later poll joins them again. @returns false when no story has the key.
   */
  splitStory(key: Alias, now: Date): Promise<boolean>;

  /** Takes up to `limit` questions that are due, longest waiting first; unanswered, each comes back after `leaseMs`. */
  claimQuestions(request: {
    readonly now: Date;
    readonly limit: number;
    readonly leaseMs: number;
  }): Promise<readonly ClaimedQuestion[]>;

  /** When the next question may be asked, or null when none waits. */
  nextQuestionAt(): Promise<Date | null>;

  /** The sightings that wait for a question's answer (the first 1000), and the collapsed keys of their sources. */
  listAskers(question: Question): Promise<SightingBatch>;

  /**
   * Remembers an answer and gives the sightings that it is about their new identities, in one transaction: stories that
   * share a key now become one as in a poll. Published ids stay. @returns whether readers can see a difference
   */
  recordAnswer(record: AnswerRecord): Promise<{ readonly merged: number; readonly isVisible: boolean }>;

  /** The answers found so far to questions of a kind, by URL. */
  answers(kind: Question["kind"], urls: readonly string[]): Promise<ReadonlyMap<string, string>>;

  /** The version of the identity rules that made the stored keys; 0 when it was never told. */
  identityVersion(): Promise<number>;

  setIdentityVersion(version: number): Promise<void>;

  /** Every subscription to a hub. */
  listSubscriptions(): Promise<readonly PushSubscription[]>;

  findSubscription(callback: string): Promise<PushSubscription | null>;

  /** Writes the one subscription of its source, new or changed. */
  saveSubscription(subscription: PushSubscription): Promise<void>;

  removeSubscription(sourceId: string): Promise<void>;

  /** Every subscription at our own hub. */
  listHubSubscriptions(): Promise<readonly HubSubscription[]>;

  findHubSubscription(name: Pick<HubSubscription, "topic" | "callback">): Promise<HubSubscription | null>;

  /**
   * Writes the one subscription of its topic and callback, as far as it still has this version (0: it is not there).
   * @returns its new version, which is the number of this change; null when another write was quicker: nothing is written then
   */
  saveHubSubscription(subscription: HubSubscription): Promise<number | null>;

  /** Removes a subscription that still has this version. @returns the number of this change; null as in `saveHubSubscription` */
  removeHubSubscription(
    subscription: Pick<HubSubscription, "topic" | "callback" | "version">,
  ): Promise<number | null>;

  /** The number of the last change to the hub's subscriptions, by whichever process; 0 before the first. */
  hubChanges(): Promise<number>;

  /**
   * Makes `holder` the one that delivers for the hub until the lease ends, or prolongs its lease. A lease from what is now the
   * future (as in `claimDueSources`) is void. @returns false when another one holds it
   */
  claimHub(request: HubClaim): Promise<boolean>;

  /** Gives the hub's lease back; another's is no error and stays. */
  releaseHub(holder: string): Promise<void>;

  archiveState(output: string): Promise<ArchiveState>;

  /** Stories of the query that are on no page of the output's archive, in the order of their numbers. */
  listUnarchived(query: UnarchivedQuery): Promise<readonly Story[]>;

  /**
   * Adds the next page of an archive, with the numbers of the stories on it, and moves the position there, in one transaction.
   * @returns false, and nothing is written, when the page is not the next one (another process was quicker) or one of the stories has
   *   become part of another meanwhile
   */
  addArchivePage(
    page: ArchivePage,
    archived: { readonly stories: readonly number[]; readonly position: number },
  ): Promise<boolean>;

  /** Changes how far the stories were gone through; pages stay. */
  moveArchive(output: string, place: Omit<ArchiveState, "pages">): Promise<void>;

  findArchivePage(output: string, number: number): Promise<ArchivePage | null>;

  /** What the operator was told of the sources' health, newest first. The store keeps the latest 1000. */
  listNotices(limit: number): Promise<readonly HealthNotice[]>;

  /** What {@link Store.forgetStories} would forget by and by. */
  countForgettable(keep: Retention): Promise<Forgettable>;

  /** The numbers of the stories that {@link Store.forgetStories} would forget next, the oldest first. */
  listForgettable(keep: Retention, limit: number): Promise<readonly number[]>;

  /**
   * Forgets the oldest of what need not stay, at most `limit` stories (of these `numbers` only, where given), in one transaction: their sightings, texts and
   * aliases, and the texts of their pages. Their keys and published ids are remembered, so that no poll takes what is still in
   * a feed for new, and no id is given to another story. What an operator said of a key stays. @returns what is forgotten now
   */
  forgetStories(
    keep: Retention,
    request: ForgetRequest,
  ): Promise<{ readonly stories: number; readonly sightings: number }>;

  /**
   * Lets go of what is remembered of forgotten stories, at most `limit` rows: keys of which a source has read whole documents
   * without them for `unseenMs`. While a source fails, or its document stays the same, they stay. @returns how many went
   */
  dropForgottenKeys(request: { readonly unseenMs: number; readonly limit: number }): Promise<number>;

  /**
   * Gives free space of an embedded store's file back to the disk, at most about `bytesMax` of it. A server's space is its own
   * affair: nothing is free there. @returns what is still free
   */
  shrink(request: {
    readonly bytesMax: number;
  }): Promise<{ readonly freeBytes: number; readonly fileBytes: number }>;

  /**
   * Calls when another process may have changed what readers see, until disposed of. What this process writes is told by its
   * own calls.
   */
  watchRevision(onChange: () => void): Promise<AsyncDisposable>;

  /** Grows whenever something visible in the combined feed may have changed, by whichever process. */
  revision(): Promise<number>;

  counts(): Promise<StoreCounts>;

  /** Bytes that the store takes: of its file, or of its tables on a server. */
  sizeBytes(): Promise<number>;

  /** The connections of this process's pool; null where the store is a file. */
  connections(): ConnectionCounts | null;

  /** Sightings per UTC day of each source since `since`, keyed by source id. */
  dailyCounts(since: Date): Promise<ReadonlyMap<string, readonly DailyCount[]>>;

  /** A consistent copy of the store in a new file, while it is in use. `onProgress` hears of pages copied. @throws StoreError if `file` exists. */
  backup(
    file: string,
    onProgress?: (progress: { readonly done: number; readonly total: number }) => void,
  ): Promise<void>;
}

/** A store that this process alone works on, and in this thread. */
export interface RekeyableStore extends Store {
  /**
   * Names every sighting anew, all or nothing, while no daemon runs. Stories whose sightings share no key any more are
   * parted (the oldest sighting keeps the published id), those that share one now are merged; what an operator pinned
   * stays together and apart. @throws the signal's reason when aborted; nothing is changed then
   */
  rekey(request: RekeyRequest, signal: AbortSignal): Promise<RekeyReport>;
}
