/**
 * The store in PostgreSQL (`pg`): for more than one machine, and for several workers beside each other. What is promised
 * stands in `store.ts`; what one poll changes is decided by the same code as for SQLite (`poll-plan.ts`).
 */
import { randomUUID } from "node:crypto";
import type { Alias, Clock, HealthNotice, SourceDefinition, SourceState, Story } from "../model.ts";
import { backupPostgres } from "./postgres-backup.ts";
import { PostgresDatabase, requireRow, type Session } from "./postgres-connection.ts";
import { PostgresCopyFinder } from "./postgres-copies.ts";
import * as hub from "./postgres-hub.ts";
import { watchNotifications } from "./postgres-listen.ts";
import { STORIES_LOCK, takeLock } from "./postgres-locks.ts";
import { migratePostgres } from "./postgres-migrate.ts";
import { mergeByOperator, splitByOperator } from "./postgres-overrides.ts";
import { writePolls } from "./postgres-polls.ts";
import { countForgettable, dropForgottenKeys, forgetStories, listForgettable } from "./postgres-prune.ts";
import {
  claimQuestions,
  findAnswers,
  nextQuestionAt,
  noteQuestionsFor,
  settleQuestion,
} from "./postgres-questions.ts";
import { findStory, listCopies, listStories, listUnarchived } from "./postgres-reads.ts";
import { DryRunDone, rekey } from "./postgres-rekey.ts";
import { addCollapsedKeys, listAskers, rewrite, toBatch } from "./postgres-rewriter.ts";
import { PostgresSources } from "./postgres-sources.ts";
import { addTotals } from "./postgres-stories.ts";
import * as tables from "./postgres-tables.ts";
import { readNumber, readOptionalInstant } from "./rows.ts";
import type {
  AnswerRecord,
  ArchivePage,
  ArchiveState,
  ClaimedQuestion,
  ClaimedSource,
  ClaimRequest,
  ConnectionCounts,
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
  RekeyableStore,
  RekeyReport,
  RekeyRequest,
  Retention,
  SightingBatch,
  StoreCounts,
  StoryDetail,
  StoryQuery,
  UnarchivedQuery,
} from "./store.ts";
import type { Outcome } from "./waiting-writes.ts";
import { WriteQueue } from "./write-queue.ts";

