import type { SightingRecord } from "../model.ts";
import { BOILERPLATE_ITEMS, NO_BOILERPLATE } from "../syndicate/boilerplate.ts";
import {
  CANDIDATES_MAX,
  type Candidate,
  chooseOriginal,
  type Found,
  WINDOW_MS,
} from "../syndicate/choose.ts";
import { PostingIndex } from "../syndicate/posting-index.ts";
import { RecentTexts } from "../syndicate/recent-texts.ts";
import {
  type Fingerprint,
  fingerprintOf,
  type Report,
  readReport,
  readShingles,
} from "../syndicate/report.ts";
import { KnownBoilerplates } from "./known-boilerplates.ts";
import type { Session } from "./postgres-connection.ts";
import { addToGroup } from "./postgres-copy-groups.ts";
import { takeNumbers } from "./postgres-stories.ts";
import { RecentMap } from "./recent-map.ts";
import { decodeContent } from "./records.ts";
import { addReportRow } from "./report-rows.ts";
import { readNumber, readText } from "./rows.ts";

/** As in `sqlite-copies.ts`, which this follows. */
const REPORTS_KEPT = 256;
/** What a source with few items repeats changes with the next ones, which another process may bring. */
const BOILERPLATE_OF_FEW_FRESH_MS = 60_000;
const EXPIRED_PER_ENTRY = 4;
/** Rows of the window that one query brings: some 10 ms to take in. */
const SLICE = 1000;

/** A sighting that a poll brought or edited. */
export interface NotedSighting {
  readonly id: number;
  readonly record: SightingRecord;
  readonly sourceNo: number;
  readonly at: number;
  readonly isEdit: boolean;
}

interface OwnStory {
  readonly story: number;
  readonly publishedAt: number;
  readonly isApart: boolean;
}

/** A noted sighting, read for comparing. */
interface Noted {
  readonly sighting: NotedSighting;
  readonly entry: Candidate;
  readonly isApart: boolean;
  readonly fingerprint: Fingerprint & { readonly at: number };
}

interface NewReport {
  readonly no: number;
  readonly sighting: number;
  readonly at: number;
  readonly titleHash: number | null;
  readonly sample: Uint32Array;
}

/** Finds copies among the sightings that polls bring, of whichever process. The stories' lock is held. */
export class PostgresCopyFinder {
  readonly #index = new PostingIndex(WINDOW_MS);
  readonly #reports = new RecentMap<string, Report>(REPORTS_KEPT);
  readonly #texts = new RecentTexts();
  readonly #boilerplates = new KnownBoilerplates(BOILERPLATE_OF_FEW_FRESH_MS);
  #lastNo = 0;

  /** Looks for the reports that sightings are copies of; one that is none waits for its own copies. */
  async note(session: Session, sightings: readonly NotedSighting[]): Promise<void> {
    const at = sightings[0]?.at;
    if (at === undefined) return;
    for (const { sourceNo } of sightings) this.#boilerplates.expectItems(sourceNo);
    // What was written before this start, or by another process.
    while (await this.takeSlice(session, at));
    const waiting = await leaveWaiting(
      session,
      sightings.filter(({ isEdit }) => isEdit).map(({ id }) => id),
    );
    // An edit counts while the entry waits for copies: an announcement may have become the report.
    const noted = sightings.filter(({ id, isEdit }) => !isEdit || waiting.has(id));
    if (noted.length === 0) return;
    const ids = noted.map(({ id }) => id);
    const [own, grouped, nos] = await Promise.all([
      readOwn(session, ids),
      readGrouped(session, ids),
      takeNumbers(session, "reports", noted.length),
      session.run(
        `DELETE FROM reports WHERE no IN
           (SELECT no FROM (SELECT no, seen_at FROM reports ORDER BY no LIMIT $1) AS oldest WHERE seen_at < $2)`,
        [EXPIRED_PER_ENTRY * noted.length, at - WINDOW_MS],
      ),
    ]);
    const entries = noted.flatMap((sighting): Noted[] => {
      const place = own.get(sighting.id);
      if (place === undefined) return [];
      const report = readReport(sighting.record.entry);
      const { story, publishedAt, isApart } = place;
      const entry = { story, publishedAt, source: sighting.sourceNo, report };
      return [{ sighting, entry, isApart, fingerprint: { ...fingerprintOf(report), at: sighting.at } }];
    });
    const stored = await this.#findStored(session, entries, grouped);
    await this.#decide(session, entries, { grouped, nos, stored });
  }

