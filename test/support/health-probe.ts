/** Asks an address over and over on a thread of its own, so that the load's own event loop is not what is measured. Posts the times, sorted. */
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";

const url = String(workerData);
const tookMs: number[] = [];
let isOver = false;
parentPort?.once("message", () => {
  isOver = true;
});
while (!isOver) {
  const startedAt = performance.now();
  const answer = await fetch(url);
  await answer.arrayBuffer();
  if (answer.status !== 200) throw new Error(`${url} answers ${answer.status}`);
  tookMs.push(performance.now() - startedAt);
  await sleep(20);
}
parentPort?.postMessage(tookMs.sort((a, b) => a - b));
