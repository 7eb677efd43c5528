/**
 * Every hostile document, met by one running daemon: added to its config one after the other, beside good feeds that must
 * keep their pace. What it publishes stays well-formed and harmless in every format, its memory bounded, its answers quick.
 */
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Daemon } from "../support/daemon.ts";
import { reportFigures, sized } from "../support/fault-size.ts";
import { activeInContent, activeInPage } from "../support/html-tree.ts";
import { Newsstand } from "../support/newsstand.ts";
import { startOriginServer } from "../support/origin-server.ts";
import { type Payload, payloads } from "../support/payloads.ts";
import { hasSharedPayloads, sharedPayloads } from "../support/shared-payloads.ts";
import { isSkippedWithout } from "../support/skip.ts";
import { childrenOf, parseStrictXml, textOf, type XmlNode } from "../support/strict-xml.ts";
import { createWorkspace } from "../support/workspace.ts";

const goodFeeds = 3;

interface SourceStatus {
  readonly name: string;
  readonly status: string;
  readonly entries: number;
  readonly error: { readonly code: string; readonly message: string } | null;
}

describe.each([
  ["our own", payloads],
  ["../shared/payloads", sharedPayloads()],
] as const)("hostile documents, %s", (title, list) => {
  const isMissing = title !== "our own" && isSkippedWithout("../shared/payloads", hasSharedPayloads);

  it.skipIf(isMissing)("are met without harm, one after the other", async () => {
    await using canary = await openCanary();
    await using origin = await startOriginServer();
    await using stand = await Newsstand.open(goodFeeds);
    for (let index = 0; index < goodFeeds; index++) stand.publish(index);
    // Made beforehand: packing bombs would hold up the one who probes.
    for (const { name, headers, body } of list) {
      const bytes = body();
      origin.on(`/${name}`, (_, response) => response.writeHead(200, headers).end(bytes));
    }
    await using workspace = await createWorkspace(configOf([], stand));
    await using daemon = await Daemon.start(workspace.config, { env: { MAINSTEM_LOG_LEVEL: "trace" } });
    const baseline = await Promise.all(
      ["/atom.xml", "/rss.xml", "/", "/feed.json"].map((path) => daemon.text(path)),
    );
    const met: Payload[] = [];
    let slowestHealthMs = 0;
    let most = { name: "", mib: 0 };
    let longest = { name: "", ms: 0 };
    const probing = new AbortController();
    let deafness: unknown = null;
    const prober = (async () => {
      while (!probing.signal.aborted) {
        const startedAt = performance.now();
        expect((await fetch(`${daemon.url}/healthz`)).status).toBe(200);
        slowestHealthMs = Math.max(slowestHealthMs, performance.now() - startedAt);
        await sleep(25);
      }
    })().catch((error: unknown) => {
      deafness = error;
    });
    const startedAt = performance.now();
    const step = sized({ short: 6, full: 1 });
    for (let begin = 0; begin < list.length; begin += step) {
      const group = list.slice(begin, begin + step);
      met.push(...group);
      // Forgets the peak so far (proc_pid_clear_refs(5)).
      await writeFile(`/proc/${daemon.pid}/clear_refs`, "5").catch(() => {});
      const before = await memoryMib(daemon.pid, "VmRSS");
      const begunAt = performance.now();
      await writeFile(workspace.config, configOf(met, stand, origin.origin));
      process.kill(daemon.pid, "SIGHUP");
      const found = await statusesOf(daemon, group);
      const name = group.map((payload) => payload.name).join(" ");
      const ms = performance.now() - begunAt;
      const mib = (await memoryMib(daemon.pid, "VmHWM")) - before;
      if (ms > longest.ms) longest = { name, ms };
      if (mib > most.mib) most = { name, mib };
      for (const [index, payload] of group.entries()) check(payload, found[index]);
    }
    const tookMs = performance.now() - startedAt;
    for (const payload of list) await checkOutputs(daemon, payload, baseline);
    for (const path of ["/", "/status"]) expect(activeInPage(await daemon.text(path)), path).toEqual([]);
    for (const path of ["/atom.xml", "/rss.xml", "/opml.xml", "/health/atom.xml"])
      parseStrictXml(await daemon.text(path));
    probing.abort();
    await prober;
    expect(deafness).toBeNull();
    // Three good feeds at a second each: the others cost them at most half of their pace.
    for (let index = 0; index < goodFeeds; index++)
      expect(stand.requests(index).length).toBeGreaterThan(tookMs / 1000 / 3);
    expect(canary.connections()).toBe(0);
    expectOneEventALine(daemon.output.stderr);
    expect(daemon.output.stderr).not.toContain("unexpectedly");
    // 256 MiB would be a bomb taken whole.
    expect(most.mib).toBeLessThan(200);
    expect(await daemon.stop()).toBe(0);
    reportFigures(`${list.length} hostile documents (${title})`, {
      "slowest to its status, ms": `${Math.round(longest.ms)} (${longest.name})`,
      "most memory, MiB": `${Math.round(most.mib)} (${most.name})`,
      "slowest /healthz, ms": Math.round(slowestHealthMs),
      "polls of a good feed a second": (stand.requests(0).length / (tookMs / 1000)).toFixed(2),
    });
  });
});

/** Listens where the documents' references lead; nobody may ever come. */
async function openCanary(): Promise<AsyncDisposable & { readonly connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  }).listen(9981, "127.0.0.66");
  await once(server, "listening");
  return {
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}

