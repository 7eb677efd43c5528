/** Gives a file's free pages back to the disk. */
import type { DatabaseSync } from "node:sqlite";
import { readPragma } from "./sqlite-migrate.ts";

/** Pages can be given back a few at a time only in a file that was made for it. */
export const INCREMENTAL = 2;

/**
 * Moves pages from the end of the file into free ones, at most about `bytesMax`. The file itself is shorter after the next
 * checkpoint. @returns what is still free
 */
export function shrinkDatabase(
  db: DatabaseSync,
  { bytesMax }: { readonly bytesMax: number },
): { readonly freeBytes: number; readonly fileBytes: number } {
  const pageBytes = readPragma(db, "page_size");
  const read = () => ({
    freeBytes: readPragma(db, "freelist_count") * pageBytes,
    fileBytes: readPragma(db, "page_count") * pageBytes,
  });
  const pages = Math.floor(bytesMax / pageBytes);
  if (readPragma(db, "auto_vacuum") !== INCREMENTAL) return { ...read(), freeBytes: 0 };
  if (pages > 0 && readPragma(db, "freelist_count") > 0) db.exec(`PRAGMA incremental_vacuum(${pages})`);
  return read();
}

/** Makes a file so that {@link shrinkDatabase} can work: it is written anew once, which takes as much space again for a while. */
export function prepareShrinking(db: DatabaseSync): void {
  if (readPragma(db, "auto_vacuum") === INCREMENTAL) return;
  db.exec(`PRAGMA auto_vacuum = ${INCREMENTAL}`);
  db.exec("VACUUM");
}
