/** From a poll with short links to one story: the poller notes, the resolver asks a real server, the store merges. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPageTexts } from "../../src/app/page-texts.ts";
import { createPoller } from "../../src/app/poller.ts";
import { type ResolverOptions, resolveDue, startResolver } from "../../src/app/resolver.ts";
import { createHttpClient } from "../../src/fetch/http.ts";
import { createLinkClient } from "../../src/fetch/resolve.ts";
import type { PageMode } from "../../src/identify/page-questions.ts";
import { isDestination } from "../../src/identify/resolution.ts";
import type { SourceDefinition, Story } from "../../src/model.ts";
import { createLog } from "../../src/observe/log.ts";
import { createPageReader } from "../../src/parse/page-text.ts";
import { createHostLimit } from "../../src/schedule/host-limit.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { buildDefinition } from "../store/builders.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { type OriginServer, startOriginServer } from "../support/origin-server.ts";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

const never = new AbortController().signal;
let server: OriginServer;
let workspace: Workspace;
let store: Store;
let clock: ManualClock;
const stack: AsyncDisposable[] = [];

beforeEach(async () => {
  server = await startOriginServer();
  workspace = await createWorkspace("");
  clock = createManualClock();
  store = await openSqliteStore({ file: `${workspace.folder}/store.db`, role: "poller", clock });
});
afterEach(async () => {
  for (const part of stack.splice(0).reverse()) await part[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await workspace[Symbol.asyncDispose]();
});

interface Item {
  readonly title: string;
  readonly link: string;
}

/** Every name leads to the server, so that a short link's host is the real one, on a port of its own. */
const at = (host: string, path: string) => `http://${host}:${server.port}${path}`;

function publish(id: string, items: readonly Item[]): SourceDefinition {
  const body = `<?xml version="1.0"?><rss version="2.0"><channel><title>${id}</title><link>https://${id}.example/</link><description/>${items
    .map(
      ({ title, link }, n) =>
        `<item><title>${title}</title><link>${link}</link><guid isPermaLink="false">${id}-${n}</guid><pubDate>Thu, 01 Jan 2026 00:00:00 GMT</pubDate></item>`,
    )
    .join("")}</channel></rss>`;
  server.on(`/${id}.xml`, { headers: { "Content-Type": "application/rss+xml" }, body });
  return buildDefinition(id, { location: server.url(`/${id}.xml`), isPrivateAllowed: true });
}

function prepare(definitions: readonly SourceDefinition[], pageMode: PageMode = "auto") {
  const log = createLog({ level: "silent", terminal: null, scrub: (text) => text });
  const limits = { timeoutMs: 5000, bodyBytes: 2 ** 20, redirects: 5, perHost: 2 };
  const base = { userAgent: "Mainstem/test", limits, clock };
  const http = createHttpClient(base);
  const links = createLinkClient({
    ...base,
    isDestination,
    isAllowedAddress: () => true,
    resolveName: async () => ({ addresses: ["127.0.0.1"], ttlMs: 60_000 }),
  });
  stack.push(http, links);
  const table = new Map(definitions.map((definition) => [definition.id, definition]));
  const shared = { store, clock, log, rules: null, definitions: () => table, onVisible: () => {} };
  let questions = 0;
  const poller = createPoller({
    ...shared,
    http,
    hosts: createHostLimit({ perHost: 8, pauseMs: 0, clock }),
    limits: { bodyBytes: 2 ** 20, entries: 100 },
    random: () => 0,
    isResolving: true,
    pageMode,
    onDue: () => {},
    onQuestions: () => {
      questions += 1;
    },
  });
  const reader = createPageReader();
  stack.push(reader);
  const refused: string[] = [];
  const texts = createPageTexts({
    pages: links,
    privatePages: links,
    reader,
    onRefused: (host) => refused.push(host),
  });
  const options: ResolverOptions = { ...shared, links, isResolving: true, pageMode, texts };
  return {
    options,
    questions: () => questions,
    refused,
    poll: async () => {
      await store.syncSources(definitions, { now: clock.now(), parentId: null });
      const onlyIds = definitions.map(({ id }) => id);
      // In the order of the definitions, so that the first one's story is the older.
      for (const id of onlyIds) {
        const [claimed] = await store.claimDueSources({
          now: clock.now(),
          limit: 1,
          leaseMs: 60_000,
          onlyIds: [id],
        });
        if (claimed === undefined) throw new Error(`${id} could not be claimed`);
        await poller(claimed, never);
        await clock.advance(1000);
      }
    },
  };
}

