import { describe, expect, test } from "vitest";
import type { Alias } from "../../src/model.ts";
import { type GuidHolder, isGuidReused, nameVariant } from "../../src/store/guid-reuse.ts";
import { guidAlias, urlAlias } from "./builders.ts";

const NOON = "2026-06-17T12:00:00Z";
const PRECISE = "2026-06-17T12:34:56Z";

function holder(title: string, aliases: readonly Alias[], published: string | null = null): GuidHolder {
  return { entry: { title, published: published === null ? null : new Date(published) }, aliases };
}

const soft: Alias = { key: "soft:1", kind: "soft", rule: "title+day", evidence: "t" };
const stated: Alias = { ...urlAlias("x/9"), kind: "stated" };

describe("one guid, two versions", () => {
  test.each<[string, GuidHolder, GuidHolder, boolean]>([
    [
      "a shared address",
      holder("A", [urlAlias("x/1")]),
      holder("B", [urlAlias("x/2"), urlAlias("x/1")]),
      false,
    ],
    [
      "only the guid in common",
      holder("A", [guidAlias("g"), urlAlias("x/1")]),
      holder("B", [guidAlias("g"), urlAlias("x/2")]),
      true,
    ],
    ["a shared soft key", holder("A", [soft, urlAlias("x/1")]), holder("B", [soft, urlAlias("x/2")]), false],
    ["no address before", holder("A", [guidAlias("g")]), holder("B", [urlAlias("x/2")]), false],
    ["no address now", holder("A", [urlAlias("x/1")]), holder("B", [guidAlias("g")]), false],
    ["a stated address counts", holder("A", [stated]), holder("B", [urlAlias("x/2")]), true],
    [
      "same title, no dates",
      holder("Same  Title", [urlAlias("x/1")]),
      holder("same title ", [urlAlias("x/2")]),
      false,
    ],
    [
      "same title, hours apart",
      holder("A", [urlAlias("x/1")], NOON),
      holder("A", [urlAlias("x/2")], "2026-06-17T20:00:00Z"),
      false,
    ],
    [
      "same title, a day apart",
      holder("A", [urlAlias("x/1")], NOON),
      holder("A", [urlAlias("x/2")], "2026-06-18T12:00:00Z"),
      true,
    ],
    ["same title, one date", holder("A", [urlAlias("x/1")], NOON), holder("A", [urlAlias("x/2")]), false],
    [
      "other title, the same precise date",
      holder("A", [urlAlias("x/1")], PRECISE),
      holder("B", [urlAlias("x/2")], PRECISE),
      false,
    ],
    [
      "other title, the same bare day",
      holder("A", [urlAlias("x/1")], "2026-06-17"),
      holder("B", [urlAlias("x/2")], "2026-06-17"),
      true,
    ],
    [
      "other title, other dates",
      holder("A", [urlAlias("x/1")], NOON),
      holder("B", [urlAlias("x/2")], PRECISE),
      true,
    ],
  ])("%s", (_, known, incoming, isReused) => {
    expect(isGuidReused(known, incoming)).toBe(isReused);
  });

  test("a variant is named by the address, not by the guid or the title", () => {
    const named = nameVariant(holder("A", [guidAlias("g"), urlAlias("x/1")]));
    expect(named).toMatch(/^[0-9a-f]{16}$/);
    expect(nameVariant(holder("B", [urlAlias("x/1")]))).toBe(named);
    expect(nameVariant(holder("A", [urlAlias("x/2")]))).not.toBe(named);
  });
});
