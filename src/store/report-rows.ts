/** Reports of the window of copies, as both engines keep them. */
import { WINDOW_MS } from "../syndicate/choose.ts";
import type { PostingIndex } from "../syndicate/posting-index.ts";
import { type Row, readNumber, readOptionalNumber } from "./rows.ts";

/** Adds a row of `no`, `seen_at`, `title_hash` and `sample` to the index, unless it is out of the window at `at` (ms). */
export function addReportRow(index: PostingIndex, row: Row, at: number): void {
  const seenAt = readNumber(row, "seen_at");
  if (seenAt < at - WINDOW_MS) return;
  const titleHash = readOptionalNumber(row, "title_hash");
  index.add({ no: readNumber(row, "no"), at: seenAt, sample: readSample(row.sample), titleHash });
}

function readSample(value: unknown): Uint32Array {
  if (!(value instanceof Uint8Array)) return new Uint32Array(0);
  // What a database gives may begin anywhere.
  const bytes = value.byteOffset % 4 === 0 ? value : Uint8Array.from(value);
  return new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.byteLength / 4));
}
