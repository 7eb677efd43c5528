/** What is written of a poll's outcome, made beforehand: a few texts and numbers pass from thread to thread at a fraction of the cost of what they tell. */
import type { SourceStatus } from "../model.ts";
import type { IncomingSighting } from "./prepared-sighting.ts";
import { encodeFeed, encodePollState } from "./records.ts";
import type { PollRecord } from "./store.ts";

export interface PreparedState {
  /** In ms since 1970. */
  readonly nextPollAt: number;
  /** The source answered as it should. */
  readonly isOk: boolean;
  readonly status: SourceStatus;
  /** See `encodePollState` and `encodeFeed`. */
  readonly json: string;
  readonly feedJson: string | null;
}

export interface PreparedPoll extends Omit<PollRecord, "state" | "sightings"> {
  readonly state: PreparedState;
  readonly sightings: readonly IncomingSighting[];
}

export function preparePoll({ state, ...rest }: PollRecord): PreparedPoll {
  return {
    ...rest,
    state: {
      nextPollAt: state.nextPollAt.getTime(),
      isOk: state.lastError === null && state.failures === 0,
      // Whether a source is retired is the config's to say, not a poll's.
      status: state.status === "retired" ? "ok" : state.status,
      json: encodePollState(state),
      feedJson: encodeFeed(state.feed),
    },
  };
}
