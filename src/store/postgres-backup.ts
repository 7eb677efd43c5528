import { existsSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { StoreError } from "../errors.ts";
import type { Clock } from "../model.ts";
import { describeExisting, publishFile } from "./backup-file.ts";
import { copyStore } from "./copy.ts";
import { openPostgresReader } from "./postgres-rows.ts";
import { openSqliteStore } from "./sqlite.ts";
import { describeUnwritable } from "./sqlite-errors.ts";
import { openSqliteWriter } from "./sqlite-rows.ts";

/**
 * A consistent copy of a store in PostgreSQL, while it is in use: a store in one SQLite file, which `mainstem copy` brings back.
 * @throws StoreError if `file` exists
 */
export async function backupPostgres(url: string, file: string, clock: Clock): Promise<void> {
  const target = resolve(file);
  if (existsSync(target)) throw describeExisting(target);
  const partial = `${target}.partial-${process.pid}`;
  await using reader = await openPostgresReader(url);
  try {
    const made = await openSqliteStore({ file: partial, role: "poller", clock });
    await made[Symbol.asyncDispose]();
    {
      await using writer = openSqliteWriter(partial);
      await copyStore({ from: reader, to: writer, place: target }, new AbortController().signal);
    }
    publishFile(partial, target);
  } catch (error) {
    throw error instanceof StoreError ? error : describeUnwritable(target, error);
  } finally {
    for (const suffix of ["", "-wal", "-shm", ".lock", ".holder"]) rmSync(partial + suffix, { force: true });
  }
}
