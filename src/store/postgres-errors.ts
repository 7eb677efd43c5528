import { StoreError } from "../errors.ts";

/** What the operating system and `pg` say when there is no server, or none any more. */
const LOST_CODES: ReadonlySet<string> = new Set([
  ...[
    "ECONNREFUSED",
    "ECONNRESET",
    "EPIPE",
    "ETIMEDOUT",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "ENOTFOUND",
    "EAI_AGAIN",
  ],
  // A socket's file that is not there yet.
  "ENOENT",
  // Being shut down, crashed, starting up (https://www.postgresql.org/docs/current/errcodes-appendix.html).
  ...["57P01", "57P02", "57P03"],
]);
const LOST_MESSAGES =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect)/;
/** Serialization failure and deadlock: the same work done again succeeds. */
const CONFLICT_CODES: ReadonlySet<string> = new Set(["40001", "40P01"]);
/** No right to do it, a full disk, a read-only server. */
const UNWRITABLE_CODES: ReadonlySet<string> = new Set(["42501", "53100", "25006"]);

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** True when the connection is gone, so that nobody knows whether what was sent took effect. */
export function isConnectionLost(error: unknown): boolean {
  const code = codeOf(error);
  if (LOST_CODES.has(code) || code.startsWith("08")) return true;
  // Several addresses of one name were tried in vain.
  if (error instanceof AggregateError) return error.errors.every(isConnectionLost);
  return error instanceof Error && LOST_MESSAGES.test(error.message);
}

export function isConflict(error: unknown): boolean {
  return CONFLICT_CODES.has(codeOf(error));
}

/** What an error of `pg` means to an operator; anything else comes back as it was. `place` is free of secrets. */
export function translatePostgresError(error: unknown, place: string): unknown {
  if (error instanceof StoreError || !(error instanceof Error)) return error;
  const code = codeOf(error);
  const reason = error instanceof AggregateError ? (error.errors[0]?.message ?? code) : error.message;
  if (isConnectionLost(error)) {
    return new StoreError("store/unreachable", `the store ${place} does not answer: ${reason}`, {
      cause: error,
      hint: "is PostgreSQL running there? a running daemon goes on by itself when it answers",
    });
  }
  if (code.startsWith("28") || code === "3D000") {
    return new StoreError("store/unreachable", `the store ${place} cannot be used: ${reason}`, {
      cause: error,
      hint: "look at user, password and database name in `store:`; `createdb` makes a database",
    });
  }
  if (UNWRITABLE_CODES.has(code)) {
    return new StoreError("store/unwritable", `the store ${place} cannot be written: ${reason}`, {
      cause: error,
    });
  }
  return error;
}
