/**
 * The store in one SQLite file (`node:sqlite`): WAL, one daemon, prepared statements. Tools of the command line may
 * read, and write shortly, beside the daemon. What is promised stands in `store.ts`.
 */
import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { LeaseLostError, StoreError } from "../errors.ts";
import type { Alias, Clock, HealthNotice, SourceDefinition, SourceState, Story } from "../model.ts";
import { describeExisting, publishFile } from "./backup-file.ts";
import { BatchQueue } from "./batch-queue.ts";
import { readNumber, readOptionalInstant } from "./rows.ts";
import { ArchiveTable } from "./sqlite-archives.ts";
import { CopyFinder } from "./sqlite-copies.ts";
import { describeUnwritable, translateSqliteError } from "./sqlite-errors.ts";
import { HubTable } from "./sqlite-hub.ts";
import type { StoreLock } from "./sqlite-lock.ts";
import { readPragma } from "./sqlite-migrate.ts";
import { NoticeTable } from "./sqlite-notices.ts";
import { openDatabase } from "./sqlite-open.ts";
import { OverrideWriter } from "./sqlite-overrides.ts";
import { PollWriter } from "./sqlite-polls.ts";
import { StoryPruner } from "./sqlite-prune.ts";
import { QuestionTable } from "./sqlite-questions.ts";
import { RekeyWriter } from "./sqlite-rekey.ts";
import { SightingTexts } from "./sqlite-search.ts";
import { shrinkDatabase } from "./sqlite-shrink.ts";
import { SightingRewriter } from "./sqlite-sighting-rewriter.ts";
import { SourceTable } from "./sqlite-sources.ts";
import { StoryReader } from "./sqlite-story-reads.ts";
import { StoryTable } from "./sqlite-story-table.ts";
import { SubscriptionTable } from "./sqlite-subscriptions.ts";
import { watchDatabase } from "./sqlite-watch.ts";
import type {
  AnswerRecord,
  ArchivePage,
  ArchiveState,
  ClaimedQuestion,
  ClaimedSource,
  ClaimRequest,
  CopyGroup,
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
  Store,
  StoreCounts,
  StoryDetail,
  StoryQuery,
  UnarchivedQuery,
} from "./store.ts";
import type { Outcome } from "./waiting-writes.ts";

/** Sightings that one transaction takes at most (a single poll is never parted). */
const BATCH_SIGHTINGS_MAX = 256;
/** Work of a transaction after which no other poll begins: readers wait for so long, and for the commit. */
const BATCH_MS = 8;

/** Sightings that polls leave for the index of words to take in at once: some 15 ms of writing. */
const UNINDEXED_MAX = 100;

/** Pages that a backup copies between two turns of the event loop. */
const BACKUP_PAGES = 512;

export interface SqliteOptions {
  readonly file: string;
  /** `poller` takes the one-daemon lock; `tool` does not: it reads and writes shortly beside a running daemon. */
  readonly role: "poller" | "tool";
  readonly clock: Clock;
  /** Look for syndicated copies among new entries? True when absent. */
  readonly isSyndicating?: boolean | undefined;
  /** Hears of what was forgiven, e.g. an unreadable row. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Opens the store in `options.file`, making it and its folder where they are missing.
 *
 * @throws StoreError `store/locked` (another daemon, named), `store/corrupt`, `store/newer`, `store/unwritable`
 */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  return new SqliteStore(options);
}

class SqliteStore implements Store {
  readonly #file: string;
  readonly #db: DatabaseSync;
  readonly #lock: StoreLock | null;
  readonly #sources: SourceTable;
  readonly #texts: SightingTexts;
  readonly #stories: StoryTable;
  readonly #polls: PollWriter;
  readonly #copies: CopyFinder | null;
  readonly #clock: Clock;
  #copiesLoading: Promise<void> | null = null;
  #areCopiesLoaded = false;
  readonly #questions: QuestionTable;
  readonly #notices: NoticeTable;
  readonly #subscriptions: SubscriptionTable;
  readonly #hub: HubTable;
  readonly #archives: ArchiveTable;
  readonly #rewriter: SightingRewriter;
  readonly #reader: StoryReader;
  readonly #overrides: OverrideWriter;
  readonly #pruner: StoryPruner;
  readonly #queue: BatchQueue<PollRecord, RecordedPoll>;
  readonly #selectMeta;
  readonly #countSources;
  readonly #selectLastPoll;

