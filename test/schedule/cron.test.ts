import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { nextCronTime } from "../../src/schedule/cron-time.ts";
import { cronProblem } from "../../src/schedule/scheduler.ts";

/** Local time, as cron means it. */
const local = (text: string) => new Date(text);

describe("nextCronTime", () => {
  it.each([
    ["*/15 * * * *", "2026-01-01T12:30:00", "2026-01-01T12:45:00"],
    ["*/15 * * * *", "2026-01-01T12:44:59.999", "2026-01-01T12:45:00"],
    ["*/15 * * * *", "2026-01-01T23:50:00", "2026-01-02T00:00:00"],
    ["*/10 * * * * *", "2026-01-01T12:30:05", "2026-01-01T12:30:10"],
    ["0 6 * * *", "2026-01-01T06:00:00", "2026-01-02T06:00:00"],
    ["30 5,17 * * 1-5", "2026-01-02T18:00:00", "2026-01-05T05:30:00"],
    ["0 0 1 1 *", "2026-06-01T00:00:00", "2027-01-01T00:00:00"],
    ["0 0 29 2 *", "2026-01-01T00:00:00", "2028-02-29T00:00:00"],
    ["0 12 L * *", "2026-02-03T00:00:00", "2026-02-28T12:00:00"],
    ["0 12 * * 1#2", "2026-01-01T00:00:00", "2026-01-12T12:00:00"],
    ["0 12 * * 5L", "2026-03-01T00:00:00", "2026-03-27T12:00:00"],
    ["0 0 13 * 5", "2026-01-01T00:00:00", "2026-01-02T00:00:00"],
    ["0 9 * * 7", "2026-01-01T00:00:00", "2026-01-04T09:00:00"],
    ["@daily", "2026-01-01T12:00:00", "2026-01-02T00:00:00"],
    ["0 9 * jan sun", "2026-01-01T00:00:00", "2026-01-04T09:00:00"],
  ])("%s after %s is %s", (expression, after, expected) => {
    expect(nextCronTime(expression, local(after))).toEqual(local(expected));
  });

  it("takes every step of a month", () => {
    let at = local("2026-03-01T00:00:00");
    for (const hour of Array.from({ length: 28 * 4 }, (_, index) => index)) {
      at = nextCronTime("0 */6 * * *", at);
      expect(at.getHours() % 6, `step ${hour}`).toBe(0);
      expect(at.getMinutes()).toBe(0);
    }
    expect(at).toEqual(local("2026-03-29T00:00:00"));
  });

  it("throws for what is no expression", () => {
    expect(() => nextCronTime("61 * * * *", new Date(0))).toThrow(RangeError);
  });
});

describe("nextCronTime where clocks change (Berlin, 29 March and 25 October 2026)", () => {
  // The time zone is that of the process, so another process is asked.
  const ask = (expression: string, after: string) => {
    const code = `
      import { nextCronTime } from "./src/schedule/cron-time.ts";
      const [, expression, after] = process.argv;
      console.log(nextCronTime(expression, new Date(after)).toISOString());`;
    const args = ["--input-type=module", "--eval", code, expression, after];
    return execFileSync(process.execPath, args, {
      encoding: "utf8",
      env: { ...process.env, TZ: "Europe/Berlin", NODE_OPTIONS: "" },
    }).trim();
  };
  it.each([
    ["30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00.000Z"],
    ["0 6 * * *", "2026-03-28T12:00:00Z", "2026-03-29T04:00:00.000Z"],
    ["*/20 * * * *", "2026-10-25T00:50:00Z", "2026-10-25T01:00:00.000Z"],
    ["*/20 * * * *", "2026-10-25T01:10:00Z", "2026-10-25T01:20:00.000Z"],
  ])("%s after %s is %s", (expression, after, expected) => expect(ask(expression, after)).toBe(expected));
});

describe("cronProblem", () => {
  it.each(["* * * * *", "*/5 * * * * *", "@hourly", "0 0 29 2 *", "0 9-17 * * mon-fri", "0 0 1,15 * *"])(
    "%s is sound",
    (expression) => expect(cronProblem(expression)).toBeNull(),
  );

  it.each([
    ["", /illegal|fields/],
    ["soon", /5 or 6 fields/],
    ["* * * *", /5 or 6 fields/],
    ["* * * * * * *", /5 or 6 fields/],
    ["61 * * * *", /^61 is not possible as minute$/],
    ["0 24 * * *", /^24 is not possible as hour$/],
    ["0 0 31 2 *", /^31 is not possible as day of month$/],
    ["0 0 30 2 1#5", /day of month/],
    ["0-999999999 * * * *", /^999999999 is too large/],
    ["* * * * *".padEnd(300), /too long/],
    ["*/0 * * * *", /minute/],
    ["H * * * *", /minute/],
    ["0 22-2 * * *", /22-2/],
  ])("%j: %s", (expression, words) => {
    expect(cronProblem(expression)).toMatch(words);
  });
});
