import type { SourceDefinition, SourceState } from "../model.ts";
import type { Row, Session } from "./postgres-connection.ts";
import { SOURCES_LOCK, takeLock } from "./postgres-locks.ts";
import { encodePollState, NEW_POLL_STATE } from "./records.ts";
import { readInstant, readNumber, readOptionalText, readText } from "./rows.ts";
import { CLOCK_SKEW_MAX_MS, CONFIG_PARENT, dayOf, groupDailyCounts, toSourceState } from "./source-rows.ts";
import type { ClaimedSource, ClaimRequest, DailyCount, Lease } from "./store.ts";

/** The lock that a claim takes on each host while it looks whether another process has it. */
const HOST_LOCK = 4;

/** $1: now, $2: now and the skew that is forgiven. A lease from the future is void: the clock was set back. */
const isLeased = (table: string) =>
  `(${table}.leased_at IS NOT NULL AND ${table}.lease_expires_at > $1 AND ${table}.leased_at <= $2)`;
const IS_FREE = `sources.is_retired = 0 AND sources.status <> 'gone' AND NOT ${isLeased("sources")}`;
/** $3: this process. A host belongs to one process at a time: the one that has leases on its sources. */
const IS_HOST_FREE = `(sources.host = '' OR NOT EXISTS (SELECT 1 FROM sources AS other
  WHERE other.host = sources.host AND ${isLeased("other")} AND other.holder <> $3))`;

const WITH_COUNTS = "sources.*, entry_count, duplicate_count";
const COUNTED = "sources JOIN source_counts ON source_no = no";

/** What is left of a lease that ran out tells of a holder that gave no sign of life. */
const CHOSEN = "no, host, leased_at IS NOT NULL AS was_leased";
const CHOOSE_DUE = `SELECT ${CHOSEN} FROM sources WHERE next_poll_at <= $1 AND ${IS_FREE} AND ${IS_HOST_FREE}
  ORDER BY next_poll_at, no LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED`;
const CHOOSE_OVERDUE = `SELECT ${CHOSEN} FROM sources WHERE last_poll_at > $2 AND next_poll_at > $1 AND ${IS_FREE}
  AND ${IS_HOST_FREE} ORDER BY last_poll_at, no LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED`;
// Asked for by name, a source that is gone is asked once more: it may be back.
const CHOOSE_NAMED = `SELECT ${CHOSEN} FROM sources WHERE id = ANY($5) AND is_retired = 0 AND NOT ${isLeased("sources")}
  AND ${IS_HOST_FREE} ORDER BY next_poll_at, no LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED`;

/** The host on which a poll of a source leans; empty for local files. */
export function hostOf(source: { readonly location: string; readonly currentUrl: string | null }): string {
  const url = URL.parse(source.currentUrl ?? source.location);
  return url !== null && /^https?:$/.test(url.protocol) ? url.host : "";
}

/** Sources: what the config says of them, when they are due, and which process polls them. */
export class PostgresSources {
  readonly #holder: string;
  readonly #onWarning: (message: string) => void;

  constructor(options: { readonly holder: string; readonly onWarning: (message: string) => void }) {
    this.#holder = options.holder;
    this.#onWarning = options.onWarning;
  }

