import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextCronTime } from "../../src/schedule/cron-time.ts";
import {
  type IntervalInput,
  nextPoll,
  publicationRhythm,
  quietHoursOf,
} from "../../src/schedule/poll-interval.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** A Thursday. */
const now = new Date("2026-01-01T12:30:00Z");
const noHints = { ttlMs: null, skipHours: [], skipDays: [] };

const every = (intervalMs: number) => ({ kind: "every", intervalMs }) as const;
const adaptive = { kind: "adaptive" } as const;
const cron = (expression: string) => ({ kind: "cron", expression }) as const;

function plan(changes: Partial<IntervalInput> = {}) {
  return nextPoll({
    schedule: adaptive,
    now,
    rhythmMs: null,
    hints: noHints,
    freshness: null,
    failures: 0,
    retryAfterMs: null,
    random: () => 0,
    ...changes,
  });
}

const waitMs = (changes: Partial<IntervalInput>) => plan(changes).at.getTime() - now.getTime();
const freshFor = (maxAgeMs: number | null) => ({ maxAgeMs, retryAfterMs: null });
const hints = (changes: Partial<IntervalInput["hints"]>) => ({ hints: { ...noHints, ...changes } });

describe("the pace of a source", () => {
  it.each<[string, Partial<IntervalInput>, number]>([
    ["adaptive, rhythm unknown", {}, hourMs],
    ["adaptive, by its rhythm", { rhythmMs: 40 * minuteMs }, 40 * minuteMs],
    ["adaptive, never below 15 min", { rhythmMs: minuteMs }, 15 * minuteMs],
    ["adaptive, never above a day", { rhythmMs: 30 * dayMs }, dayMs],
    ["adaptive, rhythm of nonsense", { rhythmMs: Number.NaN }, hourMs],
    ["adaptive, rhythm of no time at all", { rhythmMs: 0 }, hourMs],
    ["adaptive, just a day", { rhythmMs: dayMs }, dayMs],
    ["as configured", { schedule: every(7 * minuteMs), rhythmMs: dayMs }, 7 * minuteMs],
    ["as configured, however long", { schedule: every(7 * dayMs) }, 7 * dayMs],
    ["as configured, however short", { schedule: every(1000) }, 1000],
    ["never more than once a second", { schedule: every(1) }, 1000],
  ])("%s", (_, changes, expected) => expect(waitMs(changes)).toBe(expected));
});

describe("what the publisher says makes the wait longer, never shorter (etiquette 15-19, 22, 34-38)", () => {
  const schedule = every(10 * minuteMs);
  it.each<[string, Partial<IntervalInput>, number]>([
    ["max-age longer", { freshness: freshFor(hourMs) }, hourMs],
    ["max-age shorter", { freshness: freshFor(minuteMs) }, 10 * minuteMs],
    ["max-age 0, no-cache", { freshness: freshFor(0) }, 10 * minuteMs],
    ["max-age of a year", { freshness: freshFor(365 * dayMs) }, dayMs],
    ["max-age of exactly the interval", { freshness: freshFor(10 * minuteMs) }, 10 * minuteMs],
    ["max-age of nonsense", { freshness: freshFor(Number.NaN) }, 10 * minuteMs],
    ["ttl of a minute", hints({ ttlMs: minuteMs }), 10 * minuteMs],
    ["ttl of no time", hints({ ttlMs: 0 }), 10 * minuteMs],
    ["sy: twice an hour", hints({ ttlMs: 30 * minuteMs }), 30 * minuteMs],
    ["max-age on an adaptive pace", { schedule: adaptive, freshness: freshFor(3 * hourMs) }, 3 * hourMs],
    ["ttl on an adaptive pace", { schedule: adaptive, ...hints({ ttlMs: 3 * hourMs }) }, 3 * hourMs],
    [
      "a year, of an interval of two days",
      { schedule: every(2 * dayMs), freshness: freshFor(365 * dayMs) },
      2 * dayMs,
    ],
    ["ttl while it fails", { failures: 1, ...hints({ ttlMs: 6 * hourMs }) }, 6 * hourMs],
    ["ttl shorter than the backoff", { failures: 8, ...hints({ ttlMs: 6 * hourMs }) }, 1280 * minuteMs],
    ["ttl", hints({ ttlMs: hourMs }), hourMs],
    ["ttl of nonsense", hints({ ttlMs: Number.NaN }), 10 * minuteMs],
    ["ttl without end", hints({ ttlMs: Number.POSITIVE_INFINITY }), 10 * minuteMs],
    ["ttl negative", hints({ ttlMs: -5 }), 10 * minuteMs],
    ["sy: monthly", hints({ ttlMs: 30 * dayMs }), dayMs],
    ["Retry-After on a 200", { freshness: { maxAgeMs: null, retryAfterMs: hourMs } }, hourMs],
    ["Retry-After on a 200, shorter", { freshness: { maxAgeMs: null, retryAfterMs: 1000 } }, 10 * minuteMs],
    ["the longest of all", { freshness: freshFor(hourMs), ...hints({ ttlMs: 2 * hourMs }) }, 2 * hourMs],
  ])("%s", (_, changes, expected) => expect(waitMs({ schedule, ...changes })).toBe(expected));
});

