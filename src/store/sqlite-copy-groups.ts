import type { DatabaseSync } from "node:sqlite";
import { readInstant, readNumber, readOptionalText, readText } from "./rows.ts";
import type { CopyEvidence } from "./store.ts";

/** Members of one group that are read at most. */
const MEMBERS_MAX = 200;

/**
 * What a merge of two stories means for their groups: the copies of either follow, and a story that others are copies of is
 * no copy itself.
 */
export const MERGE_COPIES: readonly string[] = [
  "UPDATE copies SET original = :into WHERE original = :from",
  `UPDATE copies SET story = :into
     WHERE story = :from AND NOT EXISTS (SELECT 1 FROM copies AS other WHERE other.story = :into)`,
  "DELETE FROM copies WHERE story = original AND story IN (:into, :from)",
  `DELETE FROM copies WHERE story IN (:into, :from)
     AND EXISTS (SELECT 1 FROM copies AS member WHERE member.original = copies.story)`,
];

/** A member of a group; the first of it has no evidence. */
export interface CopyRow {
  readonly story: number;
  readonly evidence: CopyEvidence | null;
}

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
    this.#copies = db.prepare("SELECT * FROM copies WHERE original = ? ORDER BY story LIMIT ?");
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
      const copies = this.#copies.all(original, MEMBERS_MAX).map((copy) => ({
        story: readNumber(copy, "story"),
        evidence: {
          rule: readText(copy, "rule"),
          share: readNumber(copy, "share"),
          shared: readNumber(copy, "shared"),
          agency: readOptionalText(copy, "agency"),
          foundAt: readInstant(copy, "found_at"),
        },
      }));
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
