import type { HostFacts } from "./host-facts.ts";
import type { UrlParts } from "./url-parts.ts";

/** Something that leads to another URL and carries it. Known by host and path, never by a parameter's name alone. */
export interface Wrapper {
  readonly name: string;
  readonly reason: string;
  /** Hosts (with their subdomains), or a brand under every suffix (`google.*`); empty: known by its path on any host. */
  readonly hosts: readonly string[];
  /** The target, absolute, or null when this URL is not one of those. */
  unwrap(parts: UrlParts, facts: HostFacts): string | null;
}
