/**
 * The thread that writes an SQLite store, as the daemon's own thread sees it. SQLite works where it is called, so every commit, checkpoint and slow
 * disk would hold up readers and polls alike; here they wait for messages instead.
 */
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { LeaseLostError, MainstemError, StoreError } from "../errors.ts";
import type { Clock } from "../model.ts";
import type { PackedPoll } from "./packed-poll.ts";
import type { PreparedPoll } from "./prepared-poll.ts";
import type {
  Answer,
  Reply,
  Request,
  SentError,
  ThreadOptions,
  WriteName,
} from "./sqlite-writer-messages.ts";
import type { RecordedPoll, Store } from "./store.ts";

export interface WriterThreadOptions extends Omit<ThreadOptions, "now"> {
  readonly clock: Pick<Clock, "now">;
  readonly onWarning: (message: string) => void;
  /** Another process wrote to the store. */
  readonly onForeignWrite: () => void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class WriterThread {
  readonly #worker: Worker;
  readonly #options: WriterThreadOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #opened: Promise<void>;
  readonly #ended: Promise<void>;
  readonly #asked: Request[] = [];
  /** What goes over with what was asked, and is not ours any more then. */
  readonly #memory: ArrayBuffer[] = [];
  #lastId = 0;

  private constructor(options: WriterThreadOptions) {
    const { clock, file, isSyndicating } = options;
    this.#options = options;
    const workerData: ThreadOptions = { file, isSyndicating, now: clock.now().getTime() };
    // The other generation may grow as it does in any thread; this one would take 48 MiB, and what comes here is soon written or gone.
    this.#worker = new Worker(
      new URL(`./sqlite-writer-thread${extname(import.meta.filename)}`, import.meta.url),
      { workerData, name: "store", resourceLimits: { maxYoungGenerationSizeMb: 24 } },
    );
    // The first answer of the thread is that of opening the store.
    this.#opened = new Promise((resolve, reject) =>
      this.#waiting.set(0, { resolve: () => resolve(), reject }),
    );
    this.#ended = new Promise((resolve) => this.#worker.once("exit", () => resolve()));
    this.#worker.on("message", (replies: readonly Reply[]) => {
      for (const reply of replies) this.#take(reply);
    });
    // A mistake of ours, or no memory left: what the thread has not answered is not known, so the process ends as it would have without it.
    this.#worker.on("error", (error) => {
      this.#failAll(error);
      throw error;
    });
    this.#worker.once("exit", (code) => {
      this.#failAll(new Error(`the store ${file} is closed`));
      if (code !== 0) throw new Error(`the thread that writes the store ${file} has ended (${code})`);
    });
  }

  /** Opens the store in a thread of its own. @throws StoreError as `openSqliteStore` does */
  static async start(options: WriterThreadOptions): Promise<WriterThread> {
    const thread = new WriterThread(options);
    try {
      await thread.#opened;
    } catch (error) {
      await thread.#ended;
      throw error;
    }
    return thread;
  }

  /** Asks for a method of the store; its failures come back as they were thrown there. */
  call<Name extends WriteName>(name: Name, ...values: Parameters<Store[Name]>): ReturnType<Store[Name]> {
    return this.#ask(name, values) as ReturnType<Store[Name]>;
  }

  /** Records a poll. */
  recordPrepared(poll: PreparedPoll): Promise<RecordedPoll> {
    return this.#ask("recordPrepared", [poll]) as Promise<RecordedPoll>;
  }

  /** Records a poll that is taken apart for it. */
  recordPacked(poll: PackedPoll, memory: readonly ArrayBuffer[]): Promise<RecordedPoll> {
    return this.#ask("recordPacked", [poll], memory) as Promise<RecordedPoll>;
  }

  /** Brings the index of words up to now. */
  async indexWords(): Promise<void> {
    await this.#ask("indexWords", []);
  }

  /** Writes what waits, closes the store and ends the thread. */
  async close(): Promise<void> {
    await this.#ask("close", []);
    await this.#ended;
  }

  #ask(
    name: Request["name"],
    values: readonly unknown[],
    memory: readonly ArrayBuffer[] = [],
  ): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#memory.push(...memory);
      // What is asked in one turn of the event loop goes in one message.
      if (this.#asked.push({ id, now: this.#options.clock.now().getTime(), name, values }) === 1)
        setImmediate(() => this.#send(this.#asked.splice(0), this.#memory.splice(0)));
    });
  }

  #send(requests: readonly Request[], memory: ArrayBuffer[]): void {
    try {
      this.#worker.postMessage(requests, memory);
    } catch (error) {
      // A value that cannot be sent is a mistake of ours, and nobody must wait for it.
      for (const { id } of requests) this.#settle({ id, error: { kind: "other", error } });
    }
  }

  #take(reply: Reply): void {
    const { onWarning, onForeignWrite } = this.#options;
    if ("warning" in reply) onWarning(reply.warning);
    else if ("isForeignWrite" in reply) onForeignWrite();
    else this.#settle(reply);
  }

  #settle(reply: Answer): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ("error" in reply) waiting?.reject(toError(reply.error));
    else waiting?.resolve(reply.value);
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** The error as it was thrown in the thread; a message carries no classes. */
function toError(sent: SentError): unknown {
  if (sent.kind === "other") return sent.error;
  const { code, message, hint, cause } = sent;
  if (sent.leaseOf !== null) return new LeaseLostError(sent.leaseOf);
  const options = { ...(hint === null ? {} : { hint }), ...(cause === undefined ? {} : { cause }) };
  return code.startsWith("store/")
    ? new StoreError(code, message, options)
    : new MainstemError(code, message, options);
}
