/**
 * The hub's subscriptions, in memory as the store has them. Several processes may serve one store: each takes requests, and one of
 * them, by a lease, delivers. So every change is a decision upon what is stored now, made again where another process was quicker.
 */
import type { HubSubscription, Store } from "../store/store.ts";

export type HubStore = Pick<
  Store,
  | "listHubSubscriptions"
  | "findHubSubscription"
  | "saveHubSubscription"
  | "removeHubSubscription"
  | "hubChanges"
  | "claimHub"
  | "releaseHub"
>;

export type SubscriptionName = Pick<HubSubscription, "topic" | "callback">;

/** What is to become of a subscription: a new state, `null` for none any more, `undefined` to leave it. */
export type Decide = (current: HubSubscription | null) => HubSubscription | null | undefined;

export class HubSubscriptions {
  readonly #store: HubStore;
  /** By topic and callback. */
  #known = new Map<string, HubSubscription>();
  /** The last change of the store's that is known here, and those of ours after it. */
  #changes = -1;
  readonly #ownChanges = new Set<number>();
  /** Those that were changed here while the list is read anew. */
  #changedMeanwhile: Set<string> | null = null;

  constructor(store: HubStore) {
    this.#store = store;
  }

  get size(): number {
    return this.#known.size;
  }

  all(): readonly HubSubscription[] {
    return [...this.#known.values()];
  }

  get(name: SubscriptionName): HubSubscription | undefined {
    return this.#known.get(keyOf(name));
  }

  /** Takes over what other processes changed. */
  async refresh(): Promise<void> {
    const changes = await this.#store.hubChanges();
    while (this.#ownChanges.delete(this.#changes + 1)) this.#changes += 1;
    if (changes <= this.#changes) return;
    const changedMeanwhile = new Set<string>();
    this.#changedMeanwhile = changedMeanwhile;
    const listed = await this.#store.listHubSubscriptions();
    this.#changedMeanwhile = null;
    const ours = [...this.#known].filter(([key]) => changedMeanwhile.has(key));
    const theirs = listed.map((one) => [keyOf(one), one] as const);
    this.#known = new Map([...theirs.filter(([key]) => !changedMeanwhile.has(key)), ...ours]);
    this.#changes = changes;
    for (const own of this.#ownChanges) if (own <= changes) this.#ownChanges.delete(own);
  }

  /** Changes a subscription by what `decide` says of its present state; it may be asked more than once. */
  async change(name: SubscriptionName, decide: Decide): Promise<void> {
    const key = keyOf(name);
    for (;;) {
      const current = this.#known.get(key) ?? null;
      const next = decide(current);
      if (next === undefined || (next === null && current === null)) return;
      const version = current?.version ?? 0;
      const changed = await (next === null
        ? this.#store.removeHubSubscription({ ...name, version })
        : this.#store.saveHubSubscription({ ...next, version }));
      if (changed !== null) {
        this.#ownChanges.add(changed);
        this.#changedMeanwhile?.add(key);
        if (next === null) this.#known.delete(key);
        else this.#known.set(key, { ...next, version: changed });
        return;
      }
      const stored = await this.#store.findHubSubscription(name);
      if (stored === null) this.#known.delete(key);
      else this.#known.set(key, stored);
    }
  }
}

/** Addresses hold no line break. */
export function keyOf({ topic, callback }: SubscriptionName): string {
  return `${topic}\n${callback}`;
}
