/**
 * When documents are unpacked and read. One per turn of the event loop: sixty answers may arrive in the same turn, and read one after
 * the other they would keep readers of the feed waiting for a tenth of a second. Each is unpacked in one turn, read in another, and its
 * entries are made ready for the store in a third, which takes as long. And only so many that the store has not taken yet: what waits
 * there is copied by every collection of young objects, which is felt as much.
 */

/** Enough to fill a transaction of the store while the next documents are read. */
const UNSTORED_MAX = 48;

const waiting: (() => void)[] = [];
/** Of documents that had one already. */
const returning: (() => void)[] = [];
let unstored = 0;
let isScheduled = false;

/** The right of one poll to unpack and read its document, until its disposal: when that is stored, or given up. */
export class DocumentTurn implements Disposable {
  #isTaken = false;

  /** Resolves in a turn of the event loop that no other document has. First come, first served. Once for each poll. */
  take(): Promise<void> {
    return new Promise((resolve) => {
      waiting.push(() => {
        this.#isTaken = true;
        unstored += 1;
        resolve();
      });
      schedule();
    });
  }

  /** Resolves in another such turn, before those of documents that wait for their first. */
  takeAnother(): Promise<void> {
    return new Promise((resolve) => {
      returning.push(resolve);
      schedule();
    });
  }

  [Symbol.dispose](): void {
    if (!this.#isTaken) return;
    this.#isTaken = false;
    unstored -= 1;
    schedule();
  }
}

function schedule(): void {
  if (isScheduled || (returning.length === 0 && (waiting.length === 0 || unstored >= UNSTORED_MAX))) return;
  isScheduled = true;
  setImmediate(() => {
    isScheduled = false;
    const next = returning.shift() ?? (unstored < UNSTORED_MAX ? waiting.shift() : undefined);
    next?.();
    schedule();
  });
}
