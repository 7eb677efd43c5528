/** How hard one host is leant on: so many requests at a time, a pause between them, and a rest when it asks for one. */
import type { Clock } from "../model.ts";

export interface HostLimitOptions {
  /** Requests to one host in flight at a time. */
  readonly perHost: number;
  /** Between the end of one request and the start of the next that takes its place. */
  readonly pauseMs: number;
  readonly clock: Clock;
}

export interface HostLimit {
  /**
   * Waits for a turn at the host; disposing of it ends the turn. Turns are given in the order they were asked for.
   * @throws the signal's reason when aborted while waiting
   */
  acquire(host: string, signal: AbortSignal): Promise<Disposable>;
  /** Nobody gets a turn at the host before `until`. A longer rest that was set before stays. */
  rest(host: string, until: Date): void;
  /** Until when the host rests, or null. */
  restingUntil(host: string): Date | null;
}

interface Waiter {
  readonly grant: (turn: Disposable) => void;
}

interface Host {
  busy: number;
  /** For each turn that ended and was not given on: from when on it may be given again (ms). */
  readonly pausing: number[];
  readonly waiting: Set<Waiter>;
  restUntilMs: number;
  /** Ends the sleep of whoever waits for the next turn to become free. */
  alarm: AbortController | null;
}

/** Idle hosts are forgotten when so many are known. */
const hostsKept = 4096;

/** A limit that holds for all hosts alike. It keeps no timers while nobody waits. */
export function createHostLimit({ perHost, pauseMs, clock }: HostLimitOptions): HostLimit {
  const hosts = new Map<string, Host>();
  let sweepAt = hostsKept;

  function hostOf(name: string): Host {
    const known = hosts.get(name);
    if (known) return known;
    if (hosts.size >= sweepAt) sweep();
    const host: Host = { busy: 0, pausing: [], waiting: new Set(), restUntilMs: 0, alarm: null };
    hosts.set(name, host);
    return host;
  }

  function sweep(): void {
    const nowMs = clock.now().getTime();
    for (const [name, { busy, waiting, pausing, restUntilMs }] of hosts) {
      if (busy + waiting.size === 0 && Math.max(restUntilMs, ...pausing) <= nowMs) hosts.delete(name);
    }
    sweepAt = Math.max(hostsKept, 2 * hosts.size);
  }

  /** When the next turn is free: 0 for at once, infinity for when one ends. */
  function freeAt(host: Host): number {
    if (host.busy >= perHost) return Number.POSITIVE_INFINITY;
    const isUnused = host.busy + host.pausing.length < perHost;
    return Math.max(host.restUntilMs, isUnused ? 0 : Math.min(...host.pausing));
  }

  function giveTurns(host: Host): void {
    for (const waiter of host.waiting) {
      const nowMs = clock.now().getTime();
      const atMs = freeAt(host);
      if (atMs > nowMs) {
        wakeAt(host, atMs);
        return;
      }
      host.waiting.delete(waiter);
      const ripe = host.pausing.findIndex((ms) => ms <= nowMs);
      if (ripe >= 0) host.pausing.splice(ripe, 1);
      host.busy++;
      waiter.grant(turnOf(host));
    }
    host.alarm?.abort();
    host.alarm = null;
  }

  function turnOf(host: Host): Disposable {
    let isOver = false;
    return {
      [Symbol.dispose]() {
        if (isOver) return;
        isOver = true;
        host.busy--;
        if (pauseMs > 0) host.pausing.push(clock.now().getTime() + pauseMs);
        giveTurns(host);
      },
    };
  }

  function wakeAt(host: Host, atMs: number): void {
    host.alarm?.abort();
    host.alarm = null;
    if (atMs === Number.POSITIVE_INFINITY) return;
    const alarm = new AbortController();
    host.alarm = alarm;
    clock.sleep(atMs - clock.now().getTime(), alarm.signal).then(
      () => {
        if (host.alarm === alarm) giveTurns(host);
      },
      () => {},
    );
  }

  return {
    acquire(name, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const host = hostOf(name);
        const onAbort = () => {
          host.waiting.delete(waiter);
          if (host.waiting.size === 0) giveTurns(host);
          reject(signal.reason);
        };
        const waiter: Waiter = {
          grant(turn) {
            signal.removeEventListener("abort", onAbort);
            resolve(turn);
          },
        };
        signal.addEventListener("abort", onAbort, { once: true });
        host.waiting.add(waiter);
        giveTurns(host);
      });
    },
    rest(name, until) {
      const host = hostOf(name);
      host.restUntilMs = Math.max(host.restUntilMs, until.getTime());
      giveTurns(host);
    },
    restingUntil(name) {
      const until = hosts.get(name)?.restUntilMs ?? 0;
      return until > clock.now().getTime() ? new Date(until) : null;
    },
  };
}
