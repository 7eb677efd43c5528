/** SIGKILL and SIGTERM at random moments while the daemon polls, publishes and writes files: nothing lost, doubled, renamed or torn. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Daemon } from "../support/daemon.ts";
import { reportFigures, sized } from "../support/fault-size.ts";
import { Newsstand } from "../support/newsstand.ts";
import { alternates, rememberIds } from "../support/published-stories.ts";
import { createWorkspace } from "../support/workspace.ts";

const feeds = 20;

describe("a daemon that is killed again and again", () => {
  it("tells each story once, under the id it had, from files that are whole at every instant", async () => {
    const kills = sized({ short: 25, full: 200 });
    await using stand = await Newsstand.open(feeds);
    await using workspace = await createWorkspace(
      `allow_private: true
limits: { timeout: 5s, per_host: 8 }
schedule: 1s
outputs: [{ name: all, limit: 10000 }]
publish: { directory: ../public }
${stand.sourcesYaml()}`,
    );
    const file = join(workspace.folder, "public", "all", "atom.xml");
    const idOfUrl = new Map<string, string>();
    let isOver = false;
    // In the long form as many stories as a feed may hold, and each long enough in its feed to be found by one life or another.
    const pauseMs = sized({ short: 60, full: 150 });
    const publishing = (async () => {
      while (!isOver) {
        const index = Math.floor(Math.random() * feeds);
        stand.publish(...(Math.random() < 0.3 ? new Set([index, (index + 1) % feeds]) : [index]));
        await sleep(pauseMs);
      }
    })();
    let looks = 0;
    const torn: string[] = [];
    const looking = (async () => {
      while (!isOver) {
        const text = await readFile(file, "utf8").catch(() => null);
        if (text !== null) {
          looks += 1;
          if (!isWhole(text)) torn.push(text.slice(-200));
        }
        await sleep(25);
      }
    })();
    let slowestStartMs = 0;
    let slowestEndMs = 0;
    for (let kill = 0; kill < kills; kill++) {
      const startedAt = performance.now();
      await using daemon = await Daemon.start(workspace.config);
      slowestStartMs = Math.max(slowestStartMs, performance.now() - startedAt);
      rememberIds(await daemon.text("/atom.xml"), idOfUrl);
      // A quarter of the kills comes right after the start.
      await sleep(Math.random() < 0.25 ? Math.random() * 40 : 30 + Math.random() * 870);
      const signal = Math.random() < 0.8 ? "SIGKILL" : "SIGTERM";
      const endedAt = performance.now();
      const end = await daemon.stop(signal);
      if (signal === "SIGTERM") slowestEndMs = Math.max(slowestEndMs, performance.now() - endedAt);
      expect(end).toBe(signal === "SIGTERM" ? 0 : "SIGKILL");
    }
    isOver = true;
    await Promise.all([publishing, looking]);
    await using daemon = await Daemon.start(workspace.config);
    const told = [...stand.told].map((id) => stand.storyUrl(id));
    await daemon.waitFor(
      "complete",
      async () => {
        const found = new Set(alternates(await daemon.text("/atom.xml")));
        return told.every((url) => found.has(url));
      },
      60_000,
    );
    const urls = alternates(await daemon.text("/atom.xml"));
    rememberIds(await daemon.text("/atom.xml"), idOfUrl);
    const lost = told.filter((url) => !urls.includes(url));
    expect(lost).toEqual([]);
    expect(torn).toEqual([]);
    expect(urls.length - new Set(urls).size).toBe(0);
    expect(urls.filter((url) => !url.startsWith("https://news.example.org/2026/story-"))).toEqual([]);
    expect(await daemon.stop()).toBe(0);
    reportFigures(`${kills} kills while polling and publishing`, {
      stories: told.length,
      lost: lost.length,
      doubled: urls.length - new Set(urls).size,
      "file looks": looks,
      torn: torn.length,
      "slowest start ms": Math.round(slowestStartMs),
      "slowest SIGTERM ms": Math.round(slowestEndMs),
    });
  });
});

function isWhole(atom: string): boolean {
  const count = (part: string) => atom.split(part).length;
  return /<\/feed>\s*$/.test(atom) && count("<entry") === count("</entry>");
}
