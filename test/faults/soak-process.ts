/** Mainstem in a process of its own on a clock that runs fast: `node --expose-gc soak-process.ts CONFIG HOURS`. A JSON line an hour. */
import { readdirSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { startApp } from "../../src/app.ts";
import { loadConfig } from "../../src/config/load.ts";
import { createLog } from "../../src/observe/log.ts";
import { cronProblem } from "../../src/schedule/scheduler.ts";
import { createManualClock } from "../support/manual-clock.ts";

const [config = "", hours = "1"] = process.argv.slice(2);
const stepMs = 10 * 60_000;
const clock = createManualClock();
let listenerWarnings = 0;
process.on("warning", ({ name }) => {
  if (name === "MaxListenersExceededWarning") listenerWarnings += 1;
});
const log = createLog({ level: "silent", terminal: null, scrub: (text) => text });
const loaded = await loadConfig(config, { env: process.env, cronProblem });
if (loaded.store.engine !== "sqlite") throw new Error("the soak looks at the journal of an SQLite store");
const journal = `${loaded.store.file}-wal`;
/** The largest that the journal was since the last line. A checkpoint leaves up to 64 MiB of it, so a look now and then is enough. */
let journalBytes = 0;
/** The first thread is that of the store; its heap is not the process's own. */
const threads: Worker[] = [];
process.on("worker", (worker) => threads.push(worker));
const app = await startApp(loaded, {
  clock,
  log,
  version: "0",
});

async function measure(hour: number): Promise<void> {
  // Twice: what the first frees may hold on to more.
  global.gc?.();
  global.gc?.();
  const store = await threads[0]?.getHeapStatistics();
  if (store === undefined) throw new Error("the store has no thread");
  const resources = process.getActiveResourcesInfo();
  const line = {
    hour,
    heapMib: process.memoryUsage().heapUsed / 2 ** 20,
    // Garbage included: nobody can ask a thread to collect.
    storeHeapMib: store.used_heap_size / 2 ** 20,
    rssMib: process.memoryUsage().rss / 2 ** 20,
    timers: resources.filter((name) => name === "Timeout" || name === "Immediate").length,
    sockets: resources.filter((name) => name.startsWith("TCPSocket")).length,
    files: readdirSync("/proc/self/fd").length,
    sleepers: clock.sleeperCount,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    listenerWarnings,
    journalMib: journalBytes / 2 ** 20,
  };
  journalBytes = 0;
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

for (let step = 1; step <= (Number(hours) * 3_600_000) / stepMs; step++) {
  await clock.advance(stepMs);
  // The tick that looks for due sources is of the wall clock, once a second.
  await sleep(1000);
  journalBytes = Math.max(journalBytes, statSync(journal).size);
  if (step % 6 === 0) await measure(step / 6);
}
let isStopped = false;
const stopping = app.stop().finally(() => {
  isStopped = true;
});
// Polls under way may wait for their turn at a host, and the stop waits for those: by this clock, which nobody else moves.
while (!isStopped) {
  await clock.advance(1000);
  await sleep(20);
}
await stopping;
