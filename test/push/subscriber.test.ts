/** The subscriber's side of WebSub (W3C Recommendation of 23 January 2018) against a real hub; each MUST by its chapter. */
import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPostClient } from "../../src/fetch/post.ts";
import type { SourceDefinition } from "../../src/model.ts";
import { createLog } from "../../src/observe/log.ts";
import { type PushedDocument, Subscriber } from "../../src/push/subscriber.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { PushSubscription, Store } from "../../src/store/store.ts";
import { addSources, buildDefinition, buildFeed, poll } from "../store/builders.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

const topic = "https://paper.example/feed.xml";
const dayMs = 86_400_000;
let store: Store;
let workspace: Workspace;
let clock: ManualClock;
let hub: Hub;
let pushes: { readonly sourceId: string; readonly pushed: PushedDocument }[];
const stack: AsyncDisposable[] = [];

/** A hub that writes down what it is asked. */
interface Hub extends AsyncDisposable {
  readonly url: string;
  readonly asked: URLSearchParams[];
  status: number;
  readonly types: (string | undefined)[];
}

async function startHub(): Promise<Hub> {
  const asked: URLSearchParams[] = [];
  const types: (string | undefined)[] = [];
  const server = createServer(async (request, response) => {
    asked.push(new URLSearchParams(await textOf(request)));
    types.push(request.headers["content-type"]);
    response.writeHead(hub.status).end();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hub`,
    asked,
    types,
    status: 202,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

beforeEach(async () => {
  clock = createManualClock();
  workspace = await createWorkspace("");
  store = await openSqliteStore({ file: `${workspace.folder}/store.db`, role: "poller", clock });
  hub = await startHub();
  pushes = [];
});
afterEach(async () => {
  for (const part of stack.splice(0).reverse()) await part[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
  await workspace[Symbol.asyncDispose]();
});

/** On the hub's own server, as the source may be private. */
const neighbour = (id: string): SourceDefinition =>
  buildDefinition(id, { location: `${new URL(hub.url).origin}/${id}.xml` });

/** A source whose last document named this hub. */
async function addSource(
  id: string,
  feed: { hubs?: readonly string[]; url?: string | null } = {},
  definition: SourceDefinition = neighbour(id),
): Promise<void> {
  await addSources(store, definition);
  const named = buildFeed({ hubs: [hub.url], url: topic, ...feed });
  await poll(store, id, [], { at: clock.now(), state: { feed: named } });
}

function open({ isPrivateAllowed = true } = {}): Subscriber {
  const limits = { timeoutMs: 2000, bodyBytes: 1000, redirects: 3, perHost: 2 };
  const posts = createPostClient({ userAgent: "Mainstem/test", limits, clock });
  const subscriber = new Subscriber({
    store,
    clock,
    posts,
    log: createLog({ level: "silent", terminal: null, scrub: (text) => text }),
    baseUrl: "https://river.example",
    isPrivateAllowed: () => isPrivateAllowed,
    onPush: async (sourceId, pushed) => {
      pushes.push({ sourceId, pushed });
    },
  });
  stack.push(posts, subscriber);
  return subscriber;
}

async function only(): Promise<PushSubscription> {
  const [found, ...others] = await store.listSubscriptions();
  if (found === undefined || others.length > 0) throw new Error(`${others.length} subscriptions`);
  return found;
}

const asking = () => expect.poll(() => hub.asked.length).toBeGreaterThan(0);
const question = (changes: Readonly<Record<string, string>> = {}) =>
  new URLSearchParams({
    "hub.mode": "subscribe",
    "hub.topic": topic,
    "hub.challenge": "abc123",
    "hub.lease_seconds": "86400",
    ...changes,
  });
const sign = (secret: string, body: string, method = "sha256") =>
  `${method}=${createHmac(method, secret).update(body).digest("hex")}`;
const push = (body: string, signature: string | null) => ({
  bytes: Buffer.from(body),
  contentType: "application/atom+xml",
  signature,
});

/** A subscriber whose one source is subscribed and verified. */
async function subscribed(): Promise<{
  readonly subscriber: Subscriber;
  readonly subscription: PushSubscription;
}> {
  await addSource("a");
  const subscriber = open();
  await asking();
  const { callback } = await only();
  expect(await subscriber.verify(callback, question())).toEqual({ status: 200, body: "abc123" });
  return { subscriber, subscription: await only() };
}

describe("4 discovery", () => {
  it("a source without a hub, or without its own address, is not subscribed to", async () => {
    await addSource("a", { hubs: [] });
    open();
    await clock.advance(61_000);
    await addSource("a", { url: null });
    await clock.advance(61_000);
    expect(await store.listSubscriptions()).toEqual([]);
  });

  it("a source whose hub or topic changes is subscribed to anew, under another address", async () => {
    const { subscription } = await subscribed();
    await poll(store, "a", [], {
      at: clock.now(),
      state: { feed: buildFeed({ hubs: [hub.url], url: "https://paper.example/other.xml" }) },
    });
    await clock.advance(61_000);
    await expect.poll(() => hub.asked.length).toBe(2);
    expect(hub.asked[1]?.get("hub.topic")).toBe("https://paper.example/other.xml");
    expect((await only()).callback).not.toBe(subscription.callback);
  });
});

describe("5.1 the subscription request", () => {
  it("MUST be an urlencoded form with mode, topic (the self link), callback, and may have secret and lease", async () => {
    await addSource("a");
    open();
    await asking();
    const form = hub.asked[0];
    const { callback, secret } = await only();
    expect(hub.types).toEqual(["application/x-www-form-urlencoded"]);
    expect(Object.fromEntries(form ?? [])).toEqual({
      "hub.mode": "subscribe",
      "hub.topic": topic,
      "hub.callback": `https://river.example/websub/callback/${callback}`,
      "hub.secret": secret,
      "hub.lease_seconds": "864000",
    });
  });

  it("5.1.2 the callback is unguessable and different for each source; 5.1 the secret MUST have less than 200 bytes", async () => {
    await addSources(store, neighbour("a"), neighbour("b"));
    for (const id of ["a", "b"]) {
      const feed = buildFeed({ hubs: [hub.url], url: `${topic}?${id}` });
      await poll(store, id, [], { at: clock.now(), state: { feed } });
    }
    open();
    await expect.poll(() => hub.asked.length).toBe(2);
    const [a, b] = await store.listSubscriptions();
    expect(a?.callback).toMatch(/^[\w-]{24,}$/);
    expect(a?.callback).not.toBe(b?.callback);
    expect(a?.secret).not.toBe(b?.secret);
    expect(Buffer.byteLength(a?.secret ?? "")).toBeLessThan(200);
  });

  it("5.1 a hub that does not take it is asked again later and later, and polls go on", async () => {
    hub.status = 500;
    await addSource("a");
    const subscriber = open();
    await asking();
    await expect.poll(async () => (await only()).failures).toBe(1);
    expect(subscriber.isPushed("a")).toBe(false);
    await clock.advance(3_600_000);
    await expect.poll(async () => (await only()).failures).toBe(2);
    const { nextTryAt } = await only();
    expect(nextTryAt.getTime() - clock.now().getTime()).toBeGreaterThan(3_600_000);
  });

  it("never goes to a private address unless the source may", async () => {
    await addSource("a");
    open({ isPrivateAllowed: false });
    await expect.poll(async () => (await store.listSubscriptions())[0]?.failures).toBe(1);
    expect(hub.asked).toEqual([]);
  });

  it.each(["http://127.0.0.1:1/feed.xml", "http://192.168.0.1/feed.xml", "https://paper.example/feed.xml"])(
    "goes to no private hub on another server than the source's (%s), though that may be private",
    async (location) => {
      await addSource("a", {}, buildDefinition("a", { location }));
      open();
      await expect.poll(async () => (await only()).failures).toBe(1);
      expect(hub.asked).toEqual([]);
    },
  );
});

