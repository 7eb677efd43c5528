/** Rows of stories, their sightings and aliases, as PostgreSQL's writers put them down. Within a transaction of theirs. */
import type { Alias, SightingRecord } from "../model.ts";
import { titleKeyOf } from "./carriers.ts";
import { digestKeyHex } from "./digest.ts";
import { type listOffered, SEEN_PRECISION_MS } from "./forgotten.ts";
import type { KnownStory, PlannedEdit, PlannedSighting } from "./poll-plan-types.ts";
import type { Session } from "./postgres-connection.ts";
import { mergeCopies } from "./postgres-copy-groups.ts";
import { writeTexts } from "./postgres-search.ts";
import { findTakenIds } from "./postgres-story-lookups.ts";
import { choosePublishedId, type PublishableRecord } from "./published-id.ts";
import { encodeContent } from "./records.ts";
import { readNumber } from "./rows.ts";
import { STORY_PINS, type StoryPin } from "./story-clusters.ts";

/** What a new story's row needs. Instants in ms since 1970. */
export interface NewStory {
  readonly number: number;
  readonly publishedId: string;
  readonly publishedAt: number;
  readonly updatedAt: number;
  readonly orderedAt: number;
  readonly firstSeenAt: number;
  readonly pin: StoryPin;
}

/** A new sighting with its number and its place. */
export interface NewSighting extends Omit<PlannedSighting, "story"> {
  readonly id: number;
  readonly sourceNo: number;
  readonly story: number;
  readonly storyOrderedAt: number;
  readonly firstSeenAt: number;
}

export interface NewAlias {
  readonly alias: Alias;
  readonly story: number;
  readonly sourceNo: number | null;
  readonly at: number;
}

/** Numbers for rows to come, in their order. */
export async function takeNumbers(
  session: Session,
  table: "stories" | "sightings" | "reports",
  count: number,
): Promise<number[]> {
  if (count === 0) return [];
  const column = { stories: "number", sightings: "id", reports: "no" }[table];
  const rows = await session.all(
    `SELECT nextval(pg_get_serial_sequence('${table}', '${column}')) AS n FROM generate_series(1, $1::int)`,
    [count],
  );
  return rows.map((row) => readNumber(row, "n"));
}

/** Notes that a source still offers what was forgotten; see `listOffered`. */
export async function noteForgotten(
  session: Session,
  { keys, ids }: ReturnType<typeof listOffered>,
  { sourceNo, at }: { readonly sourceNo: number; readonly at: number },
): Promise<void> {
  const noticed = at - SEEN_PRECISION_MS;
  if (keys.size > 0)
    await session.run(
      `INSERT INTO forgotten_keys (digest, source_no, published_at, seen_at)
       SELECT digest, $3, max(published_at), $4 FROM unnest($1::uuid[], $2::bigint[]) AS new (digest, published_at)
       GROUP BY digest ON CONFLICT (digest, source_no) DO UPDATE SET seen_at = excluded.seen_at
       WHERE forgotten_keys.seen_at <= $5`,
      [
        [...keys.keys()].map(digestKeyHex),
        [...keys.values()].map(({ publishedAt }) => publishedAt),
        sourceNo,
        at,
        noticed,
      ],
    );
  if (ids.length > 0)
    await session.run(
      `UPDATE forgotten_keys SET seen_at = $3
       WHERE digest = ANY($1::uuid[]) AND source_no = $2 AND seen_at <= $4`,
      [ids.map(digestKeyHex), sourceNo, at, noticed],
    );
}

export async function insertStories(session: Session, stories: readonly NewStory[]): Promise<void> {
  if (stories.length === 0) return;
  await session.run(
    `INSERT INTO stories (number, published_digest, published_at, updated_at, ordered_at, first_seen_at, pin, published_id)
     SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::int[],
       $8::text[])`,
    [
      stories.map(({ number }) => number),
      stories.map(({ publishedId }) => digestKeyHex(publishedId)),
      stories.map(({ publishedAt }) => publishedAt),
      stories.map(({ updatedAt }) => updatedAt),
      stories.map(({ orderedAt }) => orderedAt),
      stories.map(({ firstSeenAt }) => firstSeenAt),
      stories.map(({ pin }) => STORY_PINS.indexOf(pin)),
      stories.map(({ publishedId }) => publishedId),
    ],
  );
}

