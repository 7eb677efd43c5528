import { afterEach, describe, expect, it } from "vitest";
import { LeaseLostError } from "../../src/errors.ts";
import { createHostLimit } from "../../src/schedule/host-limit.ts";
import { type Scheduler, type SchedulerOptions, startScheduler } from "../../src/schedule/scheduler.ts";
import type { ClaimedSource } from "../../src/store/store.ts";
import { createManualClock, settle } from "../support/manual-clock.ts";
import { MemoryClaims } from "./memory-claims.ts";

const leaseMs = 300_000;
const hourMs = 3_600_000;
const running = new Set<Scheduler>();
afterEach(async () => {
  for (const scheduler of running) await scheduler.stop(0);
  running.clear();
});

/** A scheduler whose polls end when the test says so. */
function build(options: Partial<SchedulerOptions> = {}, prepare: (store: MemoryClaims) => void = () => {}) {
  const clock = createManualClock();
  const store = new MemoryClaims(clock);
  const polled: string[] = [];
  const errors: { readonly error: unknown; readonly id: string | null }[] = [];
  const open = new Map<string, { readonly end: () => void; readonly fail: (error: Error) => void }>();
  const poll = (claimed: ClaimedSource, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const { id } = claimed.source;
      polled.push(id);
      const end = () => {
        open.delete(id);
        store.record(claimed.lease, new Date(clock.now().getTime() + hourMs));
        resolve();
      };
      const fail = (error: Error) => {
        open.delete(id);
        reject(error);
      };
      open.set(id, { end, fail });
      signal.addEventListener("abort", () => fail(signal.reason));
    });
  const start = () => {
    const scheduler = startScheduler({
      store,
      clock,
      concurrency: 4,
      leaseMs,
      poll,
      onError: (error, claimed) => errors.push({ error, id: claimed?.source.id ?? null }),
      ...options,
    });
    running.add(scheduler);
    return scheduler;
  };
  prepare(store);
  return { clock, store, polled, errors, open, start };
}

async function look(scheduler: Scheduler): Promise<void> {
  scheduler.wake();
  await settle();
}

