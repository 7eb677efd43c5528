/** What both engines know of groups of copies: their rows, and what a merge means for them. */
import { readInstant, readNumber, readOptionalText, readText } from "./rows.ts";
import type { CopyEvidence } from "./store.ts";

/** Members of one group that are read at most. */
export const MEMBERS_MAX = 200;

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

export function toCopyRow(row: Readonly<Record<string, unknown>>): CopyRow {
  return {
    story: readNumber(row, "story"),
    evidence: {
      rule: readText(row, "rule"),
      share: readNumber(row, "share"),
      shared: readNumber(row, "shared"),
      agency: readOptionalText(row, "agency"),
      foundAt: readInstant(row, "found_at"),
    },
  };
}
