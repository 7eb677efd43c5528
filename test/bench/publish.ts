/**
 * `node test/bench/publish.ts [--stories N]`: what a change costs to publish when the store is large. One new story, then a
 * rendering of all outputs in all formats; beside it a rendering of everything from nothing, and a poll that changed nothing. Then
 * how long the archive of the whole history takes to write.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compilePatterns } from "../../src/config/pattern.ts";
import type { OutputDefinition } from "../../src/model.ts";
import { Site } from "../../src/serve/site.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { buildDefinition, buildPoll, buildSighting, T0, urlAlias } from "../store/builders.ts";
import { buildOutput } from "../support/story-builder.ts";

const { values } = parseArgs({ options: { stories: { type: "string", default: "100000" } } });
const STORIES = Number(values.stories);
const SOURCES = 500;
const PER_POLL = 100;
const ROUNDS = 40;
const SENTENCE = "Lorem ipsum dolor sit amet, consectetur <b>adipiscing</b> elit, sed do &amp; eiusmod. ";

const folder = mkdtempSync(join(tmpdir(), "mainstem-bench-"));
let nowMs = T0.getTime();
const clock = { now: () => new Date(nowMs), sleep: () => Promise.reject(new Error("unused")) };
const plain: OutputDefinition = buildOutput({ name: "all", limit: 100, isArchived: false });
const outputs: readonly OutputDefinition[] = [
  plain,
  buildOutput({ name: "even", tags: ["even"], limit: 100, isArchived: false }),
  buildOutput({ name: "rare", include: ["number 77"], limit: 100, isArchived: false }),
];

let made = 0;
function buildStory() {
  const n = made++;
  const url = `news.example/2026/story-number-${n}`;
  return buildSighting(`s${n}`, {
    title: `Story number ${n}, with some words in its title`,
    entry: {
      contentHtml: `<p>${n} ${SENTENCE.repeat(5)}</p>`.repeat(4),
      published: T0,
      authors: [{ name: "A. Author", email: null, url: null }],
    },
    aliases: [urlAlias(url)],
    originalUrl: `https://${url}`,
    orderedAt: new Date(T0.getTime() - (STORIES - n) * 60_000),
  });
}

async function record(store: Store, count: number): Promise<void> {
  nowMs += 1000;
  const [claimed] = await store.claimDueSources({ now: clock.now(), limit: 1, leaseMs: 60_000 });
  if (claimed === undefined) throw new Error("no source is due");
  const sightings = Array.from({ length: count }, buildStory);
  const next = new Date(nowMs + 500);
  await store.recordPoll(
    buildPoll(claimed.lease, sightings, { at: clock.now(), state: { nextPollAt: next } }),
  );
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function tell(what: string, ms: number, beside = ""): void {
  process.stdout.write(`${what.padEnd(64)} ${ms.toFixed(2).padStart(9)} ms ${beside}\n`);
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
  const store = await openSqliteStore({ file: join(folder, "a.db"), role: "poller", clock });
  const definitions = Array.from({ length: SOURCES }, (_, n) =>
    buildDefinition(`s${n}`, { tags: [n % 2 === 0 ? "even" : "odd"] }),
  );
  await store.syncSources(definitions, { now: T0, parentId: null });
  const fillMs = await time(async () => {
    while (made < STORIES) await record(store, PER_POLL);
  });
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
      await record(store, 1);
      one.push(await time(() => site.refresh()));
      // A poll that brings nothing moves no revision.
      await record(store, 0);
      pollOnly.push(await time(() => site.refresh()));
    }
    tell(`${what}: everything from nothing`, fromNothing);
    if (searchMs > 1) tell(`${what}: and the rest of the search`, searchMs);
    tell(`${what}: one new story`, median(one), `1 : ${(fromNothing / median(one)).toFixed(1)}`);
    tell(`${what}: a poll that changed nothing`, Math.max(idle, median(pollOnly)));
  }
  const archived = openSite(store, [{ ...plain, isArchived: true }]);
  let turns = 0;
  const archiveMs = await time(async () => {
    do {
      await archived.refresh();
      turns += 1;
    } while (archived.nextRefreshInMs === 0);
  });
  const pages = archived.archives.get("all") ?? 0;
  tell(
    `the archive: ${pages} pages of the whole history`,
    archiveMs,
    `${(archiveMs / turns).toFixed(0)} ms a turn`,
  );
  const one: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await record(store, 1);
    one.push(await time(() => archived.refresh()));
  }
  tell(
    "the archive: one new story, now and then a page",
    median(one),
    `worst ${Math.max(...one).toFixed(0)} ms`,
  );
  await store[Symbol.asyncDispose]();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