const outputOf = (name: string) => `p-${name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;

/** Each payload has an output of its own, so that what comes of it is seen apart. */
function configOf(list: readonly Payload[], stand: Newsstand, origin = ""): string {
  const outputs = list.map(({ name }) => `, { name: ${outputOf(name)}, tags: [${outputOf(name)}] }`);
  const sources = list.map(
    ({ name }) =>
      `  - url: ${origin}/${name}\n    name: ${name}\n    tags: [${outputOf(name)}]\n    schedule: 1d\n`,
  );
  return `allow_private: true
limits: { timeout: 20s, per_host: 8 }
schedule: 1s
outputs: [{ name: all, limit: 1000 }${outputs.join("")}]
${stand.sourcesYaml()}${sources.join("")}`;
}

async function memoryMib(pid: number, field: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
}

/** The states of the payloads' sources once they have been polled. */
async function statusesOf(daemon: Daemon, list: readonly Payload[]): Promise<readonly SourceStatus[]> {
  let found: readonly SourceStatus[] = [];
  await daemon.waitFor(`through with ${list.map(({ name }) => name).join(" ")}`, async () => {
    const { sources }: { sources: readonly SourceStatus[] } = JSON.parse(await daemon.text("/status.json"));
    found = list.flatMap(({ name }) => sources.filter((source) => source.name === name));
    return found.length === list.length && found.every(({ status }) => status !== "new");
  });
  return found;
}

function check({ name, expect: expected }: Payload, found: SourceStatus | undefined): void {
  if (found === undefined) throw new Error(`no source ${name}`);
  const { status, entries, error } = found;
  const isRefused = error !== null;
  if (expected.isRead !== null)
    expect(isRefused, `${name}: ${status} ${error?.message}`).toBe(!expected.isRead);
  const [least, most] = expected.entries ?? [0, Number.POSITIVE_INFINITY];
  expect(entries, name).toBeGreaterThanOrEqual(expected.isRead === null && isRefused ? 0 : least);
  expect(entries, name).toBeLessThanOrEqual(most);
  if (isRefused) expect(error.message, name).toMatch(/^[^\n<]{5,300}$/);
}

async function checkOutputs(
  daemon: Daemon,
  { name, expect: expected }: Payload,
  baseline: readonly string[],
): Promise<void> {
  const folder = `/${outputOf(name)}`;
  let atom = "";
  let rss = "";
  let json = "";
  let page = "";
  // All of one rendering: the next may come between two requests, and the last document's own may not have come yet.
  await daemon.waitFor(`at rest with ${name}`, async () => {
    atom = await daemon.text(`${folder}/atom.xml`);
    rss = await daemon.text(`${folder}/rss.xml`);
    json = await daemon.text(`${folder}/feed.json`);
    page = await daemon.text(`${folder}/`);
    if (!(expected.contains ?? []).every((text) => atom.includes(text))) return false;
    return (await daemon.text(`${folder}/atom.xml`)) === atom;
  });
  const atomEntries = childrenOf(parseStrictXml(atom), "entry");
  const items = childrenOf(childrenOf(parseStrictXml(rss), "channel")[0], "item");
  const { items: jsonItems }: { items: readonly Record<string, string>[] } = JSON.parse(json);
  // What goes in as one entry comes out as one.
  expect([items.length, jsonItems.length], name).toEqual([atomEntries.length, atomEntries.length]);
  const contents = [
    ...atomEntries.flatMap((entry) => [htmlOf(entry, "content"), htmlOf(entry, "summary")]),
    ...items.flatMap((item) => [textOf(item, "encoded"), textOf(item, "description")]),
    ...jsonItems.map((item) => item.content_html ?? null),
  ].filter((html) => html !== null);
  for (const html of contents) expect(activeInContent(html), name).toEqual([]);
  expect(activeInPage(page), name).toEqual([]);
  for (const href of [...atomEntries, ...items].flatMap(linksOf))
    expect(href, name).toMatch(/^https?:\/\/[^/]/);
  for (const pattern of expected.lacks ?? []) {
    // What every document of ours has of itself (`<link`) says nothing; the content is looked at in any case.
    // A `<` in a title of JSON Feed is text and nothing else.
    const documents = [atom, rss, page, pattern.source.includes("<") ? "" : json];
    const whole = documents.filter((_, index) => !pattern.test(baseline[index] ?? ""));
    for (const text of [...whole, ...contents])
      expect(pattern.exec(text)?.[0] ?? null, `${name} ${pattern}`).toBeNull();
  }
  for (const text of expected.contains ?? [])
    expect(atomEntries.map((entry) => allTextOf(entry)).join("\n"), name).toContain(text);
  for (const entry of atomEntries) {
    const updated = textOf(entry, "updated") ?? "";
    expect(new Date(updated).getTime(), name).toBeLessThanOrEqual(Date.now() + 1000);
    expect((textOf(entry, "title") ?? "").length, name).toBeLessThanOrEqual(1000);
  }
}

/** What a reader takes for HTML; a construct of `type="text"` is text, whatever stands in it. */
function htmlOf(entry: XmlNode, name: string): string | null {
  const construct = childrenOf(entry, name)[0];
  return construct?.attributes.get("type") === "html" ? construct.text : null;
}

function linksOf(node: XmlNode): string[] {
  return childrenOf(node, "link").map((link) => link.attributes.get("href") ?? link.text);
}

function allTextOf(node: XmlNode): string {
  return node.text + node.children.map(allTextOf).join(" ");
}

/** A line break, or a terminal's escape, in a feed's words never makes a log line of its own. */
function expectOneEventALine(log: string): void {
  for (const line of log.split("\n").filter((text) => text !== "")) {
    expect(() => JSON.parse(line), line.slice(0, 200)).not.toThrow();
    expect(line.includes("\u001b")).toBe(false);
  }
}
