/** Renders after changes, not per change: while one rendering runs, all that comes meanwhile waits for the next. */
import type { Log } from "../observe/log.ts";
import { writeFeedFiles } from "../publish/write-files.ts";

export interface PublisherOptions {
  /** Renders what changed and returns every file of the site by relative path. */
  readonly render: () => Promise<ReadonlyMap<string, Uint8Array>>;
  /** Where to write the files too, or null. */
  readonly directory: string | null;
  readonly log: Log;
}

/** Changes of a busy moment (a first start polls everything) are gathered for so long. */
const gatherMs = 200;
/** While changes keep coming, rendering takes a fifth of the time at most, and readers wait for so long at most. */
const pauseFactor = 4;
const pauseMaxMs = 5000;

export class Publisher implements AsyncDisposable {
  readonly #options: PublisherOptions;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #isAsked = false;
  /** Somebody waits for everything asked for so far. */
  #isFlushing = false;
  #lastRenderMs = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Asks for a rendering soon. */
  request(): void {
    this.#isAsked = true;
    if (this.#timer !== null || this.#running !== null || this.#stopping.signal.aborted) return;
    const pauseMs = Math.min(Math.max(gatherMs, pauseFactor * this.#lastRenderMs), pauseMaxMs);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#start();
    }, pauseMs);
  }

  /** Renders and writes now; resolves when everything asked for so far is published. Failures are logged, and tried again. */
  async flush(): Promise<void> {
    this.#isAsked = true;
    this.#isFlushing = true;
    await this.#start();
    // What was asked for while the last rendering was under way.
    if (this.#isAsked) await this.#start();
    this.#isFlushing = false;
  }

  #start(): Promise<void> {
    this.#running ??= this.#publish().finally(() => {
      this.#running = null;
      if (this.#isAsked && !this.#isFlushing) this.request();
    });
    return this.#running;
  }

  async #publish(): Promise<void> {
    const { render, directory, log } = this.#options;
    if (this.#stopping.signal.aborted) return;
    this.#isAsked = false;
    const startedAt = performance.now();
    try {
      const files = await render();
      if (directory !== null) await writeFeedFiles(directory, files, this.#stopping.signal);
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      log.error({ err: error }, "publishing failed; the last good feed is still served");
    }
    this.#lastRenderMs = performance.now() - startedAt;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }
}
