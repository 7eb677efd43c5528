/**
 * Gathers what is written at about the same time into one transaction: the pages that many polls change (indexes,
 * counters) are then written once. A caller's promise settles after the commit, so nothing is told before it holds.
 */
import { type Outcome, WaitingWrites } from "./waiting-writes.ts";

export interface BatchWriter<Item, Result> {
  /** Work units of an item, for the size of a batch. */
  weigh(item: Item): number;
  /**
   * Writes a batch, or its head: what has no outcome is written with the next. An item that fails alone has an `error`.
   * @throws when the batch as a whole failed
   */
  write(items: readonly Item[]): readonly Outcome<Result>[];
  /** What items wait for before they are written, or null for nothing. A failure is `write`'s to find again and to tell. */
  ready(): Promise<void> | null;
}

/** A queue that writes what has come in since the event loop's last turn, in batches of limited weight. */
export class BatchQueue<Item, Result> {
  readonly #writer: BatchWriter<Item, Result>;
  readonly #waiting: WaitingWrites<Item, Result>;
  #isScheduled = false;

  constructor(writer: BatchWriter<Item, Result>, options: { readonly weightMax: number }) {
    this.#writer = writer;
    this.#waiting = new WaitingWrites((item) => writer.weigh(item), options.weightMax);
  }

  /** Queues an item. @returns its result once its batch is committed */
  push(item: Item): Promise<Result> {
    const result = this.#waiting.add(item);
    this.#schedule();
    return result;
  }

  /** Writes everything that waits, now. */
  flush(): void {
    while (!this.#waiting.isEmpty) this.#writeBatch();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const ready = this.#writer.ready();
    const go = () => this.#writeNextTurn();
    if (ready === null) go();
    else ready.then(go, go);
  }

  #writeNextTurn(): void {
    // One batch per turn, so that readers are served between two.
    setImmediate(() => {
      this.#isScheduled = false;
      this.#writeBatch();
      if (!this.#waiting.isEmpty) this.#schedule();
    });
  }

  #writeBatch(): void {
    const batch = this.#waiting.take();
    if (batch.items.length === 0) return;
    try {
      this.#waiting.putBack(batch.settle(this.#writer.write(batch.items)));
    } catch (error) {
      batch.fail(error);
    }
  }
}
