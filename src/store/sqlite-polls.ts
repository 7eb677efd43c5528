import type { DatabaseSync } from "node:sqlite";
import { LeaseLostError } from "../errors.ts";
import type { SightingRecord } from "../model.ts";
import type { Fingerprint } from "../syndicate/report.ts";
import { digestKey } from "./digest.ts";
import { type ForgottenKey, listOffered, SEEN_PRECISION_MS } from "./forgotten.ts";
import { findChangedSightings, planPoll } from "./poll-plan.ts";
import type { ChangedSightings, KnownPin, KnownSighting, KnownStory, PollPlan } from "./poll-plan-types.ts";
import type { PreparedPoll } from "./prepared-poll.ts";
import { prepareSighting } from "./prepared-sighting.ts";
import { decodeContent, isFeedChanged, type SightingContent } from "./records.ts";
import { readNumber, readOptionalText, readText } from "./rows.ts";
import type { CopyFinder } from "./sqlite-copies.ts";
import type { LeaseTable } from "./sqlite-leases.ts";
import type { NoticeTable } from "./sqlite-notices.ts";
import type { QuestionTable } from "./sqlite-questions.ts";
import type { StoryTable } from "./sqlite-story-table.ts";
import type { RecordedPoll } from "./store.ts";

const DAY_MS = 86_400_000;

const NOTHING_NEW: RecordedPoll = {
  entries: { new: 0, updated: 0, unchanged: 0 },
  stories: { new: 0, merged: 0 },
  isVisible: false,
};

/** The source that a poll belongs to, as its row says while the lease is held. */
interface PolledSource {
  readonly no: number;
  readonly priority: number;
  readonly feedJson: string | null;
  readonly entryCount: number;
}

/** A stored sighting, and what it is to be; `identityHash` is that of the new record. */
export interface StoredEdit {
  readonly row: KnownSighting;
  readonly record: SightingRecord;
  readonly identityHash: string;
}

/** Writes polls. Its caller opens and closes the transaction, around one poll or several. */
export class PollWriter {
  readonly #leases: LeaseTable;
  readonly #stories: StoryTable;
  readonly #questions: QuestionTable;
  readonly #notices: NoticeTable;
  readonly #copies: CopyFinder | null;
  readonly #selectSource;
  readonly #updateSource;
  readonly #selectByGuid;
  readonly #selectRecord;
  readonly #insertCollapsedKey;
  readonly #addDailyCount;
  readonly #renameSighting;
  readonly #offerForgotten;
  readonly #seeForgotten;

