/** How hard one host is leant on: so many requests at a time, a pause between them, and a rest when it asks for one. */
import type { Clock } from "../model.ts";

export interface HostLimitOptions {
  /** Requests to one host in flight at a time. */
  readonly perHost: number;
  /** Between the end of one request and the start of the next on that host. */
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

interface Host {
  /** Turns given and not over. */
  busyCount: number;
  pausedUntilMs: number;
  restUntilMs: number;
  /** When the rest was asked for; a clock set back to before that ends it. */
  restSetAtMs: number;
  /** Those who wait, by what gives them their turn, first come first. */
  readonly waiting: Set<(turn: Disposable) => void>;
  /** Ends the sleep until the next turn can be given. */
  alarm: AbortController | null;
}

/** Idle hosts are forgotten when so many are known. */
const hostsKept = 4096;
/** Clocks are set by less than this without anybody noticing. */
const clockSlackMs = 60_000;

/** A limit that holds for all hosts alike. It keeps no timers while nobody waits, and no memory of hosts long idle. */
export function createHostLimit({ perHost, pauseMs, clock }: HostLimitOptions): HostLimit {
  const hosts = new Map<string, Host>();
  let sweepAt = hostsKept;

  function hostOf(name: string): Host {
    const known = hosts.get(name);
    if (known) return known;
    if (hosts.size >= sweepAt) sweep();
    const host: Host = {
      busyCount: 0,
      pausedUntilMs: 0,
      restUntilMs: 0,
      restSetAtMs: 0,
      waiting: new Set(),
      alarm: null,
    };
    hosts.set(name, host);
    return host;
  }

  function sweep(): void {
    const nowMs = clock.now().getTime();
    for (const [name, host] of hosts) {
      if (host.busyCount + host.waiting.size === 0 && freeAt(host) <= nowMs) hosts.delete(name);
    }
    // Doubling keeps the sweeps linear in all when most hosts are in use.
    sweepAt = Math.max(hostsKept, 2 * hosts.size);
  }

  /** From when on a turn can be given (ms); infinity while all are taken. */
  function freeAt({ busyCount, pausedUntilMs, restUntilMs }: Host): number {
    return busyCount >= perHost ? Number.POSITIVE_INFINITY : Math.max(pausedUntilMs, restUntilMs);
  }

  /** After the wall clock was set back, what was to end soon would end in a day. */
  function followClock(host: Host, nowMs: number): void {
    host.pausedUntilMs = Math.min(host.pausedUntilMs, nowMs + pauseMs);
    if (host.restSetAtMs > nowMs + clockSlackMs) host.restUntilMs = 0;
  }

  function giveTurns(host: Host): void {
    host.alarm?.abort();
    host.alarm = null;
    const nowMs = clock.now().getTime();
    followClock(host, nowMs);
    for (const grant of host.waiting) {
      const atMs = freeAt(host);
      if (atMs > nowMs) {
        wakeAt(host, atMs);
        return;
      }
      host.waiting.delete(grant);
      host.busyCount++;
      grant(turnOf(host));
    }
  }

  /** Gives turns again at an instant. With all turns taken, whoever ends one does. */
  function wakeAt(host: Host, atMs: number): void {
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

  function turnOf(host: Host): Disposable {
    let isOver = false;
    return {
      [Symbol.dispose]() {
        if (isOver) return;
        isOver = true;
        host.busyCount--;
        host.pausedUntilMs = clock.now().getTime() + pauseMs;
        giveTurns(host);
      },
    };
  }

  return {
    acquire(name, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const host = hostOf(name);
        const grant = (turn: Disposable) => {
          signal.removeEventListener("abort", onAbort);
          resolve(turn);
        };
        const onAbort = () => {
          host.waiting.delete(grant);
          giveTurns(host);
          reject(signal.reason);
        };
        signal.addEventListener("abort", onAbort, { once: true });
        host.waiting.add(grant);
        giveTurns(host);
      });
    },
    rest(name, until) {
      const host = hostOf(name);
      host.restUntilMs = Math.max(host.restUntilMs, until.getTime());
      host.restSetAtMs = clock.now().getTime();
      giveTurns(host);
    },
    restingUntil(name) {
      const host = hosts.get(name);
      if (host === undefined) return null;
      const nowMs = clock.now().getTime();
      followClock(host, nowMs);
      return host.restUntilMs > nowMs ? new Date(host.restUntilMs) : null;
    },
  };
}
