import type { Story } from "../model.ts";
import { digestKeyHex } from "./digest.ts";
import type { Row, Session } from "./postgres-connection.ts";
import { listGroups } from "./postgres-copy-groups.ts";
import { toTsQuery } from "./postgres-search.ts";
import { readNumber, readText } from "./rows.ts";
import type { CopyGroup, StoryDetail, StoryQuery, UnarchivedQuery } from "./store.ts";
import {
  isTagged,
  newestFirst,
  type RankedSighting,
  type SightingSource,
  toCopyGroups,
  toSighting,
  toSightingSource,
  toStoredAlias,
  toStory,
} from "./story-rows.ts";

/** Where a story stands: newest `orderedAt` (ms since 1970) first, then the highest number. */
interface Place {
  readonly orderedAt: number;
  readonly number: number;
}

/** Up to so many sources each one's own newest stories are read and merged; above, the feed is read from the top. */
const MERGED_SOURCES_MAX = 64;
/** Stories looked at in one statement when the feed is read from the top, and how often. */
const WALK_STEP = 2000;
const WALK_STEPS_MAX = 10;

const TOP: Place = { orderedAt: Number.MAX_SAFE_INTEGER, number: Number.MAX_SAFE_INTEGER };

type Warn = (message: string) => void;

/** The page of stories that a query asks for, newest first. */
export async function listStories(
  session: Session,
  query: StoryQuery,
  onWarning: Warn,
): Promise<readonly Story[]> {
  if (query.numbers !== undefined) {
    const found = await loadStories(session, [...query.numbers], onWarning);
    return [...found.values()].sort(newestFirst).slice(0, query.limit);
  }
  const tags = new Set(query.tags ?? []);
  const sourceNos = await chooseSources(session, query);
  const stories: Story[] = [];
  let before: Place =
    query.before === undefined
      ? TOP
      : { orderedAt: query.before.orderedAt.getTime(), number: query.before.number };
  // More than one round only where a row was unreadable, or where both filters are given.
  while (stories.length < query.limit) {
    const limit = query.limit - stories.length;
    const places = await listPlaces(session, { sourceNos, before, limit, search: query.search });
    const last = places.at(-1);
    if (last === undefined) break;
    const page = await loadStories(
      session,
      places.map(({ number }) => number),
      onWarning,
    );
    for (const { number } of places) {
      const story = page.get(number);
      if (story !== undefined && isTagged(story, tags)) stories.push(story);
    }
    if (places.length < limit) break;
    before = last;
  }
  return stories;
}

/** The story of the first of these alias keys and published ids that is known. */
export async function findStory(
  session: Session,
  keys: readonly string[],
  onWarning: Warn,
): Promise<StoryDetail | null> {
  for (const key of keys) {
    const row = await session.one(
      `SELECT story FROM (
         SELECT 1 AS rank, story FROM aliases WHERE digest = $1::uuid
         UNION ALL SELECT 2, number FROM stories WHERE published_digest = $1::uuid
         UNION ALL SELECT 3, story FROM forwarded_ids WHERE digest = $1::uuid) AS found ORDER BY rank LIMIT 1`,
      [digestKeyHex(key)],
    );
    if (row === undefined) continue;
    const number = readNumber(row, "story");
    const story = (await loadStories(session, [number], onWarning)).get(number);
    if (story !== undefined) return describe(session, story, onWarning);
  }
  return null;
}

/** Stories that are on no page of an output's archive, in the order of their numbers. */
export async function listUnarchived(
  session: Session,
  query: UnarchivedQuery,
  onWarning: Warn,
): Promise<readonly Story[]> {
  const tags = new Set(query.tags ?? []);
  const sourceNos = await chooseSources(session, query);
  let { after } = query;
  for (;;) {
    const numbers = await unarchived(session, { ...query, after }, sourceNos);
    const loaded = await loadStories(session, numbers, onWarning);
    const stories = numbers.flatMap((number) => loaded.get(number) ?? []);
    const found = stories.filter((story) => isTagged(story, tags));
    const last = numbers.at(-1);
    // Where none of them can be read there may be more behind them.
    if (found.length > 0 || last === undefined || numbers.length < query.limit) return found;
    after = last;
  }
}

