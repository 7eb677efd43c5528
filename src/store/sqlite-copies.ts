import type { DatabaseSync } from "node:sqlite";
import type { SightingRecord } from "../model.ts";
import { BOILERPLATE_ITEMS } from "../syndicate/boilerplate.ts";
import { CANDIDATES_MAX, type Candidate, chooseOriginal, WINDOW_MS } from "../syndicate/choose.ts";
import { PostingIndex } from "../syndicate/posting-index.ts";
import { RecentTexts } from "../syndicate/recent-texts.ts";
import { type Fingerprint, fingerprintOf, type Report, readReport } from "../syndicate/report.ts";
import { KnownBoilerplates } from "./known-boilerplates.ts";
import { RecentMap } from "./recent-map.ts";
import { addReportRow } from "./report-rows.ts";
import { readNumber, readText } from "./rows.ts";
import { CopyGroups } from "./sqlite-copy-groups.ts";
import { prepareEntryReader } from "./sqlite-stored-sightings.ts";

/** Reports that were compared last; what many print is asked for many times. */
const REPORTS_KEPT = 256;
/** Rows whose time is over that one entry clears away. */
const EXPIRED_PER_ENTRY = 4;
/** Rows of the window that are taken in between two turns of the event loop: some 10 ms. */
const SLICE = 1000;

interface NotedSighting {
  readonly id: number;
  readonly record: SightingRecord;
  /** Of its text; absent where nobody made it yet. */
  readonly fingerprint?: Fingerprint | null;
}

interface Poll {
  readonly sourceNo: number;
  readonly at: number;
}

/** Finds copies among the sightings that polls bring. All of it runs inside its caller's transaction. */
export class CopyFinder {
  readonly #index = new PostingIndex(WINDOW_MS);
  readonly #groups: CopyGroups;
  readonly #reports = new RecentMap<string, Report>(REPORTS_KEPT);
  readonly #texts = new RecentTexts();
  readonly #boilerplates = new KnownBoilerplates();
  #lastNo = 0;
  readonly #selectEnds;
  readonly #selectOldest;
  readonly #selectNew;
  readonly #insert;
  readonly #remove;
  readonly #expire;
  readonly #selectOwn;
  readonly #selectCandidate;
  readonly #selectRecent;
  readonly #readEntry;
  /** What the poll at hand brought, by sighting. */
  #brought: ReadonlyMap<number, NotedSighting> = new Map();

