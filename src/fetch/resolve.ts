/**
 * Where opaque links lead: redirects followed by hand, hop by hop, and never onto a private address, because every one of
 * these URLs is a stranger's. No cookies, no referrer, nothing of the operator's.
 */
import { Parser } from "htmlparser2";
import { FetchError } from "../errors.ts";
import type { Clock } from "../model.ts";
import { type Connections, createConnections } from "./connection.ts";
import { createDnsCache, createSystemResolver } from "./dns.ts";
import { DeadlineError, toFetchError } from "./failure.ts";
import { readFreshness } from "./freshness.ts";
import { decodeHead, type Head, inflateHead, readHead } from "./head.ts";
import { type ResponseHeaders, singleHeader } from "./headers.ts";
import type { HttpOptions } from "./http.ts";
import { isSameServer, parseRequestTarget, type RequestTarget, resolveLocation } from "./request-target.ts";
import { createRobots, type Robots, type RobotsAnswer, robotsBytesMax } from "./robots.ts";
import { scrubUrl } from "./scrub.ts";

export interface LinkClientOptions extends HttpOptions {
  /** Waits for a turn at a host; its time does not count. */
  readonly turn?: (host: string, signal: AbortSignal) => Promise<Disposable>;
  /** A host asked to be left alone for so long. */
  readonly onRest?: (host: string, ms: number) => void;
  /** The way ends at the first address of which this holds; it is not asked any more. Absent: at the first answer. */
  readonly isDestination?: (url: string) => boolean;
  /** May the server of the address that is given be private? It alone: pages of a source that lives there itself. */
  readonly isPrivateAllowed?: boolean;
}

/** `dead`: the link leads nowhere, for good. `later`: nothing can be said now. */
export type Resolution =
  | { readonly kind: "target"; readonly url: string; readonly hops: readonly string[] }
  | { readonly kind: "dead"; readonly reason: string }
  | { readonly kind: "later"; readonly reason: string; readonly retryAfterMs: number | null };

/** The head of a page, as text, and where it was found in the end. */
export type PageHead =
  | { readonly kind: "page"; readonly url: string; readonly html: string }
  | Exclude<Resolution, { kind: "target" }>;

/** A page's bytes, for its text, and where it was found in the end. */
export type PageBody =
  | {
      readonly kind: "page";
      readonly url: string;
      readonly bytes: Uint8Array;
      readonly contentType: string | null;
    }
  /** The site's robots.txt says no. */
  | { readonly kind: "refused"; readonly reason: string }
  | Exclude<Resolution, { kind: "target" }>;

export interface LinkClient extends AsyncDisposable {
  /** Follows a link to its target. Never throws but for the signal. @throws the signal's reason when aborted */
  resolve(url: string, signal: AbortSignal): Promise<Resolution>;
  /** Reads the first 256 KiB of a page. @throws the signal's reason when aborted */
  readPage(url: string, signal: AbortSignal): Promise<PageHead>;
  /** Reads the first 2 MiB of a page as they are, where robots.txt lets programs. @throws the signal's reason when aborted */
  readBody(url: string, signal: AbortSignal): Promise<PageBody>;
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** What a server says of the client or the moment, and not of the address. */
const passing: ReadonlySet<number> = new Set([401, 402, 403, 407, 408, 421, 425, 429]);
/** What a server says of the moment where it is asked for a robots.txt; other refusals mean that it has none. */
const passingForRobots: ReadonlySet<number> = new Set([408, 421, 425, 429]);
/** Statuses with which a server asks the whole client to keep away (RFC 6585 4, RFC 9110 15.6.4). */
const resting: ReadonlySet<number> = new Set([429, 503]);
const refreshBytesMax = 32 * 1024;
const pageBytesMax = 256 * 1024;
const bodyBytesMax = 2 * 1024 * 1024;
/** A refresh after a longer while is a page that renews itself or wants to be read. */
const refreshSecondsMax = 5;

export function createLinkClient(options: LinkClientOptions): LinkClient {
  return new Client(options);
}

/** Where the way has come to. */
interface Stop {
  readonly url: string;
  readonly hops: readonly string[];
  readonly head: Head | null;
}

type End = { readonly stop: Stop } | Extract<PageBody, { kind: "refused" | "dead" | "later" }>;

interface Way {
  readonly isDestination?: (url: string) => boolean;
  readonly bytesMax: number;
  readonly isRefreshFollowed?: boolean;
  /** Media types whose body is read; HTML where absent. */
  readonly wantsBody?: (headers: ResponseHeaders) => boolean;
  readonly passing?: ReadonlySet<number>;
  /** Is the robots.txt asked before each address of the way? */
  readonly heedsRobots?: boolean;
  /** May the server of the first address be private? As the client's where absent. */
  readonly isPrivateAllowed?: boolean;
}

class Client implements LinkClient {
  readonly #options: LinkClientOptions;
  readonly #limits: {
    readonly timeoutMs: number;
    readonly connectTimeoutMs: number;
    readonly idleTimeoutMs: number;
  };
  readonly #connections: Connections;
  readonly #robots: Robots;
  /** Of servers that may be private. */
  readonly #grantedRobots: Robots;

