import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDate } from "../../src/parse/date.ts";

const READ: readonly (readonly [text: string, iso: string])[] = [
  // RFC 822 and 2822
  ["Tue, 02 Jun 2026 08:30:00 +0200", "2026-06-02T06:30:00.000Z"],
  ["Tue, 2 Jun 2026 08:30:00 GMT", "2026-06-02T08:30:00.000Z"],
  ["2 Jun 2026 08:30 EST", "2026-06-02T13:30:00.000Z"],
  ["02 Jun 26 08:30:00 PDT", "2026-06-02T15:30:00.000Z"],
  ["Tue, 02 Jun 98 08:30:00 UT", "1998-06-02T08:30:00.000Z"],
  ["Tue, 02 June 2026 08:30:00 CEST", "2026-06-02T06:30:00.000Z"],
  ["Tuesday, 02 June 2026 08:30:00 AEST", "2026-06-01T22:30:00.000Z"],
  ["Tue, 02 Jun 2026 08:30:00 MSK", "2026-06-02T05:30:00.000Z"],
  ["Tue, 02 Jun 2026 08:30:00 +0000 (UTC)", "2026-06-02T08:30:00.000Z"],
  ["Tue, 02 Jun 2026 08:30:00 GMT+0200", "2026-06-02T06:30:00.000Z"],
  ["Tue, 02 Jun 2026 08:30:00 -03:30", "2026-06-02T12:00:00.000Z"],
  ["Tue, 02 Jun 2026 08:30:00", "2026-06-02T08:30:00.000Z"],
  ["Tue, 02 Jun 2026", "2026-06-02T00:00:00.000Z"],
  ["Tue,  02-Jun-2026 08:30:00 GMT", "2026-06-02T08:30:00.000Z"],
  ["Tue 02 Jun 2026 8:30 am PST", "2026-06-02T16:30:00.000Z"],
  ["Tue, 02 Jun 2026 12:05 AM GMT", "2026-06-02T00:05:00.000Z"],
  ["Sat, 02 Jun 2026 23:59:60 GMT", "2026-06-02T23:59:59.000Z"],
  // RFC 3339, W3C-DTF, ISO 8601
  ["2026-06-02T08:30:00Z", "2026-06-02T08:30:00.000Z"],
  ["2026-06-02T08:30:00.123456+05:30", "2026-06-02T03:00:00.123Z"],
  ["2026-06-02t08:30:00z", "2026-06-02T08:30:00.000Z"],
  ["2026-06-02T08:30-0700", "2026-06-02T15:30:00.000Z"],
  ["2026-06-02 08:30:00", "2026-06-02T08:30:00.000Z"],
  ["2026-06-02 08:30:00 +0300", "2026-06-02T05:30:00.000Z"],
  ["2026-06-02 08:30:00 EST", "2026-06-02T13:30:00.000Z"],
  ["2026-06-02T24:00:00Z", "2026-06-03T00:00:00.000Z"],
  ["20260602T083000Z", "2026-06-02T08:30:00.000Z"],
  ["2026-153", "2026-06-02T00:00:00.000Z"],
  ["2026-06", "2026-06-01T00:00:00.000Z"],
  ["2026", "2026-01-01T00:00:00.000Z"],
  // the wild
  ["June 17, 2026", "2026-06-17T00:00:00.000Z"],
  ["17th June 2026", "2026-06-17T00:00:00.000Z"],
  ["Wed Jun 17 10:20:30 2026", "2026-06-17T10:20:30.000Z"],
  ["Wed Jun 17 10:20:30 CEST 2026", "2026-06-17T08:20:30.000Z"],
  ["17.06.2026 10:20", "2026-06-17T10:20:00.000Z"],
  ["17/06/2026", "2026-06-17T00:00:00.000Z"],
  ["06/17/2026 5:00 PM", "2026-06-17T17:00:00.000Z"],
  ["1/2/2026 5:00:00 PM", "2026-01-02T17:00:00.000Z"],
  ["2026/06/17", "2026-06-17T00:00:00.000Z"],
  ["1780387200", "2026-06-02T08:00:00.000Z"],
  ["1780387200123", "2026-06-02T08:00:00.123Z"],
  // other languages
  ["Di, 02 März 2026 08:30:00 +0100", "2026-03-02T07:30:00.000Z"],
  ["mar., 02 févr. 2026 08:30:00 GMT", "2026-02-02T08:30:00.000Z"],
  ["2 de agosto de 2026", "2026-08-02T00:00:00.000Z"],
  ["Пн, 1 июня 2026 10:00:00 +0300", "2026-06-01T07:00:00.000Z"],
  ["1 grudnia 2026", "2026-12-01T00:00:00.000Z"],
  ["5 Şubat 2026", "2026-02-05T00:00:00.000Z"],
  ["2026年6月17日 10:20:30", "2026-06-17T10:20:30.000Z"],
  ["2026년 6월 17일 10:20", "2026-06-17T10:20:00.000Z"],
  ["2026. 6. 17. 10:20", "2026-06-17T10:20:00.000Z"],
  ["17 يونيو 2026 10:20", "2026-06-17T10:20:00.000Z"],
  ["الأربعاء, 17 حزيران 2026 10:20:30 +0300", "2026-06-17T07:20:30.000Z"],
  ["١٧ يونيو ٢٠٢٦", "2026-06-17T00:00:00.000Z"],
  ["२०२६-०६-१७", "2026-06-17T00:00:00.000Z"],
  ["mercredi 17 juin 2026 à 10h30", "2026-06-17T10:30:00.000Z"],
  ["2026-06-17 오후 3:04:05", "2026-06-17T15:04:05.000Z"],
];