describe("5.2 and 5.3 the hub asks back", () => {
  it("5.3.1 MUST answer 2xx with the challenge for what was asked for; the lease is the hub's", async () => {
    const { subscriber, subscription } = await subscribed();
    expect(subscription.state).toBe("active");
    expect(subscription.expiresAt).toEqual(new Date(clock.now().getTime() + dayMs));
    expect(subscriber.isPushed("a")).toBe(true);
  });

  it.each([
    ["another topic", { "hub.topic": "https://paper.example/strange.xml" }],
    ["a mode that was not asked for", { "hub.mode": "unsubscribe" }],
    ["no mode", { "hub.mode": "" }],
  ])("5.3.1 %s MUST be answered with 404", async (_, changes) => {
    await addSource("a");
    const subscriber = open();
    await asking();
    const { callback } = await only();
    expect(await subscriber.verify(callback, question(changes))).toEqual({ status: 404, body: "" });
    expect((await only()).state).toBe("asked");
  });

  it("5.3.1 a callback that nobody was given is answered with 404", async () => {
    const { subscriber } = await subscribed();
    expect(await subscriber.verify("AAAAAAAAAAAAAAAAAAAAAAAA", question())).toEqual({
      status: 404,
      body: "",
    });
  });

  it("5.2 denied: polls go on, and the hub is asked again after a day", async () => {
    const { subscriber, subscription } = await subscribed();
    const answer = await subscriber.verify(
      subscription.callback,
      question({ "hub.mode": "denied", "hub.reason": "not yours" }),
    );
    expect(answer.status).toBe(200);
    expect(await only()).toMatchObject({ state: "refused", expiresAt: null });
    expect(subscriber.isPushed("a")).toBe(false);
    // Whoever was denied takes no push and confirms nothing.
    expect((await subscriber.verify(subscription.callback, question())).status).toBe(404);
    expect(
      (await subscriber.receive(subscription.callback, push("x", sign(subscription.secret, "x")))).status,
    ).toBe(404);
  });
});

