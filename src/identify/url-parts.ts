/** One `name=value` of a query, as written and as read. */
export interface QueryPair {
  /** Exactly as in the URL, e.g. `q=a%20b`. */
  readonly raw: string;
  /** Percent-decoded and lower-cased, for looking rules up. */
  readonly name: string;
  /** Percent-decoded; empty where there is none. */
  readonly value: string;
}

/** An http(s) URL taken apart. Joined again it is a URL that means the same (userinfo aside). */
export interface UrlParts {
  readonly scheme: "http" | "https";
  /** Lower case, punycode, no trailing dot. */
  readonly host: string;
  /** Empty for the scheme's default port. */
  readonly port: string;
  /** Starts with a slash. */
  readonly path: string;
  readonly query: readonly QueryPair[];
  /** Without its `#`. */
  readonly fragment: string;
}

const noQuery: readonly QueryPair[] = [];

/** @returns the parts of an absolute http(s) URL as the WHATWG URL standard reads it, or null. */
export function parseUrlParts(text: string): UrlParts | null {
  const url = URL.parse(text);
  if (url === null) return null;
  const { protocol } = url;
  if (protocol !== "https:" && protocol !== "http:") return null;
  let host = url.hostname;
  // Without its dot, a number is an IPv4 address, and is written otherwise.
  if (host.endsWith(".")) host = URL.parse(`http://${host.replace(/\.{1,253}$/, "")}/`)?.hostname ?? "";
  if (host === "") return null;
  const { search, hash } = url;
  return {
    scheme: protocol === "https:" ? "https" : "http",
    host,
    port: url.port,
    path: url.pathname,
    query: search.length < 2 ? noQuery : parseQuery(search.slice(1)),
    fragment: hash.length < 2 ? "" : hash.slice(1),
  };
}

/** The URL that `parts` stand for; `parseUrlParts` of it gives equal parts. */
export function formatUrlParts(parts: UrlParts): string {
  const port = parts.port === "" ? "" : `:${parts.port}`;
  const query = parts.query.length === 0 ? "" : `?${formatQuery(parts.query)}`;
  const fragment = parts.fragment === "" ? "" : `#${parts.fragment}`;
  return `${parts.scheme}://${parts.host}${port}${parts.path}${query}${fragment}`;
}

/** @param query what stands after `?`; empty parameters (`a&&b`) stay as empty pairs. */
export function parseQuery(query: string): readonly QueryPair[] {
  const isEncoded = query.includes("%") || query.includes("+");
  const pairs: QueryPair[] = [];
  for (let start = 0; start <= query.length; ) {
    const ampersand = query.indexOf("&", start);
    const end = ampersand === -1 ? query.length : ampersand;
    pairs.push(parseQueryPair(query.slice(start, end), isEncoded));
    start = end + 1;
  }
  return pairs;
}

export function formatQuery(query: readonly QueryPair[]): string {
  let text = "";
  let isFirst = true;
  for (const pair of query) {
    text += isFirst ? pair.raw : `&${pair.raw}`;
    isFirst = false;
  }
  return text;
}

/** A parameter's value, decoded, or null where there is none. @param name in lower case */
export function findParameter(query: readonly QueryPair[], name: string): string | null {
  for (const pair of query) if (pair.name === name) return pair.value;
  return null;
}

function parseQueryPair(raw: string, isEncoded: boolean): QueryPair {
  const equals = raw.indexOf("=");
  const name = equals === -1 ? raw : raw.slice(0, equals);
  const value = equals === -1 ? "" : raw.slice(equals + 1);
  if (!isEncoded) return { raw, name: name.toLowerCase(), value };
  return { raw, name: decodeComponent(name).toLowerCase(), value: decodeComponent(value) };
}

/** Percent-decodes as HTML forms do (`+` is a space); what is no valid UTF-8 stays as it is. */
export function decodeComponent(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
