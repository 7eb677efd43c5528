import { describe, expect, it } from "vitest";
import { keyRules } from "../../src/identify/canonical-url.ts";
import { hostAliases } from "../../src/identify/host-aliases.ts";
import { explainUrl, identifyUrl, isFrontPage } from "../../src/identify/original-url.ts";
import { repairRules, repairUrl } from "../../src/identify/repair.ts";
import { parameterRules } from "../../src/identify/tracking-parameters.ts";
import { hostWrappers } from "../../src/identify/wrappers.ts";

describe("the tables", () => {
  it.each([
    ["repair", repairRules],
    ["parameter", parameterRules],
    ["host", hostAliases],
    ["wrapper", hostWrappers],
    ["key", keyRules],
  ])("of %s rules give each a name of its own and a reason", (_table, rules) => {
    expect(new Set(rules.map((rule) => rule.name)).size).toBe(rules.length);
    for (const rule of rules) expect(rule.reason.length).toBeGreaterThan(10);
  });
});

/** One URL for each rule, and what the rule makes of it. */
const explained: readonly (readonly [rule: string, input: string, originalUrl: string, key: string])[] = [
  ["repair:trim", "\u200b https://a.example/x\u00a0", "https://a.example/x", "a.example/x"],
  ["repair:cdata", "<![CDATA[ https://a.example/x ]]>", "https://a.example/x", "a.example/x"],
  [
    "repair:entity",
    "https://a.example/x?a=1&amp;amp;b=2",
    "https://a.example/x?a=1&b=2",
    "a.example/x?a=1&b=2",
  ],
  ["repair:markup", "https://a.example/x</guid>", "https://a.example/x", "a.example/x"],
  ["repair:scheme", "http://http://a.example/x", "http://a.example/x", "a.example/x"],
  ["repair:scheme", `https:${"https://".repeat(30)}a.example/x`, "https://a.example/x", "a.example/x"],
  ["repair:scheme", "feed:feed://https://a.example/x", "https://a.example/x", "a.example/x"],
  ["repair:scheme", "feed://a.example/x", "http://a.example/x", "a.example/x"],
  ["repair:scheme", "example.com/x", "https://example.com/x", "example.com/x"],
  [
    "repair:second-question-mark",
    "https://a.example/x?id=5?utm_source=y",
    "https://a.example/x?id=5",
    "a.example/x?id=5",
  ],
  [
    "unwrap:google-url",
    "https://www.google.com/url?q=https://a.example/x",
    "https://a.example/x",
    "a.example/x",
  ],
  [
    "unwrap:google-news",
    "https://news.google.com/rss/articles/CBMiE2h0dHBzOi8vYS5leGFtcGxlL3jSAQA?oc=5",
    "https://a.example/x",
    "a.example/x",
  ],
  [
    "unwrap:proofpoint",
    "https://urldefense.com/v3/__https://a.example/x*y__;Iw!!abc$",
    "https://a.example/x#y",
    "a.example/x",
  ],
  [
    "unwrap:ses-click",
    "https://links.mailer.example/CL0/https:%2F%2Fa.example%2Fx/1/0100-1/sig",
    "https://a.example/x",
    "a.example/x",
  ],
  [
    "unwrap:sailthru",
    "https://link.paper.example/click/123.456/aHR0cHM6Ly9hLmV4YW1wbGUveA/5c",
    "https://a.example/x",
    "a.example/x",
  ],
  [
    "unwrap:amp-cache",
    "https://a-example.cdn.ampproject.org/c/s/a.example/x/amp",
    "https://a.example/x",
    "a.example/x",
  ],
  [
    "host:youtube",
    "https://youtu.be/dQw4w9WgXcQ?si=1",
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    "youtube.com/watch?v=dQw4w9WgXcQ",
  ],
  [
    "host:twitter",
    "https://x.com/a/status/12?s=20",
    "https://twitter.com/a/status/12",
    "twitter.com/a/status/12",
  ],
  [
    "amp-suffix",
    "https://a.example/2026/03/a-long-title/amp/",
    "https://a.example/2026/03/a-long-title/",
    "a.example/2026/03/a-long-title",
  ],
  [
    "session-path",
    "https://a.example/x.jsp;jsessionid=0A1B2C3D4E5F",
    "https://a.example/x.jsp",
    "a.example/x.jsp",
  ],
  [
    "parameter:campaign-prefix",
    "https://a.example/x?UTM_Source=y&b=1",
    "https://a.example/x?b=1",
    "a.example/x?b=1",
  ],
  ["parameter:tracking-name", "https://a.example/x?fbclid=y", "https://a.example/x", "a.example/x"],
  [
    "parameter:host-parameter",
    "https://www.wsj.com/articles/x?mod=rss",
    "https://www.wsj.com/articles/x",
    "wsj.com/articles/x",
  ],
  ["parameter:amp-parameter", "https://a.example/x?amp", "https://a.example/x", "a.example/x"],
  ["parameter:print-parameter", "https://a.example/x?seite=all", "https://a.example/x", "a.example/x"],
  ["parameter:cms-parameter", "https://a.example/x?replytocom=5", "https://a.example/x", "a.example/x"],
  [
    "parameter:feed-name",
    "https://a.example/story-1?rssfeed=true",
    "https://a.example/story-1",
    "a.example/story-1",
  ],
  [
    "parameter:feed-value",
    "https://a.example/story-1?chan=defrss",
    "https://a.example/story-1",
    "a.example/story-1",
  ],
  ["parameter:outlet-value", "https://a.example/x?ref=fb", "https://a.example/x", "a.example/x"],
  ["parameter:referring-host", "https://a.example/x?ref=other.com", "https://a.example/x", "a.example/x"],
  [
    "parameter:session-id",
    "https://a.example/t?id=1&sid=0123456789abcdef0123456789abcdef",
    "https://a.example/t?id=1",
    "a.example/t?id=1",
  ],
  ["fragment-tracker", "https://a.example/x#xtor=RSS-1", "https://a.example/x", "a.example/x"],
  ["key:www", "https://www3.a.example/x", "https://www3.a.example/x", "a.example/x"],
  [
    "key:form-host",
    "https://m.a.example/news/1234567",
    "https://m.a.example/news/1234567",
    "a.example/news/1234567",
  ],
  [
    "key:amp-path",
    "https://a.example/amp/2026/03/05/x",
    "https://a.example/amp/2026/03/05/x",
    "a.example/2026/03/05/x",
  ],
  [
    "key:print-path",
    "https://a.example/2026/03/x/print",
    "https://a.example/2026/03/x/print",
    "a.example/2026/03/x",
  ],
  ["key:slashes", "https://a.example//x", "https://a.example//x", "a.example/x"],
  ["key:index-file", "https://a.example/x/index.html", "https://a.example/x/index.html", "a.example/x"],
  ["key:trailing-slash", "https://a.example/x/", "https://a.example/x/", "a.example/x"],
  [
    "key:percent-encoding",
    "https://a.example/%7ex?a=b%20c%c3",
    "https://a.example/%7ex?a=b%20c%c3",
    "a.example/~x?a=b+c%C3",
  ],
  [
    "key:parameter-order",
    "https://a.example/x?b=1&a=2",
    "https://a.example/x?b=1&a=2",
    "a.example/x?a=2&b=1",
  ],
  ["key:fragment", "https://a.example/x#History", "https://a.example/x#History", "a.example/x"],
  ["key:opaque", "https://t.co/AbC", "https://t.co/AbC", "t.co/AbC"],
];

