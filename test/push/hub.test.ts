/**
 * The hub's side of WebSub (W3C Recommendation of 23 January 2018): each MUST of its chapters has a test named by it, against
 * real subscribers over HTTP.
 */
import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPostClient } from "../../src/fetch/post.ts";
import type { Topic } from "../../src/model.ts";
import { createLog } from "../../src/observe/log.ts";
import { Hub } from "../../src/push/hub.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { HubSubscription, Store } from "../../src/store/store.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

const atom = "https://river.example/atom.xml";
const json = "https://river.example/feed.json";
const hubUrl = "https://river.example/websub";
const dayMs = 86_400_000;

interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A subscriber that confirms what it is asked, unless told to answer otherwise. */
interface Reader extends AsyncDisposable {
  readonly url: string;
  readonly received: Received[];
  readonly pushes: () => readonly Received[];
  readonly questions: () => readonly Received[];
  /** What a GET is answered with; the challenge by default. */
  onQuestion: (challenge: string) => {
    readonly status: number;
    readonly body: string;
    readonly location?: string;
  };
  /** What a POST is answered with. */
  pushStatus: number;
  pushHeaders: Readonly<Record<string, string>>;
  /** When a POST is answered. */
  pushed: Promise<void>;
}

async function startReader(): Promise<Reader> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
    let body = "";
    for await (const chunk of request) body += chunk;
    const method = request.method ?? "";
    received.push({
      method,
      path: request.url ?? pathname,
      query: searchParams,
      headers: request.headers,
      body,
    });
    if (method === "GET") {
      const answer = reader.onQuestion(searchParams.getAll("hub.challenge").at(-1) ?? "");
      response.writeHead(answer.status, answer.location === undefined ? {} : { Location: answer.location });
      response.end(answer.body);
    } else {
      await reader.pushed;
      response.writeHead(reader.pushStatus, reader.pushHeaders).end("never read");
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const reader: Reader = {
    url: `http://127.0.0.1:${port}/callback`,
    received,
    pushes: () => received.filter(({ method }) => method === "POST"),
    questions: () => received.filter(({ method }) => method === "GET"),
    onQuestion: (challenge) => ({ status: 200, body: challenge }),
    pushStatus: 204,
    pushHeaders: {},
    pushed: Promise.resolve(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
  return reader;
}

let store: Store;
let workspace: Workspace;
let clock: ManualClock;
let reader: Reader;
let hub: Hub;
/** What each topic is now: its version, of which the earlier ones are known. */
let versions: Map<string, number>;
const stack: AsyncDisposable[] = [];

function findTopic(url: string): Topic | null {
  const version = versions.get(url);
  if (version === undefined) return null;
  const body = Buffer.from(`whole v${version}`);
  return {
    selfUrl: url,
    contentType:
      url === json ? "application/feed+json; charset=utf-8" : "application/atom+xml; charset=utf-8",
    hash: `v${version}`,
    body,
    since: (hash) => (url === json || !hash?.startsWith("v") ? body : Buffer.from(`${hash} to v${version}`)),
  };
}

async function openHub({
  isPrivateAllowed = true,
  store: on = store,
}: {
  readonly isPrivateAllowed?: boolean;
  readonly store?: Store;
} = {}): Promise<Hub> {
  const limits = { timeoutMs: 2000, bodyBytes: 1000, redirects: 3, perHost: 2 };
  const client = createPostClient({ userAgent: "Mainstem/test", limits, clock });
  const opened = await Hub.open({
    ...{ store: on, clock, client, findTopic, isPrivateAllowed },
    log: createLog({ level: "silent", terminal: null, scrub: (text) => text }),
    hubUrl: () => hubUrl,
  });
  stack.push(client, opened);
  return opened;
}

beforeEach(async () => {
  clock = createManualClock();
  workspace = await createWorkspace("");
  store = await openSqliteStore({ file: `${workspace.folder}/store.db`, role: "poller", clock });
  reader = await startReader();
  versions = new Map([
    [atom, 1],
    [json, 1],
  ]);
  hub = await openHub();
});
afterEach(async () => {
  for (const part of stack.splice(0).reverse()) await part[Symbol.asyncDispose]();
  await reader[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await workspace[Symbol.asyncDispose]();
});

const ask = (changes: Readonly<Record<string, string>> = {}, on: Hub = hub) =>
  on.request(
    new URLSearchParams({
      "hub.mode": "subscribe",
      "hub.topic": atom,
      "hub.callback": reader.url,
      ...changes,
    }),
  );
const stored = async (): Promise<HubSubscription | undefined> => (await store.listHubSubscriptions())[0];
const isSettled = () => expect.poll(async () => (await stored())?.request ?? null).toBeNull();

/** Subscribes the reader and waits until it is confirmed. */
async function subscribe(changes: Readonly<Record<string, string>> = {}): Promise<HubSubscription> {
  expect((await ask(changes)).status).toBe(202);
  await expect.poll(async () => (await stored())?.expiresAt ?? null).not.toBeNull();
  await isSettled();
  const subscription = await stored();
  if (subscription === undefined) throw new Error("nothing is stored");
  return subscription;
}

/** The feed changes, and the hub hears of it. */
function publish(topic = atom): void {
  versions.set(topic, (versions.get(topic) ?? 0) + 1);
  hub.published();
}

const pushed = (count: number) => expect.poll(() => reader.pushes().length).toBe(count);

describe("3.3 and 5.1 subscription requests", () => {
  it("MUST accept a subscription request with hub.callback, hub.mode and hub.topic: 202, and a verification follows", async () => {
    expect(await ask()).toMatchObject({ status: 202 });
    await expect.poll(() => reader.questions().length).toBe(1);
  });

  it("MUST accept a subscription request with a hub.secret", async () => {
    expect((await subscribe({ "hub.secret": "x".repeat(199) })).secret).toBe("x".repeat(199));
  });

  it("hub.secret MUST be less than 200 bytes: more is refused", async () => {
    expect(await ask({ "hub.secret": "é".repeat(100) })).toMatchObject({ status: 400 });
  });

  it("MUST ignore additional request parameters that it does not understand", async () => {
    await subscribe({ "hub.verify": "sync", "hub.verify_token": "t", other: "1" });
    expect(reader.questions()[0]?.path).not.toContain("verify");
  });

  it.each<[string, Readonly<Record<string, string>>, number]>([
    ["no mode", { "hub.mode": "" }, 400],
    ["the mode of a publisher", { "hub.mode": "publish", "hub.url": atom }, 400],
    ["no topic", { "hub.topic": "" }, 400],
    ["a topic that is none of ours", { "hub.topic": "https://river.example/no/atom.xml" }, 404],
    ["another site's topic", { "hub.topic": "https://victim.example/atom.xml" }, 404],
    ["no callback", { "hub.callback": "" }, 400],
    ["a relative callback", { "hub.callback": "/callback" }, 400],
    ["a callback of another scheme", { "hub.callback": "gopher://a.example/" }, 400],
    ["a callback with a password", { "hub.callback": "https://a:b@c.example/" }, 400],
    ["a callback with a fragment", { "hub.callback": "https://a.example/#b" }, 400],
    ["a callback that splits the request", { "hub.callback": "https://a.example/\r\nX: y" }, 400],
    ["an endless callback", { "hub.callback": `https://a.example/${"x".repeat(3000)}` }, 400],
    ["a negative lease", { "hub.lease_seconds": "-1" }, 400],
    ["a lease of nothing", { "hub.lease_seconds": "0" }, 400],
    ["a lease in words", { "hub.lease_seconds": "a day" }, 400],
  ])("errors MUST be answered with 4xx or 5xx, described in plain text: %s", async (_, changes, status) => {
    const answer = await ask(changes);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatch(/^[A-Za-z].*\n$/);
    expect(await store.listHubSubscriptions()).toEqual([]);
    expect(reader.received).toEqual([]);
  });

  it("the answer MUST NOT depend on the outcome of the verification", async () => {
    reader.onQuestion = () => ({ status: 404, body: "" });
    expect((await ask()).status).toBe(202);
    await expect.poll(async () => await stored()).toBeUndefined();
  });

  it("MUST preserve the callback's query and append its parameters at the end", async () => {
    const callback = `${reader.url}?foo=bar&hub.mode=mine&red=fish%20s`;
    await subscribe({ "hub.callback": callback });
    const { path, query } = reader.questions()[0] as Received;
    expect(
      path.startsWith("/callback?foo=bar&hub.mode=mine&red=fish%20s&hub.mode=subscribe&hub.topic="),
    ).toBe(true);
    expect(query.getAll("hub.mode")).toEqual(["mine", "subscribe"]);
    publish();
    await pushed(1);
    expect(reader.pushes()[0]?.path).toBe("/callback?foo=bar&hub.mode=mine&red=fish%20s");
    expect(reader.pushes()[0]?.body).not.toContain("foo");
  });

  it("MUST decode the percent-encoded parameters of the form", async () => {
    const encoded = `hub.mode=subscribe&hub.topic=${encodeURIComponent(atom)}&hub.callback=${encodeURIComponent(reader.url)}`;
    expect((await hub.request(new URLSearchParams(encoded))).status).toBe(202);
    await expect.poll(async () => (await stored())?.callback).toBe(reader.url);
  });

  it("MUST allow subscribers to re-request active subscriptions; the new one overrides secret and lease once it is verified", async () => {
    const first = await subscribe({ "hub.secret": "old", "hub.lease_seconds": "3600" });
    await clock.advance(1_800_000);
    await ask({ "hub.secret": "new", "hub.lease_seconds": "7200" });
    await isSettled();
    const second = await stored();
    expect(second?.secret).toBe("new");
    expect(second?.expiresAt?.getTime()).toBe((first.expiresAt?.getTime() ?? 0) + 1_800_000 + 3_600_000);
    expect(await store.listHubSubscriptions()).toHaveLength(1);
  });

  it("a renewal that fails MUST leave the subscription's state unchanged", async () => {
    const first = await subscribe({ "hub.secret": "old", "hub.lease_seconds": "3600" });
    reader.onQuestion = () => ({ status: 404, body: "" });
    await ask({ "hub.secret": "new" });
    await isSettled();
    expect(await stored()).toEqual({ ...first, version: expect.any(Number) });
    publish();
    await pushed(1);
    expect(reader.pushes()[0]?.headers["x-hub-signature"]).toBe(
      `sha256=${createHmac("sha256", "old").update("v1 to v2").digest("hex")}`,
    );
  });

  it("MUST support unsubscription requests: verified, then nothing more is sent", async () => {
    await subscribe();
    expect((await ask({ "hub.mode": "unsubscribe", "hub.lease_seconds": "nonsense" })).status).toBe(202);
    await expect.poll(async () => await stored()).toBeUndefined();
    expect(reader.questions().at(-1)?.query.get("hub.mode")).toBe("unsubscribe");
    publish();
    await clock.advance(60_000);
    expect(reader.pushes()).toEqual([]);
  });

  it("an unsubscription that fails MUST leave the subscription in force", async () => {
    await subscribe();
    reader.onQuestion = () => ({ status: 404, body: "" });
    await ask({ "hub.mode": "unsubscribe" });
    await isSettled();
    publish();
    await pushed(1);
  });

  it("a later request takes the place of one that is still being verified", async () => {
    let answers = 0;
    reader.onQuestion = (challenge) => {
      answers += 1;
      return { status: 200, body: challenge };
    };
    await Promise.all([ask({ "hub.secret": "one" }), ask({ "hub.secret": "two" })]);
    await isSettled();
    await expect.poll(() => answers).toBe(2);
    expect((await stored())?.secret).toBe("two");
  });

  it("too many open requests for one host are refused, so that nobody is attacked through us", async () => {
    reader.onQuestion = () => ({ status: 200, body: "not yet" });
    const statuses: number[] = [];
    for (let n = 0; n < 12; n += 1)
      statuses.push((await ask({ "hub.callback": `http://127.0.0.1:1/${n}` })).status);
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 202));
    expect(statuses.slice(10)).toEqual([503, 503]);
  });

  it("never asks a private address unless the operator allows it, neither by number nor by name", async () => {
    const guarded = await openHub({ isPrivateAllowed: false });
    expect(await ask({}, guarded)).toMatchObject({ status: 400 });
    const { port } = new URL(reader.url);
    expect((await ask({ "hub.callback": `http://localhost:${port}/callback` }, guarded)).status).toBe(202);
    await clock.advance(120_000);
    await expect.poll(async () => await stored()).toBeUndefined();
    expect(reader.received).toEqual([]);
  });
});

describe("5.2 validation", () => {
  it("when a subscription is denied, also later, the hub MUST tell the subscriber by GET with hub.mode=denied and the topic", async () => {
    await subscribe();
    versions.delete(atom);
    hub.published();
    await expect.poll(() => reader.questions().length).toBe(2);
    const { query } = reader.questions()[1] as Received;
    expect(query.get("hub.mode")).toBe("denied");
    expect(query.get("hub.topic")).toBe(atom);
    expect(query.get("hub.reason")).toBeTruthy();
    expect(query.has("hub.challenge")).toBe(false);
    expect(await store.listHubSubscriptions()).toEqual([]);
  });
});

describe("5.3 verification of intent", () => {
  it("is a GET with mode, topic, a random challenge, and (MUST for subscribe) the lease in seconds", async () => {
    await subscribe({ "hub.lease_seconds": "3600" });
    await ask({ "hub.lease_seconds": "3600" });
    await expect.poll(() => reader.questions().length).toBe(2);
    const [first, second] = reader.questions().map(({ query }) => query);
    expect([...(first?.keys() ?? [])]).toEqual([
      "hub.mode",
      "hub.topic",
      "hub.challenge",
      "hub.lease_seconds",
    ]);
    expect(first?.get("hub.mode")).toBe("subscribe");
    expect(first?.get("hub.topic")).toBe(atom);
    expect(first?.get("hub.lease_seconds")).toBe("3600");
    expect(first?.get("hub.challenge")).toMatch(/^[\w-]{40,}$/);
    expect(second?.get("hub.challenge")).not.toBe(first?.get("hub.challenge"));
  });

  it.each<[string, number, string]>([
    ["3xx", 302, ""],
    ["4xx", 404, ""],
    ["5xx", 500, ""],
    ["4xx with the challenge", 403, "echo"],
  ])("5.3.1 %s MUST count as failed", async (_, status, body) => {
    reader.onQuestion = (challenge) => ({
      ...{ status, body: body === "echo" ? challenge : body },
      ...(status === 302 && { location: "/elsewhere" }),
    });
    await ask();
    await expect.poll(async () => await stored()).toBeUndefined();
    expect(reader.received).toHaveLength(1);
  });

  it.each(["", "no", "CHALLENGE ", "x".repeat(5000)])(
    "5.3.1 2xx with a body that is not the challenge MUST count as failed (%#)",
    async (body) => {
      reader.onQuestion = (challenge) => ({ status: 200, body: body.replace("CHALLENGE", challenge) });
      await ask();
      await expect.poll(async () => await stored()).toBeUndefined();
    },
  );

  it("5.3.1 MUST NOT issue perpetual leases: the longest is 30 days, without a wish 10 days", async () => {
    await subscribe({ "hub.lease_seconds": "999999999999" });
    expect(reader.questions()[0]?.query.get("hub.lease_seconds")).toBe(String(30 * 86_400));
    await ask({ "hub.topic": json });
    await expect.poll(() => reader.questions().length).toBe(2);
    expect(reader.questions()[1]?.query.get("hub.lease_seconds")).toBe(String(10 * 86_400));
  });

  it("5.3.1 MUST enforce lease expirations, also without anything being published", async () => {
    await subscribe({ "hub.lease_seconds": "3600" });
    await clock.advance(3_600_000 + 1);
    publish();
    await expect.poll(async () => await stored()).toBeUndefined();
    expect(reader.pushes()).toEqual([]);
  });

  it("a subscriber that cannot be reached at once is tried again, and dropped after that", async () => {
    const { url } = reader;
    await reader[Symbol.asyncDispose]();
    await ask({ "hub.callback": url });
    expect(await stored()).toBeDefined();
    for (let n = 0; n < 10; n += 1) {
      await clock.advance(20_000);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await expect.poll(async () => await stored()).toBeUndefined();
  });

  it("a request survives a restart of the hub", async () => {
    reader.onQuestion = () => ({ status: 200, body: "later" });
    await hub[Symbol.asyncDispose]();
    await store.saveHubSubscription({
      ...{ topic: atom, callback: reader.url, secret: null, expiresAt: null, delivered: null },
      request: { mode: "subscribe", secret: null, leaseMs: dayMs, askedAt: clock.now() },
      ...{ failures: 0, failingSince: null, nextTryAt: null, version: 0 },
    });
    reader.onQuestion = (challenge) => ({ status: 200, body: challenge });
    hub = await openHub();
    await isSettled();
    expect((await stored())?.expiresAt).not.toBeNull();
  });
});

describe("7 content distribution", () => {
  it("is a POST whose Content-Type MUST be the topic's, with the payload in its body, at every change", async () => {
    await subscribe();
    publish();
    await pushed(1);
    publish();
    await pushed(2);
    const [first, second] = reader.pushes();
    expect(first?.headers["content-type"]).toBe("application/atom+xml; charset=utf-8");
    expect([first?.body, second?.body]).toEqual(["v1 to v2", "v2 to v3"]);
  });

  it("MUST contain the full contents, of which only Atom and RSS may leave out what was delivered", async () => {
    await subscribe({ "hub.topic": json });
    publish(json);
    await pushed(1);
    expect(reader.pushes()[0]?.headers["content-type"]).toBe("application/feed+json; charset=utf-8");
    expect(reader.pushes()[0]?.body).toBe("whole v2");
  });

  it("MUST include a Link header with rel=hub and rel=self, combined in one", async () => {
    await subscribe();
    publish();
    await pushed(1);
    expect(reader.pushes()[0]?.headers.link).toBe(`<${hubUrl}>; rel="hub", <${atom}>; rel="self"`);
  });

  it("nothing is sent while nothing changed, however often the feeds are rendered", async () => {
    await subscribe();
    hub.published();
    hub.published();
    await clock.advance(60_000);
    expect(reader.pushes()).toEqual([]);
  });

  it.each([
    ["a redirect", 308],
    ["404", 404],
    ["500", 500],
  ])(
    "everything but 2xx MUST count as a failure, %s too; it is tried again, later and later, with all that is new",
    async (_, status) => {
      await subscribe();
      reader.pushStatus = status;
      reader.pushHeaders = { Location: "/elsewhere" };
      publish();
      await expect.poll(async () => (await stored())?.failures).toBe(1);
      publish();
      await clock.advance(29_000);
      expect(reader.pushes()).toHaveLength(1);
      await clock.advance(2_000);
      await expect.poll(async () => (await stored())?.failures).toBe(2);
      reader.pushStatus = 200;
      await clock.advance(57_000);
      expect(reader.pushes()).toHaveLength(2);
      await clock.advance(5_000);
      await pushed(3);
      await expect
        .poll(async () => await stored())
        .toMatchObject({ failures: 0, failingSince: null, delivered: "v3" });
      expect(reader.pushes()[2]?.body).toBe("v1 to v3");
      expect(new Set(reader.received.map(({ path }) => path.split("?")[0]))).toEqual(new Set(["/callback"]));
    },
  );

  it("Retry-After is kept", async () => {
    await subscribe();
    reader.pushStatus = 503;
    reader.pushHeaders = { "Retry-After": "600" };
    publish();
    await expect.poll(async () => (await stored())?.failures).toBe(1);
    await clock.advance(590_000);
    expect(reader.pushes()).toHaveLength(1);
    reader.pushStatus = 200;
    await clock.advance(20_000);
    await pushed(2);
  });

  it("the answer's body MUST be ignored", async () => {
    await subscribe();
    reader.pushStatus = 200;
    publish();
    await expect.poll(async () => (await stored())?.delivered).toBe("v2");
  });

  it("a subscriber that is gone (410) is dropped at once", async () => {
    await subscribe();
    reader.pushStatus = 410;
    publish();
    await expect.poll(async () => await stored()).toBeUndefined();
  });

  it("a subscriber that fails for three days is dropped, not earlier", async () => {
    await subscribe({ "hub.lease_seconds": String(30 * 86_400) });
    reader.pushStatus = 500;
    publish();
    await expect.poll(async () => (await stored())?.failures).toBe(1);
    for (let hours = 0; hours < 80 && (await stored()) !== undefined; hours += 1) {
      const before = reader.pushes().length;
      await clock.advance(3_600_000);
      if (reader.pushes().length > before) await new Promise((resolve) => setTimeout(resolve, 30));
      if (hours < 71) expect(await stored()).toBeDefined();
    }
    await expect.poll(async () => await stored()).toBeUndefined();
    expect(reader.pushes().length).toBeLessThan(30);
  });

  it("what came while the hub was down is sent after its start", async () => {
    await subscribe();
    await hub[Symbol.asyncDispose]();
    versions.set(atom, 5);
    hub = await openHub();
    await pushed(1);
    expect(reader.pushes()[0]?.body).toBe("v1 to v5");
  });

  it("one slow subscriber does not hold up the others", async () => {
    await using other = await startReader();
    await subscribe();
    await ask({ "hub.callback": other.url });
    await expect.poll(() => hub.activeCount).toBe(2);
    let release = () => {};
    reader.pushed = new Promise((resolve) => {
      release = resolve;
    });
    publish();
    await expect.poll(() => other.pushes().length).toBe(1);
    publish();
    await expect.poll(() => other.pushes().length).toBe(2);
    expect(reader.pushes()).toHaveLength(1);
    release();
    // It missed one, and gets the rest at once.
    await pushed(2);
    expect(reader.pushes()[1]?.body).toBe("v2 to v3");
  });
});

describe("several processes on one store", () => {
  /** Another process's hub: a connection of its own to the same store. */
  async function openOther(): Promise<{ readonly hub: Hub; readonly store: Store }> {
    const other = await openSqliteStore({ file: `${workspace.folder}/store.db`, role: "tool", clock });
    stack.push(other);
    return { store: other, hub: await openHub({ store: other }) };
  }
  const publishBoth = (other: Hub) => {
    publish();
    other.published();
  };

  it("each takes requests, one delivers, and every change is pushed once", async () => {
    const other = await openOther();
    await subscribe();
    expect((await ask({ "hub.topic": json }, other.hub)).status).toBe(202);
    await expect
      .poll(async () => (await store.listHubSubscriptions()).every(({ expiresAt }) => expiresAt !== null))
      .toBe(true);
    for (let n = 1; n <= 5; n += 1) {
      versions.set(json, n + 1);
      publishBoth(other.hub);
      await pushed(2 * n);
      await clock.advance(15_000);
    }
    expect(reader.pushes()).toHaveLength(10);
    const bodies = reader.pushes().map(({ body }) => body);
    expect(new Set(bodies)).toHaveLength(10);
    expect(other.hub.activeCount).toBe(2);
    expect(hub.activeCount).toBe(2);
  });

  it("when the one that delivers stops, another goes on at its next look", async () => {
    await subscribe();
    const other = await openOther();
    await hub[Symbol.asyncDispose]();
    versions.set(atom, 2);
    await clock.advance(10_000);
    await pushed(1);
    expect(reader.pushes()[0]?.body).toBe("v1 to v2");
    await expect.poll(() => other.hub.activeCount).toBe(1);
  });

  it("when it dies, another takes over once its lease has ended, not earlier", async () => {
    await subscribe();
    const other = await openOther();
    await hub[Symbol.asyncDispose]();
    // As one that was killed leaves it.
    await store.claimHub({ holder: "the dead one", now: clock.now(), leaseMs: 30_000 });
    versions.set(atom, 2);
    other.hub.published();
    await clock.advance(29_000);
    expect(reader.pushes()).toEqual([]);
    await clock.advance(11_000);
    await pushed(1);
  });

  it("a request that a dead process left behind is settled by another", async () => {
    const other = await openOther();
    const asked: HubSubscription = {
      ...{ topic: atom, callback: reader.url, secret: null, expiresAt: null, delivered: null },
      request: { mode: "subscribe", secret: null, leaseMs: dayMs, askedAt: clock.now() },
      ...{ failures: 0, failingSince: null, nextTryAt: null, version: 0 },
    };
    await store.saveHubSubscription(asked);
    await clock.advance(4 * 60_000);
    expect(reader.received).toEqual([]);
    await clock.advance(2 * 60_000);
    await isSettled();
    expect((await stored())?.expiresAt).not.toBeNull();
    await clock.advance(10_000);
    await expect.poll(() => [hub.activeCount, other.hub.activeCount]).toEqual([1, 1]);
  });

  it("an unsubscription that one confirms holds for the one that delivers", async () => {
    const other = await openOther();
    await subscribe();
    publishBoth(other.hub);
    await pushed(1);
    await ask({ "hub.mode": "unsubscribe" }, other.hub);
    await expect.poll(async () => await stored()).toBeUndefined();
    publishBoth(other.hub);
    await clock.advance(20_000);
    expect(reader.pushes()).toHaveLength(1);
    expect(hub.activeCount).toBe(0);
  });
});

describe("8 authenticated content distribution", () => {
  it("MUST send X-Hub-Signature as method=hexadecimal HMAC of the body with the subscriber's secret", async () => {
    await subscribe({ "hub.secret": "s3cret é" });
    publish();
    await pushed(1);
    const { headers, body } = reader.pushes()[0] as Received;
    expect(headers["x-hub-signature"]).toBe(
      `sha256=${createHmac("sha256", "s3cret é").update(body).digest("hex")}`,
    );
  });

  it("sends none where no secret was given", async () => {
    await subscribe();
    publish();
    await pushed(1);
    expect(reader.pushes()[0]?.headers["x-hub-signature"]).toBeUndefined();
  });
});
