/**
 * The HTTP client for sources: conditional requests, redirects followed by hand, every answer either a result or a
 * `FetchError`. Its manners are those of `test/fetch`, its limits those of the config.
 */
import { hash } from "node:crypto";
import { FetchError } from "../errors.ts";
import type { Clock, Link, Validators } from "../model.ts";
import { type Connections, createConnections } from "./connection.ts";
import { acceptedCodings, decodeBody } from "./content-coding.ts";
import { createDnsCache, createSystemResolver, type ResolveName } from "./dns.ts";
import { type Exchange, ExchangeError, exchange } from "./exchange.ts";
import { DeadlineError, statusError, toFetchError } from "./failure.ts";
import { type Freshness, readFreshness } from "./freshness.ts";
import { listHeader, singleHeader } from "./headers.ts";
import { parseLinkHeader } from "./link-header.ts";
import { isOwnOrigin, parseRequestTarget, type RequestTarget, resolveLocation } from "./request-target.ts";
import { scrubUrl } from "./scrub.ts";
import { hasValidators, readValidators, renewValidators } from "./validators.ts";

export type { Freshness } from "./freshness.ts";

export interface HttpLimits {
  /** For one fetch as a whole, redirects included. */
  readonly timeoutMs: number;
  /** Until a connection stands; 10 s, or `timeoutMs` where that is less. */
  readonly connectTimeoutMs?: number;
  /** Longest silence of a server; 20 s, or `timeoutMs` where that is less. */
  readonly idleTimeoutMs?: number;
  /** The largest document, unpacked. */
  readonly bodyBytes: number;
  /** The largest document on the wire; as `bodyBytes` where absent. */
  readonly wireBytes?: number;
  readonly redirects: number;
  /** Connections to one origin at a time. */
  readonly perHost: number;
}

export interface HttpOptions {
  /** `Product/version (+contact)`. */
  readonly userAgent: string;
  readonly limits: HttpLimits;
  readonly clock: Pick<Clock, "now">;
  /** Asks for names; the system's resolver where absent. */
  readonly resolveName?: ResolveName;
  /** Which addresses are reached without `isPrivateAllowed`; `isPublicAddress` where absent. */
  readonly isAllowedAddress?: (ip: string) => boolean;
  /** PEM of the certificate authorities to trust instead of Node's own. */
  readonly ca?: string;
  /** Hears of every document: its bytes on the wire, and its `Content-Encoding` (`identity` where none is named). */
  readonly onBody?: ((body: { readonly coding: string; readonly bytes: number }) => void) | undefined;
}

export interface FetchRequest {
  /** Where to ask: the source's current address. */
  readonly url: string;
  /**
   * The address as configured, where it differs from `url`: credentials in it and `headers` are sent to its origin
   * alone, also after a source has moved for good.
   */
  readonly configuredUrl?: string;
  readonly validators: Validators;
  readonly headers: Readonly<Record<string, string>>;
  /** May the configured server have a private address? It alone: redirects elsewhere reach public ones only. */
  readonly isPrivateAllowed: boolean;
  /**
   * Waited for when a document has come and before it is unpacked, since unpacking holds up the event loop. The wait counts against no
   * time limit, and an abort does not end it.
   */
  readonly beforeUnpacking?: () => Promise<void>;
}

export type FetchAnswer =
  | {
      readonly kind: "not-modified";
      /** Those to use next time. */
      readonly validators: Validators;
      readonly freshness: Freshness;
      /** As for a document. */
      readonly permanentUrl: string | null;
    }
  | {
      readonly kind: "document";
      /** Unpacked. */
      readonly bytes: Uint8Array;
      readonly contentType: string | null;
      /** Where it came from in the end, without credentials and fragment. */
      readonly url: string;
      /** Where the address has moved for good: every redirect on the way said 301 or 308. Null without redirects. */
      readonly permanentUrl: string | null;
      readonly validators: Validators;
      readonly freshness: Freshness;
      /** Of the HTTP `Link` header, absolute. */
      readonly links: readonly Link[];
      /** 226 (RFC 3229): the document holds what is new only. */
      readonly isDelta: boolean;
      /** sha-256 (hex) of `bytes`. */
      readonly bodyHash: string;
      /** Of the body as it came, before inflating. */
      readonly wireBytes: number;
    }
  | { readonly kind: "gone" };

