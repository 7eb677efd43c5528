/** What is published to people and machines by the real commands: files, archives, and (below) pushes and readers. */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { Daemon, entryIds, freePort, runCommand } from "../support/daemon.ts";
import { startOriginServer } from "../support/origin-server.ts";
import { createWorkspace } from "../support/workspace.ts";

/** An RSS document of numbered stories, an hour apart. */
function newsOf(count: number): string {
  const items = Array.from(
    { length: count },
    (_, n) =>
      `<item><title>Story number ${n}</title><link>https://paper.example/2026/story-number-${n}</link><pubDate>${new Date(Date.UTC(2026, 0, 1) + n * 3_600_000).toUTCString()}</pubDate><description>Text of ${n}</description></item>`,
  );
  return `<?xml version="1.0"?><rss version="2.0"><channel><title>Paper</title><link>https://paper.example/</link><description>News</description>${items.join("")}</channel></rss>`;
}

describe("publish.directory", () => {
  it("holds every output with its page and its whole archive, compressed beside it; the newest story costs one page at most", async () => {
    await using workspace = await createWorkspace(
      "url: https://river.example\nsources: [{ file: ../news.xml }]\npublish: { directory: ../public }\noutputs: [{ name: all, limit: 20 }, { name: some, include: ['number 1'], limit: 20 }]\n",
    );
    const source = join(workspace.folder, "news.xml");
    const file = (name: string) => join(workspace.folder, "public", name);
    const once = () => runCommand(["once", "--force", "--config", workspace.config]);
    await writeFile(source, newsOf(150));
    expect(await once()).toMatchObject({ code: 0 });
    const follow = async (name: string) => {
      const ids: string[] = [];
      let pages = 0;
      for (let next: string | undefined = name; next !== undefined; pages += 1) {
        const text: string = await readFile(file(next), "utf8");
        expect(gunzipSync(await readFile(file(`${next}.gz`))).toString()).toBe(text);
        expect(existsSync(file(`${next}.br`))).toBe(true);
        ids.push(...entryIds(text));
        next = /rel="prev-archive"[^>]*href="https:\/\/river\.example\/([^"]+)"/.exec(text)?.[1];
      }
      return { stories: new Set(ids).size, pages };
    };
    expect(await follow("atom.xml")).toEqual({ stories: 150, pages: expect.any(Number) });
    // 1, 10 to 19 and 100 to 149.
    expect((await follow("some/atom.xml")).stories).toBe(61);
    for (const name of ["index.html", "some/index.html", "rss.xml", "feed.json", "opml.xml"])
      expect(existsSync(file(name)), name).toBe(true);
    const first = await readFile(file("all/archive/1.xml"));
    await writeFile(source, newsOf(151));
    expect((await once()).code).toBe(0);
    expect((await follow("atom.xml")).stories).toBe(151);
    expect(await readFile(file("all/archive/1.xml"))).toEqual(first);
  });

  it("`once` ends with 2 and names the file where it cannot write", async () => {
    await using workspace = await createWorkspace(
      "sources: [{ file: ../news.xml }]\npublish: { directory: ../public }\n",
    );
    await writeFile(join(workspace.folder, "news.xml"), newsOf(1));
    await writeFile(join(workspace.folder, "public"), "in the way");
    const once = await runCommand(["once", "--json", "--config", workspace.config]);
    expect(once).toMatchObject({ code: 2, stdout: "" });
    expect(once.stderr).toMatch(/^mainstem: cannot write \S+public\S+: not a directory \(.+\)\n$/);
  });
});

describe("a feed with episodes", () => {
  const item =
    '<item><title>One</title><guid>urn:example:1</guid><enclosure url="https://a.example/1.mp3" type="audio/mpeg" length="1"/></item>';

  it.each([
    ["", "webmaster@river.example"],
    [", email: ada@news.example", "ada@news.example"],
  ])("names who answers for it (publish: {%s})", async (key, expected) => {
    await using workspace = await createWorkspace(
      `url: https://river.example\nsources: [{ file: ../news.xml }]\npublish: { directory: ../public${key} }\n`,
    );
    const channel = `<rss version="2.0"><channel><title>Pod</title>${item}</channel></rss>`;
    await writeFile(join(workspace.folder, "news.xml"), channel);
    expect((await runCommand(["once", "--config", workspace.config])).code).toBe(0);
    const rss = await readFile(join(workspace.folder, "public", "rss.xml"), "utf8");
    expect(rss).toContain(`<itunes:email>${expected}</itunes:email>`);
  });

  it("says what is wrong with an address", async () => {
    await using workspace = await createWorkspace(
      "sources: [{ file: ../news.xml }]\npublish: { email: ada }\n",
    );
    const { code, stdout } = await runCommand(["check", "--config", workspace.config]);
    expect(code).not.toBe(0);
    expect(stdout).toMatch(/publish\.email.*expected a mail address, such as ada@example\.org/);
  });
});

