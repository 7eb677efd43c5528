import { userInfo } from "node:os";
import { dirname } from "node:path";
import { StoreError } from "../errors.ts";

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html), the low byte of an extended one. */
const PERM = 3;
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

/** SQLite's primary result code of an error thrown by `node:sqlite`, or null if it is no such error. */
export function readResultCode(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return null;
  return error.errcode & 0xff;
}

/** True when somebody else holds the lock that was asked for. */
export function isBusy(error: unknown): boolean {
  const code = readResultCode(error);
  return code === BUSY || code === LOCKED;
}

/** The store's file is damaged or not ours. Nothing is ever written over it. */
export function describeCorruption(file: string, what: string, cause?: unknown): StoreError {
  return new StoreError("store/corrupt", `the store ${file} cannot be used: ${what}`, {
    cause,
    hint:
      `it was left as it is; stop mainstem, move ${file}, ${file}-wal and ${file}-shm away, ` +
      `then copy a file made by \`mainstem backup\` to ${file}`,
  });
}

/** The store's file or folder cannot be written by this user. */
export function describeUnwritable(file: string, cause: unknown): StoreError {
  const uid = typeof process.getuid === "function" ? process.getuid() : userInfo().uid;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StoreError("store/unwritable", `user ${uid} cannot write the store ${file}: ${reason}`, {
    cause,
    hint: `give it the folder: chown -R ${uid} ${dirname(file)}, or name another place as \`store:\``,
  });
}

/**
 * What an error thrown by `node:sqlite` means to an operator; anything else (a constraint, a mistake in SQL, an error
 * of ours) comes back as it was.
 */
export function translateSqliteError(error: unknown, file: string): unknown {
  const reason = error instanceof Error ? error.message : String(error);
  switch (readResultCode(error)) {
    case CORRUPT:
    case NOTADB:
      return describeCorruption(file, reason, error);
    case FULL:
      return new StoreError("store/unwritable", `no room to write the store ${file}: ${reason}`, {
        cause: error,
        hint: "make room on that disk; a running daemon goes on by itself, what has ended is to be started again",
      });
    case IOERR:
      return new StoreError("store/unwritable", `the disk refuses the store ${file}: ${reason}`, {
        cause: error,
        hint: "look at the disk, the kernel log and `ulimit -f`; a running daemon goes on by itself, what has ended is to be started again",
      });
    case PERM:
    case READONLY:
    case CANTOPEN:
      return describeUnwritable(file, error);
    case BUSY:
    case LOCKED:
      return new StoreError("store/locked", `another process keeps writing the store ${file}`, {
        cause: error,
        hint: "try again when it is done",
      });
    default:
      return error;
  }
}
