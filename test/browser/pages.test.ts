/** The pages as people see them, in Debian's Chromium: they load under their own CSP, fit a phone, and lead somewhere. */
import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Daemon, entryIds } from "../support/daemon.ts";
import { isSkippedWithout } from "../support/skip.ts";
import { createWorkspace, type Workspace } from "../support/workspace.ts";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

describe.skipIf(isSkippedWithout("/usr/bin/chromium (apt-get install chromium)", existsSync(executablePath)))(
  "the pages in Chromium",
  () => {
    let workspace: Workspace;
    let daemon: Daemon;
    let browser: Browser;

    beforeAll(async () => {
      workspace = await createWorkspace();
      daemon = await Daemon.start(workspace.config);
      await daemon.waitFor("full", async () => entryIds(await daemon.text("/atom.xml")).length === 8);
      const args = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ];
      browser = await chromium.launch({ executablePath, args });
    });
    afterAll(async () => {
      await browser?.close();
      await daemon?.[Symbol.asyncDispose]();
      await workspace?.[Symbol.asyncDispose]();
    });

    const looks = [
      { width: 1280, height: 900, colorScheme: "light" },
      { width: 1280, height: 900, colorScheme: "dark" },
      { width: 390, height: 844, colorScheme: "light" },
      { width: 390, height: 844, colorScheme: "dark" },
    ] as const;

    /** Opens a page and collects whatever the browser complains about. */
    async function open(
      path: string,
      look: (typeof looks)[number],
    ): Promise<{ page: Page; complaints: string[] }> {
      const { width, height, colorScheme } = look;
      const context = await browser.newContext({ viewport: { width, height }, colorScheme });
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(error.message));
      await page.goto(`${daemon.url}${path}`);
      return { page, complaints };
    }

    it.each(["/", "/world/", "/status"].flatMap((path) => looks.map((look) => ({ path, ...look }))))(
      "$path at $width px, $colorScheme, fits and breaks no rule",
      async ({ path, ...look }) => {
        const { page, complaints } = await open(path, look);
        expect(complaints).toEqual([]);
        expect(await page.locator("h1").count()).toBe(1);
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(look.width);
        await page.context().close();
      },
    );

    it("shows each story once, with everyone who carried it", async () => {
      const { page } = await open("/", looks[0]);
      expect(await page.locator("article").count()).toBe(8);
      const story = page.locator("article", { hasText: "EU Held Short Talks With the Kremlin" });
      const text = (await story.textContent()) ?? "";
      expect(text).toContain("Sample: The Wire");
      expect(text).toContain("Sample: Links of the Week");
      await page.context().close();
    });

    it("advertises its feeds to readers", async () => {
      const { page } = await open("/", looks[0]);
      const types = await page
        .locator('link[rel~="alternate"]')
        .evaluateAll((links) => links.map((link) => link.getAttribute("type")));
      expect(types).toEqual(
        expect.arrayContaining(["application/atom+xml", "application/rss+xml", "application/feed+json"]),
      );
      await page.context().close();
    });
  },
);
