/**
 * Claims due sources and polls them, so many at a time. The only door to node-cron, which drives the tick and reads cron
 * expressions.
 *
 * Poll times live in the store, not here: a restart polls nothing early, and several workers share one store by leases.
 * A source whose host is busy or rests is held back without taking the place of another.
 */
import { createTask, parse, type ScheduledTask, schedule as startTask, validateDetailed } from "node-cron";
import type { Clock } from "../model.ts";
import type { ClaimedSource, Store } from "../store/store.ts";
import type { HostLimit } from "./host-limit.ts";

export interface SchedulerOptions {
  readonly store: Pick<Store, "claimDueSources" | "releaseLease">;
  readonly clock: Clock;
  /** Polls at a time. */
  readonly concurrency: number;
  /** How long a claim holds: longer than the longest poll. */
  readonly leaseMs: number;
  /** Polls one source. What it throws is reported to `onError`; the source is tried again when its lease has run out. */
  readonly poll: (claimed: ClaimedSource, signal: AbortSignal) => Promise<void>;
  /** Polls of one host at a time; 2 where absent. */
  readonly perHost?: number;
  /** Hosts that asked for a rest are left alone. */
  readonly hosts?: Pick<HostLimit, "restingUntil">;
  /** `claimed` is null when the store could not be asked. */
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
  readonly host: string;
  readonly done: Promise<void>;
}

class PollScheduler implements Scheduler {
  readonly #options: SchedulerOptions;
  readonly #perHost: number;
  readonly #task: ScheduledTask;
  readonly #abort = new AbortController();
  readonly #running = new Map<string, RunningPoll>();
  readonly #runningPerHost = new Map<string, number>();
  /** Claimed sources that wait for their host, by host, in the order of their claims. */
  readonly #held = new Map<string, ClaimedSource[]>();
  #heldCount = 0;
  /** Ids to poll out of turn. */
  readonly #wanted = new Set<string>();
  /** The look at the store under way, and whether another one is wanted after it. */
  #looking: Promise<void> | null = null;
  #looksAgain = false;
  #stopping: Promise<void> | null = null;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#perHost = options.perHost ?? defaultPerHost;
    this.#task = startTask("* * * * * *", () => this.wake(), { suppressMissedWarning: true });
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
      await this.#claimWanted();
      for (let claimedAll = false; !claimedAll && !this.#stopping; ) {
        const limit = Math.min(this.#options.concurrency - this.#running.size, heldMax - this.#heldCount);
        if (limit <= 0) return;
        claimedAll = (await this.#claim({ limit })) < limit;
      }
    } catch (error) {
      this.#options.onError?.(error, null);
    }
  }

