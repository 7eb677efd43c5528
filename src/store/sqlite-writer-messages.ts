/** What the daemon's thread and the store's say to each other. Everything passes the structured clone algorithm. */
import type { ErrorCode } from "../errors.ts";

export interface ThreadOptions {
  /** Absolute path. */
  readonly file: string;
  readonly isSyndicating: boolean;
  /** Of the daemon's clock, in ms since 1970, as in each request. */
  readonly now: number;
}

/** The methods of `Store` that write, less those with messages of their own. */
export type WriteName =
  | "syncSources"
  | "claimDueSources"
  | "renewLeases"
  | "releaseLease"
  | "mergeStories"
  | "splitStory"
  | "claimQuestions"
  | "recordAnswer"
  | "setIdentityVersion"
  | "saveSubscription"
  | "removeSubscription"
  | "saveHubSubscription"
  | "removeHubSubscription"
  | "claimHub"
  | "releaseHub"
  | "addArchivePage"
  | "moveArchive"
  | "forgetStories"
  | "dropForgottenKeys"
  | "shrink";

/** Several come in one message. */
export interface Request {
  /** Counts from 1. */
  readonly id: number;
  readonly now: number;
  readonly name: WriteName | "recordPrepared" | "recordPacked" | "indexWords" | "close";
  readonly values: readonly unknown[];
}

/** To a request, or by `id` 0 to the opening of the store. */
export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: SentError };

/** Several come in one message. */
export type Reply = Answer | { readonly warning: string } | { readonly isForeignWrite: true };

export type SentError =
  | {
      readonly kind: "ours";
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string | null;
      readonly cause: unknown;
      /** The source whose lease was lost, when that is what happened. */
      readonly leaseOf: string | null;
    }
  | { readonly kind: "other"; readonly error: unknown };
