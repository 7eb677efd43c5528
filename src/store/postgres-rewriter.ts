import { hashIdentity } from "./carriers.ts";
import { digestKeyHex } from "./digest.ts";
import type { KnownSighting } from "./poll-plan-types.ts";
import type { PostgresDatabase, Session } from "./postgres-connection.ts";
import type { PostgresCopyFinder } from "./postgres-copies.ts";
import { PlanBatch } from "./postgres-plans.ts";
import { insertCollapsedKeys } from "./postgres-polls.ts";
import { digestQuestion, findAnswers } from "./postgres-questions.ts";
import { addTotals } from "./postgres-stories.ts";
import { readNumber, readText } from "./rows.ts";
import type { CollapsedKey, Question, SightingBatch, SightingChange, StoredSighting } from "./store.ts";
import { ASKERS_MAX, STORED_COLUMNS, toStored } from "./stored-sighting.ts";

/** A changed sighting beside its row. */
interface LocatedEdit {
  readonly row: KnownSighting;
  readonly record: SightingChange["record"];
  readonly identityHash: string;
  readonly sourceNo: number;
  readonly priority: number;
}

export async function listAskers(session: Session, question: Question): Promise<readonly StoredSighting[]> {
  const rows = await session.all(
    `SELECT ${STORED_COLUMNS} FROM questions JOIN question_sightings ON question = questions.no
       JOIN sightings ON sightings.id = sighting JOIN sources ON sources.no = source_no
     WHERE questions.digest = $1 ORDER BY sightings.id LIMIT ${ASKERS_MAX}`,
    [digestQuestion(question)],
  );
  return rows.flatMap(toStored);
}

/**
 * The sightings after `id`, in the order in which they came; unreadable ones are left out.
 * @returns with them the last id looked at, null at the end
 */
export async function listAfter(
  session: Session,
  id: number,
  limit: number,
): Promise<{ readonly sightings: readonly StoredSighting[]; readonly lastId: number | null }> {
  const rows = await session.all(
    `SELECT ${STORED_COLUMNS} FROM sightings JOIN sources ON sources.no = source_no
     WHERE sightings.id > $1 ORDER BY sightings.id LIMIT $2`,
    [id, limit],
  );
  const last = rows.at(-1);
  return { sightings: rows.flatMap(toStored), lastId: last === undefined ? null : readNumber(last, "id") };
}

export async function readSightings(
  session: Session,
  ids: readonly number[],
): Promise<ReadonlyMap<number, StoredSighting>> {
  const rows = await session.all(
    `SELECT ${STORED_COLUMNS} FROM sightings JOIN sources ON sources.no = source_no WHERE sightings.id = ANY($1)`,
    [ids],
  );
  return new Map(rows.flatMap(toStored).map((sighting) => [sighting.id, sighting]));
}

/** Sightings with what naming them asks for. Answers are fetched when they were asked for: nobody knows before which. */
export async function toBatch(
  session: Session | PostgresDatabase,
  sightings: readonly StoredSighting[],
): Promise<SightingBatch> {
  const run = <T>(work: (session: Session) => Promise<T>) =>
    "statement" in session ? session.statement(work) : work(session);
  const sourceIds = [...new Set(sightings.map(({ sourceId }) => sourceId))];
  const collapsed = await run((one) => collapsedKeysById(one, sourceIds));
  const known = new Map<string, string | null>();
  const missing = new Map<string, Question>();
  const find = (question: Question): string | null => {
    const name = `${question.kind} ${question.url}`;
    const answer = known.get(name);
    if (answer === undefined) missing.set(name, question);
    return answer ?? null;
  };
  return {
    sightings,
    collapsedKeys: (sourceId) => collapsed.get(sourceId) ?? new Set(),
    resolved: (url) => find({ kind: "link", url }),
    page: (url) => find({ kind: "page", url }),
    async fetchMissing() {
      let isAnyFound = false;
      for (const [kind, questions] of Map.groupBy(missing.values(), (question) => question.kind)) {
        const urls = questions.map(({ url }) => url);
        const found = await run((one) => findAnswers(one, kind, urls));
        isAnyFound ||= found.size > 0;
        for (const url of urls) known.set(`${kind} ${url}`, found.get(url) ?? null);
      }
      missing.clear();
      return isAnyFound;
    },
  };
}

