/** URLs as requests need them: the origin by the URL standard, path and query byte for byte as the operator wrote them. */
import { MainstemError } from "../errors.ts";

export interface RequestTarget {
  /** `https://example.org:8443` */
  readonly origin: string;
  /** Path and query as sent on the request line. */
  readonly path: string;
  /** The whole URL without user name, password and fragment, path and query as sent. */
  readonly url: string;
  /** The host for people. */
  readonly host: string;
  /** `Authorization` made from user name and password of the URL (RFC 7617), or null. */
  readonly authorization: string | null;
}

const urlBytesMax = 8192;

/**
 * What RFC 3986 allows in path and query. Text of these alone is sent as it stands; anything else (spaces, quotes,
 * non-ASCII) is escaped by the URL standard as browsers do, because servers refuse it raw.
 */
const plainPath = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/?%[\]]*$/;

/** @throws MainstemError `fetch/bad-url` for what is no http(s) URL */
export function parseRequestTarget(text: string): RequestTarget {
  const url = text.length <= urlBytesMax ? URL.parse(text) : null;
  if (url === null) throw new MainstemError("fetch/bad-url", "This is no valid URL.");
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new MainstemError(
      "fetch/bad-url",
      `Only http and https can be fetched, not ${url.protocol.slice(0, -1)}.`,
    );
  }
  const raw = /^\s*https?:\/\/[^/?#\\]+([^#]*)/i.exec(text)?.[1]?.trimEnd();
  const isPlain = raw !== undefined && plainPath.test(raw);
  const path = isPlain ? (raw.startsWith("/") ? raw : `/${raw}`) : url.pathname + url.search;
  return {
    origin: url.origin,
    path,
    url: url.origin + path,
    host: url.host,
    authorization: basicAuthorization(url),
  };
}

/** The text of a `Location` header (decoded as Latin-1) as an absolute URL; unescaped UTF-8 in it is understood. */
export function resolveLocation(location: string, base: RequestTarget): string {
  const text = Buffer.from(location, "latin1").toString("utf8");
  if (/^https?:\/\//i.test(text)) return text;
  if (/^\/(?!\/)/.test(text)) return base.origin + text;
  return URL.parse(text, base.url)?.href ?? text;
}

/**
 * May what was configured for `owner` (credentials, headers) be sent to `target`? Only to its own origin, and to the
 * same host on the step from http to https with default ports, which every site makes.
 */
export function isOwnOrigin(
  target: Pick<RequestTarget, "origin">,
  owner: Pick<RequestTarget, "origin" | "host">,
): boolean {
  if (target.origin === owner.origin) return true;
  return (
    owner.origin.startsWith("http:") &&
    target.origin === `https:${owner.origin.slice("http:".length)}` &&
    !/:\d+$/.test(owner.host)
  );
}

/**
 * Is `target` on the server of `owner`, so that a permission for the one (`allow_private`) holds for the other? The same
 * origin, the step to https as above, and, since all loopback addresses are one machine, the same port on another of them.
 */
export function isSameServer(
  target: Pick<RequestTarget, "origin">,
  owner: Pick<RequestTarget, "origin" | "host">,
): boolean {
  return isOwnOrigin(target, owner) || loopbackServer(target.origin) === loopbackServer(owner.origin);
}

/** The same of URLs as people and feeds write them; what is no web address is on no server. */
export function isOnServerOf(url: string, ownerUrl: string): boolean {
  const [target, owner] = [URL.parse(url), URL.parse(ownerUrl)];
  const isWeb = (parsed: URL | null) => parsed?.protocol === "http:" || parsed?.protocol === "https:";
  return target !== null && owner !== null && isWeb(target) && isWeb(owner) && isSameServer(target, owner);
}

/** The port on this machine that an origin names by a loopback address; the origin itself where it is elsewhere. */
function loopbackServer(origin: string): string {
  const { protocol, hostname, port } = new URL(origin);
  const isLoopback = /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)$/.test(hostname);
  return isLoopback ? `${protocol}//loopback:${port}` : origin;
}

function basicAuthorization({ username, password }: URL): string | null {
  if (username === "" && password === "") return null;
  const credentials = `${decodeLeniently(username)}:${decodeLeniently(password)}`;
  return `Basic ${Buffer.from(credentials, "utf8").toString("base64")}`;
}

function decodeLeniently(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
