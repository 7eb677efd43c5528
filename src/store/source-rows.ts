/** What both engines make of rows about sources. */
import type { SourceKind, SourceState, SourceStatus } from "../model.ts";
import { decodeFeed, decodePollState, decodeTexts, NEW_POLL_STATE } from "./records.ts";
import { readInstant, readNumber, readOptionalInstant, readOptionalText, readText } from "./rows.ts";
import type { DailyCount } from "./store.ts";

const DAY_MS = 86_400_000;

/** What lies further ahead of `now` than this was written before the clock was set back. */
export const CLOCK_SKEW_MAX_MS = 60_000;

/** How the config, as a parent of sources, is written in `source_parents`. */
export const CONFIG_PARENT = "";

/** The UTC day of an instant, counted from 1970-01-01. */
export function dayOf(instant: Date): number {
  return Math.floor(instant.getTime() / DAY_MS);
}

/** Rows of `id`, `day` and `count`, in order of their days, by source id. */
export function groupDailyCounts(
  rows: readonly Readonly<Record<string, unknown>>[],
): ReadonlyMap<string, readonly DailyCount[]> {
  const counts = new Map<string, DailyCount[]>();
  for (const row of rows) {
    const day = new Date(readNumber(row, "day") * DAY_MS).toISOString().slice(0, 10);
    const count = { day, count: readNumber(row, "count") };
    const id = readText(row, "id");
    const days = counts.get(id);
    if (days === undefined) counts.set(id, [count]);
    else days.push(count);
  }
  return counts;
}

/** A source as its row says. An unreadable state starts afresh, aloud. */
export function toSourceState(
  row: Readonly<Record<string, unknown>>,
  onWarning: (message: string) => void,
): SourceState {
  const id = readText(row, "id");
  const state = decodePollState(readText(row, "state"));
  if (state === null) onWarning(`the stored state of source ${id} is unreadable; it starts afresh`);
  return {
    ...(state ?? NEW_POLL_STATE),
    id,
    kind: readSourceKind(row),
    location: readText(row, "location"),
    name: readOptionalText(row, "name"),
    tags: decodeTexts(readText(row, "tags")),
    priority: readNumber(row, "priority"),
    parentId: readOptionalText(row, "parent_id"),
    addedAt: readInstant(row, "added_at"),
    feed: decodeFeed(readOptionalText(row, "feed")),
    nextPollAt: readInstant(row, "next_poll_at"),
    status: readNumber(row, "is_retired") !== 0 ? "retired" : readStatus(row),
    lastPollAt: readOptionalInstant(row, "last_poll_at"),
    lastOkAt: readOptionalInstant(row, "last_ok_at"),
    lastNewEntryAt: readOptionalInstant(row, "last_new_entry_at"),
    entryCount: readNumber(row, "entry_count"),
    duplicateCount: readNumber(row, "duplicate_count"),
  };
}

const SOURCE_KINDS: readonly SourceKind[] = ["url", "file", "articles", "opml"];
const STATUSES: readonly SourceStatus[] = ["new", "ok", "failing", "gone", "retired"];

/** The kind of the source in a row with the column `kind`. */
export function readSourceKind(row: Readonly<Record<string, unknown>>): SourceKind {
  const kind = readText(row, "kind");
  return SOURCE_KINDS.find((known) => known === kind) ?? "url";
}

function readStatus(row: Readonly<Record<string, unknown>>): SourceStatus {
  const status = readText(row, "status");
  return STATUSES.find((known) => known === status) ?? "new";
}
