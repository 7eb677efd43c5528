import { DatabaseSync } from "node:sqlite";
import { UNCOPIED_COLUMNS } from "./copy.ts";
import { decodePosition, encodePosition, POSITION_TABLE } from "./copy-position.ts";
import { readNumber, readText } from "./rows.ts";
import { SightingTexts } from "./sqlite-search.ts";
import {
  type CopiedRow,
  type CopiedValue,
  NUMBERED_TABLES,
  STORE_TABLES,
  type StoreTable,
  type TableReader,
  type TableWriter,
} from "./tables.ts";

/** Reads one moment of the store in a file, whoever writes it meanwhile. */
export function openSqliteReader(file: string): TableReader {
  const db = new DatabaseSync(file, { readOnly: true });
  db.exec("BEGIN");
  const one = (sql: string) => db.prepare(sql).get() ?? {};
  return {
    async fingerprint() {
      return JSON.stringify([
        one("SELECT revision, stories, aliases FROM meta"),
        one("SELECT count(*) AS n, sum(generation) AS g, max(last_poll_at) AS p FROM sources"),
        one("SELECT count(*) AS n, max(id) AS i FROM sightings"),
        one("SELECT count(*) AS n, sum(attempts) AS a, count(answered_at) AS d FROM questions"),
      ]);
    },
    async count({ name }) {
      return readNumber(one(`SELECT count(*) AS n FROM ${name}`), "n");
    },
    async readPage({ name, key }, after, limit) {
      const place = `(${key.join(", ")})`;
      const columns = columnsOf(db, name).join(", ");
      const where = after === null ? "" : `WHERE ${place} > (${key.map(() => "?").join(", ")})`;
      const sql = `SELECT ${columns} FROM ${name} ${where} ORDER BY ${key.join(", ")} LIMIT ${limit}`;
      return db.prepare(sql).all(...(after ?? [])) as CopiedRow[];
    },
    async tables() {
      const rows = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
      const names = rows.map((row) => readText(row, "name"));
      return new Map(names.map((name) => [name, columnsOf(db, name).toSorted()]));
    },
    async readNumbers() {
      const rows = db.prepare("SELECT name, seq FROM sqlite_sequence").all();
      return new Map(rows.map((row) => [readText(row, "name"), readNumber(row, "seq")]));
    },
    async [Symbol.asyncDispose]() {
      if (db.isOpen) db.close();
    },
  };
}

/** Fills the store in a file, which must have its tables. */
export function openSqliteWriter(file: string): TableWriter {
  const db = new DatabaseSync(file);
  const texts = new SightingTexts(db);
  const transact = (work: () => void) => {
    db.exec("BEGIN IMMEDIATE");
    try {
      work();
      db.exec("COMMIT");
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  };
  const insert = (table: StoreTable, rows: readonly CopiedRow[]) => {
    const columns = columnsOf(db, table.name);
    const statement = db.prepare(
      `INSERT INTO ${table.name} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
    );
    for (const row of rows) statement.run(...columns.map((column): CopiedValue => row[column] ?? null));
    if (table.name === "sightings") texts.catchUp();
  };
  return {
    async position() {
      const table = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(POSITION_TABLE);
      const row =
        table === undefined ? undefined : db.prepare(`SELECT position FROM ${POSITION_TABLE}`).get();
      return row === undefined ? null : decodePosition(readText(row, "position"));
    },
    async isEmpty() {
      return STORE_TABLES.every(
        ({ name }) => name === "meta" || db.prepare(`SELECT 1 FROM ${name} LIMIT 1`).get() === undefined,
      );
    },
    async clear() {
      transact(() => {
        db.exec("DELETE FROM source_leases");
        for (const { name } of STORE_TABLES.toReversed()) db.exec(`DELETE FROM ${name}`);
        texts.restart();
        db.exec(`DROP TABLE IF EXISTS ${POSITION_TABLE}`);
      });
    },
    async writePage(table, rows, position) {
      transact(() => {
        insert(table, rows);
        db.exec(
          `CREATE TABLE IF NOT EXISTS ${POSITION_TABLE} (id INTEGER PRIMARY KEY, position TEXT NOT NULL)`,
        );
        db.prepare(`INSERT OR REPLACE INTO ${POSITION_TABLE} (id, position) VALUES (1, ?)`).run(
          encodePosition(position),
        );
      });
    },
    async finish(numbers) {
      transact(() => {
        for (const [table] of NUMBERED_TABLES) {
          db.prepare("DELETE FROM sqlite_sequence WHERE name = ?").run(table);
          db.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)").run(
            table,
            numbers.get(table) ?? 0,
          );
        }
        db.exec(`DROP TABLE IF EXISTS ${POSITION_TABLE}`);
      });
    },
    async [Symbol.asyncDispose]() {
      if (!db.isOpen) return;
      db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      db.close();
    },
  };
}

function columnsOf(db: DatabaseSync, table: string): readonly string[] {
  const rows = db.prepare("SELECT name FROM pragma_table_info(?)").all(table);
  return rows.map((row) => readText(row, "name")).filter((column) => !UNCOPIED_COLUMNS.has(column));
}
