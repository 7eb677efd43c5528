/**
 * Claims due sources and polls them, so many at a time. node-cron drives the tick (`tick.ts`) and checks cron expressions.
 *
 * Poll times live in the store, not here: a restart polls nothing early, and several workers share one store by leases.
 * A source whose host is busy or rests is held back without taking the place of another.
 */
import { validateDetailed } from "node-cron";
import { LeaseLostError } from "../errors.ts";
import type { Clock } from "../model.ts";
import type { ClaimedSource, Lease, Store } from "../store/store.ts";
import { nextCronTime } from "./cron-time.ts";
import type { HostLimit } from "./host-limit.ts";
import { startTick } from "./tick.ts";

export interface SchedulerOptions {
  readonly store: Pick<Store, "claimDueSources" | "releaseLease" | "renewLeases">;
  readonly clock: Clock;
  /** Polls at a time. */
  readonly concurrency: number;
  /** How long a claim holds unless it is prolonged, which happens while the poll runs: so long a dead worker's sources rest. */
  readonly leaseMs: number;
  /** Polls one source. What it throws is reported to `onError`; the source is tried again when its lease has run out. */
  readonly poll: (claimed: ClaimedSource, signal: AbortSignal) => Promise<void>;
  /** Polls of one host at a time; 2 where absent. */
  readonly perHost?: number;
  /** Hosts that asked for a rest are left alone. */
  readonly hosts?: Pick<HostLimit, "restingUntil">;
  /** `claimed` is null when the store could not be asked, which is told once until it answers again. */
  readonly onError?: (error: unknown, claimed: ClaimedSource | null) => void;
}

export interface Scheduler extends AsyncDisposable {
  /** Something became due: look now, not at the next tick. */
  wake(): void;
  /** Polls these sources now, due or not (a file that changed). One that is being polled is polled again afterwards. */
  pollNow(sourceIds: readonly string[]): void;
  /**
   * Claims no more, waits up to `drainMs` for the polls under way, then aborts them. Resolves when all have ended and
   * every lease is given back.
   */
  stop(drainMs: number): Promise<void>;
  /** Polls under way. */
  readonly runningCount: number;
}

/** Sources claimed and held back for their hosts, at most. */
const heldMax = 20_000;
/** Leases given back per look at the store, so that a crowded host does not stop the event loop. */
const returnsPerLook = 50;
/** Leases prolonged in one write, for the same reason. */
const renewedPerCall = 500;
/** How long aborted polls are waited for. */
const abortGraceMs = 1000;
const defaultPerHost = 2;
const stopDrainMs = 8000;

/** Starts to poll. The first look at the store is at once. */
export function startScheduler(options: SchedulerOptions): Scheduler {
  return new PollScheduler(options);
}

interface RunningPoll {
  readonly claimed: ClaimedSource;
  /** Ends this poll, when its lease is lost. */
  readonly abort: AbortController;
  readonly host: string;
  readonly done: Promise<void>;
}

