/**
 * `npm run fuzz`: five minutes of mutated documents for every reader, on two threads. `npm run fuzz -- --documents 1000000 --seed 7`
 * for a count of them, `--targets document,html` for some of the readers; with `--progress FILE` what is done is noted there after each chunk, and the same command goes on where it
 * was stopped. A document that breaks a promise, hangs or kills its worker is written to `fuzz-failure.txt`; exit 1.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { targets } from "./targets.ts";
import type { FuzzOrder, FuzzReport } from "./worker.ts";

/** Documents of one order. Chunk n has the seed of the run plus n, whichever thread takes it and after whatever stop. */
const CHUNK = 10_000;
/** A document takes a few milliseconds; one that takes so long, even beside other work, will never end. */
const HANG_MS = 60_000;

/** What a run has done so far, as it stands in the progress file. */
interface Progress {
  readonly seed: number;
  readonly targets: string;
  /** Chunks that went through, by number. */
  readonly chunks: number[];
  documents: number;
  /** Time of the threads together. */
  seconds: number;
  slowest: { readonly name: string; readonly ms: number; readonly msPerMb: number };
}

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    documents: { type: "string" },
    seed: { type: "string", default: `${Date.now() % 1_000_000}` },
    progress: { type: "string" },
    slowest: { type: "string" },
    targets: { type: "string", default: targets.map(({ name }) => name).join(",") },
    threads: { type: "string", default: "2" },
  },
});
const chosen = values.targets.split(",");
const unknown = chosen.find((name) => !targets.some((target) => target.name === name));
if (unknown !== undefined) throw new Error(`--targets: there is no "${unknown}"`);
const seed = Number(values.seed);
const threads = Number(values.threads);
const isCounted = values.documents !== undefined;
const wanted = isCounted ? Number(values.documents) : Number.POSITIVE_INFINITY;
const endsAt = isCounted ? Number.POSITIVE_INFINITY : Date.now() + Number(values.minutes) * 60_000;
const progress = readProgress(values.progress);
const done = new Set(progress.chunks);
let next = 0;
let hasFailed = false;

const before = progress.documents === 0 ? "" : `, ${progress.documents} documents done before`;
console.log(`fuzzing ${chosen.join(", ")} with seed ${seed} on ${threads} threads${before}`);
await Promise.all(Array.from({ length: threads }, work));
const { documents, seconds, slowest } = progress;
console.log(
  `${documents} documents in ${Math.round(seconds)} s of a thread; slowest: ${slowest.name} ${slowest.ms.toFixed(1)} ms (${slowest.msPerMb.toFixed(0)} ms/MB, documents under 100 KB counted as 100 KB)`,
);
process.exitCode = hasFailed ? 1 : 0;

/** One thread: takes chunk after chunk until there are none, the time is over, or a promise was broken. */
async function work(): Promise<void> {
  const shared = new SharedArrayBuffer(8);
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: shared });
  while (!hasFailed && Date.now() < endsAt) {
    while (done.has(next)) next++;
    const chunk = next++;
    const left = wanted - chunk * CHUNK;
    if (left <= 0) break;
    const startedAt = Date.now();
    const report = await runChunk(worker, shared, {
      targets: chosen,
      seed: seed + chunk,
      documents: Math.min(CHUNK, left),
      endsAt,
    });
    if (report.failure === null) note(chunk, report, (Date.now() - startedAt) / 1000);
    else fail(chunk, report.failure);
  }
  await worker.terminate();
}

function note(chunk: number, report: FuzzReport, seconds: number): void {
  progress.chunks.push(chunk);
  progress.documents += report.documents;
  progress.seconds += seconds;
  if (report.slowestMsPerMb > progress.slowest.msPerMb) {
    progress.slowest = {
      name: report.slowestName,
      ms: report.slowestMs,
      msPerMb: report.slowestMsPerMb,
    };
    // For looking at: the document that took longest for its size.
    if (values.slowest !== undefined) writeFileSync(values.slowest, report.slowestText);
  }
  if (values.progress === undefined) return;
  writeFileSync(`${values.progress}.new`, JSON.stringify(progress));
  renameSync(`${values.progress}.new`, values.progress);
}

function fail(chunk: number, failure: NonNullable<FuzzReport["failure"]>): void {
  hasFailed = true;
  writeFileSync("fuzz-failure.txt", failure.text);
  console.error(
    `${failure.target}: ${failure.message}\nthe document is in fuzz-failure.txt (seed ${seed + chunk})`,
  );
}

function readProgress(file: string | undefined): Progress {
  const fresh: Progress = {
    seed,
    targets: values.targets,
    chunks: [],
    documents: 0,
    seconds: 0,
    slowest: { name: "none", ms: 0, msPerMb: 0 },
  };
  if (file === undefined || !existsSync(file)) return fresh;
  const found = JSON.parse(readFileSync(file, "utf8")) as Progress;
  if (found.seed !== seed)
    throw new Error(`${file} is of seed ${found.seed}; go on with --seed ${found.seed}`);
  return found;
}

function runChunk(worker: Worker, shared: SharedArrayBuffer, order: FuzzOrder): Promise<FuzzReport> {
  const current = new Int32Array(shared);
  return new Promise((resolve) => {
    let last = -1;
    let since = Date.now();
    const end = (report: FuzzReport) => {
      clearInterval(watch);
      worker.off("message", end);
      worker.off("error", onError);
      resolve(report);
    };
    const endBadly = (message: string) =>
      end({
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
    const onError = (error: unknown) =>
      endBadly(`the worker died: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    const watch = setInterval(() => {
      const now = Atomics.load(current, 0);
      if (now !== last) {
        last = now;
        since = Date.now();
      } else if (Date.now() - since > HANG_MS) endBadly(`document ${now} does not end`);
    }, 500);
    worker.on("message", end);
    worker.on("error", onError);
    worker.postMessage(order);
  });
}
