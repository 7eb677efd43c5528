import { addCounts } from "./carriers.ts";
import { listOffered } from "./forgotten.ts";
import { planPoll } from "./poll-plan.ts";
import type { ChangedSightings, KnownPin, PollPlan } from "./poll-plan-types.ts";
import type { Session } from "./postgres-connection.ts";
import type { NotedSighting, PostgresCopyFinder } from "./postgres-copies.ts";
import {
  addDuplicates,
  insertAliases,
  insertSightings,
  insertStories,
  mergeStory,
  moveSightings,
  type NewAlias,
  type NewSighting,
  type NewStory,
  noteForgotten,
  settlePins,
  takeNumbers,
  updateSightings,
  updateStories,
} from "./postgres-stories.ts";
import {
  findForgotten,
  findOwners,
  findPins,
  findTakenIds,
  type PlacedStory,
  readContents,
  readStories,
} from "./postgres-story-lookups.ts";

/** What one poll changed, to be planned. */
export interface PollToPlan {
  readonly sightings: ChangedSightings;
  readonly sourceNo: number;
  readonly priority: number;
  readonly at: number;
}

type Merge = { readonly from: number; readonly into: number };

interface Lookup {
  readonly contents: Awaited<ReturnType<typeof readContents>>;
  readonly owners: ReadonlyMap<string, number>;
  readonly pins: ReadonlyMap<string, KnownPin>;
  readonly forgotten: Awaited<ReturnType<typeof findForgotten>>;
  readonly stories: ReadonlyMap<number, PlacedStory>;
  readonly takenIds: Map<string, boolean>;
}

/** A plan with its numbers. */
interface NumberedPlan {
  readonly poll: PollToPlan;
  readonly plan: PollPlan;
  readonly stories: readonly NewStory[];
  readonly sightings: readonly NewSighting[];
  readonly toNumber: (ref: number) => number;
}

export interface PlanBatchOptions {
  /** Looks for syndicated copies among new sightings; null where nobody wants to know. */
  readonly copies: PostgresCopyFinder | null;
  /** Hears of each merge while both stories are still there. */
  readonly onMerge?: ((merge: Merge) => Promise<void>) | undefined;
}

/**
 * Plans polls one after the other and writes them together. What they may touch is looked up for all at once; a poll that
 * touches what an earlier one of the batch has changed is planned after that was written. The stories' lock is held.
 */
export class PlanBatch {
  readonly #session: Session;
  readonly #copies: PostgresCopyFinder | null;
  readonly #onMerge: ((merge: Merge) => Promise<void>) | null;
  #totals = { isVisible: false, stories: 0, aliases: 0 };

  constructor(session: Session, options: PlanBatchOptions) {
    this.#session = session;
    this.#onMerge = options.onMerge ?? null;
    this.#copies = options.copies;
  }

  /** What is to be added to the store's totals. */
  get totals(): { readonly isVisible: boolean; readonly stories: number; readonly aliases: number } {
    return this.#totals;
  }

  async write(polls: readonly PollToPlan[]): Promise<ReadonlyMap<PollToPlan, PollPlan>> {
    const plans = new Map<PollToPlan, PollPlan>();
    for (let rest = polls; rest.length > 0; ) {
      const done = await this.#writeHead(rest);
      for (const { poll, plan } of done) plans.set(poll, plan);
      rest = rest.slice(done.length);
    }
    return plans;
  }

