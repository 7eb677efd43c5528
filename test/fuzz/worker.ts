/**
 * One fuzzing worker: for every order it makes documents from the seed, runs them, reports the slowest and the first that breaks
 * a promise.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { createRandom, encode, mutate } from "./mutate.ts";
import { targets } from "./targets.ts";

export interface FuzzOrder {
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

/** Documents of all orders: the first of them pay for the compiler, and are not timed. */
let warmUp = 2000;

async function work(order: FuzzOrder): Promise<FuzzReport> {
  const random = createRandom(order.seed);
  let documents = 0;
  let slowest = { perMb: 0, ms: 0, name: "", text: "" };
  let failure: FuzzReport["failure"] = null;
  while (documents < order.documents && Date.now() < order.endsAt && failure === null) {
    // Configs are the operator's own, and slow to check: one in sixty.
    const index = random(30) === 0 ? random(targets.length) : random(targets.length - 2);
    const target = targets[index];
    if (target === undefined) break;
    const text = mutate(seedsOf.get(target) ?? [], random);
    const bytes = encode(text, random);
    documents += 1;
    Atomics.store(current, 0, documents);
    Atomics.store(current, 1, index);
    const before = process.threadCpuUsage();
    try {
      await target.run(text, bytes);
    } catch (error) {
      failure = {
        target: target.name,
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
        text,
      };
    }
    // What this thread worked, whatever else the machine does; the second reader's thread holds up nobody.
    const { user, system } = process.threadCpuUsage(before);
    const ms = (user + system) / 1000;
    const perMb = ms / Math.max(bytes.length / 1e6, 0.1);
    if (--warmUp < 0 && perMb > slowest.perMb) slowest = { perMb, ms, name: target.name, text };
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
