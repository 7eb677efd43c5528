/** The probes of issue 4 on hostile documents: 12 of 81. Each has to be read or refused, and soon: the runner's time-out is the limit. */
import { describe, expect, it } from "vitest";
import { ParseError } from "../../src/errors.ts";
import { DEFAULT_LIMITS } from "../../src/parse/limits.ts";
import { onlyEntry, readFeed, rss } from "../support/read-feed.ts";

const described = (text: string) =>
  rss(`<item><title>t</title><description><![CDATA[${text}]]></description></item>`);

describe("hostile documents", { timeout: 5000 }, () => {
  it("an entity of a local file is refused or left empty", async () => {
    const document = `<!DOCTYPE rss [<!ENTITY f SYSTEM "file:///etc/passwd">]>${rss("<item><title>&f;</title></item>", "")}`;
    const refusal = await readFeed(document).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ParseError);
    expect(refusal).toMatchObject({ code: "parse/malformed" });
  });
  it("entities of entities are refused", async () => {
    const lols = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join(
      "",
    );
    const document = `<!DOCTYPE rss [<!ENTITY l0 "lol">${lols}]>${rss("<item><title>&l9;</title></item>", "")}`;
    await expect(readFeed(document)).rejects.toBeInstanceOf(ParseError);
  });
  it("a small entity of the document's own is used", async () => {
    const document = `<!DOCTYPE rss [<!ENTITY e "Expanded">]>${rss("<item><title>&e; once</title></item>", "")}`;
    expect(onlyEntry(await readFeed(document)).title).toBe("Expanded once");
  });
  it("tags named like parts of objects touch no prototype", async () => {
    const document = await readFeed(
      rss(
        '<item><__proto__><polluted>1</polluted></__proto__><constructor prototype="x">2</constructor><toString/><title>t</title></item>',
      ),
    );
    expect(onlyEntry(document).title).toBe("t");
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });
  it.each([5000, 100_000])("%i nested tags", async (depth) => {
    const nested = `${"<a>".repeat(depth)}x${"</a>".repeat(depth)}`;
    const { entries, warnings } = await readFeed(rss(`<item><title>t</title>${nested}</item>`));
    expect(entries.map(({ title }) => title)).toEqual(["t"]);
    expect(warnings.map(({ code }) => code)).toContain("too-deep");
  });
  it.each([
    ["<p thirty thousand times in CDATA", described("<p".repeat(30_000))],
    ["< a hundred thousand times in CDATA", described("<".repeat(100_000))],
    [
      "& two hundred thousand times",
      rss(`<item><title>t</title><description>${"&".repeat(200_000)}</description></item>`),
    ],
    ["one attribute of a megabyte", rss(`<item><title x="${"a".repeat(1e6)}">t</title></item>`)],
    [
      "twenty thousand attributes",
      rss(`<item><title ${Array.from({ length: 20_000 }, (_, n) => `a${n}="1"`).join(" ")}>t</title></item>`),
    ],
  ])("%s", async (_, document) => {
    expect(onlyEntry(await readFeed(document)).title).toBe("t");
  });
  it("two hundred thousand items: as many as the limit says", async () => {
    const { entries, warnings } = await readFeed(rss("<item><title>t</title></item>".repeat(200_000)));
    expect(entries).toHaveLength(DEFAULT_LIMITS.entries);
    expect(warnings.map(({ code }) => code)).toContain("too-many-entries");
  });
});
