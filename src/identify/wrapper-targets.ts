import { repairUrl } from "./repair.ts";
import { formatQuery, type UrlParts } from "./url-parts.ts";

const hostAndPath = /^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}(?::\d{1,5})?(?:[/?#]|$)/i;

/**
 * A wrapper's target as an absolute http(s) URL, or null when what was found is none. Reads what is encoded once too often,
 * what has lost its scheme, and what is relative to the wrapper.
 */
export function readTarget(found: string, base?: UrlParts): string | null {
  let text = found;
  if (!text.includes("://") && /^https?%/i.test(text)) text = decodeLoosely(text);
  if (/^https?%/i.test(text)) text = decodeLoosely(text);
  if (text.startsWith("/") && !text.startsWith("//")) {
    return base === undefined ? null : `${base.scheme}://${base.host}${text}`;
  }
  if (!/^https?:/i.test(text) && hostAndPath.test(text)) text = `https://${text}`;
  text = repairUrl(text);
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return null;
  return url.hostname.includes(".") ? text : null;
}

/** `readTarget` of what may not have been found. */
export function readOptional(found: string | null): string | null {
  return found === null ? null : readTarget(found);
}

/** Percent-decodes, `+` stays; what is no valid UTF-8 stays as it is. */
export function decodeLoosely(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The value of a parameter decoded as part of a URL (a `+` stays a plus), or null. @param name in lower case */
export function findTargetParameter(parts: UrlParts, name: string): string | null {
  for (const pair of parts.query) {
    if (pair.name !== name) continue;
    const value = decodeLoosely(pair.raw.slice(pair.raw.indexOf("=") + 1));
    if (value !== "" && pair.raw.includes("=")) return value;
  }
  return null;
}

/** Path, query and fragment as they stand in the URL. */
export function tailOf(parts: UrlParts): string {
  const query = parts.query.length === 0 ? "" : `?${formatQuery(parts.query)}`;
  return `${parts.path}${query}${parts.fragment === "" ? "" : `#${parts.fragment}`}`;
}

/** The URL that stands behind a prefix of the path, with the query that belongs to it. */
export function findEmbedded(parts: UrlParts, prefix: RegExp): string | null {
  const tail = tailOf(parts);
  const match = prefix.exec(tail);
  if (match === null) return null;
  const rest = tail.slice(match.index + match[0].length);
  if (/^https?%3a/i.test(rest)) return readTarget(decodeLoosely(rest));
  return readTarget(rest.replace(/^(https?):\/(?!\/)/i, "$1://"));
}

/** Text behind base64 or base64url, or null when it is none or not UTF-8. At most 64 kB are read. */
export function decodeBase64(text: string): string | null {
  if (text.length > 65_536 || !/^[\w+/=-]+$/.test(text)) return null;
  const decoded = Buffer.from(text, "base64url").toString("utf8");
  return decoded.includes("\ufffd") ? null : decoded;
}

/** The first of `names` that is a string in a JSON object written as text, or null. */
export function findJsonString(json: string | null, names: readonly string[]): string | null {
  if (json === null) return null;
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value !== "object" || value === null) return null;
    const fields = new Map<string, unknown>(Object.entries(value));
    for (const name of names) {
      const field = fields.get(name);
      if (typeof field === "string") return field;
    }
    return null;
  } catch {
    return null;
  }
}

/**
 * The article's URL inside a Google News id of the older kind: a protobuf message `08 13 22 <length> <URL>` (and often the AMP
 * form behind it) in base64url. Newer ids hold a reference that only Google can read.
 */
export function decodeGoogleNewsId(id: string): string | null {
  if (!id.startsWith("CBMi") || id.length > 4_096) return null;
  const bytes = Buffer.from(id, "base64url");
  let length = bytes[3] ?? 0;
  let start = 4;
  if (length >= 0x80) {
    length = (length & 0x7f) | ((bytes[4] ?? 0) << 7);
    start = 5;
  }
  if (start + length > bytes.length) return null;
  const text = bytes.subarray(start, start + length).toString("latin1");
  return /^https?:\/\//.test(text) ? readTarget(text) : null;
}

/** Proofpoint's second encoding: `-3A` for `%3A`, `_` for `/`. */
export function decodeProofpointV2(text: string): string | null {
  return readTarget(decodeLoosely(text.replaceAll("-", "%").replaceAll("_", "/")));
}

const runLengths = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Proofpoint's third: `/v3/__URL__;BASE64!…`, where `*` stands for the next of the encoded characters and `**X` for a run of them. */
export function decodeProofpointV3(tail: string): string | null {
  const start = tail.indexOf("__");
  const end = tail.lastIndexOf("__;");
  if (start === -1 || end <= start) return null;
  const text = tail.slice(start + 2, end).replace(/^(https?):\/(?!\/)/i, "$1://");
  const replaced = Array.from(decodeBase64(tail.slice(end + 3).split("!")[0] ?? "") ?? "");
  let next = 0;
  const url = text.replace(/\*\*([\w-])|\*/g, (_match, run: string | undefined) => {
    const count = run === undefined ? 1 : runLengths.indexOf(run) + 2;
    const piece = replaced.slice(next, next + count).join("");
    next += count;
    return piece === "" ? "*" : piece;
  });
  return readTarget(url);
}
