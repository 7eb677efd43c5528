/** The pages as people see them, in Debian's Chromium: they load under their own CSP, fit a phone, and lead somewhere. */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
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

    it.each(
      ["/", "/world/", "/status", "/?q=nothing", "/atom.xml"].flatMap((path) =>
        looks.map((look) => ({ path, ...look })),
      ),
    )("$path at $width px, $colorScheme, fits and breaks no rule", async ({ path, ...look }) => {
      const { page, complaints } = await open(path, look);
      expect(complaints).toEqual([]);
      expect(await page.locator("h1").count()).toBe(1);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(look.width);
      if (process.env.SCREENSHOTS !== undefined)
        await page.screenshot({
          path: join(
            process.env.SCREENSHOTS,
            `${encodeURIComponent(path)}-${look.width}-${look.colorScheme}.png`,
          ),
        });
      await page.context().close();
    });

    it("shows each story once, with everyone who carried it", async () => {
      const { page } = await open("/", looks[0]);
      expect(await page.locator("article").count()).toBe(8);
      const story = page.locator("article", { hasText: "EU Held Short Talks With the Kremlin" });
      const text = (await story.textContent()) ?? "";
      expect(text).toContain("Sample: The Wire");
      expect(text).toContain("Sample: Links of the Week");
      await page.context().close();
    });

    it("finds stories by their words, narrows further, and says when there is none", async () => {
      const { page } = await open("/", looks[2]);
      await page.getByLabel("Search").fill("kremlin");
      await page.keyboard.press("Enter");
      await page.waitForURL(/q=kremlin/);
      const found = await page.locator("article").count();
      expect(found).toBeGreaterThan(0);
      expect(found).toBeLessThan(8);
      expect(await page.getByLabel("Search").inputValue()).toBe("kremlin");
      await page.getByLabel("Search").fill("kremlin -kremlin");
      await page.getByRole("button", { name: "Show" }).click();
      await page.waitForURL(/-kremlin/);
      expect(await page.locator("article").count()).toBe(0);
      expect(await page.locator(".empty").textContent()).toContain("No story has these words");
      await page.getByRole("link", { name: "Show all" }).click();
      await page.waitForURL((url) => url.search === "");
      await page.context().close();
    });

    it("says why carriers tell one story: on the river in a few words, on the status page in a sentence", async () => {
      const { page } = await open("/", looks[0]);
      const story = page.locator("article", { hasText: "EU Held Short Talks With the Kremlin" });
      expect(await story.locator(".more").textContent()).toMatch(/\((?:same|the) [a-z ']+\)/);
      await page.goto(`${daemon.url}/status`);
      const joined = page.locator(".joined > ul > li", { hasText: "EU Held Short Talks" });
      expect(await joined.textContent()).toMatch(/Sample: [^:]+: (?:its|it) /);
      await page.context().close();
    });

    it("shows who clicks on a feed how to subscribe, and the feed to whoever wants it", async () => {
      const { page } = await open("/", looks[0]);
      await page.getByRole("link", { name: "Atom", exact: true }).click();
      await page.waitForURL(/atom\.xml$/);
      expect(await page.getByLabel("Give your feed reader this address").inputValue()).toMatch(
        /^http:\/\/localhost:\d+\/atom\.xml$/,
      );
      const answer = await page.request.get(`${daemon.url}/atom.xml`);
      expect(answer.headers()["content-type"]).toContain("application/atom+xml");
      // Many feed readers send a browser's Accept.
      const like = await page.request.get(`${daemon.url}/atom.xml`, {
        headers: { Accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" },
      });
      expect(like.headers()["content-type"]).toContain("application/atom+xml");
      const raw = await fetch(`${daemon.url}/atom.xml?raw`, { headers: { "Sec-Fetch-Dest": "document" } });
      expect(raw.headers.get("content-type")).toContain("application/atom+xml");
      await page.context().close();
    });

    it("follows what happens without being loaded again, and disturbs nobody who reads", async () => {
      const { page, complaints } = await open("/", looks[0]);
      const { page: status } = await open("/status", looks[0]);
      const entries = async () => status.locator("dl.totals dd").nth(1).textContent();
      const before = await entries();
      const write = (name: string) =>
        writeFile(
          join(workspace.folder, "feeds", "articles", `${name}.md`),
          `# A story called ${name}\n\nText.\n\nOriginal url: https://live.example/${name}\n`,
        );
      await write("first");
      await page.getByRole("link", { name: "A story called first" }).waitFor();
      expect(await page.locator("article").count()).toBe(9);
      await page.waitForFunction("document.getElementById('live-note').textContent !== ''");
      await expect.poll(entries, { timeout: 10_000 }).not.toBe(before);
      // Somebody who is busy with a link is asked first.
      await page.locator("article h3 a").nth(3).focus();
      await write("second");
      const button = page.getByRole("button", { name: "Show 1 new story" });
      await button.waitFor();
      expect(await page.getByText("A story called second").count()).toBe(0);
      await button.click();
      expect(await page.locator("article").count()).toBe(10);
      expect(await page.evaluate("document.activeElement.id")).toBe("content");
      expect(complaints).toEqual([]);
      await page.context().close();
      await status.context().close();
    });

    it("works whole without a script", async () => {
      const context = await browser.newContext({ javaScriptEnabled: false });
      const page = await context.newPage();
      await page.goto(`${daemon.url}/`);
      await page.getByLabel("Search").fill("kremlin");
      await page.getByRole("button", { name: "Show" }).click();
      expect(await page.locator("article").count()).toBeGreaterThan(0);
      await page.getByRole("link", { name: "Status" }).click();
      expect(await page.locator("table.sources tbody tr").count()).toBeGreaterThan(4);
      await context.close();
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