describe("failures (etiquette 20-28)", () => {
  it("double the wait each time, to a day", () => {
    const waits = [1, 2, 3, 4, 5, 6, 20, 1e9].map((failures) =>
      waitMs({ schedule: every(hourMs), failures }),
    );
    expect(waits).toEqual([1, 2, 4, 8, 16, 24, 24, 24].map((hours) => hours * hourMs));
  });

  it("do not make a slow feed wait its whole rhythm, nor a slow schedule come sooner", () => {
    expect(waitMs({ rhythmMs: dayMs, failures: 1 })).toBe(15 * minuteMs);
    expect(waitMs({ schedule: every(3 * dayMs), failures: 1 })).toBe(3 * dayMs);
    expect(waitMs({ schedule: every(3 * dayMs), failures: 5 })).toBe(3 * dayMs);
  });

  it.each<[string, number | null, number]>([
    ["longer", 6 * hourMs, 6 * hourMs],
    ["shorter than the backoff", 1000, 30 * minuteMs],
    ["absent", null, 30 * minuteMs],
    ["nonsense", Number.NaN, 30 * minuteMs],
    ["a year", 365 * dayMs, 7 * dayMs],
    ["two days", 2 * dayMs, 2 * dayMs],
    ["past", -5000, 30 * minuteMs],
    ["now", 0, 30 * minuteMs],
    ["without end", Number.POSITIVE_INFINITY, 30 * minuteMs],
  ])("with a Retry-After that is %s", (_, retryAfterMs, expected) => {
    expect(waitMs({ failures: 2, retryAfterMs })).toBe(expected);
  });

  it("are over with the next success", () => {
    expect(waitMs({ schedule: every(minuteMs), failures: 0 })).toBe(minuteMs);
  });
});

describe("skipHours and skipDays, in UTC (etiquette 35, 36)", () => {
  it.each<[string, IntervalInput["hints"], string]>([
    ["an hour to come", { ...noHints, skipHours: [13] }, "2026-01-01T14:00:00.000Z"],
    ["several hours", { ...noHints, skipHours: [13, 14, 15] }, "2026-01-01T16:00:00.000Z"],
    [
      "over midnight",
      { ...noHints, skipHours: [13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 0] },
      "2026-01-02T01:00:00.000Z",
    ],
    ["another hour", { ...noHints, skipHours: [3] }, "2026-01-01T13:30:00.000Z"],
    ["today", { ...noHints, skipDays: [4] }, "2026-01-02T00:00:00.000Z"],
    ["all days but Wednesday", { ...noHints, skipDays: [0, 1, 2, 4, 5, 6] }, "2026-01-07T00:00:00.000Z"],
    ["days and hours", { ...noHints, skipDays: [4], skipHours: [0, 1] }, "2026-01-02T02:00:00.000Z"],
    [
      "every day forbids nothing",
      { ...noHints, skipDays: [0, 1, 2, 3, 4, 5, 6] },
      "2026-01-01T13:30:00.000Z",
    ],
  ])("%s", (_, given, expected) => expect(plan({ hints: given }).at.toISOString()).toBe(expected));

  it("spread the polls after the skipped hours", () => {
    const at = plan({ ...hints({ skipHours: [13] }), random: () => 0.5 }).at;
    expect(at.toISOString()).toBe("2026-01-01T14:05:00.000Z");
  });
});

