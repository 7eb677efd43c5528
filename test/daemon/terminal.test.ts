/** What an operator has at a terminal: completion in the shells themselves, and progress on a pseudo-terminal. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "../support/daemon.ts";
import { isSkippedWithout } from "../support/skip.ts";
import { createWorkspace } from "../support/workspace.ts";

const execute = promisify(execFile);

function isInstalled(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`]);
    return true;
  } catch {
    return false;
  }
}

/** What is left to see on a line is what was written after the last carriage return but the one that ends it. */
function seenLines(written: string): string[] {
  return written.split("\r\n").map((line) => line.slice(line.lastIndexOf("\r") + 1).replace("\u001b[K", ""));
}

describe("mainstem completion", () => {
  let folder = "";
  const scripts: Record<string, string> = {};
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "mainstem-shells-"));
    for (const shell of ["bash", "zsh", "fish"]) {
      const { stdout, code } = await runCommand(["completion", shell]);
      expect(code).toBe(0);
      scripts[shell] = stdout;
      await writeFile(join(folder, shell === "zsh" ? "_mainstem" : `mainstem.${shell}`), stdout);
    }
    // Shells complete for commands that are there.
    await writeFile(join(folder, "mainstem"), "#!/bin/sh\n", { mode: 0o755 });
    await writeFile(join(folder, "mine.yaml"), "");
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const env = () => ({ ...process.env, PATH: `${folder}:${process.env.PATH}`, HOME: folder, TERM: "xterm" });

  it("completes commands, options and their values in bash", async () => {
    const complete = async (...words: string[]) => {
      const script = `. ./mainstem.bash; COMP_WORDS=(mainstem ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}; _mainstem; echo "\${COMPREPLY[@]}"`;
      const { stdout } = await execute("bash", ["-c", script], { cwd: folder });
      return stdout.trim().split(" ");
    };
    expect(await complete("imp")).toEqual(["import"]);
    expect(await complete("once", "--f")).toEqual(["--force"]);
    expect(await complete("run", "--role", "")).toEqual(["all", "poll", "serve"]);
    expect(await complete("completion", "z")).toEqual(["zsh"]);
    expect(await complete("help", "spl")).toEqual(["split"]);
    // Nothing of ours: bash goes on with files.
    expect(await complete("run", "--config", "")).toEqual([""]);
    expect(await complete("")).toContain("sources");
  });

  it.skipIf(isSkippedWithout("fish", isInstalled("fish")))("does so in fish", async () => {
    const complete = async (line: string) => {
      const asked = ["-c", "source ./mainstem.fish; complete -C $argv[1]", line];
      const { stdout } = await execute("fish", asked, { cwd: folder, env: env() });
      return stdout
        .trim()
        .split("\n")
        .map((found) => found.split("\t")[0]);
    };
    expect(await complete("mainstem imp")).toEqual(["import"]);
    expect(await complete("mainstem once --f")).toEqual(["--force"]);
    expect(await complete("mainstem run --role ")).toEqual(["all", "poll", "serve"]);
    expect(await complete("mainstem completion ")).toEqual(["bash", "fish", "zsh"]);
    expect(await complete("mainstem help spl")).toEqual(["split"]);
    expect(await complete("mainstem run --config mi")).toEqual(["mine.yaml"]);
  });

  it.skipIf(isSkippedWithout("zsh", isInstalled("zsh")))("does so in an interactive zsh", async () => {
    const lines = {
      "mainstem imp": "mainstem import",
      "mainstem once --f": "mainstem once --force",
      "mainstem run --role s": "mainstem run --role serve",
      "mainstem completion f": "mainstem completion fish",
      "mainstem help spl": "mainstem help split",
      "mainstem run --config mi": "mainstem run --config mine.yaml",
    };
    // Types each line and a tab into a shell of its own, and reads until what is expected stands there.
    const script = [
      "zmodload zsh/zpty",
      "zpty z zsh -f -i",
      `zpty -w z "fpath=(${folder} \\$fpath); autoload -Uz compinit; compinit -u -D; bindkey '^K' kill-whole-line; PS1='REA''DY '"`,
      "zpty -r z seen '*READY *'",
      ...Object.entries(lines).flatMap(([typed, completed]) => [
        `zpty -w -n z $'${typed}\\t'`,
        `zpty -r z seen '*${completed}*' && print -r -- '${completed}'`,
        "zpty -w -n z $'\\C-k'",
      ]),
      "zpty -d z",
    ].join("\n");
    const { stdout } = await execute("zsh", ["-f", "-c", script], {
      cwd: folder,
      env: env(),
      timeout: 60_000,
    });
    expect(stdout.trim().split("\n")).toEqual(Object.values(lines));
  });

  it("refuses other shells", async () => {
    expect(await runCommand(["completion", "tcsh"])).toMatchObject({ code: 2 });
  });
});

describe("mainstem once at a terminal", () => {
  it.skipIf(isSkippedWithout("script (util-linux)", isInstalled("script")))(
    "shows how far it is, keeps the log's lines above that, and leaves the summary alone",
    async () => {
      await using workspace = await createWorkspace(
        "sources:\n  - file: ../feeds/wire.xml\n  - file: ../feeds/absent.xml\n",
      );
      const command = [process.execPath, resolve("src/main.ts"), "once", "--config", workspace.config];
      const { stdout } = await execute("script", [
        "-qec",
        `${command.map((word) => `'${word}'`).join(" ")}; true`,
        join(workspace.folder, "typescript"),
      ]);
      expect(stdout).toContain("0 of 2 sources");
      expect(stdout).toContain("[############################] 100 %  2 of 2 sources");
      expect(stdout).toContain("absent.xml does not exist");
      const seen = seenLines(stdout);
      expect(seen.join("\n")).not.toMatch(/of \d+ sources/);
      expect(seen.join("\n")).toContain("2 sources polled in");
    },
  );

  it("draws nothing where no terminal is", async () => {
    await using workspace = await createWorkspace("sources:\n  - file: ../feeds/wire.xml\n");
    const { stdout, stderr } = await runCommand(["once", "--config", workspace.config]);
    expect(stdout + stderr).not.toMatch(/\r|\u001b|of 1 sources/);
  });
});

describe("mainstem import at a terminal", () => {
  it.skipIf(isSkippedWithout("script (util-linux)", isInstalled("script")))(
    "shows how far a long list is, and leaves one line in the end",
    async () => {
      await using workspace = await createWorkspace("sources:\n  - file: ../feeds/wire.xml\n");
      const list = join(workspace.folder, "long.opml");
      const outlines = Array.from(
        { length: 2000 },
        (_, n) => `<outline text="Feed ${n}" xmlUrl="https://h${n}.example/feed.xml"/>`,
      );
      await writeFile(list, `<opml version="2.0"><body>${outlines.join("")}</body></opml>`);
      const command = [process.execPath, resolve("src/main.ts"), "import", list, "-c", workspace.config];
      const { stdout } = await execute("script", [
        "-qec",
        command.map((word) => `'${word}'`).join(" "),
        join(workspace.folder, "typescript"),
      ]);
      expect(stdout).toContain("0 of 2,000 feeds");
      expect(stdout).toContain("[############################] 100 %  2,000 of 2,000 feeds");
      expect(seenLines(stdout)).toEqual([
        `2,000 of 2,000 feeds added to ${workspace.config}; 0 are in it already.`,
        "",
      ]);
    },
  );
});
