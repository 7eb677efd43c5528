/**
 * What the daemon holds when it has nothing to do: resident memory with some numbers of sources, each polled once, over a store of
 * many stories; and at its peak while it reads one document of 50 MB. Linux only.
 *   node test/bench/memory.ts [--sources 1000,10000,100000] [--stories 1000000 | --store FILE]
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { rss } from "./support-feed-documents.ts";
import { StoryWriter } from "./support-stories.ts";

const { values } = parseArgs({
  options: {
    sources: { type: "string", default: "1000,10000,100000" },
    stories: { type: "string", default: "1000000" },
    store: { type: "string" },
  },
});
const STORIES = Number(values.stories);
const HOSTS = 200;
const LARGE_BYTES = 50_000_000;
const PORT = 18_095;
const QUIET_MS = 20_000;

const folder = mkdtempSync(join(tmpdir(), "mainstem-bench-"));
const filled = values.store ?? join(folder, "filled.db");
const empty =
  '<?xml version="1.0"?><rss version="2.0"><channel><title>Paper</title><link>https://paper.example/</link><description/></channel></rss>';
const large = rss(LARGE_BYTES);
const polled = new Set<string>();
const origin = createServer((request, response) => {
  response.writeHead(200, { "content-type": "application/rss+xml", "cache-control": "max-age=86400" });
  response.end(request.url === "/large" ? large : empty);
  response.on("close", () => polled.add(`${request.headers.host}${request.url}`));
}).listen(0, "0.0.0.0");
await once(origin, "listening");
const { port } = origin.address() as AddressInfo;

try {
  if (values.store === undefined) {
    const writer = new StoryWriter(STORIES);
    await using store = await openSqliteStore({ file: filled, role: "poller", clock: writer.clock });
    await writer.begin(store, 500);
    while (writer.made < STORIES) await writer.record(store, 100);
  }
  for (const count of values.sources.split(",").map(Number)) {
    const urls = Array.from({ length: count }, (_, n) => `http://127.0.${1 + (n % HOSTS)}.1:${port}/f/${n}`);
    const { resident, peak } = await measure(urls, filled, "");
    console.log(
      `${count} sources, ${values.store ?? `${STORIES} stories`}: ${resident} MB resident when idle, ${peak} MB at the peak`,
    );
  }
  const one = [`http://127.0.1.1:${port}/large`];
  const small = await measure([`http://127.0.1.1:${port}/f/0`], null, "");
  console.log(`one small source, no stories: ${small.resident} MB resident, ${small.peak} MB at the peak`);
  for (const limits of ["", ", body: 64MiB, wire: 64MiB"]) {
    const { resident, peak } = await measure(one, null, limits);
    const what = limits === "" ? "refused by the limit" : "read";
    console.log(`a document of 50 MB, ${what}: ${peak} MB at the peak, ${resident} MB afterwards`);
  }
} finally {
  origin.closeAllConnections();
  origin.close();
  rmSync(folder, { recursive: true });
}

/** MB of a daemon with these sources on a copy of this store, once all of them were polled and a while has gone by. */
async function measure(
  urls: readonly string[],
  from: string | null,
  limits: string,
): Promise<{ readonly resident: number; readonly peak: number }> {
  const file = join(folder, `run-${polled.size}.db`);
  if (from !== null) copyFileSync(from, file);
  const config = join(folder, "mainstem.yaml");
  const lines = urls.map((url) => `  - url: ${url}`).join("\n");
  writeFileSync(
    config,
    `listen: 127.0.0.1:${PORT}\nurl: http://localhost:9\nstore: sqlite:${file}\nallow_private: true\nlimits: { host_pause: 20ms${limits} }\nsources:\n${lines}\n`,
  );
  polled.clear();
  const daemon = spawn(process.execPath, ["src/main.ts", "run", "--config", config], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, NODE_OPTIONS: "", MAINSTEM_LOG_LEVEL: "error" },
  });
  try {
    while (polled.size < urls.length && daemon.exitCode === null) await sleep(200);
    await sleep(QUIET_MS);
    return { resident: memoryOf(daemon, "VmRSS"), peak: memoryOf(daemon, "VmHWM") };
  } finally {
    daemon.kill("SIGTERM");
    if (daemon.exitCode === null) await once(daemon, "close");
    rmSync(file, { force: true });
  }
}

/** One line of proc(5)'s `status`, in MB. */
function memoryOf({ pid }: ChildProcess, name: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1000);
}
