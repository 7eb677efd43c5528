import { existsSync, readdirSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { ParseError } from "../../src/errors.ts";
import { parseDocument } from "../../src/parse/parse.ts";
import { isSkippedWithout } from "../support/skip.ts";

const corpus = new URL("../../../shared/corpus/", import.meta.url);
const isThere = existsSync(corpus);

const folders = isThere
  ? readdirSync(new URL("feeds/", corpus), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
  : [];

describe.skipIf(isSkippedWithout("../shared/corpus/feeds", isThere))("documents of other projects", () => {
  it.each(folders)("%s: every document with an entry is read", async (folder) => {
    const lost: string[] = [];
    let count = 0;
    const files = readdirSync(new URL(`feeds/${folder}/`, corpus), {
      recursive: true,
      withFileTypes: true,
    }).filter((file) => file.isFile());
    for (const file of files) {
      const path = `${file.parentPath}/${file.name}`;
      const bytes = readFileSync(path);
      const hasEntries = /<(?:\w+:)?(?:item|entry)[\s>]/i.test(bytes.toString("latin1"));
      try {
        const { entries } = await parseDocument({
          bytes,
          contentType: null,
          url: pathToFileURL(path).href,
          name: file.name,
        });
        if (entries.length > 0) count++;
        else if (hasEntries) lost.push(file.name);
      } catch (error) {
        if (!(error instanceof ParseError)) throw error;
        if (hasEntries) lost.push(`${file.name}: ${error.message}`);
      }
    }
    expect(count).toBeGreaterThan(0);
    expect(lost.filter((name) => !SAYS_NOTHING.test(name))).toEqual([]);
  });

  it("reads the article document that the project began with", async () => {
    const path = new URL("articles/eu-kremlin-contacts.txt", corpus);
    const document = await parseDocument(
      { bytes: readFileSync(path), contentType: null, url: path.href, name: "eu-kremlin-contacts.txt" },
      { articleHint: true },
    );
    const [entry] = document.entries;
    expect(document.format).toBe("article");
    expect(entry).toMatchObject({
      guid: null,
      authors: [{ name: "AFP", email: null, url: null }],
      summary: null,
    });
    expect(entry?.title).toMatch(/^EU Has Made Diplomatic 'Contacts'/);
    expect(entry?.published?.toISOString()).toBe("2026-06-17T00:00:00.000Z");
    expect(entry?.url).toMatch(/^https:\/\/www\.themoscowtimes\.com\/2026\/06\/17\/.*a93041$/);
    expect(entry?.statedOriginals).toEqual([{ rule: "article:original-url", url: entry?.url }]);
    const html = entry?.contentHtml ?? "";
    expect(html).toMatch(/^<p>The office of EU chief António Costa/);
    expect(html).toMatch(/Russian leader in the United States\.<\/p>$/);
    expect(html).not.toMatch(/#|Moskva News Agency|Related article|June 17, 2026|Original url|AFP/);
  });
});

/** Entries that hold foreign or empty elements only: nothing could be shown of them. */
const SAYS_NOTHING =
  /duration-empty|georss__issue-02|incomplete-fields|extension\.xml|verify_write_format|custom\.xml|_custom\b/;