export interface HttpClient extends AsyncDisposable {
  /**
   * Asks once for a document.
   *
   * @throws FetchError with a message for people, `status` and `retryAfterMs` where the server sent them
   * @throws the signal's reason when aborted
   */
  fetch(request: FetchRequest, signal: AbortSignal): Promise<FetchAnswer>;
}

const accept =
  "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5";

/** Headers that belong to the connection or to the conditional request and are never the operator's. */
const ownHeaders: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "if-modified-since",
  "if-none-match",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const permanentRedirects: ReadonlySet<number> = new Set([301, 308]);
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** 203: the same by way of a proxy. 226: the new part of it (RFC 3229). */
const documents: ReadonlySet<number> = new Set([200, 203, 226]);

/** Opens a client. It holds connections until it is disposed of. */
export function createHttpClient(options: HttpOptions): HttpClient {
  return new Client(options);
}

/** A server in the chain of redirects. */
interface Hop {
  readonly target: RequestTarget;
  /** Every redirect up to here was permanent. */
  readonly isPermanent: boolean;
  readonly count: number;
}

class Client implements HttpClient {
  readonly #userAgent: string;
  readonly #clock: Pick<Clock, "now">;
  readonly #limits: Required<HttpLimits>;
  readonly #connections: Connections;
  readonly #onBody: HttpOptions["onBody"];

