import { describe, expect, it } from "vitest";
import { createHostLimit } from "../../src/schedule/host-limit.ts";
import { createManualClock, settle } from "../support/manual-clock.ts";

const never = new AbortController().signal;

function build(options: { perHost?: number; pauseMs?: number } = {}) {
  const clock = createManualClock();
  const hosts = createHostLimit({ perHost: 2, pauseMs: 0, clock, ...options });
  const started: string[] = [];
  /** Asks for a turn and writes down when it comes. */
  const ask = async (name: string, host = "example.org", signal = never) => {
    const turn = await hosts.acquire(host, signal);
    started.push(name);
    return turn;
  };
  return { clock, hosts, started, ask };
}

describe("createHostLimit", () => {
  it("gives so many turns at a host, the others in the order they asked", async () => {
    const { started, ask } = build();
    const a = await ask("a");
    const b = await ask("b");
    const c = ask("c");
    const d = ask("d");
    await settle();
    expect(started).toEqual(["a", "b"]);
    b[Symbol.dispose]();
    await c;
    a[Symbol.dispose]();
    await d;
    expect(started).toEqual(["a", "b", "c", "d"]);
  });

  it("does not count one host for another", async () => {
    const { started, ask } = build({ perHost: 1 });
    await ask("a", "one.example");
    await ask("b", "two.example");
    expect(started).toEqual(["a", "b"]);
  });

  it("ends a turn once, however often it is disposed of", async () => {
    const { started, ask } = build({ perHost: 1 });
    const a = await ask("a");
    void ask("b");
    void ask("c");
    a[Symbol.dispose]();
    a[Symbol.dispose]();
    await settle();
    expect(started).toEqual(["a", "b"]);
  });

  it("pauses between the end of a turn and the start of the next, whoever had it", async () => {
    const { clock, started, ask } = build({ pauseMs: 1000 });
    const a = await ask("a");
    const b = await ask("b");
    void ask("c");
    void ask("d");
    a[Symbol.dispose]();
    await clock.advance(400);
    b[Symbol.dispose]();
    await clock.advance(999);
    expect(started).toEqual(["a", "b"]);
    await clock.advance(1);
    expect(started).toEqual(["a", "b", "c", "d"]);
  });

  it("does not pause before the first turns, nor when the pause is over by itself", async () => {
    const { clock, started, ask } = build({ pauseMs: 1000 });
    const a = await ask("a");
    await ask("b");
    expect(clock.sleeperCount).toBe(0);
    a[Symbol.dispose]();
    await clock.advance(1000);
    await ask("c");
    expect(started).toEqual(["a", "b", "c"]);
    expect(clock.sleeperCount).toBe(0);
  });

  it("waits for no clock while every turn is taken: whoever ends one wakes the next", async () => {
    const { clock, started, ask } = build({ perHost: 1, pauseMs: 1000 });
    const a = await ask("a");
    void ask("b");
    await clock.advance(60_000);
    expect(started).toEqual(["a"]);
    expect(clock.sleeperCount).toBe(0);
    a[Symbol.dispose]();
    expect(clock.sleeperCount).toBe(1);
    await clock.advance(1000);
    expect(started).toEqual(["a", "b"]);
  });

  it("remembers a rest through 30,000 other hosts that came and went", async () => {
    const { clock, hosts, ask } = build({ pauseMs: 1000 });
    const until = new Date(clock.now().getTime() + 60_000);
    hosts.rest("resting.example", until);
    for (let count = 0; count < 10_000; count++) {
      const turn = await ask("turn", `host${count}.example`);
      turn[Symbol.dispose]();
    }
    await clock.advance(2000);
    for (let count = 0; count < 20_000; count++) {
      const turn = await ask("turn", `other${count}.example`);
      turn[Symbol.dispose]();
    }
    expect(hosts.restingUntil("resting.example")).toEqual(until);
  });

  it("lets a host rest until the instant, and says so", async () => {
    const { clock, hosts, started, ask } = build();
    const until = new Date(clock.now().getTime() + 60_000);
    hosts.rest("example.org", until);
    expect(hosts.restingUntil("example.org")).toEqual(until);
    expect(hosts.restingUntil("other.example")).toBeNull();
    void ask("a");
    void ask("b", "other.example");
    await clock.advance(59_999);
    expect(started).toEqual(["b"]);
    await clock.advance(1);
    expect(started).toEqual(["b", "a"]);
    expect(hosts.restingUntil("example.org")).toBeNull();
  });

  it("never shortens a rest, and prolongs it for those who wait already", async () => {
    const { clock, hosts, started, ask } = build();
    const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms);
    hosts.rest("example.org", at(10_000));
    void ask("a");
    hosts.rest("example.org", at(5000));
    hosts.rest("example.org", at(20_000));
    await clock.advance(19_999);
    expect(started).toEqual([]);
    await clock.advance(1);
    expect(started).toEqual(["a"]);
  });

  it("lets who is aborted leave the queue, with the reason, and no timer stays", async () => {
    const { clock, hosts, started, ask } = build({ perHost: 1 });
    const a = await ask("a");
    const control = new AbortController();
    const b = ask("b", "example.org", control.signal);
    const c = ask("c");
    control.abort(new Error("stopping"));
    await expect(b).rejects.toThrow("stopping");
    a[Symbol.dispose]();
    await c;
    expect(started).toEqual(["a", "c"]);

    hosts.rest("resting.example", new Date(clock.now().getTime() + 1000));
    const late = new AbortController();
    const d = ask("d", "resting.example", late.signal);
    expect(clock.sleeperCount).toBe(1);
    late.abort(new Error("stopping"));
    await expect(d).rejects.toThrow("stopping");
    expect(clock.sleeperCount).toBe(0);
    await expect(hosts.acquire("example.org", AbortSignal.abort(new Error("before")))).rejects.toThrow(
      "before",
    );
  });

  it("never has more in flight than it may, over many hosts and turns", async () => {
    const { clock, ask } = build({ pauseMs: 10 });
    const busy = new Map<string, number>();
    let most = 0;
    let done = 0;
    const work = async (index: number) => {
      const host = `host-${index % 3}`;
      using _turn = await ask(String(index), host);
      const count = (busy.get(host) ?? 0) + 1;
      busy.set(host, count);
      most = Math.max(most, count);
      await clock.sleep(5 + (index % 7), never);
      busy.set(host, (busy.get(host) ?? 0) - 1);
      done++;
    };
    const all = Promise.all(Array.from({ length: 90 }, (_, index) => work(index)));
    await clock.advance(10_000);
    await all;
    expect(done).toBe(90);
    expect(most).toBe(2);
  });
});
