import type { DatabaseSync } from "node:sqlite";
import type { Alias } from "../model.ts";
import { type Carrier, titleKeyOf } from "./carriers.ts";
import { MERGE_COPIES } from "./copy-rows.ts";
import { DigestCache } from "./digest.ts";
import type { ForgottenKey } from "./forgotten.ts";
import type { KnownPin, KnownStory, PlannedEdit, PlannedSighting } from "./poll-plan-types.ts";
import type { PreparedSighting } from "./prepared-sighting.ts";
import { choosePublishedId, type PublishableRecord } from "./published-id.ts";
import { encodeContent } from "./records.ts";
import { readNumber, readOptionalNumber, readText } from "./rows.ts";
import type { SightingTexts } from "./sqlite-search.ts";
import { STORY_PINS, type StoryPin } from "./story-clusters.ts";
import { toCarrier } from "./story-rows.ts";

/** What a new story's row needs. Instants in ms since 1970. */
export interface NewStoryRow {
  readonly publishedId: string;
  readonly publishedAt: number;
  readonly updatedAt: number;
  readonly orderedAt: number;
  readonly firstSeenAt: number;
  readonly pin: StoryPin;
}

/** Where a sighting belongs, in the store's own numbers. */
export interface SightingPlace {
  readonly sourceNo: number;
  readonly story: number;
  readonly storyOrderedAt: number;
  readonly firstSeenAt: number;
}

/** The rows of stories, their sightings, aliases and pins, for the writers. All of it runs inside their transaction. */
export class StoryTable {
  readonly #digests = new DigestCache();
  readonly #insertStory;
  readonly #updateStory;
  readonly #selectStory;
  readonly #selectOrderedAt;
  readonly #selectCarriers;
  readonly #insertSighting;
  readonly #updateSighting;
  readonly #moveSighting;
  readonly #selectOwner;
  readonly #insertAlias;
  readonly #selectPin;
  readonly #hasPins;
  readonly #settlePins;
  readonly #adoptPinnedKeys;
  readonly #isPublished;
  readonly #isForwarded;
  readonly #takeBackId;
  readonly #hasForgotten;
  readonly #selectForgotten;
  readonly #isForgotten;
  readonly #mergeSteps;
  readonly #addDuplicates;
  readonly #addTotals;
  readonly #texts: SightingTexts;

