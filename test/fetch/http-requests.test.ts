/** What Mainstem sends (etiquette 1-10, 43, 53-62). */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { HttpClient } from "../../src/fetch/http.ts";
import { settle } from "../support/manual-clock.ts";
import { type OriginServer, startOriginServer } from "../support/origin-server.ts";
import { ask, askForDocument, buildClient, userAgent } from "./client-builder.ts";

let server: OriginServer;
let client: HttpClient;
beforeAll(async () => {
  server = await startOriginServer();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  client = buildClient();
});
afterEach(() => client[Symbol.asyncDispose]());

const lastRequest = () => {
  const request = server.requests.at(-1);
  if (!request) throw new Error("nothing was asked");
  return request;
};

describe("request headers", () => {
  it("are these and no others", async () => {
    server.on("/feed", { body: "<feed/>" });
    await ask(client, server.url("/feed"));
    const { method, headers } = lastRequest();
    expect(method).toBe("GET");
    expect(headers).toEqual({
      host: `127.0.0.1:${server.port}`,
      connection: "keep-alive",
      "user-agent": userAgent,
      accept: expect.stringMatching(/^application\/atom\+xml, application\/rss\+xml, .*, \*\/\*;q=0\.5$/),
      "accept-encoding": "gzip, br, zstd",
      "a-im": "feed",
    });
  });

  it.each([
    [`"a,b;W/='x'==z-gzip"`, null],
    [`W/"weak-1"`, null],
    ["abc123", null],
    ['"latin-é"', null],
    [null, "Wed, 01 Jan 2025 00:00:00 +0000"],
    ['"both"', "Wed, 01 Jan 2025 00:00:00 GMT"],
  ])("carry validators byte for byte: %s, %s", async (etag, lastModified) => {
    const headers = { ...(etag && { etag }), ...(lastModified && { "last-modified": lastModified }) };
    server.on("/validators", { headers, body: "<feed/>" });
    const { validators } = await askForDocument(client, server.url("/validators"));
    expect(validators).toEqual({ etag, lastModified });
    await ask(client, server.url("/validators"), { validators });
    expect(lastRequest().headers["if-none-match"]).toBe(etag ?? undefined);
    expect(lastRequest().headers["if-modified-since"]).toBe(lastModified ?? undefined);
  });

  it("never carry a cookie back", async () => {
    server.on("/cookie", { headers: { "set-cookie": "track=1; Path=/" }, body: "<feed/>" });
    await ask(client, server.url("/cookie"));
    await ask(client, server.url("/cookie"));
    expect(lastRequest().headers.cookie).toBeUndefined();
  });

  it("take those of the operator, over our own where they meet", async () => {
    server.on("/own", { body: "<feed/>" });
    await ask(client, server.url("/own"), {
      headers: {
        "X-Token": "t",
        "user-agent": "Custom/1",
        Cookie: "a=ü",
        Connection: "close",
        "If-None-Match": "x",
      },
    });
    const { headers } = lastRequest();
    expect(headers).toMatchObject({ "x-token": "t", "user-agent": "Custom/1", connection: "keep-alive" });
    expect(Buffer.from(headers.cookie ?? "", "latin1").toString()).toBe("a=ü");
    expect(headers["if-none-match"]).toBeUndefined();
  });
});

describe("the request target", () => {
  it.each([
    "/s/feed%20a%2Fb.xml?b=2&a=1&q=%E2%9C%93&empty=&x=a+b",
    "/%zz?'q'=%",
    "//double?&&=",
    "/a/../b/./c",
  ])("%s is sent byte for byte, without a fragment", async (target) => {
    server.on(target, { body: "<feed/>" });
    const { url } = await askForDocument(client, `${server.url(target)}#frag`);
    expect(lastRequest().url).toBe(target);
    expect(url).toBe(server.url(target));
  });
});

describe("connections", () => {
  it("are kept and used again, also after an error with a short body", async () => {
    server.on("/reuse", { status: 500, body: "oops" }, { body: "<feed/>" });
    await expect(ask(client, server.url("/reuse"))).rejects.toMatchObject({ status: 500 });
    await settle();
    await ask(client, server.url("/reuse"));
    await settle();
    await ask(client, server.url("/reuse"));
    const used = server.requests.filter(({ url }) => url === "/reuse").map(({ connection }) => connection);
    expect(new Set(used).size).toBe(1);
  });

  it("that the server closed meanwhile cost one try more, not a failure", async () => {
    server.on("/stale", { body: "<feed/>" }, (request) => request.socket.destroy(), { body: "<feed/>" });
    await ask(client, server.url("/stale"));
    await settle();
    expect(await ask(client, server.url("/stale"))).toMatchObject({ kind: "document" });
    expect(server.requests.filter(({ url }) => url === "/stale")).toHaveLength(3);
  });
});

describe("credentials", () => {
  const basic = `Basic ${Buffer.from("bob:s3cret").toString("base64")}`;

  it("of the URL are sent as Authorization", async () => {
    server.on("/private", { body: "<feed/>" });
    const { url } = await askForDocument(client, server.url("/private").replace("//", "//bob:s3cret@"));
    expect(lastRequest().headers.authorization).toBe(basic);
    expect(url).not.toContain("bob");
  });

  it("and the operator's headers stay with their origin when it redirects elsewhere, and come back with it", async () => {
    server.on("/start", { status: 302, headers: { location: server.url("/foreign", "127.0.0.2") } });
    server.on("/foreign", { status: 302, headers: { location: server.url("/home") } });
    server.on("/home", { body: "<feed/>" });
    await ask(client, server.url("/start").replace("//", "//bob:s3cret@"), { headers: { "X-Token": "t" } });
    const [start, foreign, home] = server.requests.slice(-3);
    expect(start?.headers).toMatchObject({ authorization: basic, "x-token": "t" });
    expect(foreign?.headers.authorization).toBeUndefined();
    expect(foreign?.headers["x-token"]).toBeUndefined();
    expect(home?.headers).toMatchObject({ authorization: basic, "x-token": "t" });
  });

  it("stay with the origin they were configured for when the source has moved for good", async () => {
    server.on("/moved", { body: "<feed/>" });
    const configuredUrl = server.url("/old").replace("//", "//bob:s3cret@");
    await ask(client, server.url("/moved", "127.0.0.2"), { configuredUrl, headers: { "X-Token": "t" } });
    expect(lastRequest().headers.authorization).toBeUndefined();
    expect(lastRequest().headers["x-token"]).toBeUndefined();
    await ask(client, server.url("/moved"), { configuredUrl, headers: { "X-Token": "t" } });
    expect(lastRequest().headers).toMatchObject({ authorization: basic, "x-token": "t" });
  });

  it("that a redirect brings along are not used", async () => {
    server.on("/lure", {
      status: 302,
      headers: { location: server.url("/lured").replace("//", "//eve:x@") },
    });
    server.on("/lured", { body: "<feed/>" });
    await ask(client, server.url("/lure"));
    expect(lastRequest()).toMatchObject({ url: "/lured" });
    expect(lastRequest().headers.authorization).toBeUndefined();
  });

  it("are in no error", async () => {
    const url = server.url("/nothing?token=s3cret").replace("//", "//bob:s3cret@");
    const error = await ask(client, url).then(
      () => null,
      (failure: unknown) => failure,
    );
    expect(error).toMatchObject({ code: "fetch/status", url: server.url("/nothing?token=***") });
    expect(JSON.stringify({ ...(error as Error), message: (error as Error).message })).not.toContain(
      "s3cret",
    );
  });
});
