import { addCounts, countDuplicates } from "./carriers.ts";
import type { Session } from "./postgres-connection.ts";
import { forgetTexts } from "./postgres-questions.ts";
import { addToCounts, addTotals } from "./postgres-stories.ts";
import { readCarriers } from "./postgres-story-lookups.ts";
import { decodeContent } from "./records.ts";
import { readInstant, readNumber, readText } from "./rows.ts";
import type { ForgetRequest, Forgettable, Retention } from "./store.ts";

const BEYOND = "(ordered_at, number) <= ($1, $2)";

/** The first place in the order that need not stay; everything from it on downwards goes. */
async function findBoundary(session: Session, keep: Retention): Promise<readonly [number, number] | null> {
  const order = "ORDER BY ordered_at DESC, number DESC LIMIT 1";
  const row =
    "since" in keep
      ? await session.one(`SELECT ordered_at, number FROM stories WHERE ordered_at < $1 ${order}`, [
          keep.since.getTime(),
        ])
      : await session.one(`SELECT ordered_at, number FROM stories ${order} OFFSET $1`, [keep.newest]);
  return row === undefined ? null : [readNumber(row, "ordered_at"), readNumber(row, "number")];
}

export async function countForgettable(session: Session, keep: Retention): Promise<Forgettable> {
  const boundary = await findBoundary(session, keep);
  const row =
    boundary === null
      ? undefined
      : await session.one(
          `SELECT count(*) AS stories, max(ordered_at) AS until,
             (SELECT count(*) FROM sightings WHERE story IN (SELECT number FROM stories WHERE ${BEYOND})) AS sightings
           FROM stories WHERE ${BEYOND}`,
          boundary,
        );
  if (row === undefined) return { stories: 0, sightings: 0, until: null };
  return {
    stories: readNumber(row, "stories"),
    sightings: readNumber(row, "sightings"),
    until: readInstant(row, "until"),
  };
}

export async function listForgettable(
  session: Session,
  keep: Retention,
  limit: number,
): Promise<readonly number[]> {
  const boundary = await findBoundary(session, keep);
  if (boundary === null) return [];
  const oldest = await session.all(
    `SELECT number FROM stories WHERE ${BEYOND} ORDER BY ordered_at, number LIMIT $3`,
    [...boundary, limit],
  );
  return oldest.map((row) => readNumber(row, "number"));
}

/** See `Store.forgetStories`; the stories' lock is held. */
export async function forgetStories(
  session: Session,
  keep: Retention,
  { at, limit, numbers: wanted }: ForgetRequest,
): Promise<{ readonly stories: number; readonly sightings: number }> {
  const oldest = await listForgettable(session, keep, limit);
  const numbers = wanted === undefined ? oldest : oldest.filter((number) => wanted.includes(number));
  if (numbers.length === 0) return { stories: 0, sightings: 0 };
  const [carriers, sightings] = await Promise.all([
    readCarriers(session, numbers),
    session.all("SELECT id, source_no, record FROM sightings WHERE story = ANY($1)", [numbers]),
  ]);
  const duplicates = new Map<number, number>();
  for (const own of carriers.values()) addCounts(duplicates, countDuplicates(own), -1);
  const entries = new Map<number, number>();
  for (const row of sightings) addCounts(entries, new Map([[readNumber(row, "source_no"), 1]]), -1);
  const ids = sightings.map((row) => readNumber(row, "id"));
  const urls = sightings.map((row) => decodeContent(readText(row, "record"))?.originalUrl ?? null);
  const [, , , , , aliases] = await Promise.all([
    session.run("DELETE FROM question_sightings WHERE sighting = ANY($1)", [ids]),
    forgetTexts(
      session,
      urls.filter((url) => url !== null),
    ),
    session.run(
      `INSERT INTO forgotten_keys (digest, source_no, published_at, seen_at)
       SELECT ids.digest, source_no, max(stories.published_at), $2 FROM (
         SELECT digest, story FROM aliases WHERE story = ANY($1)
         UNION SELECT published_digest, number FROM stories WHERE number = ANY($1)
         UNION SELECT digest, story FROM forwarded_ids WHERE story = ANY($1)
       ) AS ids JOIN stories ON number = ids.story JOIN sightings ON sightings.story = ids.story
       GROUP BY ids.digest, source_no
       ON CONFLICT (digest, source_no) DO UPDATE
         SET published_at = greatest(forgotten_keys.published_at, excluded.published_at),
           seen_at = greatest(forgotten_keys.seen_at, excluded.seen_at)`,
      [numbers, at.getTime()],
    ),
    addToCounts(session, { duplicates, entries }),
    // What an operator said of a key outlives the story; without one it waits, and the remembered key keeps it asleep.
    session.run("UPDATE pins SET story = NULL WHERE story = ANY($1)", [numbers]),
    session.run("DELETE FROM aliases WHERE story = ANY($1)", [numbers]),
    session.run("DELETE FROM forwarded_ids WHERE story = ANY($1)", [numbers]),
    session.run("DELETE FROM reports WHERE sighting = ANY($1)", [ids]),
    session.run("DELETE FROM copies WHERE story = ANY($1) OR original = ANY($1)", [numbers]),
    session.run("DELETE FROM sighting_texts WHERE sighting = ANY($1)", [ids]),
    session.run("DELETE FROM sightings WHERE id = ANY($1)", [ids]),
    session.run("DELETE FROM stories WHERE number = ANY($1)", [numbers]),
  ]);
  await addTotals(session, { isVisible: numbers.length > 0, stories: -numbers.length, aliases: -aliases });
  return { stories: numbers.length, sightings: ids.length };
}

/** See `Store.dropForgottenKeys`. */
export async function dropForgottenKeys(
  session: Session,
  { unseenMs, limit }: { readonly unseenMs: number; readonly limit: number },
): Promise<number> {
  return await session.run(
    `DELETE FROM forgotten_keys WHERE (digest, source_no) IN (
       SELECT keys.digest, keys.source_no FROM sources JOIN forgotten_keys AS keys
         ON keys.source_no = sources.no AND keys.seen_at <= sources.read_at - $1::bigint LIMIT $2)`,
    [unseenMs, limit],
  );
}
