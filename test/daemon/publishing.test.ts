/** What is published to people and machines by the real commands: files, archives, and (below) pushes and readers. */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { entryIds, runCommand } from "../support/daemon.ts";
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
});
