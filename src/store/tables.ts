/** The tables that make up a store, the same in every engine, in an order in which each refers to earlier ones only. */
export interface StoreTable {
  readonly name: string;
  /** Its primary key: pages are read in this order. */
  readonly key: readonly string[];
}

export const STORE_TABLES: readonly StoreTable[] = [
  { name: "sources", key: ["no"] },
  { name: "source_parents", key: ["parent_id", "source_no"] },
  { name: "collapsed_keys", key: ["source_no", "digest"] },
  { name: "stories", key: ["number"] },
  { name: "forwarded_ids", key: ["digest"] },
  { name: "sightings", key: ["id"] },
  { name: "aliases", key: ["no"] },
  { name: "pins", key: ["digest"] },
  { name: "forgotten_keys", key: ["digest", "source_no"] },
  { name: "reports", key: ["no"] },
  { name: "copies", key: ["story"] },
  { name: "daily_counts", key: ["day", "source_no"] },
  { name: "questions", key: ["no"] },
  { name: "question_sightings", key: ["question", "sighting"] },
  { name: "health_notices", key: ["no"] },
  { name: "push_subscriptions", key: ["source_id"] },
  { name: "hub_subscriptions", key: ["digest"] },
  { name: "hub_state", key: ["id"] },
  { name: "archives", key: ["output"] },
  { name: "archive_pages", key: ["output", "number"] },
  { name: "archived_stories", key: ["output", "story"] },
  { name: "meta", key: ["id"] },
];

/** Whose numbers are never used again, even those of rows that are gone. */
export const NUMBERED_TABLES = [
  ["stories", "number"],
  ["sightings", "id"],
  ["reports", "no"],
] as const;

/** A value as every engine can take it: instants and flags are numbers, digests and documents bytes. */
export type CopiedValue = string | number | Uint8Array | null;

export type CopiedRow = Readonly<Record<string, CopiedValue>>;

/** One moment of a store, table by table. */
export interface TableReader extends AsyncDisposable {
  /** Names this state of the store: another one after anything of substance was written. */
  fingerprint(): Promise<string>;
  count(table: StoreTable): Promise<number>;
  /** The rows after a key, in the key's order; null from the first. */
  readPage(
    table: StoreTable,
    after: readonly CopiedValue[] | null,
    limit: number,
  ): Promise<readonly CopiedRow[]>;
  /** Every table that is there, with the columns that are copied, sorted. */
  tables(): Promise<ReadonlyMap<string, readonly string[]>>;
  /** The highest number that was ever given, by table. */
  readNumbers(): Promise<ReadonlyMap<string, number>>;
}

/** How far a copy has come: the table, and the key of the last row written; null before its first. */
export interface CopyPosition {
  readonly fingerprint: string;
  readonly table: string;
  readonly after: readonly (string | number)[] | null;
}

/** A store that is filled. Each page is written together with the place up to which it goes. */
export interface TableWriter extends AsyncDisposable {
  /** Where an unfinished copy stands; null where none was begun. */
  position(): Promise<CopyPosition | null>;
  /** True when nothing was ever written into it. */
  isEmpty(): Promise<boolean>;
  /** Empties every table, for a copy that begins again. */
  clear(): Promise<void>;
  writePage(table: StoreTable, rows: readonly CopiedRow[], position: CopyPosition): Promise<void>;
  /** Takes over the numbers and forgets the position: the store is whole. */
  finish(numbers: ReadonlyMap<string, number>): Promise<void>;
}