  constructor(db: DatabaseSync) {
    this.#groups = new CopyGroups(db);
    this.#selectEnds = db.prepare(
      "SELECT (SELECT min(no) FROM reports) AS first, (SELECT max(no) FROM reports) AS last",
    );
    this.#selectOldest = db.prepare("SELECT seen_at FROM reports ORDER BY no LIMIT 1");
    this.#selectNew = db.prepare(
      `SELECT no, seen_at, title_hash, sample FROM reports WHERE no > ? ORDER BY no LIMIT ${SLICE}`,
    );
    this.#insert = db.prepare(
      "INSERT INTO reports (sighting, seen_at, title_hash, sample) VALUES (?, ?, ?, ?)",
    );
    this.#remove = db.prepare("DELETE FROM reports WHERE sighting = ?");
    this.#expire = db.prepare(
      "DELETE FROM reports WHERE no IN (SELECT no FROM (SELECT no, seen_at FROM reports ORDER BY no LIMIT ?) WHERE seen_at < ?)",
    );
    this.#selectOwn = db.prepare(
      `SELECT story, stories.pin, sightings.published_at,
         EXISTS (SELECT 1 FROM copies WHERE copies.story = sightings.story OR copies.original = sightings.story) AS is_grouped
       FROM sightings JOIN stories ON stories.number = story WHERE id = ?`,
    );
    this.#selectCandidate = db.prepare(
      `SELECT sightings.id, story, source_no, content_hash, sightings.published_at
       FROM reports JOIN sightings ON sightings.id = sighting JOIN stories ON stories.number = story
       WHERE no = ? AND stories.pin <> 2 AND NOT EXISTS (SELECT 1 FROM copies WHERE copies.story = sightings.story)`,
    );
    this.#selectRecent = db.prepare(
      `SELECT id, content_hash FROM sightings WHERE source_no = ? ORDER BY story_ordered_at DESC, story DESC LIMIT ${BOILERPLATE_ITEMS}`,
    );
    this.#readEntry = prepareEntryReader(db);
  }

  /** Looks for the reports that new sightings are copies of; one that is none waits for its own copies. */
  note(sightings: readonly NotedSighting[], poll: Poll): void {
    if (sightings.length === 0) return;
    this.#boilerplates.expectItems(poll.sourceNo);
    // What was written before this start, or by another process.
    while (this.takeSlice(poll.at));
    this.#removeExpired(EXPIRED_PER_ENTRY * sightings.length, poll.at - WINDOW_MS);
    this.#brought = new Map(sightings.map((sighting) => [sighting.id, sighting]));
    for (const sighting of sightings) this.#noteOne(sighting, poll);
    this.#brought = new Map();
  }

  /** An edit counts while the entry waits for copies: an announcement may have become the report. */
  noteEdits(sightings: readonly NotedSighting[], poll: Poll): void {
    const waiting = sightings.filter(({ id }) => Number(this.#remove.run(id).changes) > 0);
    this.note(waiting, poll);
  }

  #noteOne(sighting: NotedSighting, { sourceNo, at }: Poll): void {
    const { id, record } = sighting;
    const fingerprint = sighting.fingerprint ?? fingerprintOf(readReport(record.entry));
    const nos = this.#findCandidates(fingerprint, { sourceNo, at });
    const place = nos.length === 0 ? null : this.#readOwn(id, sourceNo);
    const candidates = place === null ? [] : nos.flatMap((no) => this.#readCandidate(no, place));
    // Mostly there is none, or it tells the same story anyway.
    const report = candidates.length === 0 ? null : this.#reportOf(id, record.contentHash);
    if (place !== null && report !== null) {
      const found = chooseOriginal({ ...place, report }, candidates, (source) =>
        this.#boilerplateOf(source, at),
      );
      if (found !== null) {
        const { original, ...evidence } = found;
        this.#groups.add(place.story, original, { ...evidence, foundAt: new Date(at) });
        return;
      }
    }
    const { sample, titleHash, shingles } = fingerprint;
    const bytes = new Uint8Array(sample.buffer, sample.byteOffset, sample.byteLength);
    const { lastInsertRowid } = this.#insert.run(id, at, titleHash, bytes);
    this.#lastNo = Number(lastInsertRowid);
    this.#index.add({ no: this.#lastNo, at, sample, titleHash });
    this.#texts.add(this.#lastNo, { source: sourceNo, shingles });
  }

  /** Numbers of the reports that an entry may be a copy of, as far as that is known without reading them. */
  #findCandidates(fingerprint: Fingerprint, { sourceNo, at }: Poll): readonly number[] {
    const nos = this.#index.find({ ...fingerprint, at }, { limit: CANDIDATES_MAX });
    if (nos.length === 0) return nos;
    const text = { source: sourceNo, shingles: fingerprint.shingles };
    return this.#texts.sift(nos, text, (source) =>
      source === sourceNo ? this.#boilerplateOf(source, at) : this.#boilerplates.find(source, at),
    );
  }

  /** The sighting as one of its story; null when the story is in a group already, or an operator split it off. */
  #readOwn(id: number, source: number): Omit<Candidate, "report"> | null {
    const row = this.#selectOwn.get(id);
    if (row === undefined || readNumber(row, "pin") === 2 || readNumber(row, "is_grouped") === 1) return null;
    return { source, story: readNumber(row, "story"), publishedAt: readNumber(row, "published_at") };
  }

  /**
   * Takes in a slice of what the store holds of the window. A daemon does so before its first polls are written, a slice
   * between two turns of the event loop. @returns false when nothing is left
   */
  takeSlice(at: number): boolean {
    if (this.#lastNo === 0) this.#reserve(at);
    const rows = this.#selectNew.all(this.#lastNo);
    for (const row of rows) {
      const no = readNumber(row, "no");
      this.#lastNo = no;
      addReportRow(this.#index, row, at);
    }
    return rows.length === SLICE;
  }

  #reserve(at: number): void {
    const { first, last } = this.#selectEnds.get() ?? {};
    if (typeof first !== "number" || typeof last !== "number") return;
    this.#index.reserve(last - first + 1, { no: first, at });
  }

  /** After a transaction was undone: its numbers are given again, perhaps by another process. */
  rewind(): void {
    const { last } = this.#selectEnds.get() ?? {};
    this.#lastNo = Math.min(this.#lastNo, typeof last === "number" ? last : 0);
    this.#texts.clear();
  }

  #removeExpired(limit: number, before: number): void {
    const oldest = this.#selectOldest.get();
    if (oldest === undefined || readNumber(oldest, "seen_at") >= before) return;
    this.#expire.run(limit, before);
  }

  #readCandidate(no: number, entry: Omit<Candidate, "report">): Candidate[] {
    const row = this.#selectCandidate.get(no);
    if (row === undefined) return [];
    const story = readNumber(row, "story");
    const source = readNumber(row, "source_no");
    const publishedAt = readNumber(row, "published_at");
    // The text is read only of one that may be it.
    if (story === entry.story || source === entry.source) return [];
    if (Math.abs(publishedAt - entry.publishedAt) > WINDOW_MS) return [];
    const report = this.#reportOf(readNumber(row, "id"), readText(row, "content_hash"));
    if (report === null) return [];
    this.#texts.add(no, { source, shingles: report.shingles });
    return [{ story, source, publishedAt, report }];
  }

  /** A stored sighting as a report; null for one that cannot be read. */
  #reportOf(id: number, contentHash: string): Report | null {
    const key = `${id} ${contentHash}`;
    const known = this.#reports.get(key);
    if (known !== undefined) return known;
    const entry = this.#brought.get(id)?.record.entry ?? this.#readEntry(id);
    if (entry === null) return null;
    const report = readReport(entry);
    this.#reports.set(key, report);
    return report;
  }

  #boilerplateOf(source: number, at: number): Uint32Array {
    const known = this.#boilerplates.find(source, at);
    if (known !== null) return known;
    const items = this.#selectRecent.all(source).flatMap((row) => {
      const id = readNumber(row, "id");
      const brought = this.#brought.get(id)?.fingerprint;
      const text = brought ?? this.#reportOf(id, readText(row, "content_hash"));
      return text === null ? [] : [text.shingles];
    });
    return this.#boilerplates.learn(source, items, at);
  }
}
