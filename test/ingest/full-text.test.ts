import { describe, expect, it } from "vitest";
import { isCutShort, withPageText } from "../../src/ingest/full-text.ts";
import { buildEntry } from "../store/builders.ts";

const long = "A sentence that says something. ".repeat(100);

describe("an entry that is cut short", () => {
  it.each([
    ["has no text", { contentHtml: null, summary: null }, true],
    ["has a short text", { contentHtml: "<p>Short.</p>", summary: null }, true],
    ["has a short summary only", { contentHtml: null, summary: "A teaser" }, true],
    ["ends in dots", { contentHtml: `<p>${long} and then…</p>`, summary: null }, true],
    ["ends in [...]", { contentHtml: `<p>${long} and [...]</p>`, summary: null }, true],
    [
      "ends in a link to the rest",
      { contentHtml: `<p>${long}</p><p><a href="x">Continue reading »</a></p>`, summary: null },
      true,
    ],
    ["does so in German", { contentHtml: `${long}<a href="x">Weiterlesen</a>`, summary: null }, true],
    ["is whole", { contentHtml: `<p>${long}</p>`, summary: null }, false],
    ["has dots in the middle", { contentHtml: `<p>Well… ${long}</p>`, summary: null }, false],
    [
      "says read more in the middle",
      { contentHtml: `<p>We read more books. ${long}</p>`, summary: null },
      false,
    ],
  ])("%s", (_, texts, expected) => {
    expect(isCutShort(texts)).toBe(expected);
  });

  it("takes a page's text only where it says more", () => {
    const entry = buildEntry({ contentHtml: "<p>0123456789</p>" });
    expect(withPageText(entry, "<p>01</p>")).toBe(entry);
    expect(withPageText(entry, `<p>${long}</p>`).contentHtml).toBe(`<p>${long}</p>`);
  });
});
