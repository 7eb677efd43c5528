/** A first start on a machine without a network: the shipped config, as a stranger starts it. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Daemon, entryIds, runCommand } from "../support/daemon.ts";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

const original =
  "https://www.themoscowtimes.com/2026/06/17/eu-has-made-diplomatic-contacts-with-kremlin-official-says-a93041";
/** What feeds/ tells: fourteen entries, eight stories. */
const entryCount = 14;
const storyCount = 8;

describe("the first start", () => {
  let workspace: Workspace;
  let daemon: Daemon;

  beforeAll(async () => {
    workspace = await createWorkspace();
    daemon = await Daemon.start(workspace.config);
    // Eight stories are there before the last of the local sources is: all fourteen entries have to be in.
    await daemon.waitFor("full", async () => {
      const { sources } = JSON.parse(await daemon.text("/status.json"));
      const local = sources.filter((source: { status: string; entries: number }) => source.entries > 0);
      const entries = local.reduce((sum: number, source: { entries: number }) => sum + source.entries, 0);
      const atom = await daemon.text("/atom.xml");
      return (
        entries === entryCount && entryIds(atom).length === storyCount && atom.includes("<name>AFP</name>")
      );
    });
  });
  afterAll(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await workspace?.[Symbol.asyncDispose]();
  });

  it("says on the terminal where to point a feed reader", () => {
    expect(daemon.output.stdout).toContain(`${daemon.url.replace("127.0.0.1", "localhost")}/atom.xml`);
  });

  it("has every story once, in all three formats", async () => {
    const atom = await daemon.text("/atom.xml");
    expect(new Set(entryIds(atom)).size).toBe(storyCount);
    expect(atom.match(new RegExp(`rel="alternate"[^>]* href="${original}"`, "g"))).toHaveLength(1);
    expect((await daemon.text("/rss.xml")).match(/<item>/g)).toHaveLength(storyCount);
    const json = JSON.parse(await daemon.text("/feed.json"));
    expect(json.items).toHaveLength(storyCount);
  });

  it("reads the article document as an entry: title, agency, date, clean body, the original URL", async () => {
    const { items } = JSON.parse(await daemon.text("/feed.json"));
    const item = items.find((one: { url?: string }) => one.url === original);
    expect(item).toMatchObject({
      title: "EU Held Short Talks With the Kremlin, Brussels Official Confirms",
      authors: [{ name: "AFP" }],
      date_published: expect.stringMatching(/^2026-06-17T/),
    });
    expect(item.content_html).toContain("The aim was a working line to Moscow");
    expect(item.content_html).not.toMatch(
      /Original url|By AFP|June 17, 2026|Press pool|Related article|href="#"/,
    );
  });

  it("explains why three carriers told one story", async () => {
    const { code, stdout } = await runCommand(["story", original, "--json", "--config", workspace.config]);
    expect(code).toBe(0);
    const story = JSON.parse(stdout);
    expect(story.original_url).toBe(original);
    expect(story.sightings.map((sighting: { source: string }) => sighting.source).sort()).toEqual([
      "Article documents",
      "Sample: Links of the Week",
      "Sample: The Wire",
    ]);
    expect(story.aliases.length).toBeGreaterThan(0);
    const told = await runCommand(["story", original, "--config", workspace.config]);
    expect(told.stdout).toMatch(
      /^Why they are one story:\n(?: {2}Sample: [\w ]+: its link leads to the same address\n){2}\nIt is known by \(docs\/identity\.md [^)]+\):$/m,
    );
  });

  it("reports the sources that cannot be reached in one calm line each", async () => {
    await daemon.waitFor(
      "aware of the five news feeds",
      async () => {
        const { sources } = JSON.parse(await daemon.text("/status.json"));
        return sources.filter((source: { status: string }) => source.status === "failing").length === 5;
      },
      60_000,
    );
    const lines = daemon.output.stderr.split("\n").filter((line) => line.includes('"level":"warn"'));
    expect(lines.filter((line) => line.includes("The Moscow Times"))).toHaveLength(1);
    expect(lines.filter((line) => line.includes("BBC News"))).toHaveLength(1);
    expect(daemon.output.stderr).not.toMatch(/\n\s+at /);
  }, 90_000);

  it("has a document that is dropped in, edited and removed while it runs", async () => {
    const path = join(workspace.folder, "feeds", "articles", "dropped.md");
    const text =
      "# A Bridge Opens at Last\n\nBy Ann Author\n\nJune 20, 2026\n\nThe river can be crossed.\n\nOriginal url:\n<https://news.example.org/2026/bridge>\n";
    await writeFile(`${path}.part`, text);
    await rename(`${path}.part`, path);
    await daemon.waitFor(
      "in the feed",
      async () => (await daemon.text("/atom.xml")).includes("A Bridge Opens at Last"),
      5000,
    );
    const before = entryIds(await daemon.text("/atom.xml"));

    await writeFile(path, text.replace("can be crossed", "can be crossed on foot"));
    await daemon.waitFor(
      "edited in the feed",
      async () => (await daemon.text("/atom.xml")).includes("crossed on foot"),
      5000,
    );
    expect(entryIds(await daemon.text("/atom.xml"))).toEqual(before);

    await rm(path);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await daemon.text("/atom.xml")).toContain("A Bridge Opens at Last");
  });

  it("updates the entry of a feed file that is edited", async () => {
    const path = join(workspace.folder, "feeds", "notes.json");
    await writeFile(
      path,
      (await readFile(path, "utf8")).replace("The cheapest poll is", "The very cheapest poll is"),
    );
    await daemon.waitFor(
      "edited",
      async () => (await daemon.text("/atom.xml")).includes("The very cheapest poll"),
      5000,
    );
  });

  it("refuses a second daemon on the same store, naming the first", async () => {
    const { code, stderr } = await runCommand(["run", "--config", workspace.config], {
      env: { MAINSTEM_LISTEN: "127.0.0.1:0" },
    });
    expect(code).toBe(2);
    expect(stderr).toContain(String(daemon.pid));
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  it("ends with 0 on SIGTERM and tells the same stories after the next start, polling nothing early", async () => {
    const before = entryIds(await daemon.text("/atom.xml"));
    expect(await daemon.stop("SIGTERM")).toBe(0);
    daemon = await Daemon.start(workspace.config);
    expect(entryIds(await daemon.text("/atom.xml"))).toEqual(before);
  });
});

