/** From an address that a person typed to the feed behind it. */
import { MainstemError } from "../errors.ts";
import type { HttpClient } from "../fetch/http.ts";
import { isOnServerOf } from "../fetch/request-target.ts";
import type { ParsedDocument } from "../model.ts";
import { listFeedLinks } from "../parse/feed-links.ts";
import { parseDocument } from "../parse/parse.ts";
import { commonFeedAddresses, knownFeedAddresses, podcastLookupAddress } from "./feed-addresses.ts";

export interface DiscoverOptions {
  readonly http: HttpClient;
  /** May the server of the address that was typed be private? What its page names elsewhere may not. */
  readonly isPrivateAllowed: boolean;
}

interface Asking extends DiscoverOptions {
  readonly typed: string;
}

export interface Discovery {
  readonly url: string;
  readonly document: ParsedDocument;
  /** Further feeds that the page names. */
  readonly others: readonly { readonly url: string; readonly title: string | null }[];
}

const documentBytesMax = 16 * 2 ** 20;
const triesMax = 20;

/**
 * Finds the feed of a page, or takes the address for the feed itself.
 * @returns null when there is none
 * @throws FetchError when the page itself cannot be fetched; the signal's reason when aborted
 */
export async function discoverFeed(
  address: string,
  discovering: DiscoverOptions,
  signal: AbortSignal,
): Promise<Discovery | null> {
  const options: Asking = { ...discovering, typed: address };
  const known = knownFeedAddresses(address);
  const lookup = podcastLookupAddress(address);
  const podcast = lookup === null ? [] : await askPodcast(lookup, options, signal);
  const early = await firstFeed([...known, ...podcast], options, signal);
  if (early !== null) {
    const others = known.filter((url) => url !== early.url).map((url) => ({ url, title: null }));
    return { ...early, others };
  }

  const page = await fetchDocument(address, options, signal);
  const own = await tryParse(page);
  if (own !== null) return { url: page.url, document: own, others: [] };
  const links = listFeedLinks(new TextDecoder().decode(page.bytes), page.url);
  const found = await firstFeed(
    [...links.map(({ url }) => url), ...commonFeedAddresses(page.url)].slice(0, triesMax),
    options,
    signal,
  );
  if (found === null) return null;
  return { ...found, others: links.filter(({ url }) => url !== found.url) };
}

interface Fetched {
  readonly bytes: Uint8Array;
  readonly contentType: string | null;
  readonly url: string;
}

async function fetchDocument(
  url: string,
  { http, typed, ...options }: Asking,
  signal: AbortSignal,
): Promise<Fetched> {
  const validators = { etag: null, lastModified: null };
  const isPrivateAllowed = options.isPrivateAllowed && isOnServerOf(url, typed);
  const answer = await http.fetch({ url, validators, headers: {}, isPrivateAllowed }, signal);
  if (answer.kind === "document") return answer;
  throw new MainstemError("fetch/status", `${url} says 410 Gone: there is nothing any more`);
}

/** The first address that gives a feed with entries (a repository may have no releases), else the first feed at all. */
async function firstFeed(
  urls: readonly string[],
  options: Asking,
  signal: AbortSignal,
): Promise<{ readonly url: string; readonly document: ParsedDocument } | null> {
  let empty: { readonly url: string; readonly document: ParsedDocument } | null = null;
  for (const url of new Set(urls)) {
    signal.throwIfAborted();
    try {
      const fetched = await fetchDocument(url, options, signal);
      const document = await tryParse(fetched);
      if (document === null) continue;
      const found = { url: fetched.url, document };
      if (document.entries.length + document.outlines.length > 0) return found;
      empty ??= found;
    } catch (error) {
      signal.throwIfAborted();
      // A guess that leads nowhere is no failure.
      if (!(error instanceof MainstemError)) throw error;
    }
  }
  return empty;
}

async function tryParse({ bytes, contentType, url }: Fetched): Promise<ParsedDocument | null> {
  try {
    const document = await parseDocument(
      { bytes, contentType, url, name: url },
      { limits: { documentBytes: documentBytesMax } },
    );
    return document.format === "article" ? null : document;
  } catch (error) {
    if (error instanceof MainstemError) return null;
    throw error;
  }
}

async function askPodcast(url: string, options: Asking, signal: AbortSignal): Promise<readonly string[]> {
  try {
    const { bytes } = await fetchDocument(url, options, signal);
    const answer = JSON.parse(new TextDecoder().decode(bytes)) as { results?: { feedUrl?: unknown }[] };
    const feed = answer.results?.[0]?.feedUrl;
    return typeof feed === "string" && URL.canParse(feed) ? [feed] : [];
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof MainstemError || error instanceof SyntaxError) return [];
    throw error;
  }
}
