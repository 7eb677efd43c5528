import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { timeStore } from "../../src/store/timed-store.ts";
import { addSources, buildDefinition, buildPoll, buildSighting, claim, T0 } from "./builders.ts";

const clock = { now: () => T0, sleep: () => Promise.reject(new Error("unused")) };

test("a timed store does what the store does, and tells each call, those that fail too", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mainstem-timed-"));
  const ops: string[] = [];
  const errors: string[] = [];
  try {
    const opened = await openSqliteStore({ file: join(folder, "a.db"), role: "tool", clock });
    const store = timeStore(opened, ({ op, durationMs, errorCode }) => {
      expect(durationMs).toBeGreaterThanOrEqual(0);
      ops.push(op);
      if (errorCode !== null) errors.push(`${op} ${errorCode}`);
    });
    await addSources(store, buildDefinition("a"));
    const lease = await claim(store, "a", T0);
    const poll = buildPoll(lease, [buildSighting("one", { urls: ["k/1"] })], { at: T0 });
    await store.recordPoll(poll);
    expect(await store.listStories({ limit: 9 })).toHaveLength(1);
    // The same poll again: its lease is gone.
    await expect(store.recordPoll(poll)).rejects.toThrow();
    await expect(store.backup(join(folder, "a.db"))).rejects.toThrow();
    expect(store.recordPoll).toBe(store.recordPoll);
    await store[Symbol.asyncDispose]();
  } finally {
    await rm(folder, { recursive: true });
  }
  expect(ops.filter((op) => op === "record_poll")).toHaveLength(2);
  // A lost lease is the poll's loss, not the store's failure.
  expect(errors).toEqual(["backup store/unwritable"]);
  expect(ops).toContain("sync_sources");
  expect(ops).toContain("list_stories");
});
