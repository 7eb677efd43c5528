/**
 * 10,000 feeds of `../shared/tools/feedfarm.mjs` on 200 hosts, one daemon: how long a reader waits for /atom.xml and how long the event loop is held while all are
 * polled for the first time, and what a restart asks for at once.
 *   node test/bench/ten-thousand.ts [--sources 10000]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { type Feedfarm, feedfarmFile, startFeedfarm } from "../support/feedfarm.ts";
import { noteRow } from "./support-rows.ts";

const { values } = parseArgs({ options: { sources: { type: "string", default: "10000" } } });
const count = Number(values.sources);
const hosts = 200;
const READER_PORT = 18_094;

const folder = await mkdtemp(join(tmpdir(), "mainstem-bench-"));
const config = join(folder, "mainstem.yaml");
try {
  if (feedfarmFile.isThere) await bench();
  else console.log(`ten-thousand: skipped, there is no ${feedfarmFile.name}`);
} finally {
  await rm(folder, { recursive: true });
}

async function bench(): Promise<void> {
  await using farm = await startFeedfarm({ feeds: count, hosts, port: 18_095 });
  await writeConfig(farm);
  const first = start();
  const startedAt = performance.now();
  const busyReader = startReader();
  await sleep(3000);
  while (countUnpolled() > 0) await sleep(500);
  const coldMs = performance.now() - startedAt;
  const busy = await busyReader.stop();
  const cold = await stop(first);
  const before = (await farm.truth()).requests.requests;
  const second = start();
  await sleep(5000);
  const idleReader = startReader();
  await sleep(10_000);
  const idle = await idleReader.stop();
  const again = await stop(second);
  const early = (await farm.truth()).requests.requests - before;
  console.log(
    `${count} sources on ${hosts} hosts, 20 entries each, polled once in ${(coldMs / 1000).toFixed(1)} s: ${Math.round((1000 * count) / coldMs)} polls/s`,
  );
  console.log(
    `event loop of the daemon meanwhile: p50 ${cold.p50} ms, p99 ${cold.p99} ms, longest ${cold.max} ms; memory ${cold.rss} MB`,
  );
  console.log(
    `a reader asks for /atom.xml 20 times a second: p50 ${busy.p50} ms, p99 ${busy.p99} ms of ${busy.count}; idle p50 ${idle.p50} ms, p99 ${idle.p99} ms`,
  );
  noteRow({
    figure: `/atom.xml while ${count} feeds are polled cold, p99`,
    ours: `${busy.p99} ms`,
    beside: `idle ${idle.p99} ms`,
    ratio: `${(Number(busy.p99) / Number(idle.p99)).toFixed(1)} x`,
    wanted: "<= 25 ms",
    isReached: Number(busy.p99) <= 25,
  });
  console.log(
    `after a restart: ${early} requests in the first 15 s; event loop p99 ${again.p99} ms, memory ${again.rss} MB`,
  );
}

async function writeConfig(farm: Feedfarm): Promise<void> {
  const sources = await farm.sources("yaml");
  await writeFile(
    config,
    `listen: 127.0.0.1:${READER_PORT}\nurl: http://localhost:9\nstore: sqlite:store.db\nallow_private: true\nlimits: { host_pause: 20ms }\nidentity: { resolve: false }\n${sources}`,
  );
}

/** Sources that no poll was recorded for yet. */
function countUnpolled(): number {
  const db = new DatabaseSync(join(folder, "store.db"), { readOnly: true });
  const row = db.prepare("SELECT count(*) AS n FROM sources WHERE last_poll_at IS NULL").get();
  db.close();
  return Number(row?.n);
}

/**
 * Asks for the feed, compressed, 20 times a second, from a thread of its own. What it gets is left as it is: unpacking it takes a reader
 * longer than the answer, on a machine of their own.
 */
function startReader() {
  const worker = new Worker(
    `const { get, Agent } = require("node:http");
     const { parentPort } = require("node:worker_threads");
     const agent = new Agent({ keepAlive: true });
     const options = { host: "127.0.0.1", port: ${READER_PORT}, path: "/atom.xml", agent, headers: { "accept-encoding": "gzip" } };
     const ask = () => new Promise((resolve, reject) => {
       const start = performance.now();
       get(options, (answer) => {
         answer.resume();
         answer.on("end", () => resolve(answer.statusCode === 200 ? performance.now() - start : null));
         answer.on("error", reject).on("close", () => resolve(null));
       }).on("error", reject);
     });
     const times = [];
     let isOver = false;
     // The first ones measure how this thread loads its client.
     let coldOnes = 5;
     parentPort.once("message", () => { isOver = true; });
     (async () => {
       while (!isOver) {
         const time = await ask().catch(() => null);
         if (time !== null && coldOnes-- <= 0) times.push(time);
         await new Promise((resolve) => setTimeout(resolve, 50));
       }
       agent.destroy();
       parentPort.postMessage(times);
     })();`,
    { eval: true },
  );
  return {
    async stop() {
      worker.postMessage("stop");
      const [times] = (await once(worker, "message")) as [number[]];
      await worker.terminate();
      times.sort((a, b) => a - b);
      const at = (share: number) => (times[Math.floor(share * times.length)] ?? Number.NaN).toFixed(1);
      return { p50: at(0.5), p99: at(0.99), count: times.length };
    },
  };
}

function start() {
  const monitor = new URL("./support-loop-delay.ts", import.meta.url).href;
  const child = spawn(
    process.execPath,
    [
      ...(process.env.BENCH_PROF ? ["--cpu-prof", "--cpu-prof-dir=/tmp/prof-10k"] : []),
      "--import",
      monitor,
      "src/main.ts",
      "run",
      "--config",
      config,
    ],
    {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, MAINSTEM_LOG_LEVEL: "error" },
    },
  );
  return child;
}

async function stop(child: ReturnType<typeof start>): Promise<Record<"p50" | "p99" | "max" | "rss", string>> {
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (part) => (text += part));
  child.kill("SIGTERM");
  await once(child, "close");
  const line = /loop-delay (.*)/.exec(text)?.[1];
  if (line === undefined) throw new Error(`the daemon did not end well: ${text}`);
  return JSON.parse(line);
}
