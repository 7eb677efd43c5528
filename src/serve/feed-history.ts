/**
 * What an output's feed looked like at its last changes, so that a client which says `A-IM: feed` gets only the entries
 * that it has not seen (RFC 3229, with the `feed` instance manipulation): 226 instead of 200.
 */
import { hash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { PublishedEntry, PublishedFeed } from "../publish/combine.ts";
import type { FeedFormat } from "../publish/feed-urls.ts";

/** A client that was away for more changes than this gets the whole feed. */
const VERSIONS_MAX = 32;

export type FeedHashes = Readonly<Record<FeedFormat, string>>;

interface Version {
  readonly digest: string;
  readonly hashes: FeedHashes;
  /** A digest for each entry, as that version showed it. */
  readonly entries: ReadonlySet<string>;
}

export interface FeedDelta {
  readonly feed: PublishedFeed;
  /** Hash of the version that the client has. */
  readonly baseHash: string;
}

/** The versions of one output, newest last. */
export class FeedHistory {
  readonly #versions: Version[] = [];
  #current: PublishedFeed | null = null;

  /** The feed as it was last added, or null. */
  get newest(): PublishedFeed | null {
    return this.#current;
  }

  /**
   * The feed as it was last added, when `feed` differs from it in nothing but the dates of the sources: many a source
   * is "updated" at every poll without a word of news. Else null.
   */
  same(feed: PublishedFeed): PublishedFeed | null {
    return this.#versions.at(-1)?.digest === digestOfFeed(feed) ? this.#current : null;
  }

  /** Adds the feed as it is now with the hashes of its files; the same one again changes nothing. */
  add(feed: PublishedFeed, hashes: FeedHashes): void {
    if (feed === this.#current) return;
    this.#current = feed;
    this.#versions.push({ digest: digestOfFeed(feed), hashes, entries: new Set(feed.entries.map(digestOf)) });
    if (this.#versions.length > VERSIONS_MAX) this.#versions.shift();
  }

  /**
   * The current feed with only the entries that are new or changed since the newest version that the client names in
   * If-None-Match; null when it names none, or when everything is new to it.
   */
  since(ifNoneMatch: string, format: FeedFormat): FeedDelta | null {
    const current = this.#current;
    const base = this.#versions.findLast(({ hashes }) => ifNoneMatch.includes(`"${hashes[format]}`));
    if (base === undefined || current === null) return null;
    const entries = current.entries.filter((entry) => !base.entries.has(digestOf(entry)));
    if (entries.length === current.entries.length) return null;
    return { feed: { ...current, entries }, baseHash: base.hashes[format] };
  }
}

/** Whether the client accepts a delta of a feed: `feed` among the tokens of A-IM, not refused by `q=0`. */
export function acceptsFeedDelta(request: IncomingMessage): boolean {
  const header = request.headers["a-im"];
  if (typeof header !== "string") return false;
  return header.split(",").some((part) => {
    const [token, ...parameters] = part.split(";").map((piece) => piece.trim().toLowerCase());
    return token === "feed" && !parameters.some((parameter) => /^q\s*=\s*0(?:\.0*)?$/.test(parameter));
  });
}

const digests = new WeakMap<PublishedEntry, string>();

function digestOf(entry: PublishedEntry): string {
  let known = digests.get(entry);
  if (known === undefined) {
    known = digest(JSON.stringify({ ...entry, source: { ...entry.source, updated: null } }));
    digests.set(entry, known);
  }
  return known;
}

function digestOfFeed(feed: PublishedFeed): string {
  return digest(JSON.stringify({ ...feed, entries: feed.entries.map(digestOf) }));
}

function digest(text: string): string {
  return hash("sha1", text, "base64url");
}
