/**
 * The last gate before a feed is written: whatever the store holds, what leaves here is valid in XML, in JSON and for
 * feed validators. Every function is linear in its input and answers null where nothing valid is left.
 */
import { hash } from "node:crypto";
import { iso6392 } from "iso-639-2";
import { holdsSecret, maskSecrets } from "../secrets.ts";

const URL_LENGTH_MAX = 8000;
const ID_LENGTH_MAX = 2000;

/** Everything outside XML 1.0 `Char` (lone surrogates too), and the C1 controls and U+FFFD that validators warn about. */
const INVALID_CHARACTERS = /[^\t\n\r\x20-\x7E\xA0-\uD7FF\uE000-\uFFFC\u{10000}-\u{10FFFF}]/gu;
/** As much of it as can be told of one UTF-16 unit: all that most texts need, in a third of the time. */
const INVALID_UNIT = /[^\t\n\r\x20-\x7E\xA0-\uFFFC]/;
/** Bidirectional embeddings, overrides and isolates: in one line of text they reorder what stands beside it. */
const BIDI_CONTROLS = /[\u202A-\u202E\u2066-\u2069]/g;

/** A letter of Latin-1 beyond ASCII, as UTF-8 read as Latin-1 shows it. */
const DOUBLE_ENCODED = /[\u00C2\u00C3][\u0080-\u00BF]/;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * UTF-8 that was read as Latin-1 and encoded again (`CafÃ©`), read once more. A stretch between marks of markup is mended only
 * where all of it is that: text that merely shows such letters holds others beside them, which are no UTF-8.
 */
export function mendDoubleEncoding(text: string): string {
  if (!DOUBLE_ENCODED.test(text)) return text;
  // A word in capitals may end so (`IRMÃ`): the space after it is no part of a letter.
  return text.replace(/(\p{Lu}Ã)\u00A0/gu, "$1 ").replace(/[^&<>"'\n]+/g, (stretch) => {
    if (!DOUBLE_ENCODED.test(stretch) || /[^\0-\u00FF]/.test(stretch)) return stretch;
    try {
      return mendDoubleEncoding(utf8.decode(Buffer.from(stretch, "latin1")));
    } catch {
      return stretch;
    }
  });
}

/** Removes what XML 1.0 (2.2 Char) cannot carry; line ends become `\n`. */
export function cleanCharacters(text: string): string {
  const lines = text.replace(/\r\n?/g, "\n");
  return lines.isWellFormed() && !INVALID_UNIT.test(lines) ? lines : lines.replace(INVALID_CHARACTERS, "");
}

/** Text as it was meant: `mendDoubleEncoding` first, as its letters may look like controls. */
export function cleanText(text: string): string {
  return cleanCharacters(mendDoubleEncoding(text));
}

/**
 * One line of plain text: valid characters, no bidirectional controls, single spaces, at most `maxLength` UTF-16 units
 * (cut between characters, marked with `…`).
 */
export function cleanLine(text: string | null | undefined, maxLength: number): string {
  if (typeof text !== "string" || text === "") return "";
  // A line far over its limit is cut before it is cleaned: the work stays bounded whatever came in.
  const bounded = text.length > maxLength * 8 ? text.slice(0, maxLength * 8) : text;
  const line = cleanText(bounded).replace(BIDI_CONTROLS, "").replace(/\s+/g, " ").trim();
  return shorten(line, maxLength);
}

/** Cuts at a word's end where one is near, never inside a surrogate pair. The result has at most `maxLength` units. */
export function shorten(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  let cut = text.slice(0, maxLength - 1);
  const lastUnit = cut.charCodeAt(cut.length - 1);
  if (lastUnit >= 0xd800 && lastUnit <= 0xdbff) cut = cut.slice(0, -1);
  const lastSpace = cut.lastIndexOf(" ");
  if (lastSpace > maxLength * 0.8) cut = cut.slice(0, lastSpace);
  return `${cut}…`;
}

/**
 * An absolute http(s) URL as a valid URI (RFC 3986), without credentials; null for every other scheme, for relative
 * and for broken ones.
 */
export function cleanUrl(value: string | null | undefined): string | null {
  if (typeof value !== "string" || value.length > URL_LENGTH_MAX) return null;
  const url = URL.parse(value);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return null;
  // WHATWG hosts may hold quotes and braces, URIs may not.
  if (!/^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/.test(url.hostname)) return null;
  const fragment = url.hash === "" ? "" : `#${encodeForUri(url.hash.slice(1))}`;
  const uri = `${url.origin}${encodeForUri(url.pathname)}${encodeForUri(url.search)}${fragment}`;
  return uri.length > URL_LENGTH_MAX ? null : uri;
}

