/**
 * When to poll a source next. Pure: the same input gives the same instant, and the reason for it in words.
 *
 * The source's own pace (its rhythm, or what the operator set) is a wish; failures stretch it; what the publisher asks for
 * only ever makes it longer. The longest wins.
 */
import type { PollHints, Schedule } from "../model.ts";
import { nextCronTime } from "./cron-time.ts";
import { formatDuration, formatInstant } from "./duration.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Adaptive pace stays between these two. */
const adaptiveMinMs = 15 * minuteMs;
const adaptiveMaxMs = dayMs;
/** Adaptive pace while the rhythm is unknown. */
const adaptiveBaseMs = hourMs;
const intervalMinMs = 1000;
/** Cap on the backoff, so that a publisher who comes back is noticed within a day. */
const backoffMaxMs = dayMs;
/** Cap on `max-age`, `Expires`, `ttl` and `sy:*`: caches are often told "a year". */
const freshnessMaxMs = dayMs;
/** Cap on `Retry-After`, which is meant for clients and is believed for longer. */
const retryAfterMaxMs = 7 * dayMs;
/** Jitter only adds: at most this share of the interval, and at most `jitterMaxMs`. */
const jitterShare = 0.2;
const jitterMaxMs = hourMs;
/** After skipped hours, polls spread over this long. */
const skipSpreadMs = 10 * minuteMs;

