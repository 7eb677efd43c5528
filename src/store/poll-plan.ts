/**
 * What one poll changes, decided before anything is written. Pure: the engine looks rows up, `planPoll` decides, the
 * engine writes; so SQLite and PostgreSQL agree on every case.
 *
 * A sighting joins the story that owns one of its aliases, and founds one when none does. When its aliases belong to
 * several stories, these are one story: the oldest keeps its published id and date, the younger ones' ids are
 * forwarded. Exceptions: what an operator pinned (see `#chooseStory`), a guid used twice (see `guid-reuse.ts`), and what
 * tells a story that was forgotten (see `forgotten.ts`), which is left out.
 */
import type { Alias, SightingRecord } from "../model.ts";
import {
  addCounts,
  advanceUpdatedAt,
  type Carrier,
  chooseWinner,
  countDuplicates,
  hashIdentity,
  titleKeyOf,
} from "./carriers.ts";
import { isSameText } from "./entry-text.ts";
import { isForgotten } from "./forgotten.ts";
import {
  type GuidHolder,
  isGuidReused,
  isKeyShared,
  isNotGuid,
  isTitleShared,
  nameVariant,
} from "./guid-reuse.ts";
import type {
  ChangedSighting,
  ChangedSightings,
  KnownPin,
  KnownSighting,
  PlannedEdit,
  PlannedSighting,
  PlannedStory,
  PollLookup,
  PollPlan,
} from "./poll-plan-types.ts";
import type { IncomingSighting } from "./prepared-sighting.ts";
import { choosePublishedId } from "./published-id.ts";
import type { FormerAlias, SightingContent } from "./records.ts";
import { StoryClusters, type StoryPin, type StoryRef } from "./story-clusters.ts";

/** Keys of before its edits that a sighting remembers at most. */
const FORMER_ALIASES_MAX = 64;

/** Where the ids of sightings that are not stored yet begin while planning: after every stored one. */
const NEW_ID_BASE = 2 ** 52;

/** Parts the document's sightings into those stored exactly so, which cost nothing more, and the rest. */
export function findChangedSightings(
  records: readonly IncomingSighting[],
  known: (guidKey: string) => readonly KnownSighting[],
): ChangedSightings {
  const claimedIds = new Set<number>();
  const changed: ChangedSighting[] = [];
  for (const record of records) {
    const rows = known(record.guidKey);
    const identityHash = record.prepared?.identityHash ?? hashIdentity(record);
    const same = rows.find(
      (row) => row.contentHash === record.contentHash && row.identityHash === identityHash,
    );
    if (same === undefined) changed.push({ record, identityHash, known: rows });
    else claimedIds.add(same.id);
  }
  return { changed, claimedIds, unchanged: records.length - changed.length };
}

/** Decides what one poll writes. */
export function planPoll(lookup: PollLookup): PollPlan {
  const planner = new PollPlanner(lookup);
  for (const changed of lookup.sightings.changed) planner.take(changed);
  return planner.finish();
}

/** A sighting of this poll, while its story may still turn out to be another's. */
type Draft = Omit<PlannedSighting, "story"> & { readonly carrier: Carrier; readonly ref: StoryRef };

/** Founds a story: the first sighting of this poll that no stored story owns. */
type Founder = { readonly ref: StoryRef; readonly record: SightingRecord };

class PollPlanner {
  readonly #lookup: PollLookup;
  readonly #clusters = new StoryClusters();
  readonly #owners: Map<string, StoryRef>;
  readonly #carriers = new Map<StoryRef, Carrier[]>();
  readonly #claimedIds: Set<number>;
  readonly #founders: Founder[] = [];
  readonly #drafts: Draft[] = [];
  readonly #draftsByGuid = new Map<string, Draft[]>();
  readonly #edits: PlannedEdit[] = [];
  readonly #moves: { id: number; story: StoryRef }[] = [];
  readonly #newAliases: { alias: Alias; ref: StoryRef }[] = [];
  readonly #settledPins = new Map<number, StoryRef>();
  #unchanged: number;
  #isLinkChanged = false;

  constructor(lookup: PollLookup) {
    this.#lookup = lookup;
    this.#owners = new Map(lookup.owners);
    this.#claimedIds = new Set(lookup.sightings.claimedIds);
    this.#unchanged = lookup.sightings.unchanged;
    for (const story of lookup.stories.values()) {
      this.#clusters.add(story.number, story.pin);
      this.#carriers.set(story.number, [...story.carriers]);
    }
  }

