/**
 * What serving costs: `node test/bench/serve.ts`. Requests a second and CPU a request for /atom.xml (100 entries, about 200 KB)
 * as 304, gzip and plain, beside node:http with a ready buffer; and rendering beside `feed`. Two noisy cores: trust the
 * ratios. The clients are a process of their own, so the CPU is the server's alone.
 */
import { fork, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Feed } from "feed";
import type { Story } from "../../src/model.ts";
import { combine } from "../../src/publish/combine.ts";
import { renderFeed } from "../../src/publish/render.ts";
import { renderRiver } from "../../src/publish/render-html.ts";
import { startServer } from "../../src/serve/server.ts";
import { MemoryRiver } from "../support/memory-river.ts";
import { buildOutput, buildSighting, buildSourceState, buildStory } from "../support/story-builder.ts";
import { median } from "./support-documents.ts";
import { noteRow, percent, perSecond } from "./support-rows.ts";

const ENTRIES = 100;
const CONNECTIONS = 16;
const LOAD_MS = 1500;
/** How often node:http and we take turns. */
const TURNS = 5;
const WARM_UP_MS = 500;

interface Load {
  readonly port: number;
  readonly path: string;
  readonly headers: readonly string[];
}

function buildStories(): Story[] {
  const write = createWriter();
  return Array.from({ length: ENTRIES }, (_, n) => {
    const url = `https://news.example/2026/06/17/story-${n}`;
    const at = new Date(Date.UTC(2026, 5, 17) - n * 600_000);
    const own = buildSighting({
      ...{ originalUrl: url, publishedAt: at, updatedAt: at, orderedAt: at },
      entry: {
        url,
        title: `Story ${n} & more`,
        contentHtml: write(6),
        categories: [{ term: "world", scheme: null, label: null }],
      },
    });
    const copy = buildSighting({
      sourceId: "s2",
      sourceName: "Copy Desk",
      entry: { url: `https://copy.example/${n}` },
    });
    return buildStory({ number: 1000 - n, publishedId: url, sightings: [own, copy] });
  });
}

/** Paragraphs that compress about as prose does; the same at every run. */
function createWriter(): (paragraphs: number) => string {
  let seed = 1;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const words = Array.from({ length: 1200 }, () =>
    Array.from({ length: 2 + random(8) }, () => String.fromCharCode(97 + random(26))).join(""),
  );
  const sentence = (): string => Array.from({ length: 14 }, () => words[random(random(1200) + 1)]).join(" ");
  return (paragraphs) =>
    Array.from(
      { length: paragraphs },
      () => `<p>${sentence()} <a href="https://news.example/${random(9999)}">${sentence()}</a>.</p>`,
    ).join("");
}

/** Milliseconds a run, the median of several. */
function measure(name: string, run: () => unknown): void {
  for (let n = 0; n < 20; n += 1) run();
  const times = Array.from({ length: 40 }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  }).sort((a, b) => a - b);
  console.log(`  ${name.padEnd(46)} ${(times[20] ?? 0).toFixed(2).padStart(8)} ms`);
}

function benchRendering(stories: readonly Story[]): void {
  const options = { output: buildOutput(), title: "Mainstem", url: "https://river.example", isDefault: true };
  const feed = combine(stories, options);
  const size = Buffer.byteLength(renderFeed(feed, "atom"));
  console.log(`rendering ${ENTRIES} entries, ${(size / 1024).toFixed(0)} KiB of Atom`);
  measure("combine (HTML known)", () => combine(stories, options));
  let fresh = 0;
  measure("combine (every HTML new)", () => {
    fresh += 1;
    const changed = stories.map((story) => ({
      ...story,
      sightings: story.sightings.map((s) => ({
        ...s,
        entry: { ...s.entry, contentHtml: `${s.entry.contentHtml}<p>${fresh}${story.number}</p>` },
      })),
    }));
    return combine(changed, options);
  });
  measure("Atom, ours", () => renderFeed(feed, "atom"));
  measure("Atom, feed's atom1() (no source, via, enclosure)", () => {
    const other = new Feed({
      title: "t",
      id: "urn:x",
      link: "https://river.example/",
      updated: feed.updated,
    });
    for (const entry of feed.entries) {
      other.addItem({
        ...{ title: entry.title, id: entry.id, link: entry.alternateUrl ?? "", date: entry.updated },
        ...{
          published: entry.published,
          content: entry.contentHtml ?? "",
          author: [{ name: "Ada Reporter" }],
        },
        category: entry.categories.map(({ term }) => ({ name: term, term })),
      });
    }
    return other.atom1();
  });
  measure("RSS, through feed", () => renderFeed(feed, "rss"));
  measure("JSON Feed, ours", () => renderFeed(feed, "json"));
  const view = {
    feed: { ...feed, entries: feed.entries.slice(0, 30) },
    outputs: [],
    basePath: "",
    tags: [],
    sources: [],
  };
  const rest = {
    filter: { tag: null, sourceId: null, search: null },
    olderCursor: null,
    isFirstPage: true,
    isStatic: false,
  };
  measure("river page, 30 stories", () => renderRiver({ ...view, ...rest }));
}