  constructor(
    db: DatabaseSync,
    {
      leases,
      stories,
      questions,
      notices,
      copies,
    }: {
      readonly leases: LeaseTable;
      readonly stories: StoryTable;
      readonly questions: QuestionTable;
      readonly notices: NoticeTable;
      readonly copies: CopyFinder | null;
    },
  ) {
    this.#leases = leases;
    this.#stories = stories;
    this.#questions = questions;
    this.#notices = notices;
    this.#copies = copies;
    this.#selectSource = db.prepare(
      `SELECT no, priority, feed, entry_count FROM sources JOIN source_leases AS lease ON source_no = no
       WHERE id = ? AND lease.generation = ? AND is_retired = 0`,
    );
    this.#updateSource = db.prepare(
      `UPDATE sources SET generation = :generation, next_poll_at = :nextPollAt, last_poll_at = :at,
         last_ok_at = coalesce(:okAt, last_ok_at), last_new_entry_at = coalesce(:newAt, last_new_entry_at),
         read_at = coalesce(:readAt, read_at), status = :status, state = :state, feed = :feed, entry_count = entry_count + :added WHERE no = :no`,
    );
    this.#selectByGuid = db.prepare(
      `SELECT id, story, variant, content_hash, identity_hash FROM sightings
       WHERE source_no = ? AND guid_digest = ? ORDER BY id`,
    );
    this.#selectRecord = db.prepare("SELECT record FROM sightings WHERE id = ?");
    this.#insertCollapsedKey = db.prepare(
      "INSERT INTO collapsed_keys (source_no, digest, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    );
    this.#offerForgotten = db.prepare(
      `INSERT INTO forgotten_keys (digest, source_no, published_at, seen_at) VALUES (:digest, :sourceNo, :publishedAt, :at)
       ON CONFLICT (digest, source_no) DO UPDATE SET seen_at = excluded.seen_at WHERE seen_at <= :noticed`,
    );
    this.#seeForgotten = db.prepare(
      "UPDATE forgotten_keys SET seen_at = :at WHERE digest = :digest AND source_no = :sourceNo AND seen_at <= :noticed",
    );
    this.#renameSighting = db.prepare("UPDATE OR IGNORE sightings SET guid_digest = ? WHERE id = ?");
    this.#addDailyCount = db.prepare(
      `INSERT INTO daily_counts (source_no, day, count) VALUES (?, ?, ?)
       ON CONFLICT (day, source_no) DO UPDATE SET count = count + excluded.count`,
    );
  }

  /**
   * Gives stored sightings of one source new identities, as edits by their source would. A name within the source that
   * another sighting has already is not taken.
   */
  reidentify(
    edits: readonly StoredEdit[],
    request: {
      readonly sourceNo: number;
      readonly priority: number;
      readonly at: number;
      /** Hears of each merge while both stories are still there. */
      readonly onMerge?: (merge: { readonly from: number; readonly into: number }) => void;
    },
  ): PollPlan {
    const { sourceNo, priority, at, onMerge } = request;
    const changed = edits.map(({ row, record, identityHash }) => ({ record, identityHash, known: [row] }));
    const sightings: ChangedSightings = { changed, claimedIds: new Set(), unchanged: 0 };
    const found = this.#lookUp(sightings);
    const plan = planPoll({
      ...found,
      sourceNo,
      priority,
      at,
      sightings,
      isPublishedIdTaken: (id) => this.#stories.isIdTaken(id),
    });
    if (onMerge !== undefined) plan.merges.forEach(onMerge);
    this.#apply(plan, { sourceNo, at });
    for (const { row, record } of edits) this.#renameSighting.run(digestKey(record.guidKey), row.id);
    return plan;
  }

  /** Writes one poll. @throws LeaseLostError before anything was written */
  write(record: PreparedPoll): RecordedPoll {
    const row = this.#selectSource.get(record.lease.sourceId, record.lease.generation);
    if (row === undefined) throw new LeaseLostError(record.lease.sourceId);
    const source: PolledSource = {
      no: readNumber(row, "no"),
      priority: readNumber(row, "priority"),
      feedJson: readOptionalText(row, "feed"),
      entryCount: readNumber(row, "entry_count"),
    };
    const recorded = this.#writeSightings(record, source);
    for (const key of record.collapsedKeys) this.#insertCollapsedKey.run(source.no, digestKey(key), key);
    this.#questions.note(record, source.no);
    this.#notices.note(record);
    this.#writeState(record, source, recorded.entries.new);
    if (recorded.isVisible || source.entryCount === 0) return recorded;
    if (!isFeedChanged(source.feedJson, record.state.feedJson)) return recorded;
    this.#stories.addTotals({ isVisible: true, stories: 0, aliases: 0 });
    return { ...recorded, isVisible: true };
  }

  #writeState({ state, lease, ...record }: PreparedPoll, source: PolledSource, added: number): void {
    const at = record.at.getTime();
    this.#updateSource.run({
      no: source.no,
      generation: lease.generation,
      at,
      nextPollAt: state.nextPollAt,
      okAt: state.isOk ? at : null,
      newAt: added > 0 ? at : null,
      readAt: record.isWhole ? at : null,
      status: state.status,
      state: state.json,
      feed: state.feedJson,
      added,
    });
    this.#leases.end(source.no);
    if (added > 0) this.#addDailyCount.run(source.no, Math.floor(at / DAY_MS), added);
  }

  #writeSightings(record: PreparedPoll, source: PolledSource): RecordedPoll {
    if (record.sightings.length === 0) return NOTHING_NEW;
    const sightings = findChangedSightings(record.sightings, (guidKey) =>
      this.#findByGuid(source.no, guidKey),
    );
    if (sightings.changed.length === 0) {
      return { ...NOTHING_NEW, entries: { new: 0, updated: 0, unchanged: sightings.unchanged } };
    }
    const at = record.at.getTime();
    const found = this.#lookUp(sightings);
    this.#noteForgotten(sightings, found.forgotten, { sourceNo: source.no, at });
    const plan = planPoll({
      ...found,
      sourceNo: source.no,
      priority: source.priority,
      at,
      sightings,
      isPublishedIdTaken: (id) => this.#stories.isIdTaken(id),
    });
    this.#apply(plan, { sourceNo: source.no, at });
    return plan.recorded;
  }

  #findByGuid(sourceNo: number, guidKey: string): readonly KnownSighting[] {
    return this.#selectByGuid.all(sourceNo, digestKey(guidKey)).map((row) => ({
      id: readNumber(row, "id"),
      story: readNumber(row, "story"),
      variant: readText(row, "variant"),
      contentHash: readText(row, "content_hash"),
      identityHash: readText(row, "identity_hash"),
    }));
  }

  #lookUp(sightings: ChangedSightings) {
    const contents = new Map<number, SightingContent | null>();
    const owners = new Map<string, number>();
    const pins = new Map<string, KnownPin>();
    const forgotten = new Map<string, ForgottenKey>();
    const stories = new Map<number, KnownStory>();
    const hasPins = this.#stories.hasPins();
    const hasForgotten = this.#stories.hasForgotten();
    const addStory = (number: number) => {
      if (!stories.has(number)) stories.set(number, this.#stories.readStory(number));
    };
    const addPin = (key: string) => {
      const pin = hasPins && !pins.has(key) ? this.#stories.findPin(key) : null;
      if (pin === null) return;
      pins.set(key, pin);
      if (pin.story !== null) addStory(pin.story);
    };
    for (const { record, identityHash, known } of sightings.changed) {
      for (const row of known) {
        const content = this.#readContent(row.id);
        contents.set(row.id, content);
        addStory(row.story);
        for (const alias of [...(content?.aliases ?? []), ...(content?.formerAliases ?? [])])
          addPin(alias.key);
      }
      if (known.some((row) => row.identityHash === identityHash)) continue;
      for (const { key } of record.aliases) {
        addPin(key);
        if (owners.has(key)) continue;
        const owner = this.#stories.findOwner(key);
        const left = owner === null && hasForgotten ? this.#stories.findForgotten(key) : null;
        if (left !== null) forgotten.set(key, left);
        if (owner === null) continue;
        owners.set(key, owner);
        addStory(owner);
      }
    }
    return { contents, owners, pins, forgotten, stories };
  }

  /** A source that still offers what was forgotten keeps it remembered. */
  #noteForgotten(
    sightings: ChangedSightings,
    forgotten: ReadonlyMap<string, ForgottenKey>,
    { sourceNo, at }: { readonly sourceNo: number; readonly at: number },
  ): void {
    const { keys, ids } = listOffered(sightings, forgotten);
    const noticed = at - SEEN_PRECISION_MS;
    for (const [key, { publishedAt }] of keys)
      this.#offerForgotten.run({ digest: digestKey(key), sourceNo, publishedAt, at, noticed });
    for (const id of ids) this.#seeForgotten.run({ digest: digestKey(id), sourceNo, at, noticed });
  }

  #readContent(id: number): SightingContent | null {
    const row = this.#selectRecord.get(id);
    return row === undefined ? null : decodeContent(readText(row, "record"));
  }

  #apply(plan: PollPlan, poll: { readonly sourceNo: number; readonly at: number }): void {
    const table = this.#stories;
    const numbers = new Map<number, number>();
    const orderedAts = new Map<number, number>();
    const added: { id: number; record: SightingRecord; fingerprint: Fingerprint | null }[] = [];
    for (const story of plan.newStories) {
      const number = table.insertStory({ ...story, firstSeenAt: poll.at });
      numbers.set(story.ref, number);
      orderedAts.set(number, story.orderedAt);
    }
    const toNumber = (ref: number): number => {
      const number = ref > 0 ? ref : numbers.get(ref);
      if (number === undefined) throw new Error(`story ${ref} was not planned`);
      return number;
    };
    for (const { id, story } of plan.moves) table.moveSighting(id, toNumber(story));
    for (const { from, into } of plan.merges) table.mergeStory(from, into);
    for (const sighting of plan.newSightings) {
      const story = toNumber(sighting.story);
      const storyOrderedAt = orderedAts.get(story) ?? table.readOrderedAt(story);
      orderedAts.set(story, storyOrderedAt);
      const { record } = sighting;
      const prepared = record.prepared ?? prepareSighting(record, { isSyndicating: this.#copies !== null });
      const place = { ...poll, story, storyOrderedAt, firstSeenAt: poll.at };
      const id = table.insertSighting(sighting, prepared, place);
      added.push({ id, record, fingerprint: prepared.fingerprint });
    }
    for (const edit of plan.edits) table.updateSighting(edit);
    let aliases = 0;
    for (const { alias, story } of plan.newAliases) {
      aliases += Number(table.insertAlias(alias, { ...poll, story: toNumber(story) }));
    }
    for (const update of plan.storyUpdates) table.updateStory(update);
    for (const { group, story } of plan.settledPins) aliases += table.settlePins(group, toNumber(story));
    table.addDuplicates(plan.duplicates);
    // When every sighting of the poll has its story.
    this.#copies?.note(added, poll);
    this.#copies?.noteEdits(plan.edits, poll);
    table.addTotals({
      isVisible: plan.recorded.isVisible,
      stories: plan.newStories.length - plan.merges.length,
      aliases,
    });
  }
}