/** Sightings that one transaction takes at most (a single poll is never parted). */
const BATCH_SIGHTINGS_MAX = 512;
/** A person waits for a tool: what refuses for so long is said, not waited for. */
const TOOL_PATIENCE_MS = 600;
const TOOL_CONNECT_TIMEOUT_MS = 4000;

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`, as `pg` reads it. */
  readonly url: string;
  readonly clock: Clock;
  /** A tool gives up sooner on a server that does not answer; a daemon waits for half a minute, as both may be starting. */
  readonly role?: "poller" | "tool";
  /** Look for syndicated copies among new entries? True when absent. */
  readonly isSyndicating?: boolean | undefined;
  /** Hears of what was forgiven, e.g. an unreadable row. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Opens the store, making its tables where they are missing.
 * @throws StoreError `store/unreachable`, `store/newer`, `store/unwritable`
 */
export async function openPostgresStore(options: PostgresOptions): Promise<RekeyableStore> {
  const isTool = options.role === "tool";
  const database = new PostgresDatabase(
    options.url,
    isTool ? { connectTimeoutMs: TOOL_CONNECT_TIMEOUT_MS } : {},
  );
  try {
    await database.greet({
      patienceMs: isTool ? TOOL_PATIENCE_MS : undefined,
      onWaiting: options.onWarning ?? (() => {}),
    });
    await migratePostgres(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  return new PostgresStore(database, options);
}

class PostgresStore implements RekeyableStore {
  readonly #database: PostgresDatabase;
  readonly #sources: PostgresSources;
  readonly #onWarning: (message: string) => void;
  readonly #clock: Clock;
  readonly #copies: PostgresCopyFinder | null;
  readonly #queue: WriteQueue<PollRecord, RecordedPoll>;
  /** Settled when the window of copies is in memory; null before that is begun. */
  #copiesLoaded: Promise<void> | null = null;

  constructor(database: PostgresDatabase, options: PostgresOptions) {
    this.#database = database;
    this.#onWarning = options.onWarning ?? (() => {});
    this.#clock = options.clock;
    this.#copies = options.isSyndicating === false ? null : new PostgresCopyFinder();
    this.#sources = new PostgresSources({ holder: randomUUID(), onWarning: this.#onWarning });
    this.#queue = new WriteQueue({
      weigh: (record) => 1 + record.sightings.length,
      write: (records) => this.#recordBatch(records),
      weightMax: BATCH_SIGHTINGS_MAX,
    });
  }

  async syncSources(
    definitions: readonly SourceDefinition[],
    options: { readonly now: Date; readonly parentId: string | null },
  ): Promise<{ readonly added: number; readonly changed: number; readonly retired: number }> {
    return this.#database.write(async (session) => {
      const { isVisible, ...counts } = await this.#sources.sync(session, definitions, options);
      await addTotals(session, { isVisible, stories: 0, aliases: 0 });
      return counts;
    });
  }

  async listSources(): Promise<readonly SourceState[]> {
    return this.#database.statement((session) => this.#sources.list(session));
  }

  async claimDueSources(request: ClaimRequest): Promise<readonly ClaimedSource[]> {
    return this.#database.write((session) => this.#sources.claim(session, request));
  }

  async lastPollAt(): Promise<Date | null> {
    const row = await this.#database.statement((session) =>
      session.one("SELECT max(last_poll_at) AS at FROM sources"),
    );
    return row === undefined ? null : readOptionalInstant(row, "at");
  }

  async nextDueAt(now: Date): Promise<Date | null> {
    return this.#database.read((session) => this.#sources.nextDueAt(session, now));
  }

  async renewLeases(
    leases: readonly Lease[],
    times: { readonly now: Date; readonly leaseMs: number },
  ): Promise<readonly Lease[]> {
    if (leases.length === 0) return [];
    return this.#database.statement((session) => this.#sources.renew(session, leases, times));
  }

  async releaseLease(lease: Lease): Promise<void> {
    await this.#database.statement((session) => this.#sources.release(session, lease));
  }

  async recordPoll(record: PollRecord): Promise<RecordedPoll> {
    if (this.#database.isClosed) throw new Error(`the store ${this.#database.place} is closed`);
    return this.#queue.push(record);
  }

  /** Takes in the window of copies in slices, holding no lock meanwhile. What brings entries waits for it. */
  #loadCopies(): Promise<void> {
    const copies = this.#copies;
    if (copies === null) return Promise.resolve();
    this.#copiesLoaded ??= this.#takeSlices(copies).catch((error) => {
      this.#copiesLoaded = null;
      throw error;
    });
    return this.#copiesLoaded;
  }

  async #takeSlices(copies: PostgresCopyFinder): Promise<void> {
    const at = this.#clock.now().getTime();
    while (
      !this.#database.isClosed &&
      (await this.#database.statement((session) => copies.takeSlice(session, at)))
    );
  }

  async listStories(query: StoryQuery): Promise<readonly Story[]> {
    return this.#database.read((session) => listStories(session, query, this.#onWarning));
  }

  async listCopies(stories: readonly number[]): Promise<readonly CopyGroup[]> {
    return this.#database.read((session) => listCopies(session, stories, this.#onWarning));
  }

  async findStory(keys: readonly string[]): Promise<StoryDetail | null> {
    return this.#database.read((session) => findStory(session, keys, this.#onWarning));
  }

  async mergeStories(a: Alias, b: Alias, now: Date): Promise<void> {
    await this.#changeStories((session) => mergeByOperator(session, a, b, now.getTime()));
  }

  async splitStory(key: Alias, now: Date): Promise<boolean> {
    return this.#changeStories((session) => splitByOperator(session, key, now.getTime()));
  }

  async claimQuestions(request: {
    readonly now: Date;
    readonly limit: number;
    readonly leaseMs: number;
  }): Promise<readonly ClaimedQuestion[]> {
    return this.#database.statement((session) => claimQuestions(session, request));
  }

  async nextQuestionAt(): Promise<Date | null> {
    return this.#database.statement((session) => nextQuestionAt(session));
  }

  async listAskers(question: Question): Promise<SightingBatch> {
    const sightings = await this.#database.statement((session) => listAskers(session, question));
    return toBatch(this.#database, sightings);
  }

  async recordAnswer(
    record: AnswerRecord,
  ): Promise<{ readonly merged: number; readonly isVisible: boolean }> {
    const { question, changes, at } = record;
    if (changes.length > 0) await this.#loadCopies();
    return this.#changeStories(async (session) => {
      await settleQuestion(session, question, record);
      await addCollapsedKeys(session, record.collapsedKeys);
      await noteQuestionsFor(session, record.questions ?? [], { changes, at });
      return rewrite(session, changes, { at: at.getTime(), copies: this.#copies });
    });
  }

  async answers(kind: Question["kind"], urls: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (urls.length === 0) return new Map();
    return this.#database.statement((session) => findAnswers(session, kind, urls));
  }

  async identityVersion(): Promise<number> {
    return this.#readMeta("identity_version");
  }

  async setIdentityVersion(version: number): Promise<void> {
    await this.#database.statement((session) =>
      session.run("UPDATE meta SET identity_version = $1 WHERE id = 1", [version]),
    );
  }

  async rekey(request: RekeyRequest, signal: AbortSignal): Promise<RekeyReport> {
    await this.#loadCopies();
    try {
      return await this.#changeStories((session) =>
        rekey(session, request, { signal, copies: this.#copies }),
      );
    } catch (error) {
      if (error instanceof DryRunDone) return error.report;
      signal.throwIfAborted();
      throw error;
    }
  }

  async listSubscriptions(): Promise<readonly PushSubscription[]> {
    return this.#database.statement((session) => tables.listSubscriptions(session));
  }

  async findSubscription(callback: string): Promise<PushSubscription | null> {
    return this.#database.statement((session) => tables.findSubscription(session, callback));
  }

  async saveSubscription(subscription: PushSubscription): Promise<void> {
    await this.#database.statement((session) => tables.saveSubscription(session, subscription));
  }

  async removeSubscription(sourceId: string): Promise<void> {
    await this.#database.statement((session) => tables.removeSubscription(session, sourceId));
  }

  async listHubSubscriptions(): Promise<readonly HubSubscription[]> {
    return this.#database.statement((session) => hub.listHubSubscriptions(session));
  }

  async findHubSubscription(
    name: Pick<HubSubscription, "topic" | "callback">,
  ): Promise<HubSubscription | null> {
    return this.#database.statement((session) => hub.findHubSubscription(session, name));
  }

  async saveHubSubscription(subscription: HubSubscription): Promise<number | null> {
    return this.#database.write((session) => hub.saveHubSubscription(session, subscription));
  }

  async removeHubSubscription(
    subscription: Pick<HubSubscription, "topic" | "callback" | "version">,
  ): Promise<number | null> {
    return this.#database.write((session) => hub.removeHubSubscription(session, subscription));
  }

  async hubChanges(): Promise<number> {
    return this.#database.statement((session) => hub.hubChanges(session));
  }

  async claimHub(request: HubClaim): Promise<boolean> {
    return this.#database.statement((session) => hub.claimHub(session, request));
  }

  async releaseHub(holder: string): Promise<void> {
    await this.#database.statement((session) => hub.releaseHub(session, holder));
  }

  async archiveState(output: string): Promise<ArchiveState> {
    return this.#database.statement((session) => tables.archiveState(session, output));
  }

  async listUnarchived(query: UnarchivedQuery): Promise<readonly Story[]> {
    return this.#database.read((session) => listUnarchived(session, query, this.#onWarning));
  }

  async addArchivePage(
    page: ArchivePage,
    archived: { readonly stories: readonly number[]; readonly position: number },
  ): Promise<boolean> {
    return this.#database.write((session) => tables.addArchivePage(session, page, archived));
  }

  async moveArchive(output: string, place: Omit<ArchiveState, "pages">): Promise<void> {
    await this.#database.statement((session) => tables.moveArchive(session, output, place));
  }

  async findArchivePage(output: string, number: number): Promise<ArchivePage | null> {
    return this.#database.statement((session) => tables.findArchivePage(session, output, number));
  }

  async listNotices(limit: number): Promise<readonly HealthNotice[]> {
    return this.#database.statement((session) => tables.listNotices(session, limit));
  }

  async countForgettable(keep: Retention): Promise<Forgettable> {
    return this.#database.read((session) => countForgettable(session, keep));
  }

  async listForgettable(keep: Retention, limit: number): Promise<readonly number[]> {
    return this.#database.read((session) => listForgettable(session, keep, limit));
  }

  async forgetStories(
    keep: Retention,
    request: ForgetRequest,
  ): Promise<{ readonly stories: number; readonly sightings: number }> {
    return this.#changeStories((session) => forgetStories(session, keep, request));
  }

  async dropForgottenKeys(request: { readonly unseenMs: number; readonly limit: number }): Promise<number> {
    return this.#changeStories((session) => dropForgottenKeys(session, request));
  }

  /** Autovacuum keeps the space of what went for what comes. */
  async shrink(): Promise<{ readonly freeBytes: number; readonly fileBytes: number }> {
    return { freeBytes: 0, fileBytes: 0 };
  }

  async watchRevision(onChange: () => void): Promise<AsyncDisposable> {
    return watchNotifications(this.#database, onChange);
  }

  async revision(): Promise<number> {
    return this.#readMeta("revision");
  }

  async sizeBytes(): Promise<number> {
    const row = await this.#database.statement((session) =>
      session.one(
        `SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint AS bytes FROM pg_class
         WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'`,
      ),
    );
    return readNumber(row ?? {}, "bytes");
  }

  async counts(): Promise<StoreCounts> {
    return this.#database.read(async (session) => {
      const [meta, sources] = await Promise.all([
        session.one("SELECT stories, aliases FROM meta WHERE id = 1"),
        session.one(
          "SELECT count(*) AS sources, coalesce(sum(entry_count), 0)::bigint AS sightings FROM source_counts",
        ),
      ]);
      const totals = { ...requireRow(meta, "its totals"), ...requireRow(sources, "its sources") };
      return {
        sources: readNumber(totals, "sources"),
        sightings: readNumber(totals, "sightings"),
        stories: readNumber(totals, "stories"),
        aliases: readNumber(totals, "aliases"),
      };
    });
  }

  connections(): ConnectionCounts {
    return this.#database.connections;
  }

  async dailyCounts(since: Date): Promise<ReadonlyMap<string, readonly DailyCount[]>> {
    return this.#database.statement((session) => this.#sources.dailyCounts(session, since));
  }

  async backup(file: string): Promise<void> {
    await backupPostgres(this.#database.url, file, this.#clock);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#database.isClosed) return;
    await this.#queue.flush();
    await this.#database.close();
  }

  async #readMeta(column: "revision" | "identity_version"): Promise<number> {
    const row = await this.#database.statement((session) =>
      session.one("SELECT revision, identity_version FROM meta WHERE id = 1"),
    );
    return readNumber(requireRow(row, "its totals"), column);
  }

  /** Writes that change what is one story come one after the other, of whichever process. */
  #changeStories<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#database.write(async (session) => {
      await takeLock(session, STORIES_LOCK);
      return work(session);
    });
  }

  /** A batch that fails is written again poll by poll, so that only the culprit fails. */
  async #recordBatch(records: readonly PollRecord[]): Promise<readonly Outcome<RecordedPoll>[]> {
    try {
      await this.#loadCopies();
      return await this.#database.write((session) => writePolls(session, records, this.#copies));
    } catch (error) {
      if (records.length === 1) return [{ error }];
      const outcomes: Outcome<RecordedPoll>[] = [];
      for (const record of records) outcomes.push(...(await this.#recordBatch([record])));
      return outcomes;
    }
  }
}
