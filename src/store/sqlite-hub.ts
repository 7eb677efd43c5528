import type { DatabaseSync } from "node:sqlite";
import { digestKey } from "./digest.ts";
import { readNumber } from "./rows.ts";
import { CLOCK_SKEW_MAX_MS } from "./source-rows.ts";
import type { HubClaim, HubSubscription } from "./store.ts";
import {
  HUB_COLUMNS,
  hubSubscriptionKey,
  hubSubscriptionValues,
  toHubSubscription,
} from "./subscription-rows.ts";

/** Subscriptions at our own hub, and who delivers. All of it runs inside its caller's transaction. */
export class HubTable {
  readonly #list;
  readonly #find;
  readonly #insert;
  readonly #update;
  readonly #remove;
  readonly #countChange;
  readonly #selectChanges;
  readonly #claim;
  readonly #release;
  readonly #void;

  constructor(db: DatabaseSync) {
    this.#list = db.prepare("SELECT * FROM hub_subscriptions ORDER BY topic, callback");
    this.#find = db.prepare("SELECT * FROM hub_subscriptions WHERE digest = ?");
    this.#insert = db.prepare(
      `INSERT INTO hub_subscriptions (${HUB_COLUMNS.join(", ")}, version, digest, topic, callback)
       VALUES (${HUB_COLUMNS.map(() => "?").join(", ")}, ?, ?, ?, ?)`,
    );
    this.#update = db.prepare(
      `UPDATE hub_subscriptions SET ${HUB_COLUMNS.map((column) => `${column} = ?`).join(", ")}, version = ?
       WHERE digest = ?`,
    );
    this.#remove = db.prepare("DELETE FROM hub_subscriptions WHERE digest = ?");
    this.#countChange = db.prepare(
      `INSERT INTO hub_state (id, changes) VALUES (1, 1)
       ON CONFLICT (id) DO UPDATE SET changes = changes + 1 RETURNING changes`,
    );
    this.#selectChanges = db.prepare("SELECT changes FROM hub_state WHERE id = 1");
    this.#claim = db.prepare(
      `INSERT INTO hub_state (id, changes, holder, leased_at, lease_expires_at) VALUES (1, 0, :holder, :now, :until)
       ON CONFLICT (id) DO UPDATE SET holder = :holder, leased_at = :now, lease_expires_at = :until
       WHERE holder IS NULL OR holder = :holder OR lease_expires_at <= :now OR leased_at > :ahead`,
    );
    this.#release = db.prepare("UPDATE hub_state SET holder = NULL WHERE holder = ?");
    this.#void = db.prepare("UPDATE hub_state SET holder = NULL WHERE holder IS NOT NULL");
  }

  list(): readonly HubSubscription[] {
    return this.#list.all().map(toHubSubscription);
  }

  find(name: Pick<HubSubscription, "topic" | "callback">): HubSubscription | null {
    const row = this.#find.get(digestKey(hubSubscriptionKey(name)));
    return row === undefined ? null : toHubSubscription(row);
  }

  save(one: HubSubscription): number | null {
    if (!this.#isCurrent(one)) return null;
    const version = this.#countOne();
    const digest = digestKey(hubSubscriptionKey(one));
    const values = [...hubSubscriptionValues(one), version];
    if (one.version === 0) this.#insert.run(...values, digest, one.topic, one.callback);
    else this.#update.run(...values, digest);
    return version;
  }

  remove(one: Pick<HubSubscription, "topic" | "callback" | "version">): number | null {
    if (!this.#isCurrent(one)) return null;
    this.#remove.run(digestKey(hubSubscriptionKey(one)));
    return this.#countOne();
  }

  changes(): number {
    const row = this.#selectChanges.get();
    return row === undefined ? 0 : readNumber(row, "changes");
  }

  claim({ holder, now, leaseMs }: HubClaim): boolean {
    const nowMs = now.getTime();
    const times = { now: nowMs, until: nowMs + leaseMs, ahead: nowMs + CLOCK_SKEW_MAX_MS };
    return Number(this.#claim.run({ holder, ...times }).changes) > 0;
  }

  release(holder: string): void {
    this.#release.run(holder);
  }

  /** For whoever holds the one-daemon lock: the lease of a process that is gone. */
  voidLease(): void {
    this.#void.run();
  }

  #isCurrent(one: Pick<HubSubscription, "topic" | "callback" | "version">): boolean {
    return (this.find(one)?.version ?? 0) === one.version;
  }

  #countOne(): number {
    return readNumber(this.#countChange.get() ?? {}, "changes");
  }
}