  constructor(options: SqliteOptions) {
    const onWarning = options.onWarning ?? (() => {});
    this.#file = resolve(options.file);
    const isPoller = options.role === "poller";
    const opened = openDatabase({ file: this.#file, isPoller, now: options.clock.now(), onWarning });
    this.#db = opened.db;
    this.#lock = opened.lock;
    try {
      this.#sources = new SourceTable(this.#db, onWarning);
      this.#texts = new SightingTexts(this.#db);
      this.#stories = new StoryTable(this.#db, this.#texts);
      this.#questions = new QuestionTable(this.#db);
      this.#notices = new NoticeTable(this.#db);
      this.#subscriptions = new SubscriptionTable(this.#db);
      this.#hub = new HubTable(this.#db);
      // Whoever holds the one-daemon lock knows that every lease left behind is a dead process's.
      if (isPoller) {
        this.#sources.voidLeases();
        this.#hub.voidLease();
      }
      this.#archives = new ArchiveTable(this.#db);
      this.#clock = options.clock;
      this.#copies = options.isSyndicating === false ? null : new CopyFinder(this.#db);
      this.#polls = new PollWriter(this.#db, {
        stories: this.#stories,
        questions: this.#questions,
        notices: this.#notices,
        copies: this.#copies,
      });
      this.#rewriter = new SightingRewriter(this.#db, this.#polls);
      this.#reader = new StoryReader(this.#db, { texts: this.#texts, onWarning });
      this.#overrides = new OverrideWriter(this.#db, this.#stories);
      this.#pruner = new StoryPruner(this.#db, { stories: this.#stories, questions: this.#questions });
      this.#selectMeta = this.#db.prepare(
        "SELECT revision, stories, aliases, identity_version FROM meta WHERE id = 1",
      );
      this.#selectLastPoll = this.#db.prepare("SELECT max(last_poll_at) AS at FROM sources");
      this.#countSources = this.#db.prepare(
        "SELECT count(*) AS sources, coalesce(sum(entry_count), 0) AS sightings FROM sources",
      );
    } catch (error) {
      this.#db.close();
      this.#lock?.release();
      throw translateSqliteError(error, this.#file);
    }
    this.#queue = new BatchQueue<PollRecord, RecordedPoll>(
      {
        weigh: (record) => 1 + record.sightings.length,
        write: (records) => this.#recordBatch(records),
        ready: () => this.#loadCopies(),
      },
      { weightMax: BATCH_SIGHTINGS_MAX },
    );
  }

  async syncSources(
    definitions: readonly SourceDefinition[],
    options: { readonly now: Date; readonly parentId: string | null },
  ): Promise<{ readonly added: number; readonly changed: number; readonly retired: number }> {
    return this.#write(() => {
      const { isVisible, ...counts } = this.#sources.sync(definitions, options);
      this.#stories.addTotals({ isVisible, stories: 0, aliases: 0 });
      return counts;
    });
  }

  async listSources(): Promise<readonly SourceState[]> {
    return this.#read(() => this.#sources.list());
  }

  async claimDueSources(request: ClaimRequest): Promise<readonly ClaimedSource[]> {
    return this.#write(() => this.#sources.claim(request));
  }

  async lastPollAt(): Promise<Date | null> {
    return this.#read(() => readOptionalInstant(this.#selectLastPoll.get() ?? { at: null }, "at"));
  }

  async nextDueAt(now: Date): Promise<Date | null> {
    return this.#read(() => this.#sources.nextDueAt(now));
  }

  async renewLeases(
    leases: readonly Lease[],
    times: { readonly now: Date; readonly leaseMs: number },
  ): Promise<readonly Lease[]> {
    return this.#write(() => this.#sources.renew(leases, times));
  }

  async releaseLease(lease: Lease): Promise<void> {
    this.#write(() => this.#sources.release(lease));
  }

  async recordPoll(record: PollRecord): Promise<RecordedPoll> {
    this.#assertOpen();
    return this.#queue.push(record);
  }

  /**
   * Takes in the window of copies, for the first poll that brings something, in slices, so that readers are served meanwhile; what brings entries waits. Null when that
   * is done. A store that closes earlier writes what waits nevertheless, and takes in the rest for it at once.
   */
  #loadCopies(): Promise<void> | null {
    const copies = this.#copies;
    if (copies === null || this.#areCopiesLoaded) return null;
    this.#copiesLoading ??= this.#takeSlices(copies)
      .then(() => {
        this.#areCopiesLoaded = true;
      })
      .finally(() => {
        this.#copiesLoading = null;
      });
    return this.#copiesLoading;
  }

  async #takeSlices(copies: CopyFinder): Promise<void> {
    do await nextTurn();
    while (this.#db.isOpen && copies.takeSlice(this.#clock.now().getTime()));
  }

  async listStories(query: StoryQuery): Promise<readonly Story[]> {
    return this.#readWords(query.search, () => this.#reader.list(query));
  }

  async listCopies(stories: readonly number[]): Promise<readonly CopyGroup[]> {
    return this.#read(() => this.#reader.listCopies(stories));
  }

  async findStory(keys: readonly string[]): Promise<StoryDetail | null> {
    return this.#read(() => this.#reader.find(keys));
  }

  async mergeStories(a: Alias, b: Alias, now: Date): Promise<void> {
    this.#write(() => this.#overrides.merge(a, b, now.getTime()));
  }

  async splitStory(key: Alias, now: Date): Promise<boolean> {
    return this.#write(() => this.#overrides.split(key, now.getTime()));
  }

  async claimQuestions(request: {
    readonly now: Date;
    readonly limit: number;
    readonly leaseMs: number;
  }): Promise<readonly ClaimedQuestion[]> {
    return this.#write(() => this.#questions.claim(request));
  }

  async nextQuestionAt(): Promise<Date | null> {
    return this.#read(() => this.#questions.nextAt());
  }

  async listAskers(question: Question): Promise<SightingBatch> {
    return this.#read(() => {
      const sightings = this.#rewriter.listAskers(question);
      const ids = new Set(sightings.map(({ sourceId }) => sourceId));
      const collapsed = new Map([...ids].map((id) => [id, this.#rewriter.collapsedKeys(id)]));
      return {
        sightings,
        collapsedKeys: (sourceId) => collapsed.get(sourceId) ?? new Set(),
        resolved: (url) => this.#read(() => this.#questions.find({ kind: "link", url })),
        page: (url) => this.#read(() => this.#questions.find({ kind: "page", url })),
        fetchMissing: async () => false,
      };
    });
  }

  async recordAnswer(
    record: AnswerRecord,
  ): Promise<{ readonly merged: number; readonly isVisible: boolean }> {
    if (record.changes.length > 0) await this.#loadCopies();
    return this.#write(() => {
      this.#questions.record(record.question, record.answer, record.at);
      this.#rewriter.addCollapsedKeys(record.collapsedKeys);
      this.#questions.noteFor(record.questions ?? [], record.changes, record.at);
      return this.#rewriter.write(this.#rewriter.locate(record.changes), { at: record.at.getTime() });
    });
  }

  async answers(kind: Question["kind"], urls: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#read(() => {
      const found = new Map<string, string>();
      for (const url of urls) {
        const answer = this.#questions.find({ kind, url });
        if (answer !== null) found.set(url, answer);
      }
      return found;
    });
  }

  async identityVersion(): Promise<number> {
    return this.#read(() => readNumber(this.#selectMeta.get() ?? {}, "identity_version"));
  }

  async setIdentityVersion(version: number): Promise<void> {
    this.#write(() => this.#db.prepare("UPDATE meta SET identity_version = ? WHERE id = 1").run(version));
  }

  async rekey(request: RekeyRequest, signal: AbortSignal): Promise<RekeyReport> {
    this.#assertOpen();
    await this.#loadCopies();
    const writer = new RekeyWriter(this.#db, {
      stories: this.#stories,
      questions: this.#questions,
      rewriter: this.#rewriter,
    });
    try {
      // What is kept aside may be large; it need not be in memory.
      this.#db.exec("PRAGMA temp_store = FILE");
      this.#db.exec("BEGIN IMMEDIATE");
      const steps = writer.run(request);
      for (;;) {
        const step = steps.next();
        if (step.done) {
          this.#db.exec(request.isDryRun ? "ROLLBACK" : "COMMIT");
          if (request.isDryRun) this.#copies?.rewind();
          return step.value;
        }
        await nextTurn();
        signal.throwIfAborted();
      }
    } catch (error) {
      this.#undo();
      signal.throwIfAborted();
      throw translateSqliteError(error, this.#file);
    }
  }

  async listSubscriptions(): Promise<readonly PushSubscription[]> {
    return this.#read(() => this.#subscriptions.list());
  }

  async findSubscription(callback: string): Promise<PushSubscription | null> {
    return this.#read(() => this.#subscriptions.find(callback));
  }

  async saveSubscription(subscription: PushSubscription): Promise<void> {
    this.#write(() => this.#subscriptions.save(subscription));
  }

  async removeSubscription(sourceId: string): Promise<void> {
    this.#write(() => this.#subscriptions.remove(sourceId));
  }

  async listHubSubscriptions(): Promise<readonly HubSubscription[]> {
    return this.#read(() => this.#hub.list());
  }

  async findHubSubscription(
    name: Pick<HubSubscription, "topic" | "callback">,
  ): Promise<HubSubscription | null> {
    return this.#read(() => this.#hub.find(name));
  }

  async saveHubSubscription(subscription: HubSubscription): Promise<number | null> {
    return this.#write(() => this.#hub.save(subscription));
  }

  async removeHubSubscription(
    subscription: Pick<HubSubscription, "topic" | "callback" | "version">,
  ): Promise<number | null> {
    return this.#write(() => this.#hub.remove(subscription));
  }

  async hubChanges(): Promise<number> {
    return this.#read(() => this.#hub.changes());
  }

  async claimHub(request: HubClaim): Promise<boolean> {
    return this.#write(() => this.#hub.claim(request));
  }

  async releaseHub(holder: string): Promise<void> {
    this.#write(() => this.#hub.release(holder));
  }

  async archiveState(output: string): Promise<ArchiveState> {
    return this.#read(() => this.#archives.state(output));
  }

  async listUnarchived(query: UnarchivedQuery): Promise<readonly Story[]> {
    return this.#readWords(query.search, () => this.#reader.listUnarchived(query));
  }

  async addArchivePage(
    page: ArchivePage,
    archived: { readonly stories: readonly number[]; readonly position: number },
  ): Promise<boolean> {
    return this.#write(() => this.#archives.add(page, archived));
  }

  async moveArchive(output: string, place: Omit<ArchiveState, "pages">): Promise<void> {
    this.#write(() => this.#archives.move(output, { ...place, pages: this.#archives.state(output).pages }));
  }

  async findArchivePage(output: string, number: number): Promise<ArchivePage | null> {
    return this.#read(() => this.#archives.find(output, number));
  }

  async listNotices(limit: number): Promise<readonly HealthNotice[]> {
    return this.#read(() => this.#notices.list(limit));
  }

  async countForgettable(keep: Retention): Promise<Forgettable> {
    return this.#read(() => this.#pruner.count(keep));
  }

  async listForgettable(keep: Retention, limit: number): Promise<readonly number[]> {
    return this.#read(() => this.#pruner.listNext(keep, limit));
  }

  async forgetStories(
    keep: Retention,
    request: ForgetRequest,
  ): Promise<{ readonly stories: number; readonly sightings: number }> {
    return this.#write(() => this.#pruner.forget(keep, request));
  }

  async dropForgottenKeys(request: { readonly unseenMs: number; readonly limit: number }): Promise<number> {
    return this.#write(() => this.#pruner.drop(request));
  }

  async shrink(request: {
    readonly bytesMax: number;
  }): Promise<{ readonly freeBytes: number; readonly fileBytes: number }> {
    this.#assertOpen();
    return shrinkDatabase(this.#db, request);
  }

  async watchRevision(onChange: () => void): Promise<AsyncDisposable> {
    return watchDatabase(this.#db, onChange);
  }

  async revision(): Promise<number> {
    return this.#read(() => readNumber(this.#selectMeta.get() ?? {}, "revision"));
  }

  async sizeBytes(): Promise<number> {
    return this.#read(() => readPragma(this.#db, "page_count") * readPragma(this.#db, "page_size"));
  }

  async counts(): Promise<StoreCounts> {
    return this.#read(() => {
      const meta = this.#selectMeta.get() ?? {};
      const sources = this.#countSources.get() ?? {};
      return {
        sources: readNumber(sources, "sources"),
        sightings: readNumber(sources, "sightings"),
        stories: readNumber(meta, "stories"),
        aliases: readNumber(meta, "aliases"),
      };
    });
  }

  connections(): null {
    return null;
  }

  async dailyCounts(since: Date): Promise<ReadonlyMap<string, readonly DailyCount[]>> {
    return this.#read(() => this.#sources.dailyCounts(since));
  }

  async backup(
    file: string,
    onProgress: (progress: { readonly done: number; readonly total: number }) => void = () => {},
  ): Promise<void> {
    this.#assertOpen();
    const target = resolve(file);
    if (existsSync(target)) throw describeExisting(target);
    const partial = `${target}.partial-${process.pid}`;
    // An open read transaction holds one moment of the store still, however long the copy takes and whoever writes.
    const reader = new DatabaseSync(this.#file, { readOnly: true });
    try {
      reader.exec("BEGIN");
      reader.prepare("SELECT revision FROM meta").get();
      // Only the owner may read it, like the store.
      closeSync(openSync(partial, "w", 0o600));
      await backup(reader, partial, {
        rate: BACKUP_PAGES,
        progress: ({ totalPages, remainingPages }) =>
          onProgress({ done: totalPages - remainingPages, total: totalPages }),
      });
      publishFile(partial, target);
    } catch (error) {
      throw error instanceof StoreError ? error : describeUnwritable(target, error);
    } finally {
      reader.close();
      rmSync(partial, { force: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#db.isOpen) return;
    this.#queue.flush();
    try {
      this.#db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // A reader or a full disk is in the way: the journal stays and is read at the next start.
    }
    this.#db.close();
    this.#lock?.release();
  }

  /**
   * Records polls in one transaction, as many as there is time for. A lost lease is found before anything is written and
   * harms no other. Whatever else goes wrong undoes them all, so they are written again each alone, and only the culprit
   * fails: cheaper than a savepoint per poll, which copies every page that a poll changes.
   */
  #recordBatch(records: readonly PollRecord[]): readonly Outcome<RecordedPoll>[] {
    try {
      return this.#write(() => {
        const outcomes: Outcome<RecordedPoll>[] = [];
        const endsAt = performance.now() + BATCH_MS;
        for (const record of records) {
          outcomes.push(this.#recordUnlessLost(record));
          if (performance.now() > endsAt) break;
        }
        if (this.#texts.isBehind(UNINDEXED_MAX)) this.#texts.catchUp();
        return outcomes;
      });
    } catch (error) {
      if (records.length === 1) return [{ error }];
      return records.flatMap((record) => this.#recordBatch([record]));
    }
  }

  #recordUnlessLost(record: PollRecord): Outcome<RecordedPoll> {
    try {
      return { result: this.#polls.write(record) };
    } catch (error) {
      if (error instanceof LeaseLostError) return { error };
      throw error;
    }
  }

  /** Reads with the index of words brought up to this moment, where words are searched for. */
  #readWords<T>(search: string | undefined, work: () => T): T {
    if (search !== undefined && this.#texts.isBehind()) this.#write(() => this.#texts.catchUp());
    return this.#read(work);
  }

  #write<T>(work: () => T): T {
    return this.#transact("BEGIN IMMEDIATE", work);
  }

  #read<T>(work: () => T): T {
    return this.#transact("BEGIN", work);
  }

  /** Runs `work` in a transaction, all of it or nothing. It is synchronous, so nothing else can come between. */
  #transact<T>(begin: "BEGIN" | "BEGIN IMMEDIATE", work: () => T): T {
    this.#assertOpen();
    try {
      this.#db.exec(begin);
      const result = work();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      this.#undo();
      throw translateSqliteError(error, this.#file);
    }
  }

  #undo(): void {
    if (!this.#db.isTransaction) return;
    this.#db.exec("ROLLBACK");
    this.#copies?.rewind();
  }

  #assertOpen(): void {
    if (!this.#db.isOpen) throw new Error(`the store ${this.#file} is closed`);
  }
}
