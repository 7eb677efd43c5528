/** Documents of other projects, and attacks, published: no feed of ours gets an error or a warning of the W3C's validator (docs/validity.md). */
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { runCommand } from "../support/daemon.ts";
import { checkAtom, checkRss } from "../support/feed-checks.ts";
import { isSkippedWithout } from "../support/skip.ts";
import { createWorkspace } from "../support/workspace.ts";

const folders = ["corpus/feeds", "payloads"].map((name) =>
  fileURLToPath(new URL(`../../../shared/${name}/`, import.meta.url)),
);
const isThere = folders.every((folder) => existsSync(folder));

describe.skipIf(isSkippedWithout("../shared/corpus/feeds and ../shared/payloads", isThere))(
  "the feeds of a corpus as one feed",
  () => {
    it("have not one thing that the validator would remark", { timeout: 120_000 }, async () => {
      const files = folders.flatMap((folder) =>
        readdirSync(folder, { recursive: true, encoding: "utf8" })
          .filter((file) => /\.(?:xml|atom|rss|rdf|json)$/.test(file))
          .map((file) => join(folder, file)),
      );
      const sources = files.map((file, n) => `  - { id: s${n}, file: ${JSON.stringify(file)} }\n`);
      await using workspace = await createWorkspace(
        `url: https://river.example\nsources:\n${sources.join("")}outputs: [{ name: all, limit: 10000, syndication: off }]\npublish: { directory: ../public }\n`,
      );
      // Some of the documents are refused.
      await runCommand(["once", "--config", workspace.config]);
      const read = (name: string) => readFile(join(workspace.folder, "public", name), "utf8");
      const atom = await read("atom.xml");
      expect(atom.split("<entry").length).toBeGreaterThan(files.length);
      expect(checkAtom(atom, "https://river.example/atom.xml")).toEqual([]);
      expect(checkRss(await read("rss.xml"), "https://river.example/rss.xml")).toEqual([]);
    });
  },
);
