/** The store under real processes: the one-daemon lock, kills at random moments, several claimers on one file. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { addSources, buildDefinition, T0 } from "./builders.ts";
import { buildDocument, SIGHTINGS_PER_POLL } from "./worker-process.ts";

const clock = { now: () => T0, sleep: () => Promise.reject(new Error("unused")) };
const worker = resolve("test/store/worker-process.ts");

let folder = "";
let file = "";
let children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mainstem-processes-"));
  file = join(folder, "mainstem.db");
  children = [];
});
afterEach(async () => {
  for (const child of children) await stop(child);
  await rm(folder, { recursive: true });
});

interface Worker {
  readonly child: ChildProcess;
  /** Every line it has written, complete once it has ended. */
  readonly lines: string[];
}

/** Starts a worker. */
function start(...args: readonly string[]): Worker {
  const child = spawn(process.execPath, [worker, ...args], {
    env: { ...process.env, NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const lines: string[] = [];
  let rest = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  });
  return { child, lines };
}

async function awaitLine(running: Worker): Promise<void> {
  while (running.lines.length === 0) {
    if (running.child.exitCode !== null) throw new Error(`the worker ended with ${running.child.exitCode}`);
    await sleep(5);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
}

async function awaitEnd(running: Worker): Promise<number | null> {
  if (running.child.exitCode === null) await once(running.child, "close");
  return running.child.exitCode;
}

test("a second daemon is refused and told who holds the store; after a kill -9 the next one starts at once", async () => {
  const first = start("hold", file);
  await awaitLine(first);
  const second = start("hold", file);
  expect(await awaitEnd(second)).toBe(2);
  expect(second.lines.join()).toContain(`is in use by process ${first.child.pid} on `);
  await expect(openSqliteStore({ file, role: "poller", clock })).rejects.toMatchObject({
    code: "store/locked",
  });

  // A tool works beside the daemon.
  {
    await using tool = await openSqliteStore({ file, role: "tool", clock });
    expect(await tool.listSources()).toEqual([]);
  }
  await stop(first.child);
  expect(existsSync(`${file}.holder`)).toBe(true);
  {
    await using again = await openSqliteStore({ file, role: "poller", clock });
    expect(await again.listSources()).toEqual([]);
    expect(JSON.parse(readFileSync(`${file}.holder`, "utf8"))).toMatchObject({
      pid: process.pid,
      since: T0.toISOString(),
    });
  }
  expect(existsSync(`${file}.holder`)).toBe(false);
});

test("killed at random moments while it polls: every poll is there whole or not at all, and no id ever changes", async () => {
  const ids = ["a", "b", "c", "d"];
  {
    await using store = await openSqliteStore({ file, role: "tool", clock });
    await addSources(store, ...ids.map((id) => buildDefinition(id)));
  }
  const published = new Map<string, string>();
  for (let round = 0; round < 12; round += 1) {
    const running = start("poll", file);
    await awaitLine(running);
    await sleep(20 + Math.random() * 200);
    await stop(running.child);
    const db = new DatabaseSync(file);
    expect(db.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    expect(db.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
    db.close();

    await using store = await openSqliteStore({ file, role: "poller", clock });
    const versions = new Map<string, number>();
    for (const source of await store.listSources()) {
      const polls = source.hints.ttlMs ?? 0;
      versions.set(source.id, polls);
      // Entries of all versions, and the edited one once.
      expect(source.entryCount).toBe(polls === 0 ? 0 : polls * (SIGHTINGS_PER_POLL - 1) + 1);
    }
    for (const line of running.lines.slice(1)) {
      const [id = "", version = ""] = line.split(" ");
      expect(versions.get(id)).toBeGreaterThan(Number(version));
    }
    const stories = await store.listStories({ limit: 1_000_000 });
    const shared = Math.max(0, ...versions.values());
    const own = [...versions.values()].reduce(
      (sum, polls) => sum + polls * (SIGHTINGS_PER_POLL - 2) + Number(polls > 0),
      0,
    );
    expect(stories.length).toBe(own + shared);
    for (const story of stories) {
      const name = story.sightings[0]?.aliases[0]?.key ?? "";
      expect(story.publishedId).toBe(published.get(name) ?? story.publishedId);
      published.set(name, story.publishedId);
    }
    const [id = "", polls = 0] = [...versions].find(([, count]) => count > 0) ?? [];
    if (polls === 0) continue;
    const keys = buildDocument(id, polls - 1).map((sighting) => sighting.aliases[0]?.key ?? "");
    for (const key of keys) expect(await store.findStory([key])).not.toBeNull();
  }
  expect(published.size).toBeGreaterThan(50);
}, 120_000);

test("two processes on one file never hold the same source at once, over many rounds", async () => {
  {
    await using store = await openSqliteStore({ file, role: "tool", clock });
    await addSources(store, ...Array.from({ length: 5 }, (_, n) => buildDefinition(`s${n}`)));
  }
  const workers = ["400", "400"].map((rounds) => start("race", file, rounds));
  for (const running of workers) expect(await awaitEnd(running)).toBe(0);
  const claims = workers.map(({ lines }) => lines.filter((line) => line.startsWith("claim ")));
  for (const each of claims) expect(each.length).toBeGreaterThan(100);
  // A worker fails at the first source that the other one holds; and a generation is given out once.
  const all = claims.flat();
  expect(new Set(all).size).toBe(all.length);
}, 120_000);
