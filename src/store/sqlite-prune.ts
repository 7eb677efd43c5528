import type { DatabaseSync } from "node:sqlite";
import { addCounts, countDuplicates } from "./carriers.ts";
import { decodeContent } from "./records.ts";
import { readInstant, readNumber, readText } from "./rows.ts";
import type { QuestionTable } from "./sqlite-questions.ts";
import type { StoryTable } from "./sqlite-story-table.ts";
import type { ForgetRequest, Forgettable, Retention } from "./store.ts";

/** The first place in the order that need not stay; everything from it on downwards goes. */
interface Boundary {
  readonly orderedAt: number;
  readonly number: number;
}

const BEYOND = "(ordered_at, number) <= (:orderedAt, :number)";

/** Forgets stories. Its caller opens and closes the transaction. */
export class StoryPruner {
  readonly #stories: StoryTable;
  readonly #questions: QuestionTable;
  readonly #newestSince;
  readonly #newestBeyond;
  readonly #count;
  readonly #oldest;
  readonly #selectSightings;
  readonly #remember;
  readonly #drop;
  readonly #lessEntries;
  readonly #deletes;

  constructor(
    db: DatabaseSync,
    { stories, questions }: { readonly stories: StoryTable; readonly questions: QuestionTable },
  ) {
    this.#stories = stories;
    this.#questions = questions;
    const order = "ORDER BY ordered_at DESC, number DESC LIMIT 1";
    this.#newestSince = db.prepare(`SELECT ordered_at, number FROM stories WHERE ordered_at < ? ${order}`);
    this.#newestBeyond = db.prepare(`SELECT ordered_at, number FROM stories ${order} OFFSET ?`);
    this.#count = db.prepare(
      `SELECT count(*) AS stories, max(ordered_at) AS until,
         (SELECT count(*) FROM sightings WHERE story IN (SELECT number FROM stories WHERE ${BEYOND})) AS sightings
       FROM stories WHERE ${BEYOND}`,
    );
    this.#oldest = db.prepare(
      `SELECT number, published_at FROM stories WHERE ${BEYOND} ORDER BY ordered_at, number LIMIT :limit`,
    );
    this.#selectSightings = db.prepare("SELECT id, source_no, record FROM sightings WHERE story = ?");
    this.#remember = db.prepare(
      `INSERT INTO forgotten_keys (digest, source_no, published_at, seen_at)
       SELECT digest, source_no, :publishedAt, :at FROM (
         SELECT digest FROM aliases WHERE story = :story
         UNION SELECT published_digest FROM stories WHERE number = :story
         UNION SELECT digest FROM forwarded_ids WHERE story = :story),
         (SELECT DISTINCT source_no FROM sightings WHERE story = :story) WHERE true
       ON CONFLICT (digest, source_no) DO UPDATE
         SET published_at = max(published_at, excluded.published_at), seen_at = max(seen_at, excluded.seen_at)`,
    );
    this.#drop = db.prepare(
      `DELETE FROM forgotten_keys WHERE (digest, source_no) IN (
         SELECT keys.digest, keys.source_no FROM sources JOIN forgotten_keys AS keys
           ON keys.source_no = sources.no AND keys.seen_at <= sources.read_at - :unseenMs LIMIT :limit)`,
    );
    this.#lessEntries = db.prepare("UPDATE sources SET entry_count = entry_count - ? WHERE no = ?");
    // What an operator said of a key outlives the story; without one it waits, and the remembered key keeps it asleep.
    this.#deletes = [
      "UPDATE pins SET story = NULL WHERE story = ?",
      "DELETE FROM aliases WHERE story = ?",
      "DELETE FROM forwarded_ids WHERE story = ?",
      "DELETE FROM sightings WHERE story = ?",
      "DELETE FROM stories WHERE number = ?",
    ].map((sql) => db.prepare(sql));
  }

  count(keep: Retention): Forgettable {
    const boundary = this.#boundary(keep);
    const row = boundary === null ? undefined : this.#count.get({ ...boundary });
    if (row === undefined) return { stories: 0, sightings: 0, until: null };
    return {
      stories: readNumber(row, "stories"),
      sightings: readNumber(row, "sightings"),
      until: readInstant(row, "until"),
    };
  }

  /** The numbers of what goes first. */
  listNext(keep: Retention, limit: number): readonly number[] {
    return this.#list(keep, limit).map((row) => readNumber(row, "number"));
  }

  forget(
    keep: Retention,
    { at, limit, numbers }: ForgetRequest,
  ): { readonly stories: number; readonly sightings: number } {
    const rows = this.#list(keep, limit).filter(
      (row) => numbers === undefined || numbers.includes(readNumber(row, "number")),
    );
    let sightings = 0;
    let aliases = 0;
    const duplicates = new Map<number, number>();
    for (const row of rows) {
      const story = readNumber(row, "number");
      addCounts(duplicates, countDuplicates(this.#stories.readCarriers(story)), -1);
      sightings += this.#leaveSightings(story);
      this.#remember.run({ story, publishedAt: readNumber(row, "published_at"), at: at.getTime() });
      const [pins, ...deletes] = this.#deletes;
      pins?.run(story);
      const [aliasCount] = deletes.map((statement) => Number(statement.run(story).changes));
      aliases += aliasCount ?? 0;
    }
    this.#stories.addDuplicates(duplicates);
    this.#stories.addTotals({ isVisible: rows.length > 0, stories: -rows.length, aliases: -aliases });
    return { stories: rows.length, sightings };
  }

  /** See `Store.dropForgottenKeys`. */
  drop(request: { readonly unseenMs: number; readonly limit: number }): number {
    return Number(this.#drop.run(request).changes);
  }

  /** What other tables hold of a story's sightings goes first. @returns how many sightings there are */
  #leaveSightings(story: number): number {
    const rows = this.#selectSightings.all(story);
    this.#questions.stopWaiting(rows.map((row) => readNumber(row, "id")));
    const urls = rows.map((row) => decodeContent(readText(row, "record"))?.originalUrl ?? null);
    this.#questions.forgetTexts(urls.filter((url) => url !== null));
    const counts = new Map<number, number>();
    for (const row of rows) addCounts(counts, new Map([[readNumber(row, "source_no"), 1]]), 1);
    for (const [sourceNo, count] of counts) this.#lessEntries.run(count, sourceNo);
    return rows.length;
  }

  #list(keep: Retention, limit: number) {
    const boundary = this.#boundary(keep);
    return boundary === null ? [] : this.#oldest.all({ ...boundary, limit });
  }

  #boundary(keep: Retention): Boundary | null {
    const row =
      "since" in keep ? this.#newestSince.get(keep.since.getTime()) : this.#newestBeyond.get(keep.newest);
    if (row === undefined) return null;
    return { orderedAt: readNumber(row, "ordered_at"), number: readNumber(row, "number") };
  }
}
