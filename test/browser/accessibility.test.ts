/** The pages in a real browser (Debian's Chromium); skipped aloud where there is none. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Server, startServer } from "../../src/serve/server.ts";
import { readStatus } from "../../src/serve/status.ts";
import { HOSTILE_TEXTS } from "../support/hostile.ts";
import { MemoryRiver } from "../support/memory-river.ts";
import { isSkippedWithout } from "../support/skip.ts";
import { buildOutput, buildSighting, buildSourceState, buildStory } from "../support/story-builder.ts";

const CHROMIUM = "/usr/bin/chromium";
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const now = new Date("2026-06-18T12:00:00Z");
const clock = { now: () => now, sleep: () => Promise.resolve() };

const stories = Array.from({ length: 65 }, (_, n) => {
  const at = new Date(now.getTime() - n * 3_600_000);
  const hostile = HOSTILE_TEXTS[n];
  const title = hostile !== undefined && hostile.length < 1000 ? `${n} ${hostile}` : `Story ${n}`;
  const url = `https://news.example/${n}`;
  const own = buildSighting({
    ...{
      originalUrl: url,
      publishedAt: at,
      orderedAt: at,
      updatedAt: at,
      sourceTags: n % 2 === 0 ? ["world"] : [],
    },
    entry: { title, url, language: n % 5 === 0 ? "ar" : "en" },
  });
  const copy = buildSighting({
    sourceId: "s2",
    sourceName: "Copy Desk",
    entry: { url: `https://copy.example/${n}` },
  });
  return buildStory({ number: 100 - n, publishedId: url, sightings: n % 3 === 0 ? [own, copy] : [own] });
});
const river = Object.assign(
  new MemoryRiver(stories, [
    buildSourceState({ tags: ["world"] }),
    buildSourceState({ id: "s2", name: "Copy Desk" }),
    buildSourceState({
      id: "s3",
      name: "Trouble",
      status: "failing",
      lastError: { code: "fetch/dns", message: "no such host" },
    }),
  ]),
  {
    counts: async () => ({ sources: 3, sightings: 80, stories: 65, aliases: 200 }),
    dailyCounts: async () => new Map(),
  },
);

describe.skipIf(isSkippedWithout("/usr/bin/chromium (apt-get install chromium)", existsSync(CHROMIUM)))(
  "in Chromium (skipped without /usr/bin/chromium)",
  () => {
    let server: Server;
    let browser: Browser;

    beforeAll(async () => {
      server = await startServer({
        ...{
          host: "127.0.0.1",
          port: 0,
          store: river,
          clock,
          title: "Mainstem",
          url: "http://localhost:8080",
        },
        outputs: [buildOutput(), buildOutput({ name: "world", title: "World", tags: ["world"] })],
        status: () => readStatus(river, { clock, startedAt: now, version: "1", notices: ["A notice"] }),
        isReady: () => ({ ok: true, reasons: [] }),
      });
      const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];
      browser = await chromium.launch({ executablePath: CHROMIUM, args });
    }, 60_000);

    afterAll(async () => {
      await browser?.close();
      await server?.stop(AbortSignal.abort());
    });

    it.each([
      ["/", "light", 1280],
      ["/", "dark", 390],
      ["/?tag=world&source=s2", "light", 390],
      ["/?q=Story+3", "dark", 390],
      ["/atom.xml", "light", 390],
      ["/atom.xml", "dark", 1280],
      ["/status", "light", 390],
      ["/status", "dark", 1280],
    ] as const)(
      "%s (%s, %i wide): no accessibility violation, no CSP complaint, no sideways scrolling",
      async (path, colorScheme, width) => {
        const context = await browser.newContext({
          colorScheme,
          viewport: { width, height: 800 },
          bypassCSP: false,
        });
        const page = await context.newPage();
        const complaints: string[] = [];
        page.on("console", (message) => complaints.push(message.text()));
        page.on("pageerror", (error) => complaints.push(String(error)));
        await page.goto(server.address.url + path);
        expect(complaints).toEqual([]);
        // Evaluated through the debugger, so the page's own CSP stays as strict as it is.
        await page.evaluate(axe);
        const violations = await page.evaluate<string[]>(
          "axe.run().then(({ violations }) => violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(', ')}`))",
        );
        expect(violations).toEqual([]);
        expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBe(width);
        await context.close();
      },
      60_000,
    );

    it("reads on, narrows and comes back, by keyboard and links alone", async () => {
      const page = await browser.newPage();
      await page.goto(`${server.address.url}/`);
      expect(await page.locator("article").count()).toBe(30);
      await page.getByRole("link", { name: "Older stories" }).click();
      await page.getByRole("link", { name: "Older stories" }).click();
      expect(await page.locator("article").count()).toBe(5);
      expect(await page.getByRole("link", { name: "Older stories" }).count()).toBe(0);
      await page.getByRole("link", { name: "Newest stories" }).click();
      await page.getByLabel("Source").selectOption("s2");
      await page.getByRole("button", { name: "Show" }).click();
      expect(await page.locator("article").count()).toBe(22);
      expect(page.url()).toContain("source=s2");
      await page.getByRole("link", { name: "Show all" }).click();
      await page.waitForURL((url) => url.search === "");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await page.waitForURL(/#content$/);
      await page.close();
    }, 60_000);
  },
);
