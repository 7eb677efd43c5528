import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findBoilerplate } from "../../src/syndicate/boilerplate.ts";
import { HashTable } from "../../src/syndicate/hash-table.ts";

const hashes = fc
  .array(fc.oneof(fc.nat(20), fc.nat({ max: 2 ** 32 - 1 })), { maxLength: 60 })
  .map((values) => Uint32Array.from(values));

describe("a table of hashes", () => {
  it("holds what a Set would, and nothing of its last use", () => {
    const table = new HashTable();
    fc.assert(
      fc.property(hashes, hashes, (values, asked) => {
        table.reset(values.length);
        table.addAll(values, 7);
        const set = new Set(values);
        for (const hash of [...values, ...asked]) expect(table.stateOf(hash)).toBe(set.has(hash) ? 7 : 0);
      }),
      { numRuns: 500 },
    );
  });

  it("adds what is new, counts it, and leaves the rest", () => {
    const table = new HashTable();
    fc.assert(
      fc.property(hashes, hashes, (before, values) => {
        table.reset(before.length + values.length);
        table.addAll(before, 1);
        const [known, set] = [new Set(before), new Set(values)];
        expect(table.addNew(values, 2)).toBe([...set].filter((hash) => !known.has(hash)).length);
        for (const hash of [...known, ...set]) expect(table.stateOf(hash)).toBe(known.has(hash) ? 1 : 2);
      }),
      { numRuns: 500 },
    );
  });

  it("grows with what it is to hold", () => {
    const table = new HashTable();
    const values = Uint32Array.from({ length: 20_000 }, (_, index) => Math.imul(index, 0x9e3779b1));
    table.reset(values.length);
    table.addAll(values, 1);
    expect(values.every((hash) => table.stateOf(hash) === 1)).toBe(true);
    table.reset(3);
    expect(values.some((hash) => table.stateOf(hash) === 1)).toBe(false);
  });
});

describe("boilerplate", () => {
  it("is what three of a source's items have, however often each says it", () => {
    fc.assert(
      fc.property(fc.array(hashes, { maxLength: 12 }), (items) => {
        const sets = items.map((item) => new Set(item));
        const all = [...new Set(items.flatMap((item) => [...item]))];
        const repeated = all.filter((hash) => sets.filter((set) => set.has(hash)).length >= 3);
        expect([...findBoilerplate(items)].sort()).toEqual(repeated.sort());
      }),
      { numRuns: 500 },
    );
  });
});
