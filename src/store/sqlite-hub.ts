import type { DatabaseSync } from "node:sqlite";
import { digestKey } from "./digest.ts";
import type { HubSubscription } from "./store.ts";
import { hubSubscriptionKey, toHubSubscription } from "./subscription-rows.ts";

/** Subscriptions at our own hub. All of it runs inside its caller's transaction. */
export class HubTable {
  readonly #list;
  readonly #save;
  readonly #remove;

  constructor(db: DatabaseSync) {
    this.#list = db.prepare("SELECT * FROM hub_subscriptions ORDER BY topic, callback");
    this.#save = db.prepare(
      `INSERT INTO hub_subscriptions (digest, topic, callback, secret, expires_at, request_mode, request_secret,
         request_lease_ms, requested_at, delivered, failures, failing_since, next_try_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (digest) DO UPDATE SET secret = excluded.secret, expires_at = excluded.expires_at,
         request_mode = excluded.request_mode, request_secret = excluded.request_secret,
         request_lease_ms = excluded.request_lease_ms, requested_at = excluded.requested_at,
         delivered = excluded.delivered, failures = excluded.failures, failing_since = excluded.failing_since,
         next_try_at = excluded.next_try_at`,
    );
    this.#remove = db.prepare("DELETE FROM hub_subscriptions WHERE digest = ?");
  }

  list(): readonly HubSubscription[] {
    return this.#list.all().map(toHubSubscription);
  }

  save(one: HubSubscription): void {
    this.#save.run(
      digestKey(hubSubscriptionKey(one)),
      one.topic,
      one.callback,
      one.secret,
      one.expiresAt?.getTime() ?? null,
      one.request?.mode ?? null,
      one.request?.secret ?? null,
      one.request?.leaseMs ?? null,
      one.request?.askedAt.getTime() ?? null,
      one.delivered,
      one.failures,
      one.failingSince?.getTime() ?? null,
      one.nextTryAt?.getTime() ?? null,
    );
  }

  remove(one: Pick<HubSubscription, "topic" | "callback">): void {
    this.#remove.run(digestKey(hubSubscriptionKey(one)));
  }
}
