import { addCounts, advanceUpdatedAt, chooseWinner, countDuplicates } from "./carriers.ts";
import { digestKeyHex } from "./digest.ts";
import { findParts, listHolders, type Member, type Part, toMember, withoutDropped } from "./parting.ts";
import type { Session } from "./postgres-connection.ts";
import type { PostgresCopyFinder } from "./postgres-copies.ts";
import { addCollapsedKeys, listAfter, locate, readSightings, rewrite, toBatch } from "./postgres-rewriter.ts";
import { addDuplicates, addTotals, foundFrom, moveSightings, updateStories } from "./postgres-stories.ts";
import { readCarriers, readStory } from "./postgres-story-lookups.ts";
import { decodeContent } from "./records.ts";
import { decodeIdentity, encodeIdentity } from "./rekeyed-identity.ts";
import { readNumber, readText } from "./rows.ts";
import type { RekeyReport, RekeyRequest, StoryName } from "./store.ts";

/** Sightings that are named at a time. */
const BATCH = 1000;

/** Merges and parts that are told by name. */
const EXAMPLES_MAX = 10;

/** Thrown to undo everything of a dry run. */
export class DryRunDone extends Error {
  readonly report: RekeyReport;

  constructor(report: RekeyReport) {
    super("a dry run keeps nothing");
    this.report = report;
  }
}

/**
 * Names every sighting anew, as `sqlite-rekey.ts` does: the new keys are worked out and kept aside, stories are parted, then the
 * new keys are written as edits. The stories' lock is held.
 * @throws DryRunDone at the end of a dry run; the signal's reason when aborted
 */
export async function rekey(
  session: Session,
  request: RekeyRequest,
  { signal, copies }: { readonly signal: AbortSignal; readonly copies: PostgresCopyFinder | null },
): Promise<RekeyReport> {
  const at = request.at.getTime();
  await session.script(
    `CREATE TEMP TABLE rekeyed (sighting BIGINT PRIMARY KEY, identity TEXT NOT NULL, dropped TEXT NOT NULL) ON COMMIT DROP`,
  );
  const sightings = await nameAnew(session, request, signal);
  const parts = await partStories(session, at, signal);
  const merges = await writeIdentities(session, { at, copies, signal });
  const changed = await count(session, "SELECT count(*) AS n FROM rekeyed");
  await session.run("UPDATE meta SET identity_version = $1 WHERE id = 1", [request.version]);
  await addTotals(session, { isVisible: changed > 0, stories: 0, aliases: 0 });
  const report = { sightings, changed, ...parts, ...merges };
  if (request.isDryRun) throw new DryRunDone(report);
  return report;
}

async function nameAnew(
  session: Session,
  { identify, onProgress }: RekeyRequest,
  signal: AbortSignal,
): Promise<number> {
  const total = await count(session, "SELECT count(*) AS n FROM sightings");
  let done = 0;
  for (let after = 0; ; ) {
    signal.throwIfAborted();
    const { sightings, lastId } = await listAfter(session, after, BATCH);
    if (lastId === null) return done;
    after = lastId;
    const batch = await toBatch(session, sightings);
    let named = identify(batch);
    while (await batch.fetchMissing()) named = identify(batch);
    await addCollapsedKeys(session, named.collapsedKeys);
    const before = new Map(sightings.map((sighting) => [sighting.id, sighting.record]));
    const located = await locate(session, named.changes);
    await session.run(
      "INSERT INTO rekeyed (sighting, identity, dropped) SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[])",
      [
        located.map(({ row }) => row.id),
        located.map(({ record }) => encodeIdentity(record)),
        located.map(({ row, record }) => {
          const current = new Set(record.aliases.map(({ key }) => key));
          const dropped = (before.get(row.id)?.aliases ?? []).filter(({ key }) => !current.has(key));
          return JSON.stringify(dropped.map(({ key }) => key));
        }),
      ],
    );
    done += sightings.length;
    onProgress?.({ done, total });
  }
}

async function partStories(
  session: Session,
  at: number,
  signal: AbortSignal,
): Promise<Pick<RekeyReport, "parted" | "partExamples">> {
  const last = await count(session, "SELECT coalesce(max(number), 0) AS n FROM stories");
  const partExamples: { from: StoryName; story: StoryName }[] = [];
  let parted = 0;
  for (let after = 0; after < last; ) {
    signal.throwIfAborted();
    const rows = await session.all(
      `SELECT DISTINCT story FROM sightings WHERE id IN (SELECT sighting FROM rekeyed) AND story > $1 AND story <= $2
       ORDER BY story LIMIT ${BATCH}`,
      [after, last],
    );
    for (const row of rows) {
      const number = readNumber(row, "story");
      const stories = await partStory(session, number, at);
      for (const story of stories) {
        parted += 1;
        if (partExamples.length >= EXAMPLES_MAX) continue;
        partExamples.push({ from: await nameOf(session, number), story: await nameOf(session, story) });
      }
      after = number;
    }
    if (rows.length < BATCH) break;
  }
  return { parted, partExamples };
}

