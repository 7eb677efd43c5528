/** The commands that write configs and lists, as an operator calls them. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Daemon, entryIds, freePort, runCommand } from "../support/daemon.ts";
import { startOriginServer } from "../support/origin-server.ts";
import { createWorkspace } from "../support/workspace.ts";

const feed =
  '<rss version="2.0"><channel><title>The \u001bFeed</title><link>https://e.example/</link><description>d</description><item><title>First</title><guid>1</guid></item></channel></rss>';

describe("mainstem add", () => {
  const yaml = "# mine\nsources: # the list\n  - file: ../feeds/wire.xml # wire\n";

  it("finds the feed that a page names, shows it and appends it", async () => {
    await using server = await startOriginServer();
    await using workspace = await createWorkspace(yaml);
    server.on("/blog", {
      headers: { "content-type": "text/html" },
      body: '<html><link rel="alternate" type="application/rss+xml" href="/posts.xml"><a href="/other/feed">o</a></html>',
    });
    server.on("/posts.xml", { headers: { "content-type": "application/rss+xml" }, body: feed });
    const add = (...args: string[]) =>
      runCommand(["add", server.url("/blog"), "--config", workspace.config, ...args]);
    expect(await add()).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("private") });
    const result = await add("--allow-private", "--tag", "x", "--tag", "y z");
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toContain("First");
    expect(result.stdout).toContain(server.url("/other/feed"));
    expect(result.stdout).not.toContain("\u001b");
    const text = await readFile(workspace.config, "utf8");
    expect(text.startsWith(yaml)).toBe(true);
    expect(text).toContain(`- url: ${server.url("/posts.xml")}`);
    // The daemon may go where the command was sent.
    expect(text).toContain("allow_private: true");
    expect((await add("--allow-private")).stdout).toContain("already");
    expect(await readFile(workspace.config, "utf8")).toBe(text);
  });

  it("tries what feeds are commonly called, and says when there is none", async () => {
    await using server = await startOriginServer();
    await using workspace = await createWorkspace(yaml);
    server.on("/blog", { headers: { "content-type": "text/html" }, body: "<p>no links" });
    const add = () =>
      runCommand(["add", server.url("/blog"), "--config", workspace.config, "--allow-private"]);
    expect(await add()).toMatchObject({ code: 3, stderr: expect.stringContaining("no feed was found") });
    expect(await readFile(workspace.config, "utf8")).toBe(yaml);
    server.on("/atom.xml", { body: feed });
    expect(await add()).toMatchObject({ code: 0, stdout: expect.stringContaining("/atom.xml") });
  });
});

describe("mainstem import and export", () => {
  it("give back what they were given: addresses, names, sites, and folders as tags", async () => {
    await using workspace = await createWorkspace("title: Mine # kept\n");
    const list = join(workspace.folder, "list.opml");
    await writeFile(
      list,
      `<opml version="2.0"><body>
      <outline text="News"><outline text="World, all"><outline text="A &amp; B" xmlUrl="https://a.example/feed?x=1&amp;y=2"/></outline>
      <outline text="C" xmlUrl="https://c.example/feed" htmlUrl="https://c.example/" category="/dev,/web/css"/></outline>
      <outline text="Dev"><outline text="Web">
        <outline text="C" xmlUrl="https://c.example/feed"/><outline text="E" xmlUrl="https://e.example/feed"/></outline></outline>
      <outline text="\${HOME}: plain" xmlUrl="https://d.example/feed"/></body></opml>`,
    );
    const config = ["--config", workspace.config];
    expect(await runCommand(["import", list, ...config])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("4 of 4 feeds added"),
    });
    const text = await readFile(workspace.config, "utf8");
    expect(text).toContain("title: Mine # kept");
    expect(text).toContain("site: https://c.example/");
    const exported = await runCommand(["export", ...config]);
    expect(exported).toMatchObject({ code: 0, stderr: "" });
    expect(exported.stdout).toContain('htmlUrl="https://c.example/"');

    await using second = await createWorkspace("title: Mine # kept\n");
    const copy = join(second.folder, "copy.opml");
    await writeFile(copy, exported.stdout);
    await runCommand(["import", copy, "--config", second.config]);
    expect(await readFile(second.config, "utf8")).toBe(text);
    expect((await runCommand(["import", list, ...config])).stdout).toContain("0 of 4 feeds added");
    expect(await runCommand(["import", join(workspace.folder, "absent.opml"), ...config])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("there is no such file"),
    });
  });

  it("keep secrets in unless asked", async () => {
    await using workspace = await createWorkspace(
      "sources:\n  - url: https://user:pass@a.example/feed\n  - file: ../feeds/wire.xml\n",
    );
    const plain = await runCommand(["export", "--config", workspace.config]);
    expect(plain.stdout).not.toContain("pass");
    expect(plain.stderr).toContain("1 feed with a secret in the address is left out");
    const whole = await runCommand(["export", "--with-secrets", "--config", workspace.config]);
    expect(whole.stdout).toContain("user:pass@a.example");
  });
});

describe("mainstem init", () => {
  it("writes a config with which the daemon runs, and overwrites nothing", async () => {
    const folder = await mkdtemp(join(tmpdir(), "mainstem-init-"));
    try {
      expect(await runCommand(["run"], { cwd: folder })).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("mainstem init"),
      });
      const first = await runCommand(["init"], { cwd: folder });
      expect(first).toMatchObject({ code: 0, stderr: "" });
      const config = join(folder, "config", "mainstem.yaml");
      const text = await readFile(config, "utf8");
      expect(await runCommand(["init"], { cwd: folder })).toMatchObject({ code: 2 });
      expect(await readFile(config, "utf8")).toBe(text);
      await using daemon = await Daemon.start("config/mainstem.yaml", { cwd: folder });
      await daemon.waitFor("filled", async () => entryIds(await daemon.text("/atom.xml")).length >= 8);
      expect(await daemon.stop()).toBe(0);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("mainstem prune", () => {
  const item = (name: string, date: string) =>
    `<item><title>${name}</title><link>https://e.example/${name}</link><guid>${name}</guid><pubDate>${date}</pubDate></item>`;
  const rss = (...items: string[]) =>
    `<rss version="2.0"><channel><title>T</title><link>https://e.example/</link><description>d</description>${items.join("")}</channel></rss>`;
  const dayMs = 86_400_000;
  const ago = (days: number) => new Date(Date.now() - days * dayMs).toUTCString();

  it("forgets by keep what is old, first only says so, and what is still in the feed stays forgotten", async () => {
    await using workspace = await createWorkspace("keep: 30d\nsources:\n  - file: ../feeds/old.xml\n");
    const run = (...args: string[]) => runCommand([...args, "--config", workspace.config]);
    const feedFile = join(workspace.folder, "feeds", "old.xml");
    await writeFile(feedFile, rss(item("new", ago(1)), item("old", ago(40)), item("older", ago(400))));
    await run("once");
    const dry = await run("prune", "--dry-run");
    expect(dry).toMatchObject({ code: 0, stderr: "" });
    expect(dry.stdout).toContain("2 stories with 2 entries");
    expect(dry.stdout).toContain("Nothing was changed.");
    expect(JSON.parse((await run("prune", "--json")).stdout)).toMatchObject({
      dry_run: false,
      stories: 2,
      entries: 2,
    });
    expect((await run("prune")).stdout).toContain("Nothing to forget");
    await writeFile(feedFile, rss(item("newest", ago(0)), item("new", ago(1)), item("old", ago(40))));
    expect(JSON.parse((await run("once", "--force", "--json")).stdout).entries).toEqual({
      new: 1,
      updated: 0,
      unchanged: 2,
    });
    expect((await run("story", "https://e.example/old")).code).toBe(1);
  });

  it("says what to do where the config keeps everything", async () => {
    await using workspace = await createWorkspace("title: Mine\n");
    const { code, stdout } = await runCommand(["prune", "--config", workspace.config]);
    expect(code).toBe(0);
    expect(stdout).toContain("keep: 1y");
  });
});

describe("admin.listen", () => {
  it("is where the daemon says that the status is, and where alone it is", async () => {
    const port = await freePort();
    await using workspace = await createWorkspace(
      `admin: { listen: "127.0.0.1:${port}" }\nsources:\n  - file: ../feeds/wire.xml\n`,
    );
    await using daemon = await Daemon.start(workspace.config);
    await daemon.waitFor("introduced", async () =>
      daemon.output.stdout.includes(`http://127.0.0.1:${port}/status`),
    );
    const statusOf = async (url: string) => (await fetch(url)).status;
    expect(await statusOf(`${daemon.url}/metrics`)).toBe(403);
    expect(await statusOf(`http://127.0.0.1:${port}/metrics`)).toBe(200);
    expect(await daemon.stop()).toBe(0);
  });
});

describe("a live OPML list", () => {
  it("retires a feed that is taken out of it, keeps its history, and takes it back", async () => {
    await using workspace = await createWorkspace("sources:\n  - opml: ../feeds/list.opml\n");
    const run = (...args: string[]) => runCommand([...args, "--config", workspace.config]);
    const list = (...names: string[]) =>
      writeFile(
        join(workspace.folder, "feeds", "list.opml"),
        `<opml version="2.0"><body>${names
          .map((name) => `<outline text="${name}" xmlUrl="https://${name}.invalid/feed"/>`)
          .join("")}</body></opml>`,
      );
    const states = async () => {
      await run("once", "--force");
      const lines = (await run("sources", "--json")).stdout.trim().split("\n");
      const sources = lines.map((line) => JSON.parse(line) as { name: string; kind: string; status: string });
      return new Map(sources.filter(({ kind }) => kind === "url").map(({ name, status }) => [name, status]));
    };
    await list("kept", "dropped");
    expect([...(await states()).keys()].sort()).toEqual(["dropped", "kept"]);
    await list("kept");
    expect(await states()).toEqual(
      new Map([
        ["kept", "failing"],
        ["dropped", "retired"],
      ]),
    );
    await list("kept", "dropped");
    expect((await states()).get("dropped")).toBe("failing");
  });
});
