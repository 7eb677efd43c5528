/**
 * Three processes on one PostgreSQL, one of them killed every few seconds while a farm of feeds publishes: in the end each story is
 * there once, none is missing, and no host was ever leant on by more than one of them.
 */
import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { describe, expect, it } from "vitest";
import { openPostgresStore } from "../../src/store/postgres.ts";
import { Daemon, freePort, runCommand } from "../support/daemon.ts";
import { reportFigures, sized } from "../support/fault-size.ts";
import { FARM_RULES, feedfarmFile, startFeedfarm } from "../support/feedfarm.ts";
import { isPostgresMissing, startPostgres } from "../support/postgres.ts";
import { isSkippedWithout } from "../support/skip.ts";
import { createWorkspace } from "../support/workspace.ts";

const isSkipped = isPostgresMissing() || isSkippedWithout(feedfarmFile.name, feedfarmFile.isThere);

const feeds = 90;
const hosts = 18;
const perHost = 2;

async function startFarm() {
  return startFeedfarm({
    ...{ feeds, hosts, port: await freePort(), content: 400 },
    ...{ decorate: "utm,slash,scheme,wrap", "change-rate": 0.3, "new-max": 3, "latency-ms": 5 },
  });
}

describe.skipIf(isSkipped)("workers on one PostgreSQL", () => {
  it("end with exactly the farm's stories, though one is killed every few seconds", async () => {
    const kills = sized({ short: 6, full: 60 });
    await using farm = await startFarm();
    await using server = await startPostgres();
    const store = await server.makeSchema();
    await using workspace = await createWorkspace(
      `allow_private: true
limits: { per_host: ${perHost}, host_pause: 10ms, lease: 5s, concurrency: 16 }
identity: { resolve: false, rules: ./farm-rules.yaml }
outputs: [{ name: all, limit: 50 }]
${await farm.sources("yaml")}`,
    );
    await writeFile(join(workspace.folder, "config", "farm-rules.yaml"), FARM_RULES);
    const env = { MAINSTEM_STORE: store };
    const start = () => Daemon.start(workspace.config, { env });
    const daemons = await Promise.all([start(), start(), start()]);
    const database = new Client({ connectionString: store });
    await database.connect();
    try {
      for (let round = 0; round < kills; round += 1) {
        // Publishers ask for an hour between two polls: everything is made due, in the middle of it one process dies.
        const askedAt = Date.now();
        await database.query("UPDATE sources SET next_poll_at = 0");
        await sleep(100 + Math.random() * 900);
        const index = round % daemons.length;
        expect(await daemons[index]?.stop(round % 4 === 3 ? "SIGTERM" : "SIGKILL")).not.toBe(2);
        daemons[index] = await start();
        // What it left is taken over by the others before its entries fall out of their feeds.
        await daemons[index]?.waitFor(
          "polled by somebody",
          async () => {
            // A poll that was just being written when all were made due has put its source off again.
            await database.query(
              "UPDATE sources SET next_poll_at = 0 WHERE last_poll_at < $1 AND leased_at IS NULL",
              [askedAt],
            );
            const { rows } = await database.query(
              "SELECT count(*) AS n FROM sources WHERE last_poll_at IS NULL OR last_poll_at < $1 OR leased_at IS NOT NULL",
              [askedAt],
            );
            return Number(rows[0]?.n) === 0;
          },
          120_000,
        );
        await farm.tick();
      }
      await using reader = await openPostgresStore({
        url: store,
        clock: { now: () => new Date(), sleep: () => Promise.reject(new Error("unused")) },
      });
      const truth = await farm.truth();
      const counts = await reader.counts();
      expect(counts).toMatchObject({
        sightings: truth.entries.exposed,
        stories: truth.distinctIf.fullyCanonicalised,
      });
      expect(truth.neverFetched).toBe(0);
      expect(truth.politeness.maxInFlightPerHost).toBeLessThanOrEqual(perHost);
      // Each of them serves what all of them found.
      const idsOf = async (daemon: Daemon): Promise<readonly string[]> =>
        JSON.parse(await daemon.text("/feed.json")).items.map(({ id }: { id: string }) => id);
      const newest = (await reader.listStories({ limit: 50 })).map(({ publishedId }) => publishedId);
      for (const daemon of daemons) {
        await daemon.waitFor("up to date", async () => {
          const ids = await idsOf(daemon);
          return newest.length === ids.length && newest.every((id, n) => ids[n] === id);
        });
      }
      reportFigures(`${kills} kills of one of three workers`, {
        stories: counts.stories,
        entries: counts.sightings,
        "most requests to one host at a time": truth.politeness.maxInFlightPerHost,
      });
    } finally {
      await database.end();
      for (const daemon of daemons) await daemon[Symbol.asyncDispose]();
    }
  }, 600_000);

  it("one polls, another serves what it found, and renders it at once", async () => {
    await using server = await startPostgres();
    const store = await server.makeSchema();
    await using workspace = await createWorkspace(
      "outputs: [{ name: all, limit: 50 }]\nsources:\n  - articles: ../feeds/articles\n",
    );
    const env = { MAINSTEM_STORE: store };
    await using serving = await Daemon.start(workspace.config, { env, args: ["--role", "serve"] });
    expect(await serving.text("/atom.xml")).not.toContain("<entry");
    await using polling = await Daemon.start(workspace.config, { env, args: ["--role", "poll"] });
    await serving.waitFor("told", async () => (await serving.text("/atom.xml")).includes("<entry"));
    expect((await fetch(`${polling.url}/atom.xml`)).status).toBe(404);
    expect((await fetch(`${polling.url}/healthz`)).status).toBe(200);
    expect(await polling.stop()).toBe(0);
    expect(await serving.stop()).toBe(0);
  }, 120_000);

  it("one polls, and the status page of another shows it live, also what changes nothing for readers", async () => {
    await using server = await startPostgres();
    await using workspace = await createWorkspace(
      "sources:\n  - { file: ../feeds/wire.xml, name: wire }\n  - { file: ../feeds/absent.xml, name: absent }\n",
    );
    const env = { MAINSTEM_STORE: await server.makeSchema() };
    await using serving = await Daemon.start(workspace.config, { env, args: ["--role", "serve"] });
    const page = new AbortController();
    const stream = await fetch(`${serving.url}/status/events`, { signal: page.signal });
    expect(stream.headers.get("content-type")).toContain("text/event-stream");
    let changes = 0;
    const reading = (async () => {
      for await (const chunk of stream.body ?? []) {
        changes += new TextDecoder().decode(chunk).split("event: change").length - 1;
      }
    })().catch(() => {});
    await using polling = await Daemon.start(workspace.config, { env, args: ["--role", "poll"] });
    const status = async () => JSON.parse(await serving.text("/status.json"));
    const sourceNamed = async (name: string) =>
      (await status()).sources.find((source: { readonly name: string }) => source.name === name);
    await serving.waitFor(
      "told of the failure",
      async () => (await sourceNamed("absent"))?.status === "failing",
    );
    expect(await serving.text("/status")).toContain("absent.xml does not exist");
    await serving.waitFor("told of the entries", async () => (await sourceNamed("wire")).entries > 0);
    await serving.waitFor("told", async () => changes > 0);
    // The same document under a new time: nothing that readers see.
    const before = changes;
    const polledAt = (await sourceNamed("wire")).last_poll;
    await appendFile(join(workspace.folder, "feeds", "wire.xml"), "\n");
    await serving.waitFor("polled again", async () => (await sourceNamed("wire")).last_poll !== polledAt);
    await serving.waitFor("told again", async () => changes > before);
    page.abort();
    await reading;
    expect(await polling.stop()).toBe(0);
    expect(await serving.stop()).toBe(0);
  }, 120_000);

  it("what only PostgreSQL can do says so for SQLite, and an unreachable server is told in one line", async () => {
    await using workspace = await createWorkspace("sources: []\n");
    const alone = await runCommand(["run", "--role", "poll", "--config", workspace.config], {
      env: { MAINSTEM_STORE: `sqlite:${workspace.folder}/x.db` },
    });
    expect(alone).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--role poll needs a store in PostgreSQL"),
    });
    const port = await freePort();
    const away = await runCommand(["sources", "--config", workspace.config], {
      env: { MAINSTEM_STORE: `postgres://u:S3CRET@127.0.0.1:${port}/db` },
    });
    expect(away.code).toBe(2);
    expect(away.stderr).toContain(`the store postgres://127.0.0.1:${port}/db does not answer`);
    expect(away.stderr.trim().split("\n")).toHaveLength(1);
    expect(away.stderr).not.toContain("S3CRET");
  }, 120_000);
});
