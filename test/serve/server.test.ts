import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  get as httpGet,
  request as httpRequest,
  type IncomingHttpHeaders,
  type RequestOptions,
} from "node:http";
import { connect } from "node:net";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { MainstemError } from "../../src/errors.ts";
import type { Clock, Story } from "../../src/model.ts";
import type { Readiness } from "../../src/serve/routes.ts";
import { type Server, type ServerOptions, startServer } from "../../src/serve/server.ts";
import type { StatusReport } from "../../src/serve/status.ts";
import { MemoryRiver } from "../support/memory-river.ts";
import { assertValidAtom, hasAtomSchema } from "../support/schemas.ts";
import { isSkippedWithout } from "../support/skip.ts";
import {
  buildFeedInfo,
  buildOutput,
  buildSighting,
  buildSourceState,
  buildStory,
} from "../support/story-builder.ts";
import { childrenOf, parseStrictXml } from "../support/strict-xml.ts";

const START = new Date("2026-06-18T12:00:00.000Z");

function storiesNumbered(count: number): Story[] {
  return Array.from({ length: count }, (_, index) => {
    const at = new Date(Date.UTC(2026, 5, 17) - index * 3_600_000);
    const url = `https://news.example/${index}`;
    const sighting = buildSighting({
      originalUrl: url,
      publishedAt: at,
      updatedAt: at,
      orderedAt: at,
      firstSeenAt: at,
      sourceTags: index % 2 === 0 ? ["world"] : ["sport"],
      sourceId: index % 2 === 0 ? "s1" : "s2",
      entry: { title: `Story ${index}`, url, published: at },
    });
    return buildStory({ number: 1000 - index, publishedId: url, sightings: [sighting] });
  });
}

const report: StatusReport = {
  now: START,
  startedAt: START,
  version: "1",
  sources: [],
  counts: { sources: 0, sightings: 0, stories: 0, aliases: 0 },
  dailyCounts: new Map(),
  joined: [],
  notices: [],
};

const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server[Symbol.asyncDispose]();
});

interface Setup {
  readonly server: Server;
  readonly river: MemoryRiver;
  readonly clock: { at: Date };
  ask(path: string, options?: RequestOptions): Promise<Answer>;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

async function setUp(
  overrides: Partial<ServerOptions> & { stories?: readonly Story[] } = {},
): Promise<Setup> {
  const river = new MemoryRiver(overrides.stories ?? storiesNumbered(5), [
    buildSourceState({ id: "s1", tags: ["world"], entryCount: 3 }),
    buildSourceState({ id: "s2", name: "Second <Source>", tags: ["sport"], entryCount: 2 }),
  ]);
  const clock = { at: START };
  const manual: Clock = { now: () => clock.at, sleep: () => Promise.reject(new Error("not here")) };
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    store: river,
    outputs: [buildOutput(), buildOutput({ name: "world", title: "World", tags: ["world"] })],
    title: "Mainstem",
    url: "https://river.example",
    clock: manual,
    status: async () => report,
    isReady: () => ({ ok: true, reasons: [] }),
    ...overrides,
  });
  open.push(server);
  return { server, river, clock, ask: (path, options) => ask(server, path, options) };
}

function ask(server: Server, path: string, options: RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = server.address;
    const request = httpRequest({ host: "127.0.0.1", port, path, agent: false, ...options }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end();
  });
}

/** What the server says to raw bytes, until it closes. */
async function askRaw(server: Server, bytes: string): Promise<string> {
  const socket = connect(server.address.port, "127.0.0.1");
  socket.write(bytes);
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  socket.on("error", () => {});
  await once(socket, "close");
  return text;
}

