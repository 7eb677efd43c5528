/** Moves a whole store from one place to another. */
import type { StorePlace } from "../config/load.ts";
import { StoreError } from "../errors.ts";
import type { Clock } from "../model.ts";
import { type CopyOptions, type CopyReport, copyStore } from "../store/copy.ts";
import { describePlace } from "../store/postgres-connection.ts";
import { openPostgresReader, openPostgresWriter } from "../store/postgres-rows.ts";
import { openSqliteStore } from "../store/sqlite.ts";
import { openSqliteReader, openSqliteWriter } from "../store/sqlite-rows.ts";

export interface CopyStoreOptions extends Pick<CopyOptions, "onProgress" | "onResume"> {
  readonly from: StorePlace;
  readonly to: StorePlace;
  readonly clock: Clock;
}

/**
 * Copies everything of `from` into `to`, which must be empty or an unfinished copy of the same. A daemon on either must be
 * stopped; for SQLite that is held by its lock.
 * @throws StoreError; the signal's reason when aborted: the next call goes on where this one was
 */
export async function copyStores(
  { from, to, clock, ...events }: CopyStoreOptions,
  signal: AbortSignal,
): Promise<CopyReport> {
  if (nameOf(from) === nameOf(to)) {
    throw new StoreError("store/unwritable", `${nameOf(to)} is the same store; nothing was copied`);
  }
  await using stack = new AsyncDisposableStack();
  // Opened as a daemon would: the lock is ours, and the schema is today's.
  for (const place of [from, to]) {
    if (place.engine === "sqlite") {
      stack.use(await openSqliteStore({ file: place.file, role: "poller", clock }));
    }
  }
  const reader = stack.use(
    from.engine === "sqlite" ? openSqliteReader(from.file) : await openPostgresReader(from.url),
  );
  const writer = stack.use(
    to.engine === "sqlite" ? openSqliteWriter(to.file) : await openPostgresWriter(to.url),
  );
  return await copyStore({ from: reader, to: writer, place: nameOf(to), ...events }, signal);
}

/** A store as people may see it: without a password. */
export function nameOf(place: StorePlace): string {
  return place.engine === "sqlite" ? `sqlite:${place.file}` : describePlace(place.url);
}
