import { LeaseLostError } from "../errors.ts";
import { addCounts } from "./carriers.ts";
import { digestKeyHex } from "./digest.ts";
import { findChangedSightings } from "./poll-plan.ts";
import type { ChangedSightings, KnownSighting } from "./poll-plan-types.ts";
import type { Session } from "./postgres-connection.ts";
import type { PostgresCopyFinder } from "./postgres-copies.ts";
import { STORIES_LOCK, takeLock } from "./postgres-locks.ts";
import { PlanBatch, type PollToPlan } from "./postgres-plans.ts";
import { noteQuestions } from "./postgres-questions.ts";
import { hostOf } from "./postgres-sources.ts";
import { addToCounts, addTotals } from "./postgres-stories.ts";
import { findByGuids, nameGuid } from "./postgres-story-lookups.ts";
import { noteHealth } from "./postgres-tables.ts";
import { type PreparedState, prepareState } from "./prepared-poll.ts";
import { isFeedChanged } from "./records.ts";
import { readNumber, readOptionalText, readText } from "./rows.ts";
import { dayOf } from "./source-rows.ts";
import type { PollRecord, RecordedPoll } from "./store.ts";
import type { Outcome } from "./waiting-writes.ts";

/** The source that a poll belongs to, as its row says while the lease is held. */
interface PolledSource {
  readonly no: number;
  readonly priority: number;
  readonly location: string;
  readonly feedJson: string | null;
  readonly entryCount: number;
}

interface HeldPoll {
  readonly record: PollRecord;
  readonly source: PolledSource;
  readonly state: PreparedState;
}

const NOTHING_NEW: RecordedPoll = {
  entries: { new: 0, updated: 0, unchanged: 0 },
  stories: { new: 0, merged: 0 },
  isVisible: false,
};

/** Writes polls in one transaction, in few round trips however many they are. One whose lease is lost harms no other. */
export async function writePolls(
  session: Session,
  records: readonly PollRecord[],
  copies: PostgresCopyFinder | null,
): Promise<readonly Outcome<RecordedPoll>[]> {
  const sources = await lockSources(session, records);
  const held: HeldPoll[] = [];
  const outcomes = new Map<PollRecord, Outcome<RecordedPoll>>();
  for (const record of records) {
    const key = nameLease(record.lease.sourceId, record.lease.generation);
    const source = sources.get(key);
    // A lease is good for one write.
    sources.delete(key);
    if (source === undefined) outcomes.set(record, { error: new LeaseLostError(record.lease.sourceId) });
    else held.push({ record, source, state: prepareState(record.state) });
  }
  const recorded = await writeSightings(session, held, copies);
  await writeRest(session, held, recorded);
  for (const [index, { record }] of held.entries()) {
    const result = recorded.results[index];
    if (result !== undefined) outcomes.set(record, { result });
  }
  return records.map((record) => {
    const outcome = outcomes.get(record);
    if (outcome === undefined) throw new Error(`the poll of ${record.lease.sourceId} has no outcome`);
    return outcome;
  });
}

function nameLease(sourceId: string, generation: number): string {
  return `${generation} ${sourceId}`;
}

/** The sources whose leases hold, by lease. Their rows are locked, in the order of their numbers. */
async function lockSources(
  session: Session,
  records: readonly PollRecord[],
): Promise<Map<string, PolledSource>> {
  const rows = await session.all(
    `SELECT no, id, generation, priority, location, feed,
       (SELECT entry_count FROM source_counts WHERE source_no = no) AS entry_count
     FROM sources WHERE id = ANY($1) AND leased_at IS NOT NULL AND is_retired = 0 ORDER BY no FOR NO KEY UPDATE`,
    [records.map(({ lease }) => lease.sourceId)],
  );
  return new Map(
    rows.map((row) => [
      nameLease(readText(row, "id"), readNumber(row, "generation")),
      {
        no: readNumber(row, "no"),
        priority: readNumber(row, "priority"),
        location: readText(row, "location"),
        feedJson: readOptionalText(row, "feed"),
        entryCount: readNumber(row, "entry_count"),
      },
    ]),
  );
}

interface WrittenSightings {
  readonly results: RecordedPoll[];
  /** New aliases less those that went, and new stories less those merged. */
  readonly totals: { readonly isVisible: boolean; readonly stories: number; readonly aliases: number };
}

async function writeSightings(
  session: Session,
  held: readonly HeldPoll[],
  copies: PostgresCopyFinder | null,
): Promise<WrittenSightings> {
  const results = held.map(() => NOTHING_NEW);
  const nothing = { results, totals: { isVisible: false, stories: 0, aliases: 0 } };
  const guids = held.flatMap(({ record, source }) =>
    record.sightings.map(({ guidKey }) => ({ sourceNo: source.no, guidKey })),
  );
  if (guids.length === 0) return nothing;
  const first = findChanges(held, await findByGuids(session, guids));
  if (first.every(({ changed }) => changed.length === 0)) {
    for (const [index, { unchanged }] of first.entries()) {
      results[index] = { ...NOTHING_NEW, entries: { new: 0, updated: 0, unchanged } };
    }
    return nothing;
  }
  // From here on nobody else changes what is one story. What was read before is read again.
  const [, known] = await Promise.all([takeLock(session, STORIES_LOCK), findByGuids(session, guids)]);
  const batch = new PlanBatch(session, { copies });
  const plans = findChanges(held, known).map((sightings, index): PollToPlan | null => {
    const poll = held[index];
    if (poll === undefined || sightings.changed.length === 0) {
      results[index] = { ...NOTHING_NEW, entries: { new: 0, updated: 0, unchanged: sightings.unchanged } };
      return null;
    }
    const { no, priority } = poll.source;
    return { sightings, sourceNo: no, priority, at: poll.record.at.getTime() };
  });
  const wanted = plans.filter((plan) => plan !== null);
  const planned = await batch.write(wanted);
  for (const [index, plan] of plans.entries()) {
    const done = plan === null ? undefined : planned.get(plan);
    if (done !== undefined) results[index] = done.recorded;
  }
  return { results, totals: batch.totals };
}