async function unarchived(
  session: Session,
  { output, after, limit, search }: UnarchivedQuery,
  sourceNos: readonly number[] | null,
): Promise<readonly number[]> {
  const words = search === undefined ? null : toTsQuery(search);
  if (search !== undefined && words === null) return [];
  const values: unknown[] = [after, output, limit];
  const notArchived = (story: string) =>
    `NOT EXISTS (SELECT 1 FROM archived_stories WHERE output = $2 AND archived_stories.story = ${story})`;
  if (words === null && sourceNos === null) {
    const sql = `SELECT number FROM stories WHERE number > $1 AND ${notArchived("stories.number")} ORDER BY number LIMIT $3`;
    return (await session.all(sql, values)).map((row) => readNumber(row, "number"));
  }
  const conditions = [`story > $1`, notArchived("sightings.story")];
  let from = "sightings";
  if (sourceNos !== null) conditions.push(`source_no = ANY($${values.push(sourceNos)}::bigint[])`);
  if (words !== null) {
    from = "sighting_texts JOIN sightings ON sightings.id = sighting";
    conditions.push(`words @@ $${values.push(words)}::tsquery`);
  }
  const rows = await session.all(
    `SELECT DISTINCT story AS number FROM ${from} WHERE ${conditions.join(" AND ")} ORDER BY story LIMIT $3`,
    values,
  );
  return rows.map((row) => readNumber(row, "number"));
}

/** The groups of copies that stories belong to, each once. */
export async function listCopies(
  session: Session,
  numbers: readonly number[],
  onWarning: Warn,
): Promise<readonly CopyGroup[]> {
  const groups = await listGroups(session, numbers);
  if (groups.length === 0) return [];
  const wanted = groups.flatMap((rows) => rows.map(({ story }) => story));
  return toCopyGroups(groups, await loadStories(session, wanted, onWarning));
}

async function describe(session: Session, story: Story, onWarning: Warn): Promise<StoryDetail> {
  const [aliases, forwarded, pins] = await Promise.all([
    session.all(
      `SELECT aliases.key, aliases.kind, rule, evidence, created_at, sources.id AS source_id
       FROM aliases LEFT JOIN sources ON sources.no = aliases.source_no WHERE story = $1 ORDER BY aliases.no`,
      [story.number],
    ),
    session.all('SELECT id FROM forwarded_ids WHERE story = $1 ORDER BY id COLLATE "C"', [story.number]),
    session.all('SELECT kind, key FROM pins WHERE story = $1 ORDER BY created_at, key COLLATE "C"', [
      story.number,
    ]),
  ]);
  return {
    copies: (await listCopies(session, [story.number], onWarning))[0] ?? null,
    story,
    aliases: aliases.map(toStoredAlias),
    forwardedIds: forwarded.map((row) => readText(row, "id")),
    overrides: pins.map((row) => `${readText(row, "kind")} ${readText(row, "key")}`),
  };
}

/** The sources to which a query is limited, or null for all. */
async function chooseSources(
  session: Session,
  query: Pick<StoryQuery, "sourceId" | "tags">,
): Promise<readonly number[] | null> {
  const nos = (rows: readonly Row[]) => rows.map((row) => readNumber(row, "no"));
  if (query.sourceId !== undefined) {
    return nos(await session.all("SELECT no FROM sources WHERE id = $1", [query.sourceId]));
  }
  if (query.tags === undefined || query.tags.length === 0) return null;
  return nos(await session.all("SELECT no FROM sources WHERE tags::jsonb ?| $1::text[]", [query.tags]));
}

interface PlaceQuery {
  readonly sourceNos: readonly number[] | null;
  readonly before: Place;
  readonly limit: number;
  readonly search?: string | undefined;
}

async function listPlaces(session: Session, query: PlaceQuery): Promise<readonly Place[]> {
  const { sourceNos, before, limit, search } = query;
  if (search !== undefined) return searchPlaces(session, search, query);
  if (sourceNos === null) {
    const rows = await session.all(
      `SELECT ordered_at, number FROM stories WHERE (ordered_at, number) < ($1, $2)
       ORDER BY ordered_at DESC, number DESC LIMIT $3`,
      [before.orderedAt, before.number, limit],
    );
    return rows.map(toPlace);
  }
  const walked =
    sourceNos.length <= MERGED_SOURCES_MAX ? null : await walkFromTop(session, { sourceNos, before, limit });
  return walked ?? mergeSources(session, { sourceNos, before, limit });
}

