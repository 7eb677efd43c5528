import type { DatabaseSync } from "node:sqlite";
import type { Story } from "../model.ts";
import { digestKey } from "./digest.ts";
import { readNumber, readText } from "./rows.ts";
import { ArchiveTable } from "./sqlite-archives.ts";
import { CopyGroups } from "./sqlite-copy-groups.ts";
import type { SightingTexts } from "./sqlite-search.ts";
import { listPlaces, type Place, type PlaceStatements, preparePlaces } from "./sqlite-story-places.ts";
import type { CopyGroup, StoryDetail, StoryQuery, UnarchivedQuery } from "./store.ts";
import {
  isTagged,
  newestFirst,
  type RankedSighting,
  type SightingSource,
  toCopyGroups,
  toSighting,
  toSightingSource,
  toStoredAlias,
  toStory,
} from "./story-rows.ts";

/** Reads stories. Each call takes a few statements however many stories it gives, and sees one moment of the store. */
export class StoryReader {
  readonly #onWarning: (message: string) => void;
  readonly #places: PlaceStatements;
  readonly #texts: SightingTexts;
  readonly #archives: ArchiveTable;
  readonly #copies: CopyGroups;
  readonly #selectStories;
  readonly #selectSightings;
  readonly #selectSources;
  readonly #selectTagged;
  readonly #selectSourceNo;
  readonly #findByKey;
  readonly #findById;
  readonly #findByForwardedId;
  readonly #selectAliases;
  readonly #selectForwardedIds;
  readonly #selectPins;

