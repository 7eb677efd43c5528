import { setTimeout as sleep } from "node:timers/promises";
import { Pool, type PoolClient, types } from "pg";
import { StoreError } from "../errors.ts";
import { isConflict, isConnectionLost, translatePostgresError } from "./postgres-errors.ts";
import type { ConnectionCounts } from "./store.ts";

export type Row = Readonly<Record<string, unknown>>;

/** A restart of the server is waited for so long before a caller hears of it. */
const RECONNECT_MS = 30_000;
const RECONNECT_PAUSE_MS = 200;
/** Two transactions in each other's way: how often one is tried again. */
const CONFLICT_TRIES = 8;
const CONNECTIONS_MAX = 10;
const CONNECT_TIMEOUT_MS = 10_000;
/** Nobody waits for longer without a word. */
const SILENCE_MS = 1500;

const INT8 = 20;
const TEXT = 25;

/** PostgreSQL's text holds no U+0000; it is written as two characters, and so is the one that begins those. */
function encodeText(text: string): string {
  return text.replaceAll("\u001b", "\u001be").replaceAll("\0", "\u001b0");
}

function decodeText(text: string): string {
  return text.includes("\u001b") ? text.replaceAll("\u001b0", "\0").replaceAll("\u001be", "\u001b") : text;
}

function encodeValue(value: unknown): unknown {
  if (typeof value === "string") return /[\0\u001b]/.test(value) ? encodeText(value) : value;
  return Array.isArray(value) ? value.map(encodeValue) : value;
}

/** One connection in one transaction. Statements that are not awaited one by one travel together, in their order. */
export class Session {
  readonly #client: Pick<PoolClient, "query">;
  readonly #names: Map<string, string>;

  constructor(client: Pick<PoolClient, "query">, names: Map<string, string>) {
    this.#client = client;
    this.#names = names;
  }

  async all(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return (await this.#query(text, values)).rows;
  }

  async one(text: string, values: readonly unknown[] = []): Promise<Row | undefined> {
    return (await this.#query(text, values)).rows[0];
  }

  /** @returns how many rows were written */
  async run(text: string, values: readonly unknown[] = []): Promise<number> {
    return (await this.#query(text, values)).rowCount ?? 0;
  }

  /** Several statements without parameters. */
  async script(text: string): Promise<void> {
    await this.#client.query(text);
  }

  #query(text: string, values: readonly unknown[]) {
    let name = this.#names.get(text);
    if (name === undefined) {
      name = `mainstem_${this.#names.size}`;
      this.#names.set(text, name);
    }
    return this.#client.query({ name, text, values: values.map(encodeValue) });
  }
}

/** The connections to one database: transactions that survive a restart of the server. */
export class PostgresDatabase {
  /** Host, port and database, for people. */
  readonly place: string;
  readonly url: string;
  readonly #pool: Pool;
  /** A statement has one name, under which each connection prepares it once. */
  readonly #names = new Map<string, string>();
  readonly #closing = new AbortController();

  constructor(
    url: string,
    { connectTimeoutMs = CONNECT_TIMEOUT_MS }: { readonly connectTimeoutMs?: number } = {},
  ) {
    this.url = url;
    this.place = describePlace(url);
    this.#pool = new Pool({
      connectionString: url,
      application_name: "mainstem",
      max: CONNECTIONS_MAX,
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
      pipeline: true,
      types: {
        getTypeParser: (oid: number, format?: "text" | "binary") => {
          if (oid === INT8) return Number;
          return oid === TEXT ? decodeText : types.getTypeParser(oid, format as "text");
        },
      },
    });
    // A connection that breaks while nobody uses it; the next caller gets a new one.
    this.#pool.on("error", () => {});
    // One that breaks while it is lent: whoever has it learns so from the statement.
    this.#pool.on("connect", (client) => client.on("error", () => {}));
  }

  get connections(): ConnectionCounts {
    const { totalCount, idleCount, waitingCount } = this.#pool;
    return { active: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /**
   * Waits until the server answers.
   * @param onWaiting hears after a moment what is waited for
   * @throws StoreError `store/unreachable` when `patienceMs` are over, or at once where the server refuses us
   */
  async greet({
    patienceMs = RECONNECT_MS,
    onWaiting,
  }: {
    readonly patienceMs?: number | undefined;
    readonly onWaiting: (message: string) => void;
  }): Promise<void> {
    const upTo = Math.ceil(patienceMs / 1000);
    const word = `the store ${this.place} does not answer yet; waiting for it, up to ${upTo} s`;
    const timer = setTimeout(() => onWaiting(word), SILENCE_MS);
    try {
      await this.#transact(null, (session) => session.one("SELECT 1"), patienceMs);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Reads one moment of the store. */
  read<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#transact("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", work);
  }

  /** Writes all of it or nothing. `work` may run again after a lost connection, and then finds what was committed. */
  write<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#transact("BEGIN", work);
  }

  /** One statement that needs no transaction around it. */
  statement<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#transact(null, work);
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.#closing.abort();
    await this.#pool.end();
  }

  async #transact<T>(
    begin: string | null,
    work: (session: Session) => Promise<T>,
    patienceMs = RECONNECT_MS,
  ): Promise<T> {
    const startedAt = performance.now();
    for (let tries = 1; ; tries += 1) {
      if (this.isClosed) throw new Error(`the store ${this.place} is closed`);
      try {
        return await this.#attempt(begin, work);
      } catch (error) {
        const isWorthwhile =
          (isConflict(error) && tries < CONFLICT_TRIES) ||
          (isConnectionLost(error) && performance.now() - startedAt < patienceMs);
        if (!isWorthwhile || this.isClosed) throw translatePostgresError(error, this.place);
        await sleep(isConflict(error) ? Math.random() * 20 * tries : RECONNECT_PAUSE_MS, undefined, {
          signal: this.#closing.signal,
        }).catch(() => {});
      }
    }
  }

  async #attempt<T>(begin: string | null, work: (session: Session) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    const session = new Session(client, this.#names);
    let failure: unknown = null;
    try {
      // BEGIN travels with the first statement.
      const begun = begin === null ? null : client.query(begin);
      begun?.catch(() => {});
      const result = await work(session);
      await begun;
      if (begin !== null) await client.query("COMMIT");
      return result;
    } catch (error) {
      failure = error;
      if (begin !== null && !isConnectionLost(error)) await client.query("ROLLBACK").catch(() => {});
      throw error;
    } finally {
      client.release(isConnectionLost(failure));
    }
  }
}

/** A store's address without its password, for messages. */
export function describePlace(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return "postgres:";
  const host = parsed.searchParams.get("host") ?? parsed.host;
  return `postgres://${host || "localhost"}${parsed.pathname}`;
}

/** @throws StoreError where a row that must be there is not: the store is damaged */
export function requireRow(row: Row | undefined, what: string): Row {
  if (row === undefined) throw new StoreError("store/corrupt", `the store lacks ${what}`);
  return row;
}
