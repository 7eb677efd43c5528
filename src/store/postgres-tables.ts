/** The small tables: notices, subscriptions, archives. */
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { HealthNotice } from "../model.ts";
import type { Session } from "./postgres-connection.ts";
import { readInstant, readNumber, readOptionalInstant, readOptionalText, readText } from "./rows.ts";
import type { ArchivePage, ArchiveState, PollRecord, PushSubscription } from "./store.ts";
import { pushSubscriptionValues, toPushSubscription } from "./subscription-rows.ts";

const NOTICES_KEPT = 1000;
const NOTICE_KINDS: readonly HealthNotice["kind"][] = ["died", "failing", "moved", "silent", "recovered"];

export async function noteHealth(session: Session, { lease, at, notice }: PollRecord): Promise<void> {
  if (notice === undefined) return;
  const { sourceName, kind, message, code } = notice;
  await session.run(
    `WITH noted AS (
       INSERT INTO health_notices (source_id, source_name, kind, at, message, code) VALUES ($1, $2, $3, $4, $5, $6)
       RETURNING no
     )
     DELETE FROM health_notices USING noted WHERE health_notices.no <= noted.no - ${NOTICES_KEPT}`,
    [lease.sourceId, sourceName, kind, at.getTime(), message, code],
  );
}

export async function listNotices(session: Session, limit: number): Promise<readonly HealthNotice[]> {
  const rows = await session.all("SELECT * FROM health_notices ORDER BY no DESC LIMIT $1", [limit]);
  return rows.map((row) => ({
    sourceId: readText(row, "source_id"),
    sourceName: readText(row, "source_name"),
    kind: NOTICE_KINDS.find((kind) => kind === readText(row, "kind")) ?? "failing",
    at: readInstant(row, "at"),
    message: readText(row, "message"),
    code: readOptionalText(row, "code"),
  }));
}

export async function listSubscriptions(session: Session): Promise<readonly PushSubscription[]> {
  const rows = await session.all("SELECT * FROM push_subscriptions ORDER BY source_id");
  return rows.map(toPushSubscription);
}

export async function findSubscription(session: Session, callback: string): Promise<PushSubscription | null> {
  const row = await session.one("SELECT * FROM push_subscriptions WHERE callback = $1", [callback]);
  return row === undefined ? null : toPushSubscription(row);
}

export async function saveSubscription(session: Session, one: PushSubscription): Promise<void> {
  await session.run(
    `INSERT INTO push_subscriptions (source_id, callback, secret, hub, topic, state, failures, expires_at, pushed_at,
       missed_at, next_try_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     ON CONFLICT (source_id) DO UPDATE SET callback = excluded.callback, secret = excluded.secret, hub = excluded.hub,
       topic = excluded.topic, state = excluded.state, failures = excluded.failures, expires_at = excluded.expires_at,
       pushed_at = excluded.pushed_at, missed_at = excluded.missed_at, next_try_at = excluded.next_try_at`,
    pushSubscriptionValues(one),
  );
}

export async function removeSubscription(session: Session, sourceId: string): Promise<void> {
  await session.run("DELETE FROM push_subscriptions WHERE source_id = $1", [sourceId]);
}

export async function archiveState(session: Session, output: string): Promise<ArchiveState> {
  const row = await session.one("SELECT pages, position, scope, swept_at FROM archives WHERE output = $1", [
    output,
  ]);
  if (row === undefined) return { pages: 0, position: 0, scope: "", sweptAt: null };
  return {
    pages: readNumber(row, "pages"),
    position: readNumber(row, "position"),
    scope: readText(row, "scope"),
    sweptAt: readOptionalInstant(row, "swept_at"),
  };
}

export async function moveArchive(
  session: Session,
  output: string,
  place: Omit<ArchiveState, "pages">,
): Promise<void> {
  await session.run(
    `INSERT INTO archives (output, pages, position, scope, swept_at) VALUES ($1, 0, $2, $3, $4)
     ON CONFLICT (output) DO UPDATE SET position = excluded.position, scope = excluded.scope, swept_at = excluded.swept_at`,
    [output, place.position, place.scope, msOf(place.sweptAt)],
  );
}

export async function addArchivePage(
  session: Session,
  page: ArchivePage,
  { stories, position }: { readonly stories: readonly number[]; readonly position: number },
): Promise<boolean> {
  const { output, number, body, siteUrl, at } = page;
  // Nobody takes one of them away before the page is there.
  const known = await session.all("SELECT number FROM stories WHERE number = ANY($1) FOR KEY SHARE", [
    stories,
  ]);
  if (known.length < stories.length) return false;
  // The row is made where it is missing, so that of two processes one waits here and then finds the page written.
  await session.run(
    "INSERT INTO archives (output, pages, position, scope) VALUES ($1, 0, 0, '') ON CONFLICT DO NOTHING",
    [output],
  );
  const moved = await session.run(
    "UPDATE archives SET pages = $2, position = $3 WHERE output = $1 AND pages = $2 - 1",
    [output, number, position],
  );
  if (moved === 0) return false;
  await Promise.all([
    session.run(
      "INSERT INTO archive_pages (output, number, body, site_url, created_at) VALUES ($1, $2, $3, $4, $5)",
      [output, number, zstdCompressSync(body), siteUrl, at.getTime()],
    ),
    session.run(
      "INSERT INTO archived_stories (output, story) SELECT $1, story FROM unnest($2::bigint[]) AS story ON CONFLICT DO NOTHING",
      [output, stories],
    ),
  ]);
  return true;
}

export async function findArchivePage(
  session: Session,
  output: string,
  number: number,
): Promise<ArchivePage | null> {
  const row = await session.one("SELECT * FROM archive_pages WHERE output = $1 AND number = $2", [
    output,
    number,
  ]);
  if (row === undefined || !(row.body instanceof Uint8Array)) return null;
  return {
    output,
    number,
    body: zstdDecompressSync(row.body),
    siteUrl: readText(row, "site_url"),
    at: readInstant(row, "created_at"),
  };
}

function msOf(instant: Date | null): number | null {
  return instant?.getTime() ?? null;
}
