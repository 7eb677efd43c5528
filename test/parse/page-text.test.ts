import { describe, expect, it } from "vitest";
import { createPageReader } from "../../src/parse/page-text.ts";

const never = new AbortController().signal;
const long = "<p>Words of an article that goes on for a while, with commas, and more.</p>".repeat(20);
const pageOf = (html: string, contentType = "text/html; charset=utf-8") => ({
  bytes: Buffer.from(html),
  contentType,
  url: "https://paper.example/2026/story",
});

describe("the article of a page", () => {
  it("comes sanitised, with absolute addresses, by the page's own base", async () => {
    await using reader = createPageReader();
    const html = await reader.read(
      pageOf(
        `<html><head><base href="/deep/"></head><body><article>${long}<p onclick="x()"><a href="a">a</a><a href="javascript:x()">b</a><img src="p.png"><iframe src="https://e.example/"></iframe></p></article></body></html>`,
      ),
      never,
    );
    expect(html).toContain('href="https://paper.example/deep/a"');
    expect(html).toContain('src="https://paper.example/deep/p.png"');
    expect(html).not.toMatch(/javascript:|onclick|iframe/);
  });

  it("is read in the page's encoding", async () => {
    await using reader = createPageReader();
    const text = `<article>${long}<p>Caf\u00e9 na\u00efve</p></article>`;
    const page = { ...pageOf("", "text/html; charset=iso-8859-1"), bytes: Buffer.from(text, "latin1") };
    expect(await reader.read(page, never)).toContain("Caf\u00e9 na\u00efve");
  });

  it("is none on a page without one", async () => {
    await using reader = createPageReader();
    for (const html of ["", "<p>Log in.", "no html at all", "<frameset><frame src=x>", "\u0000<".repeat(100)])
      expect(await reader.read(pageOf(html), never)).toBeNull();
  });

  it("is given up when the page takes too long or too deep, and the next page is read all the same", async () => {
    await using reader = createPageReader({ timeLimitMs: 1500 });
    const hostile = [
      "<div>".repeat(200_000),
      `<table>${"<tr><td><table>".repeat(20_000)}`,
      `<p>${"a<b>".repeat(300_000)}`,
    ];
    for (const html of hostile) await reader.read(pageOf(html), never);
    expect(await reader.read(pageOf(`<article>${long}</article>`), never)).toContain("Words of an article");
  }, 60_000);

  it("is not waited for when the daemon stops", async () => {
    await using reader = createPageReader();
    const stop = new AbortController();
    const reading = reader.read(pageOf(`<article>${long}</article>`), stop.signal);
    stop.abort(new Error("stopping"));
    await expect(reading).rejects.toThrow("stopping");
  });
});