  constructor(options: LinkClientOptions) {
    this.#options = options;
    const { limits, clock, resolveName, isAllowedAddress, ca } = options;
    const { timeoutMs, perHost } = limits;
    this.#limits = {
      timeoutMs,
      connectTimeoutMs: limits.connectTimeoutMs ?? Math.min(timeoutMs, 10_000),
      idleTimeoutMs: limits.idleTimeoutMs ?? Math.min(timeoutMs, 20_000),
    };
    this.#connections = createConnections({
      findAddresses: createDnsCache({ resolve: resolveName ?? createSystemResolver(), clock }),
      isAllowedAddress,
      perHost,
      connectTimeoutMs: this.#limits.connectTimeoutMs,
      idleTimeoutMs: this.#limits.idleTimeoutMs,
      ca: ca ?? null,
    });
    const { userAgent } = options;
    const robots = (isPrivateAllowed: boolean) =>
      createRobots({
        userAgent,
        clock,
        read: (url, signal) => this.#readRobots(url, { isPrivateAllowed }, signal),
      });
    this.#robots = robots(false);
    this.#grantedRobots = robots(true);
  }

  async resolve(url: string, signal: AbortSignal): Promise<Resolution> {
    const { isDestination = () => false } = this.#options;
    const end = await this.#follow(
      url,
      { isDestination, bytesMax: refreshBytesMax, isRefreshFollowed: true },
      signal,
    );
    if (!("stop" in end)) return asDead(end);
    const { stop } = end;
    if (stop.hops.length === 0) return { kind: "dead", reason: "it answers by itself and leads nowhere" };
    return { kind: "target", url: stop.url, hops: stop.hops };
  }

  async readPage(url: string, signal: AbortSignal): Promise<PageHead> {
    const found = await this.#readHtml(url, { bytesMax: pageBytesMax }, signal);
    return "head" in found
      ? { kind: "page", url: found.url, html: decodeHead(found.head, pageBytesMax) }
      : asDead(found);
  }

  async readBody(url: string, signal: AbortSignal): Promise<PageBody> {
    const found = await this.#readHtml(url, { bytesMax: bodyBytesMax, heedsRobots: true }, signal);
    if (!("head" in found)) return found;
    const contentType = singleHeader(found.head.headers, "content-type");
    return { kind: "page", url: found.url, bytes: inflateHead(found.head, bodyBytesMax), contentType };
  }

  /** What the robots.txt on the way says of an address; undefined where it is not asked. */
  async #judge(
    url: string,
    { way, owner }: { readonly way: Way; readonly owner: RequestTarget | null },
    signal: AbortSignal,
  ) {
    if (!way.heedsRobots) return undefined;
    const isGranted = owner !== null && isSameServer(parseRequestTarget(url), owner);
    return (isGranted ? this.#grantedRobots : this.#robots).judge(url, signal);
  }

  async #readRobots(
    url: string,
    { isPrivateAllowed }: { readonly isPrivateAllowed: boolean },
    signal: AbortSignal,
  ): Promise<RobotsAnswer> {
    const way = {
      ...{ bytesMax: robotsBytesMax, passing: passingForRobots, wantsBody: () => true },
      isPrivateAllowed,
    };
    const end = await this.#follow(url, way, signal);
    if ("stop" in end) {
      const { head } = end.stop;
      return head === null ? { kind: "absent" } : { kind: "text", text: decodeHead(head, robotsBytesMax) };
    }
    return end.kind === "later" ? end : { kind: "absent" };
  }

  async #readHtml(
    url: string,
    way: Way,
    signal: AbortSignal,
  ): Promise<{ readonly url: string; readonly head: Head } | Exclude<End, { stop: Stop }>> {
    const end = await this.#follow(url, way, signal);
    if (!("stop" in end)) return end;
    const { head } = end.stop;
    if (head === null || !isHtml(head.headers)) return { kind: "dead", reason: "it is no web page" };
    return { url: end.stop.url, head };
  }

  async #follow(url: string, way: Way, signal: AbortSignal): Promise<End> {
    const { clock, limits, onRest } = this.#options;
    const budget = new Budget(this.#limits.timeoutMs, clock);
    const hops: string[] = [];
    const seen = new Set<string>([url]);
    let current = url;
    try {
      const isPrivateAllowed = way.isPrivateAllowed ?? this.#options.isPrivateAllowed ?? false;
      const owner = isPrivateAllowed ? parseRequestTarget(url) : null;
      for (;;) {
        const verdict = await this.#judge(current, { way, owner }, signal);
        if (verdict?.kind === "later") return { ...verdict, reason: `robots.txt: ${verdict.reason}` };
        if (verdict?.kind === "refused")
          return { kind: "refused", reason: `the robots.txt of ${new URL(current).host} does not allow it` };
        const head = await this.#ask(current, { ...way, owner, budget }, signal);
        const outcome = judgeStatus(head, { clock, passing: way.passing ?? passing });
        if (outcome?.kind === "later" && outcome.retryAfterMs !== null && resting.has(head.status))
          onRest?.(parseRequestTarget(current).host, outcome.retryAfterMs);
        if (outcome !== null) return outcome;
        const next = findNext(head, { from: current, isRefreshFollowed: way.isRefreshFollowed ?? false });
        if (next === null) return { stop: { url: current, hops, head } };
        if (!isWebUrl(next)) return { kind: "dead", reason: "it leads to no web page" };
        hops.push(next);
        if (way.isDestination?.(next)) return { stop: { url: next, hops, head: null } };
        if (seen.has(next)) return { kind: "dead", reason: "it leads round in a circle" };
        if (hops.length > limits.redirects)
          return { kind: "dead", reason: `it redirects more than ${limits.redirects} times` };
        seen.add(next);
        current = next;
      }
    } catch (error) {
      signal.throwIfAborted();
      return describeFailure(error, { url: current, limits: this.#limits });
    }
  }

  async #ask(
    url: string,
    {
      owner,
      bytesMax,
      budget,
      wantsBody = isHtml,
    }: Way & { readonly owner: RequestTarget | null; readonly budget: Budget },
    signal: AbortSignal,
  ): Promise<Head> {
    const { userAgent, turn } = this.#options;
    const target = parseRequestTarget(url);
    using _turn = turn === undefined ? null : await turn(target.host, signal);
    using running = budget.start(signal);
    const headers = [
      "User-Agent",
      userAgent,
      "Accept",
      "text/html, */*;q=0.5",
      "Accept-Encoding",
      "identity",
    ];
    return await readHead(
      this.#connections.towards(target, owner),
      {
        origin: target.origin,
        path: target.path,
        headers,
        bytesMax,
        wantsBody: (status, head) => status === 200 && wantsBody(head),
      },
      running.signal,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connections[Symbol.asyncDispose]();
  }
}

/** The time for one link as a whole, without what is spent waiting for a turn. */
class Budget {
  #leftMs: number;
  readonly #clock: Pick<Clock, "now">;

  constructor(timeoutMs: number, clock: Pick<Clock, "now">) {
    this.#leftMs = timeoutMs;
    this.#clock = clock;
  }

  start(signal: AbortSignal): Disposable & { readonly signal: AbortSignal } {
    const startedAt = this.#clock.now().getTime();
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(new DeadlineError()), Math.max(0, this.#leftMs));
    return {
      signal: AbortSignal.any([signal, deadline.signal]),
      [Symbol.dispose]: () => {
        clearTimeout(timer);
        this.#leftMs -= Math.max(0, this.#clock.now().getTime() - startedAt);
      },
    };
  }
}

/** For whoever asks no robots.txt. */
function asDead(end: Exclude<End, { stop: Stop }>): Exclude<Resolution, { kind: "target" }> {
  return end.kind === "refused" ? { kind: "dead", reason: end.reason } : end;
}

/** What a status says for itself, or null for a redirect or an answer. */
function judgeStatus(
  { status, headers }: Head,
  { clock, passing }: { readonly clock: Pick<Clock, "now">; readonly passing: ReadonlySet<number> },
): Exclude<Resolution, { kind: "target" }> | null {
  if (redirects.has(status) || (status >= 200 && status < 300)) return null;
  if (passing.has(status) || status >= 500) {
    const { retryAfterMs } = readFreshness(headers, clock.now());
    return { kind: "later", reason: `the server answers ${status}`, retryAfterMs };
  }
  return { kind: "dead", reason: `the server answers ${status}` };
}

/** The next address: of a `Location`, or of a page that does nothing but send its reader on. */
function findNext(
  head: Head,
  { from, isRefreshFollowed }: { readonly from: string; readonly isRefreshFollowed: boolean },
): string | null {
  const base = parseRequestTarget(from);
  if (redirects.has(head.status)) {
    const location = singleHeader(head.headers, "location");
    return location === null || location === "" ? null : withoutCredentials(resolveLocation(location, base));
  }
  if (!isRefreshFollowed || head.body.length === 0) return null;
  const refresh = readRefresh(decodeHead(head, refreshBytesMax));
  const next = refresh === null ? null : URL.parse(refresh, base.url);
  return next === null ? null : withoutCredentials(next.href);
}

/** `<meta http-equiv="refresh" content="0; url=…">` (HTML 4.2.5.3), as shorteners send it to browsers; null without. */
function readRefresh(html: string): string | null {
  let found: string | null = null;
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (found !== null || name !== "meta" || attributes["http-equiv"]?.trim().toLowerCase() !== "refresh")
          return;
        const match =
          /^\s{0,8}(\d{1,4})(?:\.\d{0,4})?\s{0,8}[;,]\s{0,8}(?:url\s{0,8}=\s{0,8})?(.{1,4096})$/is.exec(
            attributes.content ?? "",
          );
        const [, seconds = "", target = ""] = match ?? [];
        if (match !== null && Number(seconds) <= refreshSecondsMax)
          found = target.trim().replace(/^(['"])(.*)\1$/s, "$2");
      },
    },
    { decodeEntities: true },
  );
  parser.end(html);
  return found;
}

function isHtml(headers: ResponseHeaders): boolean {
  return /^(?:text\/html|application\/xhtml\+xml)\b/i.test(singleHeader(headers, "content-type") ?? "");
}

function isWebUrl(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed !== null && (parsed.protocol === "http:" || parsed.protocol === "https:");
}

/** A user name and password in a redirect are not ours to send or to keep. */
function withoutCredentials(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || (parsed.username === "" && parsed.password === "")) return url;
  parsed.username = "";
  parsed.password = "";
  return parsed.href;
}

/** A host that has gone or must not be asked ends the matter; anything else may be better later. */
function describeFailure(
  error: unknown,
  {
    url,
    limits,
  }: {
    readonly url: string;
    readonly limits: {
      readonly timeoutMs: number;
      readonly connectTimeoutMs: number;
      readonly idleTimeoutMs: number;
    };
  },
): Resolution & { kind: "dead" | "later" } {
  const host = URL.parse(url)?.host ?? "";
  const failure =
    error instanceof FetchError ? error : toFetchError(error, { url: scrubUrl(url), host, limits });
  const isFinal = failure.code === "fetch/forbidden-address" || failure.code === "fetch/bad-url";
  return isFinal
    ? { kind: "dead", reason: failure.message }
    : { kind: "later", reason: failure.message, retryAfterMs: failure.retryAfterMs };
}
