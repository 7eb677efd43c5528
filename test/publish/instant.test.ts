/** One instant, written so that no two entries have the same letters for it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SameInstants, writeInstant } from "../../src/publish/instant.ts";

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

it("SameInstants counts each instant for itself", () => {
  const same = new SameInstants();
  const other = new Date(0);
  expect([at, other, new Date(at), at, other].map((one) => same.next(one))).toEqual([0, 0, 1, 2, 1]);
});
