/** Which of the processes that serve one store tells the world of what is new: the one that holds a lease in the store. */
import { randomUUID } from "node:crypto";
import type { Clock } from "../model.ts";
import type { Store } from "../store/store.ts";

/** What a dead process owed waits for so long at most, and for one more look. */
const leaseMs = 30_000;
/** The longest pause between two looks at what other processes did. */
export const HUB_LOOK_MS = 10_000;
/** A request begins only when the lease holds for as long as it may take. */
const requestMs = 12_000;

export class HubLease {
  readonly #store: Pick<Store, "claimHub" | "releaseHub">;
  readonly #clock: Clock;
  readonly #holder = randomUUID();
  #heldUntilMs = 0;

  constructor({
    store,
    clock,
  }: {
    readonly store: Pick<Store, "claimHub" | "releaseHub">;
    readonly clock: Clock;
  }) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Is this the process? Takes the lease where it is free, and prolongs it in time. */
  async hold(): Promise<boolean> {
    const now = this.#clock.now();
    const remainingMs = this.#heldUntilMs - now.getTime();
    if (remainingMs > leaseMs - HUB_LOOK_MS && remainingMs <= leaseMs) return true;
    const isHeld = await this.#store.claimHub({ holder: this.#holder, now, leaseMs });
    this.#heldUntilMs = isHeld ? now.getTime() + leaseMs : 0;
    return isHeld;
  }

  /** May a request begin now? Not in a process that stood still until its lease is nearly over. */
  get isHeld(): boolean {
    return this.#heldUntilMs - this.#clock.now().getTime() >= requestMs;
  }

  /** Gives the lease back, so that another process need not wait for its end. */
  async release(): Promise<void> {
    if (this.#heldUntilMs === 0) return;
    this.#heldUntilMs = 0;
    await this.#store.releaseHub(this.#holder);
  }
}
