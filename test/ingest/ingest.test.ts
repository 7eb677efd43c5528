/** One source, one poll, start to end, against a real server and a real store. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPoller } from "../../src/app/poller.ts";
import { createHttpClient } from "../../src/fetch/http.ts";
import type { SourceDefinition, SourceState } from "../../src/model.ts";
import { createLog } from "../../src/observe/log.ts";
import { combine } from "../../src/publish/combine.ts";
import { createHostLimit } from "../../src/schedule/host-limit.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { buildDefinition } from "../store/builders.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { type OriginServer, startOriginServer } from "../support/origin-server.ts";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

const dayMs = 86_400_000;
const never = new AbortController().signal;
let server: OriginServer;
let workspace: Workspace;
let store: Store;
let clock: ManualClock;

beforeEach(async () => {
  server = await startOriginServer();
  workspace = await createWorkspace("");
  clock = createManualClock();
  store = await openSqliteStore({ file: `${workspace.folder}/store.db`, role: "poller", clock });
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await workspace[Symbol.asyncDispose]();
});

/** A client and a poller of these sources; what they do shows in the store, at the server and in `hosts`. */
function preparePolling(definitions: readonly SourceDefinition[]) {
  const limits = { timeoutMs: 5000, bodyBytes: 2 ** 20, redirects: 5, perHost: 2 };
  const http = createHttpClient({ userAgent: "Mainstem/test", limits, clock });
  const hosts = createHostLimit({ perHost: 2, pauseMs: 0, clock });
  const table = new Map(definitions.map((definition) => [definition.id, definition]));
  const poller = createPoller({
    store,
    clock,
    http,
    hosts,
    log: createLog({ level: "silent", terminal: null, scrub: (text) => text }),
    rules: null,
    definitions: () => table,
    limits: { bodyBytes: 2 ** 20, entries: 100 },
    random: () => 0,
    isResolving: false,
    pageMode: "never",
    onVisible: () => {},
    onDue: () => {},
    onQuestions: () => {},
  });
  return { poller, hosts, [Symbol.asyncDispose]: () => http[Symbol.asyncDispose]() };
}

/** Polls each source once, time running on meanwhile, and gives their states. */
async function poll(...definitions: readonly SourceDefinition[]): Promise<readonly SourceState[]> {
  await using polling = preparePolling(definitions);
  await store.syncSources(definitions, { now: clock.now(), parentId: null });
  for (const { id } of definitions) {
    const request = { now: clock.now(), limit: 1, leaseMs: 60_000, onlyIds: [id] };
    const [claimed] = await store.claimDueSources(request);
    if (claimed === undefined) throw new Error(`${id} could not be claimed`);
    const run = polling.poller(claimed, never);
    let isOver = false;
    void run.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      if (clock.sleeperCount > 0) await clock.advance(1000);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await run;
  }
  return store.listSources();
}

const local = (id: string, changes: Partial<SourceDefinition> = {}) =>
  buildDefinition(id, { location: server.url(`/${id}`), isPrivateAllowed: true, ...changes });
const titles = async () =>
  (await store.listStories({ limit: 100 })).map(({ sightings }) => sightings[0]?.entry.title ?? "").sort();

function page(number: number, older: string | null): { readonly body: string } {
  const link = older === null ? "" : `<link rel="prev-archive" href="${older}"/>`;
  return {
    body: `<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>urn:t</id>${link}<updated>2025-06-01T00:00:00Z</updated>
<entry><title>Story of page ${number}</title><id>urn:t:${number}</id><link href="https://paper.example/2025/story-number-${number}"/><updated>2025-06-0${number}T00:00:00Z</updated></entry></feed>`,
  };
}

describe("the history of a feed (RFC 5005)", () => {
  beforeEach(() => {
    server.on("/live", page(4, "/archive/3"));
    server.on("/archive/3", page(3, "2"));
    server.on("/archive/2", page(2, "1"));
    server.on("/archive/1", page(1, null));
  });
  const asked = () => server.requests.map(({ url }) => url);

  it("is not asked for unless wanted", async () => {
    await poll(local("live"));
    expect(asked()).toEqual(["/live"]);
  });

  it("is followed as far as wanted, once, with a pause before each page", async () => {
    const startedAt = clock.now().getTime();
    await poll(local("live", { historyPages: 2 }));
    expect(asked()).toEqual(["/live", "/archive/3", "/archive/2"]);
    expect(clock.now().getTime() - startedAt).toBeGreaterThanOrEqual(2000);
    expect(await titles()).toEqual(["Story of page 2", "Story of page 3", "Story of page 4"]);
    await poll(local("live", { historyPages: 2 }));
    expect(asked().slice(3)).toEqual(["/live"]);
  });

  it("ends at a page that cannot be had, with what was read", async () => {
    server.on("/archive/2", { status: 500 });
    const [state] = await poll(local("live", { historyPages: 9 }));
    expect(await titles()).toEqual(["Story of page 3", "Story of page 4"]);
    expect(state?.status).toBe("ok");
    expect(state?.warnings).toEqual([
      { code: "archive", message: expect.stringMatching(/the history ends early: .*500/) },
    ]);
  });

  it("ends where it turns in a circle", async () => {
    server.on("/archive/3", page(3, "/live"));
    await poll(local("live", { historyPages: 9 }));
    expect(asked()).toEqual(["/live", "/archive/3"]);
  });

  it("does not lead to a private address on another server", async () => {
    await using other = await startOriginServer();
    other.on("/archive/3", page(3, null));
    server.on("/live", page(4, other.url("/archive/3")));
    const [state] = await poll(local("live", { historyPages: 9 }));
    expect(asked()).toEqual(["/live"]);
    expect(other.requests).toEqual([]);
    expect(state?.warnings).toMatchObject([{ code: "archive" }]);
  });
});

