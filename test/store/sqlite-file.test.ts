/** The store's file itself: made, damaged, foreign, newer, older, not writable. */
import { hash } from "node:crypto";
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LeaseLostError, type StoreError } from "../../src/errors.ts";
import { SQLITE_MIGRATIONS } from "../../src/store/migrations/sqlite.ts";
import { openSqliteStore, type SqliteOptions } from "../../src/store/sqlite.ts";
import { migrateDatabase, readPragma } from "../../src/store/sqlite-migrate.ts";
import { addSources, buildDefinition, buildPoll, buildSighting, poll, T0 } from "./builders.ts";

const clock = { now: () => T0, sleep: () => Promise.reject(new Error("unused")) };

let folder = "";
let file = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mainstem-file-"));
  file = join(folder, "data", "mainstem.db");
});
afterEach(() => rm(folder, { recursive: true }));

const openStore = (options: Partial<SqliteOptions> = {}) =>
  openSqliteStore({ file, role: "poller", clock, ...options });

const digest = (path: string) => hash("sha256", readFileSync(path));

/** Makes a store with some hundred entries and closes it. */
async function fill(): Promise<void> {
  await using store = await openStore();
  await addSources(store, buildDefinition("a"));
  const sightings = Array.from({ length: 300 }, (_, n) =>
    buildSighting(`${n}`, { entry: { contentHtml: "x".repeat(500) } }),
  );
  await poll(store, "a", sightings);
}

async function expectRefused(code: StoreError["code"], pattern: RegExp): Promise<StoreError> {
  const error: unknown = await openStore().then(
    () => new Error("it was opened"),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code, message: expect.stringMatching(pattern), hint: expect.any(String) });
  return error as StoreError;
}

/** Runs `damage`, then expects that opening names the file and the way out, and leaves every byte. */
async function expectUntouched(damage: () => void | Promise<void>, pattern: RegExp): Promise<void> {
  await damage();
  const before = digest(file);
  const error = await expectRefused("store/corrupt", pattern);
  expect(error.message).toContain(file);
  expect(error.hint).toContain("mainstem backup");
  expect(digest(file)).toBe(before);
  // Refused again, and by a tool: nothing was made of it in between.
  await expect(openStore({ role: "tool" })).rejects.toMatchObject({ code: "store/corrupt" });
  expect(digest(file)).toBe(before);
}

describe("a damaged file", () => {
  const overwrite = async (offset: number) => {
    const handle = await open(file, "r+");
    const junk = Buffer.from(Array.from({ length: 200 }, (_, n) => (n * 73 + 19) % 256));
    await handle.write(junk, 0, junk.length, offset);
    await handle.close();
  };

  // A page has 8192 bytes; the middle of the first is nobody's.
  test.each([0, 100, 8000, 8192])("junk at byte %i", async (offset) => {
    await fill();
    await expectUntouched(() => overwrite(offset), /cannot be used/);
  });

  test("cut in half", async () => {
    await fill();
    await expectUntouched(() => truncateSync(file, Math.floor(statSync(file).size / 2)), /cannot be used/);
  });

  test("empty", async () => {
    await fill();
    await expectUntouched(() => truncateSync(file, 0), /it is empty/);
  });

  test("no database at all", async () => {
    await mkdir(join(folder, "data"));
    await expectUntouched(
      () => writeFileSync(file, "title: a config, not a store\n".repeat(300)),
      /not a database/,
    );
  });

  test("another program's database", async () => {
    await mkdir(join(folder, "data"));
    const foreign = () => {
      const db = new DatabaseSync(file);
      db.exec("CREATE TABLE theirs (x)");
      db.close();
    };
    await expectUntouched(foreign, /not a Mainstem store/);
  });

  test("a journal without its store is not played into a new one", async () => {
    await fill();
    const store = await openStore();
    await poll(store, "a", [buildSighting("in the journal")]);
    copyFileSync(`${file}-wal`, join(folder, "stale"));
    await store[Symbol.asyncDispose]();
    await rm(file);
    copyFileSync(join(folder, "stale"), `${file}-wal`);
    await expectRefused("store/corrupt", /journal/);
    expect(existsSync(file)).toBe(false);
  });

  test("damage found while running is told as such, and the rest goes on", async () => {
    await fill();
    const warnings: string[] = [];
    const db = new DatabaseSync(file);
    db.exec("UPDATE sightings SET record = substr(record, 1, 40) WHERE id = 7");
    db.exec('UPDATE sightings SET record = \'{"entry":{"title":null}}\' WHERE id = 8');
    db.exec("UPDATE sources SET state = 'junk'");
    db.close();
    await using store = await openStore({ onWarning: (message) => warnings.push(message) });
    expect(await store.listStories({ limit: 300 })).toHaveLength(298);
    expect(await store.listStories({ limit: 298 })).toHaveLength(298);
    // For the archive, too, what cannot be read is no end.
    expect(await store.listUnarchived({ output: "all", after: 5, limit: 1 })).toMatchObject([{ number: 6 }]);
    expect(await store.listUnarchived({ output: "all", after: 6, limit: 1 })).toMatchObject([{ number: 9 }]);
    expect(warnings.join()).toMatch(/sighting 7 is unreadable.*sighting 8 is unreadable/);
    expect(await store.listSources()).toMatchObject([{ id: "a", nextPollReason: "new source" }]);
    // The next poll of the same entry heals its row.
    const sighting = buildSighting("6", { title: "Healed" });
    expect(await poll(store, "a", [sighting])).toMatchObject({ entries: { new: 0, updated: 1 } });
    expect(await store.listStories({ limit: 300 })).toHaveLength(299);
  });
});

