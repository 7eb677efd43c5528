/**
 * One fuzzing worker: for every order it makes documents from the seed, runs them, reports the slowest and the first that breaks
 * a promise.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { createRandom, encode, mutate, pick } from "./mutate.ts";
import { targets } from "./targets.ts";

export interface FuzzOrder {
  /** Names of what is fuzzed. */
  readonly targets: readonly string[];
  readonly seed: number;
  readonly documents: number;
  readonly endsAt: number;
}

export interface FuzzReport {
  readonly documents: number;
  readonly slowestMsPerMb: number;
  readonly slowestName: string;
  readonly slowestText: string;
  readonly slowestMs: number;
  readonly failure: { readonly target: string; readonly message: string; readonly text: string } | null;
}

/** Written before each document, so that a hang or a crash can be told: number of the document, number of the target. */
const current = new Int32Array(workerData as SharedArrayBuffer);
const fixtures = new Map<string, string>();
for (const folder of ["test/fixtures/parse", "feeds", "feeds/articles", "config"]) {
  for (const file of readdirSync(folder, { withFileTypes: true })) {
    if (file.isFile() && !file.name.endsWith(".expected.json") && !file.name.endsWith(".schema.json"))
      fixtures.set(file.name, readFileSync(join(folder, file.name), "utf8"));
  }
}
for (const [n, url] of readFileSync("test/fuzz/seeds.txt", "utf8").trim().split("\n").entries())
  fixtures.set(`${n}.url`, url);
const seedsOf = new Map(
  targets.map((target) => [
    target,
    [...fixtures].filter(([name]) => target.seeds.test(name)).map(([, text]) => text),
  ]),
);

/** What this thread worked since, whatever else the machine does; the second reader's thread holds up nobody. */
function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(since);
  return (user + system) / 1000;
}

const RUNS_AGAIN = 10;

/** Documents of all orders: the first of them pay for the compiler, and are not timed. */
let warmUp = 2000;

async function work(order: FuzzOrder): Promise<FuzzReport> {
  const random = createRandom(order.seed);
  const chosen = targets.filter(({ name }) => order.targets.includes(name));
  const strangers = chosen.filter(({ name }) => name !== "config" && name !== "rules");
  let documents = 0;
  let slowest = { perMb: 0, ms: 0, name: "", text: "" };
  let failure: FuzzReport["failure"] = null;
  while (documents < order.documents && Date.now() < order.endsAt && failure === null) {
    // Configs are the operator's own, and slow to check: one in sixty.
    const target = pick(random(30) === 0 || strangers.length === 0 ? chosen : strangers, random);
    const text = mutate(seedsOf.get(target) ?? [], random);
    const bytes = encode(text, random);
    documents += 1;
    Atomics.store(current, 0, documents);
    Atomics.store(current, 1, targets.indexOf(target));
    const before = process.threadCpuUsage();
    let ms = 0;
    try {
      const check = await target.run(text, bytes);
      ms = cpuMs(before);
      check();
    } catch (error) {
      failure = {
        target: target.name,
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
        text,
      };
    }
    const megabytes = Math.max(bytes.length / 1e6, 0.1);
    // What the compiler or the collector of garbage had to do meanwhile is not the document's: it would not take as long again. The
    // clock of a thread may tick every 4 ms, so that only the sum of several runs tells.
    if (ms / megabytes > slowest.perMb && failure === null && warmUp < 0) {
      const start = process.threadCpuUsage();
      for (let again = 0; again < RUNS_AGAIN; again++) await target.run(text, bytes);
      ms = Math.min(ms, cpuMs(start) / RUNS_AGAIN);
    }
    const perMb = ms / megabytes;
    if (warmUp-- < 0 && perMb > slowest.perMb) slowest = { perMb, ms, name: target.name, text };
  }
  return {
    documents,
    slowestMsPerMb: slowest.perMb,
    slowestMs: slowest.ms,
    slowestName: slowest.name,
    slowestText: slowest.text,
    failure,
  };
}

parentPort?.on("message", async (order: FuzzOrder) => parentPort?.postMessage(await work(order)));
