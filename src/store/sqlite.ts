/**
 * The store in one SQLite file (`node:sqlite`): WAL, one daemon, prepared statements. Tools of the command line may
 * read, and write shortly, beside the daemon. What is promised stands in `store.ts`.
 */
import { resolve } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { LeaseLostError } from "../errors.ts";
import type { Alias, Clock, SourceDefinition } from "../model.ts";
import { BatchQueue } from "./batch-queue.ts";
import { type PreparedPoll, preparePoll } from "./prepared-poll.ts";
import { CopyFinder } from "./sqlite-copies.ts";
import { translateSqliteError } from "./sqlite-errors.ts";
import type { StoreLock } from "./sqlite-lock.ts";
import { type OpenedDatabase, openDatabase } from "./sqlite-open.ts";
import { OverrideWriter } from "./sqlite-overrides.ts";
import { PollWriter } from "./sqlite-polls.ts";
import { SqliteReads } from "./sqlite-reads.ts";
import { RekeyWriter } from "./sqlite-rekey.ts";
import { shrinkDatabase } from "./sqlite-shrink.ts";
import { SightingRewriter } from "./sqlite-sighting-rewriter.ts";
import { watchDatabase } from "./sqlite-watch.ts";
import type {
  AnswerRecord,
  ArchivePage,
  ArchiveState,
  ClaimedQuestion,
  ClaimedSource,
  ClaimRequest,
  ForgetRequest,
  HubClaim,
  HubSubscription,
  Lease,
  PollRecord,
  PushSubscription,
  RecordedPoll,
  RekeyableStore,
  RekeyReport,
  RekeyRequest,
  Retention,
} from "./store.ts";
import type { Outcome } from "./waiting-writes.ts";

/** Sightings that one transaction takes at most (a single poll is never parted). */
const BATCH_SIGHTINGS_MAX = 1024;
/**
 * Work of a transaction after which no other poll begins: claims, searches and whoever else writes wait for so long, for the commit, and
 * now and then for the index of words.
 */
const BATCH_MS = 250;

export interface SqliteOptions {
  readonly file: string;
  /** `poller` takes the one-daemon lock; `tool` does not: it reads and writes shortly beside a running daemon. */
  readonly role: "poller" | "tool";
  readonly clock: Pick<Clock, "now">;
  /** Look for syndicated copies among new entries? True when absent. */
  readonly isSyndicating?: boolean | undefined;
  /** Hears of what was forgiven, e.g. an unreadable row. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * Opens the store in `options.file`, making it and its folder where they are missing.
 *
 * @throws StoreError `store/locked` (another daemon, named), `store/corrupt`, `store/newer`, `store/unwritable`
 */
export async function openSqliteStore(options: SqliteOptions): Promise<SqliteStore> {
  const file = resolve(options.file);
  const { clock, role, onWarning = () => {} } = options;
  const isPoller = role === "poller";
  const { db, lock } = openDatabase({ file, isPoller, now: clock.now(), onWarning });
  try {
    return new SqliteStore({ db, lock }, { ...options, file, onWarning });
  } catch (error) {
    db.close();
    lock?.release();
    throw translateSqliteError(error, file);
  }
}

export class SqliteStore extends SqliteReads implements RekeyableStore {
  readonly #lock: StoreLock | null;
  readonly #polls: PollWriter;
  readonly #copies: CopyFinder | null;
  readonly #clock: SqliteOptions["clock"];
  #copiesLoading: Promise<void> | null = null;
  #areCopiesLoaded = false;
  readonly #rewriter: SightingRewriter;
  readonly #overrides: OverrideWriter;
  readonly #queue: BatchQueue<PreparedPoll, RecordedPoll>;

