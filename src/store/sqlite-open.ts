import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "../errors.ts";
import { SQLITE_MIGRATIONS } from "./migrations/sqlite.ts";
import {
  describeCorruption,
  describeUnwritable,
  readResultCode,
  translateSqliteError,
} from "./sqlite-errors.ts";
import { acquireStoreLock, type StoreLock } from "./sqlite-lock.ts";
import { APPLICATION_ID, migrateDatabase, readPragma } from "./sqlite-migrate.ts";
import { INCREMENTAL, prepareShrinking } from "./sqlite-shrink.ts";

/** How long a statement waits for another process's write. Writes are short: a poll, or an operator's override. */
const BUSY_TIMEOUT_MS = 5_000;

/** Up to this size every page is checked at start (about 0.15 s); a larger file would hold up the start too long. */
const CHECKED_BYTES_MAX = 256 * 1024 * 1024;

/** Pages that a connection keeps; negative, as SQLite counts in KiB then. */
const CACHE_KIB = { poller: -32_768, reader: -16_384, tool: -8_192 };

/**
 * Pages (8 KiB each) that the journal takes in before they are written to the file, four times SQLite's own number: a page that many polls
 * change is then written once. Reading them back after a kill takes some hundredths of a second.
 */
const CHECKPOINT_PAGES = 4000;

/** How long a tool waits for a daemon that is just creating or migrating the store. */
const CREATION_WAIT_MS = 5_000;

export interface OpenRequest {
  /** Absolute path of the store's file. */
  readonly file: string;
  readonly isPoller: boolean;
  readonly now: Date;
  readonly onWarning: (message: string) => void;
}

export interface OpenedDatabase {
  readonly db: DatabaseSync;
  /** The one-daemon lock; null for a tool. */
  readonly lock: StoreLock | null;
}

/**
 * Opens the store's file, making or migrating it where needed. The file is examined through a read-only connection
 * first, so that a damaged, foreign or newer one is left byte for byte as it was.
 *
 * @throws StoreError `store/locked`, `store/corrupt`, `store/newer` or `store/unwritable`
 */
export function openDatabase(request: OpenRequest): OpenedDatabase {
  const { file } = request;
  let lock: StoreLock | null = null;
  let db: DatabaseSync | null = null;
  try {
    makeFolder(file);
    if (request.isPoller) lock = acquireStoreLock(file, { now: request.now, waitMs: 0 });
    if (!request.isPoller && !existsSync(file)) makeAsTool(request);
    if (request.isPoller && !existsSync(file)) createFile(request);
    const version = examineFile(file);
    db = connect(file, request);
    if (version < SQLITE_MIGRATIONS.length) migrate(db, request);
    return { db, lock };
  } catch (error) {
    db?.close();
    lock?.release();
    throw translateSqliteError(error, file);
  }
}

/**
 * Opens a second connection, which only reads, to a store that this process has opened: it is known to be sound.
 * @throws as `node:sqlite` does
 */
