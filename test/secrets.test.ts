/** What came from secret variables and files shows nowhere: not in a path, not escaped, not in what feeds say of themselves. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readConfig } from "../src/config/load.ts";
import { scrubText, scrubUrl } from "../src/fetch/scrub.ts";
import { publicUrl, scrubUrls } from "../src/publish/clean.ts";
import { cronProblem } from "../src/schedule/scheduler.ts";
import { isSecretName } from "../src/secrets.ts";

describe("a secret of the config", () => {
  it("in the path of a source's address is masked wherever that address shows, and published nowhere", async () => {
    const folder = await mkdtemp(join(tmpdir(), "mainstem-secrets-"));
    try {
      const file = join(folder, "member");
      await writeFile(file, "m3mber/+id\n");
      const env = {
        FEED_TOKEN: "t0kenInPath",
        MEMBER_FILE: file,
        HOST: "private.example",
        WORD: "wellknown",
      };
      const yaml =
        "sources:\n  - url: https://${HOST}/rss/${FEED_TOKEN}/${WORD}\n  - url: https://x.example/${MEMBER}/feed\n";
      const config = await readConfig(yaml, {
        env,
        cronProblem,
        file: join(folder, "m.yaml"),
        shownAs: "m.yaml",
      });
      const [first = "", second = ""] = config.sources.map(({ location }) => location);
      expect(first).toBe("https://private.example/rss/t0kenInPath/wellknown");
      expect(scrubUrl(first)).toBe("https://private.example/rss/***/wellknown");
      expect(scrubText(`GET ${first} failed: t0kenInPath`)).toBe(
        "GET https://private.example/rss/***/wellknown failed: ***",
      );
      expect(scrubUrls(`see ${first} there`)).toBe("see https://private.example/rss/…/wellknown there");
      expect(publicUrl(first)).toBeNull();
      expect(publicUrl(second)).toBeNull();
      expect(scrubUrl(second)).not.toContain("m3mber");
      expect(scrubText("https://y.example/?u=https%3A%2F%2Fx.example%2Fm3mber%2F%2Bid")).not.toContain(
        "m3mber",
      );
      expect(publicUrl("https://private.example/wellknown")).not.toBeNull();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it.each([
    ["FEED_TOKEN", true],
    ["PGPASSWORD", true],
    ["API_KEY", true],
    ["PATREON_AUTH", true],
    ["PW", true],
    ["HOST", false],
    ["AUTHOR", false],
    ["KEYBOARD_BLOG", false],
    ["MONKEY", false],
  ])("is known by the name of its variable: %s %s", (name, expected) => {
    expect(isSecretName(name)).toBe(expected);
  });
});
