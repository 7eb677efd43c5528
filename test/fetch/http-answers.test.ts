/** What Mainstem makes of answers (etiquette 7-12, 15-23, 29-33, 45-52, 54, 62). */
import { hash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { HttpClient } from "../../src/fetch/http.ts";
import { type OriginServer, startOriginServer } from "../support/origin-server.ts";
import { ask, askForDocument, buildClient, noValidators } from "./client-builder.ts";

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

const feed = "<feed>entry</feed>";
const asked = (path: string) => server.requests.filter(({ url }) => url === path).length;

describe("a document", () => {
  it("comes with all that its headers say", async () => {
    server.on("/full", {
      headers: {
        "content-type": "application/atom+xml; charset=utf-8",
        etag: '"1"',
        "last-modified": "Wed, 01 Jan 2025 00:00:00 GMT",
        "cache-control": "max-age=60",
        "retry-after": "5",
        link: ['<https://hub.example/>; rel="hub"', '</self>; rel="self"'],
      },
      body: feed,
    });
    const answer = await askForDocument(client, server.url("/full#frag"));
    expect(Buffer.from(answer.bytes).toString()).toBe(feed);
    expect(answer).toMatchObject({
      contentType: "application/atom+xml; charset=utf-8",
      url: server.url("/full"),
      permanentUrl: null,
      validators: { etag: '"1"', lastModified: "Wed, 01 Jan 2025 00:00:00 GMT" },
      freshness: { maxAgeMs: 60_000, retryAfterMs: 5000 },
      isDelta: false,
      bodyHash: hash("sha256", feed),
    });
    expect(answer.links.map(({ rel, href }) => [rel, href])).toEqual([
      ["hub", "https://hub.example/"],
      ["self", server.url("/self")],
    ]);
  });

  it("without validators forgets those that were stored", async () => {
    server.on("/dropped", { body: feed });
    const { validators } = await askForDocument(client, server.url("/dropped"), {
      validators: { etag: '"old"', lastModified: "x" },
    });
    expect(validators).toEqual(noValidators);
  });

  it.each([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
  ])("packed as %s is unpacked; its hash is that of the document", async (coding, pack) => {
    server.on("/packed", { headers: { "content-encoding": coding }, body: pack(feed) });
    const answer = await askForDocument(client, server.url("/packed"));
    expect(Buffer.from(answer.bytes).toString()).toBe(feed);
    expect(answer.bodyHash).toBe(hash("sha256", feed));
  });

  it("may hold only what is new (RFC 3229)", async () => {
    server.on("/delta", { status: 226, headers: { im: "feed", etag: '"d1"' }, body: feed });
    const answer = await askForDocument(client, server.url("/delta"), {
      validators: { etag: '"d0"', lastModified: null },
    });
    expect(answer).toMatchObject({ isDelta: true, validators: { etag: '"d1"' } });
  });

  it("may come after a 103", async () => {
    server.on("/early", (_, response) => {
      response.writeEarlyHints({ link: "</style.css>; rel=preload; as=style" });
      response.end(feed);
    });
    expect(Buffer.from((await askForDocument(client, server.url("/early"))).bytes).toString()).toBe(feed);
  });
});

describe("the turn to unpack", () => {
  it("is waited for when a document has come, beyond any time limit, and before it is unpacked", async () => {
    server.on("/packed", { headers: { "content-encoding": "gzip" }, body: gzipSync(feed) });
    server.on("/no-gzip", { headers: { "content-encoding": "gzip" }, body: "not packed" });
    await using hasty = buildClient({ limits: { timeoutMs: 1000 } });
    const order: string[] = [];
    const askWith = async (path: string) => {
      const turn = Promise.withResolvers<void>();
      const came = Promise.withResolvers<void>();
      const beforeUnpacking = () => {
        came.resolve();
        return turn.promise;
      };
      const answer = askForDocument(hasty, server.url(path), { beforeUnpacking }).finally(() =>
        order.push("unpacked"),
      );
      answer.catch(() => {});
      await Promise.race([came.promise, answer]);
      await sleep(1200);
      order.push("turn");
      turn.resolve();
      return answer;
    };
    expect(Buffer.from((await askWith("/packed")).bytes).toString()).toBe(feed);
    await expect(askWith("/no-gzip")).rejects.toMatchObject({ code: "fetch/bad-encoding" });
    expect(order).toEqual(["turn", "unpacked", "turn", "unpacked"]);
  });

  it("is nothing to an answer without a document", async () => {
    let count = 0;
    const beforeUnpacking = async () => {
      count += 1;
    };
    server.on("/304-now", { status: 304 });
    server.on("/410-now", { status: 410 });
    server.on("/500-now", { status: 500 });
    const stored = { etag: '"1"', lastModified: null };
    expect(await ask(client, server.url("/304-now"), { validators: stored, beforeUnpacking })).toMatchObject({
      kind: "not-modified",
    });
    expect(await ask(client, server.url("/410-now"), { beforeUnpacking })).toEqual({ kind: "gone" });
    await expect(ask(client, server.url("/500-now"), { beforeUnpacking })).rejects.toMatchObject({
      status: 500,
    });
    expect(count).toBe(0);
  });
});

describe("304", () => {
  const stored = { etag: '"u-1"', lastModified: "Wed, 01 Jan 2025 00:00:00 GMT" };

  it("keeps the validators and takes new ones (RFC 9111 4.3.4), and tells of freshness", async () => {
    server.on(
      "/304",
      { status: 304, headers: { etag: '"u-2"', "cache-control": "max-age=12" } },
      { status: 304 },
    );
    expect(await ask(client, server.url("/304"), { validators: stored })).toEqual({
      kind: "not-modified",
      validators: { ...stored, etag: '"u-2"' },
      freshness: { maxAgeMs: 12_000, retryAfterMs: null },
      permanentUrl: null,
    });
    expect(await ask(client, server.url("/304"), { validators: stored })).toMatchObject({
      validators: stored,
    });
  });

  it("to a request without validators is a failure", async () => {
    server.on("/rogue", { status: 304 });
    await expect(ask(client, server.url("/rogue"))).rejects.toMatchObject({
      code: "fetch/status",
      status: 304,
    });
  });

  it("behind permanent redirects confirms them", async () => {
    server.on("/304-old", { status: 301, headers: { location: "/304" } });
    server.on("/304", { status: 304 });
    const answer = await ask(client, server.url("/304-old"), { validators: stored });
    expect(answer).toMatchObject({ kind: "not-modified", permanentUrl: server.url("/304") });
  });
});

describe("an error status", () => {
  it.each([
    [204, "The server says 204 No Content: there is nothing at this address."],
    [206, "The server says 206 Partial Content: that is no feed."],
    [401, "The server says 401 Unauthorized: the feed asks for a user name and password."],
    [403, "The server says 403 Forbidden: it does not let Mainstem read the feed."],
    [404, "The server says 404 Not Found: there is no feed at this address."],
    [418, "The server says 418 I'm a Teapot: it does not answer this request."],
    [429, "The server says 429 Too Many Requests: it is asked too often."],
    [500, "The server says 500 Internal Server Error: something is broken there."],
    [503, "The server says 503 Service Unavailable: it is overloaded or being worked on."],
    [599, "The server says 599: something is broken there."],
  ])("%i is said in words", async (status, message) => {
    server.on("/status", { status, headers: { etag: '"err"' } });
    await expect(ask(client, server.url("/status"))).rejects.toMatchObject({
      code: "fetch/status",
      status,
      message,
    });
  });

  it("tells a browser check from a plain refusal", async () => {
    server.on("/challenge", { status: 403, headers: { "cf-mitigated": "challenge" }, body: "<html>" });
    await expect(ask(client, server.url("/challenge"))).rejects.toMatchObject({
      message: expect.stringContaining("a check for browsers"),
    });
  });

  it("carries Retry-After, in seconds and as a date", async () => {
    const at = "Thu, 01 Jan 2026 00:02:00 GMT"; // the manual clock stands at 2026-01-01 00:00
    server.on(
      "/busy",
      { status: 429, headers: { "retry-after": "30" } },
      { status: 503, headers: { "retry-after": at } },
      { status: 429 },
    );
    for (const retryAfterMs of [30_000, 120_000, null]) {
      await expect(ask(client, server.url("/busy"))).rejects.toMatchObject({ retryAfterMs });
    }
  });

  it("410 is an answer: the feed has ended; behind a temporary redirect it is a failure of that address", async () => {
    server.on("/gone", { status: 410 });
    server.on("/to-gone", { status: 301, headers: { location: "/gone" } });
    server.on("/for-now-gone", { status: 302, headers: { location: "/gone" } });
    expect(await ask(client, server.url("/gone"))).toEqual({ kind: "gone" });
    expect(await ask(client, server.url("/to-gone"))).toEqual({ kind: "gone" });
    await expect(ask(client, server.url("/for-now-gone"))).rejects.toMatchObject({ status: 410 });
  });

  it("stands, even when its page never ends", async () => {
    server.on("/endless-error", (_, response) => {
      response.writeHead(500);
      const timer = setInterval(() => response.write("x".repeat(10_000)), 1);
      response.on("close", () => clearInterval(timer));
    });
    await expect(ask(client, server.url("/endless-error"))).rejects.toMatchObject({ status: 500 });
  });
});

describe("redirects", () => {
  it.each([
    [[301], true],
    [[308], true],
    [[301, 308, 301], true],
    [[302], false],
    [[303], false],
    [[307], false],
    [[302, 301], false],
    [[301, 302], false],
  ])("%j: moved for good: %s", async (statuses, isPermanent) => {
    for (const [index, status] of statuses.entries()) {
      server.on(`/hop-${index}`, { status, headers: { location: `hop-${index + 1}` } });
    }
    server.on(`/hop-${statuses.length}`, { body: feed });
    const target = server.url(`/hop-${statuses.length}`);
    const answer = await askForDocument(client, server.url("/hop-0"));
    expect(answer).toMatchObject({ url: target, permanentUrl: isPermanent ? target : null });
  });

  it("carry the validators along", async () => {
    server.on("/from", { status: 302, headers: { location: "/to" } });
    server.on("/to", { status: 304 });
    const answer = await ask(client, server.url("/from"), {
      validators: { etag: '"rd"', lastModified: null },
    });
    expect(answer.kind).toBe("not-modified");
    expect(server.requests.at(-1)?.headers["if-none-match"]).toBe('"rd"');
  });

  it("that lead round in a circle are given up at once", async () => {
    server.on("/x", { status: 302, headers: { location: "/y" } });
    server.on("/y", { status: 302, headers: { location: "/x" } });
    await expect(ask(client, server.url("/x"))).rejects.toMatchObject({ code: "fetch/redirects" });
    expect(asked("/x") + asked("/y")).toBe(2);
  });

  it("are followed so many times and no more", async () => {
    server.on("/far", (request, response) => {
      const count = Number(new URL(request.url ?? "", "http://x").searchParams.get("n"));
      if (count === 0) return response.end(feed);
      response.writeHead(302, { location: `/far?n=${count - 1}` }).end();
    });
    expect((await ask(client, server.url("/far?n=5"))).kind).toBe("document");
    await expect(ask(client, server.url("/far?n=6"))).rejects.toMatchObject({ code: "fetch/redirects" });
  });

  it.each(["file:///etc/passwd", "gopher://127.0.0.1/", "data:,x", "javascript:alert(1)", "http://", ""])(
    "to %j are refused",
    async (location) => {
      server.on("/elsewhere", { status: 302, headers: { location } });
      await expect(ask(client, server.url("/elsewhere"))).rejects.toMatchObject({
        code: expect.stringMatching(/^fetch\/(redirects|bad-url|status)$/),
      });
    },
  );

  it("to a dead address fail as that address does", async () => {
    server.on("/to-404", { status: 301, headers: { location: "/absent" } });
    await expect(ask(client, server.url("/to-404"))).rejects.toMatchObject({
      code: "fetch/status",
      status: 404,
    });
  });
});

describe("a document that does not arrive whole", () => {
  it.each<[string, Record<string, string>]>([
    ["announced longer", { "content-length": "100" }],
    ["in chunks without an end", { "transfer-encoding": "chunked" }],
  ])("%s is incomplete", async (_, headers) => {
    server.on("/cut", (request, response) => {
      response.writeHead(200, { etag: '"t1"', ...headers });
      response.write(feed, () => setTimeout(() => request.socket.destroy(), 20));
    });
    await expect(ask(client, server.url("/cut"))).rejects.toMatchObject({ code: "fetch/incomplete" });
  });

  it("packed and cut is incomplete", async () => {
    const packed = gzipSync(feed);
    server.on("/cut-gzip", {
      headers: { "content-encoding": "gzip" },
      body: packed.subarray(0, packed.length - 9),
    });
    await expect(ask(client, server.url("/cut-gzip"))).rejects.toMatchObject({ code: "fetch/incomplete" });
  });

  it("that is no gzip though it says so is refused", async () => {
    server.on("/lie", { headers: { "content-encoding": "gzip" }, body: feed });
    await expect(ask(client, server.url("/lie"))).rejects.toMatchObject({ code: "fetch/bad-encoding" });
  });
});

describe("limits", () => {
  it("refuse a document that is announced too large before it is read", async () => {
    server.on("/announced", (_, response) => {
      response.writeHead(200, { "content-length": String(2 ** 40) });
      response.write("x");
    });
    await expect(ask(client, server.url("/announced"))).rejects.toMatchObject({
      code: "fetch/too-large",
      message: "The document is larger than 1 MiB, the limit.",
    });
  });

  it("stop an endless document soon after the limit", async () => {
    let written = 0;
    server.on("/endless", (_, response) => {
      const chunk = Buffer.alloc(2 ** 16, "x");
      const write = () => {
        while (!response.destroyed) {
          written += chunk.length;
          if (!response.write(chunk)) return void response.once("drain", write);
        }
      };
      write();
    });
    await expect(ask(client, server.url("/endless"))).rejects.toMatchObject({ code: "fetch/too-large" });
    expect(written).toBeLessThan(2 * 2 ** 20 + 4 * 2 ** 20);
  });

  it("stop a bomb of 1 GiB", async () => {
    const bomb = gzipSync(Buffer.alloc(2 ** 30), { level: 1 });
    server.on("/bomb", { headers: { "content-encoding": "gzip" }, body: bomb });
    await using large = buildClient({ limits: { bodyBytes: 16 * 2 ** 20 } });
    await expect(ask(large, server.url("/bomb"))).rejects.toMatchObject({ code: "fetch/too-large" });
  });

  it("refuse headers without end", async () => {
    server.on("/headers", { headers: { "x-long": "x".repeat(100_000) }, body: feed });
    await expect(ask(client, server.url("/headers"))).rejects.toMatchObject({ code: "fetch/too-large" });
  });
});

describe("time-outs", () => {
  it("end a request that is never answered", async () => {
    const closed = new Promise<void>((resolve) => {
      server.on("/hang", (request) => void request.socket.once("close", () => resolve()));
    });
    await using hasty = buildClient({ limits: { timeoutMs: 200 } });
    await expect(ask(hasty, server.url("/hang"))).rejects.toMatchObject({
      code: "fetch/timeout",
      message: "There was no answer within 200 ms.",
    });
    await closed;
  });

  it("end a document that drips, though it is never silent for long", async () => {
    server.on("/drip", (_, response) => {
      response.writeHead(200, { "content-length": "1000" });
      const timer = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(timer));
    });
    await using hasty = buildClient({ limits: { timeoutMs: 300 } });
    await expect(ask(hasty, server.url("/drip"))).rejects.toMatchObject({
      code: "fetch/timeout",
      message: "The answer did not end within 300 ms.",
    });
  });

  it("count redirects into the whole", async () => {
    server.on("/slow", (request, response) => {
      const count = Number(new URL(request.url ?? "", "http://x").searchParams.get("n"));
      setTimeout(() => response.writeHead(302, { location: `/slow?n=${count + 1}` }).end(), 150);
    });
    await using hasty = buildClient({ limits: { timeoutMs: 400, redirects: 20 } });
    await expect(ask(hasty, server.url("/slow?n=0"))).rejects.toMatchObject({ code: "fetch/timeout" });
  });
});

describe("the signal", () => {
  it("ends a request with its reason", async () => {
    const control = new AbortController();
    server.on("/stopped", () => control.abort(new Error("stopping")));
    const request = {
      url: server.url("/stopped"),
      validators: noValidators,
      headers: {},
      isPrivateAllowed: true,
    };
    await expect(client.fetch(request, control.signal)).rejects.toThrow("stopping");
    await expect(client.fetch(request, control.signal)).rejects.toThrow("stopping");
    expect(asked("/stopped")).toBe(1);
  });
});
