/** SIGTERM while something hangs that the daemon needs: it ends all the same, in time, with 0 and nothing half written. */
import { readFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Daemon, freePort } from "../support/daemon.ts";
import { reportFigures, sized } from "../support/fault-size.ts";
import { Newsstand } from "../support/newsstand.ts";
import { type OriginServer, startOriginServer } from "../support/origin-server.ts";
import { isPostgresMissing, startPostgres } from "../support/postgres.ts";
import { alternates } from "../support/published-stories.ts";
import { parseStrictXml } from "../support/strict-xml.ts";
import { createWorkspace } from "../support/workspace.ts";

const feeds = 24;
const hanging = 20;
const withinMs = 10_000;

/** A document that takes the parser a while: some thousand entries with markup. */
function largeFeed(entries: number): string {
  const paragraph =
    "<p>What <b>is</b> known of <a href='https://big.example.org/more'>it</a> &amp; what is not.</p>";
  const items = Array.from(
    { length: entries },
    (_, n) =>
      `<item><title>Large ${n}</title><link>https://big.example.org/${n}</link><guid>${n}</guid><description><![CDATA[${paragraph.repeat(20)}]]></description></item>`,
  );
  return `<rss version="2.0"><channel><title>Large</title><link>https://big.example.org/</link><description>L</description>${items.join("")}</channel></rss>`;
}

/** Readers who ask for the feed many times at once and read nothing, so that every one of them is stuck. */
function stickReaders(daemon: Daemon, count: number): Disposable {
  const { hostname, port } = new URL(daemon.url);
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(Number(port), hostname).on("error", () => {});
    socket.pause().write("GET /atom.xml HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20));
    return socket;
  });
  return {
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A TCP road to a server that can stop to carry anything, in either direction, without closing. */
async function openRoad(to: { readonly host: string; readonly port: number }) {
  const ends = new Set<Socket>();
  let isFrozen = false;
  const server = createServer((near) => {
    const far = connect(to.port, to.host);
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(from);
      from.on("data", (bytes) => isFrozen || into.write(bytes));
      from.on("error", () => {});
      from.on("close", () => into.destroy());
    }
  });
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  return {
    port,
    freeze() {
      isFrozen = true;
    },
    async [Symbol.asyncDispose]() {
      for (const end of ends) end.destroy();
      server.close();
    },
  };
}

/** What the next poll of this source gets, and when the last byte of it was sent. */
function serveLarge(origin: OriginServer, entries: number): { readonly sent: Promise<void> } {
  const body = largeFeed(entries);
  let tell = () => {};
  const sent = new Promise<void>((resolve) => {
    tell = resolve;
  });
  origin.on("/large", (_request, response) => {
    response.writeHead(200, { "content-type": "application/rss+xml" });
    response.end(body, tell);
  });
  return { sent };
}

async function stop(daemon: Daemon): Promise<number> {
  const startedAt = performance.now();
  expect([await daemon.stop(), daemon.output.stderr.match(/"level":"(error|fatal)".*/)?.[0]]).toEqual([
    0,
    undefined,
  ]);
  const tookMs = performance.now() - startedAt;
  expect(tookMs).toBeLessThan(withinMs);
  return Math.round(tookMs);
}

/** The original URLs in the feed, none of them twice. */
async function onceEach(daemon: Daemon): Promise<ReadonlySet<string>> {
  const urls = alternates(await daemon.text("/atom.xml"));
  const found = new Set(urls);
  expect(urls.length - found.size).toBe(0);
  return found;
}