describe("cron expressions", () => {
  // The tests hold in every time zone whose offset is whole quarters of an hour.
  const schedule = cron("*/15 * * * *");

  it("are kept, whatever the publisher says of freshness, without jitter", () => {
    const kept = {
      schedule,
      random: () => 0.9,
      freshness: freshFor(dayMs),
      ...hints({ ttlMs: dayMs, skipHours: [12] }),
    };
    expect(plan(kept).at.toISOString()).toBe("2026-01-01T12:45:00.000Z");
  });

  it("but never against Retry-After", () => {
    expect(plan({ schedule, retryAfterMs: 20 * minuteMs }).at.toISOString()).toBe("2026-01-01T13:00:00.000Z");
    expect(plan({ schedule, retryAfterMs: 30 * minuteMs }).at.toISOString()).toBe("2026-01-01T13:00:00.000Z");
    expect(plan({ schedule, retryAfterMs: 30 * minuteMs + 1 }).at.toISOString()).toBe(
      "2026-01-01T13:15:00.000Z",
    );
  });

  it("let more and more of their times pass after failures", () => {
    const waits = [1, 2, 3, 4, 99].map((failures) => waitMs({ schedule, failures }) / minuteMs);
    expect(waits).toEqual([15, 15, 45, 105, 1425]);
    // Just after a time of the expression, as polls are, the waits are its gap times 1, 2, 4, 8.
    const after = new Date(now.getTime() + 1000);
    const times = [1, 2, 3, 4, 99].map((failures) => plan({ schedule, failures, now: after }).at);
    expect(times.map((at) => (at.getTime() - now.getTime()) / minuteMs)).toEqual([15, 30, 60, 120, 1440]);
  });

  it("are not stretched where they are a day apart anyway", () => {
    const daily = cron("0 6 * * *");
    const waits = [0, 1, 2, 9].map((failures) => waitMs({ schedule: daily, failures }));
    expect(new Set(waits).size).toBe(1);
  });
});

describe("jitter", () => {
  it("only adds, at most a fifth and at most an hour, and tells sources apart", () => {
    expect(waitMs({ schedule: every(hourMs), random: () => 0.5 })).toBe(66 * minuteMs);
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(random, fc.integer({ min: 1000, max: dayMs }), (value, intervalMs) => {
        const waited = waitMs({ schedule: every(intervalMs), random: () => value });
        expect(waited).toBeGreaterThanOrEqual(intervalMs);
        expect(waited).toBeLessThanOrEqual(Math.ceil(intervalMs + Math.min(intervalMs * 0.2, hourMs)));
      }),
    );
  });
});