describe("explainUrl", () => {
  it.each(explained)("%s: %s", (rule, input, originalUrl, key) => {
    const explanation = explainUrl(input);
    expect(explanation).toMatchObject({ input, originalUrl, key, error: null });
    expect(explanation.steps.map((step) => step.rule)).toContain(rule);
    for (const step of explanation.steps)
      expect(step.rule.startsWith("key") || step.before !== step.after).toBe(true);
  });

  it("tells a step for each rule that changed something, each from where the last one ended", () => {
    const { steps } = explainUrl(
      "https://www.google.com/url?q=https%3A%2F%2Fwww.a.example%2Fx%2F%3Futm_source%3Dy%26ref%3Drss%26id%3D1%23comments",
    );
    expect(steps.map((step) => step.rule)).toEqual([
      "unwrap:google-url",
      "parameter:campaign-prefix",
      "parameter:feed-value",
      "fragment-tracker",
      "key:www",
      "key:trailing-slash",
      "key",
    ]);
    for (const [index, step] of steps.slice(1).entries()) expect(step.before).toBe(steps[index]?.after);
    expect(steps.at(-1)?.after).toBe("a.example/x?id=1");
  });

  it.each([
    ["", "empty"],
    ["   ", "empty"],
    ["mailto:a@b.example", "not an http or https URL (mailto:)"],
    ["javascript:alert(1)", "not an http or https URL (javascript:)"],
    ["urn:uuid:1", "not an http or https URL (urn:)"],
    ["no url at all", "not a URL"],
    ["http://", "not a URL"],
    ["https://[::", "not a URL"],
  ])("says of %j: %s", (input, error) => {
    expect(explainUrl(input)).toMatchObject({ originalUrl: null, key: null, error });
    expect(identifyUrl(input)).toBeNull();
  });

  it("leaves a chain of more than six wrappers as it stands", () => {
    const chain = (depth: number) => `${"https://href.li/?".repeat(depth)}https://a.example/x`;
    expect(identifyUrl(chain(6))?.originalUrl).toBe("https://a.example/x");
    expect(identifyUrl(chain(7))?.originalUrl).toBe(chain(7));
  });

  it("follows what the network said, and no circle", () => {
    const resolved = (url: string) =>
      url === "https://t.co/a"
        ? "https://bit.ly/b"
        : url === "https://bit.ly/b"
          ? "https://a.example/x?utm_source=t"
          : null;
    expect(identifyUrl("https://t.co/a", { resolved })).toEqual({
      originalUrl: "https://a.example/x",
      key: "a.example/x",
      isOpaque: false,
    });
    expect(identifyUrl("https://t.co/a", { resolved: () => "https://t.co/a" })).toMatchObject({
      originalUrl: "https://t.co/a",
      isOpaque: true,
    });
  });
});

describe("repairUrl", () => {
  it.each([
    ["https://a.example/x?u=https://b.example/?ref=1", "a query within the query"],
    ["https://a.example/x?a&copy=1", "a parameter that looks like an entity"],
    ["https://a.example/it's", "an apostrophe"],
    ["urn:isbn:123", "another scheme"],
    ["localhost/x", "a host that is none"],
  ])("leaves %s alone (%s)", (text) => {
    expect(repairUrl(text)).toBe(text);
  });
});

describe("isFrontPage", () => {
  it.each([
    ["https://a.example/", true],
    ["https://a.example/index.html", true],
    ["https://a.example/?p=1", false],
    ["https://a.example/#/story/1", false],
    ["https://a.example/x", false],
    ["no url", false],
  ])("%s: %s", (url, expected) => {
    expect(isFrontPage(url)).toBe(expected);
  });
});
