/**
 * Two days on a fast clock, after three and a half that fill what is bounded: 1,000 sources, a fifth of them failing. Memory, sockets, timers and listeners stay as they were. The memory
 * of decoded entries (src/store/story-rows.ts) takes some three days to fill, so memory can be flat only after those.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { expect, it } from "vitest";
import { reportFigures, sized } from "../support/fault-size.ts";
import { createWorkspace } from "../support/workspace.ts";

const sources = sized({ short: 150, full: 1000 });
const hosts = sources / 2;

interface Hour {
  readonly hour: number;
  readonly heapMib: number;
  /** Of the thread that writes the store, garbage included. */
  readonly storeHeapMib: number;
  readonly rssMib: number;
  readonly timers: number;
  readonly sockets: number;
  readonly files: number;
  readonly sleepers: number;
  readonly listeners: number;
  readonly listenerWarnings: number;
  /** Of the store. */
  readonly journalMib: number;
}

/** Feed n; every fifth one fails, in six ways in turn. */
function openPress(): { readonly server: ReturnType<typeof createServer>; readonly polls: () => number } {
  let polls = 0;
  const server = createServer((request, response) => {
    polls += 1;
    const n = Number(/\d+$/.exec(request.url ?? "")?.[0]);
    if (n % 5 === 0) {
      switch ((n / 5) % 6) {
        case 0:
          return void response.writeHead(500).end();
        case 1:
          return void response.writeHead(404).end();
        case 2:
          return void request.socket.destroy();
        case 3:
          return void response.writeHead(200, { "content-type": "text/html" }).end("<html>closed</html>");
        case 4:
          return void response.writeHead(200).end("<rss><channel><item><tit");
        default:
          return void response.writeHead(503, { "retry-after": "600" }).end();
      }
    }
    // Each feed has something new at about every tenth poll.
    const version = Math.floor((polls / sources + n) / 10);
    const etag = `"${version}"`;
    if (request.headers["if-none-match"] === etag) return void response.writeHead(304, { etag }).end();
    const items = Array.from({ length: 15 }, (_, k) => {
      const id = `${n}-${version - k}`;
      return `<item><title>Story ${id} of this paper</title><link>https://paper${n}.example.org/2026/story-${id}</link><guid isPermaLink="false">${id}</guid><description>${"words of it ".repeat(100)}</description></item>`;
    });
    response.writeHead(200, { "content-type": "application/rss+xml", etag });
    response.end(
      `<?xml version="1.0"?><rss version="2.0"><channel><title>Paper ${n}</title><link>https://paper${n}.example.org/</link><description>d</description>${items.join("")}</channel></rss>`,
    );
  });
  return { server, polls: () => polls };
}

/** Least squares: how much a value grows an hour. */
function slope(hours: readonly Hour[], read: (hour: Hour) => number): number {
  const meanX = hours.reduce((sum, { hour }) => sum + hour, 0) / hours.length;
  const meanY = hours.reduce((sum, hour) => sum + read(hour), 0) / hours.length;
  const above = hours.reduce((sum, hour) => sum + (hour.hour - meanX) * (read(hour) - meanY), 0);
  return above / hours.reduce((sum, { hour }) => sum + (hour - meanX) ** 2, 0);
}

it("holds no more after hours than after the first ones", async () => {
  const total = sized({ short: 5, full: 132 });
  const press = openPress();
  press.server.listen(0, "0.0.0.0");
  await once(press.server, "listening");
  const address = press.server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const list = Array.from(
    { length: sources },
    (_, n) =>
      `  - url: http://127.0.${1 + Math.floor((n % hosts) / 250)}.${1 + (n % 250)}:${address.port}/feed/${n}\n    name: Paper ${n}\n`,
  );
  await using workspace = await createWorkspace(`allow_private: true
listen: 127.0.0.1:0
limits: { timeout: 5s, concurrency: 128 }
schedule: 30m
sources:
${list.join("")}`);
  const child = spawn(
    process.execPath,
    ["--expose-gc", "test/faults/soak-process.ts", workspace.config, String(total)],
    { env: { ...process.env, NODE_OPTIONS: "" }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  const [code] = await once(child, "close");
  press.server.closeAllConnections();
  press.server.close();
  expect(code, stderr.slice(-2000)).toBe(0);
  const hours = stdout
    .trim()
    .split("\n")
    .map((line): Hour => JSON.parse(line));
  expect(hours).toHaveLength(total);
  // Two polls an hour of every good source at least.
  expect(press.polls()).toBeGreaterThan(total * sources);
  // The first hours fill caches and compile, the first days the memory of decoded entries.
  const settled = hours.slice(sized({ short: 1, full: 84 }));
  const first = settled[0];
  const last = settled.at(-1);
  if (first === undefined || last === undefined) throw new Error("nothing measured");
  const heapSlope = slope(settled, ({ heapMib }) => heapMib);
  expect(heapSlope).toBeLessThan(sized({ short: 6, full: 0.2 }));
  const storeSlope = slope(settled, ({ storeHeapMib }) => storeHeapMib);
  expect(storeSlope).toBeLessThan(sized({ short: 20, full: 0.5 }));
  expect(last.listenerWarnings).toBe(0);
  expect(last.listeners).toBe(first.listeners);
  expect(last.timers).toBeLessThan(first.timers + 400);
  expect(last.sleepers).toBeLessThan(first.sleepers + 100);
  expect(last.files).toBeLessThan(first.files + 600);
  const journalMib = Math.max(...hours.map((hour) => hour.journalMib));
  // It is written from its beginning again after each checkpoint; who holds those up would let it grow for ever.
  expect(journalMib).toBeLessThan(64);
  reportFigures(`${total} h on a fast clock, ${sources} sources, a fifth failing`, {
    polls: press.polls(),
    "heap MiB first, last": `${first.heapMib.toFixed(1)}, ${last.heapMib.toFixed(1)}`,
    "at the end of each day": hours
      .filter(({ hour }) => hour % 24 === 0)
      .map(({ heapMib }) => heapMib.toFixed(1))
      .join(" "),
    "slope MiB/h": heapSlope.toFixed(3),
    "store's thread, slope MiB/h": `${first.storeHeapMib.toFixed(1)}, ${last.storeHeapMib.toFixed(1)}, ${storeSlope.toFixed(3)}`,
    "rss MiB": `${Math.round(first.rssMib)}, ${Math.round(last.rssMib)}`,
    sockets: `${first.sockets}, ${last.sockets}`,
    timers: `${first.timers}, ${last.timers}`,
    "open files": `${first.files}, ${last.files}`,
    sleepers: `${first.sleepers}, ${last.sleepers}`,
    listeners: `${first.listeners}, ${last.listeners}`,
    "journal MiB at most": journalMib.toFixed(1),
  });
});
