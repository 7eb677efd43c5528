/** What an operator can do about an error that a source shows. */
import type { ErrorCode } from "../errors.ts";

const ADVICE: ReadonlyMap<string, string> = new Map<ErrorCode, string>([
  [
    "fetch/timeout",
    "The server answers too slowly. It is tried again by itself; if it stays so, raise limits.timeout.",
  ],
  [
    "fetch/network",
    "The server cannot be reached. Check this machine's network; it is tried again by itself.",
  ],
  [
    "fetch/dns",
    "The host name does not resolve. Check whether this machine is online, then the spelling of the URL, or whether the site is gone.",
  ],
  [
    "fetch/tls",
    "The server's certificate is not valid. Open the URL in a browser; the publisher has to mend it.",
  ],
  [
    "fetch/status",
    "Open the URL in a browser: the feed may have moved, or it wants a login (see headers in the config).",
  ],
  ["fetch/too-large", "The document is larger than limits.body. Raise the limit if you trust the source."],
  [
    "fetch/redirects",
    "The URL redirects in circles. Open it in a browser and put the final address into the config.",
  ],
  [
    "fetch/forbidden-address",
    "The source lives on a private address, or redirects to one. If that is meant, put that address into the config, with allow_private: true.",
  ],
  ["fetch/bad-url", "The URL cannot be used. Correct it in the config."],
  [
    "fetch/bad-encoding",
    "The server sends a broken compression. It is tried again by itself; the publisher has to mend it.",
  ],
  ["fetch/incomplete", "The document broke off on the way. It is tried again by itself."],
  ["fetch/file", "Check that the file is there and that Mainstem's user may read it."],
  ["parse/empty", "The document is empty. It is tried again by itself."],
  [
    "parse/html",
    "The URL gives a web page, not a feed. Run `mainstem add URL` to find the feed of the page.",
  ],
  ["parse/not-a-feed", "The document is no feed. Check the URL with `mainstem preview URL`."],
  [
    "parse/malformed",
    "The feed is damaged. See what is left of it with `mainstem preview URL`; the publisher has to mend it.",
  ],
  ["parse/too-deep", "The document is nested deeper than any feed needs and was refused."],
  ["parse/too-large", "The document holds more than any feed needs and was refused."],
]);

export const GONE_ADVICE =
  "It is not polled any more; its stories stay. Take it out of the config, or put its new address there.";

/** What a status asks of the operator; others have the words of `fetch/status`. */
function statusAdvice(status: number): string | null {
  if (status === 401 || status === 403)
    return "The server wants a login, or refuses programs. Give what it asks for under headers in the config, or ask the publisher.";
  if (status === 404)
    return "The feed is not there any more. Find where it is now with `mainstem add URL` of its site.";
  if (status === 429)
    return "The server asks for fewer requests. It is asked more rarely by itself; nothing is to be done.";
  if (status >= 500)
    return "The trouble is on the server's side. It is tried again by itself; nothing is to be done.";
  return null;
}

/** One or two sentences for the operator; never empty. `message` is the error's own, which names the status of an answer. */
export function adviceFor(code: string, message = ""): string {
  const status =
    code === "fetch/status" ? /^The server (?:says|has said) (\d{3})\b/.exec(message)?.[1] : undefined;
  return (
    (status && statusAdvice(Number(status))) ||
    (ADVICE.get(code) ??
      "It is tried again by itself. See what the source yields with `mainstem preview URL`.")
  );
}