  constructor(
    { db, lock }: OpenedDatabase,
    options: SqliteOptions & { readonly onWarning: (message: string) => void },
  ) {
    super(db, options);
    this.#lock = lock;
    // Whoever holds the one-daemon lock knows that every lease left behind is a dead process's.
    if (lock !== null) {
      this.leases.voidAll();
      this.hub.voidLease();
    }
    this.#clock = options.clock;
    this.#copies = options.isSyndicating === false ? null : new CopyFinder(db);
    const { leases, stories, questions, notices } = this;
    this.#polls = new PollWriter(db, { leases, stories, questions, notices, copies: this.#copies });
    this.#rewriter = new SightingRewriter(db, this.#polls);
    this.#overrides = new OverrideWriter(db, stories);
    this.#queue = new BatchQueue<PreparedPoll, RecordedPoll>(
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
      const { isVisible, ...counts } = this.sources.sync(definitions, options);
      this.stories.addTotals({ isVisible, stories: 0, aliases: 0 });
      return counts;
    });
  }

  async claimDueSources(request: ClaimRequest): Promise<readonly ClaimedSource[]> {
    return this.#write(() => this.sources.claim(request));
  }

  async renewLeases(
    leases: readonly Lease[],
    times: { readonly now: Date; readonly leaseMs: number },
  ): Promise<readonly Lease[]> {
    return this.#write(() => this.leases.renew(leases, times));
  }

  async releaseLease(lease: Lease): Promise<void> {
    this.#write(() => this.leases.release(lease));
  }

  async recordPoll(record: PollRecord): Promise<RecordedPoll> {
    return this.recordPrepared(preparePoll(record));
  }

  /** As `recordPoll` does. */
  async recordPrepared(poll: PreparedPoll): Promise<RecordedPoll> {
    this.assertOpen();
    return this.#queue.push(poll);
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
    while (this.db.isOpen && copies.takeSlice(this.#clock.now().getTime()));
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
    return this.#write(() => this.questions.claim(request));
  }

  async recordAnswer(
    record: AnswerRecord,
  ): Promise<{ readonly merged: number; readonly isVisible: boolean }> {
    if (record.changes.length > 0) await this.#loadCopies();
    return this.#write(() => {
      this.questions.record(record.question, record.answer, record.at);
      this.#rewriter.addCollapsedKeys(record.collapsedKeys);
      this.questions.noteFor(record.questions ?? [], record.changes, record.at);
      return this.#rewriter.write(this.#rewriter.locate(record.changes), { at: record.at.getTime() });
    });
  }

  async setIdentityVersion(version: number): Promise<void> {
    this.#write(() => this.db.prepare("UPDATE meta SET identity_version = ? WHERE id = 1").run(version));
  }

  async rekey(request: RekeyRequest, signal: AbortSignal): Promise<RekeyReport> {
    this.assertOpen();
    await this.#loadCopies();
    const writer = new RekeyWriter(this.db, {
      stories: this.stories,
      questions: this.questions,
      stored: this.stored,
      rewriter: this.#rewriter,
    });
    try {
      // What is kept aside may be large; it need not be in memory.
      this.db.exec("PRAGMA temp_store = FILE");
      this.db.exec("BEGIN IMMEDIATE");
      const steps = writer.run(request);
      for (;;) {
        const step = steps.next();
        if (step.done) {
          if (request.isDryRun) this.undo();
          else this.db.exec("COMMIT");
          return step.value;
        }
        this.texts.catchUpIfFull();
        await nextTurn();
        signal.throwIfAborted();
      }
    } catch (error) {
      this.undo();
      signal.throwIfAborted();
      throw translateSqliteError(error, this.file);
    }
  }

  async saveSubscription(subscription: PushSubscription): Promise<void> {
    this.#write(() => this.subscriptions.save(subscription));
  }

  async removeSubscription(sourceId: string): Promise<void> {
    this.#write(() => this.subscriptions.remove(sourceId));
  }

  async saveHubSubscription(subscription: HubSubscription): Promise<number | null> {
    return this.#write(() => this.hub.save(subscription));
  }

  async removeHubSubscription(
    subscription: Pick<HubSubscription, "topic" | "callback" | "version">,
  ): Promise<number | null> {
    return this.#write(() => this.hub.remove(subscription));
  }

  async claimHub(request: HubClaim): Promise<boolean> {
    return this.#write(() => this.hub.claim(request));
  }

  async releaseHub(holder: string): Promise<void> {
    this.#write(() => this.hub.release(holder));
  }

  async addArchivePage(
    page: ArchivePage,
    archived: { readonly stories: readonly number[]; readonly position: number },
  ): Promise<boolean> {
    return this.#write(() => this.archives.add(page, archived));
  }

  async moveArchive(output: string, place: Omit<ArchiveState, "pages">): Promise<void> {
    this.#write(() => this.archives.move(output, { ...place, pages: this.archives.state(output).pages }));
  }

  async forgetStories(
    keep: Retention,
    request: ForgetRequest,
  ): Promise<{ readonly stories: number; readonly sightings: number }> {
    return this.#write(() => this.pruner.forget(keep, request));
  }

  async dropForgottenKeys(request: { readonly unseenMs: number; readonly limit: number }): Promise<number> {
    return this.#write(() => this.pruner.drop(request));
  }

  async shrink(request: {
    readonly bytesMax: number;
  }): Promise<{ readonly freeBytes: number; readonly fileBytes: number }> {
    this.assertOpen();
    return shrinkDatabase(this.db, request);
  }

  async watchRevision(onChange: () => void): Promise<AsyncDisposable> {
    return watchDatabase(this.db, onChange);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.db.isOpen) return;
    this.#queue.flush();
    try {
      this.db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // A reader or a full disk is in the way: the journal stays and is read at the next start.
    }
    this.db.close();
    this.#lock?.release();
  }

  /**
   * Records polls in one transaction, as many as there is time for. A lost lease is found before anything is written and
   * harms no other. Whatever else goes wrong undoes them all, so they are written again each alone, and only the culprit
   * fails: cheaper than a savepoint per poll, which copies every page that a poll changes.
   */
  #recordBatch(records: readonly PreparedPoll[]): readonly Outcome<RecordedPoll>[] {
    try {
      return this.#write(() => {
        const outcomes: Outcome<RecordedPoll>[] = [];
        const endsAt = performance.now() + BATCH_MS;
        for (const record of records) {
          outcomes.push(this.#recordUnlessLost(record));
          if (performance.now() > endsAt) break;
        }
        return outcomes;
      });
    } catch (error) {
      if (records.length === 1) return [{ error }];
      return records.flatMap((record) => this.#recordBatch([record]));
    }
  }

  #recordUnlessLost(record: PreparedPoll): Outcome<RecordedPoll> {
    try {
      return { result: this.#polls.write(record) };
    } catch (error) {
      if (error instanceof LeaseLostError) return { error };
      throw error;
    }
  }

  async indexWords(): Promise<void> {
    if (this.texts.isBehind()) this.#write(() => this.texts.catchUp());
  }

  #write<T>(work: () => T): T {
    return this.transact("BEGIN IMMEDIATE", () => {
      const result = work();
      this.texts.catchUpIfFull();
      return result;
    });
  }

  protected override undo(): void {
    // Also where SQLite has undone it by itself, as on a full disk.
    this.texts.dropWaiting();
    if (!this.db.isTransaction) return;
    super.undo();
    this.#copies?.rewind();
  }
}