describe("feeds", () => {
  it.each([
    ["/atom.xml", "application/atom+xml; charset=utf-8", "<feed "],
    ["/rss.xml", "application/rss+xml; charset=utf-8", "<rss "],
    ["/feed.json", "application/feed+json; charset=utf-8", '{"version"'],
    ["/all/atom.xml", "application/atom+xml; charset=utf-8", "<feed "],
    ["/world/rss.xml", "application/rss+xml; charset=utf-8", "<rss "],
    ["/opml.xml", "text/x-opml; charset=utf-8", "<opml "],
  ])("%s is %s", async (path, type, beginning) => {
    const { ask } = await setUp();
    const answer = await ask(path);
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      "content-type": type,
      "content-length": String(answer.body.length),
      vary: "Accept-Encoding",
      "access-control-allow-origin": "*",
      "x-content-type-options": "nosniff",
    });
    expect(answer.headers.etag).toMatch(/^"[\w-]{22}"$/);
    expect(String(answer.body)).toContain(beginning);
  });

  it("the first output is the same document under both addresses", async () => {
    const { ask } = await setUp();
    expect((await ask("/all/atom.xml")).body).toEqual((await ask("/atom.xml")).body);
    // Whichever is asked for, it says which of the two is its own.
    for (const path of ["/all/atom.xml", "/atom.xml"])
      expect((await ask(path)).headers["content-location"]).toMatch(/[a-z]\/atom\.xml$/);
    expect((await ask("/all/atom.xml")).headers["content-location"]).not.toContain("/all/");
  });

  it("an output holds its own stories only", async () => {
    const { ask } = await setUp();
    const { items } = JSON.parse(String((await ask("/world/feed.json")).body)) as {
      items: { title: string }[];
    };
    expect(items.map((item) => item.title)).toEqual(["Story 0", "Story 2", "Story 4"]);
  });

  it("an output's filter is applied before its limit", async () => {
    const matchers = new Map([["all", (text: string) => text.startsWith("Story 9")]]);
    const { ask } = await setUp({
      stories: storiesNumbered(100),
      outputs: [buildOutput({ limit: 5 })],
      matchers,
    });
    const { items } = JSON.parse(String((await ask("/feed.json")).body)) as { items: { title: string }[] };
    expect(items.map((item) => item.title)).toEqual([
      "Story 9",
      "Story 90",
      "Story 91",
      "Story 92",
      "Story 93",
    ]);
  });

  it("says how long it stays fresh", async () => {
    const { ask } = await setUp();
    expect((await ask("/atom.xml")).headers["cache-control"]).toBe(
      "public, max-age=900, stale-while-revalidate=1800, stale-if-error=86400",
    );
  });

  it("Last-Modified is the newest change", async () => {
    const { ask } = await setUp();
    expect((await ask("/atom.xml")).headers["last-modified"]).toBe("Wed, 17 Jun 2026 00:00:00 GMT");
  });

  it("HEAD is GET without a body", async () => {
    const { ask } = await setUp();
    const [get, head] = [await ask("/atom.xml"), await ask("/atom.xml", { method: "HEAD" })];
    expect(head.status).toBe(200);
    expect(head.body).toHaveLength(0);
    for (const name of ["etag", "content-length", "content-type", "last-modified", "cache-control"]) {
      expect(head.headers[name]).toBe(get.headers[name]);
    }
  });

  it("a preflight allows every origin, without credentials", async () => {
    const { ask } = await setUp();
    const answer = await ask("/feed.json", {
      method: "OPTIONS",
      headers: { origin: "https://reader.example" },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers["access-control-allow-origin"]).toBe("*");
    expect(answer.headers["access-control-allow-credentials"]).toBeUndefined();
  });
});

