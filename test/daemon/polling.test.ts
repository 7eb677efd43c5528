/** The daemon against publishers: bad ones harm nobody, a kill at any moment loses and doubles nothing. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Daemon, entryIds } from "../support/daemon.ts";
import { Newsstand } from "../support/newsstand.ts";
import { alternates, rememberIds } from "../support/published-stories.ts";
import { createWorkspace } from "../support/workspace.ts";

const local = "allow_private: true\nlimits: { timeout: 2s, per_host: 8 }\n";

describe("sources that misbehave", () => {
  it("are reported each, and the others are unharmed", async () => {
    await using stand = await Newsstand.open(6);
    for (let index = 0; index < 6; index++) stand.publish(index);
    stand.setFault(1, "html");
    stand.setFault(2, "500");
    stand.setFault(3, "hang");
    stand.setFault(4, "half");
    await using workspace = await createWorkspace(`${local}schedule: 1h\n${stand.sourcesYaml()}`);
    await using daemon = await Daemon.start(workspace.config);
    const states = async (): Promise<
      Map<string, { status: string; error: { code: string; message: string } | null }>
    > =>
      new Map(
        JSON.parse(await daemon.text("/status.json")).sources.map((source: { name: string }) => [
          source.name,
          source,
        ]),
      );
    await daemon.waitFor("through", async () =>
      [...(await states()).values()].every(({ status }) => status !== "new"),
    );
    const found = await states();
    expect(
      [...found.keys()]
        .sort()
        .map((name) => `${name} ${found.get(name)?.status} ${found.get(name)?.error?.code ?? ""}`.trim()),
    ).toEqual([
      "Paper 0 ok",
      "Paper 1 failing parse/html",
      "Paper 2 failing fetch/status",
      "Paper 3 failing fetch/timeout",
      "Paper 4 failing fetch/incomplete",
      "Paper 5 ok",
    ]);
    expect(entryIds(await daemon.text("/atom.xml"))).toHaveLength(2);
    const warnings = daemon.output.stderr.split("\n").filter((line) => line.includes('"level":"warn"'));
    expect(warnings).toHaveLength(4);
    expect(await daemon.stop("SIGTERM")).toBe(0);
  });

  it("410 ends the polling, and the stories stay", async () => {
    await using stand = await Newsstand.open(1);
    stand.publish(0);
    await using workspace = await createWorkspace(`${local}schedule: 1s\n${stand.sourcesYaml()}`);
    await using daemon = await Daemon.start(workspace.config);
    await daemon.waitFor("full", async () => entryIds(await daemon.text("/atom.xml")).length === 1);
    stand.setFault(0, "gone");
    await daemon.waitFor("aware", async () =>
      (await daemon.text("/status.json")).includes('"status":"gone"'),
    );
    const asked = stand.requests(0).length;
    await sleep(2500);
    expect(stand.requests(0)).toHaveLength(asked);
    expect(entryIds(await daemon.text("/atom.xml"))).toHaveLength(1);
  });
});

describe("a restart", () => {
  it("polls nothing early, asks with what it knows, and publishes the same ids", async () => {
    await using stand = await Newsstand.open(2);
    stand.publish(0, 1);
    stand.publish(0);
    await using workspace = await createWorkspace(`${local}schedule: 3s\n${stand.sourcesYaml()}`);
    let ids: string[] = [];
    {
      await using daemon = await Daemon.start(workspace.config);
      await daemon.waitFor("full", async () => entryIds(await daemon.text("/atom.xml")).length === 2);
      ids = entryIds(await daemon.text("/atom.xml"));
      expect(await daemon.stop("SIGTERM")).toBe(0);
    }
    const before = stand.requests(0).length;
    await using daemon = await Daemon.start(workspace.config);
    expect(stand.requests(0)).toHaveLength(before);
    expect(entryIds(await daemon.text("/atom.xml"))).toEqual(ids);
    await daemon.waitFor("polling again", async () => stand.requests(0).length > before);
    expect(stand.requests(0).filter(({ isConditional }) => !isConditional)).toHaveLength(1);
  });
});

describe("SIGKILL in the middle of polling", () => {
  it("loses no story, doubles none, and changes no id", async () => {
    const feeds = 6;
    await using stand = await Newsstand.open(feeds);
    await using workspace = await createWorkspace(
      `${local}schedule: 1s\noutputs: [{ name: all, limit: 1000 }]\n${stand.sourcesYaml()}`,
    );
    const idOfUrl = new Map<string, string>();
    let isPublishing = true;
    const publishing = (async () => {
      while (isPublishing) {
        const index = Math.floor(Math.random() * feeds);
        stand.publish(...new Set([index, (index + 1) % feeds]));
        await sleep(250);
      }
    })();
    for (let round = 0; round < 8; round++) {
      await using daemon = await Daemon.start(workspace.config);
      rememberIds(await daemon.text("/atom.xml"), idOfUrl);
      await sleep(100 + Math.random() * 1200);
      await daemon.stop("SIGKILL");
    }
    isPublishing = false;
    await publishing;
    const told = [...stand.told];
    await using daemon = await Daemon.start(workspace.config);
    const urls = async () => alternates(await daemon.text("/atom.xml"));
    await daemon.waitFor("complete", async () => {
      const found = new Set(await urls());
      return told.every((id) => found.has(stand.storyUrl(id)));
    });
    const found = await urls();
    expect(new Set(found).size).toBe(found.length);
    rememberIds(await daemon.text("/atom.xml"), idOfUrl);
    expect(await daemon.stop("SIGTERM")).toBe(0);
  }, 120_000);
});
