import type { DatabaseSync } from "node:sqlite";
import { addCounts, advanceUpdatedAt, chooseWinner, countDuplicates } from "./carriers.ts";
import { digestKey } from "./digest.ts";
import { decodeContent, decodeTexts, type SightingContent } from "./records.ts";
import { decodeIdentity } from "./rekeyed-identity.ts";
import { readNumber, readOptionalText, readText } from "./rows.ts";
import type { StoryTable } from "./sqlite-story-table.ts";

/** A sighting of a story that may fall apart. */
interface Member {
  readonly id: number;
  readonly firstSeenAt: number;
  readonly publishedAt: number;
  readonly orderedAt: number;
  /** As stored; null where it is unreadable. */
  readonly content: SightingContent | null;
  /** What it would publish under a story of its own. */
  readonly publishedIds: readonly string[];
  readonly guidKey: string;
  /** Keys by today's rules. */
  readonly current: ReadonlySet<string>;
  /** Keys it had before edits of its source. */
  readonly former: readonly string[];
  /** Keys that only yesterday's rules gave it. */
  readonly dropped: ReadonlySet<string>;
}

type Part = readonly [Member, ...Member[]];

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
    const holders = new Map<string, number | null>();
    for (const [index, part] of parts.entries()) {
      const number = index === 0 ? story : (numbers[index - 1] ?? story);
      for (const key of new Set(part.flatMap((member) => listKept(member)))) {
        holders.set(key, holders.has(key) ? null : number);
      }
    }
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
  #forget({ id, content, dropped }: Member, pinned: ReadonlySet<string>): void {
    if (content === null || dropped.size === 0) return;
    const isKept = ({ key }: { readonly key: string }) => pinned.has(key) || !dropped.has(key);
    const aliases = content.aliases.filter(isKept);
    const formerAliases = content.formerAliases.filter(isKept);
    this.#setContent.run(JSON.stringify({ ...content, aliases, formerAliases }), id);
  }

  #readMembers(story: number): Member[] {
    return this.#selectMembers.all(story).map((row) => {
      const content = decodeContent(readText(row, "record"));
      const json = readOptionalText(row, "identity");
      const identity = json === null ? content : decodeIdentity(json);
      return {
        id: readNumber(row, "id"),
        firstSeenAt: readNumber(row, "first_seen_at"),
        publishedAt: readNumber(row, "published_at"),
        orderedAt: readNumber(row, "ordered_at"),
        content,
        publishedIds: identity?.publishedIds ?? [],
        guidKey: identity?.guidKey ?? "",
        current: new Set(identity?.aliases.map(({ key }) => key)),
        former: content?.formerAliases.map(({ key }) => key) ?? [],
        dropped: new Set(decodeTexts(readOptionalText(row, "dropped") ?? "[]")),
      };
    });
  }
}

/** The keys that a member keeps: today's, and those of before its source's edits unless the rules gave them up. */
function listKept({ current, former, dropped }: Member): string[] {
  return [...new Set([...current, ...former.filter((key) => !dropped.has(key))])];
}

/**
 * The members by what they still share, the part with the oldest first. A key of before an edit joins only while today's
 * rules still give it to somebody, or while nothing about its holder has changed. What an operator pinned stays together,
 * and an unreadable sighting stays with the oldest.
 */
function findParts(members: readonly Member[], pinned: ReadonlySet<string>): readonly Part[] {
  const today = new Set(members.flatMap(({ current }) => [...current]));
  const parents = members.map((_, index) => index);
  const find = (index: number): number => {
    let root = index;
    while (parents[root] !== root) root = parents[root] ?? root;
    parents[index] = root;
    return root;
  };
  const unite = (a: number, b: number) => {
    const [older, younger] = [find(a), find(b)].sort((x, y) => x - y);
    if (older !== undefined && younger !== undefined) parents[younger] = older;
  };
  const firstHolder = new Map<string, number>();
  for (const [index, member] of members.entries()) {
    if (member.content === null) unite(0, index);
    const isUnchanged = member.dropped.size === 0;
    const keys = listKept(member).filter((key) => isUnchanged || member.current.has(key) || today.has(key));
    const held = [...member.current, ...member.former, ...member.dropped].some((key) => pinned.has(key));
    // One name for all pinned keys of the story: the operator holds their carriers together.
    for (const key of held ? [...keys, "\npinned"] : keys) {
      const first = firstHolder.get(key);
      if (first === undefined) firstHolder.set(key, index);
      else unite(first, index);
    }
  }
  const parts = new Map<number, [Member, ...Member[]]>();
  for (const [index, member] of members.entries()) {
    const part = parts.get(find(index));
    if (part === undefined) parts.set(find(index), [member]);
    else part.push(member);
  }
  return [...parts.values()];
}
