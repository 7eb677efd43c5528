import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { StoreError } from "../../src/errors.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { openThreadedSqliteStore } from "../../src/store/sqlite-threaded.ts";
import type { Store } from "../../src/store/store.ts";
import {
  addSources,
  buildDefinition,
  buildPoll,
  buildSighting,
  claim,
  guidAlias,
  poll,
  T0,
  urlAlias,
} from "./builders.ts";
import { describeStore } from "./contract.ts";

const clock = { now: () => T0, sleep: () => Promise.reject(new Error("the store does not sleep")) };

describeStore("sqlite in a thread", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mainstem-store-"));
  const file = join(folder, "data", "mainstem.db");
  const opened: Store[] = [];
  const keep = async (opening: Promise<Store>) => {
    const store = await opening;
    opened.push(store);
    return store;
  };
  const backup = join(folder, "copy.db");
  return {
    // One daemon has the store; what is opened beside it is a tool's.
    open: () =>
      keep(
        opened.length === 0
          ? openThreadedSqliteStore({ file, clock })
          : openSqliteStore({ file, role: "tool", clock }),
      ),
    backup: { file: backup, open: () => keep(openSqliteStore({ file: backup, role: "tool", clock })) },
    async remove() {
      for (const store of opened) await store[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
});

describe("a store that a thread writes", () => {
  let folder = "";
  let file = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "mainstem-store-"));
    file = join(folder, "mainstem.db");
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("says who holds it when it is opened twice, and is free when it was closed", async () => {
    const store = await openThreadedSqliteStore({ file, clock });
    const second = openThreadedSqliteStore({ file, clock });
    await expect(second).rejects.toBeInstanceOf(StoreError);
    await expect(second).rejects.toMatchObject({
      code: "store/locked",
      message: expect.stringContaining(`process ${process.pid} `),
      hint: expect.stringContaining("stop the other one"),
    });
    await store[Symbol.asyncDispose]();
    await using again = await openThreadedSqliteStore({ file, clock });
    expect(await again.revision()).toBe(0);
  });

  test("refuses a file that is no store, and leaves it as it was", async () => {
    await writeFile(file, "title: a config, not a store\n".repeat(300));
    const before = await readFile(file);
    await expect(openThreadedSqliteStore({ file, clock })).rejects.toMatchObject({
      code: "store/corrupt",
      hint: expect.stringContaining("mainstem backup"),
    });
    expect(await readFile(file)).toEqual(before);
  });

  test("hears of what other processes write, not of what it writes itself", async () => {
    await using store = await openThreadedSqliteStore({ file, clock });
    let heard = 0;
    await using _watching = await store.watchRevision(() => (heard += 1));
    await addSources(store, buildDefinition("a"));
    await poll(store, "a", [buildSighting("1"), buildSighting("2")]);
    // Longer than the second in which it looks.
    await sleep(1300);
    expect(heard).toBe(0);
    await using tool = await openSqliteStore({ file, role: "tool", clock });
    await tool.setIdentityVersion(3);
    await vi.waitFor(() => expect(heard).toBe(1), 5000);
  });

  test("answers readers while it writes", async () => {
    await using store = await openThreadedSqliteStore({ file, clock });
    await addSources(store, buildDefinition("a"));
    const lease = await claim(store, "a", T0);
    const many = Array.from({ length: 2000 }, (_, n) => buildSighting(`g${n}`));
    const order: string[] = [];
    const written = store.recordPoll(buildPoll(lease, many, { at: T0 })).then(() => order.push("written"));
    expect(await store.listStories({ limit: 10 })).toEqual([]);
    order.push("read");
    await written;
    expect(order).toEqual(["read", "written"]);
    expect(await store.listStories({ limit: 3000 })).toHaveLength(2000);
  });

  test("tells what was forgiven while it was opened", async () => {
    await writeFile(
      file,
      gunzipSync(await readFile(join(import.meta.dirname, "../fixtures/store/v5.db.gz"))),
    );
    const warnings: string[] = [];
    await using store = await openThreadedSqliteStore({
      file,
      clock,
      onWarning: (text) => warnings.push(text),
    });
    expect((await store.counts()).stories).toBeGreaterThan(0);
    expect(warnings.join()).toMatch(/was migrated; its copy/);
  });

  test("stores a first document as a store of one's own thread does, also what it has to change in it", async () => {
    const day = new Date(T0.getTime() + 86_400_000);
    const first = [
      buildSighting("a", {
        aliases: [urlAlias("x.example/1"), guidAlias("a")],
        entry: { title: "One of two", contentHtml: "<p>first porpoise</p>", published: T0 },
      }),
      // Another entry under the same guid, and one that is dated tomorrow.
      buildSighting("a", {
        aliases: [urlAlias("x.example/2"), guidAlias("a")],
        entry: { title: "Quite another", contentHtml: "<p>second walrus</p>", published: day },
      }),
      buildSighting("b", {
        entry: { title: "Tomorrow", contentHtml: "<p>third narwhal</p>" },
        orderedAt: day,
      }),
    ];
    const tell = async (store: Store) => {
      await addSources(store, buildDefinition("s1"));
      expect((await poll(store, "s1", first)).entries.new).toBe(3);
      const stories = await store.listStories({ limit: 10 });
      const found = await Promise.all(
        ["porpoise", "walrus", "narwhal"].map((search) => store.listStories({ limit: 10, search })),
      );
      return { stories, found: found.map((list) => list.map(({ number }) => number)) };
    };
    await using own = await openSqliteStore({ file: `${file}.own`, role: "poller", clock });
    await using threaded = await openThreadedSqliteStore({ file, clock });
    const expected = await tell(own);
    expect(await tell(threaded)).toEqual(expected);
    expect(expected.found).toEqual([[expect.any(Number)], [expect.any(Number)], [expect.any(Number)]]);
  });
});