export async function insertSightings(session: Session, sightings: readonly NewSighting[]): Promise<void> {
  if (sightings.length === 0) return;
  const records = sightings.map(({ record }) => record);
  await Promise.all([
    session.run(
      `INSERT INTO sightings (id, source_no, story, story_ordered_at, guid_digest, variant, content_hash, identity_hash,
         is_own_host, completeness, title_key, first_seen_at, published_at, updated_at, ordered_at, record)
       SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::uuid[], $6::text[], $7::text[],
         $8::text[], $9::int[], $10::float8[], $11::text[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[],
         $16::text[])`,
      [
        sightings.map(({ id }) => id),
        sightings.map(({ sourceNo }) => sourceNo),
        sightings.map(({ story }) => story),
        sightings.map(({ storyOrderedAt }) => storyOrderedAt),
        sightings.map(({ lookupGuidKey }) => digestKeyHex(lookupGuidKey)),
        sightings.map(({ variant }) => variant),
        records.map(({ contentHash }) => contentHash),
        sightings.map(({ identityHash }) => identityHash),
        records.map(({ isOwnHost }) => Number(isOwnHost)),
        records.map(({ completeness }) => completeness),
        records.map(({ entry }) => titleKeyOf(entry.title)),
        sightings.map(({ firstSeenAt }) => firstSeenAt),
        records.map(({ publishedAt }) => publishedAt.getTime()),
        records.map(({ updatedAt }) => updatedAt.getTime()),
        records.map(({ orderedAt }) => orderedAt.getTime()),
        records.map((record) => encodeContent(record, [])),
      ],
    ),
    writeTexts(
      session,
      sightings.map(({ id, record }) => ({ id, entry: record.entry })),
    ),
  ]);
}

export async function updateSightings(session: Session, edits: readonly PlannedEdit[]): Promise<void> {
  if (edits.length === 0) return;
  const records = edits.map(({ record }): SightingRecord => record);
  await Promise.all([
    // An entry without a date was given the time of that poll; the one of its first sighting stays.
    session.run(
      `UPDATE sightings SET content_hash = new.content_hash, identity_hash = new.identity_hash,
         is_own_host = new.is_own_host, completeness = new.completeness, title_key = new.title_key,
         published_at = coalesce(new.published_at, sightings.published_at), updated_at = new.updated_at,
         record = new.record
       FROM unnest($1::bigint[], $2::text[], $3::text[], $4::int[], $5::float8[], $6::text[], $7::bigint[], $8::bigint[],
         $9::text[]) AS new (id, content_hash, identity_hash, is_own_host, completeness, title_key, published_at,
         updated_at, record)
       WHERE sightings.id = new.id`,
      [
        edits.map(({ id }) => id),
        records.map(({ contentHash }) => contentHash),
        edits.map(({ identityHash }) => identityHash),
        records.map(({ isOwnHost }) => Number(isOwnHost)),
        records.map(({ completeness }) => completeness),
        records.map(({ entry }) => titleKeyOf(entry.title)),
        records.map(({ entry, publishedAt }) => (entry.published === null ? null : publishedAt.getTime())),
        records.map(({ updatedAt }) => updatedAt.getTime()),
        edits.map(({ record, formerAliases }) => encodeContent(record, formerAliases)),
      ],
    ),
    writeTexts(
      session,
      edits.filter(({ hasNewText }) => hasNewText).map(({ id, record }) => ({ id, entry: record.entry })),
    ),
  ]);
}

export async function moveSightings(
  session: Session,
  moves: readonly { readonly id: number; readonly story: number }[],
): Promise<void> {
  if (moves.length === 0) return;
  await session.run(
    `UPDATE sightings SET story = stories.number, story_ordered_at = stories.ordered_at
     FROM unnest($1::bigint[], $2::bigint[]) AS move (id, story) JOIN stories ON stories.number = move.story
     WHERE sightings.id = move.id`,
    [moves.map(({ id }) => id), moves.map(({ story }) => story)],
  );
}

/** Lets keys point at stories, where they do not point at one already. @returns how many do now */
export async function insertAliases(session: Session, aliases: readonly NewAlias[]): Promise<number> {
  if (aliases.length === 0) return 0;
  return session.run(
    `INSERT INTO aliases (digest, story, source_no, created_at, kind, rule, key, evidence)
     SELECT digest, story, source_no, created_at, kind, rule, key, evidence
     FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[])
       WITH ORDINALITY AS new (digest, story, source_no, created_at, kind, rule, key, evidence, place)
     ORDER BY place ON CONFLICT (digest) DO NOTHING`,
    [
      aliases.map(({ alias }) => digestKeyHex(alias.key)),
      aliases.map(({ story }) => story),
      aliases.map(({ sourceNo }) => sourceNo),
      aliases.map(({ at }) => at),
      aliases.map(({ alias }) => alias.kind),
      aliases.map(({ alias }) => alias.rule),
      aliases.map(({ alias }) => alias.key),
      aliases.map(({ alias }) => alias.evidence),
    ],
  );
}

export async function updateStories(
  session: Session,
  stories: readonly Omit<KnownStory, "carriers">[],
): Promise<void> {
  if (stories.length === 0) return;
  await session.run(
    `UPDATE stories SET updated_at = new.updated_at, first_seen_at = new.first_seen_at, pin = new.pin
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::int[]) AS new (number, updated_at, first_seen_at, pin)
     WHERE stories.number = new.number`,
    [
      stories.map(({ number }) => number),
      stories.map(({ updatedAt }) => updatedAt),
      stories.map(({ firstSeenAt }) => firstSeenAt),
      stories.map(({ pin }) => STORY_PINS.indexOf(pin)),
    ],
  );
}