  async #claimWanted(): Promise<void> {
    const onlyIds = [...this.#wanted].filter((id) => !this.#running.has(id));
    if (onlyIds.length === 0) return;
    for (const id of onlyIds) this.#wanted.delete(id);
    await this.#claim({ limit: onlyIds.length, onlyIds });
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
    const { concurrency, hosts } = this.#options;
    for (const [host, queue] of this.#held) {
      this.#dropStale(queue);
      while (
        queue.length > 0 &&
        this.#running.size < concurrency &&
        // Local sources have no host to spare.
        (host === "" || ((this.#runningPerHost.get(host) ?? 0) < this.#perHost && !hosts?.restingUntil(host)))
      ) {
        const claimed = queue.shift();
        this.#heldCount--;
        if (claimed) this.#start(claimed, host);
      }
      if (queue.length === 0) this.#held.delete(host);
      if (this.#running.size >= concurrency) return;
    }
  }

  /** Claims held for too long go back: a poll that starts now could outlive its lease. They are claimed anew when due. */
  #dropStale(queue: ClaimedSource[]): void {
    const { clock, leaseMs } = this.#options;
    const latest = clock.now().getTime() + leaseMs / 2;
    const firstFresh = queue.findIndex(({ lease }) => lease.expiresAt.getTime() >= latest);
    const dropped = queue.splice(0, firstFresh < 0 ? queue.length : firstFresh);
    this.#heldCount -= dropped.length;
    for (const claimed of dropped) void this.#giveBack(claimed);
  }

  #start(claimed: ClaimedSource, host: string): void {
    const { id } = claimed.source;
    this.#runningPerHost.set(host, (this.#runningPerHost.get(host) ?? 0) + 1);
    this.#running.set(id, { claimed, host, done: this.#run(claimed).finally(() => this.#end(id, host)) });
  }

  async #run(claimed: ClaimedSource): Promise<void> {
    const { poll, onError } = this.#options;
    const { signal } = this.#abort;
    try {
      await poll(claimed, signal);
    } catch (error) {
      // One source never touches another. Its lease stays until it runs out, so that a poll which always throws is no loop.
      if (!signal.aborted) return onError?.(error, claimed);
      await this.#giveBack(claimed);
    }
  }

  #end(id: string, host: string): void {
    this.#running.delete(id);
    const left = (this.#runningPerHost.get(host) ?? 1) - 1;
    if (left > 0) this.#runningPerHost.set(host, left);
    else this.#runningPerHost.delete(host);
    this.wake();
  }

  async #drain(drainMs: number): Promise<void> {
    await this.#task.destroy();
    await this.#looking;
    const held = [...this.#held.values()].flat();
    this.#held.clear();
    this.#heldCount = 0;
    const givingBack = held.map((claimed) => this.#giveBack(claimed));
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

/** What is wrong with a cron expression of five or six fields (seconds first) or a name such as `@daily`; null if sound. */
export function cronProblem(expression: string): string | null {
  return (
    syntaxProblem(expression) ?? (findCronTime(expression, new Date(0)) === null ? "no date fits it" : null)
  );
}

/** Is this a cron expression that comes true some day? */
export function isCronExpression(text: string): boolean {
  return cronProblem(text) === null;
}

/**
 * The first instant strictly after `after` at which a cron expression is true, in the time zone of the process.
 * @throws RangeError when the expression is none or never comes true
 */
export function nextCronTime(expression: string, after: Date): Date {
  const problem = syntaxProblem(expression);
  const found = problem === null ? findCronTime(expression, after) : null;
  if (found !== null) return found;
  throw new RangeError(`cron expression ${JSON.stringify(expression)}: ${problem ?? "no date fits it"}`);
}

function syntaxProblem(expression: string): string | null {
  if (expression.length > expressionLengthMax) return "it is too long";
  // No field has numbers of more than two digits, and a range of larger ones would take for ever to write out.
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

/** The 29th of February on a given weekday comes round within 40 years. */
const daysMax = 366 * 41;

/**
 * node-cron reads and matches the expression but tells its next time from the real now only, so the calendar is walked
 * here: days, then the hours, minutes and seconds that the expression names.
 */
function findCronTime(expression: string, after: Date): Date | null {
  const { second, minute, hour, dayOfMonth, month, dayOfWeek } = parse(expression);
  const minutes = sorted(minute);
  const seconds = sorted(second);
  const hours = sorted(hour);
  const task = createTask(expression, () => {});
  // Making a task enters it in a list of node-cron's; it leaves again, and can still tell what matches.
  void task.destroy();
  const day = new Date(after.getFullYear(), after.getMonth(), after.getDate());
  for (let count = 0; count < daysMax; count++, day.setDate(day.getDate() + 1)) {
    if (!month.includes(day.getMonth() + 1)) continue;
    if (!mayMatch(dayOfMonth, day.getDate()) || !mayMatch(dayOfWeek, day.getDay())) continue;
    for (const h of hours) {
      const at = firstInHour(day, { hour: h, minutes, seconds, after });
      if (at !== null && task.match(at)) return at;
    }
  }
  return null;
}

interface HourQuestion {
  readonly hour: number;
  readonly minutes: readonly number[];
  readonly seconds: readonly number[];
  readonly after: Date;
}

/** The first of the given times in an hour of a local day that lies after `after`; null also for an hour that clocks skip. */
function firstInHour(day: Date, { hour, minutes, seconds, after }: HourQuestion): Date | null {
  for (const minute of minutes) {
    for (const second of seconds) {
      const at = new Date(day.getFullYear(), day.getMonth(), day.getDate(), hour, minute, second);
      if (at > after) return at.getHours() === hour ? at : null;
    }
  }
  return null;
}

function sorted(numbers: readonly number[]): number[] {
  return [...numbers].sort((a, b) => a - b);
}

/** Numbers decide; marks such as `L`, `15W` and `1#2` are left to node-cron's own matcher. */
function mayMatch(field: readonly (number | string)[], value: number): boolean {
  return field.some((entry) => typeof entry === "string" || entry === value);
}
