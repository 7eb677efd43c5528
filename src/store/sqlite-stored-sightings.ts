import type { DatabaseSync } from "node:sqlite";
import type { Entry } from "../model.ts";
import { decodeContent } from "./records.ts";
import { readNumber, readText } from "./rows.ts";
import { digestQuestion } from "./sqlite-questions.ts";
import type { Question, StoredSighting } from "./store.ts";
import { ASKERS_MAX, STORED_COLUMNS, toStored } from "./stored-sighting.ts";

/** Reads what a stored sighting tells; null where it is gone or cannot be read. */
export function prepareEntryReader(db: DatabaseSync): (sightingId: number) => Entry | null {
  const select = db.prepare("SELECT record FROM sightings WHERE id = ?");
  return (sightingId) => {
    const row = select.get(sightingId);
    return row === undefined ? null : (decodeContent(readText(row, "record"))?.entry ?? null);
  };
}

/** Stored sightings as naming them anew needs them. Reads only. */
export class StoredSightings {
  readonly #selectAskers;
  readonly #selectBatch;
  readonly #selectCollapsedKeys;

  constructor(db: DatabaseSync) {
    this.#selectAskers = db.prepare(
      `SELECT ${STORED_COLUMNS} FROM questions JOIN question_sightings ON question = questions.no
         JOIN sightings ON sightings.id = sighting JOIN sources ON sources.no = source_no
       WHERE questions.digest = ? ORDER BY sightings.id LIMIT ${ASKERS_MAX}`,
    );
    this.#selectBatch = db.prepare(
      `SELECT ${STORED_COLUMNS} FROM sightings JOIN sources ON sources.no = source_no
       WHERE sightings.id > ? ORDER BY sightings.id LIMIT ?`,
    );
    this.#selectCollapsedKeys = db.prepare(
      "SELECT key FROM collapsed_keys WHERE source_no = (SELECT no FROM sources WHERE id = ?)",
    );
  }

  listAskers(question: Question): readonly StoredSighting[] {
    return this.#selectAskers.all(digestQuestion(question)).flatMap(toStored);
  }

  /**
   * The sightings after `id`, in the order in which they came; unreadable ones are left out.
   * @returns with them the last id looked at, null at the end
   */
  listAfter(
    id: number,
    limit: number,
  ): { readonly sightings: readonly StoredSighting[]; readonly lastId: number | null } {
    const rows = this.#selectBatch.all(id, limit);
    const last = rows.at(-1);
    return { sightings: rows.flatMap(toStored), lastId: last === undefined ? null : readNumber(last, "id") };
  }

  find(id: number): StoredSighting | null {
    return (
      this.#selectBatch
        .all(id - 1, 1)
        .flatMap(toStored)
        .find((sighting) => sighting.id === id) ?? null
    );
  }

  collapsedKeys(sourceId: string): ReadonlySet<string> {
    return new Set(this.#selectCollapsedKeys.all(sourceId).map((row) => readText(row, "key")));
  }
}
