/**
 * One document per turn of the event loop. Sixty answers may arrive in the same turn; read one after the other, they would keep
 * readers of the feed waiting for a tenth of a second.
 */
const waiting: (() => void)[] = [];
let isScheduled = false;

/** Resolves in a turn of the event loop that no other document has. First come, first served. */
export function takeTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    schedule();
  });
}

function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(() => {
    isScheduled = false;
    waiting.shift()?.();
    if (waiting.length > 0) schedule();
  });
}
