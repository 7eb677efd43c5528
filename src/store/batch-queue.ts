/**
 * Gathers what is written at about the same time into one transaction: the pages that many polls change (indexes,
 * counters) are then written once. A caller's promise settles after the commit, so nothing is told before it holds.
 */
export interface BatchWriter<Item, Result> {
  /** Work units of an item, for the size of a batch. */
  weigh(item: Item): number;
  /** Writes a batch whole; an item that fails alone has an `error`. @throws when the batch as a whole failed */
  write(items: readonly Item[]): readonly ({ readonly result: Result } | { readonly error: unknown })[];
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** A queue that writes what has come in since the event loop's last turn, in batches of limited weight. */
export class BatchQueue<Item, Result> {
  readonly #writer: BatchWriter<Item, Result>;
  readonly #weightMax: number;
  #waiting: Waiting<Item, Result>[] = [];
  #isScheduled = false;

  constructor(writer: BatchWriter<Item, Result>, options: { readonly weightMax: number }) {
    this.#writer = writer;
    this.#weightMax = options.weightMax;
  }

  /** Queues an item. @returns its result once its batch is committed */
  push(item: Item): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  /** Writes everything that waits, now. */
  flush(): void {
    while (this.#waiting.length > 0) this.#writeBatch();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // One batch per turn, so that readers are served between two.
    setImmediate(() => {
      this.#isScheduled = false;
      this.#writeBatch();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  #writeBatch(): void {
    const batch = this.#takeBatch();
    if (batch.length === 0) return;
    try {
      const outcomes = this.#writer.write(batch.map(({ item }) => item));
      for (const [index, outcome] of outcomes.entries()) {
        if ("error" in outcome) batch[index]?.reject(outcome.error);
        else batch[index]?.resolve(outcome.result);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  /** The longest head of the queue within the weight; one item is taken whatever it weighs. */
  #takeBatch(): Waiting<Item, Result>[] {
    let weight = 0;
    let count = 0;
    for (const { item } of this.#waiting) {
      weight += this.#writer.weigh(item);
      if (count > 0 && weight > this.#weightMax) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}
