import { beforeEach, describe, expect, it } from "vitest";
import { ClaimQueue } from "../../src/schedule/claim-queue.ts";
import type { ClaimedSource } from "../../src/store/store.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { MemoryClaims } from "./memory-claims.ts";

const leaseMs = 60_000;
let running = new Set<string>();
let resting = new Set<string>();
let stale = new Set<string>();
beforeEach(() => {
  running = new Set();
  resting = new Set();
  stale = new Set();
});

function build(perHost = 2): ClaimQueue {
  return new ClaimQueue({
    perHost,
    hosts: { restingUntil: (host) => (resting.has(host) ? new Date(1) : null) },
    isRunning: (id) => running.has(id),
    isFresh: ({ source }) => !stale.has(source.id),
  });
}

/** Claims of sources that are written as `ID@HOST`, or as the path of a local file. */
async function claims(...names: readonly string[]): Promise<readonly ClaimedSource[]> {
  const clock = createManualClock();
  const store = new MemoryClaims(clock);
  for (const name of names) {
    const [id = "", host] = name.split("@");
    if (host === undefined) store.addAt(id, `/feeds/${id}`);
    else store.add(id, host);
  }
  return store.claimDueSources({ now: clock.now(), limit: names.length, leaseMs });
}

async function fill(queue: ClaimQueue, ...names: readonly string[]): Promise<void> {
  for (const claimed of await claims(...names)) queue.add(claimed);
}

/** Takes what is ready. */
function takeAll(queue: ClaimQueue): readonly string[] {
  const ids: string[] = [];
  for (let turn = queue.take(); turn !== null; turn = queue.take()) ids.push(turn.claimed.source.id);
  return ids;
}

describe("ClaimQueue", () => {
  it("gives so many turns of a host at a time, in the order of the claims, and the next one when one ends", async () => {
    const queue = build();
    await fill(queue, "a1@a", "a2@a", "a3@a", "b1@b", "a4@a");
    expect([queue.readyCount, queue.waitingCount]).toEqual([3, 2]);
    expect(takeAll(queue)).toEqual(["a1", "a2", "b1"]);
    queue.end("b");
    expect(takeAll(queue)).toEqual([]);
    queue.end("a");
    expect([queue.readyCount, queue.waitingCount]).toEqual([1, 1]);
    queue.end("a");
    expect(takeAll(queue)).toEqual(["a3", "a4"]);
  });

  it("gives local sources a turn each", async () => {
    const queue = build(1);
    await fill(queue, "one", "two", "three");
    expect(takeAll(queue)).toEqual(["one", "two", "three"]);
  });

  it("has a source that is being polled wait for the end of that poll, and others of its host pass it", async () => {
    const queue = build();
    running.add("a1");
    await fill(queue, "a1@a", "a2@a");
    expect(takeAll(queue)).toEqual(["a2"]);
    running.delete("a1");
    queue.end("a");
    expect(takeAll(queue)).toEqual(["a1"]);
  });

  it("looks once more before it hands one out: a rest that began and a poll that runs hold it back, its turn goes to another", async () => {
    const queue = build(1);
    await fill(queue, "a1@a", "a2@a", "b1@b");
    running.add("a1");
    resting.add("b");
    expect(takeAll(queue)).toEqual(["a2"]);
    expect(queue.waitingCount).toBe(2);
    running.delete("a1");
    queue.end("a");
    expect(takeAll(queue)).toEqual(["a1"]);
    queue.refresh();
    expect(takeAll(queue)).toEqual([]);
    resting.delete("b");
    queue.refresh();
    expect(takeAll(queue)).toEqual(["b1"]);
  });

  it("sorts out what has waited for too long, with a turn or without, so many at a time", async () => {
    const queue = build(1);
    await fill(queue, "a1@a", "a2@a", "a3@a", "b1@b");
    for (const id of ["a1", "a2"]) stale.add(id);
    queue.refresh();
    expect([queue.readyCount, queue.waitingCount]).toEqual([2, 1]);
    expect(takeAll(queue)).toEqual(["b1", "a3"]);
    expect(queue.takeStale(1).map(({ source }) => source.id)).toEqual(["a2"]);
    expect(queue.takeStale(9).map(({ source }) => source.id)).toEqual(["a1"]);
    expect(queue.takeStale(9)).toEqual([]);
  });

  it("puts renewed leases in the place of the old ones, and drops what is not ours any more with its turn", async () => {
    const queue = build(1);
    await fill(queue, "a1@a", "a2@a", "b1@b", "b2@b");
    const until = new Date(7);
    queue.renew((claimed) =>
      ["a1", "b2"].includes(claimed.source.id)
        ? null
        : { ...claimed, lease: { ...claimed.lease, expiresAt: until } },
    );
    expect(queue.list().map(({ source, lease }) => [source.id, lease.expiresAt])).toEqual([
      ["a2", until],
      ["b1", until],
    ]);
    expect([queue.readyCount, queue.waitingCount]).toEqual([2, 0]);
    expect([...takeAll(queue)].sort()).toEqual(["a2", "b1"]);
  });

  it("is empty when it was cleared, and its hosts have all their turns", async () => {
    const queue = build(1);
    await fill(queue, "a1@a", "a2@a", "b1@b");
    stale.add("b1");
    expect(takeAll(queue)).toEqual(["a1"]);
    const left = queue.clear().map(({ source }) => source.id);
    expect(left.sort()).toEqual(["a2", "b1"]);
    expect([queue.readyCount, queue.waitingCount, queue.list().length]).toEqual([0, 0, 0]);
    stale.clear();
    await fill(queue, "b2@b", "a3@a");
    expect(takeAll(queue)).toEqual(["b2"]);
    queue.end("a");
    expect(takeAll(queue)).toEqual(["a3"]);
  });
});
