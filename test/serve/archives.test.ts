/** RFC 5005 chapter 4: the live document and the archive together are the whole history, and a page never changes. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createArchiveSaver, pruneStore } from "../../src/app/prune.ts";
import type { OutputDefinition, Story } from "../../src/model.ts";
import { Site } from "../../src/serve/site.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { addSources, buildDefinition, buildSighting as buildStored, poll } from "../store/builders.ts";
import { checkAtom } from "../support/feed-checks.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { MemoryRiver } from "../support/memory-river.ts";
import {
  assertValidAtom,
  createJsonFeedValidator,
  hasAtomSchema,
  hasJsonFeedSchema,
} from "../support/schemas.ts";
import { isSkippedWithout } from "../support/skip.ts";
import { buildOutput, buildSighting, buildStory } from "../support/story-builder.ts";
import { childrenOf, parseStrictXml, textOf, type XmlNode } from "../support/strict-xml.ts";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

const url = "https://river.example";
const now = new Date("2026-06-17T12:00:00Z");
const hourMs = 3_600_000;

function storyOf(
  number: number,
  { hoursAgo = 0, tags = ["x"] }: { hoursAgo?: number; tags?: string[] } = {},
): Story {
  const at = new Date(now.getTime() - hoursAgo * hourMs);
  const times = { publishedAt: at, updatedAt: at, orderedAt: at };
  const link = `https://news.example/${number}`;
  const sighting = buildSighting({
    ...times,
    sourceTags: tags,
    originalUrl: link,
    entry: { url: link, title: `Story ${number}` },
  });
  return buildStory({ ...times, number, publishedId: `urn:example:${number}`, sightings: [sighting] });
}

function siteOf(
  store: MemoryRiver | Store,
  outputs: readonly Partial<OutputDefinition>[] = [{}],
  clock: ManualClock = createManualClock(now),
): Site {
  const definitions = outputs.map((output) => buildOutput({ limit: 4, ...output }));
  return new Site({ store, clock, settings: { outputs: definitions, title: "River", url } });
}

async function refreshWholly(site: Site): Promise<void> {
  do await site.refresh();
  while (site.nextRefreshInMs === 0);
}

const linkOf = (feed: XmlNode, rel: string): string | undefined =>
  childrenOf(feed, "link")
    .find((link) => link.attributes.get("rel") === rel)
    ?.attributes.get("href");
const idsOf = (feed: XmlNode): readonly (string | null)[] =>
  childrenOf(feed, "entry").map((e) => textOf(e, "id"));

async function pageAt(site: Site, address: string): Promise<string> {
  const page = await site.archivePage(address.slice(url.length));
  if (page === null) throw new Error(`no page at ${address}`);
  return page.body.toString();
}

async function readHeaders(site: Site, path: string): Promise<Headers> {
  const page = await site.archivePage(path);
  const server = createServer((request, response) => void page?.send(request, response));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const { headers } = await fetch(`http://127.0.0.1:${port}${path}`);
  server.closeAllConnections();
  server.close();
  return headers;
}

/** As an RFC 5005 reader follows it: the live document, then every page, newest first. */
async function readHistory(site: Site, path = "/atom.xml") {
  const live = parseStrictXml(site.document(path)?.body.toString() ?? "");
  const pages: XmlNode[] = [];
  for (let next = linkOf(live, "prev-archive"); next !== undefined; ) {
    const page = parseStrictXml(await pageAt(site, next));
    pages.push(page);
    next = linkOf(page, "prev-archive");
  }
  return { live: idsOf(live), pages, all: new Set([...idsOf(live), ...pages.flatMap(idsOf)]) };
}