  /** The stored candidates of all entries, read at once; by entry, those that share most first. */
  async #findStored(
    session: Session,
    entries: readonly Noted[],
    grouped: ReadonlySet<number>,
  ): Promise<ReadonlyMap<Noted, readonly Candidate[]>> {
    const found = new Map<Noted, readonly number[]>();
    for (const noted of entries) {
      // What an operator split off stays alone; what is in a group already stays in it.
      if (noted.isApart || grouped.has(noted.entry.story)) continue;
      const { entry, fingerprint } = noted;
      const text = { source: entry.source, shingles: fingerprint.shingles };
      const nos = this.#texts.sift(this.#index.find(fingerprint, { limit: CANDIDATES_MAX }), text, (source) =>
        this.#boilerplates.find(source, fingerprint.at),
      );
      if (nos.length > 0) found.set(noted, nos);
    }
    if (found.size === 0) return new Map();
    const read = await this.#readCandidates(session, [...new Set([...found.values()].flat())]);
    return new Map([...found].map(([noted, nos]) => [noted, nos.flatMap((no) => read.get(no) ?? [])]));
  }

  /** Compares each entry with stored ones and with those of its own batch before it, and writes what came of it. */
  async #decide(
    session: Session,
    entries: readonly Noted[],
    {
      grouped,
      nos,
      stored,
    }: {
      readonly grouped: Set<number>;
      readonly nos: number[];
      readonly stored: ReadonlyMap<Noted, readonly Candidate[]>;
    },
  ): Promise<void> {
    const fresh = new PostingIndex(WINDOW_MS);
    const freshEntries = new Map<number, Candidate>();
    const copies = new Set<number>();
    const reports: NewReport[] = [];
    for (const noted of entries) {
      const { sighting, entry, isApart, fingerprint } = noted;
      const { at, sample, titleHash, shingles } = fingerprint;
      if (!isApart && !grouped.has(entry.story)) {
        const own = fresh.find(fingerprint, { limit: CANDIDATES_MAX });
        const candidates = [
          ...(stored.get(noted) ?? []),
          ...own.flatMap((no) => freshEntries.get(no) ?? []),
        ].filter((candidate) => isComparable(candidate, entry) && !copies.has(candidate.story));
        const found = await this.#choose(session, { entry, candidates, at });
        if (found !== null) {
          const { original, ...evidence } = found;
          await addToGroup(session, entry.story, { original, ...evidence, foundAt: new Date(at) });
          copies.add(entry.story);
          grouped.add(entry.story).add(original);
          continue;
        }
      }
      const no = nos.shift();
      if (no === undefined) throw new Error("too few numbers were taken for reports");
      reports.push({ no, sighting: sighting.id, at, titleHash, sample });
      fresh.add({ no, at, sample, titleHash });
      freshEntries.set(no, entry);
      this.#index.add({ no, at, sample, titleHash });
      this.#texts.add(no, { source: entry.source, shingles });
      this.#lastNo = no;
    }
    await insertReports(session, reports);
  }

  async #choose(
    session: Session,
    {
      entry,
      candidates,
      at,
    }: { readonly entry: Candidate; readonly candidates: readonly Candidate[]; readonly at: number },
  ): Promise<Found | null> {
    if (candidates.length === 0) return null;
    const sources = new Set([entry.source, ...candidates.map((candidate) => candidate.source)]);
    const boilerplates = await this.#boilerplatesOf(session, sources, at);
    return chooseOriginal(entry, candidates, (source) => boilerplates.get(source) ?? NO_BOILERPLATE);
  }

  /**
   * Takes in a slice of what the store holds of the window; what was undone left its number unused. A daemon does so before
   * its first polls are written. @returns false when nothing is left
   */
  async takeSlice(session: Session, at: number): Promise<boolean> {
    if (this.#lastNo === 0) await this.#reserve(session, at);
    const rows = await session.all(
      "SELECT no, seen_at, title_hash, sample FROM reports WHERE no > $1 ORDER BY no LIMIT $2",
      [this.#lastNo, SLICE],
    );
    for (const row of rows) {
      const no = readNumber(row, "no");
      // Another query may have brought it meanwhile.
      if (no <= this.#lastNo) continue;
      this.#lastNo = no;
      addReportRow(this.#index, row, at);
    }
    return rows.length === SLICE;
  }

  async #reserve(session: Session, at: number): Promise<void> {
    const row = await session.one("SELECT min(no) AS first, max(no) AS last FROM reports");
    const [first, last] = row === undefined ? [] : [row.first, row.last].map((no) => Number(no ?? 0));
    if (first === undefined || last === undefined || first === 0) return;
    this.#index.reserve(last - first + 1, { no: first, at });
  }

  /** By number of the report; what is a copy itself, or was split off, is left out. */
  async #readCandidates(session: Session, nos: readonly number[]): Promise<ReadonlyMap<number, Candidate>> {
    const rows = await session.all(
      `SELECT no, sightings.id, story, source_no, content_hash, sightings.published_at, record
       FROM reports JOIN sightings ON sightings.id = sighting JOIN stories ON stories.number = story
       WHERE no = ANY($1) AND stories.pin <> 2
         AND NOT EXISTS (SELECT 1 FROM copies WHERE copies.story = sightings.story)`,
      [nos],
    );
    const candidates = new Map<number, Candidate>();
    for (const row of rows) {
      const key = `${readNumber(row, "id")} ${readText(row, "content_hash")}`;
      let report = this.#reports.get(key);
      if (report === undefined) {
        const content = decodeContent(readText(row, "record"));
        if (content === null) continue;
        report = readReport(content.entry);
        this.#reports.set(key, report);
      }
      const [no, source] = [readNumber(row, "no"), readNumber(row, "source_no")];
      this.#texts.add(no, { source, shingles: report.shingles });
      candidates.set(no, {
        story: readNumber(row, "story"),
        source,
        publishedAt: readNumber(row, "published_at"),
        report,
      });
    }
    return candidates;
  }

  async #boilerplatesOf(
    session: Session,
    sources: ReadonlySet<number>,
    at: number,
  ): Promise<ReadonlyMap<number, Uint32Array>> {
    const found = new Map<number, Uint32Array>();
    for (const source of sources) {
      const known = this.#boilerplates.find(source, at);
      if (known !== null) found.set(source, known);
    }
    const missing = [...sources].filter((source) => !found.has(source));
    if (missing.length === 0) return found;
    const rows = await session.all(
      `SELECT wanted.no, newest.record FROM unnest($1::bigint[]) AS wanted (no) CROSS JOIN LATERAL (
         SELECT record FROM sightings WHERE source_no = wanted.no ORDER BY story_ordered_at DESC, story DESC LIMIT $2
       ) AS newest`,
      [missing, BOILERPLATE_ITEMS],
    );
    const bySource = Map.groupBy(rows, (row) => readNumber(row, "no"));
    for (const source of missing) {
      const items = (bySource.get(source) ?? []).flatMap((row) => {
        const content = decodeContent(readText(row, "record"));
        return content === null ? [] : [readShingles(content.entry)];
      });
      found.set(source, this.#boilerplates.learn(source, items, at));
    }
    return found;
  }
}

/** May the candidate be what the entry is a copy of, before their texts are looked at? */
function isComparable(candidate: Candidate, entry: Candidate): boolean {
  return (
    candidate.story !== entry.story &&
    candidate.source !== entry.source &&
    Math.abs(candidate.publishedAt - entry.publishedAt) <= WINDOW_MS
  );
}

/** Of edited sightings, those that waited for copies; they wait no more. */
async function leaveWaiting(session: Session, ids: readonly number[]): Promise<ReadonlySet<number>> {
  if (ids.length === 0) return new Set();
  const rows = await session.all("DELETE FROM reports WHERE sighting = ANY($1) RETURNING sighting", [ids]);
  return new Set(rows.map((row) => readNumber(row, "sighting")));
}

async function readOwn(session: Session, ids: readonly number[]): Promise<ReadonlyMap<number, OwnStory>> {
  const rows = await session.all(
    `SELECT id, story, stories.pin, sightings.published_at
     FROM sightings JOIN stories ON stories.number = story WHERE id = ANY($1)`,
    [ids],
  );
  return new Map(
    rows.map((row) => [
      readNumber(row, "id"),
      {
        story: readNumber(row, "story"),
        publishedAt: readNumber(row, "published_at"),
        isApart: readNumber(row, "pin") === 2,
      },
    ]),
  );
}

/** The stories of these sightings that are in a group. */
async function readGrouped(session: Session, ids: readonly number[]): Promise<Set<number>> {
  const rows = await session.all(
    `SELECT story FROM sightings WHERE id = ANY($1)
       AND EXISTS (SELECT 1 FROM copies WHERE copies.story = sightings.story OR copies.original = sightings.story)`,
    [ids],
  );
  return new Set(rows.map((row) => readNumber(row, "story")));
}

async function insertReports(session: Session, reports: readonly NewReport[]): Promise<void> {
  if (reports.length === 0) return;
  await session.run(
    `INSERT INTO reports (no, sighting, seen_at, title_hash, sample)
     SELECT no, sighting, seen_at, title_hash, decode(sample, 'hex')
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[])
       AS new (no, sighting, seen_at, title_hash, sample)`,
    [
      reports.map(({ no }) => no),
      reports.map(({ sighting }) => sighting),
      reports.map(({ at }) => at),
      reports.map(({ titleHash }) => titleHash),
      reports.map(({ sample }) =>
        Buffer.from(sample.buffer, sample.byteOffset, sample.byteLength).toString("hex"),
      ),
    ],
  );
}
