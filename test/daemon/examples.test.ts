/** The examples of `--help`, pasted into a shell in the folder that `mainstem init` made. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "../support/daemon.ts";

const execute = promisify(execFile);
const main = resolve("src/main.ts");
let folder = "";

/** What needs the network, a PostgreSQL, another shell or a daemon that runs. */
const foreign = /preview https|mainstem (add|run|healthcheck)|&& mainstem run|postgres:|\bzsh\b|\bfish\b/;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mainstem-examples-"));
  await mkdir(join(folder, "bin"));
  await writeFile(join(folder, "bin", "mainstem"), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, {
    mode: 0o755,
  });
  await runCommand(["init"], { cwd: folder });
  await writeFile(
    join(folder, "config", "mainstem.yaml"),
    "sources:\n  - file: ../feeds/wire.xml\n  - file: ../feeds/standards.atom\n  - url: https://a.example/feed\n    schedule: 1d\n",
  );
  await runCommand(["once"], { cwd: folder, env: { MAINSTEM_LOG_LEVEL: "silent" } });
  await writeFile(
    join(folder, "feeds.opml"),
    '<opml version="2.0"><body><outline text="B" xmlUrl="https://b.example/feed"/></body></opml>',
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the examples of --help", () => {
  it("work when they are pasted", async () => {
    const { stdout: list } = await runCommand(["--help"]);
    const names = [...list.matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1] ?? "");
    const pasted: string[] = [];
    for (const name of names.filter((one) => one !== "help" && one !== "once")) {
      const { stdout } = await runCommand([name, "--help"]);
      for (const [, example = ""] of stdout.matchAll(/^ {2}\$ (.*)$/gm)) {
        if (foreign.test(example)) continue;
        const env = { ...process.env, HOME: folder, PATH: `${join(folder, "bin")}:${process.env.PATH}` };
        const failure = await execute("bash", ["-c", example], { cwd: folder, env }).then(
          () => null,
          (error: { readonly stderr: string }) => error.stderr,
        );
        expect([example, failure]).toEqual([example, null]);
        pasted.push(example);
      }
    }
    expect(pasted.length).toBeGreaterThan(14);
  });
});
