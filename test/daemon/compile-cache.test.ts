/** Compiled code is kept over a kill, in a folder that nobody else may write. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Daemon, type DaemonOptions } from "../support/daemon.ts";
import { createWorkspace } from "../support/workspace.ts";

const folderIn = (temporary: string) => join(temporary, `mainstem-${process.getuid?.() ?? "code"}`);

function filesIn(folder: string): number {
  return existsSync(folder) ? readdirSync(folder, { recursive: true }).length : 0;
}

/** Whoever runs the tests may have switched Node's own cache on or off. */
const optionsFor = (temporary: string): DaemonOptions => ({
  wrapper: ["env", "-u", "NODE_COMPILE_CACHE", "-u", "NODE_DISABLE_COMPILE_CACHE"],
  env: { TMPDIR: temporary },
});

describe.skipIf(process.getuid === undefined)("the daemon's compiled code", () => {
  it("is written while it runs, for its owner alone", async () => {
    await using workspace = await createWorkspace("sources: []\n");
    const folder = folderIn(workspace.folder);
    await using daemon = await Daemon.start(workspace.config, optionsFor(workspace.folder));
    await daemon.waitFor("kept", async () => filesIn(folder) > 100);
    expect(await daemon.stop("SIGKILL")).toBe("SIGKILL");
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it("does not come from a folder that others may write; the daemon starts without", async () => {
    await using workspace = await createWorkspace("sources: []\n");
    const folder = folderIn(workspace.folder);
    await mkdir(folder);
    await chmod(folder, 0o777);
    await using daemon = await Daemon.start(workspace.config, optionsFor(workspace.folder));
    expect(await daemon.stop()).toBe(0);
    expect(filesIn(folder)).toBe(0);
  });
});
