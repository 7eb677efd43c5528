import type { DatabaseSync } from "node:sqlite";
import { decodeContent } from "./records.ts";
import { decodeIdentity, encodeIdentity } from "./rekeyed-identity.ts";
import { readNumber, readText } from "./rows.ts";
import { StoryParter } from "./sqlite-parting.ts";
import type { QuestionTable } from "./sqlite-questions.ts";
import type { SightingRewriter } from "./sqlite-sighting-rewriter.ts";
import type { StoredSightings } from "./sqlite-stored-sightings.ts";
import type { StoryTable } from "./sqlite-story-table.ts";
import type { RekeyReport, RekeyRequest, StoryName } from "./store.ts";

/** Sightings that are named at a time. */
const BATCH = 1000;

/** Merges and parts that are told by name. */
const EXAMPLES_MAX = 10;

/**
 * Names every sighting anew in three passes: the new keys are worked out and kept aside; stories whose sightings share
 * no key any more are parted; then the new keys are written as edits, so that stories that share one are merged. Its
 * caller opens and closes the transaction; between two steps of the iteration other work may have its turn.
 */
export class RekeyWriter {
  readonly #db: DatabaseSync;
  readonly #parts: { readonly stories: StoryTable; readonly questions: QuestionTable };
  readonly #stored: StoredSightings;
  readonly #rewriter: SightingRewriter;

  constructor(
    db: DatabaseSync,
    parts: {
      readonly stories: StoryTable;
      readonly questions: QuestionTable;
      readonly stored: StoredSightings;
      readonly rewriter: SightingRewriter;
    },
  ) {
    this.#db = db;
    this.#parts = parts;
    this.#stored = parts.stored;
    this.#rewriter = parts.rewriter;
  }

  /** Each step is one batch; the last value is the report. */
  *run(request: RekeyRequest): Generator<void, RekeyReport, void> {
    const at = request.at.getTime();
    // New identities by sighting, and the keys that each gives up.
    this.#db.exec(
      "CREATE TEMP TABLE rekeyed (sighting INTEGER PRIMARY KEY, identity TEXT NOT NULL, dropped TEXT NOT NULL) STRICT",
    );
    try {
      const sightings = yield* this.#nameAnew(request);
      const parter = new StoryParter(this.#db, { stories: this.#parts.stories, at });
      const parts = yield* this.#partStories(parter);
      const merges = yield* this.#write(at);
      const changed = this.#count("SELECT count(*) AS n FROM rekeyed");
      this.#db.prepare("UPDATE meta SET identity_version = ? WHERE id = 1").run(request.version);
      this.#parts.stories.addTotals({ isVisible: changed > 0, stories: 0, aliases: 0 });
      return { sightings, changed, ...parts, ...merges };
    } finally {
      this.#db.exec("DROP TABLE IF EXISTS temp.rekeyed");
    }
  }

  *#nameAnew({ identify, onProgress }: RekeyRequest): Generator<void, number, void> {
    const keep = this.#db.prepare("INSERT INTO rekeyed (sighting, identity, dropped) VALUES (?, ?, ?)");
    const total = this.#count("SELECT count(*) AS n FROM sightings");
    let done = 0;
    for (let after = 0; ; ) {
      const { sightings, lastId } = this.#stored.listAfter(after, BATCH);
      if (lastId === null) return done;
      after = lastId;
      const named = identify({
        sightings,
        collapsedKeys: (sourceId) => this.#stored.collapsedKeys(sourceId),
        resolved: (url) => this.#parts.questions.find({ kind: "link", url }),
        page: (url) => this.#parts.questions.find({ kind: "page", url }),
        fetchMissing: async () => false,
      });
      this.#rewriter.addCollapsedKeys(named.collapsedKeys);
      const before = new Map(sightings.map((sighting) => [sighting.id, sighting.record]));
      for (const { row, record } of this.#rewriter.locate(named.changes)) {
        const current = new Set(record.aliases.map(({ key }) => key));
        const dropped = (before.get(row.id)?.aliases ?? []).filter(({ key }) => !current.has(key));
        keep.run(row.id, encodeIdentity(record), JSON.stringify(dropped.map(({ key }) => key)));
      }
      done += sightings.length;
      onProgress?.({ done, total });
      yield;
    }
  }

  *#partStories(parter: StoryParter): Generator<void, Pick<RekeyReport, "parted" | "partExamples">, void> {
    const stories = this.#db.prepare(
      `SELECT DISTINCT story FROM sightings WHERE id IN (SELECT sighting FROM rekeyed) AND story > ?
         ORDER BY story LIMIT ${BATCH}`,
    );
    const last = this.#count("SELECT coalesce(max(number), 0) AS n FROM stories");
    const partExamples: { from: StoryName; story: StoryName }[] = [];
    let parted = 0;
    for (let after = 0; after < last; ) {
      const numbers = stories.all(after).map((row) => readNumber(row, "story"));
      for (const number of numbers) {
        if (number > last) break;
        const from = this.#nameOf(number);
        for (const story of parter.part(number)) {
          parted += 1;
          if (partExamples.length < EXAMPLES_MAX) partExamples.push({ from, story: this.#nameOf(story) });
        }
      }
      after = numbers.at(-1) ?? last;
      yield;
    }
    return { parted, partExamples };
  }

  *#write(at: number): Generator<void, Pick<RekeyReport, "merged" | "mergeExamples">, void> {
    const select = this.#db.prepare(
      `SELECT sighting, identity FROM rekeyed WHERE sighting > ? ORDER BY sighting LIMIT ${BATCH}`,
    );
    const mergeExamples: { from: StoryName; into: StoryName }[] = [];
    let merged = 0;
    for (let after = 0; ; ) {
      const rows = select.all(after);
      const last = rows.at(-1);
      if (last === undefined) return { merged, mergeExamples };
      after = readNumber(last, "sighting");
      const changes = rows.flatMap((row) => {
        const stored = this.#stored.find(readNumber(row, "sighting"));
        const identity = decodeIdentity(readText(row, "identity"));
        return stored === null ? [] : [{ id: stored.id, record: { ...stored.record, ...identity } }];
      });
      merged += this.#rewriter.write(this.#rewriter.locate(changes), {
        at,
        onMerge: ({ from, into }) => {
          if (mergeExamples.length < EXAMPLES_MAX)
            mergeExamples.push({ from: this.#nameOf(from), into: this.#nameOf(into) });
        },
      }).merged;
      yield;
    }
  }

  #nameOf(story: number): StoryName {
    const row = this.#db
      .prepare(
        `SELECT published_id, record FROM stories JOIN sightings ON story = number WHERE number = ?
         ORDER BY sightings.id LIMIT 1`,
      )
      .get(story);
    const content = row === undefined ? null : decodeContent(readText(row, "record"));
    return {
      publishedId: row === undefined ? "" : readText(row, "published_id"),
      title: content?.entry.title ?? "",
      url: content?.originalUrl ?? content?.entry.url ?? null,
    };
  }

  #count(sql: string): number {
    return readNumber(this.#db.prepare(sql).get() ?? {}, "n");
  }
}
