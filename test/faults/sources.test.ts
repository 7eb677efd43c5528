/** Sources at their worst: all of them failing, answers that never end, and SIGTERM in the middle of everything. */
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Daemon } from "../support/daemon.ts";
import { reportFigures, sized } from "../support/fault-size.ts";
import { type Fault, Newsstand } from "../support/newsstand.ts";
import { startOriginServer } from "../support/origin-server.ts";
import { alternates } from "../support/published-stories.ts";
import { parseStrictXml } from "../support/strict-xml.ts";
import { createWorkspace } from "../support/workspace.ts";

const memoryMib = async (pid: number, field: "VmRSS" | "VmHWM") =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

describe("every source failing", () => {
  it("keeps the feed as it was, asks less and less, says each failure once, and recovers by itself", async () => {
    const faults: readonly Fault[] = ["html", "500", "hang", "half"];
    const feeds = sized({ short: 12, full: 40 });
    await using stand = await Newsstand.open(feeds);
    for (let index = 0; index < feeds; index++) stand.publish(index);
    await using workspace = await createWorkspace(`allow_private: true
limits: { timeout: 1s, per_host: 64 }
schedule: 1s
outputs: [{ name: all, limit: 1000 }]
${stand.sourcesYaml()}`);
    await using daemon = await Daemon.start(workspace.config);
    const told = async () => alternates(await daemon.text("/atom.xml"));
    await daemon.waitFor("full", async () => (await told()).length === feeds);
    const before = await daemon.text("/atom.xml");
    for (let index = 0; index < feeds; index++) stand.setFault(index, faults[index % faults.length] ?? null);
    const asked = () => Array.from({ length: feeds }, (_, index) => stand.requests(index).length);
    const status = async (): Promise<{ status: string }[]> =>
      JSON.parse(await daemon.text("/status.json")).sources;
    await daemon.waitFor(
      "failing everywhere",
      async () => (await status()).every((source) => source.status !== "ok"),
      30_000,
    );
    const first = asked();
    await sleep(10_000);
    const polls = asked().map((count, index) => count - (first[index] ?? 0));
    // Ten seconds at a second each would be ten polls.
    expect(Math.max(...polls)).toBeLessThanOrEqual(6);
    expect(await daemon.text("/atom.xml")).toBe(before);
    expect((await fetch(`${daemon.url}/readyz`)).status).toBe(200);
    const warnings = daemon.output.stderr
      .split("\n")
      .filter((line) => line.includes('"level":"warn"')).length;
    expect(warnings).toBeLessThanOrEqual(feeds * 4);
    for (let index = 0; index < feeds; index++) {
      stand.setFault(index, null);
      stand.publish(index);
    }
    await daemon.waitFor("recovered", async () => (await told()).length === 2 * feeds, 90_000);
    expect(await daemon.stop()).toBe(0);
    reportFigures(`all ${feeds} sources failing`, {
      "polls of a failing source in 10 s": `${Math.min(...polls)}-${Math.max(...polls)}`,
      warnings,
    });
  });
});

describe("an answer without end", () => {
  it("is cut at the limit, leaves the memory as it was and the good source at its pace", async () => {
    await using origin = await startOriginServer();
    const chunk = Buffer.alloc(64 * 1024, 32);
    let sent = 0;
    origin.on("/body", (_, response) => {
      response.writeHead(200, { "content-type": "application/rss+xml" });
      response.write('<?xml version="1.0"?><rss version="2.0"><channel><title>');
      const pour = () => {
        if (response.destroyed) return;
        sent += chunk.length;
        if (response.write(chunk)) setImmediate(pour);
        else response.once("drain", pour);
      };
      pour();
    });
    origin.on("/drip", (_, response) => {
      response.writeHead(200, { "content-type": "application/rss+xml" });
      const timer = setInterval(() => response.write(" "), 50);
      response.on("close", () => clearInterval(timer));
    });
    origin.on("/headers", (request) => {
      request.socket.write("HTTP/1.1 200 OK\r\n");
      const timer = setInterval(() => request.socket.write(`X-More: ${"h".repeat(8000)}\r\n`), 1);
      request.socket.on("close", () => clearInterval(timer)).on("error", () => {});
    });
    let hops = 0;
    origin.on("/redirect", (_, response) =>
      response.writeHead(302, { location: `/redirect?${++hops}` }).end(),
    );
    await using stand = await Newsstand.open(1);
    stand.publish(0);
    await using workspace = await createWorkspace(`allow_private: true
limits: { timeout: 3s, body: 4MiB, per_host: 8 }
schedule: 1s
${stand.sourcesYaml()}${["body", "drip", "headers", "redirect"].map((name) => `  - { url: "${origin.url(`/${name}`)}", name: ${name} }\n`).join("")}`);
    await using daemon = await Daemon.start(workspace.config);
    const status = async (): Promise<{ name: string; status: string; error: { code: string } | null }[]> =>
      JSON.parse(await daemon.text("/status.json")).sources;
    await daemon.waitFor("through", async () => (await status()).every((source) => source.status !== "new"));
    const before = await memoryMib(daemon.pid, "VmRSS");
    const asked = stand.requests(0).length;
    await sleep(10_000);
    const codes = (await status()).map(({ name, error }) => `${name} ${error?.code}`);
    expect(codes).toEqual([
      "Paper 0 undefined",
      "body fetch/too-large",
      "drip fetch/timeout",
      "headers fetch/too-large",
      "redirect fetch/redirects",
    ]);
    const polls = stand.requests(0).length - asked;
    expect(polls).toBeGreaterThanOrEqual(4);
    const growth = (await memoryMib(daemon.pid, "VmHWM")) - before;
    expect(growth).toBeLessThan(150);
    expect(await daemon.stop()).toBe(0);
    reportFigures("answers without end", {
      "poured, MiB": Math.round(sent / 2 ** 20),
      "memory grew by MiB": Math.round(growth),
      "polls of the good source in 10 s": polls,
    });
  });
});

