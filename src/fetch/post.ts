/**
 * What hubs and subscribers say to each other (WebSub): behind the same guard of addresses as every other request, with
 * nothing of ours but our name.
 */
import { createConnections } from "./connection.ts";
import { createDnsCache, createSystemResolver } from "./dns.ts";
import { DeadlineError, toFetchError } from "./failure.ts";
import { readFreshness } from "./freshness.ts";
import { type Head, readHead } from "./head.ts";
import { singleHeader } from "./headers.ts";
import type { HttpOptions } from "./http.ts";
import { parseRequestTarget, type RequestTarget, resolveLocation } from "./request-target.ts";
import { scrubUrl } from "./scrub.ts";

export interface PostAnswer {
  readonly status: number;
  readonly retryAfterMs: number | null;
}

export interface GetAnswer {
  readonly status: number;
  /** At most `bytesMax` bytes of it, read as UTF-8; empty unless the status is 2xx. */
  readonly body: string;
}

interface MessageRequest {
  readonly url: string;
  /** May the server of `url` have a private address? It alone, as for a source. */
  readonly isPrivateAllowed: boolean;
}

export interface PostRequest extends MessageRequest {
  /** Name, value, name, value … beside our own. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
  /** Are 307 and 308 followed (RFC 9110 15.4.8, 15.4.9)? Yes unless false. */
  readonly isRedirectFollowed?: boolean;
}

export interface PostClient extends AsyncDisposable {
  /**
   * Sends a body and reads the status; of the answer's body nothing.
   * @throws FetchError; the signal's reason when aborted
   */
  post(request: PostRequest, signal: AbortSignal): Promise<PostAnswer>;
  /** Reads a short answer; follows no redirect. @throws as `post` */
  get(request: MessageRequest & { readonly bytesMax: number }, signal: AbortSignal): Promise<GetAnswer>;
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
  const connections = createConnections({
    ...{ ...timeouts, findAddresses, isAllowedAddress },
    ...{ perHost: limits.perHost, ca: ca ?? null },
  });
  /** One request, and those that redirects ask for. */
  const send = async (
    { url, headers, body, bytesMax, redirectsLeft, onHop, ...permission }: MessageParts,
    signal: AbortSignal,
  ): Promise<Head> => {
    const target = parseRequestTarget(url);
    const owner = permission.isPrivateAllowed ? (permission.owner ?? target) : null;
    onHop(target.host);
    const head = await readHead(
      connections.towards(target, owner),
      {
        origin: target.origin,
        path: target.path,
        headers: ["User-Agent", userAgent, ...headers],
        ...(body === null ? {} : { body }),
        bytesMax,
        wantsBody: (status) => bytesMax > 0 && isSuccess(status),
      },
      signal,
    );
    const location = singleHeader(head.headers, "location");
    const isRedirect = (head.status === 307 || head.status === 308) && location !== null;
    if (!isRedirect || redirectsLeft === 0) return head;
    const next = { headers, body, bytesMax, redirectsLeft: redirectsLeft - 1, onHop };
    const isPrivateAllowed = owner !== null;
    return send({ ...next, isPrivateAllowed, owner, url: resolveLocation(location, target) }, signal);
  };
  const withDeadline = async (parts: Omit<MessageParts, "onHop">, signal: AbortSignal): Promise<Head> => {
    let host = "";
    const onHop = (next: string) => {
      host = next;
    };
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(new DeadlineError()), limits.timeoutMs);
    try {
      return await send({ ...parts, onHop }, AbortSignal.any([signal, deadline.signal]));
    } catch (error) {
      signal.throwIfAborted();
      throw toFetchError(error, { url: scrubUrl(parts.url), host, limits: timeouts });
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    async post({ isRedirectFollowed = true, ...request }, signal) {
      const redirectsLeft = isRedirectFollowed ? redirectsMax : 0;
      const { status, headers } = await withDeadline({ ...request, bytesMax: 0, redirectsLeft }, signal);
      return { status, retryAfterMs: readFreshness(headers, clock.now()).retryAfterMs };
    },
    async get(request, signal) {
      const { status, body } = await withDeadline(
        { ...request, headers: [], body: null, redirectsLeft: 0 },
        signal,
      );
      return { status, body: isSuccess(status) ? body.toString("utf8") : "" };
    },
    async [Symbol.asyncDispose]() {
      await connections[Symbol.asyncDispose]();
    },
  };
}

interface MessageParts extends MessageRequest {
  readonly headers: readonly string[];
  readonly body: Uint8Array | null;
  readonly bytesMax: number;
  readonly redirectsLeft: number;
  /** The server that may be private; the first one where absent. */
  readonly owner?: RequestTarget | null;
  /** Hears of each host that is asked. */
  readonly onHop: (host: string) => void;
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
