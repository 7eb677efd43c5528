/**
 * The store's contract: what SQLite and PostgreSQL both promise. `test/store/contract.ts` runs it on each.
 *
 * Everything that one poll found is written in one transaction: sightings, stories, aliases, validators, the next
 * poll and the release of the lease. Either all of it is there after a crash, or none.
 */
import type { Alias, CopyGroup, HealthNotice, SourceDefinition, SourceState, Story } from "../model.ts";
import type {
  AnswerRecord,
  ArchivePage,
  ArchiveState,
  ClaimedQuestion,
  ClaimedSource,
  ClaimRequest,
  ConnectionCounts,
  DailyCount,
  ForgetRequest,
  Forgettable,
  HubClaim,
  HubSubscription,
  Lease,
  PollRecord,
  PushSubscription,
  Question,
  RecordedPoll,
  RekeyReport,
  RekeyRequest,
  Retention,
  SightingBatch,
  StoreCounts,
  StoryDetail,
  StoryQuery,
  UnarchivedQuery,
} from "./store-types.ts";

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
   * @returns false, and nothing is written, when the page is not the next one (another process was quicker)
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
