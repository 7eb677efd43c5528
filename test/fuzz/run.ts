/**
 * `npm run fuzz`: five minutes of mutated documents for every reader, on two threads. `npm run fuzz -- --documents 1000000 --seed 7`
 * for a count of them. A document that breaks a promise, hangs or kills its worker is written to `fuzz-failure.txt`; exit 1.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { targets } from "./targets.ts";
import type { FuzzOrder, FuzzReport } from "./worker.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    documents: { type: "string" },
    seed: { type: "string", default: `${Date.now() % 1_000_000}` },
    slowest: { type: "string" },
    threads: { type: "string", default: "2" },
  },
});
const seed = Number(values.seed);
const threads = Number(values.threads);
const wanted =
  values.documents === undefined ? Number.POSITIVE_INFINITY : Math.ceil(Number(values.documents) / threads);
const endsAt =
  values.documents === undefined ? Date.now() + Number(values.minutes) * 60_000 : Number.POSITIVE_INFINITY;
/** A document takes a few milliseconds; one that takes so long will never end. */
const hangMs = 10_000;

console.log(`fuzzing ${targets.map(({ name }) => name).join(", ")} with seed ${seed} on ${threads} threads`);
const startedAt = Date.now();
const reports = await Promise.all(
  Array.from({ length: threads }, (_, n) => runWorker({ seed: seed + n, documents: wanted, endsAt })),
);
const documents = reports.reduce((sum, report) => sum + report.documents, 0);
const slowest = reports.toSorted((a, b) => b.slowestMsPerMb - a.slowestMsPerMb)[0];
console.log(
  `${documents} documents in ${Math.round((Date.now() - startedAt) / 1000)} s; slowest: ${slowest?.slowestName} ${slowest?.slowestMs.toFixed(1)} ms (${slowest?.slowestMsPerMb.toFixed(0)} ms/MB, documents under 100 KB counted as 100 KB)`,
);
// For looking at: the document that took longest for its size.
if (values.slowest !== undefined) writeFileSync(values.slowest, slowest?.slowestText ?? "");
for (const { failure } of reports) {
  if (failure === null) continue;
  writeFileSync("fuzz-failure.txt", failure.text);
  console.error(`${failure.target}: ${failure.message}\nthe document is in fuzz-failure.txt (seed ${seed})`);
  process.exitCode = 1;
}

function runWorker(order: FuzzOrder): Promise<FuzzReport> {
  const shared = new SharedArrayBuffer(8);
  const current = new Int32Array(shared);
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: { order, shared } });
  return new Promise((resolve) => {
    let last = -1;
    let since = Date.now();
    const end = (message: string) =>
      resolve({
        documents: Atomics.load(current, 0),
        slowestMs: 0,
        slowestMsPerMb: 0,
        slowestName: "",
        slowestText: "",
        failure: {
          target: targets[Atomics.load(current, 1)]?.name ?? "",
          message,
          text: `seed ${order.seed}, document ${Atomics.load(current, 0)}`,
        },
      });
    const watch = setInterval(() => {
      const now = Atomics.load(current, 0);
      if (now !== last) {
        last = now;
        since = Date.now();
      } else if (Date.now() - since > hangMs) {
        end(`document ${now} does not end`);
        void worker.terminate();
      }
    }, 500);
    worker.on("message", resolve);
    worker.on("error", (error) => end(`the worker died: ${error.stack ?? error.message}`));
    worker.on("exit", () => clearInterval(watch));
  });
}