  take(changed: ChangedSighting): void {
    const { record } = changed;
    const drafts = this.#draftsByGuid.get(record.guidKey) ?? [];
    const match = this.#match(changed);
    if (match !== null) this.#edit(changed, match);
    else if (drafts.some((draft) => !isGuidReused(draft.record, record))) this.#unchanged += 1;
    else if (this.#isForgotten(record)) this.#unchanged += 1;
    else this.#add(changed, drafts);
  }

  /** True when the entry tells a story that was forgotten. What is told again by a living one belongs to that. */
  #isForgotten(record: SightingRecord): boolean {
    const isAlive = ({ key }: Alias) => this.#owners.has(key) || this.#pinnedTo(key) !== null;
    return isForgotten(record, this.#lookup.forgotten) && !record.aliases.some(isAlive);
  }

  /** The stored sighting that this one is a newer version of, or null. */
  #match(changed: ChangedSighting): KnownSighting | null {
    let best: { row: KnownSighting; score: number } | null = null;
    for (const row of changed.known) {
      const holder = this.#holderOf(row);
      if (holder !== null && isGuidReused(holder, changed.record)) continue;
      const score =
        (row.identityHash === changed.identityHash ? 4 : 0) +
        (holder !== null && isKeyShared(holder, changed.record) ? 2 : 0) +
        (holder !== null && isTitleShared(holder, changed.record) ? 1 : 0);
      if (best === null || score > best.score) best = { row, score };
    }
    return best?.row ?? null;
  }

