/** What becomes of the store's file: damage, a newer version, a folder that may not be written, two daemons, a backup put back. */
import { execFileSync } from "node:child_process";
import { hash } from "node:crypto";
import { chownSync, copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CommandOptions, Daemon, freePort, runCommand } from "../support/daemon.ts";
import { reportFigures, sized } from "../support/fault-size.ts";
import { Newsstand } from "../support/newsstand.ts";
import { alternates, rememberIds } from "../support/published-stories.ts";
import { isSkippedWithout } from "../support/skip.ts";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

const feeds = 3;
const isRoot = process.getuid?.() === 0;

function configFor(stand: Newsstand): string {
  return `allow_private: true
limits: { per_host: 8 }
schedule: 1s
outputs: [{ name: all, limit: 1000 }]
${stand.sourcesYaml()}`;
}

function storeOf({ folder }: Workspace): string {
  return join(folder, "data", "mainstem.db");
}

/** A store with some hundred stories in it, its daemon stopped. */
async function fill(stand: Newsstand, workspace: Workspace): Promise<string> {
  for (let n = 0; n < 40; n++) stand.publish(n % feeds);
  await using daemon = await Daemon.start(workspace.config);
  await daemon.waitFor("full", async () => alternates(await daemon.text("/atom.xml")).length === 40);
  const atom = await daemon.text("/atom.xml");
  expect(await daemon.stop()).toBe(0);
  return atom;
}

const digest = (file: string) => hash("sha256", readFileSync(file));

/** A start that must not succeed. */
async function startInVain(workspace: Workspace, options: CommandOptions = {}) {
  const port = await freePort();
  const startedAt = performance.now();
  const result = await runCommand(["run", "--config", workspace.config], {
    ...options,
    env: { ...options.env, MAINSTEM_LISTEN: `127.0.0.1:${port}` },
  });
  return { ...result, tookMs: performance.now() - startedAt };
}

function overwrite(file: string, offset: number, length: number): void {
  const bytes = readFileSync(file);
  for (let n = 0; n < length; n++) bytes[offset + n] = (n * 167 + 13) % 256;
  writeFileSync(file, bytes);
}

describe("a store that cannot be used", () => {
  let stand: Newsstand;
  let whole: Workspace;
  let copy = "";
  let published = "";
  beforeAll(async () => {
    stand = await Newsstand.open(feeds);
    whole = await createWorkspace(configFor(stand));
    published = await fill(stand, whole);
    copy = join(whole.folder, "copy.db");
    expect((await runCommand(["backup", copy, "--config", whole.config])).code).toBe(0);
  });
  afterAll(async () => {
    await whole[Symbol.asyncDispose]();
    await stand[Symbol.asyncDispose]();
  });

  it.each<[string, (file: string) => void]>([
    ["200 bytes overwritten at the start", (file) => overwrite(file, 0, 200)],
    ["200 bytes overwritten at 100", (file) => overwrite(file, 100, 200)],
    ["200 bytes overwritten at 8192", (file) => overwrite(file, 8192, 200)],
    [
      "200 bytes overwritten in the middle",
      (file) => overwrite(file, Math.floor(readFileSync(file).length / 16384) * 8192, 200),
    ],
    ["cut in half", (file) => truncateSync(file, Math.floor(readFileSync(file).length / 2))],
    ["empty", (file) => truncateSync(file, 0)],
    ["no database", (file) => writeFileSync(file, "PK\u0003\u0004 an archive, say")],
    [
      "another program's database",
      (file) => {
        rmSync(file);
        const db = new DatabaseSync(file);
        db.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
        db.close();
      },
    ],
    [
      "from a newer version",
      (file) => {
        const db = new DatabaseSync(file);
        db.exec("PRAGMA journal_mode = DELETE; PRAGMA user_version = 999");
        db.close();
      },
    ],
  ])("%s: exit 2, one line with file and way out, not a byte changed", async (name, damage) => {
    await using workspace = await createWorkspace(configFor(stand));
    const file = storeOf(workspace);
    await mkdir(dirname(file));
    copyFileSync(copy, file);
    damage(file);
    const damaged = digest(file);
    const { code, stderr, stdout } = await startInVain(workspace);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain(file);
    expect(stderr).toMatch(/mainstem backup|newer version|\.bak/);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(digest(file)).toBe(damaged);
    if (sized({ short: 0, full: 1 }) === 0 && name !== "cut in half") return;

    // The way out, as the message says it: what is there aside, the copy in its place.
    for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix, { force: true });
    copyFileSync(copy, file);
    const asked = stand.requests(0).length;
    await using daemon = await Daemon.start(workspace.config);
    const ids = new Map<string, string>();
    rememberIds(published, ids);
    rememberIds(await daemon.text("/atom.xml"), ids);
    const news = stand.storyUrl(stand.publish(0));
    await daemon.waitFor("telling the news", async () =>
      alternates(await daemon.text("/atom.xml")).includes(news),
    );
    rememberIds(await daemon.text("/atom.xml"), ids);
    expect([...ids.keys()].sort()).toEqual([...stand.told].map((id) => stand.storyUrl(id)).sort());
    const since = stand.requests(0).slice(asked);
    expect(since.every(({ isConditional }) => isConditional)).toBe(true);
    expect(await daemon.stop()).toBe(0);
  });
});

