import type { WarningLog } from "./warning-log.ts";

/** An http(s) URL of printable ASCII without characters that mean something to markup or that URL parsers rewrite. */
const PLAIN_HTTP_URL = /^https?:\/\/[a-z0-9][a-z0-9.-]*(?::\d{1,5})?(?:[/?#][!#-;=?-[\]_a-z~]*)?$/i;

/** Longest URL that is kept; longer ones are dropped (browsers and databases differ above it). */
const URL_LENGTH_MAX = 128 * 1024;

/**
 * Makes a URL absolute against `base` (RFC 3986 section 5) and keeps it only if it is http(s). A URL that is absolute
 * and clean already is returned as published; others are returned as the WHATWG URL parser writes them, without credentials.
 * @returns null when it is no URL or has another scheme.
 */
export function resolveHttpUrl(text: string, base: string | null): string | null {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed.length > URL_LENGTH_MAX) return null;
  if (PLAIN_HTTP_URL.test(trimmed)) return URL.canParse(trimmed) ? trimmed : null;
  const url = URL.parse(trimmed, base ?? undefined);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return null;
  if (url.username !== "" || url.password !== "") {
    url.username = "";
    url.password = "";
  }
  return url.href;
}

/** As `resolveHttpUrl`, noting what had to be dropped. Empty text is null without a warning. */
export function readUrl(
  text: string | null | undefined,
  context: {
    readonly base: string | null;
    readonly log: WarningLog;
    readonly what: string;
    readonly offset?: number;
  },
): string | null {
  if (text == null || text.trim() === "") return null;
  const url = resolveHttpUrl(text, context.base);
  if (url === null) {
    const shown = text.trim().slice(0, 80);
    context.log.add("dropped-url", `${context.what}: "${shown}" is no http(s) URL`, context.offset);
  }
  return url;
}

/** True if `text` is an absolute http(s) URL. */
export function isHttpUrl(text: string): boolean {
  return /^\s*https?:\/\/[^/?#\s]/i.test(text) && resolveHttpUrl(text, null) !== null;
}

/** The base for relative URLs inside an element with `xml:base` (XML Base 4.3): non-http(s) bases are ignored. */
export function resolveBase(xmlBase: string, outer: string | null): string | null {
  return resolveHttpUrl(xmlBase, outer) ?? outer;
}
