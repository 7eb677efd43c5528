import type { Session } from "./postgres-connection.ts";

/** Advisory locks, of the schema in use. They end with the transaction. */
export const MIGRATION_LOCK = 1;
/** Held by whoever changes which sources there are. */
export const SOURCES_LOCK = 2;
/**
 * Held by whoever changes what is one story. Two polls that bring the same new key must not both found a story, so such
 * writes come one after the other; a poll that brings nothing new does not take it. Rows of `sources` are locked before it,
 * never while it is held: so nobody waits in a circle.
 */
export const STORIES_LOCK = 3;

/** Waits for a lock. */
export async function takeLock(session: Session, lock: number): Promise<void> {
  await session.run("SELECT pg_advisory_xact_lock($1, hashtext(current_schema()))", [lock]);
}