/** Keys that name nothing for a source, by its id. */
async function collapsedKeysById(
  session: Session,
  sourceIds: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const keys = new Map<string, Set<string>>();
  const rows = await session.all(
    "SELECT id, key FROM collapsed_keys JOIN sources ON no = source_no WHERE id = ANY($1)",
    [sourceIds],
  );
  for (const row of rows) {
    const own = keys.get(readText(row, "id")) ?? new Set();
    keys.set(readText(row, "id"), own.add(readText(row, "key")));
  }
  return keys;
}

export async function addCollapsedKeys(session: Session, keys: readonly CollapsedKey[]): Promise<void> {
  if (keys.length === 0) return;
  const rows = await session.all("SELECT id, no FROM sources WHERE id = ANY($1)", [
    keys.map(({ sourceId }) => sourceId),
  ]);
  const nos = new Map(rows.map((row) => [readText(row, "id"), readNumber(row, "no")]));
  await insertCollapsedKeys(
    session,
    keys.flatMap(({ sourceId, key }) => {
      const sourceNo = nos.get(sourceId);
      return sourceNo === undefined ? [] : [{ sourceNo, key }];
    }),
  );
}

/** The changes that change something, beside their rows. */
export async function locate(
  session: Session,
  changes: readonly SightingChange[],
): Promise<readonly LocatedEdit[]> {
  if (changes.length === 0) return [];
  const rows = await session.all(
    `SELECT sightings.id, story, variant, content_hash, identity_hash, source_no, priority
     FROM sightings JOIN sources ON sources.no = source_no WHERE sightings.id = ANY($1)`,
    [changes.map(({ id }) => id)],
  );
  const found = new Map(rows.map((row) => [readNumber(row, "id"), row]));
  return changes.flatMap(({ id, record }) => {
    const row = found.get(id);
    if (row === undefined) return [];
    const known: KnownSighting = {
      id,
      story: readNumber(row, "story"),
      variant: readText(row, "variant"),
      contentHash: readText(row, "content_hash"),
      identityHash: readText(row, "identity_hash"),
    };
    const identityHash = hashIdentity(record);
    if (identityHash === known.identityHash && record.contentHash === known.contentHash) return [];
    const sourceNo = readNumber(row, "source_no");
    return [{ row: known, record, identityHash, sourceNo, priority: readNumber(row, "priority") }];
  });
}

/** Writes new identities; stories that share a key now become one. `onMerge` hears of each before it happens. */
export async function rewrite(
  session: Session,
  changes: readonly SightingChange[],
  options: {
    readonly at: number;
    readonly copies: PostgresCopyFinder | null;
    readonly onMerge?: (merge: { readonly from: number; readonly into: number }) => Promise<void>;
  },
): Promise<{ readonly isVisible: boolean; readonly merged: number }> {
  let merged = 0;
  let isVisible = false;
  const located = await locate(session, changes);
  for (const [sourceNo, edits] of Map.groupBy(located, (edit) => edit.sourceNo)) {
    // An earlier source's edits may have merged the stories of this one's.
    const fresh = await locate(
      session,
      edits.map(({ row, record }) => ({ id: row.id, record })),
    );
    const batch = new PlanBatch(session, options);
    const changed = fresh.map(({ row, record, identityHash }) => ({ record, identityHash, known: [row] }));
    const poll = {
      sightings: { changed, claimedIds: new Set<number>(), unchanged: 0 },
      sourceNo,
      priority: edits[0]?.priority ?? 0,
      at: options.at,
    };
    const plan = (await batch.write([poll])).get(poll);
    await renameSightings(session, fresh);
    await addTotals(session, batch.totals);
    merged += plan?.merges.length ?? 0;
    isVisible ||= plan?.recorded.isVisible ?? false;
  }
  return { isVisible, merged };
}

/** A name within the source that another sighting has already is not taken. */
async function renameSightings(session: Session, edits: readonly LocatedEdit[]): Promise<void> {
  await Promise.all(
    edits.map(({ row, record }) =>
      session.run(
        `UPDATE sightings SET guid_digest = $1::uuid WHERE id = $2 AND guid_digest <> $1::uuid AND NOT EXISTS (
           SELECT 1 FROM sightings AS other WHERE other.source_no = sightings.source_no
             AND other.guid_digest = $1::uuid AND other.variant = sightings.variant)`,
        [digestKeyHex(record.guidKey), row.id],
      ),
    ),
  );
}
