import type { HostFacts } from "./host-facts.ts";
import type { QueryPair, UrlParts } from "./url-parts.ts";

/** One platform whose documents have several addresses. */
export interface HostAlias {
  readonly name: string;
  readonly reason: string;
  /** Registrable domains or hosts (`youtube.com`), or a brand under every suffix (`amazon.*`). */
  readonly hosts: readonly string[];
  /** The address that the platform itself prefers; the same object when this is it or when the rule does not apply. */
  apply(parts: UrlParts, facts: HostFacts): UrlParts;
}

const none: readonly QueryPair[] = [];

export function at(
  parts: UrlParts,
  host: string,
  path: string,
  query: readonly QueryPair[] = none,
): UrlParts {
  const isSameQuery = parts.query === query || (parts.query.length === 0 && query.length === 0);
  if (parts.host === host && parts.path === path && isSameQuery) return parts;
  return { ...parts, host, path, query };
}

export function rehost(parts: UrlParts, host: string): UrlParts {
  return parts.host === host ? parts : { ...parts, host };
}

export function pair(name: string, value: string): QueryPair {
  return { raw: `${name}=${encodeURIComponent(value)}`, name, value };
}

/** Keeps only the parameters that name the document. */
export function only(query: readonly QueryPair[], names: readonly string[]): readonly QueryPair[] {
  return query.every((entry) => names.includes(entry.name))
    ? query
    : query.filter((entry) => names.includes(entry.name));
}
