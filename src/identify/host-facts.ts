import { parse } from "tldts";

/** What the public suffix list says about a host. */
export interface HostFacts {
  readonly host: string;
  /** `theguardian.com` of `amp.theguardian.com`; null for an address, a bare suffix or a single label. */
  readonly registrable: string | null;
  /** `theguardian` of `amp.theguardian.com`; empty where nothing is registrable. */
  readonly name: string;
  /** `amp` of `amp.theguardian.com`; empty where there is none. */
  readonly subdomain: string;
  /** The suffix is one that ICANN delegates or that someone runs publicly (`github.io`), not a made-up one. */
  readonly isKnownSuffix: boolean;
}

/** Feeds repeat few hosts, so a small memory saves most of the look-ups; emptied when full, so that it stays small. */
const remembered = new Map<string, HostFacts>();
const rememberedMax = 4_096;

/** Private suffixes count, so `a.github.io` and `b.github.io` are two owners. @param host lower case, punycode */
export function factsOfHost(host: string): HostFacts {
  const known = remembered.get(host);
  if (known !== undefined) return known;
  const read = parse(host, { allowPrivateDomains: true, extractHostname: false });
  const facts: HostFacts = {
    host,
    registrable: read.domain,
    name: read.domainWithoutSuffix ?? "",
    subdomain: read.subdomain ?? "",
    isKnownSuffix: read.isIcann === true || read.isPrivate === true,
  };
  if (remembered.size >= rememberedMax) remembered.clear();
  remembered.set(host, facts);
  return facts;
}

/** Both hosts belong to one registrable domain (or are one host). */
export function isSameOwner(a: string, b: string): boolean {
  if (a === b) return true;
  const owner = factsOfHost(a).registrable;
  return owner !== null && owner === factsOfHost(b).registrable;
}

/** `host` is `domain` or lies under it. */
export function isUnder(host: string, domain: string): boolean {
  return (
    host === domain || (host.endsWith(domain) && host.charCodeAt(host.length - domain.length - 1) === 46)
  );
}
