/** The text of web pages (Readability), found on a thread of its own within limits of time and memory. */
import { Worker } from "node:worker_threads";

/** A page as it came. */
export interface Page {
  readonly bytes: Uint8Array;
  readonly contentType: string | null;
  readonly url: string;
}

export interface PageReader extends AsyncDisposable {
  /**
   * The article of a page as sanitised HTML with absolute URLs; null when it holds none, or takes too long. Pages are read one
   * after the other. @throws the signal's reason when aborted
   */
  read(page: Page, signal: AbortSignal): Promise<string | null>;
}

export interface PageReaderOptions {
  /** For one page; the thread is ended then and a new one made for the next. */
  readonly timeLimitMs?: number;
  /** The thread ends after so long without a page. */
  readonly idleMs?: number;
}

const memoryMb = 256;

export function createPageReader({
  timeLimitMs = 5000,
  idleMs = 30_000,
}: PageReaderOptions = {}): PageReader {
  let worker: Worker | null = null;
  let idleTimer: NodeJS.Timeout | null = null;
  let last: Promise<unknown> = Promise.resolve();
  const end = async () => {
    const ending = worker;
    worker = null;
    if (idleTimer !== null) clearTimeout(idleTimer);
    idleTimer = null;
    await ending?.terminate();
  };
  const readOne = async (page: Page, signal: AbortSignal): Promise<string | null> => {
    signal.throwIfAborted();
    if (idleTimer !== null) clearTimeout(idleTimer);
    worker ??= startWorker();
    const outcome = await ask(worker, page, { timeLimitMs, signal });
    if (outcome.isThreadLost) await end();
    else idleTimer = setTimeout(() => void end(), idleMs).unref();
    signal.throwIfAborted();
    return outcome.html;
  };
  return {
    read(page, signal) {
      const turn = last.then(() => readOne(page, signal));
      last = turn.catch(() => {});
      return turn;
    },
    [Symbol.asyncDispose]: end,
  };
}

function startWorker(): Worker {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const worker = new Worker(new URL(`./page-text-worker.${extension}`, import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, stackSizeMb: 4 },
  });
  worker.unref();
  return worker;
}

function ask(
  worker: Worker,
  page: Page,
  { timeLimitMs, signal }: { readonly timeLimitMs: number; readonly signal: AbortSignal },
): Promise<{ readonly html: string | null; readonly isThreadLost: boolean }> {
  return new Promise((resolve) => {
    const finish = (html: string | null, isThreadLost: boolean) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onLost);
      worker.off("message", onMessage).off("error", onLost).off("exit", onLost);
      resolve({ html, isThreadLost });
    };
    const onMessage = (html: string | null) => finish(html, false);
    const onLost = () => finish(null, true);
    const timer = setTimeout(onLost, timeLimitMs);
    signal.addEventListener("abort", onLost, { once: true });
    worker.on("message", onMessage).on("error", onLost).on("exit", onLost);
    worker.postMessage(page);
  });
}
