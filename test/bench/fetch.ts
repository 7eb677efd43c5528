/**
 * Conditional requests answered 304, through our client and through a bare undici loop in the same run, interleaved round
 * by round over the same server: `node test/bench/fetch.ts [REQUESTS]`. What lies between them is the price of manners.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Agent } from "undici";
import { systemClock } from "../../src/clock.ts";
import { createHttpClient } from "../../src/fetch/http.ts";
import { median } from "./support-documents.ts";

const requests = Number(process.argv[2] ?? 20_000);
const rounds = 5;
const concurrency = 64;
const etag = '"bench"';

/** In a process of its own, so that the client's CPU is the client's alone. */
const serverSource = `
  const server = require("node:http").createServer((request, response) => {
    response.writeHead(request.headers["if-none-match"] ? 304 : 200, { etag: '${etag}', "cache-control": "max-age=900" });
    response.end();
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

interface Measure {
  readonly seconds: number;
  readonly cpuMs: number;
}

const server = spawn(process.execPath, ["-e", serverSource], { stdio: ["ignore", "pipe", "inherit"] });
try {
  const [port] = await once(createInterface(server.stdout), "line");
  const origin = `http://127.0.0.1:${port}`;
  const limits = { timeoutMs: 30_000, bodyBytes: 2 ** 20, redirects: 5, perHost: concurrency };
  await using client = createHttpClient({ userAgent: "Mainstem/bench", limits, clock: systemClock });
  const agent = new Agent({ connections: concurrency });
  const { signal } = new AbortController();
  const validators = { etag, lastModified: null };

  const askOurs = async (index: number) => {
    const url = `${origin}/feed/${index}.xml`;
    const answer = await client.fetch({ url, validators, headers: {}, isPrivateAllowed: true }, signal);
    if (answer.kind !== "not-modified") throw new Error(`expected 304, got ${answer.kind}`);
  };
  const askBare = async (index: number) => {
    const headers = { "if-none-match": etag };
    const answer = await agent.request({ origin, path: `/feed/${index}.xml`, method: "GET", headers });
    await answer.body.dump();
    if (answer.statusCode !== 304) throw new Error(`expected 304, got ${answer.statusCode}`);
  };

  await measure(askOurs, 1000);
  await measure(askBare, 1000);
  const ours: Measure[] = [];
  const bare: Measure[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await measure(askOurs, requests / rounds));
    bare.push(await measure(askBare, requests / rounds));
  }
  await agent.close();
  report("Mainstem's client", ours);
  report("bare undici loop", bare);
  const ratio = median(ours.map(rate)) / median(bare.map(rate));
  console.log(`${(100 * ratio).toFixed(0)} % of the bare loop, ${concurrency} at a time`);
} finally {
  server.kill();
}

async function measure(work: (index: number) => Promise<void>, count: number): Promise<Measure> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  const startedCpu = process.cpuUsage();
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: concurrency }, worker));
  const { user, system } = process.cpuUsage(startedCpu);
  return { seconds: (performance.now() - startedMs) / 1000, cpuMs: (user + system) / 1000 };
}

function rate({ seconds }: Measure): number {
  return requests / rounds / seconds;
}

function report(name: string, measures: readonly Measure[]): void {
  const cpuUs = median(measures.map(({ cpuMs }) => (1000 * cpuMs) / (requests / rounds)));
  console.log(
    `${name}: ${Math.round(median(measures.map(rate)))} answers of 304/s, ${Math.round(cpuUs)} us of CPU each`,
  );
}
