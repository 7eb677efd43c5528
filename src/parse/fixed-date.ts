/** A date as written, not checked against the calendar. */
export interface DateParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
  /** East of UTC. */
  readonly offsetMinutes: number;
}

const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

/**
 * The two forms that nearly every document has, to the letter: `Mon, 01 Jun 2026 10:05:00 +0000` (or `GMT`) and
 * `2026-06-01T10:05:00Z` (or `+02:00`). Read by position: a pattern costs three times as much, and every entry has a date or two.
 * @returns null for everything else
 */
export function readFixedDate(text: string): DateParts | null {
  return text.charCodeAt(3) === COMMA ? readMailDate(text) : readInternetDate(text);
}

function readMailDate(text: string): DateParts | null {
  const { length } = text;
  if ((length !== 31 && length !== 29) || text.charCodeAt(4) !== SPACE || text.charCodeAt(7) !== SPACE)
    return null;
  const month = MONTHS.indexOf(text.slice(8, 11));
  if (month === -1 || month % 3 !== 0 || text.charCodeAt(11) !== SPACE) return null;
  if (text.charCodeAt(16) !== SPACE || text.charCodeAt(25) !== SPACE) return null;
  const offsetMinutes = length === 31 ? offsetAt(text, 26, 29) : text.startsWith("GMT", 26) ? 0 : Number.NaN;
  return partsOf(text, { year: 12, month: month / 3 + 1, day: 5, time: 17, offsetMinutes });
}

function readInternetDate(text: string): DateParts | null {
  const { length } = text;
  if ((length !== 20 && length !== 25) || text.charCodeAt(10) !== LETTER_T) return null;
  if (text.charCodeAt(4) !== DASH || text.charCodeAt(7) !== DASH) return null;
  let offsetMinutes = 0;
  if (length === 20) {
    if (text.charCodeAt(19) !== LETTER_Z) return null;
  } else {
    if (text.charCodeAt(22) !== COLON) return null;
    offsetMinutes = offsetAt(text, 19, 23);
  }
  return partsOf(text, { year: 0, month: pairAt(text, 5), day: 8, time: 11, offsetMinutes });
}

/** Minutes of a sign and hours at `at`, minutes at `minutesAt`; NaN for anything else. */
function offsetAt(text: string, at: number, minutesAt: number): number {
  const sign = text.charCodeAt(at);
  const hours = pairAt(text, at + 1);
  const minutes = pairAt(text, minutesAt);
  if ((sign !== PLUS && sign !== DASH) || hours > 15 || minutes > 59) return Number.NaN;
  return sign === DASH ? -(hours * 60 + minutes) : hours * 60 + minutes;
}

/** Everything else by position; null if a number is none. */
function partsOf(
  text: string,
  place: {
    readonly year: number;
    readonly month: number;
    readonly day: number;
    /** Where `hh:mm:ss` begins. */
    readonly time: number;
    readonly offsetMinutes: number;
  },
): DateParts | null {
  const { month, time, offsetMinutes } = place;
  if (text.charCodeAt(time + 2) !== COLON || text.charCodeAt(time + 5) !== COLON) return null;
  const year = pairAt(text, place.year) * 100 + pairAt(text, place.year + 2);
  const day = pairAt(text, place.day);
  const hour = pairAt(text, time);
  const minute = pairAt(text, time + 3);
  const second = pairAt(text, time + 6);
  if (Number.isNaN(year + month + day + hour + minute + second + offsetMinutes)) return null;
  return { year, month, day, hour, minute, second, millisecond: 0, offsetMinutes };
}

/** The number that two digits make; NaN for anything else. */
function pairAt(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO;
  const ones = text.charCodeAt(at + 1) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

const SPACE = 0x20;
const PLUS = 0x2b;
const COMMA = 0x2c;
const DASH = 0x2d;
const ZERO = 0x30;
const COLON = 0x3a;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;
