/** Takes secrets out of what is logged or shown. Plain string work, so that it also holds for what is no valid URL. */

import { maskSecrets } from "../secrets.ts";

const secretName =
  /token|secret|passw|apikey|signature|credential|authorization|(?:^|[^a-z])(?:auth|code|jwt|key|pass|pwd|session|sid|sig)(?:$|[^a-z])/;
const mask = "***";

/** A URL for logs and errors: without user name and password, without what the config took from secret variables, and with the values of secret-looking parameters masked. */
export function scrubUrl(url: string): string {
  const bare = maskSecrets(withoutUserinfo(url), mask);
  const start = bare.search(/[?#]/);
  return start < 0 ? bare : bare.slice(0, start) + bare.slice(start).replace(/[^?#&;]+/g, maskParameter);
}

/** A text (a log line, an error of a library) with every URL in it scrubbed, and bearer and basic credentials masked. */
export function scrubText(text: string): string {
  return maskSecrets(text, mask)
    .replace(/[a-z][a-z0-9+.-]{1,20}:\/\/[^\s"'<>]+/gi, scrubUrlInText)
    .replace(
      /\b(bearer|basic)(\s{1,8})[a-z0-9+/=._~-]{6,}/gi,
      (_, scheme, space) => `${scheme}${space}${mask}`,
    );
}

/** What ends a sentence or a clause behind a URL is the sentence's. */
function scrubUrlInText(match: string): string {
  const url = match.replace(/[.,:;!?)\]}]{1,4}$/, "");
  return scrubUrl(url) + match.slice(url.length);
}

/** Of the URL, and of URLs within it (a proxy's `?url=https://bob:secret@host/`), escaped or not. */
const userinfo = /(:\/\/)[^/?#\\]*@|(%3a%2f%2f)(?:(?!%2f)[^/?#\\&])*(?:@|%40)/gi;

function withoutUserinfo(url: string): string {
  if (!url.includes("@") && !url.includes("%40")) return url;
  const bare = url.replace(userinfo, "$1$2");
  const start = bare.indexOf("://") + 3;
  if (start < 3 || URL.canParse(bare)) return bare;
  // A password with an unescaped / ? or # makes the URL invalid and hides where it ends.
  return bare.slice(0, start) + bare.slice(Math.max(start, bare.lastIndexOf("@") + 1));
}

function maskParameter(pair: string): string {
  const equals = pair.indexOf("=");
  if (equals < 0) return pair;
  const name = pair.slice(0, equals);
  // camelCase counts as words, percent-escapes as what they stand for.
  const words = decodeLeniently(name)
    .replace(/([a-z])([A-Z])/g, "$1-$2")
    .toLowerCase();
  return secretName.test(words) ? `${name}=${mask}` : pair;
}

function decodeLeniently(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
