import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { identifyUrl } from "../../src/identify/original-url.ts";
import { opaqueUrl } from "../../src/identify/resolution.ts";
import { addTo, isPairRight, isUnwrapRight, rateOf, type Score } from "./score.ts";

/** Reads `same|different kind A B` and `unwrap kind URL target` lines, and asks the rules about each. */
function askAbout(file: string) {
  const scores = new Map<string, Score>();
  const wrong: string[] = [];
  let count = 0;
  for (const line of readFileSync(new URL(file, import.meta.url), "utf8").split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [sort = "", kind = "", a = "", b = ""] = line.split(" ");
    const isRight =
      sort === "unwrap"
        ? isUnwrapRight({ input: a, expected: b === "-" ? null : b, kind })
        : isPairRight({ a, b, same: sort === "same" });
    addTo(scores, sort, isRight);
    addTo(scores, `${sort} ${kind}`, isRight);
    if (!isRight) wrong.push(line);
    count++;
  }
  return { count, wrong, rate: (name: string) => rateOf(scores.get(name)) };
}

describe("the facts labelled before the rules were run on them", () => {
  it.each([
    ["broad-facts.txt", 430, 0.97, 0.9],
    ["forecast-facts.txt", 120, 0.94, 0.9],
  ])("%s come out as the issue wants them", (file, least, recall, decoration) => {
    const { count, wrong, rate } = askAbout(file);
    expect(count).toBeGreaterThan(least);
    expect(wrong.filter((line) => !line.startsWith("same "))).toEqual([]);
    expect(rate("same")).toBeGreaterThanOrEqual(recall);
    expect(rate("same feed-decoration")).toBeGreaterThanOrEqual(decoration);
  });
});

describe("podcasts' measuring prefixes", () => {
  it.each([
    "https://op3.dev/e,pg=1234/media.example/ep.mp3?x=1",
    "https://chrt.fm/track/ABC/media.example/ep.mp3?x=1",
    "https://media.blubrry.com/show/media.example/ep.mp3?x=1",
    "https://pscrb.fm/rss/p/media.example/ep.mp3?x=1",
    "https://arttrk.com/p/ABC12/https://media.example/ep.mp3?x=1",
  ])("%s is the episode", (url) => expect(identifyUrl(url)?.key).toBe("media.example/ep.mp3?x=1"));

  it.each([
    "https://media.blubrry.com/show/episode1.mp3",
    "https://op3.dev/show/abc",
    "https://analytics.podtrac.com/rankings",
  ])("%s stays", (url) => expect(identifyUrl(url)?.originalUrl).toBe(url));
});

describe("what looks like decoration and is none", () => {
  it.each([
    ["https://a.example/feeds/12345/rss", "https://a.example/feeds/12346/rss"],
    ["https://a.example/story-title-here?sf12345=2", "https://a.example/story-title-here"],
    ["https://click.a.example/?qs=shoes", "https://click.a.example/"],
    [
      "https://www.tumblr.com/share?url=https://a.example/1",
      "https://www.tumblr.com/share?url=https://a.example/2",
    ],
    ["https://www.tumblr.com/likes", "https://likes.tumblr.com/"],
    ["https://www.tumblr.com/staff?page=2", "https://www.tumblr.com/staff?page=3"],
    ["https://www.wikiwand.com/en/Cat?oldid=1", "https://www.wikiwand.com/en/Cat?oldid=2"],
    [
      "https://gist.github.com/jane/0123456789abcdef0123",
      "https://gist.github.com/jane/0123456789abcdef0124",
    ],
  ])("%s is not %s", (a, b) => expect(isPairRight({ a, b, same: false })).toBe(true));

  it("asks the network where a mailer's click counter leads", () => {
    expect(opaqueUrl("https://click.e.example.com/?qs=0123456789abcdef0123456789abcdef")).not.toBeNull();
    expect(opaqueUrl("https://click.example.com/?qs=shoes")).toBeNull();
  });
});