class PollScheduler implements Scheduler {
  readonly #options: SchedulerOptions;
  readonly #perHost: number;
  readonly #tick: { stop(): Promise<void> };
  readonly #abort = new AbortController();
  readonly #running = new Map<string, RunningPoll>();
  readonly #runningPerHost = new Map<string, number>();
  /** Claimed sources that wait for their host, by host, in the order of their claims. */
  readonly #held = new Map<string, ClaimedSource[]>();
  #heldCount = 0;
  /** Claims that were held for too long, to be given back. */
  #stale: ClaimedSource[] = [];
  /** Ids to poll out of turn; they stay until they are claimed. */
  readonly #wanted = new Set<string>();
  /** The look at the store under way, and whether another one is wanted after it. */
  #looking: Promise<void> | null = null;
  #looksAgain = false;
  /** The last look ended for want of places, not of due sources. */
  #hasMore = false;
  #isStoreFailing = false;
  #stopping: Promise<void> | null = null;
  #renewing: Promise<void> | null = null;
  #renewedAtMs: number;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#perHost = options.perHost ?? defaultPerHost;
    this.#renewedAtMs = options.clock.now().getTime();
    this.#tick = startTick(() => {
      this.#renewWhenTime();
      this.wake();
    });
    this.wake();
  }

  get runningCount(): number {
    return this.#running.size;
  }

  wake(): void {
    if (this.#stopping) return;
    if (this.#looking) {
      this.#looksAgain = true;
      return;
    }
    this.#looking = this.#look().finally(() => {
      this.#looking = null;
      if (this.#looksAgain) {
        this.#looksAgain = false;
        this.wake();
      }
    });
  }

  pollNow(sourceIds: readonly string[]): void {
    for (const id of sourceIds) this.#wanted.add(id);
    this.wake();
  }

  stop(drainMs: number): Promise<void> {
    this.#stopping ??= this.#drain(drainMs);
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop(stopDrainMs);
  }

  /** Starts what is held, then claims more, until every place is taken or nothing is due. */
  async #look(): Promise<void> {
    try {
      this.#startHeld();
      await Promise.all(this.#stale.splice(0, returnsPerLook).map((claimed) => this.#giveBack(claimed)));
      await this.#claimWanted();
      this.#hasMore = true;
      while (this.#hasMore && !this.#stopping) {
        const limit = Math.min(this.#options.concurrency - this.#running.size, heldMax - this.#heldCount);
        if (limit <= 0) break;
        this.#hasMore = (await this.#claim({ limit })) === limit;
      }
      this.#isStoreFailing = false;
    } catch (error) {
      // The next tick asks again; the trouble is told once.
      this.#hasMore = false;
      if (!this.#isStoreFailing) this.#options.onError?.(error, null);
      this.#isStoreFailing = true;
    }
  }

  async #claimWanted(): Promise<void> {
    const onlyIds = [...this.#wanted].filter((id) => !this.#running.has(id));
    if (onlyIds.length === 0 || this.#stopping) return;
    for (const id of onlyIds) this.#wanted.delete(id);
    try {
      await this.#claim({ limit: onlyIds.length, onlyIds });
    } catch (error) {
      for (const id of onlyIds) this.#wanted.add(id);
      throw error;
    }
  }

  async #claim(request: { readonly limit: number; readonly onlyIds?: readonly string[] }): Promise<number> {
    const { store, clock, leaseMs } = this.#options;
    const claimed = await store.claimDueSources({ now: clock.now(), leaseMs, ...request });
    for (const one of claimed) this.#hold(one);
    this.#startHeld();
    return claimed.length;
  }

  #hold(claimed: ClaimedSource): void {
    const host = hostOf(claimed);
    const queue = this.#held.get(host);
    if (queue) queue.push(claimed);
    else this.#held.set(host, [claimed]);
    this.#heldCount++;
  }

  #startHeld(): void {
    if (this.#stopping) return;
    for (const [host, queue] of this.#held) {
      this.#dropStale(queue);
      while (this.#isFree(host)) {
        // A source whose last poll outlived its lease can be claimed again; it waits for that poll's end.
        const index = queue.findIndex(({ source }) => !this.#running.has(source.id));
        const [claimed] = index < 0 ? [] : queue.splice(index, 1);
        if (!claimed) break;
        this.#heldCount--;
        this.#start(claimed, host);
      }
      if (queue.length === 0) this.#held.delete(host);
      if (this.#running.size >= this.#options.concurrency) return;
    }
  }

  #isFree(host: string): boolean {
    const { concurrency, hosts } = this.#options;
    if (this.#running.size >= concurrency) return false;
    // Local sources have no host to spare.
    if (host === "") return true;
    return (this.#runningPerHost.get(host) ?? 0) < this.#perHost && !hosts?.restingUntil(host);
  }

  /** A poll under a claim that was held for too long could outlive its lease. Such a source is claimed anew. */
  #dropStale(queue: ClaimedSource[]): void {
    const { clock, leaseMs } = this.#options;
    const latest = clock.now().getTime() + leaseMs / 2;
    const firstFresh = queue.findIndex(({ lease }) => lease.expiresAt.getTime() >= latest);
    const dropped = queue.splice(0, firstFresh < 0 ? queue.length : firstFresh);
    this.#heldCount -= dropped.length;
    this.#stale = this.#stale.concat(dropped);
  }

  /** Three times in a lease's life, so that a store which is away for a moment costs no poll. */
  #renewWhenTime(): void {
    const { clock, leaseMs } = this.#options;
    const now = clock.now();
    const sinceMs = now.getTime() - this.#renewedAtMs;
    // A clock that was set back does not stop it.
    if (this.#renewing !== null || (sinceMs >= 0 && sinceMs < leaseMs / 3)) return;
    this.#renewedAtMs = now.getTime();
    this.#renewing = this.#renew(now).finally(() => {
      this.#renewing = null;
    });
  }

  async #renew(now: Date): Promise<void> {
    const { store, leaseMs, onError } = this.#options;
    const claims = [
      ...[...this.#running.values()].map(({ claimed }) => claimed),
      ...[...this.#held.values()].flat(),
    ];
    try {
      for (let start = 0; start < claims.length; start += renewedPerCall) {
        const leases = claims.slice(start, start + renewedPerCall).map(({ lease }) => lease);
        const held = await store.renewLeases(leases, { now, leaseMs });
        this.#takeRenewed(leases, new Map(held.map((lease) => [lease.sourceId, lease])));
      }
    } catch (error) {
      if (!this.#isStoreFailing) onError?.(error, null);
    }
  }

  /** What is lost was taken over by another worker: its poll ends, since what it would write is refused. */
  #takeRenewed(asked: readonly Lease[], renewed: ReadonlyMap<string, Lease>): void {
    const isAsked = new Map(asked.map(({ sourceId, generation }) => [sourceId, generation]));
    for (const { claimed, abort } of this.#running.values()) {
      const { sourceId, generation } = claimed.lease;
      if (isAsked.get(sourceId) === generation && !renewed.has(sourceId))
        abort.abort(new LeaseLostError(sourceId));
    }
    for (const [host, queue] of this.#held) {
      const kept = queue.flatMap((claimed) => {
        const { sourceId, generation } = claimed.lease;
        if (isAsked.get(sourceId) !== generation) return [claimed];
        const lease = renewed.get(sourceId);
        return lease === undefined ? [] : [{ ...claimed, lease }];
      });
      this.#heldCount -= queue.length - kept.length;
      this.#held.set(host, kept);
    }
  }

  #start(claimed: ClaimedSource, host: string): void {
    const { id } = claimed.source;
    const abort = new AbortController();
    this.#runningPerHost.set(host, (this.#runningPerHost.get(host) ?? 0) + 1);
    const done = this.#run(claimed, AbortSignal.any([this.#abort.signal, abort.signal]));
    this.#running.set(id, { claimed, host, abort, done: done.finally(() => this.#end(id, host)) });
  }

  async #run(claimed: ClaimedSource, signal: AbortSignal): Promise<void> {
    const { poll, onError } = this.#options;
    try {
      await poll(claimed, signal);
    } catch (error) {
      if (this.#abort.signal.aborted) return this.#giveBack(claimed);
      if (signal.aborted) return;
      // Another worker has the source now, and will record what there is.
      if (error instanceof LeaseLostError) return;
      // One source never touches another. Its lease stays until it runs out, so that a poll which always throws is no loop.
      onError?.(error, claimed);
    }
  }

  #end(id: string, host: string): void {
    this.#running.delete(id);
    const left = (this.#runningPerHost.get(host) ?? 1) - 1;
    if (left > 0) this.#runningPerHost.set(host, left);
    else this.#runningPerHost.delete(host);
    // With nothing left over, the next tick is soon enough.
    if (this.#hasMore || this.#heldCount > 0 || this.#wanted.size > 0) this.wake();
  }

  async #drain(drainMs: number): Promise<void> {
    await this.#tick.stop();
    await this.#looking;
    await this.#renewing;
    const unused = [...this.#held.values(), this.#stale].flat();
    this.#held.clear();
    this.#heldCount = 0;
    this.#stale = [];
    const givingBack = unused.map((claimed) => this.#giveBack(claimed));
    if (!(await this.#settleWithin(drainMs))) {
      this.#abort.abort(new Error("Mainstem is stopping"));
      await this.#settleWithin(abortGraceMs);
    }
    // What still runs does not heed the signal; whatever it writes later is refused for want of its lease.
    for (const { claimed } of this.#running.values()) givingBack.push(this.#giveBack(claimed));
    await Promise.all(givingBack);
  }

  #giveBack({ lease }: ClaimedSource): Promise<void> {
    const { store, onError } = this.#options;
    return store.releaseLease(lease).catch((error: unknown) => onError?.(error, null));
  }

  /** Have all polls ended within `ms`? */
  async #settleWithin(ms: number): Promise<boolean> {
    const polls = Promise.all([...this.#running.values()].map(({ done }) => done));
    const timer = new AbortController();
    const timeout = this.#options.clock.sleep(ms, timer.signal).then(
      () => false,
      () => false,
    );
    const isSettled = await Promise.race([polls.then(() => true), timeout]);
    timer.abort();
    return isSettled;
  }
}

/** The host that a poll of the source leans on; empty for local files. */
function hostOf({ source }: ClaimedSource): string {
  const url = URL.parse(source.currentUrl ?? source.location);
  return url !== null && /^https?:$/.test(url.protocol) ? url.host : "";
}

const expressionLengthMax = 200;

/**
 * What is wrong with a cron expression of five or six fields (seconds first) or a name such as `@daily`; null if sound:
 * node-cron knows it and some day fits it.
 */
export function cronProblem(expression: string): string | null {
  return syntaxProblem(expression) ?? calendarProblem(expression);
}

function syntaxProblem(expression: string): string | null {
  if (expression.length > expressionLengthMax) return "it is too long";
  // No field has numbers of more than two digits, and node-cron would write a range of larger ones out in full.
  const long = /\d{3,}/.exec(expression);
  if (long) return `${long[0]} is too large for any field`;
  const { errors, valid } = validateDetailed(expression);
  if (valid) return null;
  const problems = errors.map(({ field, value, message }) =>
    field === "expression" ? message : `${value} is not possible as ${fieldName(field)}`,
  );
  return problems.join("; ") || "it is no cron expression";
}

/** `dayOfMonth` in words. */
function fieldName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function calendarProblem(expression: string): string | null {
  try {
    nextCronTime(expression, new Date(0));
    return null;
  } catch (error) {
    return (error as RangeError).message;
  }
}