describe("any input", () => {
  const duration = fc.oneof(fc.constant(null), fc.double(), fc.integer({ min: 0, max: 400 * dayMs }));
  const plain = fc.oneof(fc.constant(adaptive), fc.integer({ min: 1000, max: 10 * dayMs }).map(every));
  const cronTimes = fc.constantFrom("*/15 * * * *", "0 3 * * *", "*/7 * * * * *", "0 0 * * 1").map(cron);
  const rest = {
    now: fc.date({ min: new Date("2020-01-01"), max: new Date("2040-01-01"), noInvalidDate: true }),
    rhythmMs: fc.oneof(fc.constant(null), fc.double({ min: 0, max: 100 * dayMs, noNaN: true })),
    hints: fc.record({
      ttlMs: duration,
      skipHours: fc.array(fc.integer({ min: 0, max: 23 }), { maxLength: 24 }),
      skipDays: fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 7 }),
    }),
    freshness: fc.oneof(fc.constant(null), fc.record({ maxAgeMs: duration, retryAfterMs: duration })),
    failures: fc.nat(),
    retryAfterMs: duration,
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }).map((value) => () => value),
  };
  const input = fc.record({ schedule: fc.oneof(plain, cronTimes), ...rest });
  const plainInput = fc.record({ schedule: plain, ...rest });
  const cronInput = fc.record({ schedule: cronTimes, ...rest });
  const askedMs = ({ retryAfterMs, freshness }: IntervalInput) => {
    const sound = [retryAfterMs ?? 0, freshness?.retryAfterMs ?? 0].filter((ms) => Number.isFinite(ms));
    return Math.min(Math.max(0, ...sound), 7 * dayMs);
  };

  it("gives a time to come and says why in one line, the same each time", () => {
    fc.assert(
      fc.property(input, (given) => {
        const { at, reason } = nextPoll(given);
        expect(at.getTime()).toBeGreaterThan(given.now.getTime());
        expect(reason).toMatch(/^[^\n]{5,100}$/);
        expect(nextPoll(given)).toEqual({ at, reason });
      }),
    );
  });

  it("is never before Retry-After, up to a week", () => {
    fc.assert(
      fc.property(input, (given) => {
        expect(nextPoll(given).at.getTime()).toBeGreaterThanOrEqual(given.now.getTime() + askedMs(given));
      }),
    );
  });

  it("is never before the configured interval, nor before a quarter of an hour where adaptive", () => {
    fc.assert(
      fc.property(plainInput, (given) => {
        const { schedule } = given;
        const leastMs = schedule.kind === "every" ? schedule.intervalMs : 15 * minuteMs;
        expect(nextPoll(given).at.getTime()).toBeGreaterThanOrEqual(given.now.getTime() + leastMs);
      }),
    );
  });

  it("is within a day and the jitter, unless the interval or Retry-After is longer or hours are skipped", () => {
    fc.assert(
      fc.property(plainInput, (given) => {
        const open = { ...given, hints: { ...given.hints, skipHours: [], skipDays: [] } };
        const { schedule } = given;
        const ownMs = schedule.kind === "every" ? schedule.intervalMs : 0;
        const mostMs = Math.max(dayMs, ownMs, askedMs(given)) + hourMs;
        expect(nextPoll(open).at.getTime()).toBeLessThanOrEqual(given.now.getTime() + mostMs + 1);
      }),
    );
  });

  it("never falls in a skipped hour or day while any other is left", () => {
    fc.assert(
      fc.property(plainInput, (given) => {
        const { skipHours, skipDays } = given.hints;
        fc.pre(new Set(skipHours).size < 24 && new Set(skipDays).size < 7);
        const { at } = nextPoll(given);
        expect(skipHours).not.toContain(at.getUTCHours());
        expect(skipDays).not.toContain(at.getUTCDay());
      }),
    );
  });

  it("is a time of the cron expression, exactly", () => {
    fc.assert(
      fc.property(cronInput, (given) => {
        const { at } = nextPoll(given);
        expect(nextCronTime(given.schedule.expression, new Date(at.getTime() - 1))).toEqual(at);
      }),
      { numRuns: 50 },
    );
  });
});

describe("the reason", () => {
  it.each<[Partial<IntervalInput>, string]>([
    [{ schedule: every(90 * minuteMs) }, "every 1 h 30 min, as configured"],
    [{ schedule: every(2000) }, "every 2 s, as configured"],
    [{}, "adaptive: every 1 h until its rhythm is known"],
    [{ rhythmMs: 45 * minuteMs }, "adaptive: every 45 min, the feed's own rhythm"],
    [{ freshness: freshFor(2 * hourMs) }, "the publisher asks for 2 h (max-age or Expires)"],
    [{ freshness: freshFor(90 * dayMs) }, "the publisher asks for 1 d or more (max-age or Expires)"],
    [hints({ ttlMs: 2 * hourMs }), "the publisher asks for 2 h (ttl or sy:updatePeriod)"],
    [hints({ skipHours: [13] }), "skipHours: not before 2026-01-01 14:00 UTC"],
    [hints({ skipDays: [4] }), "skipDays: not before 2026-01-02 00:00 UTC"],
    [{ failures: 1 }, "the last poll failed: waits 15 min"],
    [{ failures: 3 }, "failed 3 times in a row: waits 1 h"],
    [
      { failures: 1, retryAfterMs: dayMs },
      "the server asks to wait until 2026-01-02 12:30 UTC (Retry-After)",
    ],
    [{ schedule: cron("*/15 * * * *") }, "at the times of */15 * * * *, as configured"],
    [{ schedule: cron("*/15 * * * *"), failures: 1 }, "the last poll failed: waits for */15 * * * *"],
    [
      { schedule: cron("*/15 * * * *"), failures: 3 },
      "failed 3 times in a row: waits 45 min, then for */15 * * * *",
    ],
    [
      { schedule: cron("*/15 * * * *"), retryAfterMs: hourMs },
      "the server asks to wait until 2026-01-01 13:30 UTC (Retry-After)",
    ],
  ])("%j", (changes, expected) => expect(plan(changes).reason).toBe(expected));
});

