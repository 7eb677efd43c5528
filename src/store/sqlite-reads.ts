/** What is read of a store in one SQLite file: each call sees one moment of it (a long list of sources, several), and writes nothing. */
import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { StoreError } from "../errors.ts";
import type { HealthNotice, SourceState, Story } from "../model.ts";
import { describeExisting, publishFile } from "./backup-file.ts";
import { readNumber, readOptionalInstant } from "./rows.ts";
import { ArchiveTable } from "./sqlite-archives.ts";
import { describeUnwritable, translateSqliteError } from "./sqlite-errors.ts";
import { HubTable } from "./sqlite-hub.ts";
import { LeaseTable } from "./sqlite-leases.ts";
import { readPragma } from "./sqlite-migrate.ts";
import { NoticeTable } from "./sqlite-notices.ts";
import { StoryPruner } from "./sqlite-prune.ts";
import { QuestionTable } from "./sqlite-questions.ts";
import { SightingTexts } from "./sqlite-search.ts";
import { SourceTable } from "./sqlite-sources.ts";
import { StoredSightings } from "./sqlite-stored-sightings.ts";
import { StoryReader } from "./sqlite-story-reads.ts";
import { StoryTable } from "./sqlite-story-table.ts";
import { SubscriptionTable } from "./sqlite-subscriptions.ts";
import type {
  ArchivePage,
  ArchiveState,
  CopyGroup,
  DailyCount,
  Forgettable,
  HubSubscription,
  PushSubscription,
  Question,
  Retention,
  SightingBatch,
  StoreCounts,
  StoryDetail,
  StoryQuery,
  UnarchivedQuery,
} from "./store.ts";

/** Sources that are read between two turns of the event loop: some 3 ms. */
const SOURCES_AT_ONCE = 300;

/** Pages that a backup copies between two turns of the event loop. */
const BACKUP_PAGES = 512;

export interface SqliteReadsOptions {
  /** Absolute path of the file, for messages and copies. */
  readonly file: string;
  readonly onWarning: (message: string) => void;
}

/** The half of `Store` that writes nothing. A reader of its own and the store itself stand on it. */
export abstract class SqliteReads {
  protected readonly file: string;
  protected readonly db: DatabaseSync;
  protected readonly leases: LeaseTable;
  protected readonly sources: SourceTable;
  protected readonly texts: SightingTexts;
  protected readonly stories: StoryTable;
  protected readonly questions: QuestionTable;
  protected readonly notices: NoticeTable;
  protected readonly subscriptions: SubscriptionTable;
  protected readonly hub: HubTable;
  protected readonly archives: ArchiveTable;
  protected readonly pruner: StoryPruner;
  protected readonly stored: StoredSightings;
  readonly #reader: StoryReader;
  readonly #selectMeta;
  readonly #countSources;
  readonly #selectLastPoll;

