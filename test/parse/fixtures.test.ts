import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ParseError } from "../../src/errors.ts";
import { parseDocument } from "../../src/parse/parse.ts";

/**
 * Reference pairs: `<case>.<ext>` is read and must give `<case>.expected.json`. Fields that are null, empty or as usual are
 * left out of the expectation to keep it readable; see `essence`.
 */
const folder = new URL("../fixtures/parse/", import.meta.url);
const cases = readdirSync(folder).filter((name) => !name.endsWith(".expected.json"));

describe("reference pairs", () => {
  it("has a pair for every format and lesson", () => {
    expect(cases.length).toBeGreaterThanOrEqual(25);
  });

  it.each(cases)("%s", async (name) => {
    const expected: unknown = JSON.parse(readFileSync(new URL(`${name}.expected.json`, folder), "utf8"));
    expect(await read(name)).toEqual(expected);
  });
});

async function read(name: string): Promise<unknown> {
  const bytes = readFileSync(new URL(name, folder));
  try {
    const document = await parseDocument(
      { bytes, contentType: null, url: `https://host.example/feeds/${name}`, name },
      { articleHint: /\.(?:md|txt)$/.test(name) },
    );
    return JSON.parse(JSON.stringify(essence(document)));
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return { error: error.code, message: error.message };
  }
}

/** The value without nulls, empty lists, empty text and false: what is left is what was read. */
function essence(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(essence);
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value)
    .map(([key, inner]) => [key, essence(inner)] as const)
    .filter(([, inner]) => !isNothing(inner));
  return Object.fromEntries(kept);
}

function isNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === "" || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.keys(value).length === 0;
}