describe("startScheduler", () => {
  it("polls what is due, each once, and again when it is due again", async () => {
    const { clock, polled, open, start } = build({}, (store) => {
      store.add("a");
      store.add("b");
    });
    const scheduler = start();
    await settle();
    expect(polled).toEqual(["a", "b"]);
    await look(scheduler);
    expect(polled).toEqual(["a", "b"]);
    for (const { end } of [...open.values()]) end();
    await look(scheduler);
    expect(polled).toEqual(["a", "b"]);
    await clock.advance(hourMs);
    await look(scheduler);
    expect(polled).toEqual(["a", "b", "a", "b"]);
  });

  it("has node-cron look every second, without being woken", async () => {
    const { store, polled, start } = build();
    start();
    await settle();
    store.add("later");
    await expect.poll(() => polled, { timeout: 10_000 }).toEqual(["later"]);
  });

  it("runs so many at a time and claims no more than it can run", async () => {
    const { store, polled, open, start } = build({}, (claims) => {
      for (let count = 0; count < 10; count++) claims.add(`s${count}`);
    });
    const scheduler = start();
    await settle();
    expect(scheduler.runningCount).toBe(4);
    expect(store.leasedIds).toHaveLength(4);
    while (polled.length < 10 || open.size > 0) {
      [...open.values()][0]?.end();
      await settle();
      expect(scheduler.runningCount).toBeLessThanOrEqual(4);
    }
    expect(new Set(polled).size).toBe(10);
  });

  it("claims ahead for as many as end in a tenth of a second, so that nobody waits for the store", async () => {
    const { clock, store, polled, open, start } = build({}, (claims) => {
      for (let count = 0; count < 40; count++) claims.add(`s${count}`);
    });
    const scheduler = start();
    await settle();
    const endFirst = async () => {
      [...open.values()][0]?.end();
      await settle();
    };
    // One in a second is a tenth of one in a tenth: a claim for its place, and one more.
    await clock.advance(1000);
    await endFirst();
    expect(store.claims.map(({ limit }) => limit)).toEqual([4, 2]);
    expect(store.leasedIds).toHaveLength(5);
    const answer = Promise.withResolvers<readonly ClaimedSource[]>();
    store.claimDueSources = () => answer.promise;
    await endFirst();
    expect(scheduler.runningCount).toBe(4);
    expect(polled).toHaveLength(6);
    answer.resolve([]);
  });

  it("does not take two polls that end at once for many", async () => {
    const { clock, store, open, start } = build({}, (claims) => {
      for (let count = 0; count < 40; count++) claims.add(`s${count}`);
    });
    start();
    await settle();
    await clock.advance(30_000);
    for (let count = 0; count < 3; count++) {
      [...open.values()][0]?.end();
      await settle();
      await clock.advance(1);
    }
    expect(store.leasedIds).toHaveLength(5);
  });

  it("polls what it is told to while there is more to claim than it can", async () => {
    const { polled, store, start } = build(
      {
        poll: async ({ source, lease }) => {
          polled.push(source.id);
          store.record(lease, new Date(Date.UTC(2027, 0, 1)));
        },
      },
      (claims) => {
        for (let count = 0; count < 500; count++) claims.add(`s${count}`);
      },
    );
    const scheduler = start();
    scheduler.pollNow(["s499"]);
    await settle();
    expect(polled.indexOf("s499")).toBeGreaterThanOrEqual(0);
    expect(polled.indexOf("s499")).toBeLessThan(100);
    await expect.poll(() => polled.length).toBe(500);
  });

  it("never claims ahead for more than it polls at a time", async () => {
    const { clock, store, polled, open, start } = build({}, (claims) => {
      for (let count = 0; count < 40; count++) claims.add(`s${count}`);
    });
    start();
    await settle();
    let leasedMost = 0;
    while (polled.length < 40 || open.size > 0) {
      await clock.advance(10);
      [...open.values()][0]?.end();
      await settle();
      leasedMost = Math.max(leasedMost, store.leasedIds.length);
    }
    expect(leasedMost).toBe(8);
    expect(new Set(polled).size).toBe(40);
  });

  it("polls few of one host at a time, and does not let a slow host hold up others", async () => {
    const { polled, open, start } = build({ perHost: 2 }, (store) => {
      for (let count = 0; count < 20; count++) store.add(`slow${count}`, "slow.example");
      for (let count = 0; count < 3; count++) store.add(`quick${count}`);
    });
    start();
    await settle();
    expect(polled).toEqual(["slow0", "slow1", "quick0", "quick1"]);
    open.get("quick0")?.end();
    await settle();
    expect(polled).toContain("quick2");
    open.get("slow0")?.end();
    await settle();
    expect(polled.filter((id) => id.startsWith("slow"))).toEqual(["slow0", "slow1", "slow2"]);
  });

  it("does not count local sources as one host", async () => {
    const { polled, start } = build({ perHost: 1 }, (store) => {
      for (let count = 0; count < 4; count++) store.addAt(`file${count}`, `/feeds/${count}.xml`);
    });
    start();
    await settle();
    expect(polled).toHaveLength(4);
  });

  it("leaves a resting host alone until its rest is over", async () => {
    const restClock = createManualClock();
    const hosts = createHostLimit({ perHost: 2, pauseMs: 0, clock: restClock });
    hosts.rest("resting.example", new Date(restClock.now().getTime() + 60_000));
    const { polled, start } = build({ hosts }, (store) => {
      store.add("a", "resting.example");
      store.add("b");
    });
    const scheduler = start();
    await settle();
    expect(polled).toEqual(["b"]);
    await restClock.advance(60_000);
    await look(scheduler);
    expect(polled).toEqual(["b", "a"]);
  });

  it("gives back what it held for too long, and claims it anew before it polls", async () => {
    const { clock, store, polled, open, start } = build({ perHost: 1 }, (claims) => {
      claims.add("first", "one.example");
      claims.add("second", "one.example");
    });
    const scheduler = start();
    await settle();
    await clock.advance(leaseMs - 1000);
    open.get("first")?.end();
    await look(scheduler);
    await look(scheduler);
    expect(polled).toEqual(["first", "second"]);
    // Its lease is a fresh one: recording under it succeeds.
    expect(() => open.get("second")?.end()).not.toThrow();
    expect(store.leasedIds).toEqual([]);
  });

  it("reports a poll that throws, spares the others, and tries again when the lease has run out", async () => {
    const { clock, polled, errors, open, start } = build({}, (store) => {
      store.add("bad");
      store.add("good");
    });
    const scheduler = start();
    await settle();
    const error = new TypeError("a bug");
    open.get("bad")?.fail(error);
    open.get("good")?.end();
    await look(scheduler);
    expect(errors).toEqual([{ error, id: "bad" }]);
    expect(polled).toEqual(["bad", "good"]);
    await clock.advance(leaseMs);
    await look(scheduler);
    expect(polled).toEqual(["bad", "good", "bad"]);
  });

  it("says nothing of a lease that was lost", async () => {
    const { errors, open, start } = build({}, (store) => store.add("a"));
    const scheduler = start();
    await settle();
    open.get("a")?.fail(new LeaseLostError("a"));
    await look(scheduler);
    expect(errors).toEqual([]);
    expect(scheduler.runningCount).toBe(0);
  });

  it("never polls a source twice at a time, even when a poll outlives its lease", async () => {
    const { clock, store, polled, open, start } = build({}, (claims) => claims.add("slow"));
    const scheduler = start();
    await settle();
    const first = open.get("slow");
    await clock.advance(leaseMs);
    await look(scheduler);
    expect(store.leasedIds).toEqual(["slow"]);
    expect(polled).toEqual(["slow"]);
    expect(scheduler.runningCount).toBe(1);
    // Its lease is another's now, so what it brought is refused; then the new claim has its turn.
    expect(() => first?.end()).toThrow(/lost/);
    first?.fail(new LeaseLostError("slow"));
    await settle();
    expect(polled).toEqual(["slow", "slow"]);
  });

  it("does not ask the store again and again for what a poll gave back at once", async () => {
    const { store, start } = build({
      poll: async ({ lease }) => store.releaseLease(lease),
    });
    store.add("a");
    start();
    await settle();
    expect(store.claims.length).toBeLessThan(3);
  });

  it("starts the longest overdue first, after a sleep of the machine too", async () => {
    const { clock, store, polled, open, start } = build({ concurrency: 2 });
    for (const id of ["a", "b", "c", "d"]) {
      store.add(id);
      await clock.advance(1000);
    }
    await clock.advance(30 * hourMs);
    start();
    await settle();
    expect(polled).toEqual(["a", "b"]);
    open.get("b")?.end();
    await settle();
    expect(polled).toEqual(["a", "b", "c"]);
  });

  it("prolongs the leases of polls under way and of claims that wait, and ends a poll that was taken over", async () => {
    const aborted: string[] = [];
    const { clock, store, polled, start } = build(
      {
        perHost: 1,
        poll: ({ source }, signal) =>
          new Promise((_, reject) => {
            polled.push(source.id);
            signal.addEventListener("abort", () => {
              aborted.push(source.id);
              reject(signal.reason);
            });
          }),
      },
      (claims) => {
        claims.add("a", "one.example");
        claims.add("b", "one.example");
        claims.add("c");
      },
    );
    const scheduler = start();
    await settle();
    expect(polled).toEqual(["a", "c"]);
    await clock.advance(leaseMs / 3);
    await expect.poll(() => store.renewals.length, { timeout: 5000 }).toBe(1);
    expect(store.renewals[0]?.toSorted()).toEqual(["a", "b", "c"]);
    store.takeOver("a");
    await clock.advance(leaseMs / 3);
    await expect.poll(() => aborted, { timeout: 5000 }).toEqual(["a"]);
    // Its place is free, and the other source of that host has kept its claim all the while.
    await look(scheduler);
    expect(polled).toEqual(["a", "c", "b"]);
    expect(store.claims.length).toBeGreaterThan(0);
  });

  it("survives a store that cannot be asked", async () => {
    const clock = createManualClock();
    const store = new MemoryClaims(clock);
    let isBroken = true;
    const claimDueSources: SchedulerOptions["store"]["claimDueSources"] = async (request) => {
      if (isBroken) throw new Error("disk full");
      return store.claimDueSources(request);
    };
    store.add("a");
    const { polled, errors, start } = build({
      store: {
        claimDueSources,
        releaseLease: (lease) => store.releaseLease(lease),
        renewLeases: (leases, times) => store.renewLeases(leases, times),
      },
      poll: async ({ source }) => void polled.push(source.id),
    });
    const scheduler = start();
    await settle();
    await look(scheduler);
    scheduler.pollNow(["a"]);
    await settle();
    const trouble = { error: { message: "disk full" }, id: null };
    expect(errors).toMatchObject([trouble]);
    isBroken = false;
    await look(scheduler);
    // Due and wanted: the wish outlived the trouble.
    expect(polled).toEqual(["a"]);
    isBroken = true;
    await look(scheduler);
    expect(errors).toMatchObject([trouble, trouble]);
  });

  it("polls at once what it is told to, and once more what is being polled", async () => {
    const { polled, open, start } = build({}, (store) => store.add("a"));
    const scheduler = start();
    await settle();
    scheduler.pollNow(["a"]);
    await settle();
    expect(polled).toEqual(["a"]);
    open.get("a")?.end();
    await settle();
    expect(polled).toEqual(["a", "a"]);
    open.get("a")?.end();
    await settle();
    expect(polled).toEqual(["a", "a"]);
    scheduler.pollNow(["a", "unknown"]);
    await settle();
    expect(polled).toEqual(["a", "a", "a"]);
  });
});

