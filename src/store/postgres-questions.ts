import { digestKeyHex } from "./digest.ts";
import type { Session } from "./postgres-connection.ts";
import { readNumber, readOptionalNumber, readOptionalText, readText } from "./rows.ts";
import type { Answer, ClaimedQuestion, PollRecord, Question, SightingChange } from "./store.ts";

const KINDS: readonly Question["kind"][] = ["link", "page", "text"];

/** Notes what a poll asks, after its sightings were written. */
export async function noteQuestions(session: Session, record: PollRecord, sourceNo: number): Promise<void> {
  const byUrl = Map.groupBy(record.sightings, ({ originalUrl }) => originalUrl);
  for (const question of record.questions ?? []) {
    const guids = (byUrl.get(question.url) ?? []).map(({ guidKey }) => digestKeyHex(guidKey));
    await ask(session, question, record.at.getTime(), async () => {
      const rows = await session.all(
        "SELECT id FROM sightings WHERE source_no = $1 AND guid_digest = ANY($2::uuid[])",
        [sourceNo, guids],
      );
      return rows.map((row) => readNumber(row, "id"));
    });
  }
}

/** Notes what an answer makes worth asking about the sightings that it named anew. */
export async function noteQuestionsFor(
  session: Session,
  questions: readonly Question[],
  { changes, at }: { readonly changes: readonly SightingChange[]; readonly at: Date },
): Promise<void> {
  const byUrl = Map.groupBy(changes, ({ record }) => record.originalUrl);
  for (const question of questions) {
    const ids = (byUrl.get(question.url) ?? []).map(({ id }) => id);
    await ask(session, question, at.getTime(), async () => ids);
  }
}

async function ask(
  session: Session,
  question: Question,
  at: number,
  listSightings: () => Promise<readonly number[]>,
): Promise<void> {
  const digest = digestQuestion(question);
  const [, row] = await Promise.all([
    session.run(
      `INSERT INTO questions (digest, kind, url, state, noted_at, next_try_at) VALUES ($1, $2, $3, 'waiting', $4, $4)
       ON CONFLICT (digest) DO NOTHING`,
      [digest, question.kind, question.url, at],
    ),
    session.one("SELECT no, state FROM questions WHERE digest = $1", [digest]),
  ]);
  const state = row === undefined ? "nothing" : readText(row, "state");
  // Nobody need wait for what leads nowhere.
  if (row === undefined || state === "nothing" || state === "given-up") return;
  const no = readNumber(row, "no");
  await session.run(
    `INSERT INTO question_sightings (question, sighting) SELECT $1::bigint, id FROM unnest($2::bigint[]) AS id
     ON CONFLICT DO NOTHING`,
    [no, await listSightings()],
  );
  // Answered while this poll was under way: its sightings get the answer all the same.
  if (state === "found") {
    await session.run("UPDATE questions SET state = 'waiting', next_try_at = $1 WHERE no = $2", [at, no]);
  }
}

/** Questions that another process is about to take are passed over. */
export async function claimQuestions(
  session: Session,
  request: { readonly now: Date; readonly limit: number; readonly leaseMs: number },
): Promise<readonly ClaimedQuestion[]> {
  const now = request.now.getTime();
  const rows = await session.all(
    `WITH due AS (
       SELECT no, next_try_at FROM questions WHERE state = 'waiting' AND next_try_at <= $1
       ORDER BY next_try_at, no LIMIT $2 FOR UPDATE SKIP LOCKED
     ), taken AS (
       UPDATE questions SET next_try_at = $3 FROM due WHERE questions.no = due.no
       RETURNING questions.no, kind, url, attempts, answer, due.next_try_at AS was_due_at
     )
     SELECT kind, url, attempts, answer FROM taken ORDER BY was_due_at, no`,
    [now, request.limit, now + request.leaseMs],
  );
  return rows.map((row) => ({
    kind: KINDS.find((known) => known === readText(row, "kind")) ?? "link",
    url: readText(row, "url"),
    attempts: readNumber(row, "attempts"),
    known: readOptionalText(row, "answer"),
  }));
}

export async function nextQuestionAt(session: Session): Promise<Date | null> {
  const row = await session.one("SELECT min(next_try_at) AS at FROM questions WHERE state = 'waiting'");
  const at = row === undefined ? null : readOptionalNumber(row, "at");
  return at === null ? null : new Date(at);
}

export async function settleQuestion(
  session: Session,
  question: Question,
  { answer, at }: { readonly answer: Answer; readonly at: Date },
): Promise<void> {
  const digest = digestQuestion(question);
  if (answer.outcome === "later") {
    await session.run(
      "UPDATE questions SET next_try_at = $1, attempts = attempts + 1, note = $2 WHERE digest = $3",
      [answer.retryAt.getTime(), answer.note, digest],
    );
    return;
  }
  const text = answer.outcome === "found" ? answer.text : null;
  const note = answer.outcome === "found" ? null : answer.note;
  await session.run(
    `WITH settled AS (
       UPDATE questions SET state = $1, answered_at = $2, answer = $3, note = $4 WHERE digest = $5 RETURNING no
     )
     DELETE FROM question_sightings USING settled WHERE question = settled.no`,
    [answer.outcome, at.getTime(), text, note, digest],
  );
}

/** The answers that are known, by URL. */
export async function findAnswers(
  session: Session,
  kind: Question["kind"],
  urls: readonly string[],
): Promise<Map<string, string>> {
  const digests = urls.map((url) => digestQuestion({ kind, url }));
  const rows = await session.all(
    "SELECT url, answer FROM questions WHERE digest = ANY($1::uuid[]) AND answer IS NOT NULL",
    [digests],
  );
  return new Map(rows.map((row) => [readText(row, "url"), readText(row, "answer")]));
}

/** Lets go of what pages said that nothing stored needs any more; they are not asked again. */
export async function forgetTexts(session: Session, urls: readonly string[]): Promise<void> {
  await session.run(
    `UPDATE questions SET state = 'nothing', answer = NULL, note = 'its story was forgotten'
     WHERE digest = ANY($1::uuid[])`,
    [urls.map((url) => digestQuestion({ kind: "text", url }))],
  );
}

export function digestQuestion({ kind, url }: Question): string {
  return digestKeyHex(`${kind}\n${url}`);
}
