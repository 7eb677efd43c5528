import type { WarningLog } from "./warning-log.ts";

/** An http(s) URL, its scheme in lower case, of printable ASCII without characters that mean something to markup or that URL parsers rewrite. */
const PLAIN_HTTP_URL = /^https?:\/\/[a-zA-Z0-9][a-zA-Z0-9.-]*(?::\d{1,5})?(?:[/?#][!#-;=?-[\]_a-z~]*)?$/;

/**
 * The same with a host that every URL parser takes: names without Punycode, the last one no number (WHATWG URL, "host parsing":
 * only those can fail).
 */
const CLEAN_HTTP_URL =
  /^https?:\/\/(?:(?![xX][nN]--)[a-zA-Z0-9][a-zA-Z0-9-]*\.)*(?![xX][nN]--)[a-zA-Z][a-zA-Z0-9-]*(?:[/?#][!#-;=?-[\]_a-z~]*)?$/;

/** True if `text` is an absolute http(s) URL that is kept as published. */
export function isCleanHttpUrl(text: string): boolean {
  return text.length <= URL_LENGTH_MAX && CLEAN_HTTP_URL.test(text);
}

/** Longest URL that is kept; longer ones are dropped (browsers and databases differ above it). */
const URL_LENGTH_MAX = 128 * 1024;

/**
 * Makes a URL absolute against `base` (RFC 3986 section 5) and keeps it only if it is http(s). A URL that is absolute
 * and clean already is returned as published; others are returned as the WHATWG URL parser writes them, without credentials.
 * @returns null when it is no URL or has another scheme.
 */
export function resolveHttpUrl(text: string, base: string | null): string | null {
  if (isCleanHttpUrl(text)) return text;
  const trimmed = text.trim();
  if (trimmed === "" || trimmed.length > URL_LENGTH_MAX) return null;
  if (PLAIN_HTTP_URL.test(trimmed)) return URL.canParse(trimmed) ? trimmed : null;
  const joined = base === null ? null : joinSimplePath(trimmed, base);
  if (joined !== null) return joined;
  const url = URL.parse(trimmed, base ?? undefined);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return null;
  if (url.username !== "" || url.password !== "") {
    url.username = "";
    url.password = "";
  }
  return url.href;
}

/** A path, with a query perhaps, that a URL parser leaves as it is: no dot segments, no escapes, nothing that it would encode. */
const SIMPLE_PATH = /^(?:\/(?=[\w~-]|$))?(?:[\w~,=&+;-]+(?:\.[\w~,=&+;-]+)*(?:[/?](?=[\w~,=&+;-]|$)|$))*$/;

/** What relative URLs of one base begin with. */
interface BaseParts {
  readonly base: string;
  readonly origin: string;
  /** The path up to its last slash. */
  readonly folder: string;
}
/** The last base: a document's links nearly all have the same. */
let lastBase: BaseParts | null = null;

/** What the URL parser gives for a simple path against an http(s) base, without parsing the base again; null for anything else. */
function joinSimplePath(path: string, base: string): string | null {
  if (path.length > 2000 || !SIMPLE_PATH.test(path)) return null;
  if (lastBase?.base !== base) {
    const url = URL.parse(base);
    if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return null;
    lastBase = {
      base,
      origin: url.origin,
      folder: url.pathname.slice(0, url.pathname.lastIndexOf("/") + 1),
    };
  }
  return path.startsWith("/") ? lastBase.origin + path : lastBase.origin + lastBase.folder + path;
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
  if (text == null) return null;
  const url = resolveHttpUrl(text, context.base);
  if (url === null && text.trim() !== "") {
    const shown = text.trim().slice(0, 80);
    context.log.add("dropped-url", `${context.what}: "${shown}" is no http(s) URL`, context.offset);
  }
  return url;
}

/** True if `text` is an absolute http(s) URL. */
export function isHttpUrl(text: string): boolean {
  return (
    isCleanHttpUrl(text) || (/^\s*https?:\/\/[^/?#\s]/i.test(text) && resolveHttpUrl(text, null) !== null)
  );
}

/** The base for relative URLs inside an element with `xml:base` (XML Base 4.3): non-http(s) bases are ignored. */
export function resolveBase(xmlBase: string, outer: string | null): string | null {
  return resolveHttpUrl(xmlBase, outer) ?? outer;
}
