/** The watch over the config file, without a daemon. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { configState, watchConfig } from "../../src/app/reload.ts";
import type { Config } from "../../src/config/load.ts";
import { createLog } from "../../src/observe/log.ts";

const clock = { now: () => new Date(), sleep: () => Promise.reject(new Error("the watch sleeps by itself")) };

describe("the watch over the config file", () => {
  let folder = "";
  let file = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "mainstem-reload-"));
    file = join(folder, "mainstem.yaml");
    await writeFile(file, "title: First\n");
  });
  afterEach(() => rm(folder, { recursive: true }));
  const watch = (readAs: string | null | undefined) => {
    const apply = vi.fn(async () => []);
    const log = createLog({ level: "silent", terminal: null, scrub: (text) => text });
    const load = async () => ({ title: "read again" }) as unknown as Config;
    return { apply, reloader: watchConfig({ file, load, readAs, apply, log, clock }) };
  };

  it("sees an edit that was made after the config was read and before the watch began", async () => {
    const readAs = await configState(file);
    await writeFile(file, "title: Second, and longer\n");
    const { apply, reloader } = watch(readAs);
    await using _ = reloader;
    await expect.poll(() => apply.mock.calls.length, { timeout: 20_000 }).toBe(1);
  });

  it("reads nothing again that is as it was read, and sees the next edit", async () => {
    const { apply, reloader } = watch(await configState(file));
    await using _ = reloader;
    await reloader.reload();
    expect(apply).toHaveBeenCalledTimes(1);
    await writeFile(file, "title: Second, and longer\n");
    await expect.poll(() => apply.mock.calls.length, { timeout: 20_000 }).toBe(2);
  });
});
