import type { DatabaseSync } from "node:sqlite";
import { digestKey } from "./digest.ts";
import { readNumber, readOptionalNumber, readOptionalText, readText } from "./rows.ts";
import type { Answer, ClaimedQuestion, PollRecord, Question, SightingChange } from "./store.ts";

/** What is asked of the network, and what it said. All of it runs inside its caller's transaction. */
export class QuestionTable {
  readonly #insert;
  readonly #select;
  readonly #wake;
  readonly #selectSightings;
  readonly #wait;
  readonly #due;
  readonly #push;
  readonly #next;
  readonly #settle;
  readonly #release;
  readonly #retry;
  readonly #answer;
  readonly #forgetText;
  readonly #stopWaiting;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      `INSERT INTO questions (digest, kind, url, state, noted_at, next_try_at) VALUES (?, ?, ?, 'waiting', ?, ?)
       ON CONFLICT (digest) DO NOTHING`,
    );
    this.#select = db.prepare("SELECT no, state FROM questions WHERE digest = ?");
    this.#wake = db.prepare("UPDATE questions SET state = 'waiting', next_try_at = ? WHERE no = ?");
    this.#selectSightings = db.prepare("SELECT id FROM sightings WHERE source_no = ? AND guid_digest = ?");
    this.#wait = db.prepare(
      "INSERT INTO question_sightings (question, sighting) VALUES (?, ?) ON CONFLICT DO NOTHING",
    );
    // As for sources, a limit that is a parameter alone would have this planned anew each time.
    this.#due = db.prepare(
      `SELECT no, kind, url, attempts, answer FROM questions WHERE state = 'waiting' AND next_try_at <= ?
       ORDER BY next_try_at, no LIMIT ? + 0`,
    );
    this.#push = db.prepare("UPDATE questions SET next_try_at = ? WHERE no = ?");
    this.#next = db.prepare("SELECT min(next_try_at) AS at FROM questions WHERE state = 'waiting'");
    this.#settle = db.prepare(
      "UPDATE questions SET state = ?, answered_at = ?, answer = ?, note = ? WHERE digest = ? RETURNING no",
    );
    this.#release = db.prepare("DELETE FROM question_sightings WHERE question = ?");
    this.#retry = db.prepare(
      "UPDATE questions SET next_try_at = ?, attempts = attempts + 1, note = ? WHERE digest = ?",
    );
    this.#forgetText = db.prepare(
      "UPDATE questions SET state = 'nothing', answer = NULL, note = 'its story was forgotten' WHERE digest = ?",
    );
    this.#stopWaiting = db.prepare(
      "DELETE FROM question_sightings WHERE sighting IN (SELECT value FROM json_each(?))",
    );
    this.#answer = db.prepare("SELECT answer FROM questions WHERE digest = ? AND answer IS NOT NULL");
  }

  /** Notes what a poll asks, after its sightings were written. */
  note(record: Pick<PollRecord, "sightings" | "questions" | "at">, sourceNo: number): void {
    if (record.questions === undefined || record.questions.length === 0) return;
    const byUrl = Map.groupBy(record.sightings, ({ originalUrl }) => originalUrl);
    for (const question of record.questions) {
      const guidKeys = (byUrl.get(question.url) ?? []).map(({ guidKey }) => guidKey);
      this.#ask(question, record.at.getTime(), () =>
        guidKeys.flatMap((guidKey) =>
          this.#selectSightings.all(sourceNo, digestKey(guidKey)).map((row) => readNumber(row, "id")),
        ),
      );
    }
  }

  /** Notes what an answer makes worth asking about the sightings that it named anew. */
  noteFor(questions: readonly Question[], changes: readonly SightingChange[], at: Date): void {
    const byUrl = Map.groupBy(changes, ({ record }) => record.originalUrl);
    for (const question of questions) {
      this.#ask(question, at.getTime(), () => (byUrl.get(question.url) ?? []).map(({ id }) => id));
    }
  }

  #ask(question: Question, at: number, listSightings: () => readonly number[]): void {
    const digest = digestQuestion(question);
    this.#insert.run(digest, question.kind, question.url, at, at);
    const row = this.#select.get(digest);
    const state = row === undefined ? "nothing" : readText(row, "state");
    // Nobody need wait for what leads nowhere.
    if (row === undefined || state === "nothing" || state === "given-up") return;
    const no = readNumber(row, "no");
    for (const id of listSightings()) this.#wait.run(no, id);
    // Answered while this poll was under way: its sightings get the answer all the same.
    if (state === "found") this.#wake.run(at, no);
  }

  claim(request: {
    readonly now: Date;
    readonly limit: number;
    readonly leaseMs: number;
  }): readonly ClaimedQuestion[] {
    const now = request.now.getTime();
    return this.#due.all(now, request.limit).map((row) => {
      this.#push.run(now + request.leaseMs, readNumber(row, "no"));
      return {
        kind: readKind(row),
        url: readText(row, "url"),
        attempts: readNumber(row, "attempts"),
        known: readOptionalText(row, "answer"),
      };
    });
  }

  nextAt(): Date | null {
    const row = this.#next.get();
    const at = row === undefined ? null : readOptionalNumber(row, "at");
    return at === null ? null : new Date(at);
  }

  record(question: Question, answer: Answer, at: Date): void {
    const digest = digestQuestion(question);
    if (answer.outcome === "later") {
      this.#retry.run(answer.retryAt.getTime(), answer.note, digest);
      return;
    }
    const text = answer.outcome === "found" ? answer.text : null;
    const note = answer.outcome === "found" ? null : answer.note;
    const row = this.#settle.get(answer.outcome, at.getTime(), text, note, digest);
    if (row !== undefined) this.#release.run(readNumber(row, "no"));
  }

  /** Lets go of what pages said that nothing stored needs any more; they are not asked again. */
  forgetTexts(urls: readonly string[]): void {
    for (const url of urls) this.#forgetText.run(digestQuestion({ kind: "text", url }));
  }

  /** Sightings that are about to go wait for nothing. */
  stopWaiting(sightings: readonly number[]): void {
    this.#stopWaiting.run(JSON.stringify(sightings));
  }

  find(question: Question): string | null {
    const row = this.#answer.get(digestQuestion(question));
    return row === undefined ? null : readOptionalText(row, "answer");
  }
}

const KINDS: readonly Question["kind"][] = ["link", "page", "text"];

function readKind(row: Readonly<Record<string, unknown>>): Question["kind"] {
  const kind = readText(row, "kind");
  return KINDS.find((known) => known === kind) ?? "link";
}

/** The digest under which a question is stored. */
export function digestQuestion({ kind, url }: Question): Uint8Array {
  return digestKey(`${kind}\n${url}`);
}