describe("stop", () => {
  it("claims no more, lets polls end, and gives back what is held", async () => {
    const { store, polled, open, errors, start } = build({ perHost: 1 }, (claims) => {
      claims.add("a", "one.example");
      claims.add("held", "one.example");
    });
    const scheduler = start();
    await settle();
    const stopping = scheduler.stop(8000);
    store.add("late");
    await look(scheduler);
    open.get("a")?.end();
    await stopping;
    await look(scheduler);
    expect(polled).toEqual(["a"]);
    expect(store.leasedIds).toEqual([]);
    expect(errors).toEqual([]);
    expect(scheduler.runningCount).toBe(0);
  });

  it("aborts what has not ended by the deadline, and gives back its lease", async () => {
    const { clock, store, polled, errors, start } = build({}, (claims) => claims.add("slow"));
    const scheduler = start();
    await settle();
    const stopping = scheduler.stop(8000);
    await clock.advance(7999);
    expect(scheduler.runningCount).toBe(1);
    await clock.advance(1);
    await stopping;
    expect(polled).toEqual(["slow"]);
    expect(store.leasedIds).toEqual([]);
    expect(errors).toEqual([]);
  });

  it("does not wait for a poll that heeds nothing", async () => {
    const { clock, store, start } = build({ poll: () => new Promise(() => {}) }, (claims) =>
      claims.add("deaf"),
    );
    const scheduler = start();
    await settle();
    const stopping = scheduler.stop(0);
    await clock.advance(2000);
    await stopping;
    expect(store.leasedIds).toEqual([]);
    running.delete(scheduler);
  });

  it("may be called twice, and by disposal", async () => {
    const { start } = build();
    const scheduler = start();
    await Promise.all([scheduler.stop(0), scheduler.stop(0), scheduler[Symbol.asyncDispose]()]);
    expect(scheduler.runningCount).toBe(0);
  });
});