/** @returns the numbers of the new stories; none when the story holds together */
async function partStory(session: Session, story: number, at: number): Promise<readonly number[]> {
  const rows = await session.all(
    `SELECT id, first_seen_at, published_at, ordered_at, record, identity, dropped FROM sightings
     LEFT JOIN rekeyed ON sighting = id WHERE story = $1 ORDER BY first_seen_at, id`,
    [story],
  );
  if (rows.length < 2) return [];
  const members: readonly Member[] = rows.map(toMember);
  const pins = await session.all("SELECT key FROM pins WHERE story = $1", [story]);
  const pinned = new Set(pins.map((row) => readText(row, "key")));
  const parts = findParts(members, pinned);
  const [, ...leaving] = parts;
  if (leaving.length === 0) return [];
  const before = await readStory(session, story);
  const numbers: number[] = [];
  for (const part of leaving) numbers.push(await foundPart(session, { story, part, at }));
  const aliases = await dealAliases(session, { story, numbers, parts, pinned });
  const duplicates = new Map<number, number>();
  addCounts(duplicates, countDuplicates(before.carriers), -1);
  const carriers = await readCarriers(session, [story, ...numbers]);
  for (const own of carriers.values()) addCounts(duplicates, countDuplicates(own), 1);
  await addDuplicates(session, duplicates);
  const winner = chooseWinner(carriers.get(story) ?? []);
  if (winner !== null && winner.contentHash !== chooseWinner(before.carriers)?.contentHash) {
    const updatedAt = advanceUpdatedAt(before.updatedAt, winner.updatedAt, at);
    await updateStories(session, [{ ...before, updatedAt }]);
  }
  await addTotals(session, { isVisible: true, stories: numbers.length, aliases });
  return numbers;
}

async function foundPart(
  session: Session,
  { story, part, at }: { readonly story: number; readonly part: Part; readonly at: number },
): Promise<number> {
  const [founder] = part;
  const number = await foundFrom(session, story, {
    record: {
      publishedIds: founder.publishedIds,
      guidKey: founder.guidKey,
      aliases: founder.content?.aliases ?? [],
    },
    publishedAt: Math.min(founder.publishedAt, at),
    updatedAt: at,
    orderedAt: founder.orderedAt,
    firstSeenAt: founder.firstSeenAt,
    pin: "none",
  });
  await moveSightings(
    session,
    part.map(({ id }) => ({ id, story: number })),
  );
  return number;
}

/** Each key goes with the part that has it; a key of several or of none is given up. @returns the change of their number */
async function dealAliases(
  session: Session,
  deal: {
    readonly story: number;
    readonly numbers: readonly number[];
    readonly parts: readonly Part[];
    readonly pinned: ReadonlySet<string>;
  },
): Promise<number> {
  const { story, parts, pinned } = deal;
  const holders = listHolders(deal);
  let change = 0;
  for (const row of await session.all("SELECT key FROM aliases WHERE story = $1", [story])) {
    const key = readText(row, "key");
    if (pinned.has(key)) continue;
    const holder = holders.get(key) ?? null;
    if (holder === null)
      change -= await session.run("DELETE FROM aliases WHERE digest = $1", [digestKeyHex(key)]);
    else if (holder !== story)
      await session.run("UPDATE aliases SET story = $1 WHERE digest = $2", [holder, digestKeyHex(key)]);
  }
  for (const member of parts.flat()) {
    // What a sighting gave up must not join it to anything again.
    const kept = withoutDropped(member, pinned);
    if (kept !== null) await session.run("UPDATE sightings SET record = $1 WHERE id = $2", [kept, member.id]);
  }
  return change;
}

async function writeIdentities(
  session: Session,
  {
    at,
    copies,
    signal,
  }: { readonly at: number; readonly copies: PostgresCopyFinder | null; readonly signal: AbortSignal },
): Promise<Pick<RekeyReport, "merged" | "mergeExamples">> {
  const mergeExamples: { from: StoryName; into: StoryName }[] = [];
  let merged = 0;
  for (let after = 0; ; ) {
    signal.throwIfAborted();
    const rows = await session.all(
      `SELECT sighting, identity FROM rekeyed WHERE sighting > $1 ORDER BY sighting LIMIT ${BATCH}`,
      [after],
    );
    const last = rows.at(-1);
    if (last === undefined) return { merged, mergeExamples };
    after = readNumber(last, "sighting");
    const stored = await readSightings(
      session,
      rows.map((row) => readNumber(row, "sighting")),
    );
    const changes = rows.flatMap((row) => {
      const sighting = stored.get(readNumber(row, "sighting"));
      const identity = decodeIdentity(readText(row, "identity"));
      return sighting === undefined ? [] : [{ id: sighting.id, record: { ...sighting.record, ...identity } }];
    });
    const written = await rewrite(session, changes, {
      at,
      copies,
      onMerge: async ({ from, into }) => {
        if (mergeExamples.length >= EXAMPLES_MAX) return;
        mergeExamples.push({ from: await nameOf(session, from), into: await nameOf(session, into) });
      },
    });
    merged += written.merged;
  }
}

async function nameOf(session: Session, story: number): Promise<StoryName> {
  const row = await session.one(
    `SELECT published_id, record FROM stories JOIN sightings ON story = number WHERE number = $1
     ORDER BY sightings.id LIMIT 1`,
    [story],
  );
  const content = row === undefined ? null : decodeContent(readText(row, "record"));
  return {
    publishedId: row === undefined ? "" : readText(row, "published_id"),
    title: content?.entry.title ?? "",
    url: content?.originalUrl ?? content?.entry.url ?? null,
  };
}

async function count(session: Session, sql: string): Promise<number> {
  const row = await session.one(sql);
  return row === undefined ? 0 : readNumber(row, "n");
}
