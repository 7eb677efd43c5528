/**
 * Polls/s of the whole path (HTTP, decode, parse, identify, store) beside a bare loop of the HTTP client over the same farm
 * with the same concurrency, and sfeed_update where it is installed: `node test/bench/polls.ts [FEEDS]`.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Agent } from "undici";
import { createPoller } from "../../src/app/poller.ts";
import { systemClock } from "../../src/clock.ts";
import { sourceId } from "../../src/config/source-id.ts";
import { createHttpClient } from "../../src/fetch/http.ts";
import type { SourceDefinition } from "../../src/model.ts";
import { createLog } from "../../src/observe/log.ts";
import { createHostLimit } from "../../src/schedule/host-limit.ts";
import { openThreadedSqliteStore } from "../../src/store/sqlite-threaded.ts";
import { noteRow, percent, perSecond } from "./support-rows.ts";

const feeds = Number(process.argv[2] ?? 2000);
const hosts = 200;
/** Feeds that sfeed_update, which starts some processes for each, is measured on. */
const SFEED_FEEDS = 200;
const port = 18_090;
const concurrency = 64;
const urls = Array.from(
  { length: feeds },
  (_, feed) => `http://127.0.1.${1 + (feed % hosts)}:${port}/f/${feed}`,
);

const farm = spawn(
  process.execPath,
  [join(import.meta.dirname, "support-farm.ts"), String(port), String(feeds)],
  { stdio: ["ignore", "pipe", "inherit"] },
);
await once(farm.stdout, "data");
const folder = await mkdtemp(join(tmpdir(), "mainstem-bench-"));
try {
  const bareCold = await bareLoop(null);
  const bareWarm = await bareLoop((feed) => `"f${feed}"`);
  const ours = await pollThrice(join(folder, "store.db"));
  const rows = [
    ["cold: every feed new, 20 entries of 2 KB", ours.cold, bareCold, 0.15],
    ["every feed answers 304", ours.warm, bareWarm, 0.4],
    ["one feed in ten has a new entry", ours.changed, bareWarm, 0.2],
  ] as const;
  console.log(`${feeds} feeds on ${hosts} hosts, ${concurrency} at a time`);
  for (const [name, mine, bare, wanted] of rows) {
    const share = bare.seconds / mine.seconds;
    noteRow({
      figure: `polls: ${name}; ${feeds} feeds on ${hosts} hosts`,
      ours: `${perSecond(feeds / mine.seconds)}, ${cpu(mine)} us of CPU`,
      beside: `bare loop of the HTTP client ${perSecond(feeds / bare.seconds)}, ${cpu(bare)} us`,
      ratio: percent(share),
      wanted: `>= ${percent(wanted)}`,
      isReached: share >= wanted,
    });
    console.log(
      `${name}: ${rate(mine)} polls/s, ${cpu(mine)} us of CPU a poll; bare loop ${rate(bare)}/s, ${cpu(bare)} us; ${((100 * bare.seconds) / mine.seconds).toFixed(0)} % of the bare loop; ${perFeed(mine.bytes.in)} bytes sent and ${perFeed(mine.bytes.out)} received a poll`,
    );
  }
  const sfeed = measureSfeed(join(folder, "sfeed"));
  if (sfeed !== null) {
    const mine = { rate: feeds / ours.cold.seconds, cpuMs: ours.cold.cpuMs / feeds };
    noteRow({
      figure: "polls: cold, beside sfeed_update (C, 16 jobs)",
      ours: `${perSecond(mine.rate)}, ${mine.cpuMs.toFixed(1)} ms of CPU`,
      beside: `${perSecond(sfeed.rate)}, ${sfeed.cpuMs.toFixed(1)} ms`,
      ratio: `${(mine.rate / sfeed.rate).toFixed(1)} x the rate, ${(mine.cpuMs / sfeed.cpuMs).toFixed(2)} of the CPU`,
      wanted: ">= 8 x, <= 0.1",
      isReached: mine.rate >= 8 * sfeed.rate && mine.cpuMs <= sfeed.cpuMs / 10,
    });
  }
  console.log(
    `${ours.counts.sightings} entries, ${ours.counts.stories} stories; ${Math.round(ours.counts.sightings / ours.cold.seconds)} entries/s from the wire into the store`,
  );
} finally {
  farm.kill();
  await rm(folder, { recursive: true, force: true });
}

interface Measure {
  readonly seconds: number;
  readonly cpuMs: number;
  /** What the farm's sockets took in and gave out, headers included. */
  readonly bytes: Traffic;
}

interface Traffic {
  readonly in: number;
  readonly out: number;
}

async function readTraffic(): Promise<Traffic> {
  const response = await fetch(`http://127.0.1.1:${port}/bytes`);
  return (await response.json()) as Traffic;
}

function rate({ seconds }: Measure): number {
  return Math.round(feeds / seconds);
}

function perFeed(count: number): number {
  return Math.round(count / feeds);
}