describe("RFC 5005 4: an archived feed", () => {
  it("has no prev-archive while everything is in the live document", async () => {
    const site = siteOf(new MemoryRiver([storyOf(1), storyOf(2)]));
    await refreshWholly(site);
    expect((await readHistory(site)).pages).toEqual([]);
    expect(await site.archivePage("/all/archive/1.xml")).toBeNull();
  });

  it("names its newest page in all three formats; a page is marked, names itself, the live document and the page before", async () => {
    const river = new MemoryRiver(Array.from({ length: 40 }, (_, n) => storyOf(n + 1, { hoursAgo: 40 - n })));
    const site = siteOf(river);
    await refreshWholly(site);
    const newest = site.archives.get("all") ?? 0;
    expect(newest).toBeGreaterThan(2);
    const address = `${url}/all/archive/${newest}.xml`;
    const [channel] = childrenOf(parseStrictXml(site.document("/rss.xml")?.body.toString() ?? ""), "channel");
    expect(linkOf(channel as XmlNode, "prev-archive")).toBe(address);
    expect(linkOf(channel as XmlNode, "self")).toBe(`${url}/rss.xml`);
    expect(JSON.parse(site.document("/feed.json")?.body.toString() ?? "")).toMatchObject({
      next_url: address.replace(".xml", ".json"),
      _mainstem: { prev_archive: address },
    });
    const { pages, all } = await readHistory(site);
    expect(all.size).toBe(40);
    expect(pages).toHaveLength(newest);
    for (const [index, page] of pages.entries()) {
      expect(linkOf(page, "self")).toBe(`${url}/all/archive/${newest - index}.xml`);
      expect(linkOf(page, "current")).toBe(`${url}/atom.xml`);
      expect(textOf(page, "id")).toBe(`${url}/all/atom.xml`);
      const [mark] = childrenOf(page, "archive");
      expect(mark?.uri).toBe("http://purl.org/syndication/history/1.0");
    }
  });

  it("is whole in JSON Feed, too: next_url leads through every page, each of which is valid and names the feed as its own", async () => {
    const river = new MemoryRiver(Array.from({ length: 40 }, (_, n) => storyOf(n + 1, { hoursAgo: 40 - n })));
    const site = siteOf(river);
    await refreshWholly(site);
    const problemsOf = hasJsonFeedSchema ? createJsonFeedValidator() : () => [];
    const ids: string[] = [];
    const addresses: string[] = [];
    let text = site.document("/feed.json")?.body.toString() ?? "";
    for (;;) {
      const feed = JSON.parse(text);
      expect(problemsOf(feed)).toEqual([]);
      expect(feed.feed_url).toBe(`${url}/feed.json`);
      ids.push(...feed.items.map(({ id }: { id: string }) => id));
      if (feed.next_url === undefined) break;
      addresses.push(feed.next_url);
      text = await pageAt(site, feed.next_url);
    }
    expect(new Set(ids).size).toBe(40);
    expect(new Set(addresses).size).toBe(site.archives.get("all"));
    expect(new Set(ids)).toEqual((await readHistory(site)).all);
  });

  it("a page names the one after it in a header, as soon as there is one; until then it is asked for again", async () => {
    const river = new MemoryRiver(Array.from({ length: 40 }, (_, n) => storyOf(n + 1, { hoursAgo: 40 - n })));
    const site = siteOf(river);
    await refreshWholly(site);
    const newest = site.archives.get("all") ?? 0;
    const headersOf = (page: number, format = "xml") => readHeaders(site, `/all/archive/${page}.${format}`);
    const first = await headersOf(1);
    expect(first.get("link")).toBe(`<${url}/all/archive/2.xml>; rel="next-archive"`);
    expect(first.get("cache-control")).toContain("immutable");
    const last = await headersOf(newest);
    expect(last.get("link")).toBeNull();
    expect(last.get("cache-control")).toBe("public, max-age=3600, stale-if-error=86400");
    expect((await headersOf(1, "json")).get("content-type")).toBe("application/feed+json; charset=utf-8");
  });

  it("its first page names the second, whose address leads to the live document until it is there", async () => {
    const river = new MemoryRiver(Array.from({ length: 14 }, (_, n) => storyOf(n + 1, { hoursAgo: 40 - n })));
    const site = siteOf(river);
    await refreshWholly(site);
    expect(site.archives.get("all")).toBe(1);
    const first = (await site.archivePage("/all/archive/1.xml"))?.body.toString() ?? "";
    expect(checkAtom(first, `${url}/all/archive/1.xml`)).toEqual([]);
    expect(linkOf(parseStrictXml(first), "next-archive")).toBe(`${url}/all/archive/2.xml`);
    expect(site.liveAddressOf("/all/archive/2.xml")).toBe(`${url}/atom.xml`);
    for (const path of [
      "/all/archive/1.xml",
      "/all/archive/3.xml",
      "/all/archive/2.json",
      "/none/archive/2.xml",
    ])
      expect(site.liveAddressOf(path)).toBeNull();
  });

  it("whatever comes in whatever order, nothing is out of reach and no page ever changes", async () => {
    const batches = fc.array(
      fc.array(fc.record({ hoursAgo: fc.integer({ min: 0, max: 1000 }), isTagged: fc.boolean() }), {
        maxLength: 30,
      }),
      { maxLength: 8 },
    );
    const outputs = [{}, { name: "world", tags: ["w"], limit: 3 }, { name: "few", limit: 1 }];
    await fc.assert(
      fc.asyncProperty(batches, async (plan) => {
        const river = new MemoryRiver([]);
        let site = siteOf(river, outputs);
        const seen = new Map<string, string>();
        const stories: Story[] = [];
        for (const [index, batch] of plan.entries()) {
          for (const { hoursAgo, isTagged } of batch)
            stories.push(storyOf(stories.length + 1, { hoursAgo, tags: isTagged ? ["w"] : ["x"] }));
          river.change([...stories]);
          // A restart now and then.
          if (index % 3 === 2) site = siteOf(river, outputs);
          await refreshWholly(site);
          for (const name of ["all", "world", "few"]) {
            const { all } = await readHistory(site, `/${name}/atom.xml`);
            const wanted = stories.filter(
              (s) => name !== "world" || s.sightings[0]?.sourceTags.includes("w"),
            );
            expect([...all].sort()).toEqual(wanted.map((story) => story.publishedId).sort());
            for (let page = 1; page <= (site.archives.get(name) ?? 0); page += 1) {
              const path = `/${name}/archive/${page}.xml`;
              const text = await pageAt(site, `${url}${path}`);
              expect(text).toBe(seen.get(path) ?? text);
              seen.set(path, text);
            }
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it("a page that another process on the store has written is there at once, one that nobody wrote is not", async () => {
    const stories = Array.from({ length: 30 }, (_, n) => storyOf(n + 1));
    const river = new MemoryRiver(stories.slice(0, 2));
    const behind = siteOf(river);
    await behind.refresh();
    river.change(stories);
    await refreshWholly(siteOf(river));
    expect(await pageAt(behind, `${url}/all/archive/1.xml`)).toContain("<fh:archive/>");
    expect(await behind.archivePage("/all/archive/99.xml")).toBeNull();
    expect(await behind.archivePage("/other/archive/1.xml")).toBeNull();
  });

  it("each story stands on one page only", async () => {
    const river = new MemoryRiver([]);
    const site = siteOf(river);
    const stories: Story[] = [];
    for (let n = 1; n <= 60; n += 1) {
      stories.push(storyOf(n, { hoursAgo: 100 - n }));
      river.change([...stories]);
      await refreshWholly(site);
    }
    const { pages } = await readHistory(site);
    const ids = pages.flatMap(idsOf);
    expect(new Set(ids).size).toBe(ids.length);
    // Half the live document at a time would be tiny here: a page has ten where there are ten.
    expect(pages.length).toBeLessThan(60 / 4);
  });

  it("reads a story once for the page that it stands on, and fills each page, while it catches up", async () => {
    const river = new MemoryRiver(Array.from({ length: 203 }, (_, n) => storyOf(n + 1)));
    const list = river.listUnarchived.bind(river);
    let read = 0;
    river.listUnarchived = async (query) => {
      const stories = await list(query);
      read += stories.length;
      return stories;
    };
    const site = siteOf(river);
    await refreshWholly(site);
    const { pages } = await readHistory(site);
    expect(pages.map((page) => idsOf(page).length)).toEqual(Array.from({ length: 20 }, () => 10));
    expect(read).toBeLessThan(203 * 1.2);
  });

  it("a story that falls out of the window goes on a page, without any change of the store", async () => {
    const clock = createManualClock(now);
    const site = siteOf(
      new MemoryRiver([
        storyOf(1, { hoursAgo: 5 }),
        storyOf(2, { hoursAgo: 1 }),
        storyOf(3, { hoursAgo: 30 }),
      ]),
      [{ windowMs: 24 * hourMs }],
      clock,
    );
    await refreshWholly(site);
    expect((await readHistory(site)).live).toEqual(["urn:example:2", "urn:example:1"]);
    expect(site.nextRefreshInMs).toBe(19 * hourMs + 1);
    await clock.advance(19 * hourMs + 1);
    await refreshWholly(site);
    const { live, all } = await readHistory(site);
    expect(live).toEqual(["urn:example:2"]);
    expect(all.size).toBe(3);
  });

  it("an output without an archive writes none", async () => {
    const river = new MemoryRiver(Array.from({ length: 30 }, (_, n) => storyOf(n + 1)));
    const site = siteOf(river, [{ isArchived: false }]);
    await refreshWholly(site);
    expect(river.pages).toEqual([]);
    expect((await readHistory(site)).pages).toEqual([]);
  });

  it("a page of a site that has moved leads to the new address, entry for entry the same", async () => {
    const river = new MemoryRiver(Array.from({ length: 30 }, (_, n) => storyOf(n + 1, { hoursAgo: n })));
    const site = siteOf(river);
    await refreshWholly(site);
    const before = (await site.archivePage("/all/archive/2.xml"))?.body.toString() ?? "";
    site.reconfigure({ ...site.settings, url: "https://moved.example/a&b" });
    await refreshWholly(site);
    const after = (await site.archivePage("/all/archive/2.xml"))?.body.toString() ?? "";
    expect(linkOf(parseStrictXml(after), "prev-archive")).toBe("https://moved.example/a&b/all/archive/1.xml");
    expect(after.slice(after.indexOf("<entry"))).toBe(before.slice(before.indexOf("<entry")));
  });

  it("an output that selects more than before archives what it had passed over", async () => {
    const stories = Array.from({ length: 30 }, (_, n) =>
      storyOf(n + 1, { hoursAgo: n, tags: [n % 2 === 0 ? "x" : "w"] }),
    );
    const river = new MemoryRiver(stories);
    const first = siteOf(river, [{ tags: ["w"] }]);
    await refreshWholly(first);
    expect((await readHistory(first)).all.size).toBe(15);
    const second = siteOf(river, [{ tags: ["w", "x"] }]);
    await refreshWholly(second);
    expect((await readHistory(second)).all.size).toBe(30);
  });

  it("a story that another source makes the output's own, long after it was stored, is taken up within a day", async () => {
    const clock = createManualClock(now);
    const plain = Array.from({ length: 40 }, (_, n) => storyOf(n + 1, { hoursAgo: 50 - n, tags: ["w"] }));
    const river = new MemoryRiver(
      [storyOf(99, { hoursAgo: 500, tags: ["x"] }), ...plain].map((s, n) => ({ ...s, number: n + 1 })),
    );
    const site = siteOf(river, [{ tags: ["w"] }], clock);
    await refreshWholly(site);
    expect((await readHistory(site)).all.has("urn:example:99")).toBe(false);
    river.change(
      river.stories.map((s) =>
        s.publishedId === "urn:example:99"
          ? { ...storyOf(99, { hoursAgo: 500, tags: ["w"] }), number: s.number }
          : s,
      ),
    );
    await clock.advance(25 * hourMs);
    await refreshWholly(site);
    expect((await readHistory(site)).all.has("urn:example:99")).toBe(true);
  });

  it.skipIf(isSkippedWithout("xmllint or ../shared/schema", hasAtomSchema))(
    "is valid by RFC 4287's RelaxNG, extension and all (skipped without xmllint or ../shared)",
    async () => {
      const site = siteOf(
        new MemoryRiver(Array.from({ length: 30 }, (_, n) => storyOf(n + 1, { hoursAgo: n }))),
      );
      await refreshWholly(site);
      assertValidAtom(site.document("/atom.xml")?.body.toString() ?? "");
      assertValidAtom(await pageAt(site, `${url}/all/archive/1.xml`));
      assertValidAtom(await pageAt(site, `${url}/all/archive/2.xml`));
    },
  );
});

describe("the archive of a real store", () => {
  let workspace: Workspace;
  let store: Store;
  beforeEach(async () => {
    workspace = await createWorkspace("");
    store = await openSqliteStore({
      file: `${workspace.folder}/a.db`,
      role: "poller",
      clock: createManualClock(now),
    });
    await addSources(store, buildDefinition("a", { tags: ["w"] }), buildDefinition("b"));
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    await workspace[Symbol.asyncDispose]();
  });

  it("holds 2,500 stories of one poll, for a plain output, one of tags and one that is a search", async () => {
    const bulk = (source: string, count: number) =>
      Array.from({ length: count }, (_, n) =>
        buildStored(`${source}${n}`, {
          orderedAt: new Date(now.getTime() - n * 1000),
          title: `Lake ${n % 2 ? "odd" : "even"} ${n}`,
        }),
      );
    await poll(store, "a", bulk("a", 1500));
    await poll(store, "b", bulk("b", 1000));
    const site = siteOf(store, [
      { limit: 100 },
      { name: "world", tags: ["w"], limit: 100 },
      { name: "odd", search: "odd", tags: ["w"], limit: 50 },
    ]);
    await refreshWholly(site);
    expect((await readHistory(site)).all.size).toBe(2500);
    expect((await readHistory(site, "/world/atom.xml")).all.size).toBe(1500);
    expect((await readHistory(site, "/odd/atom.xml")).all.size).toBe(750);
    expect(site.archives.get("all")).toBeLessThanOrEqual(2500 / 50);
    // What is written is written: a second site over the same store adds nothing.
    const again = siteOf(store, [{ limit: 100 }]);
    await refreshWholly(again);
    expect(again.archives.get("all")).toBe(site.archives.get("all"));
  });

  it("has what keep lets go on a page, also what stood in the live document, and a page keeps what is forgotten", async () => {
    const signal = new AbortController().signal;
    const clock = createManualClock(now);
    const outputs = [
      { limit: 20 },
      { name: "world", tags: ["w"], limit: 20 },
      { name: "bare", isArchived: false },
    ];
    const site = siteOf(store, outputs, clock);
    const days = (count: number, from: number, source: string) =>
      Array.from({ length: count }, (_, n) =>
        buildStored(`${source}${n}`, { orderedAt: new Date(now.getTime() - (from + n) * 24 * hourMs) }),
      );
    await poll(store, "a", days(8, 100, "a"));
    await poll(store, "b", days(8, 1, "b"));
    await refreshWholly(site);
    expect((await readHistory(site)).pages).toEqual([]);
    const save = createArchiveSaver({ store, clock }, () => site.settings);
    const keep = { since: new Date(now.getTime() - 103 * 24 * hourMs) };
    expect((await pruneStore(store, { now, keep, save }, signal)).stories).toBe(4);
    await refreshWholly(site);
    const all = await readHistory(site);
    expect([all.all.size, all.live.length, idsOf(all.pages[0] as XmlNode).length]).toEqual([16, 12, 4]);
    const world = await readHistory(site, "/world/atom.xml");
    expect([world.all.size, world.live.length]).toEqual([8, 4]);
    expect(site.archives.get("bare")).toBe(0);
    const page = await pageAt(site, `${url}/all/archive/1.xml`);
    // More comes and more goes: the page is as it was, and nothing is on two.
    await poll(store, "b", days(30, 1, "c"));
    await refreshWholly(site);
    await pruneStore(store, { now: clock.now(), keep: { newest: 0 }, save }, signal);
    await refreshWholly(site);
    const later = await readHistory(site);
    expect([later.all.size, later.live.length]).toEqual([46, 0]);
    expect(later.pages.flatMap(idsOf)).toHaveLength(46);
    expect(await pageAt(site, `${url}/all/archive/1.xml`)).toBe(page);
    expect((await readHistory(site, "/world/atom.xml")).all.size).toBe(8);
  });
});