const REFUSED: readonly string[] = [
  "",
  "   ",
  "now",
  "yesterday",
  "not a date",
  "31 Feb 2026 10:00 GMT",
  "2025-02-30T25:61:61Z",
  "0000-00-00T00:00:00Z",
  "-0001-01-01T00:00:00Z",
  "+275760-09-13T00:00:00Z",
  "2025-01-02T03:04:05+99:99",
  "1e400",
  "1111111111111111111111111111111111",
  "02/03/2026", // the second of March or the third of February
  "Mon, ".repeat(1000),
  "10:20",
  "June",
];

describe("parseDate", () => {
  it.each(READ)("%s", (text, iso) => {
    expect(parseDate(text)?.toISOString()).toBe(iso);
  });

  it.each(REFUSED)("refuses %j", (text) => {
    expect(parseDate(text)).toBeNull();
  });

  it("reads every instant back from the forms that standards name", () => {
    const instants = fc.date({
      min: new Date("1970-01-01T00:00:00Z"),
      max: new Date("2099-12-31T23:59:59Z"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instants, (date) => {
        const second = new Date(Math.trunc(date.getTime() / 1000) * 1000);
        expect(parseDate(second.toISOString())).toEqual(second);
        expect(parseDate(second.toUTCString())).toEqual(second);
      }),
    );
  });

  it("never throws, and gives dates of four-digit years only", () => {
    const pieces = fc.constantFrom(
      "Mon",
      ",",
      " ",
      "12",
      "2026",
      "-",
      ":",
      "/",
      "T",
      "Z",
      "+",
      "Jun",
      "juin",
      "PM",
      "99",
      "(",
      "日",
      ".",
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 14 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const date = parseDate(text);
        if (date === null) return;
        expect(date.toISOString()).toMatch(/^(?:\d{4}|\+010000)-/);
      }),
      { numRuns: 2000 },
    );
  });

  it("reads the usual forms by position as it reads them by pattern", () => {
    const pair = (max: number) => fc.integer({ min: 0, max }).map((value) => String(value).padStart(2, "0"));
    const when = fc.record({
      year: fc.integer({ min: 0, max: 9999 }).map((value) => String(value).padStart(4, "0")),
      month: pair(13),
      name: fc.constantFrom("Jan", "Feb", "jun", "Dec", "anF", "Jux"),
      day: pair(32),
      time: fc.tuple(pair(25), pair(61), pair(61)).map((parts) => parts.join(":")),
      zone: fc.tuple(fc.constantFrom("+", "-"), pair(17), pair(61)),
    });
    fc.assert(
      fc.property(when, ({ year, month, name, day, time, zone: [sign, hours, minutes] }) => {
        const mail = `${day} ${name} ${year} ${time} ${sign}${hours}${minutes}`;
        expect(parseDate(`Mon, ${mail}`)).toEqual(parseDate(`Mon,  ${mail}`));
        expect(parseDate(`Mon, ${day} ${name} ${year} ${time} GMT`)).toEqual(
          parseDate(`Mon,  ${day} ${name} ${year} ${time} GMT`),
        );
        const iso = `${year}-${month}-${day}T${time}`;
        expect(parseDate(`${iso}${sign}${hours}:${minutes}`)).toEqual(
          parseDate(`${iso}.0${sign}${hours}:${minutes}`),
        );
        expect(parseDate(`${iso}Z`)).toEqual(parseDate(`${iso}.0Z`));
      }),
      { numRuns: 3000 },
    );
  });
});
