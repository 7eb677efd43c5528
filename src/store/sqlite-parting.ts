import type { DatabaseSync } from "node:sqlite";
import { addCounts, advanceUpdatedAt, chooseWinner, countDuplicates } from "./carriers.ts";
import { digestKey } from "./digest.ts";
import { findParts, listHolders, type Member, type Part, toMember, withoutDropped } from "./parting.ts";
import { readText } from "./rows.ts";
import type { StoryTable } from "./sqlite-story-table.ts";

/** Parts stories whose sightings share no key any more. It reads the new identities from the table `rekeyed`. */
export class StoryParter {
  readonly #stories: StoryTable;
  readonly #at: number;
  readonly #selectMembers;
  readonly #selectPinned;
  readonly #selectAliases;
  readonly #moveAlias;
  readonly #dropAlias;
  readonly #setContent;

  constructor(db: DatabaseSync, { stories, at }: { readonly stories: StoryTable; readonly at: number }) {
    this.#stories = stories;
    this.#at = at;
    this.#selectMembers = db.prepare(
      `SELECT id, first_seen_at, published_at, ordered_at, record, identity, dropped FROM sightings
       LEFT JOIN rekeyed ON sighting = id WHERE story = ? ORDER BY first_seen_at, id`,
    );
    this.#selectPinned = db.prepare("SELECT key FROM pins WHERE story = ?");
    this.#selectAliases = db.prepare("SELECT key FROM aliases WHERE story = ?");
    this.#moveAlias = db.prepare("UPDATE aliases SET story = ? WHERE digest = ?");
    this.#dropAlias = db.prepare("DELETE FROM aliases WHERE digest = ?");
    this.#setContent = db.prepare("UPDATE sightings SET record = ? WHERE id = ?");
  }

  /** @returns the numbers of the new stories; none when the story holds together */
  part(story: number): readonly number[] {
    const members = this.#readMembers(story);
    if (members.length < 2) return [];
    const pinned = new Set(this.#selectPinned.all(story).map((row) => readText(row, "key")));
    const parts = findParts(members, pinned);
    const [, ...leaving] = parts;
    if (leaving.length === 0) return [];
    const before = this.#stories.readStory(story);
    const numbers = leaving.map((part) => this.#found(story, part));
    const aliases = this.#dealAliases({ story, numbers, parts, pinned });
    const duplicates = new Map<number, number>();
    addCounts(duplicates, countDuplicates(before.carriers), -1);
    for (const number of [story, ...numbers]) {
      addCounts(duplicates, countDuplicates(this.#stories.readCarriers(number)), 1);
    }
    this.#stories.addDuplicates(duplicates);
    const winner = chooseWinner(this.#stories.readCarriers(story));
    if (winner !== null && winner.contentHash !== chooseWinner(before.carriers)?.contentHash) {
      const updatedAt = advanceUpdatedAt(before.updatedAt, winner.updatedAt, this.#at);
      this.#stories.updateStory({ ...before, updatedAt });
    }
    this.#stories.addTotals({ isVisible: true, stories: numbers.length, aliases });
    return numbers;
  }

  #found(story: number, part: Part): number {
    const [founder] = part;
    const number = this.#stories.foundFrom(story, {
      record: {
        publishedIds: founder.publishedIds,
        guidKey: founder.guidKey,
        aliases: founder.content?.aliases ?? [],
      },
      publishedAt: Math.min(founder.publishedAt, this.#at),
      updatedAt: this.#at,
      orderedAt: founder.orderedAt,
      firstSeenAt: founder.firstSeenAt,
      pin: "none",
    });
    for (const { id } of part) this.#stories.moveSighting(id, number);
    return number;
  }

  /** Each key goes with the part that has it; a key of several or of none is given up. @returns the change of their number */
  #dealAliases(deal: {
    readonly story: number;
    readonly numbers: readonly number[];
    readonly parts: readonly Part[];
    readonly pinned: ReadonlySet<string>;
  }): number {
    const { story, numbers, parts, pinned } = deal;
    const holders = listHolders({ story, numbers, parts });
    let change = 0;
    for (const row of this.#selectAliases.all(story)) {
      const key = readText(row, "key");
      if (pinned.has(key)) continue;
      const holder = holders.get(key) ?? null;
      if (holder === null) change -= Number(this.#dropAlias.run(digestKey(key)).changes);
      else if (holder !== story) this.#moveAlias.run(holder, digestKey(key));
    }
    for (const member of parts.flat()) this.#forget(member, pinned);
    return change;
  }

  /** What a sighting gave up must not join it to anything again. */
  #forget(member: Member, pinned: ReadonlySet<string>): void {
    const kept = withoutDropped(member, pinned);
    if (kept !== null) this.#setContent.run(kept, member.id);
  }

  #readMembers(story: number): Member[] {
    return this.#selectMembers.all(story).map(toMember);
  }
}
