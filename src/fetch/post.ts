/** A form sent to a hub: behind the same guard of addresses as every other request, with nothing of ours but our name. */
import { createConnections } from "./connection.ts";
import { createDnsCache, createSystemResolver } from "./dns.ts";
import { DeadlineError, toFetchError } from "./failure.ts";
import { readFreshness } from "./freshness.ts";
import { readHead } from "./head.ts";
import { singleHeader } from "./headers.ts";
import type { HttpOptions } from "./http.ts";
import { isPublicAddress } from "./private-address.ts";
import { parseRequestTarget, resolveLocation } from "./request-target.ts";
import { scrubUrl } from "./scrub.ts";

export interface PostAnswer {
  readonly status: number;
  readonly retryAfterMs: number | null;
}

export interface PostRequest {
  readonly url: string;
  /** Name, value, name, value … beside our own. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
  readonly isPrivateAllowed: boolean;
}

export interface PostClient extends AsyncDisposable {
  /**
   * Sends a body and reads the status; of the answer's body nothing. Follows 307 and 308 (RFC 9110 15.4.8, 15.4.9).
   * @throws FetchError; the signal's reason when aborted
   */
  post(request: PostRequest, signal: AbortSignal): Promise<PostAnswer>;
}

const redirectsMax = 3;

export function createPostClient(options: HttpOptions): PostClient {
  const { userAgent, limits, clock, resolveName, isAllowedAddress, ca } = options;
  const timeouts = {
    timeoutMs: limits.timeoutMs,
    connectTimeoutMs: limits.connectTimeoutMs ?? Math.min(limits.timeoutMs, 10_000),
    idleTimeoutMs: limits.idleTimeoutMs ?? Math.min(limits.timeoutMs, 20_000),
  };
  const findAddresses = createDnsCache({ resolve: resolveName ?? createSystemResolver(), clock });
  const shared = { ...timeouts, findAddresses, perHost: limits.perHost, ca: ca ?? null };
  const open = createConnections({ ...shared, isAllowedAddress: isAllowedAddress ?? isPublicAddress });
  const unguarded = createConnections({ ...shared, isAllowedAddress: null });
  return {
    async post(request, signal) {
      const deadline = new AbortController();
      const timer = setTimeout(() => deadline.abort(new DeadlineError()), limits.timeoutMs);
      const running = AbortSignal.any([signal, deadline.signal]);
      let host = "";
      try {
        let url = request.url;
        for (let hops = 0; ; hops++) {
          const target = parseRequestTarget(url);
          host = target.host;
          const { status, headers } = await readHead(
            request.isPrivateAllowed ? unguarded : open,
            {
              origin: target.origin,
              path: target.path,
              headers: ["User-Agent", userAgent, ...request.headers],
              body: request.body,
              bytesMax: 0,
              wantsBody: () => false,
            },
            running,
          );
          const location = singleHeader(headers, "location");
          if ((status === 307 || status === 308) && location !== null && hops < redirectsMax) {
            url = resolveLocation(location, target);
            continue;
          }
          return { status, retryAfterMs: readFreshness(headers, clock.now()).retryAfterMs };
        }
      } catch (error) {
        signal.throwIfAborted();
        throw toFetchError(error, { url: scrubUrl(request.url), host, limits: timeouts });
      } finally {
        clearTimeout(timer);
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([open.destroy(), unguarded.destroy()]);
    },
  };
}