/** Whether a URL may stand where validators take no brackets (an IPv6 address): all of Media RSS, most of RSS, a category's scheme. */
export function isFullUri(url: string | null): url is string {
  return url !== null && !url.includes("[");
}

const SECRET_PARAMETER =
  /token|secret|passw|auth|credential|signature|session|api_?key|^(?:key|sig|pw|pwd|sid)$/i;

/**
 * A source's address as it may be shown to anyone: `cleanUrl`, and null when a query parameter looks like a secret
 * (without it the address would not work, with it the secret would be out).
 */
export function publicUrl(value: string | null | undefined): string | null {
  const url = cleanUrl(value);
  if (url === null || holdsSecret(url)) return null;
  for (const name of new URL(url).searchParams.keys()) {
    if (SECRET_PARAMETER.test(name)) return null;
  }
  return url;
}

/** Text with every URL in it made fit to be shown: credentials and the values of secret parameters are taken out. */
export function scrubUrls(text: string): string {
  return maskSecrets(text, "…").replace(/https?:\/\/[^\s"'<>]+/gi, (found) => {
    const url = URL.parse(found);
    if (url === null) return "(unreadable URL)";
    if (url.username !== "" || url.password !== "") {
      url.username = "";
      url.password = "";
    } else if (![...url.searchParams.keys()].some((name) => SECRET_PARAMETER.test(name))) {
      return found;
    }
    for (const name of new Set(url.searchParams.keys())) {
      if (SECRET_PARAMETER.test(name)) url.searchParams.set(name, "…");
    }
    return decodeURI(url.href).includes("…") ? url.href.replaceAll("%E2%80%A6", "…") : url.href;
  });
}

/** Schemes that no reader may be handed, not even as a name: some open an id like a link. */
const UNSAFE_SCHEME = /^(?:javascript|vbscript|data|file|blob|about|view-source|filesystem|jar):/i;
const URN = /^urn:[a-z0-9][a-z0-9-]{0,31}:[^\s]/i;

/**
 * An id as a valid absolute IRI (RFC 4287 4.2.6). A valid one stays as it is, letter by letter; invalid characters
 * are percent-encoded; what is no IRI at all becomes a `urn:sha256:` of itself, so that it stays stable and unique.
 */
export function cleanId(value: string): string {
  const trimmed = value.trim();
  const id = encodeForIri(cleanCharacters(trimmed));
  if (id.length > ID_LENGTH_MAX || UNSAFE_SCHEME.test(id)) return digestUrn(trimmed);
  const scheme = /^([a-z][a-z0-9+.-]*):./i.exec(id)?.[1]?.toLowerCase();
  if (scheme === undefined) return digestUrn(trimmed);
  if (scheme === "urn" && !URN.test(id)) return digestUrn(trimmed);
  if ((scheme === "http" || scheme === "https") && !/^https?:\/\/[^/?#]/i.test(id)) return digestUrn(trimmed);
  return id;
}

/** A name for anything: the same text always gives the same one. */
export function digestUrn(text: string): string {
  return `urn:sha256:${hash("sha256", text)}`;
}

const languageNames = new Intl.DisplayNames(["en"], { type: "language", fallback: "none" });
/** ISO 639-2 has them, the W3C's validator does not. */
const UNKNOWN_TO_VALIDATORS = new Set(["cnr", "nqo", "syc", "zbl", "zgh", "zxx", "zza"]);
const LONG_CODES: ReadonlySet<string> = new Set(
  iso6392.flatMap(({ iso6392T, iso6392B }) => [iso6392T, iso6392B]).filter((code) => code !== undefined),
);
/** Languages of ISO 639-3 that may be named by the one they belong to (RFC 5646 2.2.2), which every reader knows. */
const MACROLANGUAGES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    zh: "cdo cjy cpx czh czo gan hak hsn lzh mnp nan wuu yue",
    ar: "aao abh abv acm acq acw acx acy adf aeb aec afb ajp apc apd arq ars ary arz auz avl ayh ayl ayn ayp pga shu ssh",
  }).flatMap(([macro, languages]) => languages.split(" ").map((language) => [language, macro] as const)),
);

