/** What both engines write of a poll's state. A few texts and numbers pass from thread to thread at a fraction of the cost of what they tell. */
import type { PollState, SourceStatus } from "../model.ts";
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

export interface PreparedPoll extends Omit<PollRecord, "state"> {
  readonly state: PreparedState;
}

export function preparePoll(record: PollRecord): PreparedPoll {
  return { ...record, state: prepareState(record.state) };
}

export function prepareState(state: PollState): PreparedState {
  return {
    nextPollAt: state.nextPollAt.getTime(),
    isOk: state.lastError === null && state.failures === 0,
    // Whether a source is retired is the config's to say, not a poll's.
    status: state.status === "retired" ? "ok" : state.status,
    json: encodePollState(state),
    feedJson: encodeFeed(state.feed),
  };
}