describe("publicationRhythm: half the median gap, within 15 min and 24 h", () => {
  const ago = (...minutes: number[]) => minutes.map((count) => new Date(now.getTime() - count * minuteMs));
  it.each<[string, Date[], number | null]>([
    ["no entries", [], null],
    ["one entry", ago(5), null],
    ["two entries", ago(0, 120), hourMs],
    ["hourly", ago(0, 60, 120, 180), 30 * minuteMs],
    ["in any order", ago(180, 0, 120, 60), 30 * minuteMs],
    ["the median, not the mean", ago(0, 60, 120, 100_000), 30 * minuteMs],
    ["of an even number of gaps", ago(0, 60, 160), 40 * minuteMs],
    ["very lively", ago(0, 1, 2, 3), 15 * minuteMs],
    ["very quiet", ago(0, 100_000, 200_000), dayMs],
    ["silent since 12 h", ago(12 * 60, 13 * 60), 30 * minuteMs],
    ["silent since 10 d", ago(10 * 24 * 60, 10 * 24 * 60 + 60), 10 * hourMs],
    ["silent for years", ago(5e6, 5e6 + 60, 5e6 + 120), dayMs],
    ["one batch is one moment", ago(0, 0, 0, 0, 120, 120), hourMs],
    ["a batch only", ago(7, 7, 7), null],
    ["the future does not count", ago(-1000, 0, 60), 30 * minuteMs],
    ["broken dates do not count", [new Date(Number.NaN), ...ago(0, 60)], 30 * minuteMs],
    [
      "only the newest 50 count",
      [
        ...Array.from({ length: 50 }, (_, index) => index * 60),
        ...Array.from({ length: 500 }, (_, index) => 1e6 + index * 1e4),
      ].flatMap((count) => ago(count)),
      30 * minuteMs,
    ],
  ])("%s", (_, dates, expected) => expect(publicationRhythm(dates, now)).toBe(expected));
});

describe("quietHoursOf: the hours of the day in which a feed does not publish", () => {
  const daily = (hours: readonly number[], days: number) =>
    Array.from({ length: days }, (_, day) =>
      hours.map((hour) => new Date(Date.UTC(2025, 11, 31 - day, hour, 7))),
    ).flat();
  it.each<[string, Date[], readonly number[]]>([
    [
      "an office: 8 to 17, and an hour at either end is left to chance",
      daily([8, 9, 11, 13, 14, 16, 17], 10),
      [19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5, 6],
    ],
    [
      "over midnight",
      daily([20, 21, 22, 23, 0, 1, 2], 10),
      [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18],
    ],
    ["round the clock", daily([0, 3, 6, 9, 12, 15, 18, 21], 10), []],
    ["too few days", daily([8, 9, 10, 11, 12, 13, 14, 15, 16], 4), []],
    ["too few entries", daily([8], 10), []],
    [
      "dates in the future and of long ago",
      daily([8, 9, 10], 9).map((date) => new Date(date.getTime() + 3650 * dayMs)),
      [],
    ],
    ["nothing", [], []],
  ])("%s", (_, dates, expected) => expect(quietHoursOf(dates, now)).toEqual(expected));

  it("an adaptive poll that would fall into them waits for their end", () => {
    // Now is 12:30; half an hour on is 13:00.
    const changes = { rhythmMs: 30 * minuteMs, quietHours: [13, 14, 15] };
    const { at, reason } = plan(changes);
    expect(at).toEqual(new Date("2026-01-01T16:00:00Z"));
    expect(reason).toMatch(/never publishes in these hours, so not before .*16:00/);
    expect(waitMs({ ...changes, quietHours: [14, 15] })).toBe(30 * minuteMs);
    expect(waitMs({ ...changes, schedule: every(30 * minuteMs) })).toBe(30 * minuteMs);
    expect(waitMs({ ...changes, failures: 1 })).toBe(15 * minuteMs);
  });
});
