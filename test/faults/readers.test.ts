/** Readers in masses: connections that are only kept, readers that do not read, bursts. Polling goes on, memory stays bounded. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { Agent, request } from "undici";
import { describe, expect, it } from "vitest";
import { Daemon } from "../support/daemon.ts";
import { reportFigures, sized } from "../support/fault-size.ts";
import { Newsstand } from "../support/newsstand.ts";
import { alternates } from "../support/published-stories.ts";
import { createWorkspace } from "../support/workspace.ts";

const feeds = 4;

async function memoryMib(pid: number, field: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
}

/** Asks `/healthz` over and over from a thread of its own, and keeps how long each answer took. */
function probe(daemon: Daemon): { stop(): Promise<readonly number[]> } {
  const worker = new Worker(new URL("../support/health-probe.ts", import.meta.url), {
    workerData: `${daemon.url}/healthz`,
    execArgv: [],
  });
  // Awaited in `stop`, where a failure shows.
  const ended = once(worker, "message");
  ended.catch(() => {});
  return {
    async stop() {
      worker.postMessage("stop");
      const [tookMs] = await ended;
      return tookMs;
    },
  };
}

const at = (sorted: readonly number[], share: number) =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);

/** Runs `load` against a daemon that polls four feeds of a second, and checks that it went on doing so. */
async function underLoad(
  name: string,
  load: (daemon: Daemon, figures: Record<string, number | string>) => Promise<void>,
) {
  await using stand = await Newsstand.open(feeds);
  for (let n = 0; n < 120; n++) stand.publish(n % feeds);
  await using workspace = await createWorkspace(`allow_private: true
limits: { per_host: 8 }
schedule: 1s
outputs: [{ name: all, limit: 1000 }]
${stand.sourcesYaml()}`);
  await using daemon = await Daemon.start(workspace.config);
  await daemon.waitFor("full", async () => alternates(await daemon.text("/atom.xml")).length === 120);
  const before = await memoryMib(daemon.pid, "VmRSS");
  const asked = stand.requests(0).length;
  const startedAt = performance.now();
  const prober = probe(daemon);
  const figures: Record<string, number | string> = {};
  await load(daemon, figures);
  const seconds = (performance.now() - startedAt) / 1000;
  const healthMs = await prober.stop();
  const polls = stand.requests(0).length - asked;
  const growth = (await memoryMib(daemon.pid, "VmHWM")) - before;
  expect(polls).toBeGreaterThan(seconds / 4);
  expect(growth).toBeLessThan(500);
  const news = stand.storyUrl(stand.publish(0));
  await daemon.waitFor("telling the news", async () =>
    alternates(await daemon.text("/atom.xml")).includes(news),
  );
  expect(await daemon.stop()).toBe(0);
  reportFigures(name, {
    ...figures,
    "polls of a feed a second": (polls / seconds).toFixed(2),
    "/healthz p50 ms": at(healthMs, 0.5),
    "p99 ms": at(healthMs, 0.99),
    "max ms": at(healthMs, 1),
    "memory grew by MiB": Math.round(growth),
  });
}

async function openConnections(daemon: Daemon, count: number): Promise<Socket[]> {
  const { hostname, port } = new URL(daemon.url);
  const sockets: Socket[] = [];
  for (let opened = 0; opened < count; opened += 500) {
    const batch = Array.from({ length: Math.min(500, count - opened) }, () =>
      connect(Number(port), hostname).on("error", () => {}),
    );
    await Promise.all(batch.map((socket) => once(socket, "connect")));
    sockets.push(...batch);
  }
  return sockets;
}

describe("readers in masses", () => {
  it("keep their connections: every one is answered, and again on the same connection", async () => {
    const count = sized({ short: 2000, full: 10_000 });
    await underLoad(`${count} keep-alive connections`, async (daemon, figures) => {
      const sockets = await openConnections(daemon, count);
      let answered = 0;
      for (let round = 0; round < 2; round++) {
        for (let begin = 0; begin < count; begin += 200) {
          await Promise.all(
            sockets.slice(begin, begin + 200).map(async (socket) => {
              socket.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
              const [bytes] = await once(socket, "data", { signal: AbortSignal.timeout(30_000) });
              if (String(bytes).startsWith("HTTP/1.1 200")) answered += 1;
            }),
          );
        }
        await sleep(2000);
      }
      expect(answered).toBe(2 * count);
      expect(sockets.filter((socket) => socket.destroyed)).toHaveLength(0);
      figures.answers = answered;
      for (const socket of sockets) socket.destroy();
    });
  });

  it("that do not read what they asked for cost a bounded buffer", async () => {
    const count = sized({ short: 300, full: 1000 });
    await underLoad(`${count} readers that ask 20 times and read nothing`, async (daemon, figures) => {
      const sockets = await openConnections(daemon, count);
      for (const socket of sockets) {
        socket.pause();
        // Twenty answers of a hundred kilobytes each, on one connection.
        socket.write("GET /atom.xml HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20));
      }
      await sleep(5000);
      figures["feed, KB"] = Math.round((await daemon.text("/atom.xml")).length / 1000);
      for (const socket of sockets) socket.destroy();
    });
  });

  it("in a burst are answered, and the rest of the work goes on", async () => {
    const seconds = sized({ short: 5, full: 30 });
    await underLoad(`a burst of 2,000 requests a second for ${seconds} s`, async (daemon, figures) => {
      const agent = new Agent({ connections: 128 });
      const statuses = new Map<number, number>();
      const { headers, body } = await request(`${daemon.url}/atom.xml`, { dispatcher: agent });
      await body.dump();
      const tag = String(headers.etag);
      const running: Promise<void>[] = [];
      const startedAt = performance.now();
      let sent = 0;
      while (performance.now() - startedAt < seconds * 1000) {
        const due = Math.floor((performance.now() - startedAt) * 2);
        for (; sent < due; sent++) {
          // As readers do: most ask whether there is news.
          const isConditional = sent % 10 !== 0;
          running.push(
            request(`${daemon.url}/atom.xml`, {
              dispatcher: agent,
              headers: { "accept-encoding": "gzip", ...(isConditional ? { "if-none-match": tag } : {}) },
            }).then(async ({ statusCode, body }) => {
              await body.dump();
              statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
            }),
          );
        }
        await sleep(5);
      }
      sent = running.length;
      await Promise.all(running);
      const tookMs = performance.now() - startedAt;
      expect([...statuses.keys()].sort()).toEqual([200, 304]);
      figures.requests = sent;
      figures["answered a second"] = Math.round(sent / (tookMs / 1000));
      await agent.close();
    });
  });
});
