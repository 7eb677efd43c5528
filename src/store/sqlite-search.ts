import type { DatabaseSync } from "node:sqlite";
import type { Entry } from "../model.ts";
import { entryText } from "./entry-text.ts";
import type { PreparedSighting } from "./prepared-sighting.ts";
import { decodeContent } from "./records.ts";
import { readNumber } from "./rows.ts";
import { parseSearch, type SearchTerm } from "./search-query.ts";
import { prepareEntryReader } from "./sqlite-stored-sightings.ts";
import type { Place, PlaceQuery } from "./sqlite-story-places.ts";

/** Sightings that wait for the index, and bytes of their bodies: some 150 ms of writing, and half of what FTS5 gathers (`sqlite-13.ts`). */
const WAITING_MAX = 2000;
const WAITING_BYTES_MAX = 4 * 2 ** 20;

/** What the index takes in of a sighting; the body in UTF-8. */
type IndexedText = Pick<PreparedSighting, "title" | "body">;

function toIndexed(entry: Entry): IndexedText {
  const { title, body } = entryText(entry);
  return { title, body: Buffer.from(body) };
}

/**
 * The full-text index over sightings (https://www.sqlite.org/fts5.html). What is new or was edited enters it many at a time, which
 * costs half as much as a few: `catchUp` does that, and must have been called before a search. A sighting that is deleted leaves it by a trigger.
 */
export class SightingTexts {
  /** What this process stored and the index does not have yet, so that it need not be read and decoded again. */
  readonly #waiting = new Map<number, IndexedText>();
  #waitingBytes = 0;
  readonly #put;
  readonly #selectLast;
  readonly #selectThrough;
  readonly #selectNew;
  readonly #selectEdited;
  readonly #noteEdited;
  readonly #forgetEdited;
  readonly #readEntry;
  readonly #setThrough;
  readonly #find;
  readonly #findOfSources;