async function searchPlaces(
  session: Session,
  search: string,
  { sourceNos, before, limit }: PlaceQuery,
): Promise<readonly Place[]> {
  const words = toTsQuery(search);
  if (words === null) return [];
  const rows = await session.all(
    `SELECT DISTINCT story_ordered_at AS ordered_at, story AS number
     FROM sighting_texts JOIN sightings ON sightings.id = sighting
     WHERE words @@ $1::tsquery AND (story_ordered_at, story) < ($2, $3)
       AND ($4::bigint[] IS NULL OR source_no = ANY($4))
     ORDER BY story_ordered_at DESC, story DESC LIMIT $5`,
    [words, before.orderedAt, before.number, sourceNos, limit],
  );
  return rows.map(toPlace);
}

type SourcesQuery = {
  readonly sourceNos: readonly number[];
  readonly before: Place;
  readonly limit: number;
};

/** Reads the feed from the top and keeps what one of many sources carried; null when that takes too long. */
async function walkFromTop(session: Session, query: SourcesQuery): Promise<readonly Place[] | null> {
  const found: Place[] = [];
  let { before } = query;
  for (let step = 0; step < WALK_STEPS_MAX; step += 1) {
    const rows = await session.all(
      `SELECT ordered_at, number, EXISTS (SELECT 1 FROM sightings WHERE story = number AND source_no = ANY($1)) AS is_carried
       FROM stories WHERE (ordered_at, number) < ($2, $3) ORDER BY ordered_at DESC, number DESC LIMIT ${WALK_STEP}`,
      [query.sourceNos, before.orderedAt, before.number],
    );
    for (const row of rows) {
      before = toPlace(row);
      if (row.is_carried === true) found.push(before);
      if (found.length === query.limit) return found;
    }
    if (rows.length < WALK_STEP) return found;
  }
  return null;
}

/** Merges the newest stories of each source. */
async function mergeSources(
  session: Session,
  { sourceNos, before, limit }: SourcesQuery,
): Promise<readonly Place[]> {
  const rows = await session.all(
    `SELECT DISTINCT ordered_at, number FROM unnest($1::bigint[]) AS source (no) CROSS JOIN LATERAL (
       SELECT DISTINCT story_ordered_at AS ordered_at, story AS number FROM sightings
       WHERE source_no = source.no AND (story_ordered_at, story) < ($2, $3)
       ORDER BY story_ordered_at DESC, story DESC LIMIT $4
     ) AS newest
     ORDER BY ordered_at DESC, number DESC LIMIT $4`,
    [sourceNos, before.orderedAt, before.number, limit],
  );
  return rows.map(toPlace);
}

function toPlace(row: Row): Place {
  return { orderedAt: readNumber(row, "ordered_at"), number: readNumber(row, "number") };
}

/** Stories with their sightings, by number. One with no readable sighting is left out, aloud. */
async function loadStories(
  session: Session,
  numbers: readonly number[],
  onWarning: Warn,
): Promise<Map<number, Story>> {
  const stories = new Map<number, Story>();
  if (numbers.length === 0) return stories;
  const [rows, sightingRows] = await Promise.all([
    session.all("SELECT * FROM stories WHERE number = ANY($1)", [numbers]),
    session.all("SELECT * FROM sightings WHERE story = ANY($1) ORDER BY id", [numbers]),
  ]);
  const sources = await loadSources(
    session,
    new Set(sightingRows.map((row) => readNumber(row, "source_no"))),
  );
  const sightings = new Map<number, RankedSighting[]>();
  for (const row of sightingRows) {
    const source = sources.get(readNumber(row, "source_no"));
    const ranked = source === undefined ? null : toSighting(row, source);
    if (ranked === null) {
      onWarning(`the stored sighting ${String(row.id)} is unreadable and left out`);
      continue;
    }
    const story = readNumber(row, "story");
    const others = sightings.get(story);
    if (others === undefined) sightings.set(story, [ranked]);
    else others.push(ranked);
  }
  for (const row of rows) {
    const carriers = sightings.get(readNumber(row, "number"));
    if (carriers !== undefined) stories.set(readNumber(row, "number"), toStory(row, carriers));
  }
  return stories;
}

async function loadSources(session: Session, nos: ReadonlySet<number>): Promise<Map<number, SightingSource>> {
  const rows = await session.all(
    "SELECT no, id, kind, location, name, tags, priority, state, feed FROM sources WHERE no = ANY($1)",
    [[...nos]],
  );
  return new Map(rows.map((row) => [readNumber(row, "no"), toSightingSource(row)]));
}
