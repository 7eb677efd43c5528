/** WebSub 6: the publisher MUST inform the hubs it designated when a topic has been updated. */
import { afterEach, expect, it } from "vitest";
import { createPostClient } from "../../src/fetch/post.ts";
import { createLog } from "../../src/observe/log.ts";
import { OutsideHub } from "../../src/push/outside-hub.ts";
import type { HubClaim } from "../../src/store/store.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { startOriginServer } from "../support/origin-server.ts";

const stack: AsyncDisposable[] = [];
afterEach(async () => {
  for (const part of stack.splice(0).reverse()) await part[Symbol.asyncDispose]();
});

/** The lease of one store, as several processes see it. */
function createLeases() {
  let holder: string | null = null;
  return {
    claimHub: async (claim: HubClaim) => {
      holder ??= claim.holder;
      return holder === claim.holder;
    },
    releaseHub: async (one: string) => {
      if (holder === one) holder = null;
    },
  };
}

it("is told once of each change, however many processes serve the store", async () => {
  const clock = createManualClock();
  const origin = await startOriginServer();
  const told: string[] = [];
  origin.on("/hub", async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    told.push(new URLSearchParams(body).get("hub.url") ?? "");
    response.writeHead(204).end();
  });
  const limits = { timeoutMs: 2000, bodyBytes: 1000, redirects: 3, perHost: 2 };
  const client = createPostClient({ userAgent: "Mainstem/test", limits, clock });
  const store = createLeases();
  let version = 1;
  const open = () =>
    new OutsideHub({
      ...{ store, clock, client, isPrivateAllowed: true, url: origin.url("/hub") },
      log: createLog({ level: "silent", terminal: null, scrub: (text) => text }),
      topicUrls: () => ["https://river.example/atom.xml"],
      findTopic: (url) => ({
        ...{ selfUrl: url, contentType: "", body: Buffer.from(""), since: () => null },
        hash: String(version),
      }),
    });
  const [one, two] = [open(), open()];
  stack.push(origin, client, two);
  await expect.poll(() => told.length).toBe(1);
  for (version = 2; version <= 4; version += 1) {
    one.published();
    two.published();
    await expect.poll(() => told.length).toBe(version);
    await clock.advance(60_000);
    expect(told).toHaveLength(version);
  }
  // The other goes on when the one that told is gone.
  await one[Symbol.asyncDispose]();
  version = 9;
  two.published();
  await expect.poll(() => told.length).toBe(5);
});

it("is told of every feed after a start and of each change after that, and again until it has heard", async () => {
  const clock = createManualClock();
  const origin = await startOriginServer();
  const told: string[] = [];
  let status = 204;
  origin.on("/hub", async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const form = new URLSearchParams(body);
    if (status === 204) told.push(`${form.get("hub.mode")} ${form.get("hub.url")}`);
    response.writeHead(status).end();
  });
  const limits = { timeoutMs: 2000, bodyBytes: 1000, redirects: 3, perHost: 2 };
  const client = createPostClient({ userAgent: "Mainstem/test", limits, clock });
  const versions = new Map([
    ["https://river.example/atom.xml", 1],
    ["https://river.example/rss.xml", 1],
  ]);
  const hub = new OutsideHub({
    ...{ store: createLeases(), clock, client, isPrivateAllowed: true, url: origin.url("/hub") },
    log: createLog({ level: "silent", terminal: null, scrub: (text) => text }),
    topicUrls: () => [...versions.keys()],
    findTopic: (url) => ({
      ...{ selfUrl: url, contentType: "", body: Buffer.from(""), since: () => null },
      hash: String(versions.get(url)),
    }),
  });
  stack.push(origin, client, hub);
  const first = ["publish https://river.example/atom.xml", "publish https://river.example/rss.xml"];
  await expect.poll(() => told).toEqual(first);
  hub.published();
  versions.set("https://river.example/rss.xml", 2);
  hub.published();
  await expect.poll(() => told.length).toBe(3);
  expect(told[2]).toBe(first[1]);
  status = 503;
  versions.set("https://river.example/atom.xml", 2);
  hub.published();
  await expect.poll(() => origin.requests.length).toBe(4);
  status = 204;
  hub.published();
  await clock.advance(20_000);
  expect(told).toHaveLength(3);
  await clock.advance(20_000);
  await expect.poll(() => told.length).toBe(4);
  expect(told[3]).toBe(first[0]);
});
