import { describe, expect, it } from "vitest";
import { startPruner, tidyStore } from "../../src/app/prune.ts";
import type { Keep } from "../../src/config/schema.ts";
import { createLog } from "../../src/observe/log.ts";
import type { Retention } from "../../src/store/store.ts";
import { createManualClock } from "../support/manual-clock.ts";

const log = createLog({ level: "silent", terminal: null, scrub: (text) => text });
const hourMs = 3_600_000;

const tidy = {
  dropForgottenKeys: async () => 0,
  shrink: async () => ({ freeBytes: 0, fileBytes: 0 }),
};

/** A store that has so many stories to forget and remembers how it was asked. */
function createForgetful(stories: number) {
  const calls: Retention[] = [];
  let left = stories;
  return {
    ...tidy,
    calls,
    async listForgettable(_keep: Retention, limit: number) {
      return Array.from({ length: Math.min(left, limit) }, (_, n) => n + 1);
    },
    async forgetStories(keep: Retention, { limit }: { readonly limit: number }) {
      calls.push(keep);
      const now = Math.min(left, limit);
      left -= now;
      return { stories: now, sightings: now };
    },
  };
}

const save = async () => {};

describe("the daemon's own pruning", () => {
  it("begins a minute after the start, in small steps with pauses, and comes again every hour", async () => {
    const clock = createManualClock();
    const store = createForgetful(120);
    let visible = 0;
    const keep: Keep = { kind: "count", stories: 10 };
    await using _pruner = startPruner({
      store,
      clock,
      log,
      save,
      keep: () => keep,
      onVisible: () => visible++,
    });
    await clock.advance(59_999);
    expect(store.calls).toEqual([]);
    await clock.advance(1);
    expect(store.calls).toEqual([{ newest: 10 }]);
    await clock.advance(1000);
    expect(store.calls).toHaveLength(5);
    expect(visible).toBe(1);
    await clock.advance(hourMs);
    expect(store.calls).toHaveLength(6);
    expect(visible).toBe(1);
  });

  it("counts an age from now, does nothing without keep, and looks at once when keep changes", async () => {
    const clock = createManualClock();
    const store = createForgetful(0);
    let keep: Keep | null = null;
    await using pruner = startPruner({ store, clock, log, save, keep: () => keep, onVisible: () => {} });
    await clock.advance(5 * hourMs);
    expect(store.calls).toEqual([]);
    keep = { kind: "age", ageMs: 24 * hourMs };
    pruner.wake();
    await clock.advance(0);
    expect(store.calls).toEqual([{ since: new Date(clock.now().getTime() - 24 * hourMs) }]);
  });

  it("goes on after a failure", async () => {
    const clock = createManualClock();
    let calls = 0;
    const store = {
      listForgettable: async () => [1],
      ...tidy,
      forgetStories: async () => {
        calls += 1;
        throw new Error("disk full");
      },
    };
    const keep: Keep = { kind: "count", stories: 1 };
    await using _pruner = startPruner({ store, clock, log, save, keep: () => keep, onVisible: () => {} });
    await clock.advance(60_000 + 2 * hourMs);
    expect(calls).toBe(3);
  });

  it("forgets nothing that could not be saved in the archives first", async () => {
    const clock = createManualClock();
    const store = createForgetful(30);
    const keep: Keep = { kind: "count", stories: 1 };
    const saved: number[] = [];
    const failing = async (numbers: ReadonlySet<number>) => {
      saved.push(numbers.size);
      if (saved.length === 2) throw new Error("disk full");
    };
    const options = { store, clock, log, keep: () => keep, onVisible: () => {}, save: failing };
    await using _pruner = startPruner(options);
    await clock.advance(62_000);
    expect(saved).toEqual([25, 5]);
    expect(store.calls).toHaveLength(1);
    await clock.advance(hourMs);
    expect(saved).toEqual([25, 5, 5]);
    expect(store.calls).toHaveLength(2);
  });
});

describe("tidying up", () => {
  const never = new AbortController().signal;
  /** A file that gives back as it is asked. */
  const createFile = (freeBytes: number, fileBytes: number) => {
    const asked: number[] = [];
    return {
      ...tidy,
      asked,
      async shrink({ bytesMax }: { readonly bytesMax: number }) {
        asked.push(bytesMax);
        const given = Math.min(bytesMax, freeBytes);
        freeBytes -= given;
        fileBytes -= given;
        return { freeBytes, fileBytes };
      },
    };
  };
  const mib = 2 ** 20;

  it("gives back in steps, until so little is free that it may stay", async () => {
    const file = createFile(30 * mib, 100 * mib);
    const isEnough = ({ freeBytes }: { readonly freeBytes: number }) => freeBytes <= 16 * mib;
    let pauses = 0;
    const pause = async () => void pauses++;
    expect(await tidyStore(file, { isEnough, pause }, never)).toEqual({ keys: 0, bytes: 16 * mib });
    expect([file.asked, pauses]).toEqual([[0, ...Array(4).fill(4 * mib)], 4]);
  });

  it("ends where nothing can be had, and where nothing is free", async () => {
    const isEnough = () => false;
    const stuck = { ...tidy, shrink: async () => ({ freeBytes: mib, fileBytes: 9 * mib }) };
    expect(await tidyStore(stuck, { isEnough }, never)).toEqual({ keys: 0, bytes: 0 });
    expect(await tidyStore(createFile(mib, 2 * mib), { isEnough }, never)).toEqual({ keys: 0, bytes: mib });
    expect(await tidyStore(tidy, { isEnough }, never)).toEqual({ keys: 0, bytes: 0 });
  });

  it("drops keys until none is left", async () => {
    const left = [500, 500, 3];
    const store = { ...tidy, dropForgottenKeys: async () => left.shift() ?? 0 };
    expect(await tidyStore(store, { isEnough: () => true }, never)).toEqual({ keys: 1003, bytes: 0 });
  });
});
