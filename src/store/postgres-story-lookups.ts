/** What the planner of polls and the operator's commands look up about stories in PostgreSQL. Within a transaction of theirs. */
import type { Carrier } from "./carriers.ts";
import { digestKeyHex } from "./digest.ts";
import type { ForgottenKey } from "./forgotten.ts";
import type { KnownPin, KnownSighting, KnownStory } from "./poll-plan-types.ts";
import type { Row, Session } from "./postgres-connection.ts";
import { decodeContent, type SightingContent } from "./records.ts";
import { readNumber, readOptionalNumber, readText } from "./rows.ts";
import { STORY_PINS } from "./story-clusters.ts";
import { toCarrier } from "./story-rows.ts";

/** A story, and where it stands in the order (ms since 1970). */
export interface PlacedStory extends KnownStory {
  readonly orderedAt: number;
}

/** The stories that keys point at, by key. */
export async function findOwners(session: Session, keys: readonly string[]): Promise<Map<string, number>> {
  return byKey(
    keys,
    await selectDigests(session, "SELECT digest, story FROM aliases WHERE digest", keys),
    (row) => readNumber(row, "story"),
  );
}

export async function findOwner(session: Session, key: string): Promise<number | null> {
  return (await findOwners(session, [key])).get(key) ?? null;
}

/** The operator's pins on keys, by key. */
export async function findPins(session: Session, keys: readonly string[]): Promise<Map<string, KnownPin>> {
  const sql = "SELECT digest, kind, story, group_no FROM pins WHERE digest";
  return byKey(keys, await selectDigests(session, sql, keys), (row) => ({
    kind: readText(row, "kind") === "split" ? "split" : "merge",
    story: readOptionalNumber(row, "story"),
    group: readNumber(row, "group_no"),
  }));
}

/** What is left of keys of stories that were forgotten, by key. */
export async function findForgotten(
  session: Session,
  keys: readonly string[],
): Promise<Map<string, ForgottenKey>> {
  const sql =
    "SELECT * FROM (SELECT digest, max(published_at) AS published_at FROM forgotten_keys GROUP BY digest) AS keys WHERE digest";
  return byKey(keys, await selectDigests(session, sql, keys), (row) => ({
    publishedAt: readNumber(row, "published_at"),
  }));
}

/** Which of these ids a story publishes, forwards, or did before it was forgotten; by id, the story that forwards it. */
export async function findTakenIds(
  session: Session,
  ids: readonly string[],
): Promise<Map<string, number | null>> {
  const digests = [...new Set(ids.map(digestKeyHex))];
  const rows = await session.all(
    `SELECT published_digest AS digest, NULL::bigint AS story FROM stories WHERE published_digest = ANY($1::uuid[])
     UNION ALL SELECT digest, NULL FROM forgotten_keys WHERE digest = ANY($1::uuid[])
     UNION ALL SELECT digest, story FROM forwarded_ids WHERE digest = ANY($1::uuid[])`,
    [digests],
  );
  const taken = new Map<string, number | null>();
  // Who publishes an id comes first: that it is forwarded, too, changes nothing.
  for (const row of rows.toReversed()) taken.set(bareDigest(row), readOptionalNumber(row, "story"));
  return new Map(
    ids.flatMap((id): [string, number | null][] => {
      const story = taken.get(digestKeyHex(id));
      return story === undefined ? [] : [[id, story]];
    }),
  );
}

/** Stories with their carriers, by number. @throws Error where one is not there: an alias or sighting points nowhere */
export async function readStories(
  session: Session,
  numbers: readonly number[],
): Promise<Map<number, PlacedStory>> {
  const stories = new Map<number, PlacedStory>();
  if (numbers.length === 0) return stories;
  const [rows, carriers] = await Promise.all([
    session.all(
      "SELECT number, updated_at, first_seen_at, ordered_at, pin FROM stories WHERE number = ANY($1)",
      [numbers],
    ),
    readCarriers(session, numbers),
  ]);
  for (const row of rows) {
    const number = readNumber(row, "number");
    stories.set(number, {
      number,
      updatedAt: readNumber(row, "updated_at"),
      firstSeenAt: readNumber(row, "first_seen_at"),
      orderedAt: readNumber(row, "ordered_at"),
      pin: STORY_PINS[readNumber(row, "pin")] ?? "none",
      carriers: carriers.get(number) ?? [],
    });
  }
  for (const number of numbers) if (!stories.has(number)) throw new Error(`there is no story ${number}`);
  return stories;
}

