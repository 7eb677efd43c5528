/**
 * The store in PostgreSQL (`pg`): for more than one machine, and for several workers beside each other. What is promised
 * stands in `store.ts`; what one poll changes is decided by the same code as for SQLite (`poll-plan.ts`).
 */
import { randomUUID } from "node:crypto";
import type { Alias, Clock, SourceDefinition } from "../model.ts";
import { PostgresDatabase, type Session } from "./postgres-connection.ts";
import { PostgresCopyFinder } from "./postgres-copies.ts";
import * as hub from "./postgres-hub.ts";
import { watchNotifications } from "./postgres-listen.ts";
import { STORIES_LOCK, takeLock } from "./postgres-locks.ts";
import { migratePostgres } from "./postgres-migrate.ts";
import { mergeByOperator, splitByOperator } from "./postgres-overrides.ts";
import { writePolls } from "./postgres-polls.ts";
import { dropForgottenKeys, forgetStories } from "./postgres-prune.ts";
import { claimQuestions, noteQuestionsFor, settleQuestion } from "./postgres-questions.ts";
import { PostgresReads } from "./postgres-reads.ts";
import { DryRunDone, rekey } from "./postgres-rekey.ts";
import { addCollapsedKeys, rewrite } from "./postgres-rewriter.ts";
import { PostgresSources } from "./postgres-sources.ts";
import { addTotals } from "./postgres-stories.ts";
import * as tables from "./postgres-tables.ts";
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

class PostgresStore extends PostgresReads implements RekeyableStore {
  readonly #copies: PostgresCopyFinder | null;
  readonly #queue: WriteQueue<PollRecord, RecordedPoll>;
  /** Settled when the window of copies is in memory; null before that is begun. */
  #copiesLoaded: Promise<void> | null = null;

  constructor(database: PostgresDatabase, options: PostgresOptions) {
    const { clock, onWarning = () => {} } = options;
    super(database, {
      sources: new PostgresSources({ holder: randomUUID(), onWarning }),
      clock,
      onWarning,
    });
    this.#copies = options.isSyndicating === false ? null : new PostgresCopyFinder();
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
    return this.database.write(async (session) => {
      const { isVisible, ...counts } = await this.sources.sync(session, definitions, options);
      await addTotals(session, { isVisible, stories: 0, aliases: 0 });
      return counts;
    });
  }

  async claimDueSources(request: ClaimRequest): Promise<readonly ClaimedSource[]> {
    return this.database.write((session) => this.sources.claim(session, request));
  }

  async renewLeases(
    leases: readonly Lease[],
    times: { readonly now: Date; readonly leaseMs: number },
  ): Promise<readonly Lease[]> {
    if (leases.length === 0) return [];
    return this.database.statement((session) => this.sources.renew(session, leases, times));
  }

  async releaseLease(lease: Lease): Promise<void> {
    await this.database.statement((session) => this.sources.release(session, lease));
  }

  async recordPoll(record: PollRecord): Promise<RecordedPoll> {
    if (this.database.isClosed) throw new Error(`the store ${this.database.place} is closed`);
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
    const at = this.clock.now().getTime();
    while (
      !this.database.isClosed &&
      (await this.database.statement((session) => copies.takeSlice(session, at)))
    );
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
    return this.database.statement((session) => claimQuestions(session, request));
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

  async setIdentityVersion(version: number): Promise<void> {
    await this.database.statement((session) =>
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

  async saveSubscription(subscription: PushSubscription): Promise<void> {
    await this.database.statement((session) => tables.saveSubscription(session, subscription));
  }

  async removeSubscription(sourceId: string): Promise<void> {
    await this.database.statement((session) => tables.removeSubscription(session, sourceId));
  }

  async saveHubSubscription(subscription: HubSubscription): Promise<number | null> {
    return this.database.write((session) => hub.saveHubSubscription(session, subscription));
  }

  async removeHubSubscription(
    subscription: Pick<HubSubscription, "topic" | "callback" | "version">,
  ): Promise<number | null> {
    return this.database.write((session) => hub.removeHubSubscription(session, subscription));
  }

  async claimHub(request: HubClaim): Promise<boolean> {
    return this.database.statement((session) => hub.claimHub(session, request));
  }

  async releaseHub(holder: string): Promise<void> {
    await this.database.statement((session) => hub.releaseHub(session, holder));
  }

  async addArchivePage(
    page: ArchivePage,
    archived: { readonly stories: readonly number[]; readonly position: number },
  ): Promise<boolean> {
    return this.database.write((session) => tables.addArchivePage(session, page, archived));
  }

  async moveArchive(output: string, place: Omit<ArchiveState, "pages">): Promise<void> {
    await this.database.statement((session) => tables.moveArchive(session, output, place));
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
    return watchNotifications(this.database, onChange);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.database.isClosed) return;
    await this.#queue.flush();
    await this.database.close();
  }

  /** Writes that change what is one story come one after the other, of whichever process. */
  #changeStories<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.database.write(async (session) => {
      await takeLock(session, STORIES_LOCK);
      return work(session);
    });
  }

  /** A batch that fails is written again poll by poll, so that only the culprit fails. */
  async #recordBatch(records: readonly PollRecord[]): Promise<readonly Outcome<RecordedPoll>[]> {
    try {
      await this.#loadCopies();
      return await this.database.write((session) => writePolls(session, records, this.#copies));
    } catch (error) {
      if (records.length === 1) return [{ error }];
      const outcomes: Outcome<RecordedPoll>[] = [];
      for (const record of records) outcomes.push(...(await this.#recordBatch([record])));
      return outcomes;
    }
  }
}