  constructor(db: DatabaseSync, texts: SightingTexts) {
    this.#texts = texts;
    this.#insertStory = db.prepare(
      `INSERT INTO stories (published_digest, published_at, updated_at, ordered_at, first_seen_at, pin, published_id)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#updateStory = db.prepare(
      "UPDATE stories SET updated_at = ?, first_seen_at = ?, pin = ? WHERE number = ?",
    );
    this.#selectStory = db.prepare("SELECT updated_at, first_seen_at, pin FROM stories WHERE number = ?");
    this.#selectOrderedAt = db.prepare("SELECT ordered_at FROM stories WHERE number = ?");
    this.#selectCarriers = db.prepare(
      `SELECT sightings.id, source_no, priority, is_own_host, completeness, title_key, first_seen_at, content_hash, updated_at
       FROM sightings JOIN sources ON sources.no = source_no WHERE story = ?`,
    );
    this.#insertSighting = db.prepare(
      `INSERT INTO sightings (source_no, story, story_ordered_at, guid_digest, variant, content_hash, identity_hash,
         is_own_host, completeness, title_key, first_seen_at, published_at, updated_at, ordered_at, record)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT))`,
    );
    // An entry without a date was given the time of that poll; the one of its first sighting stays.
    this.#updateSighting = db.prepare(
      `UPDATE sightings SET content_hash = ?, identity_hash = ?, is_own_host = ?, completeness = ?, title_key = ?,
         published_at = coalesce(?, published_at), updated_at = ?, record = ? WHERE id = ?`,
    );
    this.#moveSighting = db.prepare("UPDATE sightings SET story = ?, story_ordered_at = ? WHERE id = ?");
    this.#selectOwner = db.prepare("SELECT story FROM aliases WHERE digest = ?");
    this.#insertAlias = db.prepare(
      `INSERT INTO aliases (digest, story, source_no, created_at, kind, rule, key, evidence)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING`,
    );
    this.#selectPin = db.prepare("SELECT kind, story, group_no FROM pins WHERE digest = ?");
    this.#hasPins = db.prepare("SELECT 1 FROM pins LIMIT 1");
    this.#settlePins = db.prepare("UPDATE pins SET story = ? WHERE group_no = ? AND story IS NULL");
    this.#adoptPinnedKeys = db.prepare(
      `INSERT INTO aliases (digest, story, source_no, created_at, kind, rule, key, evidence)
       SELECT digest, story, NULL, created_at, alias_kind, rule, key, evidence FROM pins WHERE group_no = ?
       ON CONFLICT (digest) DO NOTHING`,
    );
    this.#isPublished = db.prepare("SELECT 1 FROM stories WHERE published_digest = ?");
    this.#takeBackId = db.prepare("DELETE FROM forwarded_ids WHERE digest = ? AND story = ?");
    this.#isForwarded = db.prepare("SELECT story FROM forwarded_ids WHERE digest = ?");
    this.#hasForgotten = db.prepare("SELECT 1 FROM forgotten_keys LIMIT 1");
    this.#selectForgotten = db.prepare(
      "SELECT max(published_at) AS published_at FROM forgotten_keys WHERE digest = ?",
    );
    this.#isForgotten = db.prepare("SELECT 1 FROM forgotten_keys WHERE digest = ? LIMIT 1");
    this.#mergeSteps = [
      `UPDATE sightings SET story = :into,
         story_ordered_at = (SELECT ordered_at FROM stories WHERE number = :into) WHERE story = :from`,
      "UPDATE aliases SET story = :into WHERE story = :from",
      "UPDATE pins SET story = :into WHERE story = :from",
      "UPDATE forwarded_ids SET story = :into WHERE story = :from",
      `INSERT INTO forwarded_ids (digest, id, story)
         SELECT published_digest, published_id, :into FROM stories WHERE number = :from`,
      ...MERGE_COPIES,
    ].map((sql) => db.prepare(sql));
    this.#mergeSteps.push(db.prepare("DELETE FROM stories WHERE number = :from AND number <> :into"));
    this.#addDuplicates = db.prepare("UPDATE sources SET duplicate_count = duplicate_count + ? WHERE no = ?");
    this.#addTotals = db.prepare(
      "UPDATE meta SET revision = revision + ?, stories = stories + ?, aliases = aliases + ? WHERE id = 1",
    );
  }

  /** @returns the new story's number */
  insertStory(story: NewStoryRow): number {
    const { lastInsertRowid } = this.#insertStory.run(
      this.#digests.digest(story.publishedId),
      story.publishedAt,
      story.updatedAt,
      story.orderedAt,
      story.firstSeenAt,
      STORY_PINS.indexOf(story.pin),
      story.publishedId,
    );
    return Number(lastInsertRowid);
  }

  /**
   * Founds a story for sightings that leave another. An id that was forwarded to that one is its own again: readers know the
   * entry by it.
   */
  foundFrom(
    left: number,
    { record, ...row }: Omit<NewStoryRow, "publishedId"> & { readonly record: PublishableRecord },
  ): number {
    const publishedId = choosePublishedId(record, (id) => this.isIdTaken(id, { exceptForwardedBy: left }));
    this.#takeBackId.run(this.#digests.digest(publishedId), left);
    return this.insertStory({ ...row, publishedId });
  }

  updateStory(story: Omit<KnownStory, "carriers">): void {
    this.#updateStory.run(story.updatedAt, story.firstSeenAt, STORY_PINS.indexOf(story.pin), story.number);
  }

  /** A story with its carriers. @throws Error when there is none: an alias or sighting points nowhere */
  readStory(number: number): KnownStory {
    const row = this.#selectStory.get(number);
    if (row === undefined) throw new Error(`there is no story ${number}`);
    return {
      number,
      updatedAt: readNumber(row, "updated_at"),
      firstSeenAt: readNumber(row, "first_seen_at"),
      pin: STORY_PINS[readNumber(row, "pin")] ?? "none",
      carriers: this.readCarriers(number),
    };
  }

  readCarriers(story: number): Carrier[] {
    return this.#selectCarriers.all(story).map(toCarrier);
  }

  /** Where a story stands in the combined feed, in ms since 1970. */
  readOrderedAt(story: number): number {
    const row = this.#selectOrderedAt.get(story);
    if (row === undefined) throw new Error(`there is no story ${story}`);
    return readNumber(row, "ordered_at");
  }

  /** @returns the new sighting's id */
  insertSighting(
    sighting: Omit<PlannedSighting, "story">,
    prepared: PreparedSighting,
    place: SightingPlace,
  ): number {
    const { record } = sighting;
    const { lastInsertRowid } = this.#insertSighting.run(
      place.sourceNo,
      place.story,
      place.storyOrderedAt,
      this.#digests.digest(sighting.lookupGuidKey),
      sighting.variant,
      record.contentHash,
      sighting.identityHash,
      Number(record.isOwnHost),
      record.completeness,
      prepared.titleKey,
      place.firstSeenAt,
      record.publishedAt.getTime(),
      record.updatedAt.getTime(),
      record.orderedAt.getTime(),
      prepared.content,
    );
    const { title, body } = prepared;
    this.#texts.add(Number(lastInsertRowid), { title, body });
    return Number(lastInsertRowid);
  }

  updateSighting(edit: PlannedEdit): void {
    const { record } = edit;
    this.#updateSighting.run(
      record.contentHash,
      edit.identityHash,
      Number(record.isOwnHost),
      record.completeness,
      titleKeyOf(record.entry.title),
      record.entry.published === null ? null : record.publishedAt.getTime(),
      record.updatedAt.getTime(),
      encodeContent(record, edit.formerAliases),
      edit.id,
    );
    if (edit.hasNewText) this.#texts.edit(edit.id, record.entry);
  }

  moveSighting(id: number, story: number): void {
    this.#moveSighting.run(story, this.readOrderedAt(story), id);
  }

  /** The story that a key points at, or null. */
  findOwner(key: string): number | null {
    const row = this.#selectOwner.get(this.#digests.digest(key));
    return row === undefined ? null : readNumber(row, "story");
  }

  /** Lets a key point at a story. @returns false when it already points at one, which stays so */
  insertAlias(
    alias: Alias,
    owner: { readonly story: number; readonly sourceNo: number | null; readonly at: number },
  ): boolean {
    const { changes } = this.#insertAlias.run(
      this.#digests.digest(alias.key),
      owner.story,
      owner.sourceNo,
      owner.at,
      alias.kind,
      alias.rule,
      alias.key,
      alias.evidence,
    );
    return Number(changes) > 0;
  }

  /** True when an operator has ever pinned a key: mostly not, which spares looking each up. */
  hasPins(): boolean {
    return this.#hasPins.get() !== undefined;
  }

  findPin(key: string): KnownPin | null {
    const row = this.#selectPin.get(this.#digests.digest(key));
    if (row === undefined) return null;
    const kind = readText(row, "kind") === "split" ? "split" : "merge";
    return { kind, story: readOptionalNumber(row, "story"), group: readNumber(row, "group_no") };
  }

  /** Gives the pins of a group, which waited for a story, this one. @returns how many aliases that made */
  settlePins(group: number, story: number): number {
    this.#settlePins.run(story, group);
    return Number(this.#adoptPinnedKeys.run(group).changes);
  }

  /** True when a story was ever forgotten: where not, no key need be looked up. */
  hasForgotten(): boolean {
    return this.#hasForgotten.get() !== undefined;
  }

  /** What is left of a key of a story that was forgotten, or null. */
  findForgotten(key: string): ForgottenKey | null {
    const row = this.#selectForgotten.get(this.#digests.digest(key)) ?? {};
    const publishedAt = readOptionalNumber(row, "published_at");
    return publishedAt === null ? null : { publishedAt };
  }

  /**
   * True when a story publishes an id, or forwards it (`exceptForwardedBy` may: it would give the id back), or did before it
   * was forgotten.
   */
  isIdTaken(id: string, options: { readonly exceptForwardedBy?: number } = {}): boolean {
    const digest = this.#digests.digest(id);
    if (this.#isPublished.get(digest) !== undefined) return true;
    if (this.#isForgotten.get(digest) !== undefined) return true;
    const forwarded = this.#isForwarded.get(digest);
    return forwarded !== undefined && readNumber(forwarded, "story") !== options.exceptForwardedBy;
  }

  /** Makes one story of two: what the younger one had goes over, and its published id is forwarded from now on. */
  mergeStory(from: number, into: number): void {
    for (const step of this.#mergeSteps) step.run({ from, into });
  }

  addDuplicates(changes: ReadonlyMap<number, number>): void {
    for (const [sourceNo, change] of changes) if (change !== 0) this.#addDuplicates.run(change, sourceNo);
  }

  /** Keeps the totals of `meta` true; a visible change makes the revision grow. */
  addTotals(change: {
    readonly isVisible: boolean;
    readonly stories: number;
    readonly aliases: number;
  }): void {
    if (!change.isVisible && change.stories === 0 && change.aliases === 0) return;
    this.#addTotals.run(Number(change.isVisible), change.stories, change.aliases);
  }
}
