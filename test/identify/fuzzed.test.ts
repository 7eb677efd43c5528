/** URLs that the fuzzer found: their key was not the key of their original URL. */
import { describe, expect, it } from "vitest";
import { identifyUrl } from "../../src/identify/original-url.ts";

describe("URLs that were once unstable", () => {
  it.each([
    ["https://http://http///"],
    [`${"https://https//".repeat(26)}https://paper.example/a`],
    ["http:80../b/./c/%7Eé?b=2&a=1&&c#:~:text=x"],
    [`${"https://".repeat(3)}https:${"https:".repeat(20)}//app.example/#!/story/1`],
    ["https://paper-example.cdn.ampproject.org..//..amp?amp_js_v=0.1"],
    [`https://12....//${"....//".repeat(20)}...`],
  ])("%s", (url) => {
    const found = identifyUrl(url);
    if (found === null) return;
    expect(URL.canParse(found.originalUrl)).toBe(true);
    expect(identifyUrl(found.originalUrl)?.key).toBe(found.key);
  });
});