  /** See `Store.syncSources`. `isVisible` tells whether published stories look different now. */
  async sync(
    session: Session,
    definitions: readonly SourceDefinition[],
    options: { readonly now: Date; readonly parentId: string | null },
  ): Promise<{
    readonly added: number;
    readonly changed: number;
    readonly retired: number;
    readonly isVisible: boolean;
  }> {
    const { parentId } = options;
    const parent = parentId ?? CONFIG_PARENT;
    await takeLock(session, SOURCES_LOCK);
    const [rows, listed] = await Promise.all([
      session.all("SELECT no, id, name, tags, priority, parent_id, is_retired FROM sources"),
      session.all("SELECT source_no FROM source_parents WHERE parent_id = $1", [parent]),
    ]);
    const known = new Map(rows.map((row) => [readText(row, "id"), row]));
    const before = new Set(listed.map((row) => readNumber(row, "source_no")));
    const dropped = new Set(before);
    const added: SourceDefinition[] = [];
    const adopted: number[] = [];
    const edited: { readonly no: number; readonly definition: SourceDefinition }[] = [];
    let changed = 0;
    for (const definition of new Map(definitions.map((each) => [each.id, each])).values()) {
      const row = known.get(definition.id);
      if (row === undefined) {
        added.push(definition);
        continue;
      }
      const no = readNumber(row, "no");
      dropped.delete(no);
      if (!before.has(no)) adopted.push(no);
      // The config's word comes first; among lists, the first that lives.
      const isOurs = readOptionalText(row, "parent_id") === parentId;
      if (!isOurs && parentId !== null && readNumber(row, "is_retired") === 0) continue;
      const isSame =
        readOptionalText(row, "name") === definition.name &&
        readText(row, "tags") === JSON.stringify(definition.tags) &&
        readNumber(row, "priority") === definition.priority;
      if (isOurs && isSame) continue;
      edited.push({ no, definition });
      if (!isSame) changed += 1;
    }
    if (added.length > 0) adopted.push(...(await addSources(session, added, options)));
    await session.run(
      "INSERT INTO source_parents (source_no, parent_id) SELECT no, $2 FROM unnest($1::bigint[]) AS no ON CONFLICT DO NOTHING",
      [adopted, parent],
    );
    await session.run("DELETE FROM source_parents WHERE source_no = ANY($1) AND parent_id = $2", [
      [...dropped],
      parent,
    ]);
    await editSources(session, edited, parentId);
    const turned = await turnSources(session);
    await setParents(session);
    return {
      added: added.length + turned.revived,
      changed,
      retired: turned.retired,
      isVisible: changed > 0,
    };
  }

