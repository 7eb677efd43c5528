import type { DatabaseSync } from "node:sqlite";
import type { Entry } from "../model.ts";
import { entryText } from "./entry-text.ts";
import { decodeContent } from "./records.ts";
import { readNumber } from "./rows.ts";
import { parseSearch, type SearchTerm } from "./search-query.ts";
import type { Place, PlaceQuery } from "./sqlite-story-places.ts";

/** The full-text index over sightings (https://www.sqlite.org/fts5.html). A sighting that is deleted leaves it by a trigger. */
export class SightingTexts {
  readonly #put;
  readonly #find;
  readonly #findOfSources;

  constructor(db: DatabaseSync) {
    this.#put = db.prepare("INSERT OR REPLACE INTO sighting_texts (rowid, title, body) VALUES (?, ?, ?)");
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

  put(sightingId: number, entry: Entry): void {
    const { title, body } = entryText(entry);
    this.#put.run(sightingId, title, body);
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
