/** Names, addresses, TLS, broken connections (security 1-5, etiquette 32, 43). */
import { existsSync, readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OriginServer, startOriginServer } from "../support/origin-server.ts";
import { isSkippedWithout } from "../support/skip.ts";
import { ask, askForDocument, buildClient } from "./client-builder.ts";
import { expiredCertificate, testCertificate, testKey } from "./tls-pair.ts";

let server: OriginServer;
beforeAll(async () => {
  server = await startOriginServer();
});
afterAll(() => server[Symbol.asyncDispose]());

async function listen(listener: Server): Promise<AsyncDisposable & { readonly port: number }> {
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo;
  return {
    port,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void listener.close(() => resolve())),
  };
}

const loopback = async () => ({ addresses: ["127.0.0.1"], ttlMs: 60_000 });

describe("a source that must not be private", () => {
  const forbidden = { code: "fetch/forbidden-address" };

  it.each([
    "127.0.0.1",
    "localhost",
    "foo.localhost",
    "2130706433",
    "0x7f.1",
    "127.1",
    "0",
    "[::1]",
    "[::ffff:127.0.0.1]",
  ])("is not asked at %s", async (host) => {
    await using client = buildClient();
    const before = server.requests.length;
    await expect(ask(client, server.url("/", host), { isPrivateAllowed: false })).rejects.toMatchObject(
      forbidden,
    );
    expect(server.requests).toHaveLength(before);
  });

  it("is not asked where its name stands for a private address", async () => {
    await using client = buildClient({ resolveName: loopback });
    await expect(
      ask(client, server.url("/", "public.example"), { isPrivateAllowed: false }),
    ).rejects.toMatchObject({
      ...forbidden,
      message: expect.stringContaining("stands for 127.0.0.1"),
    });
  });

  it("is asked at the public ones only, where its name stands for both", async () => {
    await using client = buildClient({
      resolveName: async () => ({ addresses: ["127.0.0.1", "127.0.0.2"], ttlMs: 1000 }),
      isAllowedAddress: (ip) => ip === "127.0.0.2",
    });
    server.on("/mixed", (request, response) => response.end(request.socket.localAddress));
    const { bytes } = await askForDocument(client, server.url("/mixed", "mixed.example"), {
      isPrivateAllowed: false,
    });
    expect(Buffer.from(bytes).toString()).toContain("127.0.0.2");
  });

  it("is not followed to a private address, by number or by name", async () => {
    await using client = buildClient({ resolveName: loopback, isAllowedAddress: (ip) => ip === "127.0.0.2" });
    server.on("/inner", { body: "secret" });
    for (const host of ["127.0.0.1", "inner.example"]) {
      server.on("/lure", { status: 302, headers: { location: server.url("/inner", host) } });
      const asking = ask(client, server.url("/lure", "127.0.0.2"), { isPrivateAllowed: false });
      await expect(asking).rejects.toMatchObject(forbidden);
    }
    expect(server.requests.filter(({ url }) => url === "/inner")).toHaveLength(0);
  });

  it("does not ride on a connection that was opened for another that may", async () => {
    await using client = buildClient();
    server.on("/shared", { body: "x" });
    await ask(client, server.url("/shared"), { isPrivateAllowed: true });
    await expect(ask(client, server.url("/shared"), { isPrivateAllowed: false })).rejects.toMatchObject(
      forbidden,
    );
  });

  it("gains nothing from a name that changes its answer", async () => {
    const answers = ["127.0.0.2", "127.0.0.1"];
    await using client = buildClient({
      resolveName: async () => ({ addresses: [answers.shift() ?? "127.0.0.1"], ttlMs: 0 }),
      isAllowedAddress: (ip) => ip === "127.0.0.2",
    });
    server.on("/rebind", (request, response) => {
      response.setHeader("connection", "close");
      response.end(request.socket.localAddress);
    });
    const { bytes } = await askForDocument(client, server.url("/rebind", "rebind.example"), {
      isPrivateAllowed: false,
    });
    expect(Buffer.from(bytes).toString()).toContain("127.0.0.2");
    // The clock stands still, so the first answer still lives; a new client meets the second.
    await using later = buildClient({
      resolveName: async () => ({ addresses: ["127.0.0.1"], ttlMs: 0 }),
      isAllowedAddress: (ip) => ip === "127.0.0.2",
    });
    await expect(
      ask(later, server.url("/rebind", "rebind.example"), { isPrivateAllowed: false }),
    ).rejects.toMatchObject(forbidden);
  });
});