function cpu({ cpuMs }: Measure): number {
  return Math.round((cpuMs * 1000) / feeds);
}

async function measure(work: () => Promise<void>): Promise<Measure> {
  const before = await readTraffic();
  const startedCpu = process.cpuUsage();
  const startedMs = performance.now();
  await work();
  const { user, system } = process.cpuUsage(startedCpu);
  const seconds = (performance.now() - startedMs) / 1000;
  const after = await readTraffic();
  const bytes = { in: after.in - before.in, out: after.out - before.out };
  return { seconds, cpuMs: (user + system) / 1000, bytes };
}

async function inParallel(work: (feed: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < feeds) await work(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** The HTTP client alone: the request, the body, gunzip. */
async function bareLoop(etagOf: ((feed: number) => string) | null): Promise<Measure> {
  await using agent = closing(new Agent());
  return await measure(() =>
    inParallel(async (feed) => {
      const { origin, pathname: path } = new URL(urls[feed] ?? "");
      const headers = { "accept-encoding": "gzip", ...(etagOf && { "if-none-match": etagOf(feed) }) };
      const { statusCode, body } = await agent.value.request({ origin, path, method: "GET", headers });
      const bytes = new Uint8Array(await body.arrayBuffer());
      if (statusCode === 200) gunzipSync(bytes);
    }),
  );
}

function closing(value: Agent) {
  return { value, [Symbol.asyncDispose]: () => value.close() };
}

/** sfeed_update over the first feeds, cold, 16 at a time; null where it is not installed. */
function measureSfeed(home: string): { readonly rate: number; readonly cpuMs: number } | null {
  mkdirSync(home, { recursive: true });
  const lines = urls.slice(0, SFEED_FEEDS).map((url, n) => `feed "f${n}" "${url}"`);
  writeFileSync(
    join(home, "sfeedrc"),
    `sfeedpath="${home}/feeds"\nmaxjobs=16\nfeeds() {\n${lines.join("\n")}\n}\n`,
  );
  const run = spawnSync("bash", ["-c", `time -p sfeed_update "${home}/sfeedrc" >/dev/null`], {
    encoding: "utf8",
  });
  const seconds = (name: string) => Number(new RegExp(`^${name} ([\\d.]+)`, "m").exec(run.stderr)?.[1]);
  if (run.status !== 0 || !existsSync(join(home, "feeds", "f0"))) {
    console.log("sfeed_update: skipped (apt-get install sfeed curl)");
    return null;
  }
  const sfeed = {
    rate: SFEED_FEEDS / seconds("real"),
    cpuMs: (1000 * (seconds("user") + seconds("sys"))) / SFEED_FEEDS,
  };
  console.log(
    `sfeed_update, ${SFEED_FEEDS} feeds, 16 jobs: ${sfeed.rate.toFixed(0)} polls/s, ${sfeed.cpuMs.toFixed(1)} ms of CPU a feed`,
  );
  return sfeed;
}

async function pollThrice(file: string) {
  const clock = systemClock;
  await using store = await openThreadedSqliteStore({ file, clock });
  const definitions = new Map(
    urls.map((url) => definitionOf(url)).map((definition) => [definition.id, definition]),
  );
  await store.syncSources([...definitions.values()], { now: clock.now(), parentId: null });
  const limits = { timeoutMs: 30_000, bodyBytes: 16 * 2 ** 20, redirects: 10, perHost: 2, entries: 5000 };
  await using http = createHttpClient({ userAgent: "Mainstem/bench", limits, clock });
  const poll = createPoller({
    store,
    clock,
    http,
    limits,
    rules: null,
    isResolving: false,
    pageMode: "never",
    onQuestions: () => {},
    random: Math.random,
    definitions: () => definitions,
    // Politeness is not what is measured here.
    hosts: createHostLimit({ perHost: concurrency, pauseMs: 0, clock }),
    log: createLog({ level: "error", terminal: null, scrub: (text) => text }),
    onVisible: () => {},
    onDue: () => {},
  });
  const onlyIds = [...definitions.keys()];
  const round = async () => {
    const claimed = await store.claimDueSources({
      now: clock.now(),
      limit: feeds,
      leaseMs: 600_000,
      onlyIds,
    });
    await inParallel(async (feed) => {
      const one = claimed[feed];
      if (one) await poll(one, new AbortController().signal);
    });
  };
  const cold = await measure(round);
  const warm = await measure(round);
  await (await fetch(`http://127.0.1.1:${port}/change/1`)).text();
  const changed = await measure(round);
  return { cold, warm, changed, counts: await store.counts() };
}

function definitionOf(url: string): SourceDefinition {
  return {
    id: sourceId("url", url),
    kind: "url",
    location: url,
    name: null,
    tags: [],
    priority: 0,
    schedule: { kind: "every", intervalMs: 1000 },
    identity: "auto",
    include: [],
    exclude: [],
    headers: {},
    isPrivateAllowed: true,
    restScope: "host",
    historyPages: 0,
  };
}
