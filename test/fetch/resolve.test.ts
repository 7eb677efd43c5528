/** Where links lead, asked of a real server: redirects, refreshes, circles, walls of the network, pages. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLinkClient, type LinkClient, type LinkClientOptions } from "../../src/fetch/resolve.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { type OriginServer, startOriginServer } from "../support/origin-server.ts";
import { userAgent } from "./client-builder.ts";

let server: OriginServer;
const clients: LinkClient[] = [];

beforeEach(async () => {
  server = await startOriginServer();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client[Symbol.asyncDispose]()));
  await server[Symbol.asyncDispose]();
});

function open(changes: Partial<LinkClientOptions> = {}): LinkClient {
  const client = createLinkClient({
    userAgent,
    clock: createManualClock(),
    limits: { timeoutMs: 5000, bodyBytes: 2 ** 20, redirects: 4, perHost: 2 },
    isAllowedAddress: () => true,
    ...changes,
  });
  clients.push(client);
  return client;
}

const never = new AbortController().signal;
const html = { "Content-Type": "text/html; charset=utf-8" };
const to = (location: string, status = 301) => ({ status, headers: { Location: location } });

describe("resolve", () => {
  it.each([301, 302, 303, 307, 308])("follows a %i to where it answers", async (status) => {
    server.on("/s", to("/story", status));
    server.on("/story", { headers: html, body: "<p>a story" });
    expect(await open().resolve(server.url("/s"), never)).toEqual({
      kind: "target",
      url: server.url("/story"),
      hops: [server.url("/story")],
    });
  });

  it("stops at the first address that is a destination, without asking there", async () => {
    server.on("/s", to("/t"));
    server.on("/t", to("https://paper.example/2026/a-story-of-the-day"));
    const client = open({ isDestination: (url) => url.startsWith("https://paper.example/") });
    expect(await client.resolve(server.url("/s"), never)).toEqual({
      kind: "target",
      url: "https://paper.example/2026/a-story-of-the-day",
      hops: [server.url("/t"), "https://paper.example/2026/a-story-of-the-day"],
    });
    expect(server.requests.map(({ url }) => url)).toEqual(["/s", "/t"]);
  });

  it.each([
    ['<meta http-equiv="refresh" content="0; url=/story">'],
    ["<META HTTP-EQUIV=Refresh CONTENT=\"0;URL='/story'\">"],
    ["<noscript><meta http-equiv='refresh' content='2;url=/story'></noscript>"],
  ])("follows a page that only sends its reader on: %s", async (head) => {
    server.on("/s", { headers: html, body: `<!doctype html><html><head>${head}</head></html>` });
    server.on("/story", { headers: html, body: "<p>a story" });
    expect(await open().resolve(server.url("/s"), never)).toMatchObject({ url: server.url("/story") });
  });

  it("takes a page that renews itself after a while for the end of the way", async () => {
    server.on("/s", to("/live"));
    server.on("/live", { headers: html, body: '<meta http-equiv="refresh" content="60; url=/live?2">' });
    expect(await open().resolve(server.url("/s"), never)).toMatchObject({ url: server.url("/live") });
  });

  it.each([
    ["leads nowhere", () => server.on("/s", { headers: html, body: "<p>here" }), /leads nowhere/],
    ["is not found", () => server.on("/s", { status: 404 }), /answers 404/],
    ["is gone", () => server.on("/s", { status: 410 }), /answers 410/],
    [
      "goes round in a circle",
      () => {
        server.on("/s", to("/t"));
        server.on("/t", to("/s"));
      },
      /circle/,
    ],
    ["leads to no web page", () => server.on("/s", to("mailto:desk@paper.example")), /no web page/],
    ["runs a script", () => server.on("/s", to("javascript:alert(1)")), /./],
    [
      "redirects too often",
      () => {
        for (let n = 0; n < 9; n++) server.on(n === 0 ? "/s" : `/s${n}`, to(`/s${n + 1}`));
      },
      /more than 4 times/,
    ],
  ])("says for good that a link %s", async (_, script, reason) => {
    script();
    expect(await open().resolve(server.url("/s"), never)).toEqual({
      kind: "dead",
      reason: expect.stringMatching(reason),
    });
  });

  it.each([
    [403, {}, null],
    [429, { "Retry-After": "120" }, 120_000],
    [500, {}, null],
    [503, { "Retry-After": "60" }, 60_000],
  ])("comes back after a %i", async (status, headers, retryAfterMs) => {
    server.on("/s", { status, headers });
    expect(await open().resolve(server.url("/s"), never)).toEqual({
      kind: "later",
      reason: expect.stringContaining(`${status}`),
      retryAfterMs,
    });
  });

  it("comes back after a server that never answers", async () => {
    server.on("/s", () => {});
    const client = open({ limits: { timeoutMs: 200, bodyBytes: 1000, redirects: 4, perHost: 2 } });
    expect(await client.resolve(server.url("/s"), never)).toMatchObject({ kind: "later" });
  });

  it.each([
    ["at once", (): string => server.url("/s")],
    ["behind a redirect", (): string => server.url("/out")],
    ["under a public name", (): string => `http://short.example:${server.port}/s`],
  ])("never reaches a private address: %s", async (where, link) => {
    server.on("/s", to("/story"));
    server.on("/out", to("http://127.0.0.2:9/secret"));
    const isAllowedAddress = (address: string) => where === "behind a redirect" && address === "127.0.0.1";
    const client = open({
      isAllowedAddress,
      resolveName: async () => ({ addresses: ["127.0.0.1"], ttlMs: 1000 }),
    });
    expect(await client.resolve(link(), never)).toMatchObject({ kind: "dead" });
    expect(server.requests.length).toBe(where === "behind a redirect" ? 1 : 0);
  });

  it("asks once for the whole, with our name, no cookie, no referrer and no credentials of a redirect", async () => {
    server.on("/s", to(`http://user:secret@127.0.0.1:${server.port}/story`));
    server.on("/story", { headers: { ...html, "Set-Cookie": "a=b" }, body: "<p>x" });
    const found = await open().resolve(server.url("/s"), never);
    expect(found).toMatchObject({ url: server.url("/story") });
    expect(server.requests).toHaveLength(2);
    for (const { headers } of server.requests) {
      expect(headers["user-agent"]).toBe(userAgent);
      expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(["cookie"]));
      expect(headers.referer ?? headers.authorization).toBeUndefined();
    }
  });

  it("waits for its turn at each host", async () => {
    server.on("/s", to("/story"));
    server.on("/story", { headers: html, body: "x" });
    const turns: string[] = [];
    const client = open({
      turn: async (host) => {
        turns.push(host);
        return { [Symbol.dispose]: () => turns.push("over") };
      },
    });
    await client.resolve(server.url("/s"), never);
    expect(turns).toEqual([`127.0.0.1:${server.port}`, "over", `127.0.0.1:${server.port}`, "over"]);
  });

  it("ends with the signal's reason", async () => {
    server.on("/s", () => {});
    const stopping = new AbortController();
    const asked = open().resolve(server.url("/s"), stopping.signal);
    setTimeout(() => stopping.abort(new Error("enough")), 50);
    await expect(asked).rejects.toThrow("enough");
  });
});

describe("readPage", () => {
  it("reads the head of a page and says where it stood in the end", async () => {
    server.on("/a", to("/b", 302));
    server.on("/b", { headers: html, body: '<link rel="canonical" href="https://paper.example/story">' });
    expect(await open().readPage(server.url("/a"), never)).toEqual({
      kind: "page",
      url: server.url("/b"),
      html: expect.stringContaining("canonical"),
    });
  });

  it("stops after 256 KiB of an endless page", async () => {
    server.on("/a", (_, response) => {
      response.writeHead(200, { "Content-Type": "text/html" });
      const more = setInterval(() => response.write("x".repeat(65_536)), 1);
      response.on("close", () => clearInterval(more));
    });
    const page = await open().readPage(server.url("/a"), never);
    expect(page.kind === "page" && page.html.length).toBe(262_144);
  });

  it("does not follow a refresh, which is the page's own", async () => {
    server.on("/a", { headers: html, body: '<meta http-equiv="refresh" content="0;url=/b">' });
    expect(await open().readPage(server.url("/a"), never)).toMatchObject({ url: server.url("/a") });
  });

  it("is no page: a picture", async () => {
    server.on("/a", { headers: { "Content-Type": "image/png" }, body: "png" });
    expect(await open().readPage(server.url("/a"), never)).toMatchObject({ kind: "dead" });
  });
});
