import { type CopyRow, MEMBERS_MAX, MERGE_COPIES, toCopyRow } from "./copy-rows.ts";
import type { Session } from "./postgres-connection.ts";
import { readNumber } from "./rows.ts";
import type { CopyEvidence } from "./store.ts";

/** The same statements as in SQLite: $1 is the story that stays, $2 the one that goes. */
const MERGE_STEPS = [
  ...MERGE_COPIES.map((sql) => sql.replaceAll(":into", "$1").replaceAll(":from", "$2")),
  "DELETE FROM copies WHERE (story = $2 OR original = $2) AND $1 <> $2",
];

/** What a merge of two stories means for their groups. */
export async function mergeCopies(session: Session, from: number, into: number): Promise<void> {
  await Promise.all(MERGE_STEPS.map((sql) => session.run(sql, [into, from])));
}

/** The groups of these stories, each with the original first. */
export async function listGroups(
  session: Session,
  stories: readonly number[],
): Promise<readonly (readonly CopyRow[])[]> {
  if (stories.length === 0) return [];
  const rows = await session.all(
    `SELECT copies.* FROM (
       SELECT original FROM copies WHERE story = ANY($1) UNION SELECT original FROM copies WHERE original = ANY($1)
     ) AS wanted CROSS JOIN LATERAL (
       SELECT * FROM copies WHERE copies.original = wanted.original ORDER BY story LIMIT ${MEMBERS_MAX}
     ) AS copies ORDER BY original, story`,
    [stories],
  );
  return [...Map.groupBy(rows, (row) => readNumber(row, "original"))].map(([original, copies]) => [
    { story: original, evidence: null },
    ...copies.map(toCopyRow),
  ]);
}

export async function addToGroup(
  session: Session,
  story: number,
  { original, foundAt, rule, share, shared, agency }: CopyEvidence & { readonly original: number },
): Promise<void> {
  await session.run(
    `INSERT INTO copies (story, original, found_at, rule, share, shared, agency) VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (story) DO NOTHING`,
    [story, original, foundAt.getTime(), rule, share, shared, agency],
  );
}

/** Takes a story out of its group; of a group whose first it was nothing is left. @returns whether it was in one */
export async function leaveGroup(session: Session, story: number): Promise<boolean> {
  return (await session.run("DELETE FROM copies WHERE story = $1 OR original = $1", [story])) > 0;
}