const list = new URL("../../../shared/payloads/ssrf-urls.txt", import.meta.url);
describe.skipIf(isSkippedWithout("../shared/payloads", existsSync(list)))(
  "the list of forbidden addresses in ../shared",
  () => {
    const urls = existsSync(list) ? readFileSync(list, "utf8").trim().split("\n") : [];

    it.each(urls)("%s is refused, as a source and as a redirect", async (url) => {
      // Names of the list resolve to a private address, as an attacker would have them do.
      await using client = buildClient({
        limits: { timeoutMs: 3000 },
        resolveName: async () => ({ addresses: ["127.0.0.66"], ttlMs: 1000 }),
      });
      const refused = { code: expect.stringMatching(/^fetch\/(forbidden-address|bad-url|redirects)$/) };
      await expect(ask(client, url, { isPrivateAllowed: false })).rejects.toMatchObject(refused);
      await using follower = buildClient({
        limits: { timeoutMs: 3000 },
        resolveName: async () => ({ addresses: ["127.0.0.66"], ttlMs: 1000 }),
        isAllowedAddress: (ip) => ip === "127.0.0.2",
      });
      server.on("/ssrf", (_, response) => {
        response.writeHead(302, { location: Buffer.from(url, "utf8").toString("latin1") }).end();
      });
      const following = ask(follower, server.url("/ssrf", "127.0.0.2"), { isPrivateAllowed: false });
      await expect(following).rejects.toMatchObject(refused);
    });
  },
);

describe("a server that cannot be reached", () => {
  function failingWith(code: string) {
    return buildClient({ resolveName: () => Promise.reject(Object.assign(new Error(code), { code })) });
  }

  it.each([
    ["ENOTFOUND", "There is no server by the name nowhere.example."],
    ["ETIMEOUT", "The name servers of nowhere.example do not answer."],
    ["EAI_AGAIN", "The name servers of nowhere.example do not answer."],
  ])("for want of a name (%s)", async (code, message) => {
    await using client = failingWith(code);
    await expect(ask(client, "http://nowhere.example/feed")).rejects.toMatchObject({
      code: "fetch/dns",
      message,
    });
  });

  it("because it refuses, in one or several addresses", async () => {
    const taken = await listen(createTcpServer());
    await taken[Symbol.asyncDispose]();
    await using client = buildClient({
      resolveName: async () => ({ addresses: ["127.0.0.1", "127.0.0.2"], ttlMs: 1000 }),
    });
    for (const host of ["127.0.0.1", "several.example"]) {
      await expect(ask(client, `http://${host}:${taken.port}/`)).rejects.toMatchObject({
        code: "fetch/network",
        message: `${host}:${taken.port} refuses the connection.`,
      });
    }
  });

  it("because it resets the connection: one request, no storm", async () => {
    server.on("/reset", (request) => request.socket.resetAndDestroy());
    await using client = buildClient();
    await expect(ask(client, server.url("/reset"))).rejects.toMatchObject({
      code: "fetch/network",
      message: expect.stringMatching(/ closed the connection without an answer\.$/),
    });
    expect(server.requests.filter(({ url }) => url === "/reset").length).toBeLessThanOrEqual(2);
  });

  it("because it does not speak HTTP", async () => {
    const mailServer = createTcpServer((socket) =>
      socket
        .resume()
        .on("error", () => {})
        .end("220 mail ready\r\n"),
    );
    await using odd = await listen(mailServer);
    await using client = buildClient();
    await expect(ask(client, `http://127.0.0.1:${odd.port}/`)).rejects.toMatchObject({
      code: "fetch/network",
      message: expect.stringContaining("is not HTTP"),
    });
  });

  it("because a header cannot be sent, and nothing is", async () => {
    await using client = buildClient();
    const before = server.requests.length;
    const asking = ask(client, server.url("/"), { headers: { "X-A": "b\r\nX-Evil: 1" } });
    await expect(asking).rejects.toMatchObject({ code: "fetch/bad-url" });
    expect(server.requests).toHaveLength(before);
  });

  it("because the URL is none", async () => {
    await using client = buildClient();
    for (const url of ["", "feed.xml", "file:///etc/passwd", "http://[::1", "http://a b/"]) {
      await expect(ask(client, url)).rejects.toMatchObject({ code: "fetch/bad-url" });
    }
  });
});

