import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countCommon, isAmong, sortDistinct } from "../../src/syndicate/sorted.ts";

const hashes = fc
  .array(fc.oneof(fc.nat(20), fc.nat({ max: 2 ** 32 - 1 })), { maxLength: 40 })
  .map((values) => Uint32Array.from(values));

describe("ascending lists of hashes", () => {
  it("are what a Set would be", () => {
    fc.assert(
      fc.property(hashes, hashes, fc.nat(20), (a, b, value) => {
        const [one, other] = [sortDistinct(a), sortDistinct(b)];
        expect([...one]).toEqual([...new Set(a)].sort((x, y) => x - y));
        expect(countCommon(one, other)).toBe([...new Set(a)].filter((each) => b.includes(each)).length);
        expect(isAmong(one, value)).toBe(a.includes(value));
      }),
      { numRuns: 1000 },
    );
  });
});
