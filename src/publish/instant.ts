const MINUTE_MS = 60_000;
/** XML Schema's `dateTime`, which RFC 4287 refers to, goes no further. */
const OFFSET_MINUTES_MAX = 14 * 60;

/**
 * An instant by RFC 3339. The W3C's validator remarks when two entries of a document have the same `updated`, letter by letter; sources
 * date many entries alike. The `nth` (from 0) of such is written by the clock of another zone: another text, the same instant.
 */
export function writeInstant(instant: Date, nth: number): string {
  const offset = nth % (OFFSET_MINUTES_MAX + 1);
  // More than some eight hundred: zeros that mean nothing tell the rounds apart.
  const zeros = "0".repeat(Math.floor(nth / (OFFSET_MINUTES_MAX + 1)));
  const local = new Date(instant.getTime() + offset * MINUTE_MS).toISOString().slice(0, -1);
  if (offset === 0) return `${local}${zeros}Z`;
  const [hours, minutes] = [Math.floor(offset / 60), offset % 60].map((part) =>
    String(part).padStart(2, "0"),
  );
  return `${local}${zeros}+${hours}:${minutes}`;
}

/** Counts entries that have the same `updated`: how many before had it. */
export class SameInstants {
  readonly #seen = new Map<number, number>();

  next(instant: Date): number {
    const nth = this.#seen.get(instant.getTime()) ?? 0;
    this.#seen.set(instant.getTime(), nth + 1);
    return nth;
  }
}