const stories = () => store.listStories({ limit: 100 });
const carriers = (story: Story | undefined) => story?.sightings.map(({ sourceId }) => sourceId).sort();

describe("opaque links", () => {
  it("join the story they lead to, under the id that was published first, and go on naming it", async () => {
    const story = at("paper.example", "/2026/01/what-happened-today");
    server.on("/abc", { status: 301, headers: { Location: `${story}?utm_source=twitter` } });
    const { poll, options, questions } = prepare([
      publish("plain", [{ title: "What happened today", link: story }]),
      publish("short", [{ title: "Quite another headline", link: at("t.co", "/abc") }]),
    ]);
    await poll();
    expect(await stories()).toHaveLength(2);
    expect(questions()).toBe(1);
    const first = (await stories()).find((one) => carriers(one)?.[0] === "plain");
    expect(await resolveDue(options, never)).toBe(1);
    const [found, ...others] = await stories();
    expect(others).toEqual([]);
    expect(carriers(found)).toEqual(["plain", "short"]);
    expect(found?.publishedId).toBe(first?.publishedId);
    expect(found?.publishedAt).toEqual(first?.publishedAt);
    const rules = found?.sightings.flatMap(({ aliases }) => aliases.map(({ rule }) => rule));
    expect(rules).toContain("resolved");
    // The target was not asked: its address is enough.
    expect(server.requests.map(({ url }) => url)).toEqual(["/plain.xml", "/short.xml", "/abc"]);
    // The next polls know the answer and ask nobody.
    await poll();
    expect(questions()).toBe(1);
    expect(await stories()).toHaveLength(1);
  });

  it("merge nothing when they all lead to one front page, a wall, or one address", async () => {
    const link = (n: number) => at("t.co", `/s${n}`);
    server.on("/s0", { status: 302, headers: { Location: at("paper.example", "/") } });
    server.on("/s1", { status: 302, headers: { Location: at("consent.paper.example", "/collect?to=1") } });
    for (const n of [2, 3, 4]) {
      server.on(`/s${n}`, {
        status: 302,
        headers: { Location: at("paper.example", "/subscribe-now-please-all") },
      });
    }
    const items = [0, 1, 2, 3, 4].map((n) => ({ title: `Story number ${n} of five`, link: link(n) }));
    const { poll, options } = prepare([publish("short", items)]);
    await poll();
    while ((await resolveDue(options, never)) > 0);
    expect(await stories()).toHaveLength(5);
    const collapsed = (await stories()).flatMap(({ sightings }) =>
      sightings.flatMap(({ aliases }) => aliases),
    );
    expect(
      collapsed.filter(({ key }) => key.includes("subscribe-now") && !key.startsWith("soft:")),
    ).toHaveLength(1);
  });

  it("come back later with growing waits while their host is down, and hold after a restart", async () => {
    server.on(
      "/abc",
      { status: 503 },
      { status: 503 },
      { status: 301, headers: { Location: at("paper.example", "/2026/a-story-of-today") } },
    );
    const { poll, options } = prepare([publish("short", [{ title: "A story", link: at("t.co", "/abc") }])]);
    await poll();
    expect(await resolveDue(options, never)).toBe(1);
    expect(await resolveDue(options, never)).toBe(0);
    const first = (await store.nextQuestionAt())?.getTime() ?? 0;
    expect(first - clock.now().getTime()).toBe(10 * 60_000);
    await clock.advance(10 * 60_000);
    expect(await resolveDue(options, never)).toBe(1);
    const second = (await store.nextQuestionAt())?.getTime() ?? 0;
    expect(second - clock.now().getTime()).toBe(20 * 60_000);
    await store[Symbol.asyncDispose]();
    store = await openSqliteStore({ file: `${workspace.folder}/store.db`, role: "poller", clock });
    await clock.advance(20 * 60_000);
    expect(await resolveDue({ ...options, store }, never)).toBe(1);
    expect((await stories())[0]?.sightings[0]?.originalUrl).toBe(
      at("paper.example", "/2026/a-story-of-today"),
    );
  });

  it("are asked as soon as a poll brought them", async () => {
    server.on("/abc", { status: 301, headers: { Location: at("paper.example", "/2026/a-story-of-today") } });
    const { poll, options, questions } = prepare([
      publish("short", [{ title: "A story", link: at("t.co", "/abc") }]),
    ]);
    await using resolver = startResolver(options);
    await poll();
    expect(questions()).toBe(1);
    resolver.wake();
    await expect
      .poll(async () => (await stories())[0]?.sightings[0]?.originalUrl)
      .toBe(at("paper.example", "/2026/a-story-of-today"));
  });
});

