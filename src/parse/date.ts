import { type DateParts, readFixedDate } from "./fixed-date.ts";
import { monthOfEnglish, monthOfName } from "./months.ts";

/** Longest text that can be a date; nothing longer is looked at. */
const DATE_LENGTH_MAX = 100;

const MIDNIGHT = { hour: 0, minute: 0, second: 0, millisecond: 0, offsetMinutes: 0 };

/**
 * Reads a date of a feed: RFC 3339, W3C-DTF and the wider ISO 8601, RFC 822/2822 with every zone name in use, asctime, and
 * what else feeds hold (month names of some forty languages, dots, slashes, AM and PM, East Asian year-month-day marks).
 * A date without a zone is UTC, never local time. Linear in its input.
 * @returns null when the text is no date or names a day that never was.
 */
export function parseDate(text: string): Date | null {
  const written = text.trim();
  if (written === "" || written.length > DATE_LENGTH_MAX) return null;
  const fixed = readFixedDate(written);
  if (fixed !== null) return dateOfParts(fixed);
  const trimmed = OTHER_DIGITS.test(written) ? toAsciiDigits(written) : written;
  const parts = readRfc822(trimmed) ?? readRfc3339(trimmed) ?? readIso(trimmed);
  if (parts !== null) return dateOfParts(parts);
  if (/^\d{4}-\d\d-\d\dT\d/i.test(trimmed)) return null;
  const others = readEpoch(trimmed) ?? readWords(trimmed);
  return others === null ? null : dateOfParts(others);
}

/** Arabic-Indic and Devanagari; Persian digits are left, since they count years of another calendar. */
const OTHER_DIGITS = /[\u0660-\u0669\u0966-\u096f]/;

function toAsciiDigits(text: string): string {
  return text.replace(/[\u0660-\u0669]|[\u0966-\u096f]/g, (digit) => {
    const code = digit.charCodeAt(0);
    return String(code - (code < 0x0900 ? 0x0660 : 0x0966));
  });
}

// ---- RFC 822 as it should be ---------------------------------------------------------------------------------------

const RFC_822 =
  /^(?:[a-z]{3,9},?\s{1,5})?(\d{1,2})\s{1,5}([a-z]{3})\s{1,5}(\d{4})\s{1,5}(\d{1,2}):(\d{2})(?::(\d{2}))?\s{1,5}([a-z]{1,5}|[+-]\d{4})$/i;

/** The form that nearly every RSS document has (RFC 822 5.1, years of four digits); everything else is for `readWords`. */
function readRfc822(text: string): DateParts | null {
  const match = RFC_822.exec(text);
  const month = match === null ? null : monthOfEnglish(match[2] ?? "");
  if (match === null || month === null) return null;
  const [, day, , year, hour, minute, second = 0, zone = ""] = match;
  const offsetMinutes = readZone(zone);
  if (offsetMinutes === null) return null;
  return {
    year: Number(year),
    month,
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    millisecond: 0,
    offsetMinutes,
  };
}

// ---- ISO 8601 ------------------------------------------------------------------------------------------------------

const RFC_3339 =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(0\d|1[0-5]):([0-5]\d))$/;

/** The form that Atom asks for (RFC 3339 5.6); everything else is for `readIso`. */
function readRfc3339(text: string): DateParts | null {
  const match = RFC_3339.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction, sign, zoneHour, zoneMinute] = match;
  const offset = sign === undefined ? 0 : Number(zoneHour) * 60 + Number(zoneMinute);
  return {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    millisecond: fraction === undefined ? 0 : Math.trunc(Number(`0.${fraction}`) * 1000),
    offsetMinutes: sign === "-" ? -offset : offset,
  };
}

const ISO =
  /^(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?|(\d{2})(\d{2}))?(?:(?:\s{0,5}T\s{0,5}|\s{1,5}|-(?=\d\d:))(.{1,60}))?$/i;
const ORDINAL = /^(\d{4})-?(\d{3})(?:T(.{1,60}))?$/i;

function readIso(text: string): DateParts | null {
  const match = ISO.exec(text);
  if (match !== null) {
    const [, year, month = match[4], day = match[5], , , rest] = match;
    const time = rest === undefined ? MIDNIGHT : readTime(rest);
    if (time === null) return null;
    return { year: Number(year), month: Number(month ?? 1), day: Number(day ?? 1), ...time };
  }
  const ordinal = ORDINAL.exec(text);
  if (ordinal === null) return null;
  const time = ordinal[3] === undefined ? MIDNIGHT : readTime(ordinal[3]);
  const dayOfYear = Number(ordinal[2]);
  if (time === null || dayOfYear < 1 || dayOfYear > 366) return null;
  const date = new Date(Date.UTC(Number(ordinal[1]), 0, dayOfYear));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), ...time };
}

type TimeParts = Omit<DateParts, "year" | "month" | "day">;