export interface IntervalInput {
  readonly schedule: Schedule;
  readonly now: Date;
  /** Half the median gap between entries (`publicationRhythm`), or null while unknown. */
  readonly rhythmMs: number | null;
  /** UTC hours in which the feed is not used to publish (`quietHoursOf`). */
  readonly quietHours?: readonly number[];
  readonly hints: PollHints;
  /** What the last answer said of itself; null after a failure. */
  readonly freshness: { readonly maxAgeMs: number | null; readonly retryAfterMs: number | null } | null;
  /** In a row, the last one included; 0 after a success. */
  readonly failures: number;
  /** `Retry-After` of the answer, a failure's too. */
  readonly retryAfterMs: number | null;
  /** Pushes arrive (WebSub): polls are a safety net. */
  readonly isPushed?: boolean;
  /** In [0, 1), as `Math.random`. */
  readonly random: () => number;
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

/**
 * The instant of the next poll. Adaptive paces and intervals wait for everything the publisher asks; a cron expression is
 * kept exactly, but never against `Retry-After`: then it is the first of its times after that.
 *
 * RFC 9111 4.2 (freshness), RFC 9110 10.2.3 (`Retry-After`), RSS 2.0 `ttl`, `skipHours`, `skipDays`, RSS 1.0
 * syndication module (`sy:*`, given as `ttlMs`). Durations that are not finite or not positive are ignored.
 *
 * @throws RangeError when a cron expression is none or never comes true
 */
export function nextPoll(input: IntervalInput): NextPoll {
  const { schedule, now, hints, random } = input;
  if (schedule.kind === "cron") return nextByCron(schedule.expression, input);
  const plain = schedule.kind === "every" ? configuredPace(schedule.intervalMs) : adaptivePace(input);
  const pace = input.isPushed && plain.ms < dayMs ? pushedPace : plain;
  const own = input.failures > 0 ? backOff(pace, input) : pace;
  const { ms, reason } = longest([own, ...retryWishes(input), ...publisherWishes(input)]);
  const jitterMs = Math.min(ms * jitterShare, jitterMaxMs) * random();
  const at = new Date(now.getTime() + Math.ceil(ms + jitterMs));
  return afterSkipped(at, hints, random) ?? { at, reason };
}

const pushedPace: Wish = { ms: dayMs, reason: "pushes arrive (WebSub): polled once a day, to be sure" };

function configuredPace(intervalMs: number): Wish {
  const ms = Math.max(intervalMs, intervalMinMs);
  return { ms, reason: `every ${formatDuration(ms)}, as configured` };
}

function adaptivePace({ rhythmMs, quietHours = [], now }: IntervalInput): Wish {
  if (!isDuration(rhythmMs)) {
    const reason = `adaptive: every ${formatDuration(adaptiveBaseMs)} until its rhythm is known`;
    return { ms: adaptiveBaseMs, reason };
  }
  const ms = clampAdaptive(rhythmMs);
  return (
    afterQuiet(new Date(now.getTime() + ms), quietHours, now) ?? {
      ms,
      reason: `adaptive: every ${formatDuration(ms)}, the feed's own rhythm`,
    }
  );
}

/** The end of the quiet hours that `at` falls into, or null. */
function afterQuiet(at: Date, quietHours: readonly number[], now: Date): Wish | null {
  if (quietHours.length >= 24 || !quietHours.includes(at.getUTCHours())) return null;
  let endMs = Math.floor(at.getTime() / hourMs) * hourMs;
  while (quietHours.includes(new Date(endMs).getUTCHours())) endMs += hourMs;
  const until = formatInstant(new Date(endMs));
  return {
    ms: endMs - now.getTime(),
    reason: `adaptive: it never publishes in these hours, so not before ${until}`,
  };
}

/**
 * Doubles with each failure, up to a day; an interval of the operator's that is longer anyway stays. A slow feed is not
 * made to wait its whole rhythm for a second try: a machine that was offline for a moment is soon itself again.
 */
function backOff(pace: Wish, { schedule, failures }: IntervalInput): Wish {
  const firstMs = schedule.kind === "adaptive" ? adaptiveMinMs : pace.ms;
  const ms = Math.max(firstMs, Math.min(firstMs * doublings(failures), backoffMaxMs));
  return { ms, reason: `${failed(failures)}: waits ${formatDuration(ms)}` };
}

/** 1 after the first failure, then 2, 4, 8 … */
function doublings(failures: number): number {
  return 2 ** Math.min(Math.max(failures - 1, 0), 30);
}

function failed(failures: number): string {
  return failures === 1 ? "the last poll failed" : `failed ${failures} times in a row`;
}

function publisherWishes({ freshness, hints }: IntervalInput): Wish[] {
  const wishes: Wish[] = [];
  const maxAgeMs = freshness?.maxAgeMs ?? null;
  if (isDuration(maxAgeMs)) wishes.push(freshnessWish(maxAgeMs, "max-age or Expires"));
  if (isDuration(hints.ttlMs)) wishes.push(freshnessWish(hints.ttlMs, "ttl or sy:updatePeriod"));
  return wishes;
}

function freshnessWish(askedMs: number, by: string): Wish {
  const ms = Math.min(askedMs, freshnessMaxMs);
  const isCapped = ms < askedMs;
  return { ms, reason: `the publisher asks for ${formatDuration(ms)}${isCapped ? " or more" : ""} (${by})` };
}

function retryWishes({ freshness, retryAfterMs, now }: IntervalInput): Wish[] {
  const asked = [retryAfterMs, freshness?.retryAfterMs ?? null].filter(isDuration);
  if (asked.length === 0) return [];
  const ms = Math.min(Math.max(...asked), retryAfterMaxMs);
  const until = formatInstant(new Date(now.getTime() + ms));
  return [{ ms, reason: `the server asks to wait until ${until} (Retry-After)` }];
}

/** Cron times are kept to the second, without jitter. Failures and `Retry-After` let some of them pass. */
function nextByCron(expression: string, input: IntervalInput): NextPoll {
  const { now, failures } = input;
  const first = nextCronTime(expression, now);
  const plain = { at: first, reason: `at the times of ${expression}, as configured` };
  const wishes = retryWishes(input);
  if (failures > 0) wishes.push(cronBackOff(expression, { first, failures }));
  if (wishes.length === 0) return plain;
  const { ms, reason } = longest(wishes);
  const earliestMs = now.getTime() + ms;
  if (earliestMs <= first.getTime()) {
    return failures > 0 ? { at: first, reason: `${failed(failures)}: waits for ${expression}` } : plain;
  }
  return { at: nextCronTime(expression, new Date(earliestMs - 1)), reason };
}

/** As `backOff`, in gaps of the expression: one after the first failure, then two, four … as far as they fit a day. */
function cronBackOff(
  expression: string,
  { first, failures }: { readonly first: Date; readonly failures: number },
): Wish {
  const gapMs = nextCronTime(expression, first).getTime() - first.getTime();
  const ms = Math.max(0, Math.min(gapMs * (doublings(failures) - 1), backoffMaxMs - gapMs));
  return { ms, reason: `${failed(failures)}: waits ${formatDuration(ms)}, then for ${expression}` };
}

/**
 * The first allowed hour from `at` on where the feed does not allow `at` itself (RSS 2.0 `skipHours`, `skipDays`; UTC),
 * else null. A feed that forbids every hour of the week forbids nothing.
 */
function afterSkipped(at: Date, { skipHours, skipDays }: PollHints, random: () => number): NextPoll | null {
  const isHourSkipped = (time: Date) => skipHours.includes(time.getUTCHours());
  const isSkipped = (time: Date) => isHourSkipped(time) || skipDays.includes(time.getUTCDay());
  if (!isSkipped(at)) return null;
  const hourStartMs = Math.floor(at.getTime() / hourMs) * hourMs;
  for (let ahead = 1; ahead <= 7 * 24; ahead++) {
    const allowed = new Date(hourStartMs + ahead * hourMs);
    if (isSkipped(allowed)) continue;
    const rule = isHourSkipped(at) ? "skipHours" : "skipDays";
    return {
      at: new Date(allowed.getTime() + Math.floor(random() * skipSpreadMs)),
      reason: `${rule}: not before ${formatInstant(allowed)}`,
    };
  }
  return null;
}

/** The first of the longest; of at least one. */
function longest(wishes: readonly Wish[]): Wish {
  return wishes.reduce((best, wish) => (wish.ms > best.ms ? wish : best));
}

function isDuration(ms: number | null): ms is number {
  return ms !== null && Number.isFinite(ms) && ms > 0;
}

function clampAdaptive(ms: number): number {
  return Math.min(Math.max(ms, adaptiveMinMs), adaptiveMaxMs);
}

/** Gaps are measured among so many of the newest entries. */
const entriesSeen = 50;
/** A feed silent for n hours is asked no more often than every n/24 hours, whatever its pace was once. */
const silenceDivisor = 24;

/**
 * The feed's own rhythm in milliseconds, between 15 minutes and 24 hours: half the median gap between its newest entries,
 * or more where it fell silent. Dates in the future, and entries of the same minute (one batch), do not count. Null with
 * less than two left.
 */
export function publicationRhythm(published: readonly Date[], now: Date): number | null {
  const past = published.map((date) => date.getTime()).filter((ms) => ms <= now.getTime());
  const minutes = new Set(past.map((ms) => Math.floor(ms / minuteMs)));
  const newest = [...minutes].sort((a, b) => b - a).slice(0, entriesSeen);
  const [last] = newest;
  if (last === undefined || newest.length < 2) return null;
  const gaps = newest.slice(1).map((minute, index) => (newest[index] ?? minute) - minute);
  const silenceMs = now.getTime() - last * minuteMs;
  return clampAdaptive(Math.max((median(gaps) * minuteMs) / 2, silenceMs / silenceDivisor));
}

/** So many entries on so many days must be known before a habit is seen in them. */
const habitEntriesMin = 24;
const habitDaysMin = 5;
/** A shorter pause in the day is chance. */
const quietRunMin = 5;

/**
 * The UTC hours of the day in which the feed does not publish: the longest run without an entry, of five hours at least, among
 * the newest entries of five days or more; its first and last hour are left to chance. Empty where no habit shows.
 */
export function quietHoursOf(published: readonly Date[], now: Date): readonly number[] {
  const newest = published
    .map((date) => date.getTime())
    .filter((ms) => ms <= now.getTime() && ms > now.getTime() - 60 * dayMs)
    .sort((a, b) => b - a)
    .slice(0, 4 * entriesSeen);
  const days = new Set(newest.map((ms) => Math.floor(ms / dayMs)));
  if (newest.length < habitEntriesMin || days.size < habitDaysMin) return [];
  const busy = new Set(newest.map((ms) => new Date(ms).getUTCHours()));
  let best: number[] = [];
  for (let start = 0; start < 24; start++) {
    const run: number[] = [];
    for (let hour = start; run.length < 24 && !busy.has(hour % 24); hour++) run.push(hour % 24);
    if (run.length > best.length) best = run;
  }
  return best.length >= quietRunMin ? best.slice(1, -1) : [];
}

/** Of at least one number. */
function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? 0;
  const lower = sorted[(sorted.length - 1) >> 1] ?? upper;
  return (lower + upper) / 2;
}