  constructor(db: DatabaseSync, { file, onWarning }: SqliteReadsOptions) {
    this.file = file;
    this.db = db;
    this.leases = new LeaseTable(db);
    this.sources = new SourceTable(db, this.leases, onWarning);
    this.texts = new SightingTexts(db);
    this.stories = new StoryTable(db, this.texts);
    this.questions = new QuestionTable(db);
    this.notices = new NoticeTable(db);
    this.subscriptions = new SubscriptionTable(db);
    this.hub = new HubTable(db);
    this.archives = new ArchiveTable(db);
    this.pruner = new StoryPruner(db, { stories: this.stories, questions: this.questions });
    this.stored = new StoredSightings(db);
    this.#reader = new StoryReader(db, { texts: this.texts, onWarning });
    this.#selectMeta = db.prepare(
      "SELECT revision, stories, aliases, identity_version FROM meta WHERE id = 1",
    );
    this.#selectLastPoll = db.prepare("SELECT max(last_poll_at) AS at FROM sources");
    this.#countSources = db.prepare(
      "SELECT count(*) AS sources, coalesce(sum(entry_count), 0) AS sightings FROM sources",
    );
  }

  /** Brings the index of words up to now: a search comes. */
  protected abstract indexWords(): Promise<void>;

  async listSources(): Promise<readonly SourceState[]> {
    const found: SourceState[] = [];
    for (let after: number | null = 0; after !== null; ) {
      // Each part is of its own moment: ten thousand at once would hold up readers for a tenth of a second.
      if (after > 0) await nextTurn();
      const from: number = after;
      const { sources, last } = this.read(() => this.sources.listAfter(from, SOURCES_AT_ONCE));
      found.push(...sources);
      after = last;
    }
    return found;
  }

  async lastPollAt(): Promise<Date | null> {
    return this.read(() => readOptionalInstant(this.#selectLastPoll.get() ?? { at: null }, "at"));
  }

  async nextDueAt(now: Date): Promise<Date | null> {
    return this.read(() => this.sources.nextDueAt(now));
  }

  async listStories(query: StoryQuery): Promise<readonly Story[]> {
    return this.#readWords(query.search, () => this.#reader.list(query));
  }

  async listCopies(stories: readonly number[]): Promise<readonly CopyGroup[]> {
    return this.read(() => this.#reader.listCopies(stories));
  }

  async findStory(keys: readonly string[]): Promise<StoryDetail | null> {
    return this.read(() => this.#reader.find(keys));
  }

  async nextQuestionAt(): Promise<Date | null> {
    return this.read(() => this.questions.nextAt());
  }

  async listAskers(question: Question): Promise<SightingBatch> {
    return this.read(() => {
      const sightings = this.stored.listAskers(question);
      const ids = new Set(sightings.map(({ sourceId }) => sourceId));
      const collapsed = new Map([...ids].map((id) => [id, this.stored.collapsedKeys(id)]));
      return {
        sightings,
        collapsedKeys: (sourceId) => collapsed.get(sourceId) ?? new Set(),
        resolved: (url) => this.read(() => this.questions.find({ kind: "link", url })),
        page: (url) => this.read(() => this.questions.find({ kind: "page", url })),
        fetchMissing: async () => false,
      };
    });
  }

  async answers(kind: Question["kind"], urls: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.read(() => {
      const found = new Map<string, string>();
      for (const url of urls) {
        const answer = this.questions.find({ kind, url });
        if (answer !== null) found.set(url, answer);
      }
      return found;
    });
  }

  async identityVersion(): Promise<number> {
    return this.read(() => readNumber(this.#selectMeta.get() ?? {}, "identity_version"));
  }

  async listSubscriptions(): Promise<readonly PushSubscription[]> {
    return this.read(() => this.subscriptions.list());
  }

  async findSubscription(callback: string): Promise<PushSubscription | null> {
    return this.read(() => this.subscriptions.find(callback));
  }

  async listHubSubscriptions(): Promise<readonly HubSubscription[]> {
    return this.read(() => this.hub.list());
  }

  async findHubSubscription(
    name: Pick<HubSubscription, "topic" | "callback">,
  ): Promise<HubSubscription | null> {
    return this.read(() => this.hub.find(name));
  }

  async hubChanges(): Promise<number> {
    return this.read(() => this.hub.changes());
  }

  async archiveState(output: string): Promise<ArchiveState> {
    return this.read(() => this.archives.state(output));
  }

  async listUnarchived(query: UnarchivedQuery): Promise<readonly Story[]> {
    return this.#readWords(query.search, () => this.#reader.listUnarchived(query));
  }

  async findArchivePage(output: string, number: number): Promise<ArchivePage | null> {
    return this.read(() => this.archives.find(output, number));
  }

  async listNotices(limit: number): Promise<readonly HealthNotice[]> {
    return this.read(() => this.notices.list(limit));
  }

  async countForgettable(keep: Retention): Promise<Forgettable> {
    return this.read(() => this.pruner.count(keep));
  }

  async listForgettable(keep: Retention, limit: number): Promise<readonly number[]> {
    return this.read(() => this.pruner.listNext(keep, limit));
  }

  async revision(): Promise<number> {
    return this.read(() => readNumber(this.#selectMeta.get() ?? {}, "revision"));
  }

  async sizeBytes(): Promise<number> {
    return this.read(() => readPragma(this.db, "page_count") * readPragma(this.db, "page_size"));
  }

  async counts(): Promise<StoreCounts> {
    return this.read(() => {
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
    return this.read(() => this.sources.dailyCounts(since));
  }

  async backup(
    file: string,
    onProgress: (progress: { readonly done: number; readonly total: number }) => void = () => {},
  ): Promise<void> {
    this.assertOpen();
    const target = resolve(file);
    if (existsSync(target)) throw describeExisting(target);
    const partial = `${target}.partial-${process.pid}`;
    // An open read transaction holds one moment of the store still, however long the copy takes and whoever writes.
    const reader = new DatabaseSync(this.file, { readOnly: true });
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

  async #readWords<T>(search: string | undefined, work: () => T): Promise<T> {
    if (search !== undefined) await this.indexWords();
    return this.read(work);
  }

  protected read<T>(work: () => T): T {
    return this.transact("BEGIN", work);
  }

  /** Runs `work` in a transaction, all of it or nothing. It is synchronous, so nothing else can come between. */
  protected transact<T>(begin: "BEGIN" | "BEGIN IMMEDIATE", work: () => T): T {
    this.assertOpen();
    try {
      this.db.exec(begin);
      const result = work();
      this.db.exec("COMMIT");
      return result;
    } catch (error) {
      this.undo();
      throw translateSqliteError(error, this.file);
    }
  }

  /** Takes back what the transaction under way has done. */
  protected undo(): void {
    if (this.db.isTransaction) this.db.exec("ROLLBACK");
  }

  protected assertOpen(): void {
    if (!this.db.isOpen) throw new Error(`the store ${this.file} is closed`);
  }
}
