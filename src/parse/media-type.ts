/** A media type (RFC 6838), lower case; anything that is none is null. */
export function readMediaType(text: string | null): string | null {
  const type = text?.trim().toLowerCase() ?? "";
  return /^[a-z0-9][\w.+-]{0,80}\/[\w.+*-]{1,80}(?:\s*;\s*[\w-]{1,30}=[\w."+-]{1,60})?$/.test(type)
    ? type
    : null;
}

/** A size in bytes; nonsense (negative, zero, beyond what a number holds) is null. */
export function readLength(text: string | null): number | null {
  const digits = text?.trim().replaceAll(",", "") ?? "";
  if (!/^\d{1,15}$/.test(digits)) return null;
  return Number(digits) > 0 ? Number(digits) : null;
}

/** `HH:MM:SS`, `MM:SS` or seconds, in milliseconds (itunes:duration, media:content). */
export function readDuration(text: string | null): number | null {
  const match = /^(?:(?:(\d{1,4}):)?(\d{1,4}):)?(\d{1,6})(?:\.\d{1,6})?$/.exec(text?.trim() ?? "");
  if (match === null) return null;
  const seconds = Number(match[1] ?? 0) * 3600 + Number(match[2] ?? 0) * 60 + Number(match[3]);
  return seconds === 0 ? null : seconds * 1000;
}