describe("what keeps it from starting", () => {
  it("a port in use: exit 2 and one line that names it", async () => {
    await using workspace = await createWorkspace("sources: []\n");
    await using other = await createWorkspace("sources: []\n");
    await using daemon = await Daemon.start(workspace.config);
    const address = daemon.url.replace("http://", "");
    const { code, stderr } = await runCommand(["run", "--config", other.config], {
      env: { MAINSTEM_LISTEN: address },
    });
    expect(code).toBe(2);
    expect(stderr).toContain(address);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  it("a slip in the config: exit 2, every problem with its place", async () => {
    await using workspace = await createWorkspace("title: x\nshedule: 30m\nsources:\n  - url: nonsense\n");
    const { code, stderr } = await runCommand(["run", "--config", workspace.config]);
    expect(code).toBe(2);
    expect(stderr.split("\n").slice(0, 2)).toEqual([
      `${workspace.config}:2:1 unknown key "shedule", did you mean "schedule"?`,
      `${workspace.config}:4:10 sources[0].url: expected an http:// or https:// URL`,
    ]);
  });

  it("no config at all: exit 2 and what to do", async () => {
    const { code, stderr } = await runCommand(["run", "--config", "/nowhere/mainstem.yaml"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/cannot read the config \/nowhere\/mainstem\.yaml.*--config/);
  });
});
