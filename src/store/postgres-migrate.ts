import { StoreError } from "../errors.ts";
import { POSTGRES_MIGRATIONS } from "./migrations/postgres.ts";
import type { PostgresDatabase } from "./postgres-connection.ts";
import { MIGRATION_LOCK, takeLock } from "./postgres-locks.ts";
import { readNumber } from "./rows.ts";

/**
 * Brings the schema to the current version, in one transaction under a lock, so that of many workers that start at once one
 * does it and the others wait.
 * @throws StoreError `store/newer` when a newer Mainstem wrote it
 */
export async function migratePostgres(database: PostgresDatabase): Promise<void> {
  await database.write(async (session) => {
    await takeLock(session, MIGRATION_LOCK);
    await session.script("CREATE TABLE IF NOT EXISTS mainstem_schema (version INTEGER NOT NULL)");
    const row = await session.one("SELECT max(version) AS version FROM mainstem_schema");
    const version = row === undefined || row.version === null ? 0 : readNumber(row, "version");
    if (version > POSTGRES_MIGRATIONS.length) {
      throw new StoreError(
        "store/newer",
        `the store ${database.place} was written by a newer Mainstem (schema ${version}, this one knows ${POSTGRES_MIGRATIONS.length})`,
        { hint: "update mainstem" },
      );
    }
    for (const sql of POSTGRES_MIGRATIONS.slice(version)) await session.script(sql);
    if (version === POSTGRES_MIGRATIONS.length) return;
    await session.run("DELETE FROM mainstem_schema");
    await session.run("INSERT INTO mainstem_schema (version) VALUES ($1)", [POSTGRES_MIGRATIONS.length]);
  });
}