  constructor(
    db: DatabaseSync,
    { texts, onWarning }: { readonly texts: SightingTexts; readonly onWarning: (message: string) => void },
  ) {
    this.#onWarning = onWarning;
    this.#places = preparePlaces(db);
    this.#texts = texts;
    this.#archives = new ArchiveTable(db);
    this.#copies = new CopyGroups(db);
    this.#selectStories = db.prepare(
      "SELECT * FROM stories WHERE number IN (SELECT value FROM json_each(?))",
    );
    this.#selectSightings = db.prepare(
      "SELECT * FROM sightings WHERE story IN (SELECT value FROM json_each(?))",
    );
    this.#selectSources = db.prepare(
      `SELECT no, id, kind, location, name, tags, priority, state, feed FROM sources
       WHERE no IN (SELECT value FROM json_each(?))`,
    );
    this.#selectTagged = db.prepare(
      `SELECT no FROM sources WHERE EXISTS
         (SELECT 1 FROM json_each(sources.tags) AS tag WHERE tag.value IN (SELECT value FROM json_each(?)))`,
    );
    this.#selectSourceNo = db.prepare("SELECT no FROM sources WHERE id = ?");
    this.#findByKey = db.prepare("SELECT story FROM aliases WHERE digest = ?");
    this.#findById = db.prepare("SELECT number AS story FROM stories WHERE published_digest = ?");
    this.#findByForwardedId = db.prepare("SELECT story FROM forwarded_ids WHERE digest = ?");
    this.#selectAliases = db.prepare(
      `SELECT aliases.key, aliases.kind, rule, evidence, created_at, sources.id AS source_id
       FROM aliases LEFT JOIN sources ON sources.no = aliases.source_no WHERE story = ? ORDER BY aliases.no`,
    );
    this.#selectForwardedIds = db.prepare("SELECT id FROM forwarded_ids WHERE story = ? ORDER BY id");
    this.#selectPins = db.prepare("SELECT kind, key FROM pins WHERE story = ? ORDER BY created_at, key");
  }

  /** The page of stories that a query asks for, newest first. */
  list(query: StoryQuery): readonly Story[] {
    if (query.numbers !== undefined)
      return [...this.#load(query.numbers).values()].sort(newestFirst).slice(0, query.limit);
    const tags = new Set(query.tags ?? []);
    const sourceNos = this.#chooseSources(query);
    const stories: Story[] = [];
    let before: Place | null = null;
    if (query.before !== undefined) {
      before = { orderedAt: query.before.orderedAt.getTime(), number: query.before.number };
    }
    // More than one round only where a row was unreadable, or where both filters are given.
    while (stories.length < query.limit) {
      const wanted = query.limit - stories.length;
      const places =
        query.search === undefined
          ? listPlaces(this.#places, { sourceNos, before, limit: wanted })
          : this.#texts.places(query.search, { sourceNos, before, limit: wanted });
      const last = places.at(-1);
      if (last === undefined) break;
      const page = this.#load(places.map((place) => place.number));
      for (const { number } of places) {
        const story = page.get(number);
        if (story !== undefined && isTagged(story, tags)) stories.push(story);
      }
      if (places.length < wanted) break;
      before = last;
    }
    return stories;
  }

  /** Stories that are on no page of an output's archive, in the order of their numbers. */
  listUnarchived(query: UnarchivedQuery): readonly Story[] {
    const tags = new Set(query.tags ?? []);
    const sourceNos = this.#chooseSources(query);
    let { after } = query;
    for (;;) {
      const numbers = this.#archives.unarchived({ ...query, after }, sourceNos);
      const loaded = this.#load(numbers);
      const stories = numbers.flatMap((number) => loaded.get(number) ?? []);
      const found = stories.filter((story) => isTagged(story, tags));
      const last = numbers.at(-1);
      // Where none of them can be read there may be more behind them.
      if (found.length > 0 || last === undefined || numbers.length < query.limit) return found;
      after = last;
    }
  }

  /** The story of the first of these alias keys and published ids that is known. */
  find(keys: readonly string[]): StoryDetail | null {
    for (const key of keys) {
      const digest = digestKey(key);
      const row =
        this.#findByKey.get(digest) ?? this.#findById.get(digest) ?? this.#findByForwardedId.get(digest);
      if (row === undefined) continue;
      const number = readNumber(row, "story");
      const story = this.#load([number]).get(number);
      if (story !== undefined) return this.#describe(story);
    }
    return null;
  }

  /** The groups of copies that stories belong to, each once. */
  listCopies(numbers: readonly number[]): readonly CopyGroup[] {
    const groups = this.#copies.list(numbers);
    if (groups.length === 0) return [];
    const loaded = this.#load(groups.flatMap((rows) => rows.map(({ story }) => story)));
    return toCopyGroups(groups, loaded);
  }

  #describe(story: Story): StoryDetail {
    return {
      copies: this.listCopies([story.number])[0] ?? null,
      story,
      aliases: this.#selectAliases.all(story.number).map(toStoredAlias),
      forwardedIds: this.#selectForwardedIds.all(story.number).map((row) => readText(row, "id")),
      overrides: this.#selectPins
        .all(story.number)
        .map((row) => `${readText(row, "kind")} ${readText(row, "key")}`),
    };
  }

  /** The sources to which a query is limited, or null for all. */
  #chooseSources(query: Pick<StoryQuery, "sourceId" | "tags">): readonly number[] | null {
    if (query.sourceId !== undefined) {
      return this.#selectSourceNo.all(query.sourceId).map((row) => readNumber(row, "no"));
    }
    if (query.tags === undefined || query.tags.length === 0) return null;
    return this.#selectTagged.all(JSON.stringify(query.tags)).map((row) => readNumber(row, "no"));
  }

  /** Stories with their sightings, by number. One with no readable sighting is left out, aloud. */
  #load(numbers: readonly number[]): Map<number, Story> {
    const sightings = this.#loadSightings(numbers);
    const stories = new Map<number, Story>();
    for (const row of this.#selectStories.all(JSON.stringify(numbers))) {
      const number = readNumber(row, "number");
      const carriers = sightings.get(number);
      if (carriers === undefined) continue;
      stories.set(number, toStory(row, carriers));
    }
    return stories;
  }

  #loadSightings(stories: readonly number[]): Map<number, RankedSighting[]> {
    const rows = this.#selectSightings.all(JSON.stringify(stories));
    const sources = this.#loadSources(new Set(rows.map((row) => readNumber(row, "source_no"))));
    const sightings = new Map<number, RankedSighting[]>();
    for (const row of rows) {
      const source = sources.get(readNumber(row, "source_no"));
      const ranked = source === undefined ? null : toSighting(row, source);
      if (ranked === null) {
        this.#onWarning(`the stored sighting ${String(row.id)} is unreadable and left out`);
        continue;
      }
      const story = readNumber(row, "story");
      const others = sightings.get(story);
      if (others === undefined) sightings.set(story, [ranked]);
      else others.push(ranked);
    }
    return sightings;
  }

  #loadSources(nos: ReadonlySet<number>): Map<number, SightingSource> {
    const sources = new Map<number, SightingSource>();
    for (const row of this.#selectSources.all(JSON.stringify([...nos]))) {
      sources.set(readNumber(row, "no"), toSightingSource(row));
    }
    return sources;
  }
}