interface Measured {
  readonly rate: number;
  readonly cpuMicros: number;
}

async function benchLoad(name: string, load: Load, baseline: number | null): Promise<Measured> {
  await runClients(load, WARM_UP_MS);
  const before = process.cpuUsage();
  const requests = await runClients(load, LOAD_MS);
  const cpu = process.cpuUsage(before);
  const rate = requests / (LOAD_MS / 1000);
  const cpuMicros = (cpu.user + cpu.system) / requests;
  const ratio = baseline === null ? "" : `  ${(cpuMicros / baseline).toFixed(2)}x`;
  console.log(
    `  ${name.padEnd(46)} ${rate.toFixed(0).padStart(8)} requests/s ${cpuMicros.toFixed(0).padStart(6)} µs CPU each${ratio}`,
  );
  return { rate, cpuMicros };
}

function medianOf(measures: readonly Measured[]): Measured {
  return {
    rate: median(measures.map(({ rate }) => rate)),
    cpuMicros: median(measures.map(({ cpuMicros }) => cpuMicros)),
  };
}

function runClients(load: Load, durationMs: number): Promise<number> {
  const child = fork(import.meta.filename, [JSON.stringify(load), String(durationMs)]);
  return new Promise((resolve, reject) => {
    child.once("message", (count) => resolve(Number(count)));
    child.once("error", reject);
  });
}

/** The child's part: so many connections, each asking again as soon as it was answered. */
function beClients({ port, path, headers }: Load, durationMs: number): void {
  const request = [`GET ${path} HTTP/1.1`, "Host: localhost", ...headers, "", ""].join("\r\n");
  let count = 0;
  for (let n = 0; n < CONNECTIONS; n += 1) {
    const socket = connect(port, "127.0.0.1", () => socket.write(request));
    let missing = -1;
    socket.on("data", (chunk) => {
      let rest = chunk.length;
      if (missing < 0) {
        const end = chunk.indexOf("\r\n\r\n");
        const length = /content-length: (\d+)/i.exec(chunk.toString("latin1", 0, end))?.[1];
        missing = Number(length ?? 0);
        rest -= end + 4;
      }
      missing -= rest;
      if (missing > 0) return;
      missing = -1;
      count += 1;
      socket.write(request);
    });
  }
  setTimeout(() => {
    process.send?.(count);
    process.exit(0);
  }, durationMs);
}