  async list(session: Session): Promise<readonly SourceState[]> {
    const rows = await session.all(`SELECT ${WITH_COUNTS} FROM ${COUNTED} ORDER BY no`);
    return rows.map((row) => toSourceState(row, this.#onWarning));
  }

  /**
   * Leases sources in three steps: rows that nobody else is about to lease, then a lock on each of their hosts, and under it
   * the leases themselves, where the host is still free.
   */
  async claim(session: Session, request: ClaimRequest): Promise<readonly ClaimedSource[]> {
    const now = request.now.getTime();
    const moment = [now, now + CLOCK_SKEW_MAX_MS, this.#holder];
    const chosen = await choose(session, request, moment);
    if (chosen.length === 0) return [];
    const hosts = new Set(chosen.map((row) => readText(row, "host")).filter((host) => host !== ""));
    const locked =
      hosts.size === 0
        ? []
        : await session.all(
            `SELECT host FROM unnest($1::text[]) AS host
             WHERE pg_try_advisory_xact_lock($2, hashtext(current_schema() || ' ' || host))`,
            [[...hosts], HOST_LOCK],
          );
    const expiresAt = new Date(now + request.leaseMs);
    const leased = await session.all(
      `WITH leased AS (
         UPDATE sources SET generation = generation + 1, leased_at = $1, lease_expires_at = $4, holder = $3
         WHERE no = ANY($5) AND (host = '' OR host = ANY($6)) AND ${IS_HOST_FREE} AND $2::bigint IS NOT NULL
         RETURNING *
       )
       SELECT leased.*, entry_count, duplicate_count FROM leased JOIN source_counts ON source_no = no
       ORDER BY next_poll_at, no`,
      [
        ...moment,
        expiresAt.getTime(),
        chosen.map((row) => readNumber(row, "no")),
        locked.map((row) => readText(row, "host")),
      ],
    );
    const keys = await collapsedKeysOf(
      session,
      leased.map((row) => readNumber(row, "no")),
    );
    const leftOver = new Set(
      chosen.filter((row) => row.was_leased === true).map((row) => readNumber(row, "no")),
    );
    return leased.map((row) => {
      const no = readNumber(row, "no");
      const source = toSourceState(row, this.#onWarning);
      const lease = { sourceId: source.id, generation: readNumber(row, "generation"), expiresAt };
      return { source, lease, collapsedKeys: keys.get(no) ?? new Set(), isTakenOver: leftOver.has(no) };
    });
  }

  async renew(
    session: Session,
    leases: readonly Lease[],
    times: { readonly now: Date; readonly leaseMs: number },
  ): Promise<readonly Lease[]> {
    const expiresAt = new Date(times.now.getTime() + times.leaseMs);
    const rows = await session.all(
      `UPDATE sources SET lease_expires_at = $3 FROM unnest($1::text[], $2::bigint[]) AS held (id, generation)
       WHERE sources.id = held.id AND sources.generation = held.generation AND leased_at IS NOT NULL
       RETURNING sources.id`,
      [
        leases.map(({ sourceId }) => sourceId),
        leases.map(({ generation }) => generation),
        expiresAt.getTime(),
      ],
    );
    const held = new Set(rows.map((row) => readText(row, "id")));
    return leases.filter(({ sourceId }) => held.has(sourceId)).map((lease) => ({ ...lease, expiresAt }));
  }

  async nextDueAt(session: Session, now: Date): Promise<Date | null> {
    const moment = [now.getTime(), now.getTime() + CLOCK_SKEW_MAX_MS];
    const [ahead, due] = await Promise.all([
      session.one(`SELECT 1 FROM sources WHERE last_poll_at > $2 AND ${IS_FREE} LIMIT 1`, moment),
      session.one(`SELECT next_poll_at FROM sources WHERE ${IS_FREE} ORDER BY next_poll_at LIMIT 1`, moment),
    ]);
    if (ahead !== undefined) return now;
    return due === undefined ? null : readInstant(due, "next_poll_at");
  }

  async release(session: Session, lease: Lease): Promise<void> {
    await session.run(
      "UPDATE sources SET leased_at = NULL, lease_expires_at = NULL, holder = NULL WHERE id = $1 AND generation = $2",
      [lease.sourceId, lease.generation],
    );
  }

  async dailyCounts(session: Session, since: Date): Promise<ReadonlyMap<string, readonly DailyCount[]>> {
    const rows = await session.all(
      `SELECT sources.id, day, count FROM daily_counts JOIN sources ON sources.no = source_no WHERE day >= $1 ORDER BY day`,
      [dayOf(since)],
    );
    return groupDailyCounts(rows);
  }
}

async function choose(
  session: Session,
  { limit, onlyIds }: ClaimRequest,
  moment: readonly unknown[],
): Promise<readonly Row[]> {
  if (onlyIds !== undefined) return session.all(CHOOSE_NAMED, [...moment, limit, onlyIds]);
  const due = await session.all(CHOOSE_DUE, [...moment, limit]);
  if (due.length >= limit) return due;
  return [...due, ...(await session.all(CHOOSE_OVERDUE, [...moment, limit - due.length]))];
}

/** Keys that name nothing for a source, by its number. */
export async function collapsedKeysOf(
  session: Session,
  sourceNos: readonly number[],
): Promise<ReadonlyMap<number, ReadonlySet<string>>> {
  const keys = new Map<number, Set<string>>();
  for (const row of await session.all("SELECT source_no, key FROM collapsed_keys WHERE source_no = ANY($1)", [
    sourceNos,
  ])) {
    const no = readNumber(row, "source_no");
    const own = keys.get(no) ?? new Set();
    keys.set(no, own.add(readText(row, "key")));
  }
  return keys;
}

/** @returns the numbers of the new sources */
async function addSources(
  session: Session,
  definitions: readonly SourceDefinition[],
  options: { readonly now: Date; readonly parentId: string | null },
): Promise<readonly number[]> {
  const rows = await session.all(
    `INSERT INTO sources (id, kind, location, host, name, tags, priority, parent_id, added_at, next_poll_at, status, state)
     SELECT id, kind, location, host, name, tags, priority, $8, $9, $9, 'new', $10
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[])
       WITH ORDINALITY AS new (id, kind, location, host, name, tags, priority, place)
     ORDER BY place RETURNING no`,
    [
      definitions.map(({ id }) => id),
      definitions.map(({ kind }) => kind),
      definitions.map(({ location }) => location),
      definitions.map(({ location }) => hostOf({ location, currentUrl: null })),
      definitions.map(({ name }) => name),
      definitions.map(({ tags }) => JSON.stringify(tags)),
      definitions.map(({ priority }) => priority),
      options.parentId,
      options.now.getTime(),
      encodePollState(NEW_POLL_STATE),
    ],
  );
  const nos = rows.map((row) => readNumber(row, "no"));
  await session.run(
    "INSERT INTO source_counts (source_no, entry_count, duplicate_count) SELECT no, 0, 0 FROM unnest($1::bigint[]) AS no",
    [nos],
  );
  return nos;
}

async function editSources(
  session: Session,
  edited: readonly { readonly no: number; readonly definition: SourceDefinition }[],
  parentId: string | null,
): Promise<void> {
  if (edited.length === 0) return;
  await lockInOrder(
    session,
    edited.map(({ no }) => no),
  );
  await session.run(
    `UPDATE sources SET name = new.name, tags = new.tags, priority = new.priority, parent_id = $5
     FROM unnest($1::bigint[], $2::text[], $3::text[], $4::float8[]) AS new (no, name, tags, priority)
     WHERE sources.no = new.no`,
    [
      edited.map(({ no }) => no),
      edited.map(({ definition }) => definition.name),
      edited.map(({ definition }) => JSON.stringify(definition.tags)),
      edited.map(({ definition }) => definition.priority),
      parentId,
    ],
  );
}

/** Retires sources that nothing lists any more, and brings back those that something lists again. */
async function turnSources(
  session: Session,
): Promise<{ readonly revived: number; readonly retired: number }> {
  // A source lives while the config lists it, or a list that itself lives. UNION ends at lists that list each other.
  const rows = await session.all(
    `WITH RECURSIVE living (no) AS (
       SELECT source_no FROM source_parents WHERE parent_id = ''
       UNION
       SELECT listed.source_no FROM living
         JOIN sources AS list ON list.no = living.no
         JOIN source_parents AS listed ON listed.parent_id = list.id
     )
     SELECT no, is_retired FROM sources
     WHERE is_retired <> CASE WHEN no IN (SELECT no FROM living) THEN 0 ELSE 1 END`,
  );
  if (rows.length === 0) return { revived: 0, retired: 0 };
  const nos = rows.map((row) => readNumber(row, "no"));
  await lockInOrder(session, nos);
  // A retired source's running poll is void: its lease's generation is over.
  await session.run(
    `UPDATE sources SET is_retired = 1 - is_retired, generation = generation + 1, leased_at = NULL,
       lease_expires_at = NULL, holder = NULL WHERE no = ANY($1)`,
    [nos],
  );
  const revived = rows.filter((row) => readNumber(row, "is_retired") !== 0).length;
  return { revived, retired: rows.length - revived };
}

/** Where the list whose definition was in force has dropped a source, another one that still has it takes over. */
async function setParents(session: Session): Promise<void> {
  const rows = await session.all(
    `WITH listed AS (
       SELECT source_no, parent_id FROM source_parents
       WHERE parent_id = '' OR parent_id IN (SELECT id FROM sources WHERE is_retired = 0)
     )
     SELECT no, (SELECT nullif(min(listed.parent_id COLLATE "C"), '') FROM listed WHERE listed.source_no = no) AS parent_id
     FROM sources
     WHERE is_retired = 0 AND NOT EXISTS (SELECT 1 FROM listed
       WHERE listed.source_no = no AND listed.parent_id = coalesce(sources.parent_id, ''))
     ORDER BY no`,
  );
  if (rows.length === 0) return;
  const nos = rows.map((row) => readNumber(row, "no"));
  await lockInOrder(session, nos);
  await session.run(
    `UPDATE sources SET parent_id = new.parent_id FROM unnest($1::bigint[], $2::text[]) AS new (no, parent_id)
     WHERE sources.no = new.no`,
    [nos, rows.map((row) => readOptionalText(row, "parent_id"))],
  );
}

/** Whoever locks several sources does so in the order of their numbers, so that no two wait for each other. */
async function lockInOrder(session: Session, nos: readonly number[]): Promise<void> {
  await session.run("SELECT 1 FROM sources WHERE no = ANY($1) ORDER BY no FOR NO KEY UPDATE", [nos]);
}
