/**
 * Every client of ours, sent to an address within by a redirect, in every spelling. Here 127.0.0.9 stands for the public internet;
 * every other address is judged as in life. A canary counts who connects. Rebinding names: http-connections.test.ts and below.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHttpClient, type HttpClient } from "../../src/fetch/http.ts";
import { createPostClient } from "../../src/fetch/post.ts";
import { isPublicAddress } from "../../src/fetch/private-address.ts";
import { createLinkClient } from "../../src/fetch/resolve.ts";
import { forbiddenHosts } from "../support/hostile.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { type OriginServer, startOriginServer } from "../support/origin-server.ts";
import { noValidators, userAgent } from "./client-builder.ts";

const never = new AbortController().signal;
let origin: OriginServer;
let canary: Server;
let visits = 0;
let port = 0;

const options = {
  userAgent,
  clock: createManualClock(),
  limits: { timeoutMs: 5000, bodyBytes: 2 ** 20, redirects: 5, perHost: 4 },
  isAllowedAddress: (ip: string) => ip === "127.0.0.9" || isPublicAddress(ip),
};

beforeAll(async () => {
  origin = await startOriginServer();
  canary = createServer((socket) => {
    visits += 1;
    socket.destroy();
  }).listen({ port: 0, host: "::", ipv6Only: false });
  await once(canary, "listening");
  const address = canary.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  ({ port } = address);
  for (const [n, host] of forbiddenHosts.entries()) {
    const location = Buffer.from(`http://${host}:${port}/canary`).toString("latin1");
    origin.on(`/hop/${n}`, { status: 307, headers: { location } });
    // The second hop is looked at as the first.
    origin.on(`/far/${n}`, { status: 307, headers: { location: `/hop/${n}` } });
  }
});
afterAll(async () => {
  await origin[Symbol.asyncDispose]();
  canary.close();
});

describe.each(["hop", "far"])("behind a redirect (%s)", (path) => {
  const addresses = () => forbiddenHosts.map((_, n) => origin.url(`/${path}/${n}`, "127.0.0.9"));

  it("no source goes there", async () => {
    await using client = createHttpClient(options);
    for (const url of addresses()) {
      const asked = client.fetch(
        { url, validators: noValidators, headers: {}, isPrivateAllowed: false },
        never,
      );
      await expect(asked, url).rejects.toMatchObject({ code: "fetch/forbidden-address" });
    }
    expect(visits).toBe(0);
  });

  it("no link and no page goes there", async () => {
    await using client = createLinkClient(options);
    for (const url of addresses()) expect((await client.resolve(url, never)).kind, url).not.toBe("target");
    expect(visits).toBe(0);
  });

  it("no word to a hub and no push to a callback goes there", async () => {
    await using client = createPostClient(options);
    for (const url of addresses()) {
      const asked = client.post({ url, headers: [], body: Buffer.from("x"), isPrivateAllowed: false }, never);
      await expect(asked, url).rejects.toMatchObject({ code: "fetch/forbidden-address" });
    }
    expect(visits).toBe(0);
  });
});

/** Redirects of a server that may be private: on itself, and nowhere else. */
describe("a source that may be private, redirected", () => {
  const feed = { headers: { "content-type": "application/xml" }, body: "<feed/>" };
  const fetchAllowed = (client: HttpClient, url: string) =>
    client.fetch({ url, validators: noValidators, headers: {}, isPrivateAllowed: true }, never);
  const pages = () => createLinkClient({ ...options, isPrivateAllowed: true });

  beforeAll(() => {
    origin.on("/feed", feed);
    origin.on("/page", { headers: { "content-type": "text/html" }, body: "<p>text</p>" });
    origin.on("/hub", { status: 202 });
    const to = (path: string, location: string) => origin.on(path, { status: 307, headers: { location } });
    for (const [n, host] of ["127.0.0.1", "localhost", "127.0.0.77"].entries()) {
      to(`/own-feed/${n}`, origin.url("/feed", host));
      to(`/own-page/${n}`, origin.url("/page", host));
      to(`/own-hub/${n}`, origin.url("/hub", host));
    }
  });

  it("goes on at its own port of this machine, under any of its addresses", async () => {
    await using client = createHttpClient(options);
    await using links = pages();
    await using posts = createPostClient(options);
    for (const n of [0, 1, 2]) {
      expect((await fetchAllowed(client, origin.url(`/own-feed/${n}`))).kind).toBe("document");
      expect((await links.readBody(origin.url(`/own-page/${n}`), never)).kind).toBe("page");
      const url = origin.url(`/own-hub/${n}`);
      const asked = posts.post({ url, headers: [], body: Buffer.from("x"), isPrivateAllowed: true }, never);
      expect((await asked).status).toBe(202);
    }
  });

  it.each(["hop", "far"])("goes to no other port and no other server (%s)", async (path) => {
    await using client = createHttpClient(options);
    await using links = pages();
    await using posts = createPostClient(options);
    for (const n of forbiddenHosts.keys()) {
      // From this machine, and from what stands for the internet: the permission is the start's alone.
      for (const url of [origin.url(`/${path}/${n}`), origin.url(`/${path}/${n}`, "127.0.0.9")]) {
        const refused = { code: "fetch/forbidden-address" };
        await expect(fetchAllowed(client, url), url).rejects.toMatchObject(refused);
        expect((await links.readBody(url, never)).kind, url).toBe("dead");
        const asked = posts.post({ url, headers: [], body: Buffer.from("x"), isPrivateAllowed: true }, never);
        await expect(asked, url).rejects.toMatchObject(refused);
      }
    }
    expect(visits).toBe(0);
  });

  it("goes to no name that stands for this machine or the own network", async () => {
    for (const address of ["127.0.0.1", "10.0.0.1", "192.168.7.7", "::1", "fd00::7"]) {
      await using client = createHttpClient({
        ...options,
        resolveName: async () => ({ addresses: [address], ttlMs: 0 }),
      });
      origin.on("/to-name", {
        status: 307,
        headers: { location: `http://inner.example:${origin.port}/feed` },
      });
      await expect(fetchAllowed(client, origin.url("/to-name")), address).rejects.toMatchObject({
        code: "fetch/forbidden-address",
        hint: expect.stringContaining("a redirect leads to no other private server"),
      });
    }
  });

  it("reaches no metadata service, though its own name changes to that between two hops", async () => {
    for (const address of ["169.254.169.254", "fe80::1", "fd00:ec2::254", "100.100.100.200"]) {
      const answers = ["127.0.0.1"];
      const clock = createManualClock();
      await using client = createHttpClient({
        ...options,
        clock,
        resolveName: async () => ({ addresses: [answers.shift() ?? address], ttlMs: 0 }),
      });
      origin.on("/turn", async (_, response) => {
        // The first answer of the DNS has lived.
        await clock.advance(3_600_001);
        response.writeHead(307, { location: "/feed", connection: "close" }).end();
      });
      const asked = fetchAllowed(client, origin.url("/turn", "rebind.example"));
      await expect(asked, address).rejects.toMatchObject({
        code: "fetch/forbidden-address",
        message: expect.stringContaining(address),
        hint: "no setting opens addresses of this kind",
      });
    }
  });
});