describe("conditional requests", () => {
  it.each([
    ["its own", (etag: string) => etag],
    ["a weakened one (RFC 9110 13.1.2: weak comparison)", (etag: string) => `W/${etag}`],
    ["one of a list", (etag: string) => `"a", W/"b",${etag} , "c"`],
    ["any", () => "*"],
    ["that of another coding", (etag: string) => `${etag.slice(0, -1)}-gzip"`],
    [
      "one among thousands",
      (etag: string) => `${Array.from({ length: 1500 }, (_, n) => `"${n}"`).join(", ")}, ${etag}`,
    ],
  ])("If-None-Match with %s is 304", async (_, makeHeader) => {
    const { ask } = await setUp();
    const etag = String((await ask("/atom.xml")).headers.etag);
    const answer = await ask("/atom.xml", { headers: { "if-none-match": makeHeader(etag) } });
    expect(answer.status).toBe(304);
    expect(answer.body).toHaveLength(0);
    expect(answer.headers).toMatchObject({
      vary: "Accept-Encoding",
      "cache-control": expect.stringContaining("max-age"),
    });
    expect(answer.headers.etag).toContain(etag.slice(1, 23));
    expect(answer.headers["content-type"]).toBeUndefined();
  });

  it.each(['"other"', "", "nonsense", '"'.repeat(5000)])("If-None-Match %j is 200", async (header) => {
    const { ask } = await setUp();
    expect((await ask("/atom.xml", { headers: { "if-none-match": header } })).status).toBe(200);
  });

  it.each([
    ["Wed, 17 Jun 2026 00:00:00 GMT", 304],
    ["Thu, 18 Jun 2026 00:00:00 GMT", 304],
    ["Tue, 16 Jun 2026 23:59:59 GMT", 200],
    ["yesterday", 200],
  ])("If-Modified-Since %s is %i", async (since, status) => {
    const { ask } = await setUp();
    expect((await ask("/atom.xml", { headers: { "if-modified-since": since } })).status).toBe(status);
  });

  it("If-None-Match comes before If-Modified-Since (RFC 9110 13.2.2)", async () => {
    const { ask } = await setUp();
    const headers = { "if-none-match": '"old"', "if-modified-since": "Thu, 18 Jun 2026 00:00:00 GMT" };
    expect((await ask("/atom.xml", { headers })).status).toBe(200);
  });

  it("a 304 says what guides caches and scripts of other origins, and no more (RFC 9110 15.4.5)", async () => {
    const { ask } = await setUp();
    const whole = await ask("/atom.xml");
    const { status, headers } = await ask("/atom.xml", {
      headers: { "if-none-match": String(whole.headers.etag) },
    });
    expect(status).toBe(304);
    const kept = ["etag", "cache-control", "vary", "content-location", "access-control-allow-origin"];
    for (const name of [...kept, "access-control-expose-headers"])
      expect(headers[name]).toBe(whole.headers[name]);
    for (const name of ["content-type", "content-security-policy", "last-modified"]) {
      expect(whole.headers[name]).toBeDefined();
      expect(headers[name]).toBeUndefined();
    }
  });

  it("a 304 asks nothing of the store", async () => {
    const { ask, river } = await setUp();
    const etag = String((await ask("/atom.xml")).headers.etag);
    const before = river.listings;
    for (let n = 0; n < 5; n += 1) await ask("/atom.xml", { headers: { "if-none-match": etag } });
    expect(river.listings).toBe(before);
  });
});

describe("content codings", () => {
  it.each([
    ["gzip", "gzip", gunzipSync],
    ["gzip, deflate, br, zstd", "br", brotliDecompressSync],
    ["zstd, gzip", "zstd", zstdDecompressSync],
    ["br;q=0.1, gzip;q=0.9", "gzip", gunzipSync],
    ["*", "br", brotliDecompressSync],
    ["identity", undefined, (body: Buffer) => body],
    ["deflate", undefined, (body: Buffer) => body],
    ["gzip;q=0, identity;q=0", undefined, (body: Buffer) => body],
    ["", undefined, (body: Buffer) => body],
  ])("Accept-Encoding: %s gives %s", async (accept, coding, decode) => {
    const { ask } = await setUp();
    const plain = await ask("/atom.xml");
    const coded = await ask("/atom.xml", { headers: { "accept-encoding": accept } });
    expect(coded.headers["content-encoding"]).toBe(coding);
    expect(decode(coded.body)).toEqual(plain.body);
    // Strong tags differ by coding (RFC 9110 8.8.3.3).
    expect(coded.headers.etag === plain.headers.etag).toBe(coding === undefined);
  });

  it("a client that comes back with a coding's tag gets 304 with the same tag", async () => {
    const { ask } = await setUp();
    const first = await ask("/atom.xml", { headers: { "accept-encoding": "gzip" } });
    const etag = String(first.headers.etag);
    const again = await ask("/atom.xml", { headers: { "accept-encoding": "gzip", "if-none-match": etag } });
    expect([again.status, again.headers.etag]).toEqual([304, etag]);
  });
});

