/** A disk that fails: single writes that end with an error, and a journal whose end is lost or garbled, as when the power goes. */
import { execFileSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { Daemon, runCommand } from "../support/daemon.ts";
import { reportFigures, sized } from "../support/fault-size.ts";
import { Newsstand } from "../support/newsstand.ts";
import { alternates, rememberIds } from "../support/published-stories.ts";
import { isSkippedWithout } from "../support/skip.ts";
import { createWorkspace } from "../support/workspace.ts";

const feeds = 6;

const configOf = (stand: Newsstand) => `allow_private: true
limits: { per_host: 8, lease: 10s }
schedule: 1s
outputs: [{ name: all, limit: 5000 }]
${stand.sourcesYaml()}`;

function mayTrace(): boolean {
  try {
    execFileSync("strace", ["-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64", "true"]);
    return true;
  } catch {
    return false;
  }
}

function mayLimit(): boolean {
  try {
    execFileSync("prlimit", ["--version"]);
    return true;
  } catch {
    return false;
  }
}

/** What strace wrote of the errors that it made, on files whose path has `path`. */
function countInjected(trace: string, path = ""): number {
  const lines = readFileSync(trace, "utf8").split("\n");
  return lines.filter((line) => line.includes("(INJECTED)") && line.includes(path)).length;
}

/** Waits until every story that a client was ever given is published, each once. */
async function untilComplete(daemon: Daemon, stand: Newsstand): Promise<readonly string[]> {
  let urls: readonly string[] = [];
  await daemon.waitFor(
    "complete",
    async () => {
      urls = alternates(await daemon.text("/atom.xml"));
      const found = new Set(urls);
      return [...stand.told].every((id) => found.has(stand.storyUrl(id)));
    },
    90_000,
  );
  return urls;
}

/** Publishes in every feed while a fault lasts; whoever asks for the combined feed gets it. @returns how often it was asked for */
async function publishWhile(
  daemon: Daemon,
  stand: Newsstand,
  { each, ids, isOver }: { each: () => number; ids: Map<string, string>; isOver: () => Promise<boolean> },
): Promise<number> {
  let answered = 0;
  await daemon.waitFor(
    "through the fault",
    async () => {
      for (let n = 0; n < each() * feeds; n++) stand.publish(n % feeds);
      const feed = await fetch(`${daemon.url}/atom.xml`);
      expect(feed.status).toBe(200);
      rememberIds(await feed.text(), ids);
      answered += 1;
      await sleep(500);
      return isOver();
    },
    sized({ short: 120_000, full: 900_000 }),
  );
  return answered;
}

/** After the fault: news come, nothing is missing or doubled, it is ready, said little, stops well, and the store is sound. */
async function expectWhole(
  daemon: Daemon,
  stand: Newsstand,
  { ids, folder }: { ids: Map<string, string>; folder: string },
) {
  const news = stand.storyUrl(stand.publish(0));
  await daemon.waitFor(
    "telling the news",
    async () => alternates(await daemon.text("/atom.xml")).includes(news),
    60_000,
  );
  const urls = await untilComplete(daemon, stand);
  rememberIds(await daemon.text("/atom.xml"), ids);
  expect(urls.length - new Set(urls).size).toBe(0);
  await daemon.waitFor("ready", async () => (await fetch(`${daemon.url}/readyz`)).ok);
  const complaints = daemon.output.stderr.split("\n").filter((line) => line.includes('"level":"error"'));
  expect(await daemon.stop()).toBe(0);
  const db = new DatabaseSync(join(folder, "data", "mainstem.db"), { readOnly: true });
  expect(db.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  db.close();
  return { stories: stand.told.size, lost: 0, doubled: 0, "error lines": complaints.length };
}

describe.skipIf(isSkippedWithout("strace, and the right to trace", mayTrace()))("a disk with errors", () => {
  it.each(["EIO", "ENOSPC"])(
    "writes fail with %s: the feed is served, polling goes on by itself, nothing is lost or doubled",
    async (error) => {
      // The first writes of a thread are the making of the store and a few polls.
      const first = 700;
      const count = sized({ short: 6, full: 60 });
      // No entry leaves its feed while the disk fails: it could not be fetched again.
      await using stand = await Newsstand.open(feeds, { kept: 2000 });
      await using workspace = await createWorkspace(configOf(stand));
      const trace = join(workspace.folder, "trace");
      await using daemon = await Daemon.start(workspace.config, {
        // -D: the daemon is our child, strace only looks on.
        wrapper: [
          ...["strace", "-D", "-f", "-qq", "--seccomp-bpf", "-o", trace, "-e", "trace=pwrite64"],
          ...["-e", `inject=pwrite64:error=${error}:when=${first}..${first + count - 1}`],
        ],
      });
      const ids = new Map<string, string>();
      const isOver = async () => countInjected(trace) >= count;
      const answered = await publishWhile(daemon, stand, { each: () => 1, ids, isOver });
      const figures = await expectWhole(daemon, stand, { ids, folder: workspace.folder });
      expect(figures["error lines"]).toBeLessThanOrEqual(5);
      reportFigures(`a disk whose writes fail with ${error}`, {
        errors: countInjected(trace),
        ...figures,
        "feeds served meanwhile": answered,
      });
    },
  );

  it.each(["EIO", "ENOSPC"].slice(0, sized({ short: 1, full: 2 })))(
    "syncs fail with %s: the same; the static files say so, and are whole by themselves afterwards",
    async (error) => {
      const count = sized({ short: 3, full: 12 });
      await using stand = await Newsstand.open(feeds, { kept: 2000, words: 200 });
      await using workspace = await createWorkspace(`${configOf(stand)}publish: { directory: ../public }\n`);
      {
        // Making a store takes many syncs, and a start that the disk refuses ends: the test below.
        await using maker = await Daemon.start(workspace.config);
        expect(await maker.stop()).toBe(0);
      }
      const trace = join(workspace.folder, "trace");
      await using daemon = await Daemon.start(workspace.config, {
        wrapper: [
          ...["strace", "-D", "-f", "-y", "-qq", "--seccomp-bpf", "-o", trace, "-e", "trace=fsync,fdatasync"],
          // Counted by thread. The store's are one as its journal begins, then two at each checkpoint (8 MiB of journal).
          ...["-e", `inject=fsync,fdatasync:error=${error}:when=3..${count + 2}`],
        ],
      });
      const ids = new Map<string, string>();
      const errors = () => ({
        "errors of the store": countInjected(trace, "mainstem.db"),
        "errors of static files": countInjected(trace, "/public/"),
      });
      let isTold = false;
      const answered = await publishWhile(daemon, stand, {
        // Until the journal is long enough; afterwards so much that something is to be written.
        each: () => (errors()["errors of the store"] < count ? 3 : 1 / feeds),
        ids,
        isOver: async () => {
          const isFailing = /cannot write \S+public/.test(await daemon.text("/readyz"));
          isTold ||= isFailing;
          return isTold && !isFailing && errors()["errors of the store"] >= count;
        },
      });
      const file = join(workspace.folder, "public", "atom.xml");
      await daemon.waitFor(
        "writing the files again",
        async () => (await readFile(file, "utf8")) === (await daemon.text("/atom.xml")),
        90_000,
      );
      expect(gunzipSync(await readFile(`${file}.gz`)).equals(await readFile(file))).toBe(true);
      const figures = await expectWhole(daemon, stand, { ids, folder: workspace.folder });
      expect(figures["error lines"]).toBeLessThanOrEqual(answered);
      reportFigures(`a disk whose syncs fail with ${error}`, {
        ...errors(),
        ...figures,
        "feeds served meanwhile": answered,
      });
    },
  );

  it("ends a first start in a line that names the file and the way out; the next start works", async () => {
    await using stand = await Newsstand.open(feeds);
    await using workspace = await createWorkspace(configOf(stand));
    const store = join(workspace.folder, "data", "mainstem.db");
    const start = await runCommand(["run", "--config", workspace.config], {
      env: { MAINSTEM_LISTEN: "127.0.0.1:0" },
      wrapper: [
        ...["strace", "-f", "-qq", "-o", join(workspace.folder, "trace"), "-e", "trace=fsync,fdatasync"],
        ...["-e", "inject=fsync,fdatasync:error=EIO:when=1"],
      ],
    });
    expect(start).toMatchObject({ code: 2, stdout: "" });
    expect(start.stderr).toMatch(/^mainstem: [^\n]+start(ed)? (it )?again\)\n$/);
    expect(start.stderr).toContain(store);
    expect(existsSync(store)).toBe(false);
    stand.publish(0);
    await using daemon = await Daemon.start(workspace.config);
    await untilComplete(daemon, stand);
    expect(await daemon.stop()).toBe(0);
  });
});

describe.skipIf(isSkippedWithout("prlimit (Debian: util-linux)", mayLimit()))(
  "a limit on the size of files",
  () => {
    it("says so in readyz, goes on serving, and catches up by itself when it is lifted", async () => {
      await using stand = await Newsstand.open(feeds, { kept: 2000, words: 200 });
      await using workspace = await createWorkspace(configOf(stand));
      await using daemon = await Daemon.start(workspace.config);
      const ids = new Map<string, string>();
      stand.publish(...Array.from({ length: feeds }, (_, index) => index));
      await daemon.waitFor("polling", async () => stand.told.size > 0);
      await untilComplete(daemon, stand);
      const limit = (bytes: string) =>
        execFileSync("prlimit", ["--pid", String(daemon.pid), `--fsize=${bytes}:unlimited`]);
      // As `ulimit -f` does, a little above what the journal has now.
      limit(String(statSync(join(workspace.folder, "data", "mainstem.db-wal")).size + 300_000));
      let refusals = 0;
      const answered = await publishWhile(daemon, stand, {
        each: () => 1,
        ids,
        isOver: async () => {
          const ready = await fetch(`${daemon.url}/readyz`);
          if (ready.status === 503 && /mainstem\.db/.test(await ready.text())) refusals += 1;
          return refusals >= sized({ short: 6, full: 60 });
        },
      });
      limit("unlimited");
      const figures = await expectWhole(daemon, stand, { ids, folder: workspace.folder });
      expect(figures["error lines"]).toBeLessThanOrEqual(5);
      reportFigures("a limit on the size of files", {
        ...figures,
        "feeds served meanwhile": answered,
      });
    });
  },
);

/** What a store holds, read by SQLite alone; its journal is recovered thereby. */
function readStore(file: string) {
  const db = new DatabaseSync(file);
  try {
    const [integrity] = Object.values(db.prepare("PRAGMA integrity_check").get() ?? {});
    const ids = db
      .prepare("SELECT number, published_id FROM stories ORDER BY number")
      .all()
      .map(({ number, published_id }) => `${number} ${published_id}`);
    const versions = new Map<string, number>();
    for (const { id, state } of db.prepare("SELECT id, state FROM sources").all())
      versions.set(String(id), Number(/\\"v(\d+)\\"/.exec(String(state))?.[1] ?? 0));
    const entries = new Map<string, number>();
    for (const { id, count } of db
      .prepare(
        "SELECT sources.id, count(*) AS count FROM sightings JOIN sources ON no = source_no GROUP BY no",
      )
      .all())
      entries.set(String(id), Number(count));
    return { integrity, ids, versions, entries };
  } finally {
    db.close();
  }
}

/** The end of a journal as a power cut leaves it: gone, or never written, or with other bytes in it. */
function tear(wal: string, at: number, how: "cut" | "garbled" | "zeroed"): void {
  if (how === "cut") {
    truncateSync(wal, at);
    return;
  }
  const size = readFileSync(wal).length;
  const file = openSync(wal, "r+");
  const bytes = Buffer.alloc(size - at);
  if (how === "garbled") for (let n = 0; n < bytes.length; n++) bytes[n] = (n * 167 + at) % 256;
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

describe("a journal whose end is lost", () => {
  it("leaves a sound store of an earlier moment, entries and validators alike; the rest is fetched again", async () => {
    const tears = sized({ short: 45, full: 600 });
    const starts = sized({ short: 3, full: 20 });
    await using stand = await Newsstand.open(feeds);
    await using workspace = await createWorkspace(configOf(stand));
    const file = join(workspace.folder, "data", "mainstem.db");
    for (let n = 0; n < 5 * feeds; n++) stand.publish(n % feeds);
    {
      await using first = await Daemon.start(workspace.config);
      await untilComplete(first, stand);
      await first.waitFor("through", async () => stand.told.size === 5 * feeds);
      expect(await first.stop()).toBe(0);
    }
    const ids = new Map<string, string>();
    {
      await using killed = await Daemon.start(workspace.config);
      for (let n = 0; n < 20 * feeds; n++) {
        stand.publish(n % feeds);
        await sleep(25);
      }
      await killed.waitFor("through", async () => stand.told.size === 25 * feeds);
      await untilComplete(killed, stand);
      rememberIds(await killed.text("/atom.xml"), ids);
      await killed.stop("SIGKILL");
    }
    const wal = `${file}-wal`;
    expect(existsSync(wal)).toBe(true);
    const copy = async (name: string) => {
      const folder = join(workspace.folder, name);
      await mkdir(folder, { recursive: true });
      const target = join(folder, "mainstem.db");
      copyFileSync(file, target);
      copyFileSync(wal, `${target}-wal`);
      return target;
    };
    const size = readFileSync(wal).length;
    const whole = readStore(await copy("whole"));
    const checkpointed = await copy("checkpointed");
    truncateSync(`${checkpointed}-wal`, 0);
    const before = readStore(checkpointed);
    expect(before.ids.length).toBeGreaterThanOrEqual(5 * feeds);
    expect(whole.ids.length).toBeGreaterThan(before.ids.length);
    expect([...whole.versions.values()]).toEqual(Array.from({ length: feeds }, () => 25));
    let shortest = whole.ids.length;
    const ways = ["cut", "garbled", "zeroed"] as const;
    for (let n = 0; n < tears; n++) {
      const how = ways[n % ways.length] ?? "cut";
      // Anywhere: between frames, in a frame's head, in the journal's own.
      const at = Math.floor((size * (n + Math.random())) / tears);
      const target = await copy(`torn-${n}`);
      tear(`${target}-wal`, at, how);
      const isStarted = n % Math.ceil(tears / starts) === 1;
      const torn = isStarted ? null : readStore(target);
      if (torn !== null) {
        expect(torn.integrity).toBe("ok");
        expect(torn.ids).toEqual(whole.ids.slice(0, torn.ids.length));
        expect(torn.ids.length).toBeGreaterThanOrEqual(before.ids.length);
        shortest = Math.min(shortest, torn.ids.length);
        // A validator without its entries would hide them for good. Version n of a feed has n entries.
        for (const [id, version] of torn.versions)
          expect(torn.entries.get(id) ?? 0).toBeGreaterThanOrEqual(version);
        continue;
      }
      await using next = await Daemon.start(workspace.config, {
        env: { MAINSTEM_STORE: `sqlite:${target}` },
      });
      const urls = await untilComplete(next, stand);
      expect(urls.length - new Set(urls).size).toBe(0);
      rememberIds(await next.text("/atom.xml"), ids);
      expect(await next.stop()).toBe(0);
      expect(readStore(target).integrity).toBe("ok");
    }
    reportFigures(`${tears} torn journals of ${Math.round(size / 1000)} KB`, {
      stories: whole.ids.length,
      "checkpointed, kept by all": before.ids.length,
      "fewest kept": shortest,
      "daemons started": starts,
      "not sound": 0,
      doubled: 0,
    });
  });
});