  #holderOf(row: KnownSighting): GuidHolder | null {
    const content = this.#lookup.contents.get(row.id) ?? null;
    if (content === null) return null;
    return { entry: content.entry, aliases: [...content.aliases, ...content.formerAliases] };
  }

  #edit(changed: ChangedSighting, row: KnownSighting): void {
    // A document may repeat an entry; the first version in it counts, or two would take turns at every poll.
    if (this.#claimedIds.has(row.id)) {
      this.#unchanged += 1;
      return;
    }
    this.#claimedIds.add(row.id);
    const record = this.#storable(changed.record, row.variant);
    const content = this.#lookup.contents.get(row.id) ?? null;
    const formerAliases = listFormerAliases(content, record);
    let holder: StoryRef = row.story;
    if (changed.identityHash !== row.identityHash) {
      const home = this.#chooseStory(record, { formerAliases, story: row.story });
      if (this.#move(row, home)) holder = home;
      this.#ownAliases(record.aliases, home);
    }
    this.#isLinkChanged ||=
      content?.entry.url !== record.entry.url || content?.originalUrl !== record.originalUrl;
    const hasNewText = content === null || !isSameText(content.entry, record.entry);
    this.#edits.push({
      id: row.id,
      record,
      identityHash: changed.identityHash,
      formerAliases,
      hasNewText,
    });
    this.#replaceCarrier({ holder, id: row.id, record });
  }

  #add(changed: ChangedSighting, drafts: readonly Draft[]): void {
    const isReused = changed.known.length > 0 || drafts.length > 0;
    const taken = [...changed.known, ...drafts].map((other) => other.variant);
    const variant = isReused ? chooseVariant(nameVariant(changed.record), taken) : "";
    const record = this.#storable(changed.record, variant);
    const ref = this.#chooseStory(record, null);
    const carrier = this.#toCarrier(record, {
      id: NEW_ID_BASE + this.#drafts.length,
      firstSeenAt: this.#lookup.at,
    });
    this.#carriers.get(ref)?.push(carrier);
    this.#ownAliases(record.aliases, ref);
    const lookupGuidKey = changed.record.guidKey;
    const draft: Draft = { record, identityHash: changed.identityHash, lookupGuidKey, variant, carrier, ref };
    this.#drafts.push(draft);
    this.#draftsByGuid.set(lookupGuidKey, [...drafts, draft]);
  }

  /**
   * The story of a sighting. In this order:
   * 1. The story that an operator pinned one of its keys to; its other keys then join nothing.
   * 2. A known sighting's own story, else the one that owns its strongest known key; the stories that own its other
   *    keys are united with it, unless pins forbid it.
   * 3. A new one.
   */
  #chooseStory(
    record: SightingRecord,
    known: { readonly formerAliases: readonly FormerAlias[]; readonly story: number } | null,
  ): StoryRef {
    const pins = this.#listPins([...record.aliases, ...(known?.formerAliases ?? [])]);
    const pinned = pins.find((pin) => pin.ref !== null || pin.kind === "split");
    if (pinned !== undefined) {
      const home = pinned.ref ?? this.#found(record);
      if (pinned.ref === null) this.#settle(pinned.group, home, "apart");
      for (const pin of pins) if (pin.ref === null) this.#settle(pin.group, home, "joined");
      return home;
    }

    const owners = record.aliases
      .map((alias) => this.#owners.get(alias.key))
      .filter((owner) => owner !== undefined);
    const home = known?.story ?? owners[0] ?? this.#found(record);
    for (const owner of owners) this.#clusters.unite(home, owner);
    for (const pin of pins) this.#settle(pin.group, home, "joined");
    return home;
  }

  #listPins(
    aliases: readonly FormerAlias[],
  ): { kind: KnownPin["kind"]; group: number; ref: StoryRef | null }[] {
    if (this.#lookup.pins.size === 0) return [];
    return aliases.flatMap(({ key }) => {
      const pin = this.#lookup.pins.get(key);
      return pin === undefined ? [] : [{ kind: pin.kind, group: pin.group, ref: this.#pinnedTo(key) }];
    });
  }

  /** The story that an operator's word ties the key to, as far as one was seen. */
  #pinnedTo(key: string): StoryRef | null {
    const pin = this.#lookup.pins.get(key);
    if (pin === undefined) return null;
    return pin.story ?? this.#settledPins.get(pin.group) ?? null;
  }

  /** A pin that waited for its key to be seen holds for this story from now on. */
  #settle(group: number, ref: StoryRef, pin: StoryPin): void {
    if (this.#settledPins.has(group)) return;
    this.#settledPins.set(group, ref);
    this.#clusters.pin(ref, pin);
  }

  #found(record: SightingRecord): StoryRef {
    const ref = -(this.#founders.length + 1);
    this.#founders.push({ ref, record });
    this.#clusters.add(ref, "none");
    this.#carriers.set(ref, []);
    return ref;
  }

  #ownAliases(aliases: readonly Alias[], ref: StoryRef): void {
    for (const alias of aliases) {
      if (this.#owners.has(alias.key)) continue;
      // An operator gave the key to another story; it comes to that one with its pin.
      const pinned = this.#pinnedTo(alias.key);
      if (pinned !== null && this.#clusters.find(pinned) !== this.#clusters.find(ref)) continue;
      this.#owners.set(alias.key, ref);
      this.#newAliases.push({ alias, ref });
    }
  }

  /**
   * Takes a stored sighting to the story that an operator pinned it to, if it is not there. A story that loses its
   * last sighting so becomes part of that one.
   */
  #move(row: KnownSighting, home: StoryRef): boolean {
    if (this.#clusters.find(row.story) === this.#clusters.find(home)) return false;
    const own = this.#carriers.get(row.story) ?? [];
    const index = own.findIndex((carrier) => carrier.id === row.id);
    const [carrier] = index < 0 ? [] : own.splice(index, 1);
    if (carrier !== undefined) this.#carriers.get(home)?.push(carrier);
    this.#moves.push({ id: row.id, story: home });
    const members = this.#clusters.list().get(this.#clusters.find(row.story)) ?? [];
    if (members.every((ref) => this.#carriers.get(ref)?.length === 0)) this.#clusters.force(row.story, home);
    return true;
  }

  #replaceCarrier(edit: {
    readonly holder: StoryRef;
    readonly id: number;
    readonly record: SightingRecord;
  }): void {
    const carriers = this.#carriers.get(edit.holder) ?? [];
    const index = carriers.findIndex((carrier) => carrier.id === edit.id);
    const before = carriers[index];
    if (before !== undefined) carriers[index] = this.#toCarrier(edit.record, before);
  }

  #toCarrier(record: IncomingSighting, kept: { readonly id: number; readonly firstSeenAt: number }): Carrier {
    return {
      id: kept.id,
      sourceNo: this.#lookup.sourceNo,
      priority: this.#lookup.priority,
      isOwnHost: record.isOwnHost,
      completeness: record.completeness,
      titleKey: record.prepared === undefined ? titleKeyOf(record.entry.title) : record.prepared.titleKey,
      firstSeenAt: kept.firstSeenAt,
      contentHash: record.contentHash,
      updatedAt: record.updatedAt.getTime(),
    };
  }

  /** The record as it may be stored: no instant after `at`, and under a reused guid a name and keys of its own. */
  #storable(record: IncomingSighting, variant: string): IncomingSighting {
    const { publishedAt, updatedAt, orderedAt } = record;
    const isPast = [publishedAt, updatedAt, orderedAt].every(
      (instant) => this.#notInFuture(instant) === instant,
    );
    if (isPast && variant === "") return record;
    const times = {
      publishedAt: this.#notInFuture(publishedAt),
      updatedAt: this.#notInFuture(updatedAt),
      orderedAt: this.#notInFuture(orderedAt),
    };
    if (variant === "") return { ...record, ...times };
    const aliases = record.aliases.filter(isNotGuid);
    // What was prepared has the other name and keys in it.
    return { ...record, ...times, aliases, guidKey: `${record.guidKey}#${variant}`, prepared: undefined };
  }

  #notInFuture(instant: Date): Date {
    return instant.getTime() <= this.#lookup.at ? instant : new Date(this.#lookup.at);
  }

  finish(): PollPlan {
    const { at, stories } = this.#lookup;
    const newStories: PlannedStory[] = [];
    const merges: { from: number; into: number }[] = [];
    const storyUpdates: { number: number; updatedAt: number; firstSeenAt: number; pin: StoryPin }[] = [];
    const duplicates = new Map<number, number>();
    const takenIds = new Set<string>();
    let isWinnerChanged = false;

    for (const [ref, members] of this.#clusters.list()) {
      const carriers = members.flatMap((member) => this.#carriers.get(member) ?? []);
      const stored = members.flatMap((member) => stories.get(member) ?? []);
      for (const member of stored) addCounts(duplicates, countDuplicates(member.carriers), -1);
      addCounts(duplicates, countDuplicates(carriers), 1);
      const winner = chooseWinner(carriers);
      if (winner === null) continue;
      const pin = this.#clusters.pinOf(ref);
      const story = stories.get(ref);
      if (story === undefined) {
        newStories.push(this.#planStory({ ref, pin, winner, takenIds }));
        continue;
      }
      for (const { number } of stored) if (number !== ref) merges.push({ from: number, into: ref });
      const hasChanged = winner.contentHash !== chooseWinner(story.carriers)?.contentHash;
      isWinnerChanged ||= hasChanged;
      const updatedAt = hasChanged
        ? advanceUpdatedAt(story.updatedAt, winner.updatedAt, at)
        : story.updatedAt;
      const firstSeenAt = Math.min(...stored.map((member) => member.firstSeenAt));
      if (updatedAt === story.updatedAt && firstSeenAt === story.firstSeenAt && pin === story.pin) continue;
      storyUpdates.push({ number: ref, updatedAt, firstSeenAt, pin });
    }

    const isVisible =
      this.#drafts.length + this.#moves.length + merges.length > 0 || isWinnerChanged || this.#isLinkChanged;
    return {
      newStories,
      merges,
      storyUpdates,
      duplicates,
      moves: this.#moves.map(({ id, story }) => ({ id, story: this.#clusters.find(story) })),
      newSightings: this.#drafts.map(({ carrier, ref, ...draft }) => ({
        ...draft,
        story: this.#clusters.find(ref),
      })),
      edits: this.#edits,
      newAliases: this.#newAliases.map(({ alias, ref }) => ({ alias, story: this.#clusters.find(ref) })),
      settledPins: [...this.#settledPins].map(([group, ref]) => ({ group, story: this.#clusters.find(ref) })),
      recorded: {
        entries: { new: this.#drafts.length, updated: this.#edits.length, unchanged: this.#unchanged },
        stories: { new: newStories.length, merged: this.#drafts.length - newStories.length + merges.length },
        isVisible,
      },
    };
  }

  #planStory(request: {
    readonly ref: StoryRef;
    readonly pin: StoryPin;
    readonly winner: Carrier;
    readonly takenIds: Set<string>;
  }): PlannedStory {
    const founder = this.#founders[-request.ref - 1];
    if (founder === undefined) throw new Error(`story ${request.ref} was not founded by this poll`);
    const { record } = founder;
    const publishedId = choosePublishedId(
      record,
      (id) => request.takenIds.has(id) || this.#lookup.isPublishedIdTaken(id),
    );
    request.takenIds.add(publishedId);
    return {
      ref: request.ref,
      publishedId,
      publishedAt: record.publishedAt.getTime(),
      // Nobody has read it yet, so it is as old as the copy that they will read says.
      updatedAt: request.winner.updatedAt,
      orderedAt: record.orderedAt.getTime(),
      pin: request.pin,
    };
  }
}

function chooseVariant(wanted: string, taken: readonly string[]): string {
  let variant = wanted;
  for (let n = 2; taken.includes(variant); n += 1) variant = `${wanted}-${n}`;
  return variant;
}

function listFormerAliases(content: SightingContent | null, record: SightingRecord): readonly FormerAlias[] {
  if (content === null) return [];
  const current = new Set(record.aliases.map((alias) => alias.key));
  const former = new Map<string, FormerAlias>();
  // The latest first, so that the oldest fall off.
  for (const { key, kind } of [...content.aliases, ...content.formerAliases]) {
    if (!current.has(key) && !former.has(key)) former.set(key, { key, kind });
  }
  return [...former.values()].slice(0, FORMER_ALIASES_MAX);
}
