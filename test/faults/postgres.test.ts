/** PostgreSQL killed and back in the middle of polls, a worker frozen past its lease, a server that is not there yet. */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { describe, expect, it } from "vitest";
import { Daemon, runCommand } from "../support/daemon.ts";
import { reportFigures, sized } from "../support/fault-size.ts";
import { Newsstand } from "../support/newsstand.ts";
import { startOriginServer } from "../support/origin-server.ts";
import { isPostgresMissing, startPostgres, type TestPostgres } from "../support/postgres.ts";
import { alternates, rememberIds } from "../support/published-stories.ts";
import { createWorkspace } from "../support/workspace.ts";

const feeds = 20;

/** A server of ours, which may be killed. */
async function startOwnPostgres(): Promise<
  TestPostgres & { readonly own: NonNullable<TestPostgres["own"]> }
> {
  const server = await startPostgres();
  if (server.own === null) throw new Error("MAINSTEM_TEST_POSTGRES names a server that is not ours to kill");
  return { ...server, own: server.own };
}

async function countRows(store: string, table: string): Promise<number> {
  const database = new Client({ connectionString: store });
  await database.connect();
  try {
    const { rows } = await database.query(`SELECT count(*) AS n FROM ${table}`);
    return Number(rows[0]?.n);
  } finally {
    await database.end();
  }
}

