import type { DatabaseSync, StatementSync } from "node:sqlite";
import { readNumber } from "./rows.ts";

/** Where a story stands in the combined feed: newest `orderedAt` (ms since 1970) first, then the highest number. */
export interface Place {
  readonly orderedAt: number;
  readonly number: number;
}

export interface PlaceQuery {
  /** Only stories that one of these sources carried; null for all. */
  readonly sourceNos: readonly number[] | null;
  /** Only places strictly after this one in the order; null from the top. */
  readonly before: Place | null;
  readonly limit: number;
}

/** Up to so many sources each one's own newest stories are read and merged; above, the feed is read from the top. */
const MERGED_SOURCES_MAX = 64;

/** Stories looked at in one statement when the feed is read from the top. */
const WALK_STEP = 2_000;

/** After so many such statements what is asked for must be rare, and the sources' own lists are quicker after all. */
const WALK_STEPS_MAX = 10;

const TOP: Place = { orderedAt: Number.MAX_SAFE_INTEGER, number: Number.MAX_SAFE_INTEGER };

export interface PlaceStatements {
  readonly all: StatementSync;
  readonly walk: StatementSync;
  readonly ofSource: StatementSync;
}

export function preparePlaces(db: DatabaseSync): PlaceStatements {
  // With `LIMIT ?` a statement is planned anew each time it is run, and one of these is run for each source.
  return {
    all: db.prepare(
      `SELECT ordered_at, number FROM stories WHERE (ordered_at, number) < (?, ?)
       ORDER BY ordered_at DESC, number DESC LIMIT ? + 0`,
    ),
    walk: db.prepare(
      `SELECT ordered_at, number, EXISTS (SELECT 1 FROM sightings WHERE story = number
         AND source_no IN (SELECT value FROM json_each(?))) AS is_carried
       FROM stories WHERE (ordered_at, number) < (?, ?) ORDER BY ordered_at DESC, number DESC LIMIT ${WALK_STEP}`,
    ),
    ofSource: db.prepare(
      `SELECT story_ordered_at AS ordered_at, story AS number FROM sightings
       WHERE source_no = ? AND (story_ordered_at, story) < (?, ?) AND story_ordered_at >= ?
       GROUP BY story_ordered_at, story ORDER BY story_ordered_at DESC, story DESC LIMIT ? + 0`,
    ),
  };
}

/** The places that a query asks for, in order; fewer than `limit` only at the end. */
export function listPlaces(statements: PlaceStatements, query: PlaceQuery): readonly Place[] {
  const { sourceNos, limit } = query;
  const before = query.before ?? TOP;
  if (sourceNos === null) {
    return statements.all.all(before.orderedAt, before.number, limit).map(toPlace);
  }
  if (sourceNos.length <= MERGED_SOURCES_MAX) return mergeSources(statements, { sourceNos, before, limit });
  return (
    walkFromTop(statements, { sourceNos, before, limit }) ??
    mergeSources(statements, { sourceNos, before, limit })
  );
}

type SourcesQuery = { readonly sourceNos: readonly number[]; readonly before: Place; readonly limit: number };

/** Reads the feed from the top and keeps what one of many sources carried; null when that takes too long. */
function walkFromTop(statements: PlaceStatements, query: SourcesQuery): readonly Place[] | null {
  const sources = JSON.stringify(query.sourceNos);
  const found: Place[] = [];
  let before = query.before;
  for (let step = 0; step < WALK_STEPS_MAX; step += 1) {
    const rows = statements.walk.all(sources, before.orderedAt, before.number);
    for (const row of rows) {
      before = toPlace(row);
      if (readNumber(row, "is_carried") !== 0) found.push(before);
      if (found.length === query.limit) return found;
    }
    if (rows.length < WALK_STEP) return found;
  }
  return null;
}

/** Merges the newest stories of each source. */
function mergeSources(statements: PlaceStatements, query: SourcesQuery): readonly Place[] {
  const { before, limit } = query;
  let best = new Map<number, Place>();
  let oldest = Number.MIN_SAFE_INTEGER;
  const keepBest = () => {
    const sorted = [...best.values()].sort(comparePlaces).slice(0, limit);
    best = new Map(sorted.map((place) => [place.number, place]));
    if (sorted.length === limit) oldest = sorted.at(-1)?.orderedAt ?? oldest;
  };
  for (const sourceNo of query.sourceNos) {
    const rows = statements.ofSource.all(sourceNo, before.orderedAt, before.number, oldest, limit);
    for (const row of rows) {
      const place = toPlace(row);
      best.set(place.number, place);
    }
    if (best.size >= limit * 2) keepBest();
  }
  keepBest();
  return [...best.values()];
}

function comparePlaces(a: Place, b: Place): number {
  return b.orderedAt - a.orderedAt || b.number - a.number;
}

function toPlace(row: Record<string, unknown>): Place {
  return { orderedAt: readNumber(row, "ordered_at"), number: readNumber(row, "number") };
}
