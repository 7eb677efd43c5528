/** Renders after changes, not per change: while one rendering runs, all that comes meanwhile waits for the next. */
import { MainstemError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import { type ArchiveFormat, archivePath } from "../publish/feed-urls.ts";
import { writeArchiveFiles, writeFeedFiles } from "../publish/write-files.ts";

/** What is published. */
export interface PublishedSite {
  /** Renders what changed and returns every file of the site by relative path. */
  refresh(): Promise<ReadonlyMap<string, Uint8Array>>;
  /** In how many ms there is something to render although nothing changes; null: never. */
  nextRefreshInMs(): number | null;
  /** The newest page of each output's archive. */
  archives(): ReadonlyMap<string, number>;
  /** A page of an archive by its path. */
  readArchivePage(path: string): Promise<Uint8Array | null>;
}

export interface PublisherOptions {
  readonly site: PublishedSite;
  /** Where to write the files too, or null. */
  readonly directory: string | null;
  /** Everything that was rendered is served and written. */
  readonly onPublished?: () => void;
  /** Why publishing fails, the same once; null when it succeeds again. */
  readonly onProblem: (error: unknown) => void;
}

/** Changes of a busy moment (a first start polls everything) are gathered for so long. */
const gatherMs = 200;
/** The longest time that a timer of the system takes. */
const timerMaxMs = 2 ** 31 - 1;
/** While changes keep coming, rendering takes a fifth of the time at most, and readers wait for so long at most. */
const pauseFactor = 4;
const pauseMaxMs = 5000;
/** What failed is tried again although nothing changes, after this and then twice as long each time, up to the longest. */
const retryMinMs = 1000;
const retryMaxMs = 60_000;

export class Publisher implements AsyncDisposable {
  readonly #options: PublisherOptions;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  /** Waits for what time alone changes: an entry that leaves its output's window. */
  #alarm: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #isAsked = false;
  /** Somebody waits for everything asked for so far. */
  #isFlushing = false;
  #lastRenderMs = 0;
  /** Did the last try succeed? */
  #isPublished = false;
  /** Why the last try failed: the same is told once. */
  #problem: string | null = null;
  #retryMs = retryMinMs;

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

  /**
   * Renders and writes now; resolves when everything asked for so far is published. Failures are told, and tried again.
   * What would take longer than `withinMs`, by the last time, is not begun.
   * @returns false when it failed
   */
  async flush(withinMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    const endsAt = performance.now() + withinMs;
    this.#isAsked = true;
    this.#isFlushing = true;
    // The second time for what was asked for while a rendering was under way.
    for (let round = 0; round < 2 && this.#isAsked; round++) {
      if (this.#running === null && performance.now() + this.#lastRenderMs > endsAt) {
        this.#isPublished = false;
        break;
      }
      await this.#start();
    }
    this.#isFlushing = false;
    return this.#isPublished;
  }

  #start(): Promise<void> {
    this.#running ??= this.#publish().finally(() => {
      this.#running = null;
      if (this.#isAsked && !this.#isFlushing) this.request();
    });
    return this.#running;
  }

  async #publish(): Promise<void> {
    const { site } = this.#options;
    if (this.#stopping.signal.aborted) return;
    this.#isAsked = false;
    const startedAt = performance.now();
    try {
      const files = await site.refresh();
      await this.#write(files);
      this.#isPublished = true;
      this.#endProblem();
      this.#options.onPublished?.();
    } catch (error) {
      this.#isPublished = false;
      if (this.#stopping.signal.aborted) return;
      this.#tellProblem(error);
      this.#setAlarm(this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, retryMaxMs);
      return;
    } finally {
      this.#lastRenderMs = performance.now() - startedAt;
    }
    this.#setAlarm(site.nextRefreshInMs());
  }

  #tellProblem(error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.onProblem(error);
  }

  #endProblem(): void {
    if (this.#problem === null) return;
    this.#problem = null;
    this.#retryMs = retryMinMs;
    this.#options.onProblem(null);
  }

  async #write(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const { site, directory } = this.#options;
    const { signal } = this.#stopping;
    if (directory === null) return;
    // The pages first: no feed names one that is not there.
    for (const [output, pages] of site.archives()) {
      const read = (page: number, format: ArchiveFormat) =>
        site.readArchivePage(archivePath(output, page, format));
      await writeArchiveFiles(directory, { output, pages, read }, signal);
    }
    await writeFeedFiles(directory, files, signal);
  }

  #setAlarm(inMs: number | null): void {
    if (this.#alarm !== null) clearTimeout(this.#alarm);
    this.#alarm = null;
    if (inMs === null || this.#stopping.signal.aborted) return;
    if (inMs === 0) this.request();
    else this.#alarm = setTimeout(() => this.request(), Math.min(inMs, timerMaxMs)).unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#alarm !== null) clearTimeout(this.#alarm);
    await this.#running;
  }
}

/** Logs why publishing fails, or that it goes on. @returns the reason as a line for people, or null */
export function tellPublishProblem(error: unknown, log: Log): string | null {
  if (error === null) {
    log.info("publishing goes on");
    return null;
  }
  const what = "publishing failed, the last good feed is still served";
  if (!(error instanceof MainstemError)) {
    log.error({ err: error }, what);
    return `${what}; the log says why`;
  }
  const line = `${what}: ${error.message}`;
  log.error(error.hint === null ? line : `${line} (${error.hint})`);
  return line;
}
