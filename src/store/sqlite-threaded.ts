/** The daemon's SQLite store: written by a thread of its own, read through a connection of this one. */
import { resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Alias, Clock, SourceDefinition } from "../model.ts";
import { isPackable, packPoll } from "./packed-poll.ts";
import { preparePoll } from "./prepared-poll.ts";
import { translateSqliteError } from "./sqlite-errors.ts";
import { openReader } from "./sqlite-open.ts";
import { SqliteReads } from "./sqlite-reads.ts";
import { WriterThread } from "./sqlite-writer.ts";
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
  Retention,
  Store,
} from "./store.ts";

export interface ThreadedSqliteOptions {
  readonly file: string;
  readonly clock: Pick<Clock, "now">;
  /** Look for syndicated copies among new entries? True when absent. */
  readonly isSyndicating?: boolean;
  /** Hears of what was forgiven, e.g. an unreadable row. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Opens the store in `options.file` as its one daemon does, making it where it is missing. What was written is there for
 * every read that begins after the write was answered.
 *
 * @throws StoreError as `openSqliteStore` does
 */
export async function openThreadedSqliteStore(options: ThreadedSqliteOptions): Promise<Store> {
  const file = resolve(options.file);
  const { clock, isSyndicating = true, onWarning = () => {} } = options;
  const watchers = new Set<() => void>();
  const onForeignWrite = () => {
    for (const watcher of watchers) watcher();
  };
  const thread = await WriterThread.start({ file, clock, isSyndicating, onWarning, onForeignWrite });
  let db: DatabaseSync | null = null;
  try {
    db = openReader(file);
    return new ThreadedSqliteStore(db, { file, thread, watchers, isSyndicating, onWarning });
  } catch (error) {
    db?.close();
    await thread.close();
    throw translateSqliteError(error, file);
  }
}

class ThreadedSqliteStore extends SqliteReads implements Store {
  readonly #thread: WriterThread;
  readonly #watchers: Set<() => void>;
  readonly #isSyndicating: boolean;

  constructor(
    db: DatabaseSync,
    options: {
      readonly file: string;
      readonly thread: WriterThread;
      readonly watchers: Set<() => void>;
      readonly isSyndicating: boolean;
      readonly onWarning: (message: string) => void;
    },
  ) {
    super(db, options);
    this.#thread = options.thread;
    this.#watchers = options.watchers;
    this.#isSyndicating = options.isSyndicating;
  }

  async syncSources(
    definitions: readonly SourceDefinition[],
    options: { readonly now: Date; readonly parentId: string | null },
  ): Promise<{ readonly added: number; readonly changed: number; readonly retired: number }> {
    return this.#open.call("syncSources", definitions, options);
  }

  async claimDueSources(request: ClaimRequest): Promise<readonly ClaimedSource[]> {
    return this.#open.call("claimDueSources", request);
  }

  async renewLeases(
    leases: readonly Lease[],
    times: { readonly now: Date; readonly leaseMs: number },
  ): Promise<readonly Lease[]> {
    return this.#open.call("renewLeases", leases, times);
  }

  async releaseLease(lease: Lease): Promise<void> {
    return this.#open.call("releaseLease", lease);
  }

  async recordPoll(record: PollRecord): Promise<RecordedPoll> {
    const thread = this.#open;
    const prepared = preparePoll(record);
    // Where everything is new, this thread does what it can: the other one is what a first round waits for.
    const isFirst = isPackable(record) && this.read(() => !this.sources.hasBrought(record.lease.sourceId));
    if (!isFirst) return thread.recordPrepared(prepared);
    const { poll, memory } = packPoll(prepared, { isSyndicating: this.#isSyndicating });
    return thread.recordPacked(poll, memory);
  }

  async mergeStories(a: Alias, b: Alias, now: Date): Promise<void> {
    return this.#open.call("mergeStories", a, b, now);
  }

  async splitStory(key: Alias, now: Date): Promise<boolean> {
    return this.#open.call("splitStory", key, now);
  }

  async claimQuestions(request: {
    readonly now: Date;
    readonly limit: number;
    readonly leaseMs: number;
  }): Promise<readonly ClaimedQuestion[]> {
    return this.#open.call("claimQuestions", request);
  }

  async recordAnswer(
    record: AnswerRecord,
  ): Promise<{ readonly merged: number; readonly isVisible: boolean }> {
    return this.#open.call("recordAnswer", record);
  }

  async setIdentityVersion(version: number): Promise<void> {
    return this.#open.call("setIdentityVersion", version);
  }

  async saveSubscription(subscription: PushSubscription): Promise<void> {
    return this.#open.call("saveSubscription", subscription);
  }

  async removeSubscription(sourceId: string): Promise<void> {
    return this.#open.call("removeSubscription", sourceId);
  }

  async saveHubSubscription(subscription: HubSubscription): Promise<number | null> {
    return this.#open.call("saveHubSubscription", subscription);
  }

  async removeHubSubscription(
    subscription: Pick<HubSubscription, "topic" | "callback" | "version">,
  ): Promise<number | null> {
    return this.#open.call("removeHubSubscription", subscription);
  }

  async claimHub(request: HubClaim): Promise<boolean> {
    return this.#open.call("claimHub", request);
  }

  async releaseHub(holder: string): Promise<void> {
    return this.#open.call("releaseHub", holder);
  }

  async addArchivePage(
    page: ArchivePage,
    archived: { readonly stories: readonly number[]; readonly position: number },
  ): Promise<boolean> {
    return this.#open.call("addArchivePage", page, archived);
  }

  async moveArchive(output: string, place: Omit<ArchiveState, "pages">): Promise<void> {
    return this.#open.call("moveArchive", output, place);
  }

  async forgetStories(
    keep: Retention,
    request: ForgetRequest,
  ): Promise<{ readonly stories: number; readonly sightings: number }> {
    return this.#open.call("forgetStories", keep, request);
  }

  async dropForgottenKeys(request: { readonly unseenMs: number; readonly limit: number }): Promise<number> {
    return this.#open.call("dropForgottenKeys", request);
  }

  async shrink(request: {
    readonly bytesMax: number;
  }): Promise<{ readonly freeBytes: number; readonly fileBytes: number }> {
    return this.#open.call("shrink", request);
  }

  async watchRevision(onChange: () => void): Promise<AsyncDisposable> {
    const watcher = () => onChange();
    this.#watchers.add(watcher);
    return { [Symbol.asyncDispose]: async () => void this.#watchers.delete(watcher) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.db.isOpen) return;
    // First, so that the thread can empty the journal.
    this.db.close();
    await this.#thread.close();
  }

  protected async indexWords(): Promise<void> {
    if (this.texts.isBehind()) await this.#thread.indexWords();
  }

  get #open(): WriterThread {
    this.assertOpen();
    return this.#thread;
  }
}
