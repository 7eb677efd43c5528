import type { DatabaseSync } from "node:sqlite";
import { type CopyRow, MEMBERS_MAX, toCopyRow } from "./copy-rows.ts";
import { readNumber } from "./rows.ts";
import type { CopyEvidence } from "./store.ts";

/** Which stories print one report. All of it runs inside its caller's transaction. */
export class CopyGroups {
  readonly #originals;
  readonly #copies;
  readonly #insert;
  readonly #leave;

  constructor(db: DatabaseSync) {
    this.#originals = db.prepare(
      `SELECT original FROM copies WHERE story IN (SELECT value FROM json_each(?1))
       UNION SELECT original FROM copies WHERE original IN (SELECT value FROM json_each(?1))`,
    );
    this.#copies = db.prepare(`SELECT * FROM copies WHERE original = ? ORDER BY story LIMIT ${MEMBERS_MAX}`);
    this.#insert = db.prepare(
      `INSERT INTO copies (story, original, found_at, rule, share, shared, agency) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (story) DO NOTHING`,
    );
    this.#leave = db.prepare("DELETE FROM copies WHERE story = ? OR original = ?");
  }

  /** The groups of these stories, each with the original first. */
  list(stories: readonly number[]): readonly (readonly CopyRow[])[] {
    if (stories.length === 0) return [];
    return this.#originals.all(JSON.stringify(stories)).map((row) => {
      const original = readNumber(row, "original");
      const copies = this.#copies.all(original).map(toCopyRow);
      return [{ story: original, evidence: null }, ...copies];
    });
  }

  add(story: number, original: number, evidence: CopyEvidence): void {
    const { foundAt, rule, share, shared, agency } = evidence;
    this.#insert.run(story, original, foundAt.getTime(), rule, share, shared, agency);
  }

  /** Takes a story out of its group; of a group whose first it was nothing is left. @returns whether it was in one */
  leave(story: number): boolean {
    return Number(this.#leave.run(story, story).changes) > 0;
  }
}
