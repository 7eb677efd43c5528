/** From an identified entry to what the store keeps: its times, its place in the combined feed, its digest. Pure. */
import { hash } from "node:crypto";
import type { Entry, IdentifiedEntry, SightingRecord } from "../model.ts";

export interface SightingContext {
  /** When the document was read. */
  readonly now: Date;
  /** When this source was last read before, or null at its first time. */
  readonly lastReadAt: Date | null;
}

/** How far back before the last reading an entry's own date is believed for its place in the feed. */
const lateMs = 2 * 86_400_000;

/** Dates before the web are slips (an epoch of 0, a year 1). */
const earliestMs = Date.UTC(1990, 0, 1);

/**
 * Adds what the store needs to know of an entry.
 *
 * `publishedAt` is the entry's own date, or `now` where it has none or one in the future. `orderedAt` is the same, except
 * for an entry that appears with a date long before the last reading: readers have scrolled past that place, so it stands
 * where it was first seen.
 */
export function toSightingRecord(
  identified: IdentifiedEntry,
  { now, lastReadAt }: SightingContext,
): SightingRecord {
  const { entry } = identified;
  const publishedAt = believable(entry.published ?? entry.updated, now) ?? now;
  const updatedAt = believable(entry.updated, now) ?? publishedAt;
  const isLate = lastReadAt !== null && publishedAt.getTime() < lastReadAt.getTime() - lateMs;
  return {
    ...identified,
    contentHash: digestOfVisible(entry, identified.originalUrl),
    publishedAt,
    updatedAt: updatedAt < publishedAt ? publishedAt : updatedAt,
    orderedAt: isLate ? now : publishedAt,
    completeness: completenessOf(entry),
  };
}

/** How much of its story an entry tells, in characters. */
export function completenessOf(entry: Pick<Entry, "contentHtml" | "summary">): number {
  return (entry.contentHtml ?? entry.summary ?? "").length;
}

/** A date that is neither in the future nor before the web; else null. */
export function believable(date: Date | null, now: Date): Date | null {
  return date !== null && date <= now && date.getTime() >= earliestMs ? date : null;
}

/** Digest (hex) of what a reader of the combined feed sees of an entry; an entry whose digest changed was edited. */
export function digestOfVisible(entry: Entry, originalUrl: string | null): string {
  const {
    title,
    authors,
    contributors,
    summary,
    contentHtml,
    categories,
    enclosures,
    rights,
    imageUrl,
    language,
    episode,
  } = entry;
  const visible = [
    originalUrl ?? entry.url,
    title,
    authors,
    contributors,
    summary,
    contentHtml,
    categories,
    enclosures,
    rights,
    imageUrl,
    language,
    ...(episode === undefined ? [] : [episode]),
  ];
  return hash("sha256", JSON.stringify(visible)).slice(0, 32);
}
