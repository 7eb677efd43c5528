/**
 * Polls/s of the whole path (HTTP, decode, parse, identify, store) over the farm of `../shared/tools/feedfarm.mjs`, beside a bare loop
 * of the HTTP client over the same feeds with the same concurrency, and sfeed_update where it is installed; and whether the stories that
 * were found are those that the farm told: `node test/bench/polls.ts [FEEDS]`.
 */
import { spawnSync } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Agent } from "undici";
import { createPoller } from "../../src/app/poller.ts";
import { systemClock } from "../../src/clock.ts";
import { sourceId } from "../../src/config/source-id.ts";
import { createHttpClient } from "../../src/fetch/http.ts";
import { parseUrlRules } from "../../src/identify/rules-file.ts";
import type { SourceDefinition } from "../../src/model.ts";
import { createLog } from "../../src/observe/log.ts";
import { createHostLimit } from "../../src/schedule/host-limit.ts";
import { startScheduler } from "../../src/schedule/scheduler.ts";
import { openThreadedSqliteStore } from "../../src/store/sqlite-threaded.ts";
import {
  FARM_RULES,
  type FarmTruth,
  type Feedfarm,
  feedfarmFile,
  startFeedfarm,
} from "../support/feedfarm.ts";
import { noteRow, percent, perSecond } from "./support-rows.ts";

const feeds = Number(process.argv[2] ?? 2000);
const hosts = 200;
/** Feeds that sfeed_update, which starts some processes for each, is measured on. */
const SFEED_FEEDS = 200;
const concurrency = 64;
const [WARM_ROUNDS, CHANGED_ROUNDS] = [7, 3];
const DAY_MS = 86_400_000;

interface Speed {
  readonly seconds: number;
  readonly cpuMs: number;
}

interface Measure extends Speed {
  /** Bytes of our sockets, headers included. */
  readonly sent: number;
  readonly received: number;
}

/** A round of ours and the loop right after it. */
interface Beside {
  readonly mine: Measure;
  readonly bare: Measure;
}

interface Polled {
  readonly cold: Beside;
  /** Several rounds each: the first after another kind of round is slower. */
  readonly warm: readonly Beside[];
  readonly changed: readonly Beside[];
  readonly counts: { readonly sightings: number; readonly stories: number };
  readonly truth: FarmTruth;
}

/** Every socket of undici's in this process, open or not. */
const sockets = new Set<Socket>();
subscribe("undici:client:connected", (message) => {
  sockets.add((message as { readonly socket: Socket }).socket);
});

if (feedfarmFile.isThere) await bench();
else console.log(`polls: skipped, there is no ${feedfarmFile.name}`);

