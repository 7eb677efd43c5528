import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { appendInSteps, appendSources } from "../../src/config/edit.ts";

const added = { url: "https://new.example/feed", name: "New: #1", tags: ["a b", "true"] };

describe("appending to the config", () => {
  it("keeps every line of the text, comments and spacing included", () => {
    const before = [
      "# head",
      "title: Mine                 # aligned",
      "sources:",
      "  # the first",
      "  - url: https://a.example/   # a",
      "    tags: [x]",
      "    # schedule: 20m          # belongs to the first",
      "",
      "outputs:                      # after",
      "  - name: all",
      "",
    ].join("\n");
    const after = appendSources(before, [added]);
    const lines = after.split("\n");
    expect(lines.filter((line) => before.split("\n").includes(line))).toEqual(before.split("\n"));
    expect(lines.indexOf("    # schedule: 20m          # belongs to the first")).toBeLessThan(
      lines.indexOf("  - url: https://new.example/feed"),
    );
    expect(parse(after)).toEqual({
      title: "Mine",
      sources: [{ url: "https://a.example/", tags: ["x"] }, added],
      outputs: [{ name: "all" }],
    });
  });

  it.each([
    ["", []],
    ["title: x", []],
    ["sources:\n", []],
    ["sources: []\n", []],
    ["sources: [{ url: https://a.example/ }] # flow\n", [{ url: "https://a.example/" }]],
    ["sources:\n- file: a.xml", [{ file: "a.xml" }]],
    ["sources:\n- file: a.xml\n# end\n", [{ file: "a.xml" }]],
    ["sources:\r\n  - file: a.xml\r\noutputs: []\r\n", [{ file: "a.xml" }]],
  ])("works on %j", (text, before) => {
    expect(parse(appendSources(text, [added])).sources).toEqual([...before, added]);
  });

  it("writes an empty list as lines", () => {
    expect(
      appendSources("title: Mine # kept\nsources: []\n", [{ url: "https://a.example/", tags: ["x"] }]),
    ).toBe("title: Mine # kept\nsources:\n  - url: https://a.example/\n    tags:\n      - x\n");
  });

  it("escapes what would be read as a variable, and refuses what is no YAML or no list", () => {
    expect(parse(appendSources("", [{ url: "https://a.example/${HOME}" }])).sources[0].url).toBe(
      "https://a.example/$${HOME}",
    );
    expect(() => appendSources("a: [", [added])).toThrow("not valid YAML");
    expect(() => appendSources("sources: text", [added])).toThrow("no list");
  });

  it.each([
    ["\n ", [" "]],
    ["a\nb\n", ["\n", "\t x"]],
    [" lead", ["# no comment", "trail \n "]],
  ])("writes the name %j and the tags %j without touching a comment", (name, tags) => {
    const item = { url: "https://a.example/", name, tags };
    const text = appendSources("sources:\n  - file: a.xml # first\noutputs: []\n", [item]);
    expect(parse(text).sources[1]).toEqual(item);
    expect(text).toContain("a.xml # first");
  });

  it("keeps the comments of a list that it has to write anew", () => {
    const text = appendSources("sources: [\n  # mine\n  { file: a.xml }, # first\n]\n", [added]);
    expect(parse(text).sources).toEqual([{ file: "a.xml" }, added]);
    expect(text).toContain("# mine");
    expect(text).toContain("# first");
  });

  it("adds a long list in steps, as it would at once", () => {
    const many = Array.from({ length: 600 }, (_, n) => ({
      url: `https://${n}.example/`,
      name: `: ${n} #`,
      tags: [`t${n % 7}`, "- x"],
    }));
    const before = "sources:\n  - file: a.xml # first\n    # note\noutputs: []\n";
    const told: number[] = [];
    const steps = appendInSteps(before, many);
    let step = steps.next();
    for (; !step.done; step = steps.next()) told.push(step.value);
    expect(told).toEqual([0, 250, 500, 600]);
    expect(step.value).toBe(appendSources(before, many));
    expect(parse(String(step.value))).toEqual({ sources: [{ file: "a.xml" }, ...many], outputs: [] });
    expect(step.value).toContain("a.xml # first\n    # note\n");
  });

  it("reads back whatever name and tags were given", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme" }),
        fc.array(fc.string({ minLength: 1 }), { minLength: 1 }),
        (name, tags) => {
          const text = appendSources("sources:\n  - file: a.xml # first\noutputs: []\n", [
            { url: "https://a.example/", name, tags },
          ]);
          const unescaped = JSON.parse(JSON.stringify(parse(text)).replaceAll("$${", () => "${"));
          expect(unescaped.sources[1]).toEqual({ url: "https://a.example/", name, tags });
          expect(text).toContain("# first");
        },
      ),
    );
  });
});