export async function readStory(session: Session, number: number): Promise<PlacedStory> {
  const story = (await readStories(session, [number])).get(number);
  if (story === undefined) throw new Error(`there is no story ${number}`);
  return story;
}

/** By story. */
export async function readCarriers(
  session: Session,
  stories: readonly number[],
): Promise<Map<number, Carrier[]>> {
  const rows = await session.all(
    `SELECT sightings.id, story, source_no, priority, is_own_host, completeness, title_key, first_seen_at, content_hash,
       updated_at
     FROM sightings JOIN sources ON sources.no = source_no WHERE story = ANY($1) ORDER BY sightings.id`,
    [stories],
  );
  const carriers = new Map<number, Carrier[]>();
  for (const row of rows) {
    const story = readNumber(row, "story");
    const own = carriers.get(story) ?? [];
    carriers.set(story, own);
    own.push(toCarrier(row));
  }
  return carriers;
}

/** The name of a sighting among those of many sources. */
export function nameGuid({
  sourceNo,
  guidKey,
}: {
  readonly sourceNo: number;
  readonly guidKey: string;
}): string {
  return `${sourceNo} ${digestKeyHex(guidKey)}`;
}

/** The stored sightings under guid keys, by {@link nameGuid}, each in the order of their numbers. */
export async function findByGuids(
  session: Session,
  guids: readonly { readonly sourceNo: number; readonly guidKey: string }[],
): Promise<Map<string, KnownSighting[]>> {
  const rows = await session.all(
    `SELECT id, sightings.source_no, sightings.guid_digest, story, variant, content_hash, identity_hash
     FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::uuid[]) AS each (source_no, guid_digest)) AS wanted
       JOIN sightings ON sightings.source_no = wanted.source_no AND sightings.guid_digest = wanted.guid_digest
     ORDER BY id`,
    [guids.map(({ sourceNo }) => sourceNo), guids.map(({ guidKey }) => digestKeyHex(guidKey))],
  );
  const found = new Map<string, KnownSighting[]>();
  for (const row of rows) {
    const name = `${readNumber(row, "source_no")} ${bareDigest(row, "guid_digest")}`;
    const own = found.get(name) ?? [];
    found.set(name, own);
    own.push({
      id: readNumber(row, "id"),
      story: readNumber(row, "story"),
      variant: readText(row, "variant"),
      contentHash: readText(row, "content_hash"),
      identityHash: readText(row, "identity_hash"),
    });
  }
  return found;
}

/** What sightings say, by number; null where it is unreadable. */
export async function readContents(
  session: Session,
  ids: readonly number[],
): Promise<Map<number, SightingContent | null>> {
  if (ids.length === 0) return new Map();
  const rows = await session.all("SELECT id, record FROM sightings WHERE id = ANY($1)", [ids]);
  return new Map(rows.map((row) => [readNumber(row, "id"), decodeContent(readText(row, "record"))]));
}

/** The hexadecimal digits of a digest in a row, as {@link digestKeyHex} gives them. */
function bareDigest(row: Row, column = "digest"): string {
  return readText(row, column).replaceAll("-", "");
}

async function selectDigests(
  session: Session,
  sql: string,
  keys: readonly string[],
): Promise<readonly Row[]> {
  if (keys.length === 0) return [];
  return session.all(`${sql} = ANY($1::uuid[])`, [[...new Set(keys.map(digestKeyHex))]]);
}

function byKey<T>(keys: readonly string[], rows: readonly Row[], read: (row: Row) => T): Map<string, T> {
  if (rows.length === 0) return new Map();
  const found = new Map(rows.map((row) => [bareDigest(row), read(row)]));
  return new Map(
    keys.flatMap((key): [string, T][] => {
      const value = found.get(digestKeyHex(key));
      return value === undefined ? [] : [[key, value]];
    }),
  );
}