async function bench(): Promise<void> {
  await using farm = await startFeedfarm({
    ...{ feeds, hosts, port: 18_090, items: 20, overlap: 0.3, "change-rate": 0.1, seed: 1 },
    // Without links that only a request can tell, of which a guid may say where they lead: what is to be found is one number.
    decorate: "utm,slash,scheme,wrap",
  });
  const folder = await mkdtemp(join(tmpdir(), "mainstem-bench-"));
  try {
    const urls = await readUrls(farm);
    const etags = new Map<string, string>();
    const bareCold = () => bareLoop(urls, new Map());
    const bareWarm = () => bareLoop(urls, etags);
    const coldBefore = await bareLoop(urls, etags);
    const ours = await pollAll(farm, urls, join(folder, "store.db"), { bareCold, bareWarm });
    // The speed of a machine that others use changes within minutes: a round stands beside a loop right after it, the long one beside one before it, too.
    const { cold } = ours;
    console.log(`${feeds} feeds on ${hosts} hosts, ${concurrency} at a time`);
    const besideCold = { mine: cold.mine, bare: mean(coldBefore, cold.bare) };
    tellPolls("cold: every feed new, 20 entries of 2 KB", besideCold, 0.15);
    tellPolls("every feed answers 304", median(ours.warm), 0.4);
    tellPolls("one feed in ten has new entries, one to five", median(ours.changed), 0.2);
    tellSfeed(await measureSfeed(farm, join(folder, "sfeed")), cold.mine);
    tellStories(ours);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readUrls(farm: Feedfarm): Promise<readonly string[]> {
  const list: readonly { readonly url: string }[] = JSON.parse(await farm.sources("json"));
  return list.map(({ url }) => url);
}

function tellPolls(
  name: string,
  { mine, bare }: { readonly mine: Measure; readonly bare: Speed },
  wanted: number,
): void {
  const share = bare.seconds / mine.seconds;
  const rate = ({ seconds }: Speed) => perSecond(feeds / seconds);
  const cpu = ({ cpuMs }: Speed) => `${Math.round((cpuMs * 1000) / feeds)} us`;
  noteRow({
    figure: `polls: ${name}; ${feeds} feeds on ${hosts} hosts`,
    ours: `${rate(mine)}, ${cpu(mine)} of CPU`,
    beside: `bare loop of the HTTP client ${rate(bare)}, ${cpu(bare)}`,
    ratio: percent(share),
    wanted: `>= ${percent(wanted)}`,
    isReached: share >= wanted,
  });
  const bytes = `${Math.round(mine.sent / feeds)} bytes sent and ${Math.round(mine.received / feeds)} received a poll`;
  console.log(
    `${name}: ${rate(mine)}, ${cpu(mine)} of CPU a poll; bare loop ${rate(bare)}, ${cpu(bare)}; ${percent(share)} of the bare loop; ${bytes}`,
  );
}

function tellSfeed(sfeed: { readonly rate: number; readonly cpuMs: number } | null, cold: Measure): void {
  if (sfeed === null) return void console.log("sfeed_update: skipped (apt-get install sfeed curl)");
  const mine = { rate: feeds / cold.seconds, cpuMs: cold.cpuMs / feeds };
  const [faster, cpuShare] = [mine.rate / sfeed.rate, mine.cpuMs / sfeed.cpuMs];
  const row = {
    figure: "polls: cold, beside sfeed_update (C, 16 jobs)",
    ours: `${perSecond(mine.rate)}, ${mine.cpuMs.toFixed(1)} ms of CPU`,
    beside: `${perSecond(sfeed.rate)}, ${sfeed.cpuMs.toFixed(1)} ms`,
    ratio: `${faster.toFixed(1)} x the rate, ${cpuShare.toFixed(2)} of the CPU`,
    wanted: ">= 8 x, <= 0.1",
    isReached: faster >= 8 && cpuShare <= 0.1,
  };
  noteRow(row);
  console.log(
    `sfeed_update, ${SFEED_FEEDS} feeds, 16 jobs: ${row.beside} of CPU a feed; we are at ${row.ratio}`,
  );
}

function tellStories({ counts, truth, cold }: Polled): void {
  const wanted = { entries: truth.entries.exposed, stories: truth.distinctIf.fullyCanonicalised };
  const row = {
    figure: `stories found among ${counts.sightings} entries, no links followed`,
    ours: String(counts.stories),
    beside: `the farm's truth ${wanted.stories} of ${wanted.entries} entries (${truth.distinctIf.rawLinks} different links)`,
    ratio: String(counts.stories - wanted.stories),
    wanted: "equal",
    isReached: counts.stories === wanted.stories && counts.sightings === wanted.entries,
  };
  noteRow(row);
  console.log(`${row.figure}: ${row.ours}; ${row.beside}`);
  console.log(
    `${Math.round((20 * feeds) / cold.mine.seconds)} entries/s from the wire into the store in the cold round`,
  );
}

async function measure(work: () => Promise<void>): Promise<Measure> {
  const before = readTraffic();
  const startedCpu = process.cpuUsage();
  const startedMs = performance.now();
  await work();
  const { user, system } = process.cpuUsage(startedCpu);
  const seconds = (performance.now() - startedMs) / 1000;
  const after = readTraffic();
  const [sent, received] = [after.sent - before.sent, after.received - before.received];
  return { seconds, cpuMs: (user + system) / 1000, sent, received };
}

function mean(a: Speed, b: Speed): Speed {
  return { seconds: (a.seconds + b.seconds) / 2, cpuMs: (a.cpuMs + b.cpuMs) / 2 };
}

/** That of which the share of the loop's rate is in the middle. */
function median(rounds: readonly Beside[]): Beside {
  const shareOf = ({ mine, bare }: Beside) => bare.seconds / mine.seconds;
  console.log(`share of the bare loop, round by round: ${rounds.map(shareOf).map(percent).join(", ")}`);
  const sorted = rounds.toSorted((a, b) => shareOf(a) - shareOf(b));
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error("there was no round");
  return middle;
}

function readTraffic() {
  let [sent, received] = [0, 0];
  for (const { bytesWritten, bytesRead } of sockets) {
    sent += bytesWritten;
    received += bytesRead;
  }
  return { sent, received };
}

async function inParallel(work: (feed: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < feeds) await work(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** The HTTP client alone: the request, the body, gunzip. It sends the validators that `etags` has, and keeps those that it gets. */
async function bareLoop(urls: readonly string[], etags: Map<string, string>): Promise<Measure> {
  const agent = new Agent();
  const measured = await measure(() =>
    inParallel(async (feed) => {
      const url = urls[feed] ?? "";
      const { origin, pathname: path } = new URL(url);
      const known = etags.get(url);
      const headers = { "accept-encoding": "gzip", ...(known && { "if-none-match": known }) };
      const response = await agent.request({ origin, path, method: "GET", headers });
      const bytes = new Uint8Array(await response.body.arrayBuffer());
      if (response.statusCode === 200) gunzipSync(bytes);
      const { etag } = response.headers;
      if (typeof etag === "string") etags.set(url, etag);
    }),
  );
  await agent.close();
  return measured;
}

/** sfeed_update over the first feeds, cold, 16 at a time; null where it is not installed. */
async function measureSfeed(farm: Feedfarm, home: string) {
  mkdirSync(home, { recursive: true });
  const file = join(home, "sfeedrc");
  writeFileSync(file, `sfeedpath="${home}/feeds"\nmaxjobs=16\n${await farm.sources("sfeedrc", SFEED_FEEDS)}`);
  const run = spawnSync("bash", ["-c", `time -p sfeed_update "${file}" >/dev/null`], { encoding: "utf8" });
  const seconds = (name: string) => Number(new RegExp(`^${name} ([\\d.]+)`, "m").exec(run.stderr)?.[1]);
  if (run.status !== 0 || !existsSync(join(home, "feeds", "feed0"))) return null;
  return {
    rate: SFEED_FEEDS / seconds("real"),
    cpuMs: (1000 * (seconds("user") + seconds("sys"))) / SFEED_FEEDS,
  };
}

async function pollAll(
  farm: Feedfarm,
  urls: readonly string[],
  file: string,
  loops: Readonly<Record<"bareCold" | "bareWarm", () => Promise<Measure>>>,
): Promise<Polled> {
  // Each round is a day after the last one, when every source is due again.
  let days = 0;
  const clock = { ...systemClock, now: () => new Date(Date.now() + days * DAY_MS) };
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
    rules: parseUrlRules(FARM_RULES, "farm-rules.yaml"),
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
  /** Every source once, by the daemon's own scheduler. */
  const round = async () => {
    const ended = Promise.withResolvers<void>();
    let left = feeds;
    await using _scheduler = startScheduler({
      ...{ store, clock, concurrency, perHost: concurrency, leaseMs: 600_000 },
      poll: async (claimed, signal) => {
        await poll(claimed, signal);
        left -= 1;
        if (left === 0) ended.resolve();
      },
      onError: (error) => ended.reject(error),
    });
    await ended.promise;
    days += 1;
  };
  const cold = { mine: await measure(round), bare: await loops.bareCold() };
  const [warm, changed]: [Beside[], Beside[]] = [[], []];
  for (let count = 0; count < WARM_ROUNDS; count += 1)
    warm.push({ mine: await measure(round), bare: await loops.bareWarm() });
  for (let count = 0; count < CHANGED_ROUNDS; count += 1) {
    await farm.tick();
    const mine = await measure(round);
    // Once for the validators that changed.
    await loops.bareWarm();
    changed.push({ mine, bare: await loops.bareWarm() });
  }
  const [counts, truth] = [await store.counts(), await farm.truth()];
  return { cold, warm, changed, counts, truth };
}

function definitionOf(url: string): SourceDefinition {
  return {
    id: sourceId("url", url),
    kind: "url",
    location: url,
    name: null,
    tags: [],
    priority: 0,
    schedule: { kind: "every", intervalMs: DAY_MS / 4 },
    identity: "auto",
    include: [],
    exclude: [],
    headers: {},
    isPrivateAllowed: true,
    restScope: "host",
    historyPages: 0,
  };
}
