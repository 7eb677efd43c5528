/** `full_text: true` in the daemon: the pages of cut entries, as robots.txt lets it, in its host's turn. */
import { describe, expect, it } from "vitest";
import { Daemon } from "../support/daemon.ts";
import { startOriginServer } from "../support/origin-server.ts";
import { createWorkspace } from "../support/workspace.ts";

describe("full_text", () => {
  it("carries the article of each page that robots.txt lets it read, after asking for that once", async () => {
    await using server = await startOriginServer();
    const paths = ["/2026/01/the-first-story", "/2026/01/the-second-story", "/members/a-third-story"];
    const items = paths.map(
      (path, n) =>
        `<item><title>Story ${n}</title><link>${server.url(path)}</link><guid>${n}</guid><description>Cut …</description></item>`,
    );
    server.on("/feed.xml", {
      headers: { "Content-Type": "application/rss+xml" },
      body: `<rss version="2.0"><channel><title>Cut</title><link>${server.url("/")}</link><description>d</description>${items.join("")}</channel></rss>`,
    });
    for (const path of paths)
      server.on(path, {
        headers: { "Content-Type": "text/html" },
        body: `<html><body><article>${`<p>A sentence of the whole text at ${path}.</p>`.repeat(20)}</article>`,
      });
    server.on("/robots.txt", {
      headers: { "Content-Type": "text/plain" },
      body: "User-agent: *\nDisallow: /members/",
    });
    await using workspace = await createWorkspace(
      `allow_private: true\nlimits: { host_pause: 10ms }\nsources:\n  - { url: "${server.url("/feed.xml")}", full_text: true }\n`,
    );
    await using daemon = await Daemon.start(workspace.config);
    await daemon.waitFor("whole", async () => {
      const feed = await daemon.text("/atom.xml");
      return paths.slice(0, 2).every((path) => feed.includes(`whole text at ${path}`));
    });
    await daemon.waitFor("told of robots.txt", async () =>
      daemon.output.stderr.includes(`the robots.txt of 127.0.0.1:${server.port} does not let programs read`),
    );
    expect(await daemon.text("/atom.xml")).not.toContain("whole text at /members");
    const asked = server.requests.map(({ url }) => url);
    expect(asked).not.toContain(paths[2]);
    for (const path of [...paths.slice(0, 2), "/robots.txt"])
      expect(asked.filter((url) => url === path)).toHaveLength(1);
    expect(await daemon.stop()).toBe(0);
  });
});
