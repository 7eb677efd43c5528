/** What the planner of a poll is given and what it answers; see `poll-plan.ts`. */
import type { Alias, SightingRecord } from "../model.ts";
import type { Carrier } from "./carriers.ts";
import type { ForgottenKey } from "./forgotten.ts";
import type { IncomingSighting } from "./prepared-sighting.ts";
import type { FormerAlias, SightingContent } from "./records.ts";
import type { RecordedPoll } from "./store.ts";
import type { StoryPin, StoryRef } from "./story-clusters.ts";

/** A stored sighting under the source and guid key that an incoming one has. */
export interface KnownSighting {
  readonly id: number;
  readonly story: number;
  readonly variant: string;
  readonly contentHash: string;
  readonly identityHash: string;
}

/** An incoming sighting that is not stored exactly so. */
export interface ChangedSighting {
  readonly record: IncomingSighting;
  readonly identityHash: string;
  readonly known: readonly KnownSighting[];
}

export interface ChangedSightings {
  readonly changed: readonly ChangedSighting[];
  /** Rows that the document repeats as they are stored; nothing else in it may edit them. */
  readonly claimedIds: ReadonlySet<number>;
  readonly unchanged: number;
}

/** A stored story that an alias or a sighting of the poll leads to. Instants in ms since 1970. */
export interface KnownStory {
  readonly number: number;
  readonly updatedAt: number;
  readonly firstSeenAt: number;
  readonly pin: StoryPin;
  readonly carriers: readonly Carrier[];
}

/** An operator's word on a key. `story` is null while no story was seen for it; keys of one `group` await the same. */
export interface KnownPin {
  readonly kind: "merge" | "split";
  readonly story: number | null;
  readonly group: number;
}

/** All that was looked up for one poll. */
export interface PollLookup {
  readonly sourceNo: number;
  readonly priority: number;
  readonly at: number;
  readonly sightings: ChangedSightings;
  /** By sighting id; null where the stored text is unreadable (an edit heals it). */
  readonly contents: ReadonlyMap<number, SightingContent | null>;
  /** By alias key: the story that owns it. */
  readonly owners: ReadonlyMap<string, number>;
  readonly pins: ReadonlyMap<string, KnownPin>;
  /** By alias key: what is left of forgotten stories. */
  readonly forgotten: ReadonlyMap<string, ForgottenKey>;
  readonly stories: ReadonlyMap<number, KnownStory>;
  /** Is the id published or forwarded by a stored story? */
  isPublishedIdTaken(id: string): boolean;
}

export interface PlannedStory {
  readonly ref: StoryRef;
  readonly publishedId: string;
  readonly publishedAt: number;
  readonly updatedAt: number;
  readonly orderedAt: number;
  readonly pin: StoryPin;
}

export interface PlannedSighting {
  /** The record as it is to be stored: aliases that hold for it, a guid key of its own, no instant after `at`. */
  readonly record: IncomingSighting;
  readonly identityHash: string;
  /** The guid key as it came, under which it is looked up again. */
  readonly lookupGuidKey: string;
  readonly variant: string;
  readonly story: StoryRef;
}

export interface PlannedEdit {
  readonly id: number;
  readonly record: SightingRecord;
  readonly identityHash: string;
  readonly formerAliases: readonly FormerAlias[];
  /** False when its words are those that are stored already. */
  readonly hasNewText: boolean;
}

/** What to write, in this order. `StoryRef`s below zero stand for the numbers that `newStories` will get. */
export interface PollPlan {
  readonly newStories: readonly PlannedStory[];
  readonly moves: readonly { readonly id: number; readonly story: StoryRef }[];
  readonly merges: readonly { readonly from: number; readonly into: number }[];
  readonly newSightings: readonly PlannedSighting[];
  readonly edits: readonly PlannedEdit[];
  readonly newAliases: readonly { readonly alias: Alias; readonly story: StoryRef }[];
  readonly storyUpdates: readonly {
    readonly number: number;
    readonly updatedAt: number;
    readonly firstSeenAt: number;
    readonly pin: StoryPin;
  }[];
  /** Pins that waited for a story and have one now. */
  readonly settledPins: readonly { readonly group: number; readonly story: StoryRef }[];
  /** By source number: change of `duplicateCount`. */
  readonly duplicates: ReadonlyMap<number, number>;
  readonly recorded: RecordedPoll;
}