describe("404", () => {
  it("is a failure for a week, then the end, told with what to do", async () => {
    server.on("/lost", { status: 404 });
    let [state] = await poll(local("lost"));
    for (let day = 0; day < 6; day++) {
      expect(state).toMatchObject({ status: "failing", lastError: { code: "fetch/status" } });
      await clock.advance(dayMs);
      [state] = await poll(local("lost"));
    }
    await clock.advance(dayMs);
    [state] = await poll(local("lost"));
    expect(state?.status).toBe("gone");
    expect(state?.lastError?.message).toMatch(/404 Not Found since 2026-01-01; it is not asked any more/);
  });

  it("does not add up with other failures or over a success", async () => {
    server.on("/lost", { status: 404 }, { status: 500 }, { status: 404 }, page(1, null), { status: 404 });
    let states: readonly SourceState[] = [];
    for (let round = 0; round < 5; round++) {
      states = await poll(local("lost"));
      await clock.advance(4 * dayMs);
    }
    expect(states[0]).toMatchObject({ status: "failing", failures: 1 });
  });
});

describe("a server that names a time", () => {
  it.each([
    ["host", 1],
    ["source", 2],
  ] as const)("rests the %s", async (restScope, count) => {
    server.on("/a", { status: 429, headers: { "Retry-After": "600" } });
    server.on("/b", page(1, null));
    const definitions = [local("a", { restScope }), local("b", { restScope })];
    await store.syncSources(definitions, { now: clock.now(), parentId: null });
    await using polling = preparePolling(definitions);
    const { poller, hosts } = polling;
    const claim = async (id: string) =>
      (await store.claimDueSources({ now: clock.now(), limit: 1, leaseMs: 60_000, onlyIds: [id] }))[0];
    const [a, b] = [await claim("a"), await claim("b")];
    if (a === undefined || b === undefined) throw new Error("not claimed");
    await poller(a, never);
    expect(hosts.restingUntil(`127.0.0.1:${server.port}`) !== null).toBe(restScope === "host");
    const stopping = new AbortController();
    const second = poller(b, stopping.signal).catch(() => null);
    setTimeout(() => stopping.abort(new Error("enough")), 300);
    await second;
    expect(server.requests).toHaveLength(count);
  });
});

describe("WebSub 4: a subscriber finds hub and topic", () => {
  const feed = (links: string) => ({
    body: `<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>urn:t</id>${links}<updated>2025-06-01T00:00:00Z</updated>
<entry><title>One</title><id>urn:t:1</id><link href="https://paper.example/1"/><updated>2025-06-01T00:00:00Z</updated></entry></feed>`,
  });
  const embedded =
    '<link rel="hub" href="https://hub.example/embedded"/><link rel="self" href="https://paper.example/embedded.xml"/>';
  const header = '<https://hub.example/header>; rel="hub", <https://paper.example/header.xml>; rel="self"';
  const found = async () => {
    const [source] = await poll(local("feed"));
    return { hubs: source?.feed?.hubs, topic: source?.feed?.url };
  };

  it("MUST check for HTTP Link headers first", async () => {
    server.on("/feed", { headers: { Link: header }, ...feed(embedded) });
    expect(await found()).toEqual({
      hubs: ["https://hub.example/header"],
      topic: "https://paper.example/header.xml",
    });
  });

  it("in their absence MUST check for embedded link elements, of Atom", async () => {
    server.on("/feed", feed(embedded));
    expect(await found()).toEqual({
      hubs: ["https://hub.example/embedded"],
      topic: "https://paper.example/embedded.xml",
    });
  });

  it("in their absence MUST check for embedded link elements, of RSS", async () => {
    const links = embedded.replaceAll("<link", "<atom:link");
    server.on("/feed", {
      body: `<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>t</title><link>https://paper.example/</link>${links}<item><title>One</title><link>https://paper.example/1</link></item></channel></rss>`,
    });
    expect(await found()).toEqual({
      hubs: ["https://hub.example/embedded"],
      topic: "https://paper.example/embedded.xml",
    });
  });
});

