/** What an engine's writer makes of a batch, item by item. */
export type Outcome<Result> = { readonly result: Result } | { readonly error: unknown };

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Items that wait to be written, and the promises of those who wait for them: what the queues of both engines share. */
export class WaitingWrites<Item, Result> {
  readonly #weigh: (item: Item) => number;
  readonly #weightMax: number;
  readonly #waiting: Waiting<Item, Result>[] = [];

  /** `weigh` gives an item's work units; a batch of several has at most `weightMax`. */
  constructor(weigh: (item: Item) => number, weightMax: number) {
    this.#weigh = weigh;
    this.#weightMax = weightMax;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** @returns the item's result once its batch is settled */
  add(item: Item): Promise<Result> {
    return new Promise<Result>((resolve, reject) => void this.#waiting.push({ item, resolve, reject }));
  }

  /** Takes the longest head within the weight; one item is taken whatever it weighs. */
  take(): Batch<Item, Result> {
    let weight = 0;
    let count = 0;
    for (const { item } of this.#waiting) {
      weight += this.#weigh(item);
      if (count > 0 && weight > this.#weightMax) break;
      count += 1;
    }
    return new Batch(this.#waiting.splice(0, count));
  }

  /** Puts back to the head what was taken and not written. */
  putBack(waiting: readonly Waiting<Item, Result>[]): void {
    this.#waiting.unshift(...waiting);
  }
}

/** Items that are written together. */
export class Batch<Item, Result> {
  readonly #waiting: readonly Waiting<Item, Result>[];

  constructor(waiting: readonly Waiting<Item, Result>[]) {
    this.#waiting = waiting;
  }

  get items(): readonly Item[] {
    return this.#waiting.map(({ item }) => item);
  }

  /** Tells each caller what came of its item. @returns those that have no outcome yet */
  settle(outcomes: readonly Outcome<Result>[]): readonly Waiting<Item, Result>[] {
    for (const [index, outcome] of outcomes.entries()) {
      if ("error" in outcome) this.#waiting[index]?.reject(outcome.error);
      else this.#waiting[index]?.resolve(outcome.result);
    }
    return this.#waiting.slice(outcomes.length);
  }

  /** The batch failed as a whole. */
  fail(error: unknown): void {
    for (const { reject } of this.#waiting) reject(error);
  }
}