export function openReader(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    db.exec("PRAGMA temp_store = MEMORY");
    db.exec("PRAGMA trusted_schema = OFF");
    db.exec(`PRAGMA cache_size = ${CACHE_KIB.reader}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function makeFolder(file: string): void {
  try {
    makeFolders(dirname(file));
  } catch (error) {
    throw describeUnwritable(file, error);
  }
}

/** Not `recursive: true`: where a folder exists but refuses new ones (`/proc`), Node then tries for ever. */
function makeFolders(folder: string): void {
  if (existsSync(folder)) return;
  makeFolders(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!existsSync(folder)) throw error;
  }
}

/** A tool that comes first makes the store under the daemon's lock, or waits until the daemon has made it. */
function makeAsTool(request: OpenRequest): void {
  const lock = acquireStoreLock(request.file, { now: request.now, waitMs: CREATION_WAIT_MS });
  try {
    if (!existsSync(request.file)) createFile(request);
  } finally {
    lock.release();
  }
}

/** Makes a whole store under another name, then renames it: a kill never leaves half a store behind. */
function createFile(request: OpenRequest): void {
  const { file } = request;
  if (existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0) {
    throw describeCorruption(
      file,
      `it is missing, but its journal ${file}-wal is there and would be played into a new one`,
    );
  }
  const draft = `${file}.new`;
  for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(draft + suffix, { force: true });
  try {
    // Only the owner may read it: a source's address may carry a private token.
    closeSync(openSync(draft, "wx", 0o600));
  } catch (error) {
    throw describeUnwritable(file, error);
  }
  const db = new DatabaseSync(draft);
  try {
    // Larger pages than the default 4096: fewer levels and overflow pages for entries of some kilobytes.
    db.exec("PRAGMA page_size = 8192");
    db.exec(`PRAGMA auto_vacuum = ${INCREMENTAL}`);
    migrateDatabase(db, { file: draft, migrations: SQLITE_MIGRATIONS, now: request.now });
    db.exec("PRAGMA journal_mode = WAL");
  } finally {
    db.close();
  }
  renameSync(draft, file);
  syncFolder(dirname(file));
}

function syncFolder(folder: string): void {
  try {
    const handle = openSync(folder, "r");
    fsyncSync(handle);
    closeSync(handle);
  } catch {
    // Some file systems cannot sync a folder; the store is there, and made again if the power fails now.
  }
}

/** Reads, and only reads, whether the file is a sound store that this program knows. @returns its version */
function examineFile(file: string): number {
  const { size } = statSync(file);
  if (size === 0) throw describeCorruption(file, "it is empty");
  const probe = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    const applicationId = readPragma(probe, "application_id");
    const version = readPragma(probe, "user_version");
    if (applicationId !== APPLICATION_ID) {
      throw describeCorruption(file, "it is an SQLite file, but not a Mainstem store");
    }
    if (version > SQLITE_MIGRATIONS.length) throw describeNewer(file, version);
    if (version < 1) throw describeCorruption(file, "it says that it has no schema");
    if (size <= CHECKED_BYTES_MAX) checkPages(probe, file);
    return version;
  } finally {
    probe.close();
  }
}

function checkPages(probe: DatabaseSync, file: string): void {
  const answer = probe.prepare("PRAGMA quick_check(1)").get();
  const verdict = answer === undefined ? "no answer" : String(Object.values(answer)[0]);
  if (verdict !== "ok") throw describeCorruption(file, verdict.replaceAll("\n", " "));
}

function describeNewer(file: string, version: number): StoreError {
  return new StoreError(
    "store/newer",
    `the store ${file} was written by a newer Mainstem (schema ${version}, this one knows ${SQLITE_MIGRATIONS.length})`,
    {
      hint: `it was left as it is; start the newer version, or put back the copy ${file}.v${SQLITE_MIGRATIONS.length}-*.bak that it made before migrating`,
    },
  );
}

function connect(file: string, request: OpenRequest): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
  try {
    db.exec("PRAGMA journal_mode = WAL");
    // NORMAL: no fsync per commit, only at checkpoints. A crash of the process loses nothing. A power cut may lose the
    // last commits but never tears one, and as a poll's entries and its validators are one commit, the source is asked
    // again for what was lost.
    db.exec("PRAGMA synchronous = NORMAL");
    db.exec("PRAGMA temp_store = MEMORY");
    db.exec("PRAGMA trusted_schema = OFF");
    db.exec(`PRAGMA cache_size = ${request.isPoller ? CACHE_KIB.poller : CACHE_KIB.tool}`);
    db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    db.exec(`PRAGMA journal_size_limit = ${64 * 1024 * 1024}`);
    // Takes the write lock once: a read-only file or folder is told now, not at the first poll.
    db.exec("BEGIN IMMEDIATE");
    db.exec("ROLLBACK");
    return db;
  } catch (error) {
    db.close();
    if (readResultCode(error) === 1) throw describeUnwritable(file, error);
    throw error;
  }
}

function migrate(db: DatabaseSync, request: OpenRequest): void {
  // A tool migrates only while no daemon of the older version runs.
  const lock = request.isPoller ? null : acquireStoreLock(request.file, { now: request.now, waitMs: 0 });
  try {
    const copy = migrateDatabase(db, {
      file: request.file,
      migrations: SQLITE_MIGRATIONS,
      now: request.now,
    });
    if (copy !== null) request.onWarning(`the store was migrated; its copy from before is ${copy}`);
    try {
      prepareShrinking(db);
    } catch (error) {
      // Nothing is lost: the file goes on growing only, as it did.
      request.onWarning(`the store's file cannot shrink from now on: ${String(error)}`);
    }
  } finally {
    lock?.release();
  }
}
