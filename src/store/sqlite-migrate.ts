import { closeSync, openSync, renameSync, rmSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { addEntryTextFunction } from "./sqlite-search.ts";

/** "MSTM": marks an SQLite file as a Mainstem store (https://www.sqlite.org/pragma.html#pragma_application_id). */
export const APPLICATION_ID = 0x4d53544d;

/** The number that a one-row, one-column pragma answers. */
export function readPragma(db: DatabaseSync, name: string): number {
  const row = db.prepare(`PRAGMA ${name}`).get();
  const value = row === undefined ? undefined : Object.values(row)[0];
  if (typeof value !== "number") throw new TypeError(`PRAGMA ${name} gave no number`);
  return value;
}

/**
 * Brings `db` from its version to `migrations.length`, all steps in one transaction: a kill in the middle leaves the
 * old version. Does nothing when it is current. An older store is first copied to a file beside it.
 *
 * @returns the automatic copy's file, or null when none was needed
 */
export function migrateDatabase(
  db: DatabaseSync,
  options: { readonly file: string; readonly migrations: readonly string[]; readonly now: Date },
): string | null {
  const from = readPragma(db, "user_version");
  if (from >= options.migrations.length) return null;
  const copy = from === 0 ? null : copyBeforeMigration(db, { ...options, version: from });
  addEntryTextFunction(db);
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const sql of options.migrations.slice(from)) db.exec(sql);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    db.exec(`PRAGMA user_version = ${options.migrations.length}`);
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
  return copy;
}

function copyBeforeMigration(
  db: DatabaseSync,
  options: { readonly file: string; readonly version: number; readonly now: Date },
): string {
  const stamp = options.now.toISOString().replace(/[-:]|\.\d+/g, "");
  const copy = `${options.file}.v${options.version}-${stamp}.bak`;
  const partial = `${copy}.partial`;
  rmSync(partial, { force: true });
  // Only the owner may read it, like the store.
  closeSync(openSync(partial, "wx", 0o600));
  db.prepare("VACUUM INTO ?").run(partial);
  renameSync(partial, copy);
  return copy;
}
