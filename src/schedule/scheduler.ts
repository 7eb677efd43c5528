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
import { ClaimQueue, type Turn } from "./claim-queue.ts";
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

/** Sources claimed that wait for their hosts, at most. */
const waitingMax = 20_000;
/** For so long, at the rate at which polls end, there are claims that are ready. */
const aheadMs = 100;
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
  /** Ends this poll: its lease is lost, or Mainstem stops. */
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

class PollScheduler implements Scheduler {
  readonly #options: SchedulerOptions;
  readonly #tick: { stop(): Promise<void> };
  readonly #running = new Map<string, RunningPoll>();
  readonly #queue: ClaimQueue;
  /** Ids to poll out of turn; they stay until they are claimed. */
  readonly #wanted = new Set<string>();
  /** The look at the store under way, and whether another one is wanted after it. */
  #looking: Promise<void> | null = null;
  #looksAgain = false;
  /** The last claim brought as many as were asked for: more may be due. */
  #hasMore = false;
  /** Claims that are to be ready beside the polls that run; see `#countAhead`. */
  #aheadCount = 0;
  /** Polls that have ended since then. */
  #endedCount = 0;
  #countedAtMs: number;
  #isStoreFailing = false;
  #isAborting = false;
  #stopping: Promise<void> | null = null;
  #renewing: Promise<void> | null = null;
  #renewedAtMs: number;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const { clock, leaseMs, perHost = defaultPerHost, hosts } = options;
    this.#queue = new ClaimQueue({
      perHost,
      hosts,
      isRunning: (id) => this.#running.has(id),
      isFresh: ({ lease }) => lease.expiresAt.getTime() >= clock.now().getTime() + leaseMs / 2,
    });
    this.#renewedAtMs = clock.now().getTime();
    this.#countedAtMs = this.#renewedAtMs;
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
    this.#queue.refresh();
    this.#startReady();
    this.#lookSoon();
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

  /** Looks at the store, now or when the look under way has ended. */
  #lookSoon(): void {
    if (this.#stopping) return;
    this.#looksAgain = this.#looking !== null;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
      // A poll may have ended after the look took its last count.
      if (this.#looksAgain || this.#needsMore) this.#lookSoon();
    });
  }

  /** Claims until every place is taken and enough is ready, or nothing more is due. */
  async #look(): Promise<void> {
    try {
      await Promise.all(this.#queue.takeStale(returnsPerLook).map((claimed) => this.#giveBack(claimed)));
      await this.#claimWanted();
      do await this.#claimDue();
      while (this.#needsMore && !this.#looksAgain);
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

  /** Claims what there are places for, and what is to be ready beside that. */
  async #claimDue(): Promise<void> {
    this.#countAhead();
    this.#hasMore = true;
    const limit = Math.min(this.#missingCount, waitingMax - this.#queue.waitingCount);
    if (limit > 0 && !this.#stopping) this.#hasMore = (await this.#claim({ limit })) === limit;
  }

  /**
   * As many are to be ready as have lately ended in a tenth of a second. Where polls are short, the next ones start at once while the store is
   * asked for more; where they are long, one or none is kept from other workers.
   */
  #countAhead(): void {
    const nowMs = this.#options.clock.now().getTime();
    const sinceMs = nowMs - this.#countedAtMs;
    // Over a shorter time it would be chance: polls end in twos and threes. Negative: the clock was set back.
    if (sinceMs >= 0 && sinceMs < aheadMs) return;
    const endedCount = Math.ceil((this.#endedCount * aheadMs) / Math.max(aheadMs, sinceMs));
    this.#aheadCount = Math.min(this.#options.concurrency, endedCount);
    this.#endedCount = 0;
    this.#countedAtMs = nowMs;
  }

  /** Free places and claims that are to be ready, less those that are. */
  get #missingCount(): number {
    return this.#options.concurrency - this.#running.size + this.#aheadCount - this.#queue.readyCount;
  }

  get #needsMore(): boolean {
    if (!this.#hasMore || this.#stopping || this.#queue.waitingCount >= waitingMax) return false;
    // Not for each poll that ends: a claim of many costs little more than one of a single source.
    return this.#missingCount > 0 && this.#queue.readyCount <= this.#aheadCount / 2;
  }

  async #claim(request: { readonly limit: number; readonly onlyIds?: readonly string[] }): Promise<number> {
    const { store, clock, leaseMs } = this.#options;
    const claimed = await store.claimDueSources({ now: clock.now(), leaseMs, ...request });
    for (const one of claimed) this.#queue.add(one);
    this.#startReady();
    return claimed.length;
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
    const claims = [...[...this.#running.values()].map(({ claimed }) => claimed), ...this.#queue.list()];
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
    const generations = new Map(asked.map(({ sourceId, generation }) => [sourceId, generation]));
    const isAsked = ({ lease }: ClaimedSource) => generations.get(lease.sourceId) === lease.generation;
    for (const { claimed, abort } of this.#running.values()) {
      const { sourceId } = claimed.lease;
      if (isAsked(claimed) && !renewed.has(sourceId)) abort.abort(new LeaseLostError(sourceId));
    }
    this.#queue.renew((claimed) => {
      if (!isAsked(claimed)) return claimed;
      const lease = renewed.get(claimed.lease.sourceId);
      return lease === undefined ? null : { ...claimed, lease };
    });
    this.#startReady();
  }

  #startReady(): void {
    while (!this.#stopping && this.#running.size < this.#options.concurrency) {
      const turn = this.#queue.take();
      if (turn === null) return;
      this.#start(turn);
    }
  }

  #start({ claimed, host }: Turn): void {
    const { id } = claimed.source;
    const abort = new AbortController();
    const done = this.#run(claimed, abort.signal).finally(() => this.#end(id, host));
    this.#running.set(id, { claimed, abort, done });
  }

  async #run(claimed: ClaimedSource, signal: AbortSignal): Promise<void> {
    const { poll, onError } = this.#options;
    try {
      await poll(claimed, signal);
    } catch (error) {
      if (this.#isAborting) return this.#giveBack(claimed);
      if (signal.aborted) return;
      // Another worker has the source now, and will record what there is.
      if (error instanceof LeaseLostError) return;
      // One source never touches another. Its lease stays until it runs out, so that a poll which always throws is no loop.
      onError?.(error, claimed);
    }
  }

  #end(id: string, host: string): void {
    this.#running.delete(id);
    this.#endedCount++;
    this.#queue.end(host);
    this.#startReady();
    // With nothing left over, the next tick is soon enough.
    if (this.#wanted.size > 0 || (this.#looking === null && this.#needsMore)) this.#lookSoon();
  }

  async #drain(drainMs: number): Promise<void> {
    await this.#tick.stop();
    await this.#looking;
    await this.#renewing;
    const givingBack = this.#queue.clear().map((claimed) => this.#giveBack(claimed));
    if (!(await this.#settleWithin(drainMs))) {
      this.#isAborting = true;
      for (const { abort } of this.#running.values()) abort.abort(new Error("Mainstem is stopping"));
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
