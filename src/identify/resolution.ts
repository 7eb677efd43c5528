/** What the network says of an opaque URL, judged before it is believed. */
import { identifyUrl, isFrontPage, type UrlOptions } from "./original-url.ts";
import { parseUrlParts } from "./url-parts.ts";

/** The rules' version; it grows when stored keys would come out otherwise, so that `mainstem rekey` is advised. */
export const IDENTITY_VERSION = 3;

/** Hosts that stand between a reader and a page: everybody is sent to the same address of theirs. */
const wallHost = /^(?:consent|login|signin|accounts?|auth|sso|id|idp|captcha|challenge|guce)\./;
const wallPath =
  /^\/(?:[a-z]{2}(?:-[a-z]{2})?\/)?(?:404|403|error|not-?found|login|log-in|signin|sign-in|signup|register|consent|cookies?|privacy|captcha|challenge|subscribe|paywall|unsupported|warning|expired)(?:[./]|$)/i;

/** Is `url` one that only the network can tell? Its original URL is then what to ask for, else null. */
export function opaqueUrl(url: string, options: UrlOptions = {}): string | null {
  const found = identifyUrl(url, options);
  return found?.isOpaque ? found.originalUrl : null;
}

/** Is this the end of the way: a URL that names a page by itself, so that nobody need be asked further? */
export function isDestination(url: string): boolean {
  const found = identifyUrl(url);
  return found !== null && !found.isOpaque;
}

/**
 * Why a resolved address names no story, or null when it does. A wall (consent, login, "not found") or a front page is
 * where every link of a site leads on a bad day, and would make one story of them all.
 */
export function doubtTarget(url: string): string | null {
  const found = identifyUrl(url);
  if (found === null) return "it leads to no web page";
  if (found.isOpaque) return "it leads to another address that tells nothing";
  if (isFrontPage(found.originalUrl)) return "it leads to a front page";
  const parts = parseUrlParts(found.originalUrl);
  if (parts === null) return "it leads to no web page";
  if (wallHost.test(parts.host) || wallPath.test(parts.path)) return "it leads to a wall, not to an article";
  return null;
}
