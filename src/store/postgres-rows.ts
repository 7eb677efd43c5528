import { UNCOPIED_COLUMNS } from "./copy.ts";
import { decodePosition, encodePosition, POSITION_TABLE } from "./copy-position.ts";
import { PostgresDatabase, type Row, requireRow, type Session } from "./postgres-connection.ts";
import { migratePostgres } from "./postgres-migrate.ts";
import { writeTexts } from "./postgres-search.ts";
import { hostOf } from "./postgres-sources.ts";
import { decodeContent, decodePollState } from "./records.ts";
import { readNumber, readText } from "./rows.ts";
import {
  type CopiedRow,
  type CopiedValue,
  NUMBERED_TABLES,
  STORE_TABLES,
  type StoreTable,
  type TableReader,
  type TableWriter,
} from "./tables.ts";

/** A column and its type, as `information_schema` names it. */
interface Column {
  readonly name: string;
  readonly type: string;
}

/** Counts of sources stand in a table of their own here; elsewhere they are columns. */
const COUNTS: readonly Column[] = [
  { name: "entry_count", type: "bigint" },
  { name: "duplicate_count", type: "bigint" },
];

/** Reads one moment of a store, whoever writes it meanwhile: all of it in one transaction. */
export async function openPostgresReader(url: string): Promise<TableReader> {
  const database = new PostgresDatabase(url);
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const columns = new Map<string, readonly Column[]>();
  let reading: Promise<void> | null = null;
  const session = await new Promise<Session>((resolve, reject) => {
    reading = database.read(async (opened) => {
      for (const { name } of STORE_TABLES) columns.set(name, await columnsOf(opened, name));
      resolve(opened);
      await ended;
    });
    reading.catch(reject);
  });
  return {
    async fingerprint() {
      return JSON.stringify(
        await Promise.all([
          session.one("SELECT revision, stories, aliases FROM meta"),
          session.one(
            "SELECT count(*) AS n, sum(generation)::bigint AS g, max(last_poll_at) AS p FROM sources",
          ),
          session.one("SELECT count(*) AS n, max(id) AS i FROM sightings"),
          session.one(
            "SELECT count(*) AS n, sum(attempts)::bigint AS a, count(answered_at) AS d FROM questions",
          ),
        ]),
      );
    },
    async count({ name }) {
      return readNumber(requireRow(await session.one(`SELECT count(*) AS n FROM ${name}`), name), "n");
    },
    async readPage({ name, key }, after, limit) {
      const own = columns.get(name) ?? [];
      const parts = key.map((part) => inOrder(own, part));
      const where =
        after === null ? "" : `WHERE (${parts.join(", ")}) > (${key.map((_, n) => `$${n + 1}`).join(", ")})`;
      const from = name === "sources" ? "sources JOIN source_counts ON source_no = no" : name;
      const rows = await session.all(
        `SELECT ${own.map((column) => column.name).join(", ")} FROM ${from} ${where}
         ORDER BY ${parts.join(", ")} LIMIT ${limit}`,
        (after ?? []).map((value, index) => toParameter(value, typeOf(own, key[index] ?? ""))),
      );
      return rows.map((row) => toCopied(row, own));
    },
    async tables() {
      const rows = await session.all(
        "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = current_schema()",
      );
      const found = new Map<string, readonly string[]>();
      for (const row of rows) {
        const own = await columnsOf(session, readText(row, "name"));
        found.set(readText(row, "name"), own.map((column) => column.name).toSorted());
      }
      return found;
    },
    async readNumbers() {
      const numbers = new Map<string, number>();
      for (const [table, column] of NUMBERED_TABLES) {
        const row = await session.one(
          `SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('${table}', '${column}')::regclass), 0) AS n`,
        );
        numbers.set(table, readNumber(requireRow(row, table), "n"));
      }
      return numbers;
    },
    async [Symbol.asyncDispose]() {
      end();
      await reading?.catch(() => {});
      await database.close();
    },
  };
}

