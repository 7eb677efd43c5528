import { StoreError } from "../errors.ts";
import {
  type CopiedRow,
  type CopiedValue,
  type CopyPosition,
  STORE_TABLES,
  type TableReader,
  type TableWriter,
} from "./tables.ts";

/** Rows per transaction, and fewer where they are large. */
const PAGE_ROWS = 1000;
const SMALL_PAGE_ROWS = 200;
const LARGE_TABLES: ReadonlySet<string> = new Set(["sightings", "archive_pages"]);

export interface CopyProgress {
  readonly table: string;
  /** Rows of all tables. */
  readonly done: number;
  readonly total: number;
}

export interface CopyOptions {
  readonly from: TableReader;
  readonly to: TableWriter;
  /** The target, for messages. */
  readonly place: string;
  readonly onProgress?: (progress: CopyProgress) => void;
  /** Hears that an unfinished copy goes on, or begins again since its source has changed. */
  readonly onResume?: (how: "goes-on" | "begins-again") => void;
}

export interface CopyReport {
  /** Rows now in the target, by table. */
  readonly rows: ReadonlyMap<string, number>;
  /** Of those, written by this run. */
  readonly written: number;
}

/**
 * Copies one moment of a store into an empty one, ids and numbers unchanged. Interrupted, it goes on where it was if the source is
 * still as it was, and begins again otherwise.
 * @throws StoreError when the target is not empty; the signal's reason when aborted
 */
export async function copyStore(options: CopyOptions, signal: AbortSignal): Promise<CopyReport> {
  const { from, to } = options;
  const fingerprint = await from.fingerprint();
  const start = await findStart(options, fingerprint);
  const totals = new Map<string, number>();
  for (const table of STORE_TABLES) totals.set(table.name, await from.count(table));
  const total = [...totals.values()].reduce((sum, count) => sum + count, 0);
  let done = 0;
  let written = 0;
  let isReached = start === null;
  for (const table of STORE_TABLES) {
    const isHere = start?.table === table.name;
    const count = totals.get(table.name) ?? 0;
    if (!isReached && !isHere) {
      done += count;
      continue;
    }
    isReached = true;
    let after: readonly CopiedValue[] | null = isHere ? decodeKey(start.after) : null;
    const limit = LARGE_TABLES.has(table.name) ? SMALL_PAGE_ROWS : PAGE_ROWS;
    // What an earlier run wrote of this table is not counted row by row.
    const base = done;
    for (;;) {
      signal.throwIfAborted();
      const rows: readonly CopiedRow[] = await from.readPage(table, after, limit);
      const last = rows.at(-1);
      if (last === undefined) break;
      after = table.key.map((column) => last[column] ?? null);
      await to.writePage(table, rows, { fingerprint, table: table.name, after: encodeKey(after) });
      written += rows.length;
      done = Math.min(done + rows.length, base + count);
      options.onProgress?.({ table: table.name, done, total });
      if (rows.length < limit) break;
    }
    done = base + count;
  }
  await to.finish(await from.readNumbers());
  return { rows: totals, written };
}

/** Where to go on; null at the beginning. */
async function findStart(options: CopyOptions, fingerprint: string): Promise<CopyPosition | null> {
  const { to, place } = options;
  const position = await to.position();
  if (position === null) {
    if (await to.isEmpty()) {
      // The tables' own first rows give way to those that come.
      await to.clear();
      return null;
    }
    throw new StoreError("store/unwritable", `the store ${place} is not empty; nothing was copied`, {
      hint: "name a store that does not exist yet",
    });
  }
  if (position.fingerprint === fingerprint) {
    options.onResume?.("goes-on");
    return position;
  }
  options.onResume?.("begins-again");
  await to.clear();
  return null;
}

/** A key as JSON takes it: bytes as hexadecimal digits. */
function encodeKey(key: readonly CopiedValue[]): readonly (string | number)[] {
  return key.map((part) => {
    if (part === null) throw new Error("a key has no null");
    return part instanceof Uint8Array ? `\\x${Buffer.from(part).toString("hex")}` : part;
  });
}

function decodeKey(key: CopyPosition["after"]): readonly CopiedValue[] | null {
  if (key === null) return null;
  return key.map((part) =>
    typeof part === "string" && part.startsWith("\\x") ? Buffer.from(part.slice(2), "hex") : part,
  );
}

/** Columns that one engine has and no other: who holds a lease. A copied source is nobody's. */
export const UNCOPIED_COLUMNS: ReadonlySet<string> = new Set([
  "holder",
  "host",
  "leased_at",
  "lease_expires_at",
]);
