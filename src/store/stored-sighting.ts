/** Stored sightings as both engines give them to be named anew. */
import { decodeContent } from "./records.ts";
import { readInstant, readNumber, readText } from "./rows.ts";
import type { StoredSighting } from "./store.ts";

/** What {@link toStored} reads, of `sightings` joined with `sources`. */
export const STORED_COLUMNS = `sightings.id, sources.id AS source_id, sightings.content_hash, is_own_host, completeness,
  sightings.published_at, sightings.updated_at, sightings.ordered_at, record`;

/** Sightings of one question that are named anew at most; a URL that thousands carry names nothing anyway. */
export const ASKERS_MAX = 1000;

/** None for an unreadable row. */
export function toStored(row: Readonly<Record<string, unknown>>): StoredSighting[] {
  const content = decodeContent(readText(row, "record"));
  if (content === null) return [];
  const { formerAliases: _, ...identity } = content;
  const record = {
    ...identity,
    isOwnHost: readNumber(row, "is_own_host") !== 0,
    contentHash: readText(row, "content_hash"),
    publishedAt: readInstant(row, "published_at"),
    updatedAt: readInstant(row, "updated_at"),
    orderedAt: readInstant(row, "ordered_at"),
    completeness: readNumber(row, "completeness"),
  };
  return [{ id: readNumber(row, "id"), sourceId: readText(row, "source_id"), record }];
}
