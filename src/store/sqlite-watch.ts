import type { DatabaseSync } from "node:sqlite";
import { readPragma } from "./sqlite-migrate.ts";

/** How often is looked whether another process wrote: it costs microseconds. */
const INTERVAL_MS = 1000;

/**
 * Calls when another connection has changed the database, until disposed of
 * (https://www.sqlite.org/pragma.html#pragma_data_version).
 */
export function watchDatabase(db: DatabaseSync, onChange: () => void): AsyncDisposable {
  let version = readPragma(db, "data_version");
  const timer = setInterval(() => {
    if (!db.isOpen) return clearInterval(timer);
    const before = version;
    version = readPragma(db, "data_version");
    if (version !== before) onChange();
  }, INTERVAL_MS).unref();
  return { [Symbol.asyncDispose]: async () => clearInterval(timer) };
}