describe.skipIf(isSkippedWithout("right to change owners and mounts (root)", isRoot))(
  "a store that may not be written",
  () => {
    it("a folder mounted read-only: exit 2 and a line that names it", async () => {
      await using stand = await Newsstand.open(feeds);
      await using workspace = await createWorkspace(configFor(stand));
      await fill(stand, workspace);
      const data = join(workspace.folder, "data");
      execFileSync("mount", ["--bind", data, data]);
      try {
        execFileSync("mount", ["-o", "remount,ro,bind", data]);
        const { code, stderr } = await startInVain(workspace);
        expect(code).toBe(2);
        expect(stderr.trim().split("\n")).toHaveLength(1);
        expect(stderr).toContain(data);
      } finally {
        execFileSync("umount", ["-l", data]);
      }
    });

    it("a folder of somebody else: exit 2, the user, the folder and the command that helps", async () => {
      await using workspace = await createWorkspace("sources: []\n");
      await mkdir(join(workspace.folder, "data"), { mode: 0o755 });
      chownSync(workspace.folder, 65534, 65534);
      const port = await freePort();
      const run = (args: readonly string[]) =>
        execFileSync("setpriv", ["--reuid=65534", "--clear-groups", ...args], {
          encoding: "utf8",
          stdio: "pipe",
        });
      let message = "";
      try {
        run([
          "env",
          `MAINSTEM_LISTEN=127.0.0.1:${port}`,
          process.execPath,
          "src/main.ts",
          "run",
          "--config",
          workspace.config,
        ]);
      } catch (error) {
        message = String((error as { stderr?: string }).stderr);
        expect((error as { status?: number }).status).toBe(2);
      }
      expect(message.trim().split("\n")).toHaveLength(1);
      expect(message).toMatch(/user 65534 .*mainstem\.db.*chown -R 65534/);
    });
  },
);

describe("two daemons on one file", () => {
  it("the second is refused with the holder's name; when the first is killed, the next starts at once", async () => {
    await using stand = await Newsstand.open(feeds);
    await using workspace = await createWorkspace(configFor(stand));
    stand.publish(0, 1);
    await using first = await Daemon.start(workspace.config);
    await first.waitFor("through", async () => alternates(await first.text("/atom.xml")).length === 1);
    const refused = await startInVain(workspace);
    expect(refused.code).toBe(2);
    expect(refused.stderr.trim().split("\n")).toHaveLength(1);
    expect(refused.stderr).toContain(String(first.pid));
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    expect(await first.stop("SIGKILL")).toBe("SIGKILL");
    const startedAt = performance.now();
    await using next = await Daemon.start(workspace.config);
    const startMs = performance.now() - startedAt;
    expect(alternates(await next.text("/atom.xml"))).toHaveLength(1);
    expect(await next.stop()).toBe(0);
    reportFigures("two daemons on one file", {
      "the second refused after ms": Math.round(refused.tookMs),
      "start after the first was killed, ms": Math.round(startMs),
    });
  });
});

describe("a backup while the daemon polls", () => {
  it("is a sound store with every story of its moment", async () => {
    await using stand = await Newsstand.open(feeds);
    await using workspace = await createWorkspace(configFor(stand));
    await using daemon = await Daemon.start(workspace.config);
    let published = 0;
    const publishing = new AbortController();
    const publisher = (async () => {
      while (!publishing.signal.aborted) {
        stand.publish(published++ % feeds);
        await sleep(20);
      }
    })();
    await daemon.waitFor("at work", async () => alternates(await daemon.text("/atom.xml")).length > 20);
    const known = alternates(await daemon.text("/atom.xml")).length;
    const file = join(workspace.folder, "copy.db");
    expect((await runCommand(["backup", file, "--config", workspace.config])).code).toBe(0);
    publishing.abort();
    await publisher;
    const db = new DatabaseSync(file, { readOnly: true });
    expect(db.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    const { stories } = db.prepare("SELECT count(*) AS stories FROM stories").get() as { stories: number };
    db.close();
    expect(stories).toBeGreaterThanOrEqual(known);
    expect(await daemon.stop()).toBe(0);
  });
});