/** Makes one story of two: what the younger one had goes over, and its published id is forwarded from now on. */
export async function mergeStory(session: Session, from: number, into: number): Promise<void> {
  const pair = [into, from];
  await Promise.all([
    session.run(
      `UPDATE sightings SET story = $1, story_ordered_at = (SELECT ordered_at FROM stories WHERE number = $1)
       WHERE story = $2`,
      pair,
    ),
    session.run("UPDATE aliases SET story = $1 WHERE story = $2", pair),
    session.run("UPDATE pins SET story = $1 WHERE story = $2", pair),
    session.run("UPDATE forwarded_ids SET story = $1 WHERE story = $2", pair),
    session.run(
      `INSERT INTO forwarded_ids (digest, id, story)
       SELECT published_digest, published_id, $1::bigint FROM stories WHERE number = $2`,
      pair,
    ),
    mergeCopies(session, from, into),
    session.run("DELETE FROM stories WHERE number = $2 AND number <> $1", pair),
  ]);
}

/** Gives the pins of a group, which waited for a story, this one. @returns how many aliases that made */
export async function settlePins(session: Session, group: number, story: number): Promise<number> {
  const [, adopted] = await Promise.all([
    session.run("UPDATE pins SET story = $1 WHERE group_no = $2 AND story IS NULL", [story, group]),
    session.run(
      `INSERT INTO aliases (digest, story, source_no, created_at, kind, rule, key, evidence)
       SELECT digest, story, NULL, created_at, alias_kind, rule, key, evidence FROM pins WHERE group_no = $1
       ON CONFLICT (digest) DO NOTHING`,
      [group],
    ),
  ]);
  return adopted;
}

/**
 * Founds a story for sightings that leave another. An id that was forwarded to that one is its own again: readers know the
 * entry by it. @returns its number
 */
export async function foundFrom(
  session: Session,
  left: number,
  { record, ...row }: Omit<NewStory, "number" | "publishedId"> & { readonly record: PublishableRecord },
): Promise<number> {
  const publishedId = await choosePublishedIdFrom(session, record, left);
  await session.run("DELETE FROM forwarded_ids WHERE digest = $1::uuid AND story = $2", [
    digestKeyHex(publishedId),
    left,
  ]);
  const [number] = await takeNumbers(session, "stories", 1);
  if (number === undefined) throw new Error("the store gave no number for a story");
  await insertStories(session, [{ ...row, number, publishedId }]);
  return number;
}

async function choosePublishedIdFrom(
  session: Session,
  record: PublishableRecord,
  exceptForwardedBy: number,
): Promise<string> {
  const asked = new Map<string, boolean>();
  for (;;) {
    let unknown: string | null = null;
    const id = choosePublishedId(record, (wanted) => {
      const isTaken = asked.get(wanted);
      if (isTaken === undefined) unknown ??= wanted;
      return isTaken ?? false;
    });
    if (unknown === null) return id;
    const forwardedBy = (await findTakenIds(session, [unknown])).get(unknown);
    asked.set(unknown, forwardedBy !== undefined && forwardedBy !== exceptForwardedBy);
  }
}

export async function addDuplicates(session: Session, changes: ReadonlyMap<number, number>): Promise<void> {
  return addToCounts(session, { duplicates: changes });
}

/** Keeps the counts of sources true. */
export async function addToCounts(
  session: Session,
  changes: {
    readonly duplicates?: ReadonlyMap<number, number>;
    readonly entries?: ReadonlyMap<number, number>;
  },
): Promise<void> {
  const { duplicates = new Map<number, number>(), entries = new Map<number, number>() } = changes;
  const nos = [...new Set([...duplicates.keys(), ...entries.keys()])];
  if (nos.length === 0) return;
  await session.run(
    `UPDATE source_counts SET entry_count = entry_count + new.entries, duplicate_count = duplicate_count + new.duplicates
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS new (no, entries, duplicates) WHERE source_no = new.no`,
    [nos, nos.map((no) => entries.get(no) ?? 0), nos.map((no) => duplicates.get(no) ?? 0)],
  );
}

/** Tells every server that there is something to render; heard when the transaction is committed. */
export const REVISION_CHANNEL = "mainstem_revision";

/** Keeps the totals of `meta` true; a visible change makes the revision grow. The last statement of a transaction. */
export async function addTotals(
  session: Session,
  change: { readonly isVisible: boolean; readonly stories: number; readonly aliases: number },
): Promise<void> {
  if (!change.isVisible && change.stories === 0 && change.aliases === 0) return;
  const told = change.isVisible
    ? session.run(`SELECT pg_notify('${REVISION_CHANNEL}', current_schema())`)
    : null;
  await Promise.all([
    told,
    session.run(
      "UPDATE meta SET revision = revision + $1, stories = stories + $2, aliases = aliases + $3 WHERE id = 1",
      [Number(change.isVisible), change.stories, change.aliases],
    ),
  ]);
}
