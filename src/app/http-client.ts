import { createHttpClient, type HttpClient, type HttpOptions } from "../fetch/http.ts";
import { createPostClient, type PostClient } from "../fetch/post.ts";
import { createLinkClient, type LinkClient } from "../fetch/resolve.ts";
import { isDestination } from "../identify/resolution.ts";
import type { Clock } from "../model.ts";
import type { HostLimit } from "../schedule/host-limit.ts";
import { createHostTurns } from "./host-turns.ts";

const defaultLimits = { timeoutMs: 30_000, bodyBytes: 64 * 2 ** 20, redirects: 10, perHost: 2 };

export interface ClientOptions {
  readonly contact: string | null;
  readonly version: string;
  readonly clock: Clock;
  readonly limits?: HttpOptions["limits"];
}

/** The HTTP client for sources. */
export function createSourceHttpClient(options: ClientOptions & Pick<HttpOptions, "onBody">): HttpClient {
  return createHttpClient({ ...nameClient(options), onBody: options.onBody });
}

/**
 * The client for opaque links. With `hosts`, each host gets its turn. It stops at the
 * first address that is not opaque: that is what other feeds carry, and what comes after it (a consent page, a country's
 * edition) is the publisher's business with a reader.
 */
export function createSourceLinkClient(options: ClientOptions & { readonly hosts?: HostLimit }): LinkClient {
  const { hosts } = options;
  return createLinkClient({
    ...nameClient(options),
    isDestination,
    ...(hosts && inTurn(hosts, options)),
  });
}

/**
 * The client for the pages of cut entries (`full_text`). `isPrivateAllowed`: the server of a page may be private; only for
 * pages of a source that may live there itself.
 */
export function createPageClient(
  options: ClientOptions & { readonly hosts: HostLimit; readonly isPrivateAllowed: boolean },
): LinkClient {
  const { hosts, isPrivateAllowed } = options;
  return createLinkClient({
    ...nameClient(options),
    isPrivateAllowed,
    ...inTurn(hosts, options),
  });
}

function inTurn(hosts: HostLimit, { clock }: ClientOptions) {
  const { turn, rest } = createHostTurns(hosts, clock);
  return { turn, onRest: rest };
}

/** The client that asks hubs for pushes. */
export function createHubClient(options: ClientOptions): PostClient {
  return createPostClient(nameClient(options));
}

/** Under the name by which publishers know us (RFC 9110 10.1.5). */
function nameClient({ contact, version, clock, limits = defaultLimits }: ClientOptions): HttpOptions {
  return { userAgent: `Mainstem/${version}${contact ? ` (+${contact})` : ""}`, limits, clock };
}
