import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { renderConfigReference } from "../../scripts/config-reference.ts";
import { configJsonSchema, parseBytes, parseDuration } from "../../src/config/schema.ts";

describe("config/mainstem.schema.json", () => {
  it("is current (npm run schema writes it)", async () => {
    const stored = JSON.parse(await readFile("config/mainstem.schema.json", "utf8"));
    expect(stored).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
  });

  it("is told in docs/config.md as it is (npm run schema writes it)", async () => {
    expect(await readFile("docs/config.md", "utf8")).toBe(renderConfigReference());
  });

  it("accepts the default config and refuses a slip", async () => {
    const validate = new Ajv2020({ strict: false }).compile(configJsonSchema());
    const config = parse(await readFile("config/mainstem.yaml", "utf8"));
    expect(validate(config)).toBe(true);
    expect(validate({ ...config, shedule: "30m" })).toBe(false);
    expect(validate({ sources: [{ name: "no address" }] })).toBe(false);
    expect(validate({ sources: [{ url: "https://a.example/", file: "b.xml" }] })).toBe(false);
  });
});

describe("units", () => {
  it.each([
    ["30s", 30_000],
    ["500ms", 500],
    ["20m", 1_200_000],
    ["1.5h", 5_400_000],
    ["1y", 31_557_600_000],
    ["0s", null],
    ["-5m", null],
    ["11y", null],
    ["5 parsecs", null],
    ["1e9s", null],
    ["", null],
  ])("the duration %s", (text, wanted) => expect(parseDuration(text)).toBe(wanted));

  it.each([
    ["16MiB", 16_777_216],
    ["500KB", 500_000],
    ["1 GiB", 1_073_741_824],
    ["12B", 12],
    ["0MiB", null],
    ["16", null],
    ["MiB", null],
  ])("the size %s", (text, wanted) => expect(parseBytes(text)).toBe(wanted));
});