  /** Plans and writes the longest head of the polls of which none touches what another one changes. */
  async #writeHead(polls: readonly PollToPlan[]): Promise<readonly NumberedPlan[]> {
    const lookup = await lookUp(this.#session, polls);
    const touched = new Touched();
    const plans: { poll: PollToPlan; plan: PollPlan }[] = [];
    for (const poll of polls) {
      if (plans.length > 0 && touched.isTouchedBy(poll, lookup)) break;
      const plan = await planWith(this.#session, poll, lookup);
      touched.add(poll, plan, lookup);
      for (const { publishedId } of plan.newStories) lookup.takenIds.set(publishedId, true);
      plans.push({ poll, plan });
    }
    for (const { poll } of plans)
      await noteForgotten(this.#session, listOffered(poll.sightings, lookup.forgotten), poll);
    const [storyNumbers, sightingIds] = await Promise.all([
      takeNumbers(
        this.#session,
        "stories",
        countOf(plans, ({ newStories }) => newStories),
      ),
      takeNumbers(
        this.#session,
        "sightings",
        countOf(plans, ({ newSightings }) => newSightings),
      ),
    ]);
    const numbered = plans.map(({ poll, plan }) =>
      numberPlan(poll, plan, { lookup, storyNumbers, sightingIds }),
    );
    await this.#apply(numbered);
    return numbered;
  }

  async #apply(plans: readonly NumberedPlan[]): Promise<void> {
    const session = this.#session;
    if (this.#onMerge !== null) {
      for (const { plan } of plans) for (const merge of plan.merges) await this.#onMerge(merge);
    }
    const duplicates = new Map<number, number>();
    for (const { plan } of plans) addCounts(duplicates, plan.duplicates, 1);
    const aliases = plans.flatMap(({ poll, plan, toNumber }) =>
      plan.newAliases.map(
        ({ alias, story }): NewAlias => ({
          alias,
          story: toNumber(story),
          sourceNo: poll.sourceNo,
          at: poll.at,
        }),
      ),
    );
    // One after the other on the wire, without waiting between: the order is the one of `PollPlan`.
    const [, , , , , newAliases, , settled] = await Promise.all([
      insertStories(
        session,
        plans.flatMap(({ stories }) => stories),
      ),
      moveSightings(
        session,
        plans.flatMap(({ plan, toNumber }) =>
          plan.moves.map(({ id, story }) => ({ id, story: toNumber(story) })),
        ),
      ),
      Promise.all(
        plans.flatMap(({ plan }) => plan.merges.map(({ from, into }) => mergeStory(session, from, into))),
      ),
      insertSightings(
        session,
        plans.flatMap(({ sightings }) => sightings),
      ),
      updateSightings(
        session,
        plans.flatMap(({ plan }) => plan.edits),
      ),
      insertAliases(session, aliases),
      updateStories(
        session,
        plans.flatMap(({ plan }) => plan.storyUpdates),
      ),
      Promise.all(
        plans.flatMap(({ plan, toNumber }) =>
          plan.settledPins.map(({ group, story }) => settlePins(session, group, toNumber(story))),
        ),
      ),
      addDuplicates(session, new Map([...duplicates].filter(([, change]) => change !== 0))),
    ]);
    await this.#copies?.note(session, plans.flatMap(listNoted));
    this.#totals = {
      isVisible: this.#totals.isVisible || plans.some(({ plan }) => plan.recorded.isVisible),
      stories:
        this.#totals.stories +
        plans.reduce((sum, { plan }) => sum + plan.newStories.length - plan.merges.length, 0),
      aliases: this.#totals.aliases + newAliases + settled.reduce((sum, count) => sum + count, 0),
    };
  }
}

/** When every sighting of a poll has its story, copies are looked for. */
function listNoted({ poll, plan, sightings }: NumberedPlan): NotedSighting[] {
  const { sourceNo, at } = poll;
  return [
    ...sightings.map(({ id, record }) => ({ id, record, sourceNo, at, isEdit: false })),
    ...plan.edits.map(({ id, record }) => ({ id, record, sourceNo, at, isEdit: true })),
  ];
}

function countOf(
  plans: readonly { readonly plan: PollPlan }[],
  list: (plan: PollPlan) => readonly unknown[],
): number {
  return plans.reduce((sum, { plan }) => sum + list(plan).length, 0);
}

/** Gives new stories and sightings the next of the numbers taken for the batch. */
function numberPlan(
  poll: PollToPlan,
  plan: PollPlan,
  {
    lookup,
    storyNumbers,
    sightingIds,
  }: { readonly lookup: Lookup; readonly storyNumbers: number[]; readonly sightingIds: number[] },
): NumberedPlan {
  const take = (numbers: number[]): number => {
    const number = numbers.shift();
    if (number === undefined) throw new Error("too few numbers were taken for a batch");
    return number;
  };
  const numbers = new Map<number, number>();
  const orderedAts = new Map<number, number>();
  const stories = plan.newStories.map((story): NewStory => {
    const number = take(storyNumbers);
    numbers.set(story.ref, number);
    orderedAts.set(number, story.orderedAt);
    return { ...story, number, firstSeenAt: poll.at };
  });
  const toNumber = (ref: number): number => {
    const number = ref > 0 ? ref : numbers.get(ref);
    if (number === undefined) throw new Error(`story ${ref} was not planned`);
    return number;
  };
  const sightings = plan.newSightings.map((sighting): NewSighting => {
    const story = toNumber(sighting.story);
    const storyOrderedAt = orderedAts.get(story) ?? lookup.stories.get(story)?.orderedAt;
    if (storyOrderedAt === undefined) throw new Error(`story ${story} was not looked up`);
    const { sourceNo, at } = poll;
    return { ...sighting, id: take(sightingIds), sourceNo, story, storyOrderedAt, firstSeenAt: at };
  });
  return { poll, plan, stories, sightings, toNumber };
}

