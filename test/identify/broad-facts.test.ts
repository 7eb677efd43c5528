import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { identifyUrl } from "../../src/identify/original-url.ts";
import { opaqueUrl } from "../../src/identify/resolution.ts";
import { addTo, isPairRight, isUnwrapRight, rateOf, type Score } from "./score.ts";

const text = readFileSync(new URL("broad-facts.txt", import.meta.url), "utf8");

describe("the broad facts", () => {
  it("come out as the issue wants them", () => {
    const scores = new Map<string, Score>();
    const wrong: string[] = [];
    let count = 0;
    for (const line of text.split("\n")) {
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
    const rate = (name: string) => rateOf(scores.get(name));
    expect(count).toBeGreaterThan(430);
    expect(wrong.filter((line) => !line.startsWith("same "))).toEqual([]);
    expect(rate("same")).toBeGreaterThanOrEqual(0.97);
    expect(rate("same feed-decoration")).toBeGreaterThanOrEqual(0.9);
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
      "https://gist.github.com/jane/0123456789abcdef0123",
      "https://gist.github.com/jane/0123456789abcdef0124",
    ],
  ])("%s is not %s", (a, b) => expect(isPairRight({ a, b, same: false })).toBe(true));

  it("asks the network where a mailer's click counter leads", () => {
    expect(opaqueUrl("https://click.e.example.com/?qs=0123456789abcdef0123456789abcdef")).not.toBeNull();
    expect(opaqueUrl("https://click.example.com/?qs=shoes")).toBeNull();
  });
});
