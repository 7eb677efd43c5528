/** Server-sent events (HTML 9.2): pages that are open hear that something changed, and fetch it themselves. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { ProblemError } from "./problem.ts";

/** More open pages than one household or office has; each holds a connection. */
const LISTENERS_MAX = 500;
/** Shorter than the idle time-outs of proxies and of our own sockets. */
const HEARTBEAT_MS = 25_000;
/** A browser that lost us comes back after so long. */
const RETRY_MS = 5000;

/** One stream of events to any number of pages. An event says only that there is something new. */
export class LiveStream {
  readonly #listeners = new Set<ServerResponse>();
  readonly #delayMs: number;
  #timer: NodeJS.Timeout | null = null;
  #heartbeat: NodeJS.Timeout | null = null;
  #isClosed = false;

  /** @param delayMs from a change to its event: what comes meanwhile is told in one */
  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  /** Answers one page, which stays connected. @throws ProblemError 503 when too many are */
  open(request: IncomingMessage, response: ServerResponse): void {
    if (this.#isClosed || this.#listeners.size >= LISTENERS_MAX)
      throw new ProblemError(503, "Too many pages listen already; this one is to be loaded again by hand.");
    response.writeHead(200, [
      ...["Content-Type", "text/event-stream; charset=utf-8"],
      ...["Cache-Control", "no-store", "X-Content-Type-Options", "nosniff"],
      // nginx would keep events until its buffer is full.
      ...["X-Accel-Buffering", "no"],
    ]);
    if (request.method === "HEAD") return void response.end();
    response.write(`retry: ${RETRY_MS}\n\n`);
    this.#listeners.add(response);
    response.once("close", () => this.#listeners.delete(response));
    this.#heartbeat ??= setInterval(() => this.#write(":\n\n"), HEARTBEAT_MS).unref();
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  /** Tells every page that something changed: after the delay, and once for all that changes until then. */
  tell(): void {
    if (this.#isClosed || this.#listeners.size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#write("event: change\ndata:\n\n");
    }, this.#delayMs).unref();
  }

  /** Ends every connection; browsers come back by themselves, to us or to who follows. */
  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    for (const listener of this.#listeners) listener.end();
    this.#listeners.clear();
  }

  #write(text: string): void {
    for (const listener of this.#listeners) {
      // A page that reads nothing any more must not fill our memory.
      if (listener.writableLength > 64 * 1024) listener.destroy();
      else listener.write(text);
    }
  }
}
