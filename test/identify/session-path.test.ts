import { describe, expect, it } from "vitest";
import { identifyUrl } from "../../src/identify/original-url.ts";

const SESSION = ";jsessionid=1A2B3C4D5E6F708192A3B4C5D6E7F809";

describe("a session's id within the path", () => {
  it.each([
    [`https://app.example/a/story.do${SESSION}?id=3`, "https://app.example/a/story.do?id=3"],
    // Without it, these would be the way up, and another page when they are read again.
    [`https://app.example/a/..${SESSION}?id=3`, `https://app.example/a/..${SESSION}?id=3`],
    [`https://app.example/a//..//..${SESSION}/b`, null],
    [`https://app.example/a/%2e%2E${SESSION}/b`, null],
    [`https://app.example/a/.${SESSION}`, null],
  ])("%s", (url, original) => {
    const found = identifyUrl(url);
    if (original !== null) expect(found?.originalUrl).toBe(original);
    expect(identifyUrl(found?.originalUrl ?? "")?.key).toBe(found?.key);
  });
});
