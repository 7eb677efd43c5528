/** Every failure that Mainstem expects has a code; whoever reads a log or a status page can search for it. */
export type ErrorCode =
  | "config/invalid"
  | "config/unreadable"
  | "fetch/timeout"
  | "fetch/network"
  | "fetch/dns"
  | "fetch/tls"
  | "fetch/status"
  | "fetch/too-large"
  | "fetch/redirects"
  | "fetch/forbidden-address"
  | "fetch/bad-url"
  | "fetch/bad-encoding"
  | "fetch/incomplete"
  | "fetch/file"
  | "parse/empty"
  | "parse/html"
  | "parse/not-a-feed"
  | "parse/malformed"
  | "parse/too-deep"
  | "parse/too-large"
  | "store/locked"
  | "store/corrupt"
  | "store/newer"
  | "store/unwritable"
  | "store/unreachable"
  | "store/lease-lost"
  | "publish/unwritable"
  | "serve/address-in-use"
  | "serve/address-unusable"
  | "usage";

export interface MainstemErrorOptions {
  readonly cause?: unknown;
  /** What the person who reads the message can do. */
  readonly hint?: string;
}

/** Base of all expected failures. Anything else that is thrown is a programmer's error. */
export class MainstemError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | null;

  constructor(code: ErrorCode, message: string, options: MainstemErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint ?? null;
  }
}

export interface ConfigProblem {
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  /** Counts from 1. */
  readonly column: number;
  /** The key it is about, e.g. `sources[2].schedule`. */
  readonly path: string;
  readonly message: string;
}

/** The config cannot be used; `problems` lists everything that is wrong with it. */
export class ConfigError extends MainstemError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options: MainstemErrorOptions = {}) {
    super("config/invalid", problems.map(formatConfigProblem).join("\n"), options);
    this.problems = problems;
  }
}

/** `FILE:LINE:COL message`, as compilers write it. */
export function formatConfigProblem(problem: ConfigProblem): string {
  return `${problem.file}:${problem.line}:${problem.column} ${problem.message}`;
}

/** A source could not be fetched. `url` must already be free of credentials. */
export class FetchError extends MainstemError {
  readonly url: string;
  readonly status: number | null;
  readonly retryAfterMs: number | null;

  constructor(
    code: ErrorCode,
    message: string,
    options: MainstemErrorOptions & { url: string; status?: number; retryAfterMs?: number | null },
  ) {
    super(code, message, options);
    this.url = options.url;
    this.status = options.status ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** A document could not be read as a feed. */
export class ParseError extends MainstemError {
  readonly document: string;
  readonly line: number | null;

  constructor(
    code: ErrorCode,
    message: string,
    options: MainstemErrorOptions & { document: string; line?: number },
  ) {
    super(code, message, options);
    this.document = options.document;
    this.line = options.line ?? null;
  }
}

export class StoreError extends MainstemError {}

/** The lease on a source ran out and another worker took it: what was polled under it must not be written. */
export class LeaseLostError extends StoreError {
  readonly sourceId: string;

  constructor(sourceId: string) {
    super("store/lease-lost", `the lease on source ${sourceId} was lost; this poll is discarded`);
    this.sourceId = sourceId;
  }
}
