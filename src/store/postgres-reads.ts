/** What is read of a store in PostgreSQL: each call sees one moment of it, and writes nothing. */
import type { Clock, HealthNotice, SourceState, Story } from "../model.ts";
import { backupPostgres } from "./postgres-backup.ts";
import { type PostgresDatabase, requireRow } from "./postgres-connection.ts";
import * as hub from "./postgres-hub.ts";
import { countForgettable, listForgettable } from "./postgres-prune.ts";
import { findAnswers, nextQuestionAt } from "./postgres-questions.ts";
import { listAskers, toBatch } from "./postgres-rewriter.ts";
import type { PostgresSources } from "./postgres-sources.ts";
import { findStory, listCopies, listStories, listUnarchived } from "./postgres-story-reads.ts";
import * as tables from "./postgres-tables.ts";
import { readNumber, readOptionalInstant } from "./rows.ts";
import type {
  ArchivePage,
  ArchiveState,
  ConnectionCounts,
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

export interface PostgresReadsOptions {
  readonly sources: PostgresSources;
  readonly clock: Clock;
  readonly onWarning: (message: string) => void;
}

/** The half of `Store` that writes nothing; the store stands on it. */
export abstract class PostgresReads {
  protected readonly database: PostgresDatabase;
  protected readonly sources: PostgresSources;
  protected readonly clock: Clock;
  protected readonly onWarning: (message: string) => void;

  constructor(database: PostgresDatabase, { sources, clock, onWarning }: PostgresReadsOptions) {
    this.database = database;
    this.sources = sources;
    this.clock = clock;
    this.onWarning = onWarning;
  }

  async listSources(): Promise<readonly SourceState[]> {
    return this.database.statement((session) => this.sources.list(session));
  }

  async lastPollAt(): Promise<Date | null> {
    const row = await this.database.statement((session) =>
      session.one("SELECT max(last_poll_at) AS at FROM sources"),
    );
    return row === undefined ? null : readOptionalInstant(row, "at");
  }

  async nextDueAt(now: Date): Promise<Date | null> {
    return this.database.read((session) => this.sources.nextDueAt(session, now));
  }

  async listStories(query: StoryQuery): Promise<readonly Story[]> {
    return this.database.read((session) => listStories(session, query, this.onWarning));
  }

  async listCopies(stories: readonly number[]): Promise<readonly CopyGroup[]> {
    return this.database.read((session) => listCopies(session, stories, this.onWarning));
  }

  async findStory(keys: readonly string[]): Promise<StoryDetail | null> {
    return this.database.read((session) => findStory(session, keys, this.onWarning));
  }

  async nextQuestionAt(): Promise<Date | null> {
    return this.database.statement((session) => nextQuestionAt(session));
  }

  async listAskers(question: Question): Promise<SightingBatch> {
    const sightings = await this.database.statement((session) => listAskers(session, question));
    return toBatch(this.database, sightings);
  }

  async answers(kind: Question["kind"], urls: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (urls.length === 0) return new Map();
    return this.database.statement((session) => findAnswers(session, kind, urls));
  }

  async identityVersion(): Promise<number> {
    return this.#readMeta("identity_version");
  }

  async listSubscriptions(): Promise<readonly PushSubscription[]> {
    return this.database.statement((session) => tables.listSubscriptions(session));
  }

  async findSubscription(callback: string): Promise<PushSubscription | null> {
    return this.database.statement((session) => tables.findSubscription(session, callback));
  }

  async listHubSubscriptions(): Promise<readonly HubSubscription[]> {
    return this.database.statement((session) => hub.listHubSubscriptions(session));
  }

  async findHubSubscription(
    name: Pick<HubSubscription, "topic" | "callback">,
  ): Promise<HubSubscription | null> {
    return this.database.statement((session) => hub.findHubSubscription(session, name));
  }

  async hubChanges(): Promise<number> {
    return this.database.statement((session) => hub.hubChanges(session));
  }

  async archiveState(output: string): Promise<ArchiveState> {
    return this.database.statement((session) => tables.archiveState(session, output));
  }

  async listUnarchived(query: UnarchivedQuery): Promise<readonly Story[]> {
    return this.database.read((session) => listUnarchived(session, query, this.onWarning));
  }

  async findArchivePage(output: string, number: number): Promise<ArchivePage | null> {
    return this.database.statement((session) => tables.findArchivePage(session, output, number));
  }

  async listNotices(limit: number): Promise<readonly HealthNotice[]> {
    return this.database.statement((session) => tables.listNotices(session, limit));
  }

  async countForgettable(keep: Retention): Promise<Forgettable> {
    return this.database.read((session) => countForgettable(session, keep));
  }

  async listForgettable(keep: Retention, limit: number): Promise<readonly number[]> {
    return this.database.read((session) => listForgettable(session, keep, limit));
  }

  async revision(): Promise<number> {
    return this.#readMeta("revision");
  }

  async sizeBytes(): Promise<number> {
    const row = await this.database.statement((session) =>
      session.one(
        `SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint AS bytes FROM pg_class
         WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'`,
      ),
    );
    return readNumber(row ?? {}, "bytes");
  }

  async counts(): Promise<StoreCounts> {
    return this.database.read(async (session) => {
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
    return this.database.connections;
  }

  async dailyCounts(since: Date): Promise<ReadonlyMap<string, readonly DailyCount[]>> {
    return this.database.statement((session) => this.sources.dailyCounts(session, since));
  }

  async backup(file: string): Promise<void> {
    await backupPostgres(this.database.url, file, this.clock);
  }

  async #readMeta(column: "revision" | "identity_version"): Promise<number> {
    const row = await this.database.statement((session) =>
      session.one("SELECT revision, identity_version FROM meta WHERE id = 1"),
    );
    return readNumber(requireRow(row, "its totals"), column);
  }
}
