/** Every command as a person or a script calls it: exit codes, JSON shapes, and nothing else on stdout. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "../support/daemon.ts";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

let workspace: Workspace;
const yaml =
  "sources:\n  - file: ../feeds/wire.xml\n  - file: ../feeds/links.rdf\n  - articles: ../feeds/articles\npublish:\n  directory: ../public\n";

beforeAll(async () => {
  workspace = await createWorkspace(yaml);
});
afterAll(() => workspace?.[Symbol.asyncDispose]());

const run = (...args: string[]) => runCommand([...args, "--config", workspace.config]);

describe("mainstem once", () => {
  it("polls, publishes, and says so as one JSON object", async () => {
    const { code, stdout, stderr } = await run("once", "--json");
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      polled: 3,
      not_modified: 0,
      failed: 0,
      entries: { new: 8, updated: 0, unchanged: 0 },
      stories: { new: 6, merged: 2 },
      took_ms: expect.any(Number),
      failures: [],
    });
    const { stdout: preview } = await runCommand([
      "preview",
      "--json",
      join(workspace.folder, "public", "atom.xml"),
    ]);
    expect(JSON.parse(preview)).toMatchObject({
      ok: true,
      format: "atom",
      entries: expect.objectContaining({ length: 6 }),
    });
  });

  it("has nothing to do the second time, unless forced", async () => {
    const second = await run("once");
    // Nor anything to advise: the first run noted by which rules it named what it read.
    expect(second).toMatchObject({
      code: 0,
      stderr: "",
      stdout: expect.stringContaining("No source is due yet"),
    });
    const forced = JSON.parse((await run("once", "--force", "--json")).stdout);
    expect(forced).toMatchObject({ polled: 3, not_modified: 3, failed: 0 });
  });

  it("exits with 3 when a source fails, and the others are unharmed", async () => {
    await using broken = await createWorkspace(
      "sources:\n  - file: ../feeds/wire.xml\n  - file: ../feeds/absent.xml\n    name: Absent\n",
    );
    const { code, stdout } = await runCommand(["once", "--json", "--config", broken.config]);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      polled: 2,
      failed: 1,
      entries: { new: 4 },
      failures: [{ source: "Absent", error: expect.stringMatching(/absent\.xml/) }],
    });
  });
});

describe("mainstem check", () => {
  it("says that a config is sound", async () => {
    expect(await run("check")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("sound (3 sources, 1 output)"),
    });
  });

  it("prints every problem with its place and exits with 2", async () => {
    const bad = join(workspace.folder, "config", "bad.yaml");
    await writeFile(bad, "title: [\n");
    const { code, stdout } = await runCommand(["check", "--config", bad]);
    expect(code).toBe(2);
    expect(stdout).toMatch(/^\S+bad\.yaml:\d+:\d+ .+\n$/);
  });
});

describe("mainstem preview", () => {
  it("prints a document in the shape of the interface", async () => {
    const { code, stdout } = await runCommand(["preview", "--json", "feeds/wire.xml"]);
    expect(code).toBe(0);
    const preview = JSON.parse(stdout);
    expect(preview).toMatchObject({
      document: "feeds/wire.xml",
      ok: true,
      error: null,
      format: "rss",
      feed: {
        title: "Sample: The Wire",
        home_url: "https://mainstem.example/wire",
        language: "en",
        hubs: [],
      },
      warnings: [],
    });
    expect(preview.entries[1]).toMatchObject({
      guid: "wire-2026-0616-2",
      url: "http://feedproxy.google.com/~r/mainstem-sample/~3/rss20/",
      original_url: "https://www.rssboard.org/rss-specification",
      published: "2026-06-16T09:00:00.000Z",
      categories: ["Standards"],
      enclosures: [],
      source: null,
    });
  });

  it("has a line for each document, and exits with 3 when one failed", async () => {
    const { code, stdout } = await runCommand([
      "preview",
      "--json",
      "feeds/notes.json",
      "package.json",
      "nowhere.xml",
    ]);
    expect(code).toBe(3);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ ok }) => ok)).toEqual([true, false, false]);
    expect(lines[2].error).toMatch(/nowhere\.xml/);
  });

  it("is readable for people", async () => {
    const { stdout } = await runCommand(["preview", "feeds/standards.atom"]);
    expect(stdout).toContain("Sample: Standards Watch");
    expect(stdout).toContain("Atom, 3 entries");
    expect(stdout).toContain("https://www.w3.org/TR/websub/");
  });
});

describe("mainstem explain", () => {
  const wrapped =
    "https://www.google.com/url?rct=j&sa=t&url=https://www.w3.org/TR/websub/%3Futm_source%3Drss&ct=ga";

  it("shows each step with its rule", async () => {
    const { code, stdout } = await runCommand(["explain", wrapped]);
    expect(code).toBe(0);
    expect(stdout).toContain("https://www.w3.org/TR/websub/");
    expect(stdout).toContain("utm_source");
    expect(stdout).toContain("families of names that one analytics vendor reserves");
  });

  it("reads URLs from stdin and prints a JSON line for each", async () => {
    const input = `${wrapped}\nhttp://www.w3.org/TR/websub\nnot a url\n`;
    const { code, stdout } = await runCommand(["explain", "--json", "-"], { input });
    expect(code).toBe(0);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatchObject({
      input: wrapped,
      original_url: "https://www.w3.org/TR/websub/",
      error: null,
    });
    expect(lines[1].key).toBe(lines[0].key);
    expect(lines[0].steps.length).toBeGreaterThan(0);
    expect(lines[2]).toMatchObject({ original_url: null, key: null, error: expect.any(String) });
  });
});

describe("mainstem sources, story, merge, split, backup", () => {
  it("lists the sources for people and for scripts", async () => {
    const { stdout } = await run("sources");
    expect(stdout).toContain("Sample: The Wire");
    const lines = (await run("sources", "--json")).stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatchObject({ status: "ok", entries: expect.any(Number), failures: 0, error: null });
  });

  it("joins two stories for good, and parts them for good", async () => {
    const [a, b] = [
      "https://www.rfc-editor.org/rfc/rfc4287.html",
      "https://www.rfc-editor.org/rfc/rfc5005.html",
    ];
    const idOf = async (url: string) => JSON.parse((await run("story", url, "--json")).stdout).id;
    const [first, second] = [await idOf(a), await idOf(b)];
    expect(first).not.toBe(second);
    expect(await run("merge", a, b)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^They are one story from now on\./),
    });
    expect(await idOf(a)).toBe(await idOf(b));
    expect((await run("once", "--force")).code).toBe(0);
    expect(await idOf(a)).toBe(await idOf(b));
    expect((await run("story", a)).stdout).toContain("the operator said that it is the same");
    expect((await run("split", b)).code).toBe(0);
    expect(await idOf(a)).not.toBe(await idOf(b));
    expect((await run("once", "--force")).code).toBe(0);
    expect(await idOf(a)).not.toBe(await idOf(b));
  });

  it("knows no story under a strange URL", async () => {
    expect(await run("story", "https://nobody.example/")).toMatchObject({ code: 1, stdout: "" });
    expect((await run("split", "https://nobody.example/")).code).toBe(1);
    expect((await run("merge", "https://nobody.example/1", "https://nobody.example/2")).stdout).toContain(
      "as soon as both were seen",
    );
    expect((await run("merge", "ftp://nobody.example/", "https://a.example/")).code).toBe(2);
  });

  it("copies the store, and never over a file", async () => {
    const copy = join(workspace.folder, "copy.db");
    expect((await run("backup", copy)).code).toBe(0);
    expect(await run("backup", copy)).toMatchObject({ code: 2, stderr: expect.stringContaining("copy.db") });
    const restored = await runCommand(["sources", "--json", "--config", workspace.config], {
      env: { MAINSTEM_STORE: `sqlite:${copy}` },
    });
    expect(restored.stdout.trim().split("\n")).toHaveLength(3);
  });
});

describe("mainstem rekey", () => {
  const feed = (name: string, link: string) =>
    `<?xml version="1.0"?><rss version="2.0"><channel><title>${name}</title><link>https://${name}.example/</link><description/><item><title>What happened in ${name}</title><link>${link}</link><guid isPermaLink="false">${name}-1</guid></item></channel></rss>`;

  it("says what new rules would join, changes nothing in a dry run, then joins it under the older id", async () => {
    await using workspace = await createWorkspace("sources:\n  - file: ../a.xml\n");
    const { folder, config } = workspace;
    await writeFile(`${folder}/a.xml`, feed("morning", "https://paper.example/2026/a-story-of-today"));
    await writeFile(`${folder}/b.xml`, feed("evening", "https://paper.example/2026/a-story-of-today?chnl=7"));
    await runCommand(["once", "--config", config]);
    // The morning's paper first, so that its story is the older one.
    await writeFile(config, "sources:\n  - file: ../a.xml\n  - file: ../b.xml\n");
    await runCommand(["once", "--config", config]);
    const before = await runCommand([
      "story",
      "--json",
      "https://paper.example/2026/a-story-of-today",
      "-c",
      config,
    ]);
    await writeFile(`${folder}/rules.yaml`, "rules:\n  - { hosts: [paper.example], drop: [chnl] }\n");
    await writeFile(
      config,
      "sources:\n  - file: ../a.xml\n  - file: ../b.xml\nidentity: { rules: ../rules.yaml }\n",
    );
    const dry = await runCommand(["rekey", "--dry-run", "--config", config]);
    expect(dry.code).toBe(0);
    expect(dry.stdout).toMatch(/2 entries, 1 would be named otherwise: 1 story would merge/);
    expect(dry.stdout).toMatch(/What happened in evening[\s\S]*into {2}What happened in morning/);
    expect(dry.stdout).toContain("Nothing was changed.");
    const real = await runCommand(["rekey", "--json", "--config", config]);
    expect(JSON.parse(real.stdout)).toMatchObject({
      dry_run: false,
      entries: 2,
      changed: 1,
      merged: 1,
      parted: 0,
    });
    const after = await runCommand([
      "story",
      "--json",
      "https://paper.example/2026/a-story-of-today?chnl=9",
      "-c",
      config,
    ]);
    expect(JSON.parse(after.stdout).id).toBe(JSON.parse(before.stdout).id);
    expect(JSON.parse(after.stdout).sightings).toHaveLength(2);
    const again = await runCommand(["rekey", "--dry-run", "--json", "--config", config]);
    expect(JSON.parse(again.stdout)).toMatchObject({ changed: 0, merged: 0, parted: 0 });
  });
});

describe("the command line", () => {
  it("has help with an example for every command", async () => {
    const { code, stdout } = await runCommand(["--help"]);
    expect(code).toBe(0);
    const names = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1] ?? "");
    for (const name of ["run", "once", "check", "preview", "explain", "sources", "healthcheck"])
      expect(names).toContain(name);
    for (const name of names.filter((one) => one !== "help")) {
      const help = await runCommand([name, "--help"]);
      expect(help.code).toBe(0);
      expect(help.stdout).toContain("Example:");
    }
  }, 60_000);

  it("answers a wrong call with exit 2 and one line", async () => {
    for (const args of [["shed"], ["once", "--frce"], ["preview"], ["story"]]) {
      const { code, stdout, stderr } = await runCommand(args);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr.trim().split("\n")).toHaveLength(1);
    }
  });

  it("says which Node it needs to an older one", async () => {
    const older = "Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.19.2'}})";
    const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(older)}` };
    expect(await runCommand(["--version"], { env })).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "mainstem: Node 24 or newer is needed, this is 20.19.2 (https://nodejs.org/en/download has it)\n",
    });
  });

  it("prints its version", async () => {
    expect((await runCommand(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("healthcheck says no when nobody answers", async () => {
    const { code } = await runCommand(["healthcheck", "--config", workspace.config], {
      env: { MAINSTEM_LISTEN: "127.0.0.1:1" },
    });
    expect(code).toBe(1);
  });
});