describe("TLS", () => {
  const feed = "<feed/>";

  it("is spoken with HTTP/2 where offered, and the rules stay the same", async () => {
    const http2 = createSecureServer(
      { key: testKey, cert: testCertificate, allowHTTP1: true },
      (request, response) => {
        if (request.url === "/cut") {
          response.writeHead(200, { "content-length": "100" });
          response.write(feed);
          return void setTimeout(() => response.stream.close(), 20);
        }
        response.writeHead(200, { etag: '"2"', "x-version": request.httpVersion });
        response.end(JSON.stringify({ version: request.httpVersion, headers: request.headers }));
      },
    );
    await using listening = await listen(http2);
    await using client = buildClient({ ca: testCertificate, resolveName: loopback });
    const url = `https://localhost:${listening.port}`;
    const { bytes, validators } = await askForDocument(client, `${url}/feed`, {
      headers: { "X-Token": "t" },
    });
    const seen = JSON.parse(Buffer.from(bytes).toString());
    expect(seen.version).toBe("2.0");
    expect(seen.headers).toMatchObject({
      "accept-encoding": "gzip, br, zstd",
      "a-im": "feed",
      "x-token": "t",
    });
    expect(validators.etag).toBe('"2"');
    await expect(ask(client, `${url}/cut`)).rejects.toMatchObject({ code: "fetch/incomplete" });
  });

  it("is spoken with HTTP/1.1 where that is all there is", async () => {
    await using listening = await listen(
      createTlsServer(
        { key: testKey, cert: testCertificate },
        (request, response) => void response.end(request.httpVersion),
      ),
    );
    await using client = buildClient({ ca: testCertificate });
    const { bytes } = await askForDocument(client, `https://localhost:${listening.port}/`);
    expect(Buffer.from(bytes).toString()).toBe("1.1");
  });

  it.each([
    ["that nobody vouches for", testCertificate, undefined, "localhost", /signed by nobody but itself/],
    ["that has expired", expiredCertificate, expiredCertificate, "localhost", /has expired/],
    ["made out to another name", testCertificate, testCertificate, "other.example", /another name/],
  ])("refuses a certificate %s", async (_, cert, ca, host, words) => {
    await using listening = await listen(
      createTlsServer({ key: testKey, cert }, (_request, response) => void response.end(feed)),
    );
    await using client = buildClient({ resolveName: loopback, ...(ca && { ca }) });
    await expect(ask(client, `https://${host}:${listening.port}/`)).rejects.toMatchObject({
      code: "fetch/tls",
      message: expect.stringMatching(words),
    });
  });

  it("to a server without it fails as TLS", async () => {
    await using client = buildClient({ limits: { timeoutMs: 3000 } });
    await expect(ask(client, server.url("/").replace("http:", "https:"))).rejects.toMatchObject({
      code: "fetch/tls",
    });
  });
});
