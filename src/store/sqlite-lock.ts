import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "../errors.ts";
import { describeUnwritable, isBusy, readResultCode } from "./sqlite-errors.ts";

/** The right to be the only daemon on a store, held until {@link StoreLock.release} or the end of the process. */
export interface StoreLock {
  /** Gives the lock back; a second call does nothing. */
  release(): void;
}

/**
 * Takes the one-daemon lock of the store `file`: a kernel lock on `<file>.lock`, held through an open exclusive
 * transaction on that (empty) SQLite file. The kernel drops it when the process ends however it ends, so nothing stale
 * is left behind and no pid file has to be believed. `<file>.holder` only tells people who holds it.
 *
 * @param options.waitMs how long to wait for the present holder
 * @throws StoreError `store/locked` naming the holder; `store/unwritable` when the lock's file cannot be made
 */
export function acquireStoreLock(
  file: string,
  options: { readonly now: Date; readonly waitMs: number },
): StoreLock {
  const lockFile = `${file}.lock`;
  const holderFile = `${file}.holder`;
  let lock: DatabaseSync | null = null;
  try {
    lock = new DatabaseSync(lockFile, { timeout: options.waitMs });
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock?.close();
    if (isBusy(error)) throw describeHolder(file, holderFile);
    if (readResultCode(error) !== null) throw describeUnwritable(lockFile, error);
    throw error;
  }
  const held = lock;
  writeHolder(holderFile, options.now);
  return {
    release() {
      if (!held.isOpen) return;
      // While the lock is still held: afterwards the file may be the next holder's.
      rmSync(holderFile, { force: true });
      held.close();
    },
  };
}

function writeHolder(holderFile: string, now: Date): void {
  const holder = { pid: process.pid, host: hostname(), since: now.toISOString() };
  try {
    writeFileSync(holderFile, `${JSON.stringify(holder)}\n`);
  } catch {
    // It only names the holder in a message; the lock itself is held.
  }
}

function describeHolder(file: string, holderFile: string): StoreError {
  let who = "another process";
  try {
    const holder: unknown = JSON.parse(readFileSync(holderFile, "utf8"));
    if (typeof holder === "object" && holder !== null && "pid" in holder && "host" in holder) {
      const since = "since" in holder ? ` since ${String(holder.since)}` : "";
      who = `process ${String(holder.pid)} on ${String(holder.host)}${since}`;
    }
  } catch {
    // The holder has just started, or could not write the file.
  }
  return new StoreError("store/locked", `the store ${file} is in use by ${who}`, {
    hint: "one daemon per SQLite store: stop the other one, or give this one a store of its own",
  });
}