describe("SIGTERM under load", () => {
  it("ends within 10 s with 0: no new poll, readers served, files whole, nothing lost", async () => {
    const feeds = 24;
    await using stand = await Newsstand.open(feeds);
    for (let n = 0; n < 200; n++) stand.publish(n % feeds);
    await using workspace = await createWorkspace(`allow_private: true
limits: { timeout: 30s, per_host: 64 }
schedule: 1s
outputs: [{ name: all, limit: 1000 }]
publish: { directory: ../public }
${stand.sourcesYaml()}`);
    await using daemon = await Daemon.start(workspace.config);
    await daemon.waitFor("full", async () => alternates(await daemon.text("/atom.xml")).length === 200);
    for (let index = 4; index < feeds; index++) stand.setFault(index, "hang");
    for (let n = 0; n < 40; n++) stand.publish(n % 4);
    await daemon.waitFor("hanging", async () => stand.requests(feeds - 1).length > 1);
    // Readers who ask all the time, readers who only keep their connection, and one who never reads.
    const asking = new AbortController();
    const answers: number[] = [];
    const torn: string[] = [];
    const readers = Array.from({ length: 20 }, async () => {
      while (!asking.signal.aborted) {
        try {
          const response = await fetch(`${daemon.url}/atom.xml`);
          const text = await response.text();
          answers.push(response.status);
          if (response.status === 200 && !/<\/feed>\s*$/.test(text)) torn.push(text.slice(-100));
        } catch {
          // No new connections once it drains.
          await sleep(20);
        }
      }
    });
    const { hostname, port } = new URL(daemon.url);
    const idle = Array.from({ length: 50 }, () => connect(Number(port), hostname).on("error", () => {}));
    idle[0]?.pause().write(`GET /atom.xml HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(50));
    await sleep(500);
    const asked = Array.from({ length: feeds }, (_, index) => stand.requests(index).length);
    const startedAt = performance.now();
    const code = await daemon.stop();
    const tookMs = performance.now() - startedAt;
    asking.abort();
    await Promise.all(readers);
    for (const socket of idle) socket.destroy();
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(10_000);
    expect(torn).toEqual([]);
    expect(new Set(answers)).toEqual(new Set([200]));
    const late = asked.map((count, index) => stand.requests(index).length - count);
    // One that was just leaving is not called back.
    expect(Math.max(...late)).toBeLessThanOrEqual(1);
    parseStrictXml(await readFile(join(workspace.folder, "public", "all", "atom.xml"), "utf8"));
    for (let index = 0; index < feeds; index++) stand.setFault(index, null);
    await using next = await Daemon.start(workspace.config);
    const all = [...stand.told].map((id) => stand.storyUrl(id));
    await next.waitFor("complete", async () => {
      const found = new Set(alternates(await next.text("/atom.xml")));
      return found.size === 240 && all.every((url) => found.has(url));
    });
    reportFigures("SIGTERM with 20 hung sources and 70 readers", {
      "ended after ms": Math.round(tookMs),
      "answers to readers": answers.length,
      torn: torn.length,
    });
  });
});
