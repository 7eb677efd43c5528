import type { DatabaseSync } from "node:sqlite";
import type { SightingRecord } from "../model.ts";
import { BOILERPLATE_ITEMS } from "../syndicate/boilerplate.ts";
import { CANDIDATES_MAX, type Candidate, chooseOriginal, WINDOW_MS } from "../syndicate/choose.ts";
import { PostingIndex } from "../syndicate/posting-index.ts";
import { fingerprintOf, type Report, readReport } from "../syndicate/report.ts";
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
  #brought: ReadonlyMap<number, SightingRecord> = new Map();

  constructor(db: DatabaseSync) {
    this.#groups = new CopyGroups(db);
    this.#selectEnds = db.prepare(
      "SELECT (SELECT min(no) FROM reports) AS first, (SELECT max(no) FROM reports) AS last",
    );
    this.#selectOldest = db.prepare("SELECT seen_at FROM reports ORDER BY no LIMIT 1");
    this.#selectNew = db.prepare(
      "SELECT no, seen_at, title_hash, sample FROM reports WHERE no > ? ORDER BY no LIMIT ?",
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
      "SELECT id, content_hash FROM sightings WHERE source_no = ? ORDER BY story_ordered_at DESC, story DESC LIMIT ?",
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
    this.#brought = new Map(sightings.map(({ id, record }) => [id, record]));
    for (const sighting of sightings) this.#noteOne(sighting, poll);
    this.#brought = new Map();
  }

  /** An edit counts while the entry waits for copies: an announcement may have become the report. */
  noteEdits(sightings: readonly NotedSighting[], poll: Poll): void {
    const waiting = sightings.filter(({ id }) => Number(this.#remove.run(id).changes) > 0);
    this.note(waiting, poll);
  }

  #noteOne({ id, record }: NotedSighting, { sourceNo, at }: Poll): void {
    const report = this.#reportOf(id, record.contentHash);
    if (report === null) throw new Error(`sighting ${id} was not written before it was noted`);
    const fingerprint = fingerprintOf(report);
    const nos = this.#index.find({ ...fingerprint, at }, { limit: CANDIDATES_MAX });
    const entry = nos.length === 0 ? null : this.#readOwn(id, { source: sourceNo, report });
    const candidates = entry === null ? [] : nos.flatMap((no) => this.#readCandidate(no, entry));
    const found =
      entry === null ? null : chooseOriginal(entry, candidates, (source) => this.#boilerplateOf(source, at));
    if (entry !== null && found !== null) {
      const { original, ...evidence } = found;
      this.#groups.add(entry.story, original, { ...evidence, foundAt: new Date(at) });
      return;
    }
    const { sample, titleHash } = fingerprint;
    const bytes = new Uint8Array(sample.buffer, sample.byteOffset, sample.byteLength);
    const { lastInsertRowid } = this.#insert.run(id, at, titleHash, bytes);
    this.#lastNo = Number(lastInsertRowid);
    this.#index.add({ no: this.#lastNo, at, sample, titleHash });
  }

  /** The sighting as one of its story; null when the story is in a group already, or an operator split it off. */
  #readOwn(id: number, known: Pick<Candidate, "source" | "report">): Candidate | null {
    const row = this.#selectOwn.get(id);
    if (row === undefined || readNumber(row, "pin") === 2 || readNumber(row, "is_grouped") === 1) return null;
    return { ...known, story: readNumber(row, "story"), publishedAt: readNumber(row, "published_at") };
  }

  /**
   * Takes in a slice of what the store holds of the window. A daemon does so before its first polls are written, a slice
   * between two turns of the event loop. @returns false when nothing is left
   */
  takeSlice(at: number): boolean {
    if (this.#lastNo === 0) this.#reserve(at);
    const rows = this.#selectNew.all(this.#lastNo, SLICE);
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
  }

  #removeExpired(limit: number, before: number): void {
    const oldest = this.#selectOldest.get();
    if (oldest === undefined || readNumber(oldest, "seen_at") >= before) return;
    this.#expire.run(limit, before);
  }

  #readCandidate(no: number, entry: Candidate): Candidate[] {
    const row = this.#selectCandidate.get(no);
    if (row === undefined) return [];
    const story = readNumber(row, "story");
    const source = readNumber(row, "source_no");
    const publishedAt = readNumber(row, "published_at");
    // The text is read only of one that may be it.
    if (story === entry.story || source === entry.source) return [];
    if (Math.abs(publishedAt - entry.publishedAt) > WINDOW_MS) return [];
    const report = this.#reportOf(readNumber(row, "id"), readText(row, "content_hash"));
    return report === null ? [] : [{ story, source, publishedAt, report }];
  }

  /** A stored sighting as a report; null for one that cannot be read. */
  #reportOf(id: number, contentHash: string): Report | null {
    const key = `${id} ${contentHash}`;
    const known = this.#reports.get(key);
    if (known !== undefined) return known;
    const entry = this.#brought.get(id)?.entry ?? this.#readEntry(id);
    if (entry === null) return null;
    const report = readReport(entry);
    this.#reports.set(key, report);
    return report;
  }

  #boilerplateOf(source: number, at: number): Uint32Array {
    const known = this.#boilerplates.find(source, at);
    if (known !== null) return known;
    const items = this.#selectRecent.all(source, BOILERPLATE_ITEMS).flatMap((row) => {
      const report = this.#reportOf(readNumber(row, "id"), readText(row, "content_hash"));
      return report === null ? [] : [report.shingles];
    });
    return this.#boilerplates.learn(source, items, at);
  }
}
