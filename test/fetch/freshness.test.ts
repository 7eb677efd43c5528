import { describe, expect, it } from "vitest";
import { parseHttpDate, readFreshness } from "../../src/fetch/freshness.ts";
import type { ResponseHeaders } from "../../src/fetch/headers.ts";

const now = new Date("2026-03-01T12:00:00Z");
const date = "Sun, 01 Mar 2026 12:00:00 GMT";

describe("readFreshness: max-age, else Expires less Date (RFC 9111 4.2)", () => {
  it.each<[string, ResponseHeaders, number | null]>([
    ["nothing said", {}, null],
    ["max-age", { "cache-control": "public, max-age=600" }, 600_000],
    ["max-age, odd case and quotes", { "cache-control": 'Max-Age="600"' }, 600_000],
    ["max-age twice: the first", { "cache-control": "max-age=60, max-age=600" }, 60_000],
    ["two header lines", { "cache-control": ["public", "max-age=5"] as unknown as string }, 5000],
    ["max-age less Age", { "cache-control": "max-age=600", age: "590" }, 10_000],
    ["older than max-age", { "cache-control": "max-age=600", age: "9999" }, 0],
    ["garbage max-age is none", { "cache-control": "max-age=soon" }, 0],
    ["negative max-age is none", { "cache-control": "max-age=-5" }, 0],
    ["endless max-age is capped", { "cache-control": "max-age=99999999999999999999" }, 2 ** 31 * 1000],
    ["no-cache", { "cache-control": "no-cache, max-age=600" }, 0],
    ["no-store", { "cache-control": "no-store" }, 0],
    ["s-maxage is for shared caches", { "cache-control": "s-maxage=600" }, null],
    ["Expires less Date", { date, expires: "Sun, 01 Mar 2026 12:10:00 GMT" }, 600_000],
    [
      "Expires of a server whose clock is wrong",
      { date: "Thu, 01 Jan 2015 00:00:00 GMT", expires: "Thu, 01 Jan 2015 01:00:00 GMT" },
      3_600_000,
    ],
    ["Expires without Date", { expires: "Sun, 01 Mar 2026 12:01:00 GMT" }, 60_000],
    ["Expires: 0", { date, expires: "0" }, 0],
    ["Expires: -1", { date, expires: "-1" }, 0],
    ["Expires of digits is no year", { date, expires: "30000" }, 0],
    ["Expires in the past", { date, expires: "Sun, 01 Mar 2026 11:00:00 GMT" }, 0],
    [
      "max-age beats Expires",
      { "cache-control": "max-age=1", date, expires: "Sun, 01 Mar 2026 13:00:00 GMT" },
      1000,
    ],
  ])("%s", (_, headers, expected) => expect(readFreshness(headers, now).maxAgeMs).toBe(expected));
});

describe("readFreshness: Retry-After (RFC 9110 10.2.3)", () => {
  it.each([
    ["120", 120_000],
    ["Sun, 01 Mar 2026 12:05:00 GMT", 300_000],
    ["Sunday, 01-Mar-26 12:05:00 GMT", 300_000],
    ["Sun Mar  1 12:05:00 2026", 300_000],
    ["0", null],
    ["-5", null],
    ["soon", null],
    ["1e9999", null],
    ["", null],
    ["Sun, 01 Mar 2026 11:00:00 GMT", null],
  ])("%s", (value, expected) =>
    expect(readFreshness({ "retry-after": value }, now).retryAfterMs).toBe(expected),
  );
});

describe("parseHttpDate: the three forms of RFC 9110 5.6.7", () => {
  it.each(["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])(
    "%s",
    (text) => expect(parseHttpDate(text)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37)),
  );

  it.each(["", "yesterday", "1994", "Sun, 99 Nov 1994 08:49:37 GMT"])("%j is none", (text) =>
    expect(parseHttpDate(text)).toBeNull(),
  );
});
