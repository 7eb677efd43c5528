/** Runs in the thread that writes: opens the store that `workerData` names and does what it is asked for, in that order. */
import { parentPort, workerData } from "node:worker_threads";
import { keepCompiledCode, saveCompiledCode } from "../compile-cache.ts";
import { LeaseLostError, MainstemError } from "../errors.ts";
import { type PackedPoll, unpackPoll } from "./packed-poll.ts";
import type { PreparedPoll } from "./prepared-poll.ts";
import type { Reply, Request, SentError, ThreadOptions } from "./sqlite-writer-messages.ts";

const port = parentPort;
if (port === null) throw new Error("this file is the store's thread, not a program");
const { file, isSyndicating, now } = workerData as ThreadOptions;
let time = new Date(now);
const replies: Reply[] = [];

/** What is answered in one turn, a batch of polls say, goes in one message. */
function reply(answer: Reply): void {
  if (replies.push(answer) === 1) process.nextTick(() => port?.postMessage(replies.splice(0)));
}

function toSent(error: unknown): SentError {
  if (!(error instanceof MainstemError)) return { kind: "other", error };
  const { code, message, hint, cause } = error;
  const leaseOf = error instanceof LeaseLostError ? error.sourceId : null;
  return { kind: "ours", code, message, hint, cause, leaseOf };
}

// As in main.ts: each thread has a cache of its own.
keepCompiledCode();
const { openSqliteStore } = await import("./sqlite.ts");

try {
  const store = await openSqliteStore({
    ...{ file, isSyndicating, role: "poller" },
    clock: { now: () => time },
    onWarning: (warning) => reply({ warning }),
  });
  const watching = await store.watchRevision(() => reply({ isForeignWrite: true }));
  const close = async () => {
    await watching[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  };
  const run = ({ name, values }: Request): Promise<unknown> => {
    if (name === "close") return close();
    if (name === "recordPrepared") return store.recordPrepared(values[0] as PreparedPoll);
    if (name === "recordPacked") return store.recordPrepared(unpackPoll(values[0] as PackedPoll));
    const method = store[name] as (...values: readonly unknown[]) => Promise<unknown>;
    return method.apply(store, [...values]);
  };
  const answer = (request: Request): void => {
    const { id, name } = request;
    time = new Date(request.now);
    run(request)
      .then(
        (value) => reply({ id, value }),
        (error: unknown) => reply({ id, error: toSent(error) }),
      )
      .finally(() => {
        // After the answer, which goes in the next tick.
        if (name === "close") process.nextTick(() => port.close());
      });
  };
  port.on("message", (requests: readonly Request[]) => {
    for (const request of requests) answer(request);
  });
  reply({ id: 0, value: null });
  saveCompiledCode();
} catch (error) {
  reply({ id: 0, error: toSent(error) });
}
