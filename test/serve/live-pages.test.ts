/** What pages do beyond being fetched: search, follow events, show how to subscribe, stand on an address of their own. */
import { get, type IncomingHttpHeaders } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import type { Clock, Story } from "../../src/model.ts";
import { type Server, type ServerOptions, startServer } from "../../src/serve/server.ts";
import { readStatus } from "../../src/serve/status.ts";
import { MemoryRiver } from "../support/memory-river.ts";
import { buildOutput, buildSighting, buildStory } from "../support/story-builder.ts";

const now = new Date("2026-06-18T12:00:00Z");
const clock: Clock = { now: () => now, sleep: () => Promise.reject(new Error("not here")) };
const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server[Symbol.asyncDispose]();
});

function storiesOf(count: number): Story[] {
  return Array.from({ length: count }, (_, index) => {
    const at = new Date(now.getTime() - index * 3_600_000);
    const sighting = buildSighting({ publishedAt: at, orderedAt: at, updatedAt: at });
    return buildStory({ number: count - index, publishedId: `urn:${index}`, sightings: [sighting] });
  });
}

async function start(store: MemoryRiver, overrides: Partial<ServerOptions> = {}): Promise<Server> {
  const counted = Object.assign(store, {
    counts: async () => ({ sources: 0, sightings: 0, stories: 0, aliases: 0 }),
    dailyCounts: async () => new Map(),
  });
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    store,
    outputs: [buildOutput()],
    title: "Mainstem",
    url: "http://localhost:8080",
    clock,
    status: () => readStatus(counted, { clock, startedAt: now, version: "1", notices: [] }),
    isReady: () => ({ ok: true, reasons: [] }),
    ...overrides,
  });
  open.push(server);
  return server;
}

/** Not `fetch`, which sends headers of its own. */
function ask(
  server: Server,
  path: string,
  options: { readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string }> {
  return new Promise((resolve, reject) => {
    get(server.address.url + path, { agent: false, headers: { ...options.headers } }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    }).on("error", reject);
  });
}

describe("who asks for a feed", () => {
  const visit = {
    Accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  };
  const isPage = async (path: string, headers: Readonly<Record<string, string>>) => {
    const server = await start(new MemoryRiver(storiesOf(3)));
    const answer = await ask(server, path, { headers });
    return (answer.headers["content-type"] ?? "").startsWith("text/html");
  };

  it.each([
    [
      "a browser that was led there",
      { ...visit, "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate" },
      true,
    ],
    ["a browser over plain http", { ...visit, "Upgrade-Insecure-Requests": "1" }, true],
    ["a reader with a browser's Accept", visit, false],
    ["a reader that says what it wants", { Accept: "application/atom+xml, text/html;q=0.5" }, false],
    ["a script of a page", { Accept: "*/*", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors" }, false],
    [
      "a page that frames it",
      {
        ...visit,
        "Sec-Fetch-Dest": "iframe",
        "Sec-Fetch-Mode": "navigate",
        "Upgrade-Insecure-Requests": "1",
      },
      false,
    ],
    ["nobody in particular", {}, false],
  ])("%s", async (_, headers, expected) => {
    for (const path of ["/atom.xml", "/rss.xml", "/feed.json", "/all/atom.xml"])
      expect(await isPage(path, headers)).toBe(expected);
    expect(await isPage("/atom.xml?raw", headers)).toBe(false);
    expect(await isPage("/opml.xml", headers)).toBe(false);
  });
});

describe("search", () => {
  it("narrows the river, goes on over pages, and refuses what is too long", async () => {
    const asked: (string | undefined)[] = [];
    const river = new MemoryRiver(storiesOf(70));
    const list = river.listStories.bind(river);
    const store = Object.assign(river, {
      listStories: (query: Parameters<MemoryRiver["listStories"]>[0]) => {
        asked.push(query.search);
        return list(query);
      },
    });
    const server = await start(store);
    const page = await ask(server, "/?q=%22two%20words%22");
    expect(page.status).toBe(200);
    expect(asked.at(-1)).toBe('"two words"');
    expect(page.text).toContain('value="&quot;two words&quot;"');
    expect(page.text).toContain("?q=%22two+words%22&amp;before=");
    expect((await ask(server, `/?q=${"x".repeat(201)}`)).status).toBe(400);
  });
});

describe("events", () => {
  const listen = async (url: string) => {
    const response = await fetch(url);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    return {
      response,
      until: async (part: string) => {
        while (!text.includes(part)) {
          const read = await reader?.read();
          if (read === undefined || read.done) return `${text}<end>`;
          text += read.value;
        }
        return text;
      },
    };
  };

  it("tell open pages of a change, once for many, and end with the server", async () => {
    const river = new MemoryRiver(storiesOf(1));
    const server = await start(river);
    const page = await listen(`${server.address.url}/events`);
    expect(page.response.headers.get("content-type")).toContain("text/event-stream");
    expect(page.response.headers.get("cache-control")).toBe("no-store");
    const status = await listen(`${server.address.url}/status/events`);
    server.tellPolled();
    server.tellPolled();
    expect((await status.until("event: change")).match(/event: change/g)).toHaveLength(1);
    await server.reconfigure({
      outputs: [buildOutput()],
      title: "Another title",
      url: "http://localhost:8080",
    });
    expect(await page.until("event: change")).toContain("retry:");
    const ends = [page.until("never"), status.until("never")];
    await server.stop(AbortSignal.timeout(5000));
    for (const end of await Promise.all(ends)) expect(end).toMatch(/<end>$/);
  });
});

describe("an address for the operator", () => {
  const paths = ["/status", "/status.json", "/status/events", "/metrics"];
  const metrics = async () => ({ contentType: "text/plain", body: "x 1\n" });
  const statusOf = async (url: string, headers: Readonly<Record<string, string>> = {}) => {
    const response = await fetch(url, { headers });
    await response.body?.cancel();
    return response.status;
  };

  it("has status and metrics, which the other one refuses even to this machine", async () => {
    const server = await start(new MemoryRiver(storiesOf(1)), {
      metrics,
      adminListen: { host: "127.0.0.1", port: 0 },
    });
    const admin = server.adminAddress?.url ?? "";
    for (const path of paths) {
      expect(await statusOf(server.address.url + path)).toBe(403);
      // Behind a proxy, too: the address itself is the fence.
      expect(await statusOf(admin + path, { "X-Forwarded-For": "192.0.2.1" })).toBe(200);
    }
    for (const path of ["/", "/atom.xml", "/readyz"]) expect(await statusOf(admin + path)).toBe(200);
  });

  it("asks strangers for the token where there is one", async () => {
    const token = "a-token-of-the-operator";
    const server = await start(new MemoryRiver(storiesOf(1)), {
      metrics,
      admin: { token, isOpen: false },
      adminListen: { host: "127.0.0.1", port: 0 },
    });
    const url = `${server.adminAddress?.url}/metrics`;
    const stranger = { "X-Forwarded-For": "192.0.2.1" };
    expect(await statusOf(url, stranger)).toBe(401);
    expect(await statusOf(url, { ...stranger, Authorization: `Bearer ${token}` })).toBe(200);
  });

  it("that is taken ends the start with what to do, and frees the first one", async () => {
    const first = await start(new MemoryRiver(storiesOf(1)));
    const { port } = first.address;
    await expect(
      start(new MemoryRiver(storiesOf(1)), { adminListen: { host: "127.0.0.1", port } }),
    ).rejects.toMatchObject({ code: "serve/address-in-use", hint: expect.stringContaining("admin.listen") });
  });
});
