/**
 * `node test/bench/publish.ts [--stories N] [--no-files]`: what a change costs to publish when the store is large. One new story, then a
 * rendering of all outputs in all formats; beside it a rendering of everything from nothing, and a poll that changed nothing. Then
 * what the archive of the whole history costs to write, to serve, and to write as files: time of the thread beside the clock's, how
 * long the event loop was held, and memory.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { Feed } from "feed";
import { compilePatterns } from "../../src/config/pattern.ts";
import type { OutputDefinition } from "../../src/model.ts";
import { type ArchiveFormat, archivePath } from "../../src/publish/feed-urls.ts";
import { writeArchiveFiles } from "../../src/publish/write-files.ts";
import { Site } from "../../src/serve/site.ts";
import { openThreadedSqliteStore } from "../../src/store/sqlite-threaded.ts";
import type { Store } from "../../src/store/store.ts";
import { T0 } from "../store/builders.ts";
import { buildOutput } from "../support/story-builder.ts";
import { noteRow } from "./support-rows.ts";
import { SENTENCE, StoryWriter } from "./support-stories.ts";

const { values } = parseArgs({
  options: {
    stories: { type: "string", default: "100000" },
    "no-files": { type: "boolean", default: false },
  },
});
const STORIES = Number(values.stories);
const SOURCES = 500;
const PER_POLL = 100;
const ROUNDS = 40;

const folder = mkdtempSync(join(tmpdir(), "mainstem-bench-"));
const writer = new StoryWriter(STORIES);
const { clock } = writer;
const plain: OutputDefinition = buildOutput({ name: "all", limit: 100, isArchived: false });
const outputs: readonly OutputDefinition[] = [
  plain,
  buildOutput({ name: "even", tags: ["even"], limit: 100, isArchived: false }),
  buildOutput({ name: "rare", include: ["number 77"], limit: 100, isArchived: false }),
];

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Time, the thread's own, the longest that the event loop was held, and how much the heap and all memory grew. */
async function watch(work: () => Promise<unknown>): Promise<{ readonly ms: number; readonly told: string }> {
  globalThis.gc?.();
  const before = process.memoryUsage();
  let peak = before.rss;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const cpu = process.threadCpuUsage();
  const ms = await time(work);
  const { user, system } = process.threadCpuUsage(cpu);
  delay.disable();
  clearInterval(timer);
  globalThis.gc?.();
  const grown = (process.memoryUsage().heapUsed - before.heapUsed) / 2 ** 20;
  const heldMs = (percentile: number) => Math.max(0, delay.percentile(percentile) / 1e6 - 5).toFixed(0);
  return {
    ms,
    told: `thread ${((user + system) / 1000).toFixed(0)} ms, loop held p99 ${heldMs(99)} max ${heldMs(100)} ms, +${((peak - before.rss) / 2 ** 20).toFixed(0)} MB at its peak, +${grown.toFixed(0)} MB kept`,
  };
}

function tell(what: string, ms: number, beside = ""): void {
  process.stdout.write(`${what.padEnd(64)} ${ms.toFixed(2).padStart(9)} ms ${beside}\n`);
}

/** What `feed` takes for one Atom document of 100 entries like these. */
function measureRival(): number {
  const times = Array.from({ length: 30 }, () => {
    const start = performance.now();
    const other = new Feed({ title: "t", id: "urn:x", link: "https://river.example/", updated: T0 });
    for (let n = 0; n < 100; n += 1) {
      other.addItem({
        ...{
          title: `Story ${n}`,
          id: `urn:${n}`,
          link: `https://news.example/${n}`,
          date: T0,
          published: T0,
        },
        ...{ content: `<p>${n} ${SENTENCE.repeat(5)}</p>`.repeat(4), author: [{ name: "A. Author" }] },
      });
    }
    other.atom1();
    return performance.now() - start;
  });
  return median(times);
}

function noteOneNew(ms: number): void {
  const rival = measureRival();
  noteRow({
    figure: `one new entry at ${STORIES.toLocaleString("en")} stories, to all formats ready`,
    ours: `${ms.toFixed(1)} ms`,
    beside: `feed's atom1() on 100 entries ${rival.toFixed(1)} ms`,
    ratio: `${(ms / rival).toFixed(1)} x`,
    wanted: "<= 3 x",
    isReached: ms <= 3 * rival,
  });
}