describe("versions", () => {
  test("a newer store is left alone", async () => {
    await fill();
    const db = new DatabaseSync(file);
    db.exec(`PRAGMA user_version = ${SQLITE_MIGRATIONS.length + 1}`);
    db.close();
    const before = digest(file);
    const error = await expectRefused("store/newer", /newer Mainstem/);
    expect(error.message).toContain(file);
    expect(digest(file)).toBe(before);
  });

  test("an older store is copied, then brought up to date in one step", async () => {
    await fill();
    const db = new DatabaseSync(file);
    const from = SQLITE_MIGRATIONS.length;
    const migrations = [
      ...SQLITE_MIGRATIONS,
      "ALTER TABLE sources ADD COLUMN extra TEXT",
      "UPDATE sources SET extra = 'x'",
    ];
    const copy = migrateDatabase(db, { file, migrations, now: T0 });
    expect(copy).toBe(`${file}.v${from}-20260617T123456Z.bak`);
    expect(readPragma(db, "user_version")).toBe(from + 2);
    expect(db.prepare("SELECT extra FROM sources").all()).toEqual([{ extra: "x" }]);
    expect(migrateDatabase(db, { file, migrations, now: T0 })).toBeNull();
    db.close();
    const old = new DatabaseSync(copy ?? "", { readOnly: true });
    expect(readPragma(old, "user_version")).toBe(from);
    expect(old.prepare("SELECT count(*) AS n FROM sightings").get()).toEqual({ n: 300 });
    old.close();
    copyFileSync(copy ?? "", file);
    await using store = await openStore();
    expect(await store.counts()).toMatchObject({ sightings: 300 });
  });

  test("a migration that fails half-way leaves the version it found", async () => {
    await fill();
    const db = new DatabaseSync(file);
    const migrations = [
      ...SQLITE_MIGRATIONS,
      "ALTER TABLE sources ADD COLUMN extra TEXT",
      "no such statement",
    ];
    expect(() => migrateDatabase(db, { file, migrations, now: T0 })).toThrow(/syntax/);
    expect(readPragma(db, "user_version")).toBe(SQLITE_MIGRATIONS.length);
    expect(() => db.prepare("SELECT extra FROM sources")).toThrow(/no such column/);
    db.close();
  });
});

describe("what a poller that is gone had leased", () => {
  const request = { now: T0, limit: 9, leaseMs: 60_000 };

  test("is free for the next poller, not for a tool, and nothing is taken under the old lease", async () => {
    const [claimed] = await (async () => {
      await using store = await openStore();
      await addSources(store, buildDefinition("a"));
      return store.claimDueSources(request);
    })();
    if (claimed === undefined) throw new Error("nothing was due");
    {
      await using tool = await openStore({ role: "tool" });
      expect(await tool.claimDueSources(request)).toEqual([]);
    }
    await using store = await openStore();
    await expect(store.recordPoll(buildPoll(claimed.lease, [], { at: T0 }))).rejects.toThrow(LeaseLostError);
    const [again] = await store.claimDueSources(request);
    expect(again).toMatchObject({
      lease: { generation: claimed.lease.generation + 1 },
      isTakenOver: false,
    });
    await expect(store.recordPoll(buildPoll(claimed.lease, [], { at: T0 }))).rejects.toThrow(LeaseLostError);
  });

  test("is free when the store comes from a version with leases in the rows of sources", async () => {
    mkdirSync(dirname(file));
    writeFileSync(file, gunzipSync(readFileSync("test/fixtures/store/v13.db.gz")));
    const db = new DatabaseSync(file);
    db.exec(
      `UPDATE sources SET generation = 5, next_poll_at = 0, leased_at = ${T0.getTime()}, lease_expires_at = ${T0.getTime() + 60_000}`,
    );
    db.close();
    await using store = await openStore();
    const claimed = await store.claimDueSources(request);
    expect(claimed).toHaveLength(5);
    for (const { lease, isTakenOver } of claimed) expect([lease.generation, isTakenOver]).toEqual([6, false]);
    const [{ lease } = { lease: null }] = claimed;
    if (lease === null) throw new Error("nothing was due");
    const old = { ...lease, generation: 5 };
    await expect(store.recordPoll(buildPoll(old, [], { at: T0 }))).rejects.toThrow(LeaseLostError);
    await store.recordPoll(buildPoll(lease, [], { at: T0 }));
  });
});

