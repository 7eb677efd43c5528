/** What somebody who typed an address can do when it gives no feed. The status page has its own words: there, polls go on. */
import { type ErrorCode, FetchError, MainstemError } from "../errors.ts";

const HINTS: ReadonlyMap<ErrorCode, string> = new Map<ErrorCode, string>([
  ["fetch/dns", "look at the spelling, and whether this machine is online"],
  ["fetch/network", "look at the address, and whether this machine is online"],
  ["fetch/timeout", "try again later"],
  ["fetch/tls", "open the address in a browser: the publisher has to mend the certificate"],
  ["fetch/redirects", "open the address in a browser, and give the one where it ends"],
  ["parse/html", "mainstem add <page> finds the feed of a page"],
  ["parse/not-a-feed", "RSS, Atom, RDF, JSON Feed, OPML and article documents are read"],
]);

/** The error's own hint, or what its kind suggests; null where there is nothing to say. */
export function hintOf(error: MainstemError): string | null {
  if (error.hint !== null) return error.hint;
  if (error instanceof FetchError && (error.status === 401 || error.status === 403))
    return "it wants a login, or refuses programs: headers of a source in the config can carry what it asks for";
  return HINTS.get(error.code) ?? null;
}

/** What `work` gives; its failures say what to do. @throws MainstemError */
export async function withHints<T>(
  work: Promise<T>,
  own: (error: MainstemError) => string | null,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof MainstemError)) throw error;
    const hint = own(error) ?? hintOf(error);
    throw new MainstemError(error.code, error.message, { cause: error, ...(hint !== null && { hint }) });
  }
}
