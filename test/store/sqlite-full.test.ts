/** A disk that is full, then has room again. Needs a small file system of its own, so root on Linux. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { isSkippedWithout } from "../support/skip.ts";
import { addSources, after, buildDefinition, buildSighting, poll, T0 } from "./builders.ts";

const clock = { now: () => T0, sleep: () => Promise.reject(new Error("unused")) };

const folder = mkdtempSync(join(tmpdir(), "mainstem-full-"));
const isMounted = mountSmallDisk();

function mountSmallDisk(): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], { stdio: "ignore" });
    return true;
  } catch {
    process.stderr.write("skipped: no small disk can be mounted here, so a full one is not tested\n");
    return false;
  }
}

afterAll(() => {
  if (isMounted) execFileSync("umount", [folder]);
  rmdirSync(folder);
});

describe.skipIf(isSkippedWithout("right to mount a tmpfs (root)", isMounted))("a full disk", () => {
  test("refuses a poll whole, keeps serving, and goes on by itself once there is room", async () => {
    await using store = await openSqliteStore({ file: join(folder, "mainstem.db"), role: "poller", clock });
    await addSources(store, buildDefinition("a"));
    const document = (n: number) =>
      Array.from({ length: 20 }, (_, k) =>
        buildSighting(`${n}-${k}`, { entry: { contentHtml: "x".repeat(5000) } }),
      );
    const state = (n: number) => ({ state: { hints: { ttlMs: n, skipHours: [], skipDays: [] } } });
    let polls = 0;
    let attempts = 0;
    const pollAgain = async () => {
      attempts += 1;
      await poll(store, "a", document(polls), { at: after(attempts * 120_000), ...state(polls) });
      polls += 1;
    };
    await pollAgain();
    writeFileSync(join(folder, "filler"), "x".repeat(2_000_000));
    await expect(
      (async () => {
        while (polls < 100) await pollAgain();
      })(),
    ).rejects.toMatchObject({ code: "store/unwritable", message: expect.stringContaining("mainstem.db") });
    expect(polls).toBeLessThan(100);
    expect(await store.counts()).toMatchObject({ sightings: polls * 20, stories: polls * 20 });
    expect((await store.listSources())[0]?.hints.ttlMs).toBe(polls - 1);
    expect(await store.listStories({ limit: 1000 })).toHaveLength(polls * 20);

    rmSync(join(folder, "filler"));
    const before = polls;
    while (polls < before + 3) await pollAgain();
    expect(await store.counts()).toMatchObject({ sightings: polls * 20 });
  });
});
