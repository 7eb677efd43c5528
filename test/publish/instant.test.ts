/** One instant, written so that no two entries have the same letters for it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SharedInstants, writeInstant } from "../../src/publish/instant.ts";

const at = new Date("2026-06-17T23:30:00.500Z");

describe("writeInstant", () => {
  it.each([
    [0, "2026-06-17T23:30:00.500Z"],
    [1, "2026-06-17T23:31:00.500+00:01"],
    [61, "2026-06-18T00:31:00.500+01:01"],
    [840, "2026-06-18T13:30:00.500+14:00"],
    [841, "2026-06-17T23:30:00.5000Z"],
    [842, "2026-06-17T23:31:00.5000+00:01"],
  ])("the %i. time: %s", (nth, expected) => {
    expect(writeInstant(at, nth)).toBe(expected);
    expect(new Date(expected)).toEqual(at);
  });

  it("is the same instant, and another text each time", () => {
    const date = fc.date({ min: new Date("1990-01-01"), max: new Date("9999-12-31"), noInvalidDate: true });
    fc.assert(
      fc.property(date, fc.uniqueArray(fc.nat({ max: 5000 }), { maxLength: 50 }), (instant, times) => {
        const texts = times.map((nth) => writeInstant(instant, nth));
        expect(new Set(texts).size).toBe(texts.length);
        for (const text of texts) expect(new Date(text)).toEqual(instant);
      }),
    );
  });
});

describe("SharedInstants", () => {
  const other = new Date("2026-06-17T23:30:01Z");

  it("leaves the usual way to whoever is alone, and goes by the number else", () => {
    const shared = new SharedInstants([at, other, at]);
    expect([shared.nthOf(at, 7), shared.nthOf(other, 8), shared.nthOf(at, 9)]).toEqual([8, 0, 10]);
  });

  it("gives no way twice for one instant, and the same one whatever comes before", () => {
    const numbers = fc.uniqueArray(fc.nat({ max: 5000 }), { minLength: 2, maxLength: 60 });
    fc.assert(
      fc.property(numbers, (ids) => {
        const shared = new SharedInstants(ids.map(() => at));
        const texts = ids.map((number) => writeInstant(at, shared.nthOf(at, number)));
        expect(new Set(texts).size).toBe(ids.length);
      }),
    );
    const all = [3, 4, 5].map((number) => new SharedInstants([at, at, at]).nthOf(at, number));
    expect(new SharedInstants([at, at]).nthOf(at, 5)).toBe(all[2]);
  });
});
