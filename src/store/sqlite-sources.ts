import type { DatabaseSync } from "node:sqlite";
import type { SourceDefinition, SourceState } from "../model.ts";
import { encodePollState, NEW_POLL_STATE } from "./records.ts";
import { readInstant, readNumber, readOptionalNumber, readOptionalText, readText } from "./rows.ts";
import { CONFIG_PARENT, dayOf, groupDailyCounts, toSourceState } from "./source-rows.ts";
import { IS_LEASED, type LeaseTable, leaseMoment } from "./sqlite-leases.ts";
import type { ClaimedSource, ClaimRequest, DailyCount } from "./store.ts";

/** Pollable at all: in the config or a list, not gone, not under a live lease. */
const IS_FREE = `is_retired = 0 AND status <> 'gone' AND NOT ${IS_LEASED}`;

/** Sources: what the config says of them, when they are due, and who polls them. Callers hold the transaction. */
export class SourceTable {
  readonly #leases: LeaseTable;
  readonly #onWarning: (message: string) => void;
  readonly #selectAfter;
  readonly #selectDefinitions;
  readonly #insert;
  readonly #update;
  readonly #insertParent;
  readonly #selectParents;
  readonly #deleteParent;
  readonly #selectTurned;
  readonly #setRetired;
  readonly #setParents;
  readonly #selectDue;
  readonly #selectOverdue;
  readonly #selectChosen;
  readonly #selectLastNew;
  readonly #selectCollapsedKeys;
  readonly #selectNextDue;
  readonly #selectPolledAhead;
  readonly #selectDailyCounts;

