/** The corpus of attacks after our door, in a page without any protection of its own: Debian's Chromium runs none of it. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanHtml } from "../../src/publish/clean-html.ts";
import { HOSTILE_HTML } from "../support/hostile.ts";
import { isSkippedWithout } from "../support/skip.ts";
import { XSS } from "../support/xss.ts";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

describe.skipIf(isSkippedWithout("/usr/bin/chromium (apt-get install chromium)", existsSync(executablePath)))(
  "sanitised attacks in Chromium",
  () => {
    let browser: Browser;
    beforeAll(async () => {
      const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];
      browser = await chromium.launch({ executablePath, args });
    });
    afterAll(() => browser?.close());

    /** What ran: calls of `hit` and `alert`, and requests that were made, but to the one good host. */
    async function show(html: string): Promise<readonly string[]> {
      const page = await browser.newPage();
      const ran: string[] = [];
      await page.exposeFunction("hit", () => ran.push("hit"));
      page.on("dialog", (dialog) => {
        ran.push("alert");
        void dialog.dismiss();
      });
      await page.route("**/*", (route) => {
        const { hostname } = new URL(route.request().url());
        if (hostname !== "ok.example") ran.push(`request to ${hostname}`);
        return route.abort();
      });
      await page.setContent(`<!doctype html><body>${html}`);
      for (const link of await page.locator("a[href^=javascript i]").all()) await link.click();
      await page.waitForTimeout(50);
      await page.close();
      return ran;
    }

    it("the page would notice: what is not sanitised runs", async () => {
      expect(await show("<img src=https://ok.example/x onerror=hit()>")).toEqual(["hit"]);
    });

    it("nothing of the whole corpus runs", async () => {
      const corpus = [...XSS, ...HOSTILE_HTML.filter((html) => html.length < 10_000)];
      for (let from = 0; from < corpus.length; from += 20) {
        const some = corpus.slice(from, from + 20).map((html) => cleanHtml(html).html);
        expect([from, await show(some.join("\n"))]).toEqual([from, []]);
      }
    });
  },
);
