/** What a machine does to a daemon: a full disk, a wall clock that jumps, name servers that are gone. */
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Daemon, entryIds } from "../support/daemon.ts";
import { reportFigures, sized } from "../support/fault-size.ts";
import { Newsstand } from "../support/newsstand.ts";
import { isSkippedWithout } from "../support/skip.ts";
import { createWorkspace } from "../support/workspace.ts";

const faketime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
const dayMs = 86_400_000;

function mayMount(): boolean {
  try {
    execFileSync("unshare", ["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const canMount = mayMount();

function countLines(text: string, pattern: RegExp): number {
  return text.split("\n").filter((line) => pattern.test(line)).length;
}

describe.skipIf(isSkippedWithout("right to mount a tmpfs (root)", canMount))("a full disk", () => {
  it("goes on serving, says so in readyz, and catches up by itself when there is room", async () => {
    const feeds = 4;
    await using stand = await Newsstand.open(feeds);
    await using workspace = await createWorkspace(
      `allow_private: true
limits: { timeout: 5s, per_host: 8 }
schedule: 1s
outputs: [{ name: all, limit: 5000 }]
${stand.sourcesYaml()}`,
    );
    const disk = join(workspace.folder, "disk");
    await mkdir(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]);
    try {
      const env = { MAINSTEM_STORE: `sqlite:${disk}/mainstem.db` };
      await using daemon = await Daemon.start(workspace.config, { env });
      for (let index = 0; index < feeds; index++) stand.publish(index);
      const stories = async () => entryIds(await daemon.text("/atom.xml")).length;
      await daemon.waitFor("full of stories", async () => (await stories()) === feeds);
      // The rest of the disk, to the last page.
      await writeFile(join(disk, "filler"), "x".repeat(16 * 2 ** 20)).catch(() => {});
      let published = feeds;
      let answered = 0;
      await daemon.waitFor(
        "aware of the full disk",
        async () => {
          for (let index = 0; index < feeds; index++) stand.publish(index);
          published += feeds;
          const feed = await fetch(`${daemon.url}/atom.xml`);
          expect(feed.status).toBe(200);
          answered += 1;
          const ready = await fetch(`${daemon.url}/readyz`);
          await sleep(200);
          return ready.status === 503 && /mainstem\.db/.test(await ready.text());
        },
        60_000,
      );
      await sleep(3000);
      expect((await fetch(`${daemon.url}/healthz`)).status).toBe(200);
      const complaints = countLines(daemon.output.stderr, /"level":"error"/);
      expect(complaints).toBeLessThanOrEqual(3);
      await rm(join(disk, "filler"));
      const shown = Math.min(published, feeds * 50);
      await daemon.waitFor("complete", async () => (await stories()) >= shown, 60_000);
      expect((await fetch(`${daemon.url}/readyz`)).status).toBe(200);
      expect(await daemon.stop()).toBe(0);
      reportFigures("full disk", { stories: published, answered, "error lines": complaints });
    } finally {
      execFileSync("umount", ["-l", disk]);
    }
  });
});

describe.skipIf(isSkippedWithout("libfaketime (Debian: faketime)", existsSync(faketime)))(
  "a wall clock that jumps",
  () => {
    it.each([
      ["a day ahead", dayMs],
      ["a day back", -dayMs],
      ["thirty days back", -30 * dayMs],
      ["to 1970", Date.UTC(1970, 0, 2) - Date.now()],
    ])("%s: no storm, no standstill, no entry dated anew", async (name, jumpMs) => {
      const feeds = 4;
      await using stand = await Newsstand.open(feeds);
      for (let index = 0; index < feeds; index++) stand.publish(index);
      await using workspace = await createWorkspace(
        `allow_private: true\nlimits: { per_host: 8 }\nschedule: 2s\n${stand.sourcesYaml()}`,
      );
      const offset = join(workspace.folder, "offset");
      const jump = (ms: number) =>
        writeFile(offset, `${ms < 0 ? "-" : "+"}${Math.round(Math.abs(ms) / 1000)}s\n`);
      await jump(0);
      const env = {
        LD_PRELOAD: faketime,
        FAKETIME_TIMESTAMP_FILE: offset,
        FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      };
      await using daemon = await Daemon.start(workspace.config, { env });
      await daemon.waitFor("full", async () => entryIds(await daemon.text("/atom.xml")).length === feeds);
      const before = await daemon.text("/atom.xml");
      const asked = () => Array.from({ length: feeds }, (_, index) => stand.requests(index).length);
      const first = asked();
      await jump(jumpMs);
      await sleep(9000);
      // At 2 s (and the second that a tick is apart) each source is asked two to five times in nine seconds.
      const polls = asked().map((count, index) => count - (first[index] ?? 0));
      for (const count of polls) {
        expect(count).toBeGreaterThanOrEqual(2);
        expect(count).toBeLessThanOrEqual(6);
      }
      expect(stand.requests(0).filter(({ isConditional }) => !isConditional)).toHaveLength(1);
      expect(await daemon.text("/atom.xml")).toBe(before);
      stand.publish(0);
      await daemon.waitFor(
        "telling the news",
        async () => entryIds(await daemon.text("/atom.xml")).length === feeds + 1,
      );
      expect(await daemon.stop()).toBe(0);
      reportFigures(`the clock jumps ${name}`, { "polls a source in 9 s": polls.join("/") });
    });
  },
);

describe.skipIf(isSkippedWithout("right to a mount namespace (root)", canMount))(
  "name servers that are gone",
  () => {
    it("rests the sources that need them, keeps the pace of the others, and blames nobody for good", async () => {
      // A name server that swallows every question.
      const sink = createSocket("udp4");
      await new Promise<void>((done) => sink.bind(53, "127.0.0.9", done));
      try {
        await using stand = await Newsstand.open(2);
        stand.publish(0, 1);
        const dead = sized({ short: 12, full: 40 });
        await using workspace = await createWorkspace(
          `allow_private: true
limits: { timeout: 5s }
schedule: 1s
${stand.sourcesYaml()}${Array.from({ length: dead }, (_, n) => `  - url: http://paper${n}.example.net/feed\n    name: Far ${n}\n`).join("")}`,
        );
        const resolv = join(workspace.folder, "resolv.conf");
        await writeFile(resolv, "nameserver 127.0.0.9\n");
        await using daemon = await Daemon.start(workspace.config, {
          wrapper: [
            "unshare",
            "-m",
            "sh",
            "-c",
            `mount --bind ${resolv} /etc/resolv.conf && exec "$@"`,
            "sh",
          ],
        });
        const status = async (): Promise<
          { name: string; status: string; error: { code: string } | null }[]
        > => JSON.parse(await daemon.text("/status.json")).sources;
        await daemon.waitFor(
          "through",
          async () => (await status()).every((source) => source.status !== "new"),
          60_000,
        );
        const far = (await status()).filter(({ name }) => name.startsWith("Far"));
        expect(far.map((source) => source.status)).toEqual(Array.from({ length: dead }, () => "failing"));
        const asked = stand.requests(0).length;
        await sleep(5000);
        expect(stand.requests(0).length - asked).toBeGreaterThanOrEqual(2);
        expect((await fetch(`${daemon.url}/readyz`)).status).toBe(200);
        expect(await daemon.stop()).toBe(0);
        reportFigures("name servers gone", {
          "dead names": dead,
          "polls of a live source in 5 s": stand.requests(0).length - asked,
          warnings: countLines(daemon.output.stderr, /"level":"warn"/),
        });
      } finally {
        sink.close();
      }
    });
  },
);
