/** Turns at hosts for what is asked off the polls' path: a host that wants to be left alone is not waited for. */
import { FetchError } from "../errors.ts";
import type { Clock } from "../model.ts";
import type { HostLimit } from "../schedule/host-limit.ts";

export interface HostTurns {
  /** @throws FetchError when the host rests, or has so much to do that no turn comes in a minute */
  turn(host: string, signal: AbortSignal): Promise<Disposable>;
  /** The host asked to be left alone for so long (429, 503 with `Retry-After`). */
  rest(host: string, ms: number): void;
}

/** Longer than a host's turn commonly takes; a worker that waits asks nobody else. */
const waitMaxMs = 60_000;
const restingHostsMax = 1000;

export function createHostTurns(hosts: HostLimit, clock: Pick<Clock, "now">): HostTurns {
  const rests = new Map<string, Date>();
  return {
    async turn(host, signal) {
      const now = clock.now();
      const until = Math.max(
        rests.get(host)?.getTime() ?? 0,
        // What a source's poll was told holds for pages, too.
        hosts.restingUntil(host)?.getTime() ?? 0,
      );
      if (until > now.getTime())
        throw new FetchError("fetch/status", `${host} asked to be left alone for a while`, {
          url: host,
          retryAfterMs: until - now.getTime(),
        });
      const bound = AbortSignal.timeout(waitMaxMs);
      try {
        return await hosts.acquire(host, AbortSignal.any([signal, bound]));
      } catch (error) {
        if (signal.aborted || !bound.aborted) throw error;
        throw new FetchError("fetch/timeout", `${host} had no turn to give within a minute`, { url: host });
      }
    },
    rest(host, ms) {
      const now = clock.now().getTime();
      if (rests.size >= restingHostsMax)
        for (const [name, until] of rests) if (until.getTime() <= now) rests.delete(name);
      if (rests.size < restingHostsMax) rests.set(host, new Date(now + ms));
    },
  };
}