describe.skipIf(isPostgresMissing() || Boolean(process.env.MAINSTEM_TEST_POSTGRES))("PostgreSQL", () => {
  it("is killed in the middle of polls and comes back: the feed is served, nothing is lost or doubled", async () => {
    const crashes = sized({ short: 3, full: 20 });
    await using stand = await Newsstand.open(feeds);
    await using server = await startOwnPostgres();
    const store = await server.makeSchema();
    await using workspace = await createWorkspace(
      `allow_private: true
limits: { timeout: 5s, per_host: 8 }
schedule: 1s
outputs: [{ name: all, limit: 10000 }]
${stand.sourcesYaml()}`,
    );
    await using daemon = await Daemon.start(workspace.config, { env: { MAINSTEM_STORE: store } });
    const idOfUrl = new Map<string, string>();
    let isOver = false;
    const publishing = (async () => {
      while (!isOver) {
        const index = Math.floor(Math.random() * feeds);
        stand.publish(...(Math.random() < 0.3 ? new Set([index, (index + 1) % feeds]) : [index]));
        await sleep(60);
      }
    })();
    const shows = (id: number) => async () =>
      alternates(await daemon.text("/atom.xml")).includes(stand.storyUrl(id));
    await daemon.waitFor("polling", shows(stand.publish(0)));
    let served = 0;
    let slowestReturnMs = 0;
    for (let crash = 0; crash < crashes; crash += 1) {
      await sleep(100 + Math.random() * 900);
      const before = alternates(await daemon.text("/atom.xml")).length;
      await server.own.kill();
      // The last one is longer than anything waits for the server.
      const awayUntil = Date.now() + (crash === crashes - 1 ? sized({ short: 3000, full: 40_000 }) : 1000);
      while (Date.now() < awayUntil) {
        const answer = await fetch(`${daemon.url}/atom.xml`);
        expect(answer.status).toBe(200);
        expect(alternates(await answer.text()).length).toBeGreaterThanOrEqual(before);
        expect((await fetch(`${daemon.url}/healthz`)).status).toBe(200);
        served += 1;
        await sleep(100);
      }
      await server.own.start();
      const backAt = performance.now();
      await daemon.waitFor("going on", shows(stand.publish(crash % feeds)), 60_000);
      slowestReturnMs = Math.max(slowestReturnMs, performance.now() - backAt);
      rememberIds(await daemon.text("/atom.xml"), idOfUrl);
    }
    isOver = true;
    await publishing;
    const found = async () => new Set(alternates(await daemon.text("/atom.xml")));
    await daemon.waitFor(
      "complete",
      async () => {
        const urls = await found();
        return [...stand.told].every((id) => urls.has(stand.storyUrl(id)));
      },
      60_000,
    );
    await daemon.waitFor("ready", async () => (await fetch(`${daemon.url}/readyz`)).ok);
    const atom = await daemon.text("/atom.xml");
    rememberIds(atom, idOfUrl);
    const urls = alternates(atom);
    expect(urls.length - new Set(urls).size).toBe(0);
    expect(new Set(urls)).toEqual(new Set([...stand.told].map((id) => stand.storyUrl(id))));
    expect(await countRows(store, "stories")).toBe(stand.told.size);
    expect(await daemon.stop()).toBe(0);
    reportFigures(`PostgreSQL killed ${crashes} times in the middle of polls`, {
      stories: stand.told.size,
      lost: 0,
      doubled: 0,
      "feeds served meanwhile": served,
      "slowest return to polling ms": Math.round(slowestReturnMs),
    });
  });

  it("refuses what a worker writes that was frozen past its lease", async () => {
    await using origin = await startOriginServer();
    await using server = await startPostgres();
    const store = await server.makeSchema();
    await using workspace = await createWorkspace(
      `allow_private: true
limits: { timeout: 60s, lease: 5s, host_pause: 10ms }
schedule: 1s
sources: [{ url: "${origin.url("/feed")}", name: Paper }]
`,
    );
    const document = (...names: readonly string[]) =>
      `<feed xmlns="http://www.w3.org/2005/Atom"><title>Paper</title><id>urn:paper</id><updated>2026-11-20T00:00:00Z</updated>${names
        .map(
          (name) =>
            `<entry><title>The story called ${name}</title><id>urn:paper:${name}</id><link href="https://paper.example/2026/the-story-called-${name}"/><updated>2026-11-20T00:00:00Z</updated></entry>`,
        )
        .join("")}</feed>`;
    const answer = (response: ServerResponse, etag: string, ...names: readonly string[]) => {
      response.writeHead(200, { "content-type": "application/atom+xml", etag }).end(document(...names));
    };
    const hasStory = async (daemon: Daemon, name: string) =>
      (await daemon.text("/atom.xml")).includes(`the-story-called-${name}`);
    const env = { MAINSTEM_STORE: store };
    origin.on("/feed", (_, response) => answer(response, '"1"', "first"));
    await using frozen = await Daemon.start(workspace.config, { env });
    await frozen.waitFor("polled", () => hasStory(frozen, "first"));

    let held: ServerResponse | null = null;
    origin.on("/feed", (_, response) => {
      held ??= response;
      if (held !== response) answer(response, '"2"', "first", "second");
    });
    await frozen.waitFor("asking", async () => held !== null);
    process.kill(frozen.pid, "SIGSTOP");
    await using heir = await Daemon.start(workspace.config, { env });
    await heir.waitFor("in its place", () => hasStory(heir, "second"), 60_000);
    const late = held as ServerResponse | null;
    if (late === null) throw new Error("nobody asked");
    const isSent = once(late, "finish");
    answer(late, '"late"', "first", "late");
    await isSent;
    const before = origin.requests.length;
    process.kill(frozen.pid, "SIGCONT");

    await frozen.waitFor("awake and told of the other's work", () => hasStory(frozen, "second"), 60_000);
    await frozen.waitFor("polled on", async () => origin.requests.length >= before + 5, 60_000);
    for (const daemon of [frozen, heir]) expect(await hasStory(daemon, "late")).toBe(false);
    expect(await countRows(store, "stories")).toBe(2);
    expect(await countRows(store, "sightings")).toBe(2);
    // Nor did its validators get in: nobody ever asks with them.
    expect(origin.requests.map(({ headers }) => headers["if-none-match"])).not.toContain('"late"');
    expect(await frozen.stop()).toBe(0);
    expect(await heir.stop()).toBe(0);
    reportFigures("a worker frozen past its lease", { "late writes": 0, stories: 2 });
  });

  it("is waited for by a daemon, which says so, and not by a tool", async () => {
    await using server = await startOwnPostgres();
    const store = await server.makeSchema();
    await using workspace = await createWorkspace("keep: 1y\nsources: [{ articles: ../feeds/articles }]\n");
    const env = { MAINSTEM_STORE: store };
    await server.own.kill();
    for (const args of [["sources"], ["story", "https://paper.example/x"], ["prune"], ["backup", "x.db"]]) {
      const startedAt = performance.now();
      const { code, stdout, stderr } = await runCommand([...args, "--config", workspace.config], { env });
      reportFigures(`${args[0]} without PostgreSQL`, { ms: Math.round(performance.now() - startedAt) });
      expect([code, stdout], args[0]).toEqual([2, ""]);
      expect(stderr, args[0]).toMatch(/^mainstem: the store postgres:\/\/\S+ does not answer: .*\n$/);
    }
    await using daemon = await Daemon.launch(workspace.config, { env });
    const word = /the store postgres:\/\/\S+ does not answer yet; waiting for it, up to 30 s/;
    await daemon.waitFor("waiting", async () => word.test(daemon.output.stderr));
    await server.own.start();
    await daemon.waitFor("ready", async () => (await fetch(`${daemon.url}/readyz`)).ok, 60_000);
    await daemon.waitFor("polling", async () => (await daemon.text("/atom.xml")).includes("<entry"));
    expect(await daemon.stop()).toBe(0);
  });
});