  constructor(db: DatabaseSync, leases: LeaseTable, onWarning: (message: string) => void) {
    this.#leases = leases;
    this.#onWarning = onWarning;
    this.#selectAfter = db.prepare("SELECT * FROM sources WHERE no > ? ORDER BY no LIMIT ?");
    this.#selectDefinitions = db.prepare(
      "SELECT no, id, name, tags, priority, parent_id, is_retired FROM sources",
    );
    this.#insert = db.prepare(
      `INSERT INTO sources (id, kind, location, name, tags, priority, parent_id, added_at, next_poll_at, status, state)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'new', ?)`,
    );
    this.#update = db.prepare(
      "UPDATE sources SET name = ?, tags = ?, priority = ?, parent_id = ? WHERE no = ?",
    );
    this.#insertParent = db.prepare(
      "INSERT INTO source_parents (source_no, parent_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
    );
    this.#selectParents = db.prepare("SELECT source_no FROM source_parents WHERE parent_id = ?");
    this.#deleteParent = db.prepare("DELETE FROM source_parents WHERE source_no = ? AND parent_id = ?");
    // A source lives while the config lists it, or a list that itself lives. UNION ends at lists that list each other.
    this.#selectTurned = db.prepare(
      `WITH RECURSIVE living (no) AS (
         SELECT source_no FROM source_parents WHERE parent_id = ''
         UNION
         SELECT listed.source_no FROM living
           JOIN sources AS list ON list.no = living.no
           JOIN source_parents AS listed ON listed.parent_id = list.id
       )
       SELECT no, is_retired FROM sources
       WHERE is_retired <> (no NOT IN (SELECT no FROM living))`,
    );
    this.#setRetired = db.prepare(
      `UPDATE sources SET is_retired = :isRetired, generation = 1 + max(generation,
         coalesce((SELECT generation FROM source_leases WHERE source_no = :no), 0)) WHERE no = :no`,
    );
    // Where the list whose definition was in force has dropped a source, another one that still has it takes over.
    this.#setParents = db.prepare(
      `WITH listed (source_no, parent_id) AS (
         SELECT source_no, parent_id FROM source_parents
         WHERE parent_id = '' OR parent_id IN (SELECT id FROM sources WHERE is_retired = 0)
       )
       UPDATE sources
       SET parent_id = (SELECT nullif(min(listed.parent_id), '') FROM listed WHERE listed.source_no = sources.no)
       WHERE is_retired = 0 AND NOT EXISTS (SELECT 1 FROM listed
         WHERE listed.source_no = sources.no AND listed.parent_id = coalesce(sources.parent_id, ''))`,
    );
    // A limit that is a parameter alone is looked at when a statement is planned, so that it is planned anew each time it is run.
    this.#selectDue = db.prepare(
      `SELECT * FROM sources WHERE next_poll_at <= :now AND ${IS_FREE} ORDER BY next_poll_at, no LIMIT :limit + 0`,
    );
    this.#selectOverdue = db.prepare(
      `SELECT * FROM sources WHERE last_poll_at > :now + :skew AND next_poll_at > :now AND ${IS_FREE}
       ORDER BY last_poll_at, no LIMIT :limit + 0`,
    );
    // Asked for by name, a source that is gone is asked once more: it may be back.
    this.#selectChosen = db.prepare(
      `SELECT * FROM sources WHERE id IN (SELECT value FROM json_each(:ids)) AND is_retired = 0 AND NOT ${IS_LEASED}
       ORDER BY next_poll_at, no LIMIT :limit + 0`,
    );
    this.#selectLastNew = db.prepare("SELECT last_new_entry_at FROM sources WHERE id = ?");
    this.#selectCollapsedKeys = db.prepare("SELECT key FROM collapsed_keys WHERE source_no = ?");
    this.#selectNextDue = db.prepare(
      `SELECT next_poll_at FROM sources WHERE ${IS_FREE} ORDER BY next_poll_at LIMIT 1`,
    );
    this.#selectPolledAhead = db.prepare(
      `SELECT 1 FROM sources WHERE last_poll_at > :now + :skew AND ${IS_FREE} LIMIT 1`,
    );
    this.#selectDailyCounts = db.prepare(
      `SELECT sources.id, day, count FROM daily_counts JOIN sources ON sources.no = source_no
       WHERE day >= ? ORDER BY day`,
    );
  }

  /** See `Store.syncSources`. `isVisible` tells whether published stories look different now. */
  sync(
    definitions: readonly SourceDefinition[],
    options: { readonly now: Date; readonly parentId: string | null },
  ): {
    readonly added: number;
    readonly changed: number;
    readonly retired: number;
    readonly isVisible: boolean;
  } {
    const { parentId } = options;
    const parent = parentId ?? CONFIG_PARENT;
    const known = new Map(this.#selectDefinitions.all().map((row) => [readText(row, "id"), row]));
    const dropped = new Set(this.#selectParents.all(parent).map((row) => readNumber(row, "source_no")));
    let added = 0;
    let changed = 0;
    for (const definition of new Map(definitions.map((each) => [each.id, each])).values()) {
      const row = known.get(definition.id);
      if (row === undefined) {
        const no = this.#add(definition, options);
        this.#insertParent.run(no, parent);
        added += 1;
        continue;
      }
      const no = readNumber(row, "no");
      dropped.delete(no);
      this.#insertParent.run(no, parent);
      // The config's word comes first; among lists, the first that lives.
      const isOurs = readOptionalText(row, "parent_id") === parentId;
      if (!isOurs && parentId !== null && readNumber(row, "is_retired") === 0) continue;
      const isSame =
        readOptionalText(row, "name") === definition.name &&
        readText(row, "tags") === JSON.stringify(definition.tags) &&
        readNumber(row, "priority") === definition.priority;
      if (isOurs && isSame) continue;
      this.#update.run(definition.name, JSON.stringify(definition.tags), definition.priority, parentId, no);
      if (!isSame) changed += 1;
    }
    for (const no of dropped) this.#deleteParent.run(no, parent);
    const turned = this.#turnSources();
    this.#setParents.run();
    return { added: added + turned.revived, changed, retired: turned.retired, isVisible: changed > 0 };
  }

  #add(
    definition: SourceDefinition,
    options: { readonly now: Date; readonly parentId: string | null },
  ): number {
    const now = options.now.getTime();
    const { lastInsertRowid } = this.#insert.run(
      definition.id,
      definition.kind,
      definition.location,
      definition.name,
      JSON.stringify(definition.tags),
      definition.priority,
      options.parentId,
      now,
      now,
      encodePollState(NEW_POLL_STATE),
    );
    return Number(lastInsertRowid);
  }

  /** Retires sources that nothing lists any more, and brings back those that something lists again. */
  #turnSources(): { readonly revived: number; readonly retired: number } {
    const rows = this.#selectTurned.all();
    let revived = 0;
    for (const row of rows) {
      const isRetired = readNumber(row, "is_retired") !== 0;
      if (isRetired) revived += 1;
      const no = readNumber(row, "no");
      this.#setRetired.run({ isRetired: Number(!isRetired), no });
      // A retired source's running poll is void.
      this.#leases.end(no);
    }
    return { revived, retired: rows.length - revived };
  }

  /** Sources after a number, in that order, at most so many. @returns with them the last one's number, null at the end */
  listAfter(
    no: number,
    limit: number,
  ): { readonly sources: readonly SourceState[]; readonly last: number | null } {
    const rows = this.#selectAfter.all(no, limit);
    const sources = rows.map((row) => toSourceState(row, this.#onWarning));
    const last = rows.at(-1);
    return { sources, last: last === undefined || rows.length < limit ? null : readNumber(last, "no") };
  }

  claim(request: ClaimRequest): readonly ClaimedSource[] {
    const { now } = request;
    const expiresAt = new Date(now.getTime() + request.leaseMs);
    return this.#selectClaimable(request).map((row) => {
      const no = readNumber(row, "no");
      const source = toSourceState(row, this.#onWarning);
      const last = { sourceId: source.id, generation: readNumber(row, "generation") };
      const taken = this.#leases.take(no, last, { now, expiresAt });
      const keys = this.#selectCollapsedKeys.all(no).map((key) => readText(key, "key"));
      return { source, ...taken, collapsedKeys: new Set(keys) };
    });
  }

  #selectClaimable(request: ClaimRequest) {
    const { limit } = request;
    const moment = leaseMoment(request.now);
    if (request.onlyIds !== undefined) {
      return this.#selectChosen.all({ ...moment, limit, ids: JSON.stringify(request.onlyIds) });
    }
    const due = this.#selectDue.all({ ...moment, limit });
    if (due.length >= limit) return due;
    return [...due, ...this.#selectOverdue.all({ ...moment, limit: limit - due.length })];
  }

  nextDueAt(now: Date): Date | null {
    const moment = leaseMoment(now);
    if (this.#selectPolledAhead.get(moment) !== undefined) return now;
    const row = this.#selectNextDue.get(moment);
    return row === undefined ? null : readInstant(row, "next_poll_at");
  }

  /** Did a poll of the source ever bring an entry, forgotten or not? */
  hasBrought(sourceId: string): boolean {
    const row = this.#selectLastNew.get(sourceId);
    return row !== undefined && readOptionalNumber(row, "last_new_entry_at") !== null;
  }

  dailyCounts(since: Date): ReadonlyMap<string, readonly DailyCount[]> {
    return groupDailyCounts(this.#selectDailyCounts.all(dayOf(since)));
  }
}