/**
 * A BCP 47 tag in canonical form whose language is one that readers and the W3C's validator know (ISO 639-1 and 639-2), or belongs to
 * one (`languageInXml`); else null.
 */
export function cleanLanguage(value: string | null | undefined): string | null {
  if (typeof value !== "string" || value.length > 35) return null;
  try {
    const stated = value.trim().replaceAll("_", "-");
    // `zh-yue` (RFC 5646 2.2.2), which `Intl` does not know, is `yue`.
    const [prefix, macro, extended] = /^([a-z]{2})-(?=([a-z]{3})(?:-|$))/i.exec(stated) ?? [];
    const isExtended =
      extended !== undefined && MACROLANGUAGES.get(extended.toLowerCase()) === macro?.toLowerCase();
    const tag = Intl.getCanonicalLocales(isExtended ? stated.slice(prefix?.length) : stated)[0];
    const language = tag?.split("-")[0];
    if (tag === undefined || language === undefined || !/^[a-z]{2,3}$/.test(language)) return null;
    if (languageNames.of(language) === undefined) return null;
    if (language.length === 2 || MACROLANGUAGES.has(language)) return tag;
    return LONG_CODES.has(language) && !UNKNOWN_TO_VALIDATORS.has(language) ? tag : null;
  } catch {
    return null; // not well-formed (RangeError)
  }
}

/** A tag as XML feeds have it: `yue-HK` is `zh-yue-HK`, for who knows the larger language only. */
export function languageInXml(tag: string | null): string | null {
  const macro = MACROLANGUAGES.get(tag?.split("-")[0] ?? "");
  return macro === undefined ? tag : `${macro}-${tag}`;
}

/** `type/subtype` in lower case without parameters, or null. */
export function cleanMediaType(value: string | null | undefined): string | null {
  if (typeof value !== "string") return null;
  const type = value.slice(0, 200).split(";")[0]?.trim().toLowerCase() ?? "";
  return /^[a-z][a-z0-9-]*\/[a-z0-9][a-z0-9.+_-]*$/.test(type) ? type : null;
}

/** A bare address (RFC 5322 `addr-spec`, the usual part of it), or null. */
export function cleanEmail(value: string | null | undefined): string | null {
  if (typeof value !== "string" || value.length > 254) return null;
  const address = value.trim().replace(/^mailto:/i, "");
  return /^[\w.+'-]+@[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)+$/i.test(address) ? address : null;
}

/** Nothing on the web is older: an earlier date is a clock's zero, or tells of something else (the validator's ImplausibleDate). */
export const EARLIEST = new Date("1990-01-01T00:00:00Z");
const LATEST = new Date("9999-12-31T00:00:00Z");

/** The first of these that is a date every format can write (years 1990 to 9999), or null. */
export function firstDate(...candidates: readonly (Date | null | undefined)[]): Date | null {
  for (const date of candidates) {
    if (date instanceof Date && date >= EARLIEST && date <= LATEST) return date;
  }
  return null;
}

/** A value for a query string; a lone surrogate, which encodeURIComponent refuses, becomes U+FFFD. */
export function encodeQueryValue(value: string): string {
  return encodeURIComponent(value.toWellFormed());
}

/** Takes the slashes off the end, one step for each (a regular expression would start anew at every slash before it). */
export function withoutTrailingSlashes(text: string): string {
  let end = text.length;
  while (end > 0 && text.charAt(end - 1) === "/") end -= 1;
  return text.slice(0, end);
}

/** Percent-encodes what RFC 3986 does not allow in a path, query or fragment; a lone `%` becomes `%25`. */
function encodeForUri(text: string): string {
  return text
    .replace(/[^A-Za-z0-9\-._~:/?@!$&'()*+,;=%]/gu, encodeCharacter)
    .replace(/%(?![0-9A-Fa-f]{2})/g, "%25");
}

/** As `encodeForUri` for a whole IRI (RFC 3987): letters of every script stay. */
function encodeForIri(text: string): string {
  return text.replace(/[\s<>"{}|\\^`\x00-\x20]/gu, encodeCharacter).replace(/%(?![0-9A-Fa-f]{2})/g, "%25");
}

function encodeCharacter(character: string): string {
  // encodeURIComponent refuses a lone surrogate; nothing of it is worth keeping.
  return character.isWellFormed() ? encodeURIComponent(character) : "";
}