describe("5.4 renewal", () => {
  it("MUST be asked for before the lease ends: at half of it, with the same callback, while pushes go on", async () => {
    const { subscriber, subscription } = await subscribed();
    await clock.advance(dayMs / 2 + 61_000);
    await expect.poll(() => hub.asked.length).toBe(2);
    expect(hub.asked[1]?.get("hub.callback")).toContain(subscription.callback);
    expect(subscriber.isPushed("a")).toBe(true);
  });

  it("a lease that ran out means polls at the old pace", async () => {
    hub.status = 202;
    const { subscriber } = await subscribed();
    hub.status = 503;
    await clock.advance(dayMs + 3_600_000);
    await expect.poll(() => subscriber.isPushed("a")).toBe(false);
  });

  it("survives a restart", async () => {
    const { subscriber, subscription } = await subscribed();
    await subscriber[Symbol.asyncDispose]();
    const again = open();
    await expect.poll(() => again.isPushed("a")).toBe(true);
    expect((await only()).callback).toBe(subscription.callback);
    expect(hub.asked).toHaveLength(1);
  });
});

describe("7 content distribution", () => {
  it.each(["sha1", "sha256", "sha384", "sha512"])(
    "7 a push MUST be acknowledged with 2xx; signed with %s it is taken",
    async (method) => {
      const { subscriber, subscription } = await subscribed();
      const { callback, secret } = subscription;
      const answer = await subscriber.receive(callback, push("<feed/>", sign(secret, "<feed/>", method)));
      expect(answer.status).toBe(202);
      expect(pushes.map(({ sourceId, pushed }) => [sourceId, String(pushed.bytes)])).toEqual([
        ["a", "<feed/>"],
      ]);
    },
  );

  it.each([
    ["none", null],
    ["of another secret", sign("other", "<feed/>")],
    ["of another body", sign("", "<other/>")],
    ["by a method nobody knows", "md5=d41d8cd98f00b204e9800998ecf8427e"],
    ["cut short", "sha256=ab"],
    ["rubbish", "sha256=zz"],
  ])(
    "8 the secret MUST be used to verify: with a signature %s a push is thrown away without a word",
    async (_, signature) => {
      const { subscriber, subscription } = await subscribed();
      expect(await subscriber.receive(subscription.callback, push("<feed/>", signature))).toEqual({
        status: 202,
        body: "",
      });
      expect(pushes).toEqual([]);
    },
  );

  it("a poll that brings what the hub should have pushed ends the trust; the next push restores it", async () => {
    const { subscriber, subscription } = await subscribed();
    const [source] = await store.listSources();
    if (source === undefined) throw new Error("no source");
    await subscriber.onPolled(source, { newEntries: 2, isFirst: false });
    expect(subscriber.isPushed("a")).toBe(false);
    await subscriber.receive(subscription.callback, push("<feed/>", sign(subscription.secret, "<feed/>")));
    expect(subscriber.isPushed("a")).toBe(true);
  });

  it("a source that is gone or retired loses its subscription", async () => {
    await subscribed();
    await addSources(store);
    await clock.advance(61_000);
    await expect.poll(async () => (await store.listSubscriptions()).length).toBe(0);
  });
});
