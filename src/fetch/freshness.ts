/** How long an answer stays fresh, and when the server wants to see us again (RFC 9111 4.2, RFC 9110 10.2.3). */
import { listHeader, type ResponseHeaders, singleHeader } from "./headers.ts";

/** `null`: the server says nothing of it. `maxAgeMs` is 0 where the server says that nothing is fresh. */
export interface Freshness {
  readonly maxAgeMs: number | null;
  readonly retryAfterMs: number | null;
}

/** RFC 9111 1.2.2: what is larger counts as 2^31 s. */
const deltaSecondsMax = 2 ** 31;

/** What the headers of any answer say of its freshness: `max-age` less `Age`, else `Expires` less `Date`; `Retry-After`. */
export function readFreshness(headers: ResponseHeaders, now: Date): Freshness {
  return { maxAgeMs: readMaxAge(headers, now), retryAfterMs: readRetryAfter(headers, now) };
}

/** Milliseconds until the instant of `Retry-After` (seconds or an HTTP-date); null when absent, past or nonsense. */
export function readRetryAfter(headers: ResponseHeaders, now: Date): number | null {
  const value = singleHeader(headers, "retry-after");
  if (value === null) return null;
  const seconds = deltaSeconds(value);
  const ms = seconds !== null ? seconds * 1000 : (parseHttpDate(value) ?? Number.NaN) - now.getTime();
  return ms > 0 ? ms : null;
}

function readMaxAge(headers: ResponseHeaders, now: Date): number | null {
  const directives = new Map<string, string>();
  for (const part of (listHeader(headers, "cache-control") ?? "").split(",")) {
    const [name = "", value = ""] = part.split("=", 2);
    const key = name.trim().toLowerCase();
    if (key !== "" && !directives.has(key)) directives.set(key, value.trim().replaceAll('"', ""));
  }
  if (directives.has("no-store") || directives.has("no-cache")) return 0;
  const maxAge = directives.get("max-age");
  if (maxAge !== undefined) {
    const ageMs = (deltaSeconds(singleHeader(headers, "age") ?? "") ?? 0) * 1000;
    // A freshness that cannot be read counts as none (RFC 9111 4.2.1).
    return Math.max(0, (deltaSeconds(maxAge) ?? 0) * 1000 - ageMs);
  }
  const expires = singleHeader(headers, "expires");
  if (expires === null) return null;
  const date = parseHttpDate(singleHeader(headers, "date") ?? "") ?? now.getTime();
  return Math.max(0, (parseHttpDate(expires) ?? 0) - date);
}

function deltaSeconds(text: string): number | null {
  return /^\d{1,20}$/.test(text) ? Math.min(Number(text), deltaSecondsMax) : null;
}

/** Milliseconds since 1970 of an HTTP-date in any of the three forms of RFC 9110 5.6.7; null when it is none. */
export function parseHttpDate(text: string): number | null {
  if (text.length > 50 || !/^[A-Za-z]{3,9},? /.test(text)) return null;
  // asctime names no zone and means UTC.
  const isZoned = /(?:GMT|UTC|[+-]\d{4})$/i.test(text);
  const ms = Date.parse(isZoned ? text : `${text} GMT`);
  return Number.isNaN(ms) ? null : ms;
}