  constructor({ userAgent, limits, clock, resolveName, isAllowedAddress, ca, onBody }: HttpOptions) {
    this.#onBody = onBody;
    this.#userAgent = userAgent;
    this.#clock = clock;
    this.#limits = {
      connectTimeoutMs: Math.min(limits.timeoutMs, 10_000),
      idleTimeoutMs: Math.min(limits.timeoutMs, 20_000),
      wireBytes: limits.bodyBytes,
      ...limits,
    };
    const { perHost, connectTimeoutMs, idleTimeoutMs } = this.#limits;
    const findAddresses = createDnsCache({ resolve: resolveName ?? createSystemResolver(), clock });
    this.#connections = createConnections({
      ...{ findAddresses, isAllowedAddress, perHost, connectTimeoutMs, idleTimeoutMs },
      ca: ca ?? null,
    });
  }

  async fetch(request: FetchRequest, signal: AbortSignal): Promise<FetchAnswer> {
    signal.throwIfAborted();
    const run = new AbortController();
    const deadline = setTimeout(() => run.abort(new DeadlineError()), this.#limits.timeoutMs);
    const onAbort = () => run.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await this.#follow(request, run.signal);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(deadline);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Goes from redirect to redirect until there is an answer. */
  async #follow(request: FetchRequest, signal: AbortSignal): Promise<FetchAnswer> {
    const url = scrubUrl(request.url);
    const { configuredUrl = request.url } = request;
    let host = "";
    try {
      const target = parseRequestTarget(request.url);
      const owner = configuredUrl === request.url ? target : parseRequestTarget(configuredUrl);
      const seen = new Set<string>();
      let hop: Hop = { target, isPermanent: true, count: 0 };
      for (;;) {
        const { target } = hop;
        host = target.host;
        seen.add(target.url);
        const answer = await this.#ask(target, { request, owner }, signal);
        if (!redirects.has(answer.status)) return await this.#read(answer, { hop, request, url });
        hop = this.#redirect(answer, { hop, url });
        if (seen.has(hop.target.url)) {
          throw new FetchError("fetch/redirects", "The server sends the request round in a circle.", { url });
        }
      }
    } catch (error) {
      throw error instanceof FetchError ? error : toFetchError(error, { url, host, limits: this.#limits });
    }
  }

  async #ask(
    target: RequestTarget,
    { request, owner }: { readonly request: FetchRequest; readonly owner: RequestTarget },
    signal: AbortSignal,
  ): Promise<Exchange> {
    const dispatcher = this.#connections.towards(target, request.isPrivateAllowed ? owner : null);
    const outgoing = {
      origin: target.origin,
      path: target.path,
      headers: this.#headers(target, { request, owner }),
      wireBytes: this.#limits.wireBytes,
      wantsBody: (status: number) => documents.has(status),
    };
    try {
      return await exchange(dispatcher, outgoing, signal);
    } catch (error) {
      // A server may close an idle connection just as we reuse it; that says nothing about the source (RFC 9112 9.3.1).
      if (!isStaleConnection(error)) throw error;
      return await exchange(dispatcher, outgoing, signal);
    }
  }

  #headers(
    target: RequestTarget,
    { request, owner }: { readonly request: FetchRequest; readonly owner: RequestTarget },
  ): string[] {
    const { etag, lastModified } = request.validators;
    const headers = new Map([
      ["user-agent", ["User-Agent", this.#userAgent]],
      ["accept", ["Accept", accept]],
      ["accept-encoding", ["Accept-Encoding", acceptedCodings]],
      ["a-im", ["A-IM", "feed"]],
    ]);
    if (etag !== null) headers.set("if-none-match", ["If-None-Match", etag]);
    if (lastModified !== null) headers.set("if-modified-since", ["If-Modified-Since", lastModified]);
    if (isOwnOrigin(target, owner)) {
      if (owner.authorization !== null) headers.set("authorization", ["Authorization", owner.authorization]);
      for (const [name, value] of Object.entries(request.headers)) {
        const key = name.toLowerCase();
        // Header values travel as bytes; text beyond ASCII goes as UTF-8.
        if (!ownHeaders.has(key)) headers.set(key, [name, Buffer.from(value, "utf8").toString("latin1")]);
      }
    }
    return [...headers.values()].flat();
  }

  #redirect({ status, headers }: Exchange, { hop, url }: { readonly hop: Hop; readonly url: string }): Hop {
    const location = singleHeader(headers, "location");
    if (location === null || location === "") {
      throw new FetchError("fetch/status", `The server says ${status}, moved, but not where to.`, {
        url,
        status,
      });
    }
    if (hop.count >= this.#limits.redirects) {
      throw new FetchError(
        "fetch/redirects",
        `The server redirects more than ${this.#limits.redirects} times.`,
        { url, status },
      );
    }
    const next = resolveLocation(location, hop.target);
    if (!/^\s*https?:/i.test(next) || !URL.canParse(next)) {
      throw new FetchError("fetch/redirects", "The server redirects to an address that is not on the web.", {
        url,
        status,
      });
    }
    const isPermanent = hop.isPermanent && permanentRedirects.has(status);
    return { target: parseRequestTarget(next), isPermanent, count: hop.count + 1 };
  }

  async #read(
    { status, headers, body }: Exchange,
    { hop, request, url }: { readonly hop: Hop; readonly request: FetchRequest; readonly url: string },
  ): Promise<FetchAnswer> {
    const freshness = readFreshness(headers, this.#clock.now());
    const permanentUrl = hop.isPermanent && hop.count > 0 ? hop.target.url : null;
    if (status === 304 && hasValidators(request.validators)) {
      return {
        kind: "not-modified",
        validators: renewValidators(request.validators, headers),
        freshness,
        permanentUrl,
      };
    }
    // Behind a temporary redirect, 410 ends that address only, not the source.
    if (status === 410 && hop.isPermanent) return { kind: "gone" };
    if (!documents.has(status))
      throw statusError(status, headers, { url, retryAfterMs: freshness.retryAfterMs });
    const coding = listHeader(headers, "content-encoding");
    this.#onBody?.({ coding: coding?.trim().toLowerCase() || "identity", bytes: body.length });
    await request.beforeUnpacking?.();
    const bytes = await decodeBody(body, coding, this.#limits);
    return {
      kind: "document",
      bytes,
      contentType: singleHeader(headers, "content-type"),
      url: hop.target.url,
      permanentUrl,
      validators: readValidators(headers),
      freshness,
      links: parseLinkHeader(listHeader(headers, "link") ?? "", hop.target.url),
      isDelta: status === 226,
      bodyHash: hash("sha256", bytes),
      wireBytes: body.length,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connections[Symbol.asyncDispose]();
  }
}

/** The other side closed a connection that had served before, without a byte of answer. */
function isStaleConnection(error: unknown): boolean {
  if (!(error instanceof ExchangeError) || error.isAnswered) return false;
  const { cause } = error;
  if (!(cause instanceof Error) || !("socket" in cause)) return false;
  const { socket } = cause;
  return (
    typeof socket === "object" && socket !== null && "bytesRead" in socket && Number(socket.bytesRead) > 0
  );
}