/** Plans a poll; ids that only the plan turns out to need are asked for, and it is planned again. */
async function planWith(session: Session, poll: PollToPlan, lookup: Lookup): Promise<PollPlan> {
  for (;;) {
    const unknown: string[] = [];
    const plan = planPoll({
      ...poll,
      ...lookup,
      stories: storiesOf(poll, lookup),
      isPublishedIdTaken(id) {
        const isTaken = lookup.takenIds.get(id);
        if (isTaken === undefined) unknown.push(id);
        return isTaken ?? false;
      },
    });
    if (unknown.length === 0) return plan;
    await askForIds(session, unknown, lookup.takenIds);
  }
}

/** Of what was looked up for a batch, what a poll leads to. */
function storiesOf(
  { sightings }: PollToPlan,
  { owners, pins, stories }: Lookup,
): ReadonlyMap<number, PlacedStory> {
  const numbers = new Set<number>();
  for (const { story } of pins.values()) if (story !== null) numbers.add(story);
  for (const { record, known } of sightings.changed) {
    for (const { story } of known) numbers.add(story);
    for (const { key } of record.aliases) {
      const owner = owners.get(key);
      if (owner !== undefined) numbers.add(owner);
    }
  }
  return new Map(
    [...numbers].flatMap((number): [number, PlacedStory][] => {
      const story = stories.get(number);
      return story === undefined ? [] : [[number, story]];
    }),
  );
}

async function askForIds(
  session: Session,
  ids: readonly string[],
  takenIds: Map<string, boolean>,
): Promise<void> {
  const taken = await findTakenIds(session, ids);
  for (const id of ids) takenIds.set(id, taken.has(id));
}

async function lookUp(session: Session, polls: readonly PollToPlan[]): Promise<Lookup> {
  const changed = polls.flatMap(({ sightings }) => sightings.changed);
  const isNew = changed.filter(
    ({ identityHash, known }) => !known.some((row) => row.identityHash === identityHash),
  );
  const keys = [...new Set(isNew.flatMap(({ record }) => record.aliases.map(({ key }) => key)))];
  const known = changed.flatMap((sighting) => sighting.known);
  const ids = [...new Set(isNew.flatMap(({ record }) => record.publishedIds))];
  const takenIds = new Map<string, boolean>();
  const [contents, owners, hasPins, forgotten] = await Promise.all([
    readContents(
      session,
      known.map(({ id }) => id),
    ),
    findOwners(session, keys),
    session.one("SELECT 1 FROM pins LIMIT 1"),
    findForgotten(session, keys),
    askForIds(session, ids, takenIds),
  ]);
  for (const key of owners.keys()) forgotten.delete(key);
  const held = [...contents.values()].flatMap((content) => [
    ...(content?.aliases ?? []),
    ...(content?.formerAliases ?? []),
  ]);
  const pins =
    hasPins === undefined
      ? new Map<string, KnownPin>()
      : await findPins(session, [...keys, ...held.map(({ key }) => key)]);
  const numbers = new Set([
    ...known.map(({ story }) => story),
    ...owners.values(),
    ...[...pins.values()].flatMap(({ story }) => (story === null ? [] : [story])),
  ]);
  const stories = await readStories(session, [...numbers]);
  return { contents, owners, pins, forgotten, stories, takenIds };
}

/** What the plans of a batch have changed so far. */
class Touched {
  readonly #keys = new Set<string>();
  readonly #stories = new Set<number>();
  #hasPins = false;

  isTouchedBy(poll: PollToPlan, { owners, contents, pins }: Lookup): boolean {
    // What an operator pinned is rare, and reaches far.
    if (this.#hasPins || pins.size > 0) return true;
    return poll.sightings.changed.some(
      ({ record, known }) =>
        record.aliases.some(({ key }) => {
          const owner = owners.get(key);
          return this.#keys.has(key) || (owner !== undefined && this.#stories.has(owner));
        }) || known.some(({ id, story }) => this.#stories.has(story) || contents.get(id) === undefined),
    );
  }

  add(poll: PollToPlan, plan: PollPlan, { owners, pins }: Lookup): void {
    this.#hasPins ||= pins.size > 0;
    for (const { alias } of plan.newAliases) this.#keys.add(alias.key);
    for (const { record, known } of poll.sightings.changed) {
      for (const { story } of known) this.#stories.add(story);
      for (const { key } of record.aliases) {
        const owner = owners.get(key);
        if (owner !== undefined) this.#stories.add(owner);
      }
    }
  }
}
