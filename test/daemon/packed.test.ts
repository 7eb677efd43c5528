/** The package as npm packs it, unpacked in an empty folder: `mainstem init && mainstem run`, without network. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { entryIds, freePort } from "../support/daemon.ts";

const execute = promisify(execFile);

it("runs from its package with a config that it writes itself", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mainstem-packed-"));
  try {
    const { stdout } = await execute("npm", ["pack", "--json", "--silent", "--pack-destination", folder]);
    const [packed] = JSON.parse(stdout.slice(stdout.indexOf("["))) as [
      { filename: string; files: { path: string }[] },
    ];
    const paths = packed.files.map(({ path }) => path);
    expect(paths).toContain("dist/main.js");
    expect(paths.filter((path) => /^(src|test|data)\//.test(path))).toEqual([]);
    const installed = join(folder, "node_modules", "mainstem");
    await mkdir(installed, { recursive: true });
    await execute("tar", ["-xzf", join(folder, packed.filename), "--strip-components=1", "-C", installed]);
    // Its dependencies are those of this checkout: nothing is asked from a registry.
    await symlink(resolve("node_modules"), join(installed, "node_modules"));

    const main = join(installed, "dist", "main.js");
    const port = await freePort();
    // npm makes it executable too; its first line says how node is to run it.
    await chmod(main, 0o755);
    const env = {
      ...process.env,
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      NODE_OPTIONS: "",
      MAINSTEM_LISTEN: `127.0.0.1:${port}`,
    };
    const init = await execute(main, ["init"], { cwd: folder, env });
    expect(init.stdout).toContain("config/mainstem.yaml is written");
    const daemon = spawn(main, ["run"], { cwd: folder, env, stdio: "ignore" });
    try {
      const read = async () => {
        try {
          return entryIds(await (await fetch(`http://127.0.0.1:${port}/atom.xml`)).text()).length;
        } catch {
          return 0;
        }
      };
      let entries = 0;
      for (let tries = 0; tries < 300 && entries < 8; tries += 1) {
        await sleep(100);
        entries = await read();
      }
      expect(entries).toBeGreaterThanOrEqual(8);
      daemon.kill("SIGTERM");
      expect(await once(daemon, "close")).toEqual([0, null]);
    } finally {
      daemon.kill("SIGKILL");
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 120_000);