describe("a hub elsewhere", () => {
  it("is named in the files that `once` writes, and told when they changed", async () => {
    await using origin = await startOriginServer();
    const told: string[] = [];
    origin.on("/hub", async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      told.push(new URLSearchParams(body).get("hub.url") ?? "");
      response.writeHead(204).end();
    });
    await using workspace = await createWorkspace(
      `url: https://river.example\nsources: [{ file: ../news.xml }]\npublish: { directory: ../public, hub: "${origin.url("/hub")}", hub_allow_private: true }\n`,
    );
    await writeFile(join(workspace.folder, "news.xml"), newsOf(2));
    const once = () => runCommand(["once", "--force", "--config", workspace.config]);
    expect((await once()).code).toBe(0);
    const atom = await readFile(join(workspace.folder, "public", "atom.xml"), "utf8");
    expect(atom).toContain(`<link rel="hub" href="${origin.url("/hub")}"/>`);
    expect(told.sort()).toEqual(
      ["atom.xml", "feed.json", "rss.xml"].map((name) => `https://river.example/${name}`),
    );
    expect((await once()).code).toBe(0);
    expect(told).toHaveLength(3);
  });
});

describe("the hub inside", () => {
  it("pushes a new story from one Mainstem to another that subscribed, long before it would poll", async () => {
    const [port, otherPort] = [await freePort(), await freePort()];
    await using workspace = await createWorkspace(
      `url: http://127.0.0.1:${port}\nschedule: 1s\nsources: [{ file: ../news.xml }]\npublish: { hub_allow_private: true }\n`,
    );
    await using other = await createWorkspace(
      `url: http://127.0.0.1:${otherPort}\nallow_private: true\npush: always\nschedule: 1h\nsources: [{ url: "http://127.0.0.1:${port}/rss.xml" }]\n`,
    );
    const source = join(workspace.folder, "news.xml");
    await writeFile(source, newsOf(3));
    await using publisher = await Daemon.start(workspace.config, { port });
    const stories = async (daemon: Daemon) => entryIds(await daemon.text("/atom.xml"));
    await publisher.waitFor("publishing", async () => (await stories(publisher)).length === 3);
    const feed = await fetch(`${publisher.url}/rss.xml`);
    expect(feed.headers.get("link")).toBe(
      `<http://127.0.0.1:${port}/websub>; rel="hub", <http://127.0.0.1:${port}/rss.xml>; rel="self"`,
    );
    await using subscriber = await Daemon.start(other.config, { port: otherPort });
    await subscriber.waitFor("subscribed", async () => {
      const { sources } = (await (await fetch(`${subscriber.url}/status.json`)).json()) as {
        sources: readonly { next_poll_reason: string }[];
      };
      return (await stories(subscriber)).length === 3 && sources.length === 1;
    });
    await publisher.waitFor("asked", async () => publisher.output.stderr.includes("gets http://127.0.0.1"));
    await writeFile(source, newsOf(4));
    await subscriber.waitFor("pushed to", async () => (await stories(subscriber)).length === 4);
    expect(await publisher.stop()).toBe(0);
    expect(await subscriber.stop()).toBe(0);
  });

  it("is neither there nor named where the config says none, and says what it wants where it is", async () => {
    const post = (url: string, form: Readonly<Record<string, string>>) =>
      fetch(`${url}/websub`, { method: "POST", body: new URLSearchParams(form) });
    const port = await freePort();
    await using without = await createWorkspace("sources: []\npublish: { hub: none }\n");
    await using none = await Daemon.start(without.config, { port });
    expect((await post(none.url, {})).status).toBe(404);
    const feed = await fetch(`${none.url}/atom.xml`);
    expect([feed.headers.get("link"), (await feed.text()).includes('rel="hub"')]).toEqual([null, false]);
    await none.stop();
    await using with_ = await createWorkspace("sources: []\n");
    await using own = await Daemon.start(with_.config, { port });
    const topic = `http://localhost:${port}/atom.xml`;
    const form = { "hub.mode": "subscribe", "hub.topic": topic, "hub.callback": "https://reader.example/x" };
    expect((await post(own.url, form)).status).toBe(202);
    const refused = await post(own.url, { ...form, "hub.callback": "http://127.0.0.1:9/" });
    expect([refused.status, refused.headers.get("content-type"), await refused.text()]).toEqual([
      400,
      "text/plain; charset=utf-8",
      "hub.callback is not on the public internet.\n",
    ]);
    expect((await fetch(`${own.url}/websub`)).status).toBe(405);
    expect((await fetch(`${own.url}/websub`, { method: "POST", body: "hub.mode=x" })).status).toBe(415);
    expect((await post(own.url, { ...form, "hub.secret": "x".repeat(20_000) })).status).toBe(413);
  });
});
