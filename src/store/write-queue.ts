/**
 * Gathers what is written while a write is under way into the next one, for an engine that answers over a network. A
 * caller's promise settles after the commit.
 */
interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export type Outcome<Result> = { readonly result: Result } | { readonly error: unknown };

export interface WriteQueueOptions<Item, Result> {
  /** Work units of an item, for the size of a batch. */
  weigh(item: Item): number;
  /** Writes a batch whole; an item that fails alone has an `error`. @throws when the batch as a whole failed */
  write(items: readonly Item[]): Promise<readonly Outcome<Result>[]>;
  /** Of a batch of several; one item is taken whatever it weighs. */
  readonly weightMax: number;
}

/** One batch at a time. */
export class WriteQueue<Item, Result> {
  readonly #options: WriteQueueOptions<Item, Result>;
  #waiting: Waiting<Item, Result>[] = [];
  #running: Promise<void> | null = null;

  constructor(options: WriteQueueOptions<Item, Result>) {
    this.#options = options;
  }

  /** Queues an item. @returns its result once its batch is committed */
  push(item: Item): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when everything that waits is written. */
  async flush(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #run(): Promise<void> {
    // What comes in this turn of the event loop goes together.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#writeBatch(this.#takeBatch());
    this.#running = null;
  }

  async #writeBatch(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const outcomes = await this.#options.write(batch.map(({ item }) => item));
      for (const [index, outcome] of outcomes.entries()) {
        if ("error" in outcome) batch[index]?.reject(outcome.error);
        else batch[index]?.resolve(outcome.result);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  #takeBatch(): Waiting<Item, Result>[] {
    let weight = 0;
    let count = 0;
    for (const { item } of this.#waiting) {
      weight += this.#options.weigh(item);
      if (count > 0 && weight > this.#options.weightMax) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}