async function listenWith(body: Buffer, status: number, headers: readonly string[]): Promise<HttpServer> {
  const server = createServer((_, response) => {
    response.writeHead(status, headers as string[]);
    response.end(status === 304 ? undefined : body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

interface Nginx {
  readonly port: number;
  stop(): void;
}

/** nginx with the same file, and its gzip beside it; null where it is not installed. */
async function startNginx(plain: Buffer, gzip: Buffer): Promise<Nginx | null> {
  const folder = mkdtempSync(join(tmpdir(), "mainstem-nginx-"));
  writeFileSync(join(folder, "atom.xml"), plain);
  writeFileSync(join(folder, "atom.xml.gz"), gzip);
  const port = 18_093;
  const config = `worker_processes 1; daemon off; pid ${folder}/pid; error_log stderr crit; events {}
http { access_log off; gzip_static on; keepalive_requests 1000000000; types { application/atom+xml xml; }
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  server { listen 127.0.0.1:${port}; root ${folder}; } }`;
  writeFileSync(join(folder, "nginx.conf"), config);
  chmodSync(folder, 0o755);
  const child = spawn("nginx", ["-c", join(folder, "nginx.conf")], { stdio: "ignore" });
  const isHere = await new Promise<boolean>((resolve) => {
    child.once("error", () => resolve(false));
    setTimeout(() => resolve(child.exitCode === null), 500);
  });
  if (!isHere) console.log("nginx: skipped (apt-get install nginx-light)");
  const stop = () => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  if (!isHere) stop();
  return isHere ? { port, stop } : null;
}

/** @returns requests a second */
async function benchNginx(name: string, { port }: Nginx, headers: readonly string[]): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/atom.xml`, {
    headers: { "accept-encoding": name === "plain" ? "identity" : "gzip" },
  });
  const etag = String(answer.headers.get("etag"));
  const own = headers.map((line) => (line.startsWith("If-None-Match") ? `If-None-Match: ${etag}` : line));
  const load = { port, path: "/atom.xml", headers: own };
  await runClients(load, WARM_UP_MS);
  const rate = (await runClients(load, LOAD_MS)) / (LOAD_MS / 1000);
  console.log(`  ${`${name}, nginx`.padEnd(46)} ${rate.toFixed(0).padStart(8)} requests/s`);
  return rate;
}

async function benchServing(stories: readonly Story[]): Promise<void> {
  const clock = { now: () => new Date(), sleep: () => Promise.resolve() };
  await using server = await startServer({
    ...{ host: "127.0.0.1", port: 0, store: new MemoryRiver(stories, [buildSourceState()]), clock },
    ...{ outputs: [buildOutput()], title: "Mainstem", url: "https://river.example" },
    status: () => Promise.reject(new Error("not here")),
    isReady: () => ({ ok: true, reasons: [] }),
  });
  const plain = Buffer.from((await server.refresh()).get("atom.xml") ?? "");
  const gzip = gzipSync(plain);
  const nginx = await startNginx(plain, gzip);
  const etag = String(
    (await fetch(`${server.address.url}/atom.xml`, { headers: { "accept-encoding": "gzip" } })).headers.get(
      "etag",
    ),
  );
  console.log(
    `\nserving /atom.xml, ${CONNECTIONS} connections, ${(gzip.length / 1024).toFixed(0)} KiB as gzip`,
  );
  const cases = [
    {
      name: "304",
      status: 304,
      body: plain,
      headers: ["Accept-Encoding: gzip", `If-None-Match: ${etag}`],
      answer: ["ETag", etag],
    },
    {
      name: "gzip",
      status: 200,
      body: gzip,
      headers: ["Accept-Encoding: gzip"],
      answer: ["Content-Encoding", "gzip", "Content-Length", String(gzip.length)],
    },
    {
      name: "plain",
      status: 200,
      body: plain,
      headers: [],
      answer: ["Content-Length", String(plain.length)],
    },
  ];
  for (const { name, status, body, headers, answer } of cases) {
    const bare = await listenWith(body, status, answer);
    const { port } = bare.address() as AddressInfo;
    const bareLoad = { port, path: "/atom.xml", headers };
    const ownLoad = { port: server.address.port, path: "/atom.xml", headers };
    // By turns: the machine's speed wanders within the seconds that one of them takes.
    const turns: { readonly baseline: Measured; readonly ours: Measured }[] = [];
    for (let turn = 0; turn < TURNS; turn += 1) {
      const baseline = await benchLoad(`${name}, node:http with a ready buffer`, bareLoad, null);
      turns.push({ baseline, ours: await benchLoad(`${name}, Mainstem`, ownLoad, baseline.cpuMicros) });
    }
    const baseline = medianOf(turns.map((turn) => turn.baseline));
    const ours = medianOf(turns.map((turn) => turn.ours));
    const share = median(turns.map((turn) => turn.ours.rate / turn.baseline.rate));
    bare.close();
    bare.closeAllConnections();
    const front = nginx === null ? null : await benchNginx(name, nginx, headers);
    noteRow({
      figure: `requests for /atom.xml (${ENTRIES} entries, ${(plain.length / 1024).toFixed(0)} KiB): ${name}`,
      ours: `${perSecond(ours.rate)}, ${ours.cpuMicros.toFixed(0)} us of CPU`,
      beside: `node:http with a ready buffer ${perSecond(baseline.rate)}, ${baseline.cpuMicros.toFixed(0)} us${front === null ? "" : `; nginx ${perSecond(front)}`}`,
      ratio: `${percent(share)}${front === null ? "" : `; ${percent(ours.rate / front)} of nginx`}`,
      wanted: ">= 90 % of node:http",
      isReached: share >= 0.9,
    });
  }
  nginx?.stop();
}

const load = process.argv[2];
if (load !== undefined) {
  beClients(JSON.parse(load) as Load, Number(process.argv[3]));
} else {
  const stories = buildStories();
  benchRendering(stories);
  await benchServing(stories);
  process.exit(0);
}
