const MINUTE_MS = 60_000;
/** XML Schema's `dateTime`, which RFC 4287 refers to, goes no further. */
const OFFSET_MINUTES_MAX = 14 * 60;

/**
 * An instant by RFC 3339. The W3C's validator remarks when two entries of a document have the same `updated`, letter by letter; sources
 * date many entries alike. The `nth` way (0 is the usual one) writes it by the clock of another zone: another text, the same instant.
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

/**
 * Which of the ways to write its instant each entry of a document takes: the usual one where no other entry has that instant, else one
 * that goes by its number, so that it stays as it is when a further one comes or goes (unless their numbers differ by a multiple of 840).
 */
export class SharedInstants {
  readonly #entries = new Map<number, number>();
  readonly #taken = new Set<string>();

  /** @param instants of all entries */
  constructor(instants: readonly Date[]) {
    for (const instant of instants) {
      const ms = instant.getTime();
      this.#entries.set(ms, (this.#entries.get(ms) ?? 0) + 1);
    }
  }

  /** The `nth` for `writeInstant`; to be asked once for each entry. @param number one that no other entry has */
  nthOf(instant: Date, number: number): number {
    const ms = instant.getTime();
    if ((this.#entries.get(ms) ?? 0) < 2) return 0;
    let nth = (number % OFFSET_MINUTES_MAX) + 1;
    while (this.#taken.has(`${ms} ${nth}`)) nth += OFFSET_MINUTES_MAX + 1;
    this.#taken.add(`${ms} ${nth}`);
    return nth;
  }
}