function findChanges(
  held: readonly HeldPoll[],
  known: ReadonlyMap<string, readonly KnownSighting[]>,
): ChangedSightings[] {
  return held.map(({ record, source }) =>
    findChangedSightings(
      record.sightings,
      (guidKey) => known.get(nameGuid({ sourceNo: source.no, guidKey })) ?? [],
    ),
  );
}

/** Everything of the polls but their sightings. Their results may turn out visible for the feed's own words. */
async function writeRest(
  session: Session,
  held: readonly HeldPoll[],
  { results, totals }: WrittenSightings,
): Promise<void> {
  if (held.length === 0) return;
  let { isVisible } = totals;
  const added = new Map<number, number>();
  for (const [index, { source, state }] of held.entries()) {
    const result = results[index] ?? NOTHING_NEW;
    addCounts(added, new Map([[source.no, result.entries.new]]), 1);
    if (result.isVisible || source.entryCount === 0) continue;
    if (!isFeedChanged(source.feedJson, state.feedJson)) continue;
    results[index] = { ...result, isVisible: true };
    isVisible = true;
  }
  const collapsed = held.flatMap(({ record, source }) =>
    record.collapsedKeys.map((key) => ({ sourceNo: source.no, key })),
  );
  await Promise.all([
    insertCollapsedKeys(session, collapsed),
    addToCounts(session, { entries: new Map([...added].filter(([, count]) => count > 0)) }),
    writeStates(session, held, added),
    addDailyCounts(session, held, added),
  ]);
  for (const { record, source } of held) {
    if (record.questions !== undefined && record.questions.length > 0)
      await noteQuestions(session, record, source.no);
    if (record.notice !== undefined) await noteHealth(session, record);
  }
  await addTotals(session, { ...totals, isVisible });
}

async function writeStates(
  session: Session,
  held: readonly HeldPoll[],
  added: ReadonlyMap<number, number>,
): Promise<void> {
  await session.run(
    `UPDATE sources SET leased_at = NULL, lease_expires_at = NULL, holder = NULL, next_poll_at = new.next_poll_at,
       last_poll_at = new.at, last_ok_at = coalesce(new.ok_at, last_ok_at),
       last_new_entry_at = coalesce(new.new_at, last_new_entry_at), read_at = coalesce(new.read_at, sources.read_at), status = new.status, state = new.state,
       feed = new.feed, host = new.host
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[],
       $9::text[], $10::bigint[]) AS new (no, next_poll_at, at, ok_at, new_at, status, state, feed, host, read_at)
     WHERE sources.no = new.no`,
    [
      held.map(({ source }) => source.no),
      held.map(({ state }) => state.nextPollAt),
      held.map(({ record }) => record.at.getTime()),
      held.map(({ record, state }) => (state.isOk ? record.at.getTime() : null)),
      held.map(({ record, source }) => ((added.get(source.no) ?? 0) > 0 ? record.at.getTime() : null)),
      held.map(({ state }) => state.status),
      held.map(({ state }) => state.json),
      held.map(({ state }) => state.feedJson),
      held.map(({ record, source }) =>
        hostOf({ location: source.location, currentUrl: record.state.currentUrl }),
      ),
      held.map(({ record }) => (record.isWhole ? record.at.getTime() : null)),
    ],
  );
}

async function addDailyCounts(
  session: Session,
  held: readonly HeldPoll[],
  added: ReadonlyMap<number, number>,
): Promise<void> {
  const counted = held.filter(({ source }) => (added.get(source.no) ?? 0) > 0);
  if (counted.length === 0) return;
  await session.run(
    `INSERT INTO daily_counts (source_no, day, count) SELECT * FROM unnest($1::bigint[], $2::int[], $3::bigint[])
     ON CONFLICT (day, source_no) DO UPDATE SET count = daily_counts.count + excluded.count`,
    [
      counted.map(({ source }) => source.no),
      counted.map(({ record }) => dayOf(record.at)),
      counted.map(({ source }) => added.get(source.no) ?? 0),
    ],
  );
}

/** Remembers keys that name nothing for a source. */
export async function insertCollapsedKeys(
  session: Session,
  keys: readonly { readonly sourceNo: number; readonly key: string }[],
): Promise<void> {
  if (keys.length === 0) return;
  await session.run(
    `INSERT INTO collapsed_keys (source_no, digest, key) SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::text[])
     ON CONFLICT DO NOTHING`,
    [
      keys.map(({ sourceNo }) => sourceNo),
      keys.map(({ key }) => digestKeyHex(key)),
      keys.map(({ key }) => key),
    ],
  );
}
