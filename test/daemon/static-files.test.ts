/**
 * `publish.directory` under a plain web server that knows nothing but files: every link of the pages leads to one, and the whole
 * history can be read page by page.
 */
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve, sep } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { Parser } from "htmlparser2";
import { describe, expect, it } from "vitest";
import { runCommand } from "../support/daemon.ts";
import { createWorkspace } from "../support/workspace.ts";

/** Serves exactly the files of a folder under a path: no index of a directory, no query, nothing else. */
async function serveFolder(folder: string, under: string) {
  const server = createServer(async (request, response) => {
    const path = request.url ?? "";
    const file = resolve(folder, `.${path.slice(under.length)}`);
    const isInside = path.startsWith(`${under}/`) && !path.includes("?") && file.startsWith(folder + sep);
    const content = isInside ? await readFile(file).catch(() => null) : null;
    response.writeHead(content === null ? 404 : 200).end(content ?? "");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${under}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** What an HTML page leads to, and the titles of its stories. */
function readPage(html: string) {
  const links: { readonly href: string; readonly rel: string | undefined }[] = [];
  const titles: string[] = [];
  let isTitle = false;
  const parser = new Parser({
    onopentag(name, attributes) {
      const href = attributes.href ?? attributes.src;
      if (href !== undefined) links.push({ href, rel: attributes.rel });
      isTitle ||= name === "h3";
    },
    ontext(text) {
      if (isTitle && text.trim() !== "") titles.push(text.trim());
    },
    onclosetag(name) {
      if (name === "h3") isTitle = false;
    },
  });
  parser.end(html);
  return { links, titles };
}

const items = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => {
    const number = from + n;
    const date = new Date(Date.UTC(2026, 0, 1) + number * 3_600_000).toUTCString();
    return `<item><title>Story ${number}</title><link>https://a.example/${number}</link><pubDate>${date}</pubDate></item>`;
  });
const feedOf = (to: number) =>
  `<rss version="2.0"><channel><title>News</title><link>https://a.example/</link><description>d</description>${items(0, to).join("")}</channel></rss>`;

const config = `title: River
url: https://river.example/news
sources:
  - file: ../news.xml
    tags: [world]
outputs:
  - { name: all, limit: 30 }
  - { name: whole, title: "Everything & more", limit: 250, archive: false }
  - { name: none, tags: [nothing] }
publish: { directory: ../public }
`;

describe("static files", () => {
  it("are complete: every link leads to a file, and from page to page to every story", async () => {
    await using workspace = await createWorkspace(config);
    const env = { MAINSTEM_STORE: `sqlite:${workspace.folder}/store.db` };
    const folder = join(workspace.folder, "public");
    const publish = async (stories: number) => {
      await writeFile(join(workspace.folder, "news.xml"), feedOf(stories));
      const { code, stderr } = await runCommand(["once", "--force", "--config", workspace.config], { env });
      expect([code, stderr.includes("failed")]).toEqual([0, false]);
    };
    await publish(180);
    await publish(230);
    for (const under of ["", "/deep/er"]) {
      await using server = await serveFolder(folder, under);
      const pages = new Map<string, ReturnType<typeof readPage>>();
      const missing: string[] = [];
      const waiting = [`${server.url}/index.html`];
      const seen = new Set(waiting);
      for (let url = waiting.pop(); url !== undefined; url = waiting.pop()) {
        const answer = await fetch(url);
        const body = await answer.text();
        if (answer.status !== 200) missing.push(url);
        if (!url.endsWith(".html")) continue;
        const page = readPage(body);
        pages.set(url.slice(server.url.length), page);
        for (const { href } of page.links) {
          const target = new URL(href, url).href.replace(/#.*$/, "");
          if (!target.startsWith(new URL(server.url).origin) || seen.has(target)) continue;
          seen.add(target);
          waiting.push(target);
        }
      }
      expect(missing).toEqual([]);
      /** The titles from a page on, following one relation. */
      const follow = (start: string, rel: string) => {
        const titles: string[] = [];
        for (let path: string | null = start; path !== null; ) {
          const page = pages.get(path);
          titles.push(...(page?.titles ?? []));
          const next = page?.links.find((link) => link.rel === rel)?.href;
          path = next === undefined ? null : new URL(next, `http://x${path}`).pathname;
        }
        return titles;
      };
      for (const start of ["/index.html", "/all/index.html", "/whole/index.html"])
        expect(new Set(follow(start, "next")).size).toBe(230);
      expect(pages.get("/whole/index.html")?.titles).toHaveLength(100);
      expect(pages.get("/whole/page-3.html")?.titles).toHaveLength(30);
      // And back from the first page of the archive to the newest stories.
      expect(new Set(follow("/all/archive/1.html", "prev")).size).toBe(230);
      expect(pages.get("/none/index.html")?.titles).toEqual([]);
    }
    const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const files = names.filter((name) => !/\.(?:gz|br)$/.test(name));
    expect(names).toHaveLength(3 * files.length);
    for (const file of files) {
      const content = await readFile(file);
      expect(gunzipSync(await readFile(`${file}.gz`))).toEqual(content);
      expect(brotliDecompressSync(await readFile(`${file}.br`))).toEqual(content);
    }
    expect(files.some((file) => file.endsWith(join("all", "archive", "1.json")))).toBe(true);
  }, 60_000);
});