describe("pages", () => {
  const page = (head: string) => ({
    headers: { "Content-Type": "text/html" },
    body: `<!doctype html><html><head>${head}</head><body><p>Text</p></body></html>`,
  });

  it("of the target of a short link are read once: their own canonical address is one more name", async () => {
    const canonical = at("paper.example", "/2026/01/what-happened-today");
    server.on("/abc", { status: 301, headers: { Location: at("paper.example", "/n/12345678") } });
    server.on("/n/12345678", page(`<link rel="canonical" href="${canonical}">`));
    const { poll, options } = prepare([
      publish("plain", [{ title: "What happened today", link: canonical }]),
      publish("short", [{ title: "Quite another headline", link: at("t.co", "/abc") }]),
    ]);
    await poll();
    while ((await resolveDue(options, never)) > 0);
    const [found, ...others] = await stories();
    expect(others).toEqual([]);
    expect(carriers(found)).toEqual(["plain", "short"]);
    const rules = found?.sightings.flatMap(({ aliases }) => aliases.map(({ rule }) => rule));
    expect(rules).toEqual(expect.arrayContaining(["resolved", "page:canonical"]));
    // What the entry said of itself stays: the page overwrites nothing.
    const short = found?.sightings.find(({ sourceId }) => sourceId === "short");
    expect(short?.originalUrl).toBe(at("paper.example", "/n/12345678"));
    const asked = server.requests.length;
    await poll();
    while ((await resolveDue(options, never)) > 0);
    expect(server.requests.slice(asked).map(({ url }) => url)).toEqual(["/plain.xml", "/short.xml"]);
    expect(await stories()).toHaveLength(1);
  });

  it("of a host that reprints name another's story only where the title agrees", async () => {
    const original = "https://agency.example.org/2026/01/the-first-report-of-it";
    server.on("/news/the-report-777.html", page(`<link rel="canonical" href="${original}">`));
    server.on("/news/other-report-778.html", page(`<link rel="canonical" href="${original}">`));
    const { poll, options } = prepare([
      publish("agency", [{ title: "The first report of a great event", link: original }]),
      publish("portal", [
        {
          title: "The first report of a great event",
          link: at("news.yahoo.com", "/news/the-report-777.html"),
        },
        { title: "Something else altogether now", link: at("news.yahoo.com", "/news/other-report-778.html") },
      ]),
    ]);
    await poll();
    expect(await stories()).toHaveLength(3);
    while ((await resolveDue(options, never)) > 0);
    expect((await stories()).map(carriers).sort()).toEqual([["agency", "portal"], ["portal"]]);
  });

  it("are read of every story with `always`, of none with `never`", async () => {
    const link = at("paper.example", "/2026/01/a-plain-story-of-today");
    server.on("/2026/01/a-plain-story-of-today", page(""));
    const definitions = [publish("plain", [{ title: "A plain story of today", link }])];
    for (const [mode, count] of [
      ["never", 0],
      ["auto", 0],
      ["always", 1],
    ] as const) {
      const { poll, options } = prepare(definitions, mode);
      // The same bytes are read again only after a change.
      publish("plain", [{ title: `A plain story of today, ${mode}`, link }]);
      await poll();
      expect(await resolveDue(options, never)).toBe(count);
    }
  });

  it("that are junk name nothing", async () => {
    server.on("/abc", { status: 301, headers: { Location: at("paper.example", "/n/12345678") } });
    server.on(
      "/n/12345678",
      page(
        '<link rel="canonical" href="{{ page.url }}"><meta property="og:url" content="http://paper.example/">',
      ),
    );
    const { poll, options } = prepare([publish("short", [{ title: "A story", link: at("t.co", "/abc") }])]);
    await poll();
    while ((await resolveDue(options, never)) > 0);
    const aliases = (await stories()).flatMap(({ sightings }) => sightings.flatMap((one) => one.aliases));
    expect(aliases.filter(({ rule }) => rule.startsWith("page:"))).toEqual([]);
  });
});

