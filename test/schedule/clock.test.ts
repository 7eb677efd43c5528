import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/clock.ts";

describe("systemClock", () => {
  it("tells the time", () => {
    const before = Date.now();
    const now = systemClock.now().getTime();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it("sleeps, and for no time where the time is past", async () => {
    const { signal } = new AbortController();
    await expect(systemClock.sleep(1, signal)).resolves.toBeUndefined();
    await expect(systemClock.sleep(-5, signal)).resolves.toBeUndefined();
  });

  it("is woken by the signal, with its reason, also from a sleep longer than a timer can be", async () => {
    const control = new AbortController();
    const sleeping = systemClock.sleep(2 ** 40, control.signal);
    control.abort(new Error("wake up"));
    await expect(sleeping).rejects.toThrow("wake up");
    await expect(systemClock.sleep(1, control.signal)).rejects.toThrow("wake up");
  });
});