describe("refresh", () => {
  it("renders once per change, not per request", async () => {
    const { server, river, ask } = await setUp();
    const before = river.listings;
    await server.refresh();
    await ask("/atom.xml");
    await ask("/rss.xml");
    expect(river.listings).toBe(before);
    river.change(storiesNumbered(6));
    await server.refresh();
    expect(river.listings).toBe(before + 2);
  });

  it("a change of the store that no reader sees changes no tag", async () => {
    const { server, river, ask } = await setUp();
    const { headers } = await ask("/atom.xml");
    river.change([...river.stories]);
    await server.refresh();
    expect((await ask("/atom.xml")).headers).toMatchObject({
      etag: headers.etag,
      "last-modified": headers["last-modified"],
    });
  });

  it("a source that is `updated` without a word of news changes no tag", async () => {
    const { server, river, ask } = await setUp();
    const { etag } = (await ask("/atom.xml")).headers;
    const rebuilt = (at: string): Story[] =>
      storiesNumbered(5).map((story) => ({
        ...story,
        sightings: story.sightings.map((s) => ({ ...s, feed: buildFeedInfo({ updated: new Date(at) }) })),
      }));
    for (const at of ["2026-06-17T10:00:00Z", "2026-06-17T11:00:00Z"]) {
      river.change(rebuilt(at));
      await server.refresh();
      expect((await ask("/atom.xml")).headers.etag).toBe(etag);
    }
  });

  it("a change without a newer date is as new as the moment it was seen", async () => {
    const { server, river, clock, ask } = await setUp();
    const etag = (await ask("/atom.xml")).headers.etag;
    clock.at = new Date("2026-06-19T10:00:00Z");
    river.change(river.stories.slice(0, 4));
    await server.refresh();
    const { headers } = await ask("/atom.xml");
    expect(headers.etag).not.toBe(etag);
    expect(headers["last-modified"]).toBe("Fri, 19 Jun 2026 10:00:00 GMT");
  });

  it("calls that come together share a run and all see the newest", async () => {
    const { server, river } = await setUp();
    river.change(storiesNumbered(7));
    const runs = [server.refresh(), server.refresh(), server.refresh()];
    const files = await Promise.all(runs);
    for (const file of files) expect(String(file.get("feed.json")).match(/"Story /g)).toHaveLength(7);
  });

  it("gives every file of the site", async () => {
    const { server } = await setUp();
    const names = [...(await server.refresh()).keys()].map((name) =>
      name.replace(/-[0-9a-f]{10}\./, "-HASH."),
    );
    expect(names.sort()).toEqual([
      "all/atom.xml",
      "all/feed.json",
      "all/index.html",
      "all/rss.xml",
      "assets/icon-HASH.svg",
      "assets/live-HASH.js",
      "assets/mainstem-HASH.css",
      "atom.xml",
      "feed.json",
      "index.html",
      "opml.xml",
      "rss.xml",
      "world/atom.xml",
      "world/feed.json",
      "world/index.html",
      "world/rss.xml",
    ]);
  });

  it("a changed config is published without a restart", async () => {
    const { server, ask } = await setUp();
    await server.reconfigure({
      outputs: [buildOutput({ name: "news", title: "News" })],
      title: "River",
      url: "https://r.example",
    });
    expect((await ask("/news/atom.xml")).status).toBe(200);
    expect((await ask("/world/atom.xml")).status).toBe(404);
    expect(String((await ask("/atom.xml")).body)).toContain("<id>https://r.example/news/atom.xml</id>");
  });
});

describe("A-IM: feed (RFC 3229)", () => {
  const deltaHeaders = (etag: unknown): Record<string, string> => ({
    "a-im": "feed",
    "if-none-match": String(etag),
  });

  it("gives a client only what is new or changed since its version, under the tag of the whole", async () => {
    const { server, river, ask } = await setUp();
    const old = (await ask("/feed.json")).headers.etag;
    const [newest, first, ...rest] = storiesNumbered(6);
    if (newest === undefined || first === undefined) throw new Error("no stories");
    const edited = { ...first, updatedAt: new Date("2026-06-18T00:00:00Z") };
    const added = {
      ...newest,
      number: 2000,
      publishedId: "urn:example:added",
      orderedAt: new Date("2026-06-18T00:00:00Z"),
    };
    river.change([added, edited, ...rest]);
    await server.refresh();
    const answer = await ask("/feed.json", { headers: deltaHeaders(old) });
    const { items } = JSON.parse(String(answer.body)) as { items: { id: string }[] };
    expect(answer.status).toBe(226);
    expect(items.map((item) => item.id)).toEqual([
      "urn:example:added",
      "https://news.example/1",
      "https://news.example/5",
    ]);
    expect(answer.headers).toMatchObject({
      im: "feed",
      "delta-base": old,
      "cache-control": "private, no-store",
    });
    const etag = (await ask("/feed.json")).headers.etag;
    expect(answer.headers.etag).toBe(etag);
    expect((await ask("/feed.json", { headers: deltaHeaders(etag) })).status).toBe(304);
  });

  it.each([
    ["a version that is not known", { "a-im": "feed", "if-none-match": '"gone"' }],
    ["no version", { "a-im": "feed" }],
    ["a refusal", { "a-im": "feed;q=0" }],
    ["another manipulation", { "a-im": "vcdiff, gzip" }],
  ])("%s gets the whole feed", async (_, headers) => {
    const { server, river, ask } = await setUp();
    const old = String((await ask("/atom.xml")).headers.etag);
    river.change(storiesNumbered(7));
    await server.refresh();
    const known = "if-none-match" in headers || headers["a-im"] === "feed" ? {} : { "if-none-match": old };
    expect((await ask("/atom.xml", { headers: { ...headers, ...known } })).status).toBe(200);
  });

  it("is compressed like the rest, and a page knows nothing of it", async () => {
    const { server, river, ask } = await setUp({ stories: storiesNumbered(20) });
    const old = (await ask("/atom.xml", { headers: { "accept-encoding": "gzip" } })).headers.etag;
    river.change(storiesNumbered(25));
    await server.refresh();
    const answer = await ask("/atom.xml", { headers: { ...deltaHeaders(old), "accept-encoding": "gzip" } });
    expect([answer.status, answer.headers["content-encoding"]]).toEqual([226, "gzip"]);
    expect(String(gunzipSync(answer.body)).match(/<entry/g)).toHaveLength(5);
    expect((await ask("/", { headers: deltaHeaders('"x"') })).status).toBe(200);
  });
});

describe("health", () => {
  it("/healthz says that the process lives, /readyz whether it is of use", async () => {
    let readiness: Readiness = { ok: false, reasons: ["the first poll has not run yet"] };
    const { ask } = await setUp({ isReady: () => readiness });
    expect((await ask("/healthz")).status).toBe(200);
    const unready = await ask("/readyz");
    expect(unready.status).toBe(503);
    expect(JSON.parse(String(unready.body))).toEqual({
      status: "unavailable",
      reasons: ["the first poll has not run yet"],
    });
    readiness = { ok: true, reasons: [] };
    expect((await ask("/readyz")).status).toBe(200);
  });

  it("while it drains it is not ready, finishes what it began and takes nothing new", async () => {
    let release: (value: StatusReport) => void = () => {};
    const { server, ask } = await setUp({ status: () => new Promise((resolve) => (release = resolve)) });
    const slow = ask("/status.json");
    await new Promise((resolve) => setTimeout(resolve, 50));
    const stopped = server.stop(AbortSignal.timeout(5000));
    await expect(ask("/readyz")).rejects.toThrow("ECONNREFUSED");
    release(report);
    expect((await slow).status).toBe(200);
    await stopped;
  });

  it("what does not end in time is cut", async () => {
    const { server, ask } = await setUp({ status: () => new Promise(() => {}) });
    const stuck = ask("/status.json");
    stuck.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    await server.stop(AbortSignal.timeout(50));
    await expect(stuck).rejects.toThrow("socket hang up");
  });
});

describe("errors", () => {
  it.each([
    ["/nothing", 404],
    ["/world", 308],
    ["/nothing/atom.xml", 404],
    ["/../../../../etc/passwd", 404],
    ["/%2e%2e%2f%2e%2e%2fetc%2fpasswd", 404],
    ["/atom.xml%00.json", 400],
    ["/%E0%A4%A", 400],
    ["/%0d%0aSet-Cookie:a=b", 400],
    ["/constructor", 404],
    ["/__proto__/", 404],
    [`/${"x".repeat(5000)}`, 414],
    ["/?before=nonsense", 400],
    ["/?before=1.99999999999999999999", 400],
    ["/?tag=<script>alert(1)</script>", 404],
    ["/?source=unknown", 404],
    [`/?tag=${"x".repeat(400)}`, 400],
  ])("%s is %i, as a problem that repeats nothing of the request", async (path, status) => {
    const { ask } = await setUp();
    const answer = await ask(path);
    expect(answer.status).toBe(status);
    expect(String(answer.body)).not.toMatch(/script|passwd|nonsense|xxxx/);
    if (status === 308) return;
    expect(answer.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    expect(JSON.parse(String(answer.body))).toMatchObject({ type: "about:blank", status });
  });

  it.each([
    ["/nothing", 404, "Not Found", "There is nothing under this path."],
    ["/?source=unknown", 404, "Not Found", "There is no such source."],
    ["/status", 503, "Service Unavailable", "The store gives no answer."],
    ["/world/?q=river", 503, "Service Unavailable", "The store gives no answer."],
  ])("a person who opens %s in a browser reads of the %i on a page", async (path, status, title, detail) => {
    const away = new MainstemError("store/unreachable", "db.example cannot be reached");
    const unlessAway = status === 503 ? () => Promise.reject(away) : undefined;
    const { ask } = await setUp({ ...(unlessAway && { unlessAway }), onError: () => {} });
    const visit = { accept: "text/html,*/*;q=0.8", "upgrade-insecure-requests": "1" };
    const answer = await ask(path, { headers: visit });
    expect([answer.status, answer.headers["content-type"]]).toEqual([status, "text/html; charset=utf-8"]);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(answer.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(answer.headers["retry-after"]).toBe(status === 503 ? "30" : undefined);
    const page = String(answer.body);
    expect(page).toContain(`<h1>${title}</h1>`);
    expect(page).toContain(detail);
    expect(page).not.toMatch(/db\.example|unknown|river\b/);
  });

  it("a redirect goes to a path of ours, whatever the request says", async () => {
    const { ask } = await setUp();
    const { headers } = await ask("/world?x=//evil.example", { headers: { host: "evil.example" } });
    expect(headers.location).toBe("/world/");
    expect((await ask("//evil.example/..")).status).toBe(404);
  });

  it.each([
    ["DELETE", "/atom.xml", "GET, HEAD, OPTIONS"],
    ["POST", "/", "GET, HEAD"],
    ["PUT", "/status.json", "GET, HEAD"],
  ])("%s %s is 405 with Allow", async (method, path, allow) => {
    const { ask } = await setUp();
    const answer = await ask(path, { method });
    expect([answer.status, answer.headers.allow]).toEqual([405, allow]);
  });

  it("a failure of ours is a 500 without its words, and told to the log", async () => {
    const errors: unknown[] = [];
    const { ask } = await setUp({
      status: () => Promise.reject(new Error("S3CRET")),
      onError: (error, path) => errors.push([String(error), path]),
    });
    const answer = await ask("/status?x=1");
    expect(answer.status).toBe(500);
    expect(String(answer.body)).not.toContain("S3CRET");
    expect(errors).toEqual([["Error: S3CRET", "/status"]]);
  });

  it("a port in use is an error that names it", async () => {
    const { server } = await setUp();
    const second = setUp({ port: server.address.port });
    await expect(second).rejects.toThrow(MainstemError);
    await expect(second).rejects.toMatchObject({
      code: "serve/address-in-use",
      message: `127.0.0.1:${server.address.port} is taken by another process`,
      hint: expect.stringContaining("listen"),
    });
  });

  it.each([
    ["192.0.2.1", "192.0.2.1:8080 is no address of this machine", "0.0.0.0 stands for all it has"],
    ["absent.invalid", "absent.invalid:8080 is no address of this machine", "MAINSTEM_LISTEN"],
  ])("an address that cannot be listened on, %s, is an error that says so", async (host, message, hint) => {
    await expect(setUp({ host, port: 8080 })).rejects.toMatchObject({
      code: "serve/address-unusable",
      message,
      hint: expect.stringContaining(hint),
    });
  });
});

describe("hostile requests", () => {
  it("the Host header and forwarded headers change nothing", async () => {
    const { ask } = await setUp();
    const plain = await ask("/atom.xml");
    const headers = {
      host: "evil.example",
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "javascript",
    };
    const poisoned = await ask("/atom.xml?cb=<script>", { headers });
    expect(poisoned.body).toEqual(plain.body);
    expect(JSON.stringify(poisoned.headers)).not.toContain("evil");
    expect(String((await ask("/", { headers })).body)).not.toContain("evil");
  });

  it("Range is ignored", async () => {
    const { ask } = await setUp();
    const answer = await ask("/atom.xml", { headers: { range: `bytes=${"0-,".repeat(1000)}0-` } });
    expect(answer.status).toBe(200);
  });

  it.each([
    [
      "two framings",
      "GET /atom.xml HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    ["no Host", "GET /atom.xml HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
    ["a header over 16 KiB", `GET /atom.xml HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(20_000)}\r\n\r\n`, 431],
    ["a header of 1 MB", `GET /atom.xml HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(1_000_000)}\r\n\r\n`, 431],
    [
      "an absolute target",
      "GET http://evil.example/atom.xml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
      400,
    ],
    ["no HTTP", "nonsense\r\n\r\n", 400],
  ])("%s is refused and the connection closed", async (_, bytes, status) => {
    const { server, ask } = await setUp();
    expect(await askRaw(server, bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect((await ask("/healthz")).status).toBe(200);
  });

  it("a public URL with a path works with and without it", async () => {
    const { ask } = await setUp({ url: "https://example.org/river/" });
    expect((await ask("/river/atom.xml")).status).toBe(200);
    expect((await ask("/atom.xml")).status).toBe(200);
    const page = String((await ask("/river/")).body);
    expect(page).toContain('href="/river/atom.xml"');
    expect(page).toContain('href="/river/world/"');
  });
});

describe("as real clients see it", () => {
  const hasCurl = (() => {
    try {
      execFileSync("curl", ["--version"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  })();

  it.skipIf(isSkippedWithout("curl", hasCurl))(
    "curl's --etag-compare keeps its file (skipped without curl)",
    async () => {
      const { server } = await setUp();
      const url = `http://127.0.0.1:${server.address.port}/atom.xml`;
      const { promisify } = await import("node:util");
      const { execFile } = await import("node:child_process");
      const { mkdtemp } = await import("node:fs/promises");
      const { tmpdir } = await import("node:os");
      const folder = await mkdtemp(`${tmpdir()}/mainstem-curl-`);
      const curl = (): Promise<{ stdout: string }> =>
        promisify(execFile)(
          "curl",
          [
            ...["-s", "-o", "out", "-w", "%{http_code}", "--compressed"],
            ...["--etag-save", "etag", "--etag-compare", "etag", url],
          ],
          { cwd: folder },
        );
      expect((await curl()).stdout).toBe("200");
      expect((await curl()).stdout).toBe("304");
    },
  );

  it("many requests go over one connection", async () => {
    const { server } = await setUp();
    const { Agent } = await import("node:http");
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (let n = 0; n < 5; n += 1) {
      const request = httpGet({ port: server.address.port, host: "127.0.0.1", path: "/atom.xml", agent });
      const [response] = await once(request, "response");
      ports.add(response.socket.localPort);
      response.resume();
      await once(response, "end");
    }
    agent.destroy();
    expect(ports.size).toBe(1);
  });
});

describe("the health feed", () => {
  const notice = {
    sourceId: "s1",
    sourceName: "Paper <b>&</b> Post",
    kind: "failing",
    at: new Date("2026-06-17T12:00:00Z"),
    message:
      "Since 2026-06-16 every poll has failed: no answer from https://user:S3CRET@paper.example/feed?token=S3CRET",
    code: "fetch/timeout",
  } as const;

  it("is an Atom feed even while nothing happened", async () => {
    const { ask } = await setUp();
    const { status, headers, body } = await ask("/health/atom.xml");
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("application/atom+xml; charset=utf-8");
    expect(entriesOf(body.toString())).toBe(0);
  });

  it("tells what happened, since when and what to do, without secrets, and answers 304", async () => {
    const { ask, river } = await setUp();
    river.notices = [notice, { ...notice, kind: "recovered", code: null, message: "It works again." }];
    const { headers, body } = await ask("/health/atom.xml");
    const text = body.toString();
    expect(text).toContain(
      '<title type="text">Paper &#x3C;\u2060b&gt;&#x26;&#x3C;\u2060/b&gt; Post fails</title>',
    );
    expect(text).toMatch(/every poll has failed.*raise limits\.timeout/);
    expect(text).not.toContain("S3CRET");
    expect(entriesOf(text)).toBe(2);
    expect(new Set(text.match(/<id>[^<]*<\/id>/g)).size).toBe(3);
    const again = await ask("/health/atom.xml", { headers: { "If-None-Match": headers.etag ?? "" } });
    expect(again.status).toBe(304);
    if (hasAtomSchema) assertValidAtom(text);
  });
});

/** Entries of a well-formed Atom feed. */
function entriesOf(xml: string): number {
  return childrenOf(parseStrictXml(xml), "entry").length;
}

describe("archive pages", () => {
  const setUpArchive = () =>
    setUp({
      stories: storiesNumbered(40),
      outputs: [buildOutput({ limit: 5 })],
      url: "https://river.example",
    });

  it("are served for good, with validators and codings, to every origin", async () => {
    const { ask } = await setUpArchive();
    const page = await ask("/all/archive/1.xml", { headers: { "Accept-Encoding": "gzip" } });
    expect(page.status).toBe(200);
    expect(page.headers["content-type"]).toBe("application/atom+xml; charset=utf-8");
    expect(page.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    expect(page.headers["access-control-allow-origin"]).toBe("*");
    expect(gunzipSync(page.body).toString()).toContain('<link rel="current"');
    const etag = page.headers.etag ?? "";
    expect((await ask("/all/archive/1.xml", { headers: { "If-None-Match": etag } })).status).toBe(304);
    const head = await ask("/all/archive/1.xml", { method: "HEAD" });
    expect([head.status, head.body.length]).toEqual([200, 0]);
    expect((await ask("/all/archive/1.xml", { method: "OPTIONS" })).status).toBe(204);
    expect((await ask("/all/archive/1.xml", { method: "POST" })).status).toBe(405);
  });

  it("the second leads to the live document until there is one", async () => {
    const { ask } = await setUp({ stories: storiesNumbered(15), outputs: [buildOutput({ limit: 5 })] });
    expect((await ask("/all/archive/1.xml")).status).toBe(200);
    const second = await ask("/all/archive/2.xml");
    expect([second.status, second.headers.location]).toEqual([307, "https://river.example/atom.xml"]);
    expect(second.headers["cache-control"]).toBe("no-cache");
    expect(second.headers["access-control-allow-origin"]).toBe("*");
    expect((await ask("/all/archive/2.xml", { method: "OPTIONS" })).status).toBe(204);
    expect((await ask("/all/archive/3.xml")).status).toBe(404);
    const { ask: askLater } = await setUpArchive();
    expect((await askLater("/all/archive/2.xml")).status).toBe(200);
  });

  it.each(["0", "01", "99", "1e1", "999999999999", "-1"])("there is no page %s", async (number) => {
    const { ask } = await setUpArchive();
    expect((await ask(`/all/archive/${number}.xml`)).status).toBe(404);
  });
});

describe("WebSub 5.3.1: the subscriber's answer", () => {
  it("MUST have a safe media type, whatever the challenge is", async () => {
    const { ask } = await setUp({
      push: () => ({
        verify: async (_, query) => ({ status: 200, body: query.get("hub.challenge") ?? "" }),
        receive: async () => ({ status: 202, body: "" }),
      }),
    });
    const challenge = "<script>alert(1)</script>";
    const answer = await ask(`/websub/callback/abcdefgh?hub.challenge=${encodeURIComponent(challenge)}`);
    expect(answer.body.toString()).toBe(challenge);
    expect(answer.headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
  });
});
