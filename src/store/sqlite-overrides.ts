import type { DatabaseSync } from "node:sqlite";
import type { Alias } from "../model.ts";
import { addCounts, countDuplicates } from "./carriers.ts";
import { digestKey } from "./digest.ts";
import type { KnownStory } from "./poll-plan-types.ts";
import type { SightingContent } from "./records.ts";
import { readNumber } from "./rows.ts";
import { listKeys, refreshUpdatedAt, type SplitMember, toSplitMember } from "./splitting.ts";
import { CopyGroups } from "./sqlite-copy-groups.ts";
import type { StoryTable } from "./sqlite-story-table.ts";

/** The operator's `merge` and `split`. Its caller opens and closes the transaction. */
export class OverrideWriter {
  readonly #stories: StoryTable;
  readonly #copies: CopyGroups;
  readonly #upsertPin;
  readonly #regroup;
  readonly #nextGroup;
  readonly #setPin;
  readonly #strongestPin;
  readonly #selectMembers;
  readonly #moveAlias;
  readonly #dropAlias;

  constructor(db: DatabaseSync, stories: StoryTable) {
    this.#stories = stories;
    this.#copies = new CopyGroups(db);
    this.#upsertPin = db.prepare(
      `INSERT INTO pins (digest, key, kind, story, group_no, alias_kind, rule, evidence, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (digest) DO UPDATE SET kind = excluded.kind, story = excluded.story, group_no = excluded.group_no,
         rule = excluded.rule, evidence = excluded.evidence, created_at = excluded.created_at`,
    );
    this.#regroup = db.prepare("UPDATE pins SET group_no = ? WHERE group_no = ? AND story IS NULL");
    this.#nextGroup = db.prepare("SELECT coalesce(max(group_no), 0) + 1 AS group_no FROM pins");
    this.#setPin = db.prepare("UPDATE stories SET pin = ? WHERE number = ?");
    this.#strongestPin = db.prepare(
      "SELECT coalesce(max(CASE kind WHEN 'split' THEN 2 ELSE 1 END), 0) AS pin FROM pins WHERE story = ?",
    );
    this.#selectMembers = db.prepare(
      "SELECT id, first_seen_at, published_at, ordered_at, record FROM sightings WHERE story = ? ORDER BY first_seen_at, id",
    );
    this.#moveAlias = db.prepare(
      `UPDATE aliases SET story = ? WHERE digest = ? AND story = ?
         AND NOT EXISTS (SELECT 1 FROM pins WHERE pins.digest = aliases.digest AND pins.story = aliases.story)`,
    );
    this.#dropAlias = db.prepare("DELETE FROM aliases WHERE digest = ?");
  }

  /** Pins two keys to one story, the older one's; where neither has a story yet, both wait for one together. */
  merge(a: Alias, b: Alias, at: number): void {
    const owners = [this.#stories.findOwner(a.key), this.#stories.findOwner(b.key)].filter(
      (owner) => owner !== null,
    );
    const into = owners.length === 0 ? null : Math.min(...owners);
    const from = owners.find((owner) => owner !== into) ?? null;
    const before = owners.length < 2 || from === null ? [] : owners.map((n) => this.#stories.readStory(n));
    if (into !== null && from !== null) this.#stories.mergeStory(from, into);

    const group = this.#joinGroups(a, b);
    let aliases = 0;
    for (const alias of [a, b]) {
      this.#pin(alias, { kind: "merge", story: into, group, at });
      if (into !== null) {
        aliases += Number(this.#stories.insertAlias(alias, { story: into, sourceNo: null, at }));
      }
    }
    if (into !== null) {
      aliases += this.#stories.settlePins(group, into);
      this.#refreshPin(into);
    }
    this.#settle({ before, after: into === null ? [] : [into], at });
    const gone = before.length === 0 ? 0 : 1;
    this.#stories.addTotals({ isVisible: gone > 0, stories: -gone, aliases });
  }

  /** Gives the sightings that carry a key a story of their own, for good. @returns false when no story has the key */
  split(key: Alias, at: number): boolean {
    const story = this.#stories.findOwner(key.key);
    if (story === null) return false;
    const before = this.#stories.readStory(story);
    const members = this.#readMembers(story);
    const leaving = members.filter((member) => listKeys(member).has(key.key));
    const group = this.#newGroup();
    const founder = leaving[0];
    if (founder === undefined || founder.content === null) {
      // An operator merged the key before anything carried it: it is free again, and what comes with it stands alone.
      this.#dropAlias.run(digestKey(key.key));
      this.#pin(key, { kind: "split", story: null, group, at });
      this.#refreshPin(story);
      this.#stories.addTotals({ isVisible: false, stories: 0, aliases: -1 });
      return true;
    }
    if (leaving.length === members.length) {
      this.#pin(key, { kind: "split", story, group, at });
      this.#refreshPin(story);
      const isVisible = this.#copies.leave(story);
      this.#stories.addTotals({ isVisible, stories: 0, aliases: 0 });
      return true;
    }
    const number = this.#foundStory({ story, founder, content: founder.content, at });
    this.#pin(key, { kind: "split", story: number, group, at });
    this.#moveCarriers({ story, number, leaving, staying: members.filter((m) => !leaving.includes(m)) });
    this.#refreshPin(story);
    this.#refreshPin(number);
    this.#settle({ before: [before], after: [story, number], at });
    this.#stories.addTotals({ isVisible: true, stories: 1, aliases: 0 });
    return true;
  }

  #foundStory(split: {
    readonly story: number;
    readonly founder: SplitMember;
    readonly content: SightingContent;
    readonly at: number;
  }): number {
    const { story, founder, at } = split;
    return this.#stories.foundFrom(story, {
      record: split.content,
      publishedAt: Math.min(founder.publishedAt, at),
      updatedAt: at,
      orderedAt: founder.orderedAt,
      firstSeenAt: founder.firstSeenAt,
      pin: "apart",
    });
  }

  #moveCarriers(split: {
    readonly story: number;
    readonly number: number;
    readonly leaving: readonly SplitMember[];
    readonly staying: readonly SplitMember[];
  }): void {
    const kept = new Set(split.staying.flatMap((member) => [...listKeys(member)]));
    const moving = new Set(split.leaving.flatMap((member) => [...listKeys(member)]));
    for (const member of split.leaving) this.#stories.moveSighting(member.id, split.number);
    for (const key of moving) {
      if (!kept.has(key)) this.#moveAlias.run(split.number, digestKey(key), split.story);
    }
  }

  /** Brings `updatedAt` of the stories after a change, and the duplicate counts of their sources, up to date. */
  #settle(change: {
    readonly before: readonly KnownStory[];
    readonly after: readonly number[];
    readonly at: number;
  }): void {
    const duplicates = new Map<number, number>();
    for (const { carriers } of change.before) addCounts(duplicates, countDuplicates(carriers), -1);
    if (change.before.length === 0) return;
    for (const number of change.after) {
      const story = this.#stories.readStory(number);
      addCounts(duplicates, countDuplicates(story.carriers), 1);
      const known = change.before.find((other) => other.number === number);
      if (known === undefined) continue;
      this.#stories.updateStory({
        ...story,
        firstSeenAt: Math.min(story.firstSeenAt, ...change.before.map((other) => other.firstSeenAt)),
        updatedAt: refreshUpdatedAt({ known, carriers: story.carriers, at: change.at }),
      });
    }
    this.#stories.addDuplicates(duplicates);
  }

  /** One group for two keys and for all that wait with either. */
  #joinGroups(a: Alias, b: Alias): number {
    const group = this.#newGroup();
    for (const { key } of [a, b]) {
      const pin = this.#stories.findPin(key);
      if (pin !== null && pin.story === null) this.#regroup.run(group, pin.group);
    }
    return group;
  }

  #newGroup(): number {
    const row = this.#nextGroup.get();
    return row === undefined ? 1 : readNumber(row, "group_no");
  }

  #pin(
    alias: Alias,
    pin: {
      readonly kind: "merge" | "split";
      readonly story: number | null;
      readonly group: number;
      readonly at: number;
    },
  ): void {
    const { key, kind, rule, evidence } = alias;
    this.#upsertPin.run(digestKey(key), key, pin.kind, pin.story, pin.group, kind, rule, evidence, pin.at);
  }

  #refreshPin(story: number): void {
    const row = this.#strongestPin.get(story);
    if (row !== undefined) this.#setPin.run(readNumber(row, "pin"), story);
  }

  #readMembers(story: number): SplitMember[] {
    return this.#selectMembers.all(story).map(toSplitMember);
  }
}
