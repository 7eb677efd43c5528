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

export class Publisher implements AsyncDisposable {
  readonly #options: PublisherOptions;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #isAsked = false;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Asks for a rendering soon. */
  request(): void {
    this.#isAsked = true;
    if (this.#timer !== null || this.#running !== null || this.#stopping.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.flush();
    }, gatherMs);
  }

  /** Renders and writes now; resolves when everything asked for so far is published. Failures are logged, and tried again. */
  async flush(): Promise<void> {
    this.#isAsked = true;
    this.#running ??= this.#publishWhileAsked().finally(() => {
      this.#running = null;
    });
    await this.#running;
  }

  async #publishWhileAsked(): Promise<void> {
    const { render, directory, log } = this.#options;
    while (this.#isAsked && !this.#stopping.signal.aborted) {
      this.#isAsked = false;
      try {
        const files = await render();
        if (directory !== null) await writeFeedFiles(directory, files, this.#stopping.signal);
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        log.error({ err: error }, "publishing failed; the last good feed is still served");
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }
}