/** Fills a store, making its tables first. */
export async function openPostgresWriter(url: string): Promise<TableWriter> {
  const database = new PostgresDatabase(url);
  const columns = new Map<string, readonly Column[]>();
  try {
    await migratePostgres(database);
    await database.statement((session) =>
      session.script(
        `CREATE TABLE IF NOT EXISTS ${POSITION_TABLE} (id INTEGER PRIMARY KEY, position TEXT NOT NULL)`,
      ),
    );
    await database.read(async (session) => {
      for (const { name } of STORE_TABLES) columns.set(name, await columnsOf(session, name));
    });
  } catch (error) {
    await database.close();
    throw error;
  }
  return {
    async position() {
      const row = await database.statement((session) =>
        session.one(`SELECT position FROM ${POSITION_TABLE}`),
      );
      return row === undefined ? null : decodePosition(readText(row, "position"));
    },
    async isEmpty() {
      return database.read(async (session) => {
        for (const { name } of STORE_TABLES) {
          if (name !== "meta" && (await session.one(`SELECT 1 FROM ${name} LIMIT 1`)) !== undefined)
            return false;
        }
        return true;
      });
    },
    async clear() {
      const names = [
        ...STORE_TABLES.map(({ name }) => name),
        "source_counts",
        "sighting_texts",
        POSITION_TABLE,
      ];
      await database.write((session) => session.script(`TRUNCATE ${names.join(", ")}`));
    },
    async writePage(table, rows, position) {
      await database.write(async (session) => {
        await Promise.all([
          insertRows(session, table, { rows, columns: columns.get(table.name) ?? [] }),
          session.run(
            `INSERT INTO ${POSITION_TABLE} (id, position) VALUES (1, $1)
             ON CONFLICT (id) DO UPDATE SET position = excluded.position`,
            [encodePosition(position)],
          ),
        ]);
      });
    },
    async finish(numbers) {
      await database.write(async (session) => {
        const identities = await session.all(
          `SELECT table_name, column_name FROM information_schema.columns
           WHERE table_schema = current_schema() AND is_identity = 'YES'`,
        );
        for (const row of identities) {
          const table = readText(row, "table_name");
          const column = readText(row, "column_name");
          await session.run(
            `SELECT setval(pg_get_serial_sequence('${table}', '${column}'),
               greatest($1::bigint, (SELECT coalesce(max(${column}), 1) FROM ${table})))`,
            [numbers.get(table) ?? 1],
          );
        }
        await session.script(`DROP TABLE ${POSITION_TABLE}`);
      });
      // Statistics would come by themselves, but not before the first queries.
      await database.statement((session) => session.script("ANALYZE"));
    },
    [Symbol.asyncDispose]: () => database.close(),
  };
}

async function columnsOf(session: Session, table: string): Promise<readonly Column[]> {
  const rows = await session.all(
    `SELECT column_name::text AS name, data_type::text AS type FROM information_schema.columns
     WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position`,
    [table],
  );
  const columns = rows.map((row) => ({ name: readText(row, "name"), type: readText(row, "type") }));
  return [...columns, ...(table === "sources" ? COUNTS : [])].filter(
    ({ name }) => !UNCOPIED_COLUMNS.has(name),
  );
}

function typeOf(columns: readonly Column[], name: string): string {
  return columns.find((column) => column.name === name)?.type ?? "text";
}

/** Text in the order of its bytes, as everywhere else, whatever the database's language. */
function inOrder(columns: readonly Column[], name: string): string {
  return typeOf(columns, name) === "text" ? `${name} COLLATE "C"` : name;
}

async function insertRows(
  session: Session,
  table: StoreTable,
  { rows, columns }: { readonly rows: readonly CopiedRow[]; readonly columns: readonly Column[] },
): Promise<void> {
  const isSources = table.name === "sources";
  const own = isSources ? columns.filter((column) => !COUNTS.includes(column)) : columns;
  const insert = (name: string, into: readonly Column[], values: readonly (readonly unknown[])[]) => {
    const lists = into.map(({ type }, index) => `$${index + 1}::${type === "bytea" ? "text" : type}[]`);
    const chosen = into.map(({ name: column, type }) =>
      type === "bytea" ? `decode(${column}, 'hex')` : column,
    );
    const names = into.map((column) => column.name).join(", ");
    return session.run(
      `INSERT INTO ${name} (${names}) SELECT ${chosen.join(", ")} FROM unnest(${lists.join(", ")}) AS new (${names})`,
      values,
    );
  };
  const listOf = (column: Column) => rows.map((row) => toParameter(row[column.name] ?? null, column.type));
  if (!isSources) {
    await Promise.all([
      insert(table.name, own, own.map(listOf)),
      table.name === "sightings" ? copyTexts(session, rows) : null,
    ]);
    return;
  }
  const hosts = rows.map((row) =>
    hostOf({
      location: readText(row, "location"),
      currentUrl: decodePollState(readText(row, "state"))?.currentUrl ?? null,
    }),
  );
  await Promise.all([
    insert(table.name, [...own, { name: "host", type: "text" }], [...own.map(listOf), hosts]),
    insert(
      "source_counts",
      [{ name: "source_no", type: "bigint" }, ...COUNTS],
      [rows.map((row) => row.no ?? null), ...COUNTS.map(listOf)],
    ),
  ]);
}

async function copyTexts(session: Session, rows: readonly CopiedRow[]): Promise<void> {
  const texts = rows.flatMap((row) => {
    const content = decodeContent(readText(row, "record"));
    return content === null ? [] : [{ id: readNumber(row, "id"), entry: content.entry }];
  });
  await writeTexts(session, texts);
}

function toParameter(value: CopiedValue, type: string): unknown {
  if (!(value instanceof Uint8Array)) return value;
  const hex = Buffer.from(value).toString("hex");
  return type === "uuid" || type === "bytea" ? hex : value;
}

function toCopied(row: Row, columns: readonly Column[]): CopiedRow {
  return Object.fromEntries(
    columns.map(({ name, type }): [string, CopiedValue] => {
      const value = row[name];
      if (type === "uuid" && typeof value === "string")
        return [name, Buffer.from(value.replaceAll("-", ""), "hex")];
      if (typeof value === "string" || typeof value === "number" || value instanceof Uint8Array)
        return [name, value];
      return [name, null];
    }),
  );
}