/** From the start of a daemon to its first whole feed, on this store and on an empty one. The second start: the first notes its sources. */
async function measureStarts(): Promise<void> {
  const config = join(folder, "mainstem.yaml");
  const port = 18_095;
  const startOn = async (file: string): Promise<number> => {
    writeFileSync(
      config,
      `listen: 127.0.0.1:${port}\nurl: http://localhost:${port}\nstore: sqlite:${file}\nsources:\n  - file: none.xml\n`,
    );
    const start = performance.now();
    const child = spawn(process.execPath, ["src/main.ts", "run", "--config", config], {
      stdio: "ignore",
      env: { ...process.env, MAINSTEM_LOG_LEVEL: "fatal" },
    });
    let ms = 0;
    while (ms === 0) {
      const answer = await fetch(`http://127.0.0.1:${port}/atom.xml`).catch(() => null);
      await answer?.arrayBuffer();
      if (answer?.ok) ms = performance.now() - start;
      else await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.kill("SIGTERM");
    await once(child, "exit");
    return ms;
  };
  const times: number[] = [];
  for (const file of [join(folder, "empty.db"), join(folder, "a.db")]) {
    await startOn(file);
    times.push(median([await startOn(file), await startOn(file), await startOn(file)]));
  }
  const [empty = 0, full = 0] = times;
  tell(`start to the first feed, ${STORIES} stories`, full, `empty ${empty.toFixed(0)} ms`);
  noteRow({
    figure: `start to the first answer with ${STORIES.toLocaleString("en")} stories`,
    ours: `${full.toFixed(0)} ms`,
    beside: `empty ${empty.toFixed(0)} ms`,
    ratio: `${(full / empty).toFixed(1)} x`,
    wanted: "<= 1 s",
    isReached: full <= 1000,
  });
}

function openSite(store: Store, chosen: readonly OutputDefinition[]): Site {
  const matchers = new Map(
    chosen.flatMap(({ name, include }) => {
      const isWanted = compilePatterns(include);
      return isWanted ? [[name, isWanted] as const] : [];
    }),
  );
  const settings = { outputs: chosen, title: "River", url: "https://river.example", matchers };
  return new Site({ store, clock, settings });
}

try {
  const store = await openThreadedSqliteStore({ file: join(folder, "a.db"), clock });
  await writer.begin(store, SOURCES);
  const fillMs = await time(async () => {
    while (writer.made < STORIES) await writer.record(store, PER_POLL);
  });
  // What was just filled is written out first: a disk at work is not what a change costs.
  spawnSync("sync");
  process.stdout.write(`${STORIES} stories stored in ${(fillMs / 1000).toFixed(0)} s\n`);
  for (const [what, chosen] of [
    ["one output", [plain]],
    ["three outputs, one of tags, one of a rare word", outputs],
  ] as const) {
    const site = openSite(store, chosen);
    const fromNothing = await time(() => site.refresh());
    // What is rare is looked for in steps.
    const searchMs = await time(async () => {
      while (site.nextRefreshInMs === 0) await site.refresh();
    });
    const idle = median(await Promise.all(Array.from({ length: ROUNDS }, () => time(() => site.refresh()))));
    const one: number[] = [];
    const pollOnly: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await writer.record(store, 1);
      one.push(await time(() => site.refresh()));
      // A poll that brings nothing moves no revision.
      await writer.record(store, 0);
      pollOnly.push(await time(() => site.refresh()));
    }
    tell(`${what}: everything from nothing`, fromNothing);
    if (searchMs > 1) tell(`${what}: and the rest of the search`, searchMs);
    tell(`${what}: one new story`, median(one), `1 : ${(fromNothing / median(one)).toFixed(1)}`);
    if (chosen.length === 1) noteOneNew(median(one));
    tell(`${what}: a poll that changed nothing`, Math.max(idle, median(pollOnly)));
  }
  const archived = openSite(store, [{ ...plain, isArchived: true }]);
  let turns = 0;
  const held = await watch(async () => {
    do {
      await archived.refresh();
      turns += 1;
    } while (archived.nextRefreshInMs === 0);
  });
  const pages = archived.archives.get("all") ?? 0;
  tell(
    `the archive: ${pages} pages of the whole history`,
    held.ms,
    `${(held.ms / turns).toFixed(0)} ms a turn; ${held.told}`,
  );
  const one: number[] = [];
  const thread: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await writer.record(store, 1);
    const before = process.threadCpuUsage();
    one.push(await time(() => archived.refresh()));
    const { user, system } = process.threadCpuUsage(before);
    thread.push((user + system) / 1000);
  }
  tell(
    "the archive: one new story, now and then a page",
    median(one),
    `thread ${median(thread).toFixed(1)}, worst ${Math.max(...one).toFixed(0)} and ${Math.max(...thread).toFixed(0)} ms`,
  );
  const again = openSite(store, [{ ...plain, isArchived: true }]);
  tell("the archive: a start with all of it written", await time(() => again.refresh()));
  for (const format of ["xml", "json"]) {
    let bytes = 0;
    const read = await watch(async () => {
      for (let page = 1; page <= pages; page += 1)
        bytes += (await again.archivePage(`/all/archive/${page}.${format}`))?.body.byteLength ?? 0;
    });
    const each = `${(bytes / pages / 1024).toFixed(0)} KB each`;
    tell(`the archive: a page as ${format}, cold`, read.ms / pages, `${each}; ${read.told}`);
  }
  if (!values["no-files"]) {
    const read = (page: number, format: ArchiveFormat) => again.archiveFile(archivePath("all", page, format));
    const target = join(folder, "public");
    const signal = new AbortController().signal;
    const write = () => writeArchiveFiles(target, { output: "all", pages, read }, signal);
    const first = await watch(write);
    tell("the archive: all pages as files, in three formats", first.ms, first.told);
    const second = await watch(write);
    tell("the archive: nothing new for the files", second.ms, second.told);
  }
  await store[Symbol.asyncDispose]();
  await measureStarts();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