describe("SIGTERM", () => {
  it("with hung origins, a large document in the parser, stuck readers and thousands of stories to write", async () => {
    const stories = sized({ short: 1000, full: 5000 });
    await using stand = await Newsstand.open(feeds);
    await using origin = await startOriginServer();
    origin.on("/large", { body: largeFeed(stories), headers: { "content-type": "application/rss+xml" } });
    await using workspace = await createWorkspace(`allow_private: true
limits: { timeout: 30s, per_host: 64, entries: 10000 }
schedule: 1s
outputs: [{ name: all, limit: 10000 }]
publish: { directory: ../public }
${stand.sourcesYaml()}  - url: ${origin.url("/large")}
    name: Large
`);
    for (let n = 0; n < 200; n++) stand.publish(n % feeds);
    await using daemon = await Daemon.start(workspace.config);
    const shown = async () => new Set(alternates(await daemon.text("/atom.xml")));
    await daemon.waitFor("full", async () => (await shown()).size === stories + 200, 60_000);
    for (let index = 0; index < hanging; index++) stand.setFault(index, "hang");
    const asked = stand.requests(0).length;
    await daemon.waitFor("hanging", async () => stand.requests(0).length > asked);
    using _ = stickReaders(daemon, 100);
    const { sent } = serveLarge(origin, stories + 500);
    await sent;
    for (let n = 0; n < 40; n++) stand.publish(hanging + (n % (feeds - hanging)));
    const tookMs = await stop(daemon);
    const file = await readFile(join(workspace.folder, "public", "all", "atom.xml"), "utf8");
    parseStrictXml(file);
    for (let index = 0; index < hanging; index++) stand.setFault(index, null);
    await using next = await Daemon.start(workspace.config);
    const told = [...stand.told].map((id) => stand.storyUrl(id));
    await next.waitFor(
      "complete",
      async () => {
        const found = await onceEach(next);
        return found.size === stories + 500 + 240 && told.every((url) => found.has(url));
      },
      60_000,
    );
    reportFigures(
      `SIGTERM with ${hanging} hung origins, ${stories + 500} entries in the parser, 100 stuck readers`,
      {
        "ended after ms": tookMs,
      },
    );
  });
});

describe.skipIf(isPostgresMissing())("SIGTERM while PostgreSQL does not answer", () => {
  it("in the middle of polls, with readers: ends in time, nothing is lost or doubled afterwards", async () => {
    await using stand = await Newsstand.open(feeds);
    await using server = await startPostgres();
    const store = new URL(await server.makeSchema());
    await using road = await openRoad({ host: store.hostname, port: Number(store.port || 5432) });
    const slow = new URL(store);
    slow.host = `127.0.0.1:${road.port}`;
    await using workspace = await createWorkspace(`allow_private: true
limits: { timeout: 5s, per_host: 64, lease: 10s }
schedule: 1s
outputs: [{ name: all, limit: 1000 }]
publish: { directory: ../public }
${stand.sourcesYaml()}`);
    for (let n = 0; n < 100; n++) stand.publish(n % feeds);
    await using daemon = await Daemon.start(workspace.config, { env: { MAINSTEM_STORE: slow.href } });
    await daemon.waitFor("full", async () => alternates(await daemon.text("/atom.xml")).length === 100);
    using _ = stickReaders(daemon, 100);
    for (let n = 0; n < 100; n++) stand.publish(n % feeds);
    road.freeze();
    await daemon.waitFor("aware of it", async () => (await fetch(`${daemon.url}/readyz`)).status === 503);
    const tookMs = await stop(daemon);
    expect(daemon.output.stderr).toContain("the stop was cut short");
    await using next = await Daemon.start(workspace.config, { env: { MAINSTEM_STORE: store.href } });
    const told = () => [...stand.told].map((id) => stand.storyUrl(id));
    await next.waitFor(
      "complete",
      async () => {
        const found = await onceEach(next);
        return found.size === 200 && told().every((url) => found.has(url));
      },
      60_000,
    );
    expect(await next.stop()).toBe(0);
    reportFigures("SIGTERM while PostgreSQL does not answer", { "ended after ms": tookMs });
  });

  it("at the start: ends at once", async () => {
    await using road = await openRoad({ host: "127.0.0.1", port: 9 });
    road.freeze();
    await using workspace = await createWorkspace("sources: []\n");
    await using daemon = await Daemon.launch(workspace.config, {
      env: { MAINSTEM_STORE: `postgres://nobody@127.0.0.1:${road.port}/none` },
    });
    await daemon.waitFor("waiting", async () => daemon.output.stderr.includes("waiting for it"));
    reportFigures("SIGTERM while a start waits for PostgreSQL", { "ended after ms": await stop(daemon) });
  });
});