  constructor(db: DatabaseSync) {
    this.#put = db.prepare(
      "INSERT OR REPLACE INTO sighting_texts (rowid, title, body) VALUES (?, ?, CAST(? AS TEXT))",
    );
    this.#selectLast = db.prepare("SELECT coalesce(max(id), 0) AS last FROM sightings");
    this.#selectThrough = db.prepare("SELECT through FROM indexed_words");
    this.#selectNew = db.prepare("SELECT id FROM sightings WHERE id > ? ORDER BY id");
    this.#selectEdited = db.prepare("SELECT sighting FROM edited_words");
    this.#noteEdited = db.prepare("INSERT INTO edited_words (sighting) VALUES (?) ON CONFLICT DO NOTHING");
    this.#forgetEdited = db.prepare("DELETE FROM edited_words");
    this.#readEntry = prepareEntryReader(db);
    this.#setThrough = db.prepare("UPDATE indexed_words SET through = ?");
    const select = (condition: string) =>
      db.prepare(
        `SELECT DISTINCT story_ordered_at AS ordered_at, story AS number
         FROM sighting_texts JOIN sightings ON sightings.id = sighting_texts.rowid
         WHERE sighting_texts MATCH ? AND (story_ordered_at, story) < (?, ?) ${condition}
         ORDER BY story_ordered_at DESC, story DESC LIMIT ?`,
      );
    this.#find = select("");
    this.#findOfSources = select("AND source_no IN (SELECT value FROM json_each(?))");
  }

  /** True when there are sightings whose words are not in the index yet. */
  isBehind(): boolean {
    return this.#countNew() > 0 || this.#selectEdited.get() !== undefined;
  }

  #isFull(): boolean {
    if (this.#waitingBytes >= WAITING_BYTES_MAX || this.#waiting.size >= WAITING_MAX) return true;
    return this.#countNew() >= WAITING_MAX;
  }

  /** Counts numbers, also those of sightings that are gone. */
  #countNew(): number {
    const last = this.#selectLast.get();
    return last === undefined ? 0 : readNumber(last, "last") - this.#through();
  }

  /** Keeps what was just stored for `catchUp`. Within a transaction; if that is undone, `dropWaiting` must be called. */
  add(sightingId: number, { title, body }: IndexedText): void {
    // A copy: what it came in may hold a whole poll.
    this.#keep(sightingId, { title, body: new Uint8Array(body) });
  }

  #keep(sightingId: number, text: IndexedText): void {
    this.#waitingBytes += text.body.length - (this.#waiting.get(sightingId)?.body.length ?? 0);
    this.#waiting.set(sightingId, text);
  }

  /** Also when a transaction was undone: numbers of sightings that it gave out may come again. What is stored is read when it is needed. */
  dropWaiting(): void {
    this.#waiting.clear();
    this.#waitingBytes = 0;
  }

  /** Takes in what waits when that is much. Within a transaction. */
  catchUpIfFull(): void {
    if (this.#isFull()) this.catchUp();
  }

  /** Takes in all sightings whose words are not in the index yet. Within a transaction. */
  catchUp(): void {
    for (const row of this.#selectEdited.iterate()) this.#takeIn(readNumber(row, "sighting"));
    this.#forgetEdited.run();
    let through = this.#through();
    for (const row of this.#selectNew.iterate(through)) {
      through = readNumber(row, "id");
      this.#takeIn(through);
    }
    this.#setThrough.run(through);
    this.dropWaiting();
  }

  #takeIn(sightingId: number): void {
    const text = this.#waiting.get(sightingId) ?? this.#readText(sightingId);
    if (text !== null) this.#put.run(sightingId, text.title, text.body);
  }

  /** Begins again where there are no sightings any more. Within a transaction. */
  restart(): void {
    this.#setThrough.run(0);
    this.#forgetEdited.run();
    this.dropWaiting();
  }

  /** Keeps what was edited for `catchUp`, as `add` does. */
  edit(sightingId: number, entry: Entry): void {
    if (sightingId <= this.#through()) this.#noteEdited.run(sightingId);
    this.#keep(sightingId, toIndexed(entry));
  }

  #through(): number {
    const row = this.#selectThrough.get();
    if (row === undefined) throw new Error("indexed_words has no row");
    return readNumber(row, "through");
  }

  #readText(sightingId: number): IndexedText | null {
    const entry = this.#readEntry(sightingId);
    return entry === null ? null : toIndexed(entry);
  }

  /** The places of stories that a search finds, in the feed's order. */
  places(search: string, { sourceNos, before, limit }: PlaceQuery): readonly Place[] {
    const expression = toMatchExpression(search);
    if (expression === null) return [];
    const { orderedAt, number } = before ?? {
      orderedAt: Number.MAX_SAFE_INTEGER,
      number: Number.MAX_SAFE_INTEGER,
    };
    const rows =
      sourceNos === null
        ? this.#find.all(expression, orderedAt, number, limit)
        : this.#findOfSources.all(expression, orderedAt, number, JSON.stringify(sourceNos), limit);
    return rows.map((row) => ({
      orderedAt: readNumber(row, "ordered_at"),
      number: readNumber(row, "number"),
    }));
  }
}

/** A search as an FTS5 expression in which every word is quoted; null when there is nothing to find. */
export function toMatchExpression(search: string): string | null {
  const { all, none } = parseSearch(search);
  if (all.length === 0) return null;
  const wanted = all.map((terms) => `(${terms.map(quote).join(" OR ")})`).join(" AND ");
  return none.length === 0 ? wanted : `(${wanted}) NOT (${none.map(quote).join(" OR ")})`;
}

function quote({ text, isPrefix }: SearchTerm): string {
  return `"${text.replaceAll('"', '""')}"${isPrefix ? "*" : ""}`;
}

/** Lets SQL of a migration ask for the words of a stored record. An unreadable one has none. */
export function addEntryTextFunction(db: DatabaseSync): void {
  const read = (record: unknown) => {
    const content = typeof record === "string" ? decodeContent(record) : null;
    return content === null ? { title: "", body: "" } : entryText(content.entry);
  };
  db.function("entry_title", { deterministic: true }, (record) => read(record).title);
  db.function("entry_body", { deterministic: true }, (record) => read(record).body);
}
