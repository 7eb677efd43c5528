import { Worker } from "node:worker_threads";
import type { RssParserFeed } from "./rss-parser-door.ts";

/** What the worker answers to one document. */
export interface RssParserAnswer {
  readonly feed: RssParserFeed | null;
}

/** A thread costs a tenth of a second to start; one that is free is kept for so long. */
const KEPT_MS = 10_000;

/** The thread that waits for a document, if there is one, and what ends it. */
let kept: { readonly worker: Worker; readonly end: NodeJS.Timeout } | null = null;

/**
 * Gives a document to `rss-parser` on a thread of its own with a memory limit; the thread is ended when it takes longer than
 * `timeLimitMs`. A thread that answered is kept for the next document, and keeps no process alive.
 * @returns null when it refuses the document, takes too long or dies of it
 */
export async function readOnThread(text: string, timeLimitMs: number): Promise<RssParserFeed | null> {
  const free = takeKept();
  let answer = await ask(free ?? start(), text, timeLimitMs);
  // A kept thread may die of what the document before left behind: a new one has the last word.
  if (answer === "died" && free !== null) answer = await ask(start(), text, timeLimitMs);
  return answer === null || answer === "died" ? null : answer.feed;
}

function start(): Worker {
  const file = new URL(
    import.meta.url.endsWith(".ts") ? "./rss-parser-worker.ts" : "./rss-parser-worker.js",
    import.meta.url,
  );
  const worker = new Worker(file, { resourceLimits: { maxOldGenerationSizeMb: 256, stackSizeMb: 4 } });
  worker.on("error", () => {}); // what goes wrong after an answer ends the thread and nothing else
  worker.on("exit", () => {
    if (kept?.worker === worker) dropKept();
  });
  return worker;
}

/** @returns null when the time is over */
function ask(worker: Worker, text: string, timeLimitMs: number): Promise<RssParserAnswer | "died" | null> {
  worker.ref();
  return new Promise((resolve) => {
    const finish = (answer: RssParserAnswer | "died" | null) => {
      clearTimeout(timer);
      worker.off("message", finish).off("error", onDeath).off("exit", onDeath);
      resolve(answer);
      if (answer === null || answer === "died") void worker.terminate();
      else keep(worker);
    };
    const onDeath = () => finish("died");
    const timer = setTimeout(() => finish(null), timeLimitMs);
    worker.on("message", finish).on("error", onDeath).on("exit", onDeath);
    worker.postMessage(text);
  });
}

function takeKept(): Worker | null {
  const worker = kept?.worker ?? null;
  dropKept();
  return worker;
}

function keep(worker: Worker): void {
  if (kept !== null) {
    void worker.terminate();
    return;
  }
  worker.unref();
  const end = setTimeout(() => {
    dropKept();
    void worker.terminate();
  }, KEPT_MS);
  kept = { worker, end: end.unref() };
}

function dropKept(): void {
  clearTimeout(kept?.end);
  kept = null;
}