describe("what the combined feed says of times and ids", () => {
  const at = (hours: number) => new Date(clock.now().getTime() + hours * 3_600_000);
  interface Item {
    readonly id: number;
    readonly title?: string;
    readonly text?: string;
    readonly published?: Date | null;
    readonly updated?: Date;
    readonly link?: string;
  }
  /** The feed `name` with these entries from now on. */
  const publish = (name: string, ...items: readonly Item[]) => {
    const entries = items.map(
      ({ id, title, text, published, updated, link }) =>
        `<entry><title>${title ?? `Story number ${id}`}</title><id>urn:${name}:${id}</id><link href="${link ?? `https://paper.example/2025/story-number-${id}`}"/>${
          published ? `<published>${published.toISOString()}</published>` : ""
        }${updated ? `<updated>${updated.toISOString()}</updated>` : ""}<content type="html">${text ?? "words"}</content></entry>`,
    );
    server.on(`/${name}`, {
      body: `<feed xmlns="http://www.w3.org/2005/Atom"><title>${name}</title><id>urn:${name}</id><updated>${clock.now().toISOString()}</updated>${entries.join("")}</feed>`,
    });
  };
  const entries = async () =>
    combine(await store.listStories({ limit: 100 }), {
      output: { name: "all", title: "All", tags: [], include: [], exclude: [], limit: 100 },
      ...{ title: "River", url: "https://river.example", isDefault: true },
    }).entries;
  const only = async () => {
    const [entry, ...others] = await entries();
    if (entry === undefined || others.length > 0) throw new Error(`${others.length} more`);
    return entry;
  };

  it("an edit that a reader sees moves updated; the id and published stay", async () => {
    publish("a", { id: 1, published: at(-5) });
    await poll(local("a"));
    const before = await only();
    await clock.advance(dayMs);
    publish("a", { id: 1, published: at(-5), text: "other words" });
    await poll(local("a"));
    const after = await only();
    expect([after.id, after.published]).toEqual([before.id, before.published]);
    expect(after.updated.getTime()).toBeGreaterThan(before.updated.getTime());
    expect(after.updated <= clock.now()).toBe(true);
  });

  it("what no reader sees moves nothing", async () => {
    publish("a", { id: 1, published: at(-5) });
    await poll(local("a"));
    const before = await only();
    await clock.advance(dayMs);
    // The document itself says that it was updated.
    publish("a", { id: 1, published: before.published });
    await poll(local("a"));
    expect(await only()).toMatchObject({
      id: before.id,
      published: before.published,
      updated: before.updated,
    });
  });

  it("updated never goes back and never lies in the future, whatever the source says", async () => {
    publish("a", { id: 1, published: at(-5), updated: at(-1) });
    await poll(local("a"));
    const first = await only();
    publish("a", { id: 1, published: at(-5), updated: at(-4), text: "older words" });
    await clock.advance(60_000);
    await poll(local("a"));
    const second = await only();
    expect(second.updated >= first.updated).toBe(true);
    publish("a", { id: 1, published: at(-5), updated: at(500), text: "words of the future" });
    await clock.advance(60_000);
    await poll(local("a"));
    const third = await only();
    expect(third.updated >= second.updated).toBe(true);
    expect(third.updated <= clock.now()).toBe(true);
  });

  it.each(["2099-01-01T00:00:00Z", "1970-01-01T00:00:00Z"])(
    "a source that dates itself %s gets the date of its entry in what we publish",
    async (updated) => {
      server.on("/a", {
        body: `<feed xmlns="http://www.w3.org/2005/Atom"><title>a</title><id>urn:a</id><updated>${updated}</updated><entry><title>One</title><id>urn:a:1</id><link href="https://paper.example/1"/><published>${at(-5).toISOString()}</published><content>words</content></entry></feed>`,
      });
      await poll(local("a"));
      const { source, published } = await only();
      expect(source.updated).toEqual(published);
    },
  );

  it("a better copy that comes later changes neither id nor published", async () => {
    publish("a", { id: 1, published: at(-5) });
    await poll(local("a"));
    const before = await only();
    publish("b", {
      id: 9,
      title: "Story number 1",
      published: at(-4),
      text: "the copy that wins",
      link: "https://paper.example/2025/story-number-1",
    });
    await poll(local("a"), local("b", { priority: 10 }));
    const after = await only();
    expect(after.contentHtml).toBe("the copy that wins");
    expect([after.id, after.published]).toEqual([before.id, before.published]);
  });

  it("an undated or future entry is not pinned above what comes later, and a late-dated one is not buried", async () => {
    publish("a", { id: 1 }, { id: 2, published: at(24 * 365) }, { id: 3, published: at(-1) });
    await poll(local("a"));
    await clock.advance(4 * dayMs);
    const later = { id: 4, published: at(-1) };
    publish("a", { id: 1 }, { id: 2, published: at(24 * 365) }, later);
    await poll(local("a"));
    const titles = async () => (await entries()).map(({ title }) => title.slice(-1));
    expect((await titles())[0]).toBe("4");
    await clock.advance(dayMs);
    publish("a", later, { id: 5, published: at(-24 * 30) });
    await poll(local("a"));
    expect((await titles())[0]).toBe("5");
    for (const { published } of await entries()) expect(published <= clock.now()).toBe(true);
  });
});
