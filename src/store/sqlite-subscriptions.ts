import type { DatabaseSync } from "node:sqlite";
import type { PushSubscription } from "./store.ts";
import { pushSubscriptionValues, toPushSubscription } from "./subscription-rows.ts";

/** Subscriptions to hubs. All of it runs inside its caller's transaction. */
export class SubscriptionTable {
  readonly #list;
  readonly #find;
  readonly #save;
  readonly #remove;

  constructor(db: DatabaseSync) {
    this.#list = db.prepare("SELECT * FROM push_subscriptions ORDER BY source_id");
    this.#find = db.prepare("SELECT * FROM push_subscriptions WHERE callback = ?");
    this.#save = db.prepare(
      `INSERT INTO push_subscriptions (source_id, callback, secret, hub, topic, state, failures, expires_at, pushed_at,
         missed_at, next_try_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (source_id) DO UPDATE SET callback = excluded.callback, secret = excluded.secret, hub = excluded.hub,
         topic = excluded.topic, state = excluded.state, failures = excluded.failures, expires_at = excluded.expires_at,
         pushed_at = excluded.pushed_at, missed_at = excluded.missed_at, next_try_at = excluded.next_try_at`,
    );
    this.#remove = db.prepare("DELETE FROM push_subscriptions WHERE source_id = ?");
  }

  list(): readonly PushSubscription[] {
    return this.#list.all().map(toPushSubscription);
  }

  find(callback: string): PushSubscription | null {
    const row = this.#find.get(callback);
    return row === undefined ? null : toPushSubscription(row);
  }

  save(one: PushSubscription): void {
    this.#save.run(...pushSubscriptionValues(one));
  }

  remove(sourceId: string): void {
    this.#remove.run(sourceId);
  }
}
