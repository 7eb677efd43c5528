import type { DatabaseSync } from "node:sqlite";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { readInstant, readNumber, readOptionalInstant, readText } from "./rows.ts";
import { toMatchExpression } from "./sqlite-search.ts";
import type { ArchivePage, ArchiveState, UnarchivedQuery } from "./store.ts";

const NOT_ARCHIVED =
  "NOT EXISTS (SELECT 1 FROM archived_stories WHERE output = ? AND archived_stories.story = ";

/** The archives of outputs. All of it runs inside its caller's transaction. */
export class ArchiveTable {
  readonly #state;
  readonly #move;
  readonly #addPage;
  readonly #addStories;
  readonly #countStories;
  readonly #find;
  readonly #all;
  readonly #ofSources;
  readonly #found;
  readonly #foundOfSources;

  constructor(db: DatabaseSync) {
    this.#state = db.prepare("SELECT pages, position, scope, swept_at FROM archives WHERE output = ?");
    this.#move = db.prepare(
      `INSERT INTO archives (output, pages, position, scope, swept_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (output) DO UPDATE SET pages = excluded.pages, position = excluded.position,
         scope = excluded.scope, swept_at = excluded.swept_at`,
    );
    this.#addPage = db.prepare(
      "INSERT INTO archive_pages (output, number, body, site_url, created_at) VALUES (?, ?, ?, ?, ?)",
    );
    this.#addStories = db.prepare(
      `INSERT INTO archived_stories (output, story) SELECT ?, value FROM json_each(?) WHERE true
       ON CONFLICT DO NOTHING`,
    );
    this.#countStories = db.prepare(
      "SELECT count(*) AS count FROM stories WHERE number IN (SELECT value FROM json_each(?))",
    );
    this.#find = db.prepare("SELECT * FROM archive_pages WHERE output = ? AND number = ?");
    this.#all = db.prepare(
      `SELECT number FROM stories WHERE number > ? AND ${NOT_ARCHIVED} stories.number) ORDER BY number LIMIT ?`,
    );
    this.#ofSources = db.prepare(
      `SELECT DISTINCT story AS number FROM sightings
       WHERE story > ? AND ${NOT_ARCHIVED} sightings.story) AND source_no IN (SELECT value FROM json_each(?))
       ORDER BY story LIMIT ?`,
    );
    const search = (condition: string) =>
      db.prepare(
        `SELECT DISTINCT story AS number FROM sighting_texts JOIN sightings ON sightings.id = sighting_texts.rowid
         WHERE sighting_texts MATCH ? AND story > ? AND ${NOT_ARCHIVED} sightings.story) ${condition}
         ORDER BY story LIMIT ?`,
      );
    this.#found = search("");
    this.#foundOfSources = search("AND source_no IN (SELECT value FROM json_each(?))");
  }

  state(output: string): ArchiveState {
    const row = this.#state.get(output);
    if (row === undefined) return { pages: 0, position: 0, scope: "", sweptAt: null };
    return {
      pages: readNumber(row, "pages"),
      position: readNumber(row, "position"),
      scope: readText(row, "scope"),
      sweptAt: readOptionalInstant(row, "swept_at"),
    };
  }

  move(output: string, state: ArchiveState): void {
    const { pages, position, scope, sweptAt } = state;
    this.#move.run(output, pages, position, scope, sweptAt?.getTime() ?? null);
  }

  add(
    page: ArchivePage,
    { stories, position }: { readonly stories: readonly number[]; readonly position: number },
  ): boolean {
    const { output, number, body, siteUrl, at } = page;
    const state = this.state(output);
    const numbers = JSON.stringify(stories);
    if (number !== state.pages + 1) return false;
    if (readNumber(this.#countStories.get(numbers) ?? {}, "count") < stories.length) return false;
    this.#addPage.run(output, number, zstdCompressSync(body), siteUrl, at.getTime());
    this.#addStories.run(output, numbers);
    this.move(output, { ...state, pages: number, position });
    return true;
  }

  find(output: string, number: number): ArchivePage | null {
    const row = this.#find.get(output, number);
    if (row === undefined || !(row.body instanceof Uint8Array)) return null;
    return {
      output,
      number,
      body: zstdDecompressSync(row.body),
      siteUrl: readText(row, "site_url"),
      at: readInstant(row, "created_at"),
    };
  }

  /** Numbers of stories that are on no page; `sourceNos` null for those of all sources. */
  unarchived(query: UnarchivedQuery, sourceNos: readonly number[] | null): readonly number[] {
    const { output, after, limit } = query;
    const sources = JSON.stringify(sourceNos);
    const rows = () => {
      if (query.search === undefined) {
        return sourceNos === null
          ? this.#all.all(after, output, limit)
          : this.#ofSources.all(after, output, sources, limit);
      }
      const expression = toMatchExpression(query.search);
      if (expression === null) return [];
      return sourceNos === null
        ? this.#found.all(expression, after, output, limit)
        : this.#foundOfSources.all(expression, after, output, sources, limit);
    };
    return rows().map((row) => readNumber(row, "number"));
  }
}
