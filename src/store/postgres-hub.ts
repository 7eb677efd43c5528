/** Subscriptions at our own hub, and which process delivers. */
import { digestKeyHex } from "./digest.ts";
import { requireRow, type Session } from "./postgres-connection.ts";
import { readNumber } from "./rows.ts";
import { CLOCK_SKEW_MAX_MS } from "./source-rows.ts";
import type { HubClaim, HubSubscription } from "./store.ts";
import {
  HUB_COLUMNS,
  hubSubscriptionKey,
  hubSubscriptionValues,
  toHubSubscription,
} from "./subscription-rows.ts";

export async function listHubSubscriptions(session: Session): Promise<readonly HubSubscription[]> {
  const rows = await session.all(
    'SELECT * FROM hub_subscriptions ORDER BY topic COLLATE "C", callback COLLATE "C"',
  );
  return rows.map(toHubSubscription);
}

export async function findHubSubscription(
  session: Session,
  name: Pick<HubSubscription, "topic" | "callback">,
): Promise<HubSubscription | null> {
  const row = await session.one("SELECT * FROM hub_subscriptions WHERE digest = $1", [
    digestKeyHex(hubSubscriptionKey(name)),
  ]);
  return row === undefined ? null : toHubSubscription(row);
}

/** Wants a transaction: the count is taken first, and its row lock puts the changes of all processes into one order. */
export async function saveHubSubscription(session: Session, one: HubSubscription): Promise<number | null> {
  const version = await countChange(session);
  const columns = `${HUB_COLUMNS.join(", ")}, version`;
  const values = [...hubSubscriptionValues(one), version, digestKeyHex(hubSubscriptionKey(one))];
  const written =
    one.version === 0
      ? await session.run(
          `INSERT INTO hub_subscriptions (${columns}, digest, topic, callback)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (digest) DO NOTHING`,
          [...values, one.topic, one.callback],
        )
      : await session.run(
          `UPDATE hub_subscriptions SET (${columns}) = ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           WHERE digest = $12 AND version = $13`,
          [...values, one.version],
        );
  return written > 0 ? version : null;
}

/** Wants a transaction, as `saveHubSubscription` does. */
export async function removeHubSubscription(
  session: Session,
  one: Pick<HubSubscription, "topic" | "callback" | "version">,
): Promise<number | null> {
  const change = await countChange(session);
  const removed = await session.run("DELETE FROM hub_subscriptions WHERE digest = $1 AND version = $2", [
    digestKeyHex(hubSubscriptionKey(one)),
    one.version,
  ]);
  return removed > 0 ? change : null;
}

export async function hubChanges(session: Session): Promise<number> {
  const row = await session.one("SELECT changes FROM hub_state WHERE id = 1");
  return row === undefined ? 0 : readNumber(row, "changes");
}

export async function claimHub(session: Session, { holder, now, leaseMs }: HubClaim): Promise<boolean> {
  const nowMs = now.getTime();
  const written = await session.run(
    `INSERT INTO hub_state (id, changes, holder, leased_at, lease_expires_at) VALUES (1, 0, $1, $2, $3)
     ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, leased_at = excluded.leased_at,
       lease_expires_at = excluded.lease_expires_at
     WHERE hub_state.holder IS NULL OR hub_state.holder = excluded.holder
       OR hub_state.lease_expires_at <= excluded.leased_at OR hub_state.leased_at > $4`,
    [holder, nowMs, nowMs + leaseMs, nowMs + CLOCK_SKEW_MAX_MS],
  );
  return written > 0;
}

export async function releaseHub(session: Session, holder: string): Promise<void> {
  await session.run("UPDATE hub_state SET holder = NULL WHERE holder = $1", [holder]);
}

async function countChange(session: Session): Promise<number> {
  const row = await session.one(
    `INSERT INTO hub_state (id, changes) VALUES (1, 1)
     ON CONFLICT (id) DO UPDATE SET changes = hub_state.changes + 1 RETURNING changes`,
  );
  return readNumber(requireRow(row, "the hub's state"), "changes");
}