const TIME =
  /^(\d{1,2})(?::(\d{1,2})(?::(\d{1,2}))?|(\d{2})(\d{2})?)?(?:[.,](\d{1,9})\d{0,20})?\s{0,5}(?:([ap])\.?m\.?(?![a-z]))?\s{0,5}(.{0,50})$/i;

/** A time of day with its zone, as it stands behind an ISO date. */
function readTime(text: string): TimeParts | null {
  const match = TIME.exec(text.trim());
  if (match === null) return null;
  const [, hour, minute = match[4], second = match[5], , , fraction, half, zone = ""] = match;
  const offsetMinutes = readZone(zone);
  if (offsetMinutes === null) return null;
  return {
    hour: hourOfDay(Number(hour), half),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    millisecond: fraction === undefined ? 0 : Math.trunc(Number(`0.${fraction}`) * 1000),
    offsetMinutes,
  };
}

function hourOfDay(hour: number, half: string | undefined): number {
  if (half === undefined || hour > 12) return hour;
  return (hour % 12) + (half.toLowerCase() === "p" ? 12 : 0);
}

/** Seconds or milliseconds since 1970, which some programs write. */
function readEpoch(text: string): DateParts | null {
  if (!/^\d{10}(?:\d{3})?$/.test(text)) return null;
  const date = new Date(Number(text) * (text.length === 10 ? 1000 : 1));
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond: date.getUTCMilliseconds(),
    offsetMinutes: 0,
  };
}

// ---- RFC 822 and the wild ---------------------------------------------------------------------------------------

