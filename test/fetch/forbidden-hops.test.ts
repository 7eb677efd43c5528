/**
 * Every client of ours, sent to an address within by a redirect, in every spelling. Here 127.0.0.9 stands for the public internet;
 * every other address is judged as in life. A canary counts who connects. Rebinding names: http-connections.test.ts.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHttpClient } from "../../src/fetch/http.ts";
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
