/**
 * Gathers what is written while a write is under way into the next one, for an engine that answers over a network. A
 * caller's promise settles after the commit.
 */
import { type Batch, type Outcome, WaitingWrites } from "./waiting-writes.ts";

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
  readonly #waiting: WaitingWrites<Item, Result>;
  #running: Promise<void> | null = null;

  constructor(options: WriteQueueOptions<Item, Result>) {
    this.#options = options;
    this.#waiting = new WaitingWrites((item) => options.weigh(item), options.weightMax);
  }

  /** Queues an item. @returns its result once its batch is committed */
  push(item: Item): Promise<Result> {
    const result = this.#waiting.add(item);
    this.#running ??= this.#run();
    return result;
  }

  /** Resolves when everything that waits is written. */
  async flush(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #run(): Promise<void> {
    // What comes in this turn of the event loop goes together.
    await Promise.resolve();
    while (!this.#waiting.isEmpty) await this.#writeBatch(this.#waiting.take());
    this.#running = null;
  }

  async #writeBatch(batch: Batch<Item, Result>): Promise<void> {
    try {
      batch.settle(await this.#options.write(batch.items));
    } catch (error) {
      batch.fail(error);
    }
  }
}
