/**
 * When to poll a source next. Pure: the same input gives the same instant, and the reason for it in words.
 *
 * The source's own pace (its rhythm, or what the operator set) is a wish; what the publisher asks for only ever makes it
 * longer; failures multiply it. The longest wins.
 */
import type { PollHints, Schedule } from "../model.ts";
import { nextCronTime } from "./scheduler.ts";

export interface IntervalLimits {
  /** Adaptive pace stays between these. */
  readonly minMs: number;
  /** Also the cap on what `max-age`, `Expires`, `ttl` and `sy:*` may ask for. */
  readonly maxMs: number;
  /** Adaptive pace while the rhythm of the feed is unknown. */
  readonly baseMs: number;
  /** Cap on the backoff after failures. */
  readonly backoffMaxMs: number;
  /** Cap on what `Retry-After` may ask for. */
  readonly retryAfterMaxMs: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

export const defaultIntervalLimits: IntervalLimits = {
  minMs: 15 * minuteMs,
  maxMs: dayMs,
  baseMs: hourMs,
  backoffMaxMs: dayMs,
  retryAfterMaxMs: 7 * dayMs,
};

export interface IntervalInput {
  readonly schedule: Schedule;
  readonly now: Date;
  /** Half the median gap between entries (`publicationRhythm`), or null while unknown. */
  readonly rhythmMs: number | null;
  readonly hints: PollHints;
  /** What the last answer said of itself; null after a failure. */
  readonly freshness: { readonly maxAgeMs: number | null; readonly retryAfterMs: number | null } | null;
  /** In a row, the last one included; 0 after a success. */
  readonly failures: number;
  readonly retryAfterMs: number | null;
  /** In [0, 1), as `Math.random`. */
  readonly random: () => number;
  /** When the source last brought something new: a feed that fell silent is asked ever more seldom. */
  readonly lastNewEntryAt?: Date | null;
  /**
   * The operator's time is kept against what the publisher says of freshness (never against `Retry-After`). Where absent:
   * true for a cron expression, which says exactly when; false for an interval, which says how often at most.
   */
  readonly isKept?: boolean;
  readonly limits?: Partial<IntervalLimits>;
}

export interface NextPoll {
  readonly at: Date;
  /** Why then, for `mainstem sources`. */
  readonly reason: string;
}

interface Wish {
  readonly ms: number;
  readonly reason: string;
}

/** Jitter only adds: at most this share of the interval. */
const jitterShare = 0.1;
/** A source silent for n hours is asked no more often than every n/24 hours. */
const silenceDivisor = 24;
/** After skipped hours, polls spread over this long. */
const skipSpreadMs = 10 * minuteMs;

/**
 * The instant of the next poll.
 *
 * RFC 9111 4.2 (freshness), RFC 9110 10.2.3 (`Retry-After`), RSS 2.0 `ttl`, `skipHours`, `skipDays`, RSS 1.0
 * syndication module (`sy:*`, given as `ttlMs`).
 */
export function nextPoll(input: IntervalInput): NextPoll {
  const limits = { ...defaultIntervalLimits, ...input.limits };
  const { schedule, now, hints, random } = input;
  const isKept = input.isKept ?? schedule.kind === "cron";
  const asked = longest([...retryWishes(input, limits), ...(isKept ? [] : publisherWishes(input, limits))]);
  if (schedule.kind === "cron") return nextByCron(schedule.expression, input, { asked, limits });
  const pace = ownPace(schedule, input, limits);
  const own = input.failures > 0 ? backOff(pace, input, limits) : pace;
  const chosen = asked !== null && asked.ms > own.ms ? asked : own;
  const at = new Date(now.getTime() + Math.ceil(chosen.ms * (1 + jitterShare * random())));
  if (isKept) return { at, reason: chosen.reason };
  const allowed = afterSkipped(at, hints, random);
  return {
    at: allowed,
    reason: allowed === at ? chosen.reason : "the feed asks not to be polled before (skipHours, skipDays)",
  };
}

function ownPace(
  schedule: Exclude<Schedule, { kind: "cron" }>,
  input: IntervalInput,
  limits: IntervalLimits,
): Wish {
  if (schedule.kind === "every") {
    return { ms: schedule.intervalMs, reason: `every ${formatDuration(schedule.intervalMs)}, as configured` };
  }
  const { rhythmMs, now, lastNewEntryAt } = input;
  const wish: Wish =
    rhythmMs === null
      ? {
          ms: limits.baseMs,
          reason: `every ${formatDuration(limits.baseMs)} until the feed's own rhythm is known`,
        }
      : {
          ms: clamp(rhythmMs, limits),
          reason: `the feed's own rhythm: every ${formatDuration(clamp(rhythmMs, limits))}`,
        };
  const silentMs = lastNewEntryAt ? now.getTime() - lastNewEntryAt.getTime() : 0;
  const slowMs = clamp(silentMs / silenceDivisor, limits);
  if (slowMs <= wish.ms || silentMs <= 0) return { ...wish, ms: clamp(wish.ms, limits) };
  return { ms: slowMs, reason: `it brought nothing new for ${formatDuration(silentMs)}` };
}

/**
 * Doubles with each failure, up to a day; an interval of the operator's that is longer anyway stays. A slow feed is not
 * made to wait its whole rhythm for a second try.
 */
function backOff(
  pace: Wish,
  { schedule, failures }: IntervalInput,
  { backoffMaxMs, baseMs }: IntervalLimits,
): Wish {
  const firstMs = schedule.kind === "adaptive" ? Math.min(pace.ms, baseMs) : pace.ms;
  const ms = Math.max(firstMs, Math.min(firstMs * 2 ** Math.min(failures - 1, 30), backoffMaxMs));
  return { ms, reason: failureReason(failures, ms) };
}

function failureReason(failures: number, ms: number): string {
  const times = failures === 1 ? "the last poll failed" : `the last ${failures} polls failed`;
  return `${times}; next try after ${formatDuration(ms)}`;
}

function publisherWishes({ freshness, hints }: IntervalInput, { maxMs }: IntervalLimits): Wish[] {
  const wishes: Wish[] = [];
  const { ttlMs } = hints;
  const maxAgeMs = freshness?.maxAgeMs ?? null;
  if (isDuration(maxAgeMs)) {
    const ms = Math.min(maxAgeMs, maxMs);
    wishes.push({
      ms,
      reason: `the server says that its answer is good for ${formatDuration(maxAgeMs)} (Cache-Control, Expires)`,
    });
  }
  if (isDuration(ttlMs)) {
    const ms = Math.min(ttlMs, maxMs);
    wishes.push({
      ms,
      reason: `the feed asks to be polled every ${formatDuration(ttlMs)} (ttl, sy:updatePeriod)`,
    });
  }
  return wishes;
}

function retryWishes(
  { freshness, retryAfterMs }: IntervalInput,
  { retryAfterMaxMs }: IntervalLimits,
): Wish[] {
  const askedMs = Math.max(retryAfterMs ?? 0, freshness?.retryAfterMs ?? 0);
  if (!isDuration(askedMs)) return [];
  const ms = Math.min(askedMs, retryAfterMaxMs);
  return [{ ms, reason: `the server asks to be left alone for ${formatDuration(ms)} (Retry-After)` }];
}

interface CronContext {
  readonly asked: Wish | null;
  readonly limits: IntervalLimits;
}

/** Cron times are kept exactly. Failures and the publisher let some of them pass. */
function nextByCron(
  expression: string,
  { now, failures }: IntervalInput,
  { asked, limits }: CronContext,
): NextPoll {
  const first = nextCronTime(expression, now);
  const gapMs = nextCronTime(expression, first).getTime() - first.getTime();
  const waitMs =
    failures > 1 ? Math.min(gapMs * (2 ** Math.min(failures - 1, 30) - 1), limits.backoffMaxMs) : 0;
  const byFailure: Wish = {
    ms: waitMs,
    reason: `${failureReason(failures, waitMs)}, at a time of ${expression}`,
  };
  const wish = asked !== null && asked.ms > waitMs ? asked : byFailure;
  const earliest = now.getTime() + wish.ms;
  if (earliest <= first.getTime())
    return { at: first, reason: `at the times of ${expression}, as configured` };
  return { at: nextCronTime(expression, new Date(earliest - 1)), reason: wish.reason };
}

/**
 * The first instant from `at` on that the feed allows (RSS 2.0 `skipHours`, `skipDays`; UTC). A feed that forbids every
 * hour of the week forbids nothing.
 */
function afterSkipped(at: Date, { skipHours, skipDays }: PollHints, random: () => number): Date {
  const isSkipped = (time: Date) =>
    skipHours.includes(time.getUTCHours()) || skipDays.includes(time.getUTCDay());
  if (!isSkipped(at)) return at;
  const hour = Math.floor(at.getTime() / hourMs) * hourMs;
  for (let ahead = 1; ahead <= 8 * 24; ahead++) {
    const candidate = new Date(hour + ahead * hourMs);
    if (!isSkipped(candidate)) return new Date(candidate.getTime() + Math.floor(random() * skipSpreadMs));
  }
  return at;
}

function longest(wishes: readonly Wish[]): Wish | null {
  return wishes.reduce<Wish | null>((best, wish) => (best === null || wish.ms > best.ms ? wish : best), null);
}

function isDuration(ms: number | null): ms is number {
  return ms !== null && Number.isFinite(ms) && ms > 0;
}

function clamp(ms: number, { minMs, maxMs }: Pick<IntervalLimits, "minMs" | "maxMs">): number {
  return Math.min(Math.max(ms, minMs), maxMs);
}

/** Gaps are measured among so many of the newest entries. */
const entriesSeen = 50;

/**
 * The feed's own rhythm in milliseconds: half the median gap between its newest entries, between 15 minutes and 24 hours.
 * Dates in the future, and entries that came at the same minute (one batch), do not count. Null with less than two left.
 */
export function publicationRhythm(published: readonly Date[], now: Date): number | null {
  const past = published.map((date) => date.getTime()).filter((ms) => ms <= now.getTime());
  const minutes = new Set(past.map((ms) => Math.floor(ms / minuteMs)));
  const newest = [...minutes].sort((a, b) => b - a).slice(0, entriesSeen);
  const gaps = newest.slice(1).map((minute, index) => (newest[index] ?? minute) - minute);
  const medianMs = median(gaps) * minuteMs;
  return Number.isNaN(medianMs) ? null : clamp(medianMs / 2, defaultIntervalLimits);
}

/** NaN of nothing. */
function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

const units = [
  ["d", dayMs],
  ["h", hourMs],
  ["min", minuteMs],
  ["s", 1000],
] as const;

/** The two largest units: `1 h 30 min`, `45 s`, `2 d`. */
function formatDuration(ms: number): string {
  let left = Math.max(1000, Math.round(ms / 1000) * 1000);
  const parts: string[] = [];
  for (const [name, unitMs] of units) {
    const count = Math.floor(left / unitMs);
    if (count > 0) parts.push(`${count} ${name}`);
    else if (parts.length > 0) break;
    left -= count * unitMs;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}