const WEEKDAY = /^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?$/i;
const CLOCK = /^(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?(?:[.,](\d{1,9}))?([ap]m)?(.{0,12})$/i;

/** Year, month and day in words and numbers, in whatever order, with a time and a zone somewhere behind. */
function readWords(text: string): DateParts | null {
  const words = text
    .replace(/[年년月월]\s{0,5}/g, "-")
    .replace(/[日일]/g, " ")
    .replace(/(\d{4})\.\s{1,5}(\d{1,2})\.\s{1,5}(\d{1,2})\./, "$1-$2-$3 ") // Korean
    .replace(/(^|\s)(\d{1,2})h(\d\d)(?!\S)/i, "$1$2:$3") // French
    .replace(/\(.{0,40}\)/g, " ")
    .split(/[\s,]+/)
    .flatMap(splitDashes)
    .filter((word) => word !== "");
  const numbers: string[] = [];
  let month: number | null = null;
  let monthAt = 0;
  let clock: RegExpExecArray | null = null;
  let half: string | undefined;
  let offsetMinutes: number | null = null;
  for (const word of words) {
    const found: RegExpExecArray | null = clock === null ? CLOCK.exec(word) : null;
    if (found !== null) {
      clock = found;
      half ??= found[5]?.slice(0, 1);
      if (found[6] !== undefined && found[6] !== "") offsetMinutes ??= readZone(found[6]);
    } else if (/^(?:오후|下午|午後|p\.?m\.?)$/i.test(word)) half = "p";
    else if (/^(?:오전|上午|午前|a\.?m\.?)$/i.test(word)) half = "a";
    else if (/^\d{1,4}(?:st|nd|rd|th|er|º|ª|\.)?$/i.test(word) && numbers.length < 3)
      numbers.push(word.replace(/\D+$/, ""));
    else if (/^'\d\d$/.test(word)) numbers.push(word.slice(1));
    else if ((month === null || clock === null) && !WEEKDAY.test(word) && monthOfName(word) !== null) {
      month = monthOfName(word); // the last one: `mar., 2 févr.` begins with a Tuesday
      monthAt = numbers.length;
    } else if (clock !== null || /^(?:[+-]\d|z$)/i.test(word)) offsetMinutes ??= readZone(word);
  }
  const date = month === null ? readNumericDate(words, half) : orderNamed(numbers, month, monthAt);
  if (date === null) return null;
  const [, hour = "0", minute = "0", second = "0", fraction] = clock ?? [];
  return {
    ...date,
    hour: hourOfDay(Number(hour), half),
    minute: Number(minute),
    second: Number(second),
    millisecond: fraction === undefined ? 0 : Math.trunc(Number(`0.${fraction}`) * 1000),
    offsetMinutes: offsetMinutes ?? 0,
  };
}

/** `02-Jan-2006` is three words; `+0200`, `-05:00` and numeric dates stay whole. */
function splitDashes(word: string): readonly string[] {
  return /^\d{1,4}[-/.]\p{L}/u.test(word) || /^\p{L}+[-/.]\d/u.test(word)
    ? word.split(/[-/]|\.(?=[\p{L}\d])/u)
    : [word];
}

type Day = Pick<DateParts, "year" | "month" | "day">;

/** Numbers around a month's name: day and year before or behind, the year being the long one or the last. */
function orderNamed(numbers: readonly string[], month: number, monthAt: number): Day | null {
  const [first, second] = numbers;
  if (first === undefined) return null;
  if (second === undefined) return first.length === 4 ? { year: Number(first), month, day: 1 } : null;
  const isYearFirst = first.length >= 3 || (monthAt === 1 && Number(first) > 31);
  const [yearText, dayText] = isYearFirst ? [first, second] : [second, first];
  return { year: fullYear(yearText), month, day: Number(dayText) };
}

const NUMERIC = /^(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?:T(.{0,40}))?[-.]?$/i;

/** `31.12.2006`, `12/31/2006 5:00 PM`, `31/12/2006`; a slashed date that could be either is none. */
function readNumericDate(words: readonly string[], half: string | undefined): Day | null {
  for (const word of words) {
    const match = NUMERIC.exec(word);
    if (match === null) continue;
    const [, a = "", separator, b = "", c = ""] = match;
    if (a.length >= 3) return { year: Number(a), month: Number(b), day: Number(c) };
    const year = fullYear(c);
    if (separator === "." || Number(a) > 12) return { year, month: Number(b), day: Number(a) };
    if (Number(b) > 12 || half !== undefined || a === b) return { year, month: Number(a), day: Number(b) };
    return null;
  }
  return null;
}

/** RFC 2822 4.3: 00-49 are this century, 50-99 and three digits count from 1900. */
function fullYear(text: string): number {
  const year = Number(text);
  if (text.length >= 4) return year;
  return year < 50 && text.length <= 2 ? year + 2000 : year + 1900;
}

// ---- zones ---------------------------------------------------------------------------------------------------------

/** Zone names in hours east of UTC: RFC 822's, then those seen in feeds. Ambiguous ones mean what RFC 822 or most feeds mean. */
const ZONES: ReadonlyMap<string, number> = new Map(
  // biome-ignore format: a table
  Object.entries({
    z: 0, ut: 0, utc: 0, gmt: 0, wet: 0, est: -5, edt: -4, cst: -6, cdt: -5, mst: -7, mdt: -6, pst: -8, pdt: -7,
    akst: -9, akdt: -8, hst: -10, hdt: -9, ast: -4, adt: -3, nst: -3.5, ndt: -2.5, brt: -3, brst: -2, art: -3, clt: -4,
    clst: -3, cot: -5, pet: -5, vet: -4, uyt: -3, bot: -4, ect: -5, bst: 1, ist: 5.5, west: 1, cet: 1, cest: 2, met: 1, mest: 2,
    mez: 1, mesz: 2, eet: 2, eest: 3, msk: 3, msd: 4, trt: 3, sast: 2, cat: 2, eat: 3, wat: 1, irst: 3.5, gst: 4, pkt: 5,
    npt: 5.75, ict: 7, wib: 7, wita: 8, wit: 9, hkt: 8, sgt: 8, myt: 8, pht: 8, awst: 8, jst: 9, kst: 9, acst: 9.5,
    acdt: 10.5, aest: 10, aedt: 11, nzst: 12, nzdt: 13, samt: 4, yekt: 5, omst: 6, krat: 7, irkt: 8, yakt: 9, vlat: 10, magt: 11,
    et: -5, ct: -6, mt: -7, pt: -8, cst6cdt: -6, est5edt: -5, mst7mdt: -7, pst8pdt: -8,
  }),
);

const NUMERIC_ZONE = /^(?:gmt|utc|ut|z)?\s{0,3}([+-])\s{0,3}(\d{1,2}):?(\d{2})?(?::?\d{2})?(?![\d:])/i;

/** Minutes east of UTC that a zone names: 0 for none and for names nobody knows, null for an impossible number. */
function readZone(text: string): number | null {
  const zone = text.trim().replace(/[−–]/g, "-");
  if (zone === "") return 0;
  const match = NUMERIC_ZONE.exec(zone);
  if (match !== null) {
    const hours = Number(match[2]);
    const minutes = Number(match[3] ?? 0);
    if (hours > 15 || minutes > 59) return null;
    return (match[1] === "-" ? -1 : 1) * (hours * 60 + minutes);
  }
  const name = /^[a-z0-9]{1,8}/i.exec(zone)?.[0]?.toLowerCase() ?? "";
  return (ZONES.get(name) ?? 0) * 60;
}

// ---- checking -----------------------------------------------------------------------------------------------------

function dateOfParts(parts: DateParts): Date | null {
  const { year, month, day, hour, minute, millisecond, offsetMinutes } = parts;
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null;
  if (minute > 59 || parts.second > 60 || hour > 24 || (hour === 24 && minute + parts.second > 0))
    return null;
  const second = Math.min(parts.second, 59); // a leap second is the second before it
  // `Date.UTC` takes years below 100 for years of the twentieth century; 400 years always have the same length.
  const time = Date.UTC(year + 400, month - 1, day, hour, minute - offsetMinutes, second, millisecond);
  return new Date(time - FOUR_CENTURIES_MS);
}

const FOUR_CENTURIES_MS = 146_097 * 86_400_000;

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