describe("entries that are cut short (full_text)", () => {
  const sentences = Array.from({ length: 12 }, (_, n) => `<p>Sentence number ${n} of a long article.</p>`);
  const article = (extra = "") =>
    `<nav><a href="/">Home</a></nav><article><h1>Cut</h1>${sentences.join("")}<p><a href="next">On</a><script>evil()</script>${extra}</p></article>`;
  const page = (body: string) => ({ headers: { "Content-Type": "text/html" }, body: `<html><body>${body}` });
  const path = "/2026/01/a-story-that-is-cut";
  const cut = (isFullText: boolean, title = "A story that is cut") => ({
    ...publish("cut", [{ title, link: at("paper.example", path) }]),
    isFullText,
  });
  const shown = async () => (await stories())[0]?.sightings[0]?.entry.contentHtml ?? null;
  const asked = () => server.requests.filter(({ url }) => url === path).length;

  it("carry the text of their page, cleaned and with absolute links; it is fetched once, off the poll's path", async () => {
    server.on(path, page(article()));
    const { poll, options } = prepare([cut(true)], "never");
    await poll();
    expect([await shown(), asked()]).toEqual([null, 0]);
    const [before] = await stories();
    expect(await resolveDue(options, never)).toBe(1);
    const html = await shown();
    expect(html).toContain("Sentence number 11");
    expect(html).toContain(`href="${at("paper.example", "/2026/01/next")}"`);
    expect(html).not.toMatch(/evil|Home/);
    expect((await stories())[0]).toMatchObject({
      publishedId: before?.publishedId,
      publishedAt: before?.publishedAt,
    });

    // A later edit of the feed keeps the text, a poll of the same changes nothing, and nobody asks again.
    const revision = await store.revision();
    cut(true);
    await poll();
    expect(await store.revision()).toBe(revision);
    cut(true, "A new headline");
    await poll();
    expect(await resolveDue(options, never)).toBe(0);
    expect((await stories())[0]?.sightings[0]?.entry.title).toBe("A new headline");
    expect([await shown(), asked()]).toEqual([html, 1]);
  });

  it("stay as they are where nobody asked for more, and where the page holds no article", async () => {
    server.on(path, page(article()));
    const off = prepare([cut(false)], "never");
    await off.poll();
    expect([await resolveDue(off.options, never), asked()]).toEqual([0, 0]);
    server.on(path, page("<p>Please log in."));
    const on = prepare([cut(true, "Another headline")], "never");
    await on.poll();
    expect([await resolveDue(on.options, never), asked()]).toEqual([1, 1]);
    await on.poll();
    expect([await resolveDue(on.options, never), await shown()]).toEqual([0, null]);
  });

  it("are tried again where the page failed: later each time, not before it allows, over a restart, eight times", async () => {
    const down = { status: 500 };
    const wait = { status: 503, headers: { "Retry-After": "7200" } };
    server.on(path, down, wait, page(article()));
    const { poll, options } = prepare([cut(true)], "never");
    await poll();
    const minutesLeft = async () =>
      ((await store.nextQuestionAt())?.getTime() ?? Number.NaN) / 60_000 - clock.now().getTime() / 60_000;
    expect([await resolveDue(options, never), asked(), await minutesLeft()]).toEqual([1, 1, 10]);
    // A poll in between repeats nothing.
    publish("cut", [{ title: "An edited headline", link: at("paper.example", path) }]);
    await poll();
    expect(await resolveDue(options, never)).toBe(0);
    await clock.advance(10 * 60_000);
    expect([await resolveDue(options, never), asked(), await minutesLeft()]).toEqual([1, 2, 120]);
    await store[Symbol.asyncDispose]();
    store = await openSqliteStore({ file: `${workspace.folder}/store.db`, role: "poller", clock });
    expect(await resolveDue({ ...options, store }, never)).toBe(0);
    await clock.advance(120 * 60_000);
    expect([await resolveDue({ ...options, store }, never), asked()]).toEqual([1, 3]);
    expect(await shown()).toContain("Sentence number 11");
  });

  it("are given up after a day of failures, and not asked again by later polls", async () => {
    server.on(path, { status: 500 });
    const { poll, options } = prepare([cut(true)], "never");
    await poll();
    for (let hours = 0; hours < 72; hours++) {
      await resolveDue(options, never);
      await clock.advance(3_600_000);
    }
    expect(asked()).toBe(8);
    publish("cut", [{ title: "An edited headline", link: at("paper.example", path) }]);
    await poll();
    expect([await resolveDue(options, never), asked(), await store.nextQuestionAt()]).toEqual([0, 8, null]);
  });

  it("stay as they are where robots.txt says so, which is told once for a host", async () => {
    server.on(path, page(article()));
    server.on("/robots.txt", {
      headers: { "Content-Type": "text/plain" },
      body: "User-agent: *\nDisallow: /2026",
    });
    const other = at("paper.example", "/2026/01/another-that-is-cut");
    const source = publish("cut", [
      { title: "A story that is cut", link: at("paper.example", path) },
      { title: "Another one that is cut", link: other },
    ]);
    const { poll, options, refused } = prepare([{ ...source, isFullText: true }], "never");
    await poll();
    expect(await resolveDue(options, never)).toBe(2);
    expect([await shown(), asked(), refused]).toEqual([null, 0, [`paper.example:${server.port}`]]);
    expect(await store.nextQuestionAt()).toBeNull();
  });

  it("wait until the config wants them again when it was edited meanwhile", async () => {
    server.on(path, page(article()));
    const on = prepare([cut(true)], "never");
    await on.poll();
    const off = prepare([{ ...cut(true), isFullText: false }], "never");
    expect([await resolveDue(off.options, never), asked()]).toEqual([1, 0]);
    await clock.advance(25 * 3_600_000);
    expect([await resolveDue(on.options, never), asked()]).toEqual([1, 1]);
    expect(await shown()).toContain("Sentence number 0");
  });
});

describe("a page that may be private", () => {
  const clients = () => {
    const asked: string[] = [];
    const client = (name: string) => ({
      readBody: async () => {
        asked.push(name);
        return { kind: "dead", reason: "in a test" } as const;
      },
    });
    const reader = createPageReader();
    stack.push(reader);
    return {
      asked,
      texts: createPageTexts({ pages: client("public"), privatePages: client("private"), reader }),
    };
  };

  it("is one of the source's own host, where the source may live there itself", async () => {
    const { asked, texts } = clients();
    const question = { kind: "text", url: "http://intranet/story" } as const;
    const source = (location: string, isPrivateAllowed: boolean) =>
      buildDefinition("s", { location, isPrivateAllowed });
    await texts.find(question, [source("http://intranet/feed", false)], never);
    await texts.find(question, [source("http://other/feed", true)], never);
    await texts.find(question, [source("http://intranet/feed", true)], never);
    expect(asked).toEqual(["public", "public", "private"]);
  });
});