describe("the place", () => {
  test("a missing folder is made; the file is its owner's alone; closed, only store and lock are left", async () => {
    await fill();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, "data")).sort()).toEqual(["mainstem.db", "mainstem.db.lock"]);
  });

  test("what a kill left while the store was being made is no obstacle", async () => {
    await mkdir(join(folder, "data"));
    writeFileSync(`${file}.new`, "half");
    writeFileSync(`${file}.new-wal`, "half");
    await fill();
    await using store = await openStore();
    expect(await store.counts()).toMatchObject({ sightings: 300 });
  });

  test("a folder that cannot be made or written is told with the user and the path", async () => {
    await mkdir(join(folder, "is-a-folder"));
    writeFileSync(join(folder, "data"), "a file where the folder should be");
    const error = await expectRefused("store/unwritable", /^user \d+ cannot write the store /);
    expect(error.message).toContain(file);
    expect(error.hint).toContain("chown");
    await expect(openStore({ file: "/proc/mainstem/mainstem.db" })).rejects.toMatchObject({
      code: "store/unwritable",
    });
    await expect(openStore({ file: "/proc/mainstem.db" })).rejects.toMatchObject({
      code: "store/unwritable",
    });
    await expect(openStore({ file: join(folder, "is-a-folder") })).rejects.toMatchObject({
      code: "store/unwritable",
    });
  });

  test("a backup into a place that cannot be written leaves nothing behind", async () => {
    await fill();
    await using store = await openStore();
    await expect(store.backup("/proc/mainstem.db")).rejects.toMatchObject({ code: "store/unwritable" });
    await store.backup(join(folder, "copy.db"));
    expect(readdirSync(folder).sort()).toEqual(["copy.db", "data"]);
    expect(statSync(join(folder, "copy.db")).mode & 0o777).toBe(0o600);
  });

  test("no secret of a definition is in the file", async () => {
    {
      await using store = await openStore();
      await addSources(store, buildDefinition("a", { headers: { Authorization: "S3CRET-CANARY" } }));
      await poll(store, "a", [buildSighting("1")]);
    }
    appendFileSync(join(folder, "seen"), readFileSync(file));
    expect(readFileSync(join(folder, "seen")).includes("S3CRET-CANARY")).toBe(false);
    expect(readFileSync(join(folder, "seen")).includes("Title of 1")).toBe(true);
  });
});

describe("a file that holds less than it did", () => {
  const long = "A text of some length that takes room. ".repeat(100);
  const many = Array.from({ length: 200 }, (_, n) =>
    buildSighting(`long ${n}`, { urls: [`long.example/${n}`], entry: { contentHtml: long } }),
  );

  test("is given back to the disk in steps, and is sound", async () => {
    {
      await using store = await openStore();
      await addSources(store, buildDefinition("a"));
      await poll(store, "a", many);
    }
    const before = statSync(file).size;
    {
      await using store = await openStore();
      await store.forgetStories({ newest: 5 }, { at: T0, limit: 1000 });
      const first = await store.shrink({ bytesMax: 0 });
      expect(first.freeBytes).toBeGreaterThan(before / 2);
      const second = await store.shrink({ bytesMax: 64 * 1024 });
      expect(first.fileBytes - second.fileBytes).toBe(64 * 1024);
      for (let left = second.freeBytes; left > 0; )
        left = (await store.shrink({ bytesMax: 1024 * 1024 })).freeBytes;
    }
    expect(statSync(file).size).toBeLessThan(before / 2);
    const db = new DatabaseSync(file, { readOnly: true });
    expect(db.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    db.close();
    await using store = await openStore();
    expect(await store.counts()).toMatchObject({ stories: 5 });
  });

  test("can be given back by a tool while the daemon polls, and by a file of an older version", async () => {
    writeOlder();
    await using daemon = await openStore();
    await addSources(daemon, buildDefinition("a"));
    await poll(daemon, "a", many);
    await using tool = await openStore({ role: "tool" });
    await tool.forgetStories({ newest: 5 }, { at: T0, limit: 1000 });
    const reading = poll(daemon, "a", [buildSighting("new", { urls: ["new.example/"] })], {
      at: new Date(T0.getTime() + 86_400_000),
    });
    expect((await tool.shrink({ bytesMax: 100 * 1024 * 1024 })).freeBytes).toBe(0);
    expect((await reading).entries.new).toBe(1);
  });

  /** As version 10 made its files: whole pages stay free in them for ever. */
  function writeOlder(): void {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, gunzipSync(readFileSync("test/fixtures/store/v10.db.gz")));
    const db = new DatabaseSync(file, { readOnly: true });
    expect(readPragma(db, "auto_vacuum")).toBe(0);
    db.close();
  }
});
