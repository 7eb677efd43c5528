import { describe, expect, it } from "vitest";
import { MainstemError } from "../../src/errors.ts";
import { explainUrl, identifyUrl } from "../../src/identify/original-url.ts";
import { parseUrlRules } from "../../src/identify/rules-file.ts";

const own = `
rules:
  - hosts: [paper.example, "*.sister.example"]
    drop: [chnl, "x_*"]
    keep: ref
  - hosts: leave.example
    path: ^/out$
    unwrap: [goal]
`;

describe("an operator's rules", () => {
  const rules = parseUrlRules(own, "rules.yaml");

  it.each([
    ["https://www.paper.example/a-story?chnl=7&x_y=1&id=5", "https://www.paper.example/a-story?id=5"],
    ["https://paper.example/a-story?CHNL=7", "https://paper.example/a-story"],
    ["https://deep.sister.example/a?x_1=1", "https://deep.sister.example/a"],
    ["https://else.example/a?chnl=7", "https://else.example/a?chnl=7"],
    ["https://paper.example/a-story?ref=rss&utm_source=x", "https://paper.example/a-story?ref=rss"],
    ["https://leave.example/out?goal=https%3A%2F%2Fb.example%2Fx", "https://b.example/x"],
    [
      "https://leave.example/in?goal=https%3A%2F%2Fb.example%2Fx",
      "https://leave.example/in?goal=https%3A%2F%2Fb.example%2Fx",
    ],
  ])("make %s %s", (input, originalUrl) => {
    const found = identifyUrl(input, { rules });
    expect(found?.originalUrl).toBe(originalUrl);
    expect(identifyUrl(originalUrl, { rules })).toEqual(found);
  });

  it("are named in the explanation", () => {
    const { steps } = explainUrl("https://leave.example/out?goal=https%3A%2F%2Fb.example%2Fx", { rules });
    expect(steps[0]?.rule).toBe("unwrap:rules.yaml#2");
  });
});

describe("rules in ClearURLs' format", () => {
  const rules = parseUrlRules(
    JSON.stringify({
      providers: {
        paper: {
          urlPattern: "^https?:\\/\\/(?:[a-z0-9-]+\\.)*?paper\\.example",
          rules: ["chnl", "x_[a-z]+"],
          rawRules: ["\\/ref=[^/?]*"],
          exceptions: ["^https?:\\/\\/paper\\.example\\/keep"],
          redirections: ["^https?:\\/\\/paper\\.example\\/go\\?.*?to=([^&]*)"],
        },
        blocked: { urlPattern: "^https?:\\/\\/ads\\.example", completeProvider: true },
      },
    }),
    "data.min.json",
  );

  it.each([
    ["https://paper.example/a?chnl=1&x_a=2&id=3", "https://paper.example/a?id=3"],
    ["https://paper.example/a/ref=sr_1", "https://paper.example/a"],
    ["https://paper.example/keep?chnl=1", "https://paper.example/keep?chnl=1"],
    ["https://paper.example/go?to=https%3A%2F%2Fb.example%2Fx%3Fid%3D1", "https://b.example/x?id=1"],
    ["https://else.example/a?chnl=1", "https://else.example/a?chnl=1"],
    ["https://ads.example/a?b=1", "https://ads.example/a?b=1"],
  ])("make %s %s", (input, originalUrl) => {
    expect(identifyUrl(input, { rules })?.originalUrl).toBe(originalUrl);
  });
});

describe("a rules file that cannot be used", () => {
  it.each([
    ["rules: [", "rules.yaml"],
    ["", "rules.yaml"],
    ["rules: [{drop: [a]}]", "rules.0.hosts"],
    ["rules: [{hosts: a.example, path: '('}]", "rules.0.path"],
    ["rules: [{hosts: a.example, path: '(?=x)'}]", "rules.0.path"],
    ["rules: [{hosts: a.example, dorp: [a]}]", "dorp"],
    ['{"providers": {"a": {"urlPattern": "("}}}', "providers.a.urlPattern"],
    ['{"providers": {"a": {}}}', "providers.a.urlPattern"],
  ])("%s says where", (text, place) => {
    const read = () => parseUrlRules(text, "rules.yaml");
    expect(read).toThrow(MainstemError);
    expect(read).toThrow(place);
    expect(read).toThrow("rules.yaml");
  });
});
