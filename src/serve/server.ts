/** The web server: node:http with limits on everything, one place where a request's failure is caught, a calm end. */
import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { type ErrorCode, MainstemError } from "../errors.ts";
import type { Clock, Topic } from "../model.ts";
import type { Store } from "../store/store.ts";
import { ADMIN_CLOSED, type AdminAccess } from "./admin.ts";
import { readHealthFeed } from "./health.ts";
import { inTurn } from "./in-turn.ts";
import { LiveStream } from "./live.ts";
import { ProblemError, sendProblem } from "./problem.ts";
import { sendProblemPage } from "./problem-page.ts";
import type { SiteSettings } from "./river.ts";
import {
  answer,
  type HubRequests,
  isBrowserVisit,
  type MetricsText,
  type PushCallbacks,
  type Readiness,
  type RouteContext,
} from "./routes.ts";
import { Site, type SiteOptions, type SiteStore } from "./site.ts";
import type { StatusReport } from "./status.ts";

const HEADER_BYTES_MAX = 16 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 15_000;
/** Longer than the 60 s of common proxies, which otherwise meet a connection that we are just closing. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const SOCKET_IDLE_TIMEOUT_MS = 120_000;
const CONNECTIONS_MAX = 16_000;
const REFUSED_LINGER_MS = 500;
const STATUS_KEPT_MS = 1000;
/** From a change to the word that open pages hear of it. */
const RIVER_DELAY_MS = 500;
/** Longer than a status is kept, so that what they fetch then is new. */
const STATUS_DELAY_MS = STATUS_KEPT_MS + 500;

/** One answered request, for an access log. `path` is as sent, without the query. */
export interface ServedRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
}

export interface ServerOptions extends SiteSettings {
  readonly host: string;
  /** 0 takes any free port; see `Server.address`. */
  readonly port: number;
  readonly store: SiteStore & Pick<Store, "listNotices">;
  readonly clock: Clock;
  readonly status: () => Promise<StatusReport>;
  /** Gives up waiting for the store where it is away, as people must not wait as long as polls do; absent: waits. */
  readonly unlessAway?: RouteContext["unlessAway"];
  readonly isReady: () => Readiness | Promise<Readiness>;
  /** Who may see status and metrics; absent: this machine only. */
  readonly admin?: AdminAccess;
  /** A second address, for the operator: it serves everything, and the first one no status and metrics then. */
  readonly adminListen?: { readonly host: string; readonly port: number } | null;
  readonly metrics?: (accept: string) => Promise<MetricsText>;
  /** Where hubs call; absent: nowhere. */
  readonly push?: () => PushCallbacks | null;
  /** False: only how this process is doing; another one publishes. True where absent. */
  readonly isPublishing?: boolean;
  /** Our own hub; absent: there is none. */
  readonly hub?: () => HubRequests | null;
  readonly onRequest?: (served: ServedRequest) => void;
  /** A request failed by our own fault; it was answered with 500. */
  readonly onError?: (error: unknown, path: string) => void;
  /** A story could not be published in an output; the others were. */
  readonly onSkipped?: (skipped: {
    readonly output: string;
    readonly storyNumber: number;
    readonly reason: string;
  }) => void;
  readonly onRendered?: SiteOptions["onRendered"];
}

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

export interface Server extends AsyncDisposable {
  readonly address: ServerAddress;
  /** The second address, where there is one. */
  readonly adminAddress: ServerAddress | null;
  /** Tells open status pages that a source was polled. */
  tellPolled(): void;
  /** Is a status page open? */
  isStatusWatched(): boolean;
  /** Renders what changed; returns every file of the site by relative path, for `writeFeedFiles`. */
  refresh(): Promise<ReadonlyMap<string, Uint8Array>>;
  /** The feed at an address of this site, as a hub distributes it; null where there is none. */
  topic(url: string): Topic | null;
  /** The addresses of the site's feeds. */
  topicUrls(): readonly string[];
  /** In how many ms `refresh` has something to do although the store does not change; null: never. */
  nextRefreshInMs(): number | null;
  /** The newest page of each output's archive. */
  archives(): ReadonlyMap<string, number>;
  /** A page of an archive by its path, for `writeArchiveFiles`; null where there is none. */
  readArchivePage(path: string): Promise<Uint8Array | null>;
  /** Replaces outputs, title, URL and filters after the config changed, and renders them. */
  reconfigure(settings: SiteSettings): Promise<ReadonlyMap<string, Uint8Array>>;
  /**
   * Takes no new connections, is not ready any more, and lets requests under way finish. When the signal aborts, the
   * rest is cut. Resolves when every connection is closed.
   */
  stop(signal: AbortSignal): Promise<void>;
}

/**
 * Starts serving. Everything is rendered once before the port opens, so the first request finds the feed there.
 * @throws MainstemError `serve/address-in-use` when another process listens there, `serve/address-unusable` when nobody can
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { store, clock, onSkipped, onRendered } = options;
  const site = new Site({
    store,
    clock,
    settings: options,
    ...(onSkipped === undefined ? {} : { onSkipped }),
    onRendered,
  });
  const { isPublishing = true } = options;
  if (isPublishing) await site.refresh();
  const startedAt = clock.now();
  let isDraining = false;
  let told = site.renderings;
  const live = { river: new LiveStream(RIVER_DELAY_MS), status: new LiveStream(STATUS_DELAY_MS) };
  const unlessAway: RouteContext["unlessAway"] = options.unlessAway ?? ((answer) => answer);
  const context = {
    site,
    unlessAway,
    isPublishing,
    live,
    status: keepFor(STATUS_KEPT_MS, clock, () => unlessAway(options.status())),
    push: options.push ?? (() => null),
    hub: options.hub ?? (() => null),
    health: () => readHealthFeed(store, { settings: site.settings, startedAt }),
    readiness: async () => (isDraining ? { ok: false, reasons: ["shutting down"] } : await options.isReady()),
    admin: options.admin ?? ADMIN_CLOSED,
    metrics: options.metrics ?? null,
  };
  const open = (listener: RouteContext["listener"]): HttpServer => {
    const http = createServer({
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: 5_000,
      requireHostHeader: true,
      noDelay: true,
    });
    http.maxConnections = CONNECTIONS_MAX;
    const here = { ...context, listener };
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      if (isDraining) response.setHeader("Connection", "close");
      observe(request, response, options.onRequest);
      const failed = (error: unknown): void =>
        fail(error, request, response, { site, onError: options.onError });
      try {
        answer(request, response, here)?.catch(failed);
      } catch (error) {
        failed(error);
      }
      // Nobody waits forever for a client to read. Most answers are gone by now, and a timer for each would cost as much as they do.
      if (!response.writableEnded || response.writableLength > 0)
        request.socket.setTimeout(SOCKET_IDLE_TIMEOUT_MS);
    };
    http.on("request", inTurn(take));
    http.on("clientError", refuse);
    return http;
  };
  const { adminListen = null } = options;
  const http = open(adminListen === null ? "only" : "public");
  const adminHttp = adminListen === null ? null : open("admin");
  await listen(http, { ...options, key: "listen" });
  if (adminHttp !== null && adminListen !== null) {
    await listen(adminHttp, { ...adminListen, key: "admin.listen" }).catch((error: unknown) => {
      http.close();
      throw error;
    });
  }
  const servers = adminHttp === null ? [http] : [http, adminHttp];
  for (const each of servers) each.on("error", (error) => options.onError?.(error, ""));
  const address = addressOf(http, options.host);
  const adminAddress =
    adminHttp === null || adminListen === null ? null : addressOf(adminHttp, adminListen.host);

  const refresh = async (): Promise<ReadonlyMap<string, Uint8Array>> => {
    const files = await site.refresh();
    if (site.renderings !== told) live.river.tell();
    told = site.renderings;
    return files;
  };
  const stop = async (signal: AbortSignal): Promise<void> => {
    isDraining = true;
    live.river.close();
    live.status.close();
    const closed = servers.map((each) => new Promise<void>((resolve) => each.close(() => resolve())));
    const cut = (): void => {
      for (const each of servers) each.closeAllConnections();
    };
    if (signal.aborted) cut();
    signal.addEventListener("abort", cut, { once: true });
    for (const each of servers) each.closeIdleConnections();
    await Promise.all(closed);
    signal.removeEventListener("abort", cut);
  };
  return {
    address,
    adminAddress,
    tellPolled: () => live.status.tell(),
    isStatusWatched: () => live.status.listenerCount > 0,
    refresh,
    topic: (url) => site.topic(url),
    topicUrls: () => site.topicUrls,
    nextRefreshInMs: () => site.nextRefreshInMs,
    archives: () => site.archives,
    readArchivePage: (path) => site.archiveFile(path),
    reconfigure: (settings) => {
      site.reconfigure(settings);
      return isPublishing ? refresh() : Promise.resolve(new Map());
    },
    stop,
    [Symbol.asyncDispose]: () => stop(AbortSignal.abort()),
  };
}

/** A request's failure ends here: the client's as a problem, a store that is away as a 503, else ours as a 500 that the log explains. */
function fail(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  { site, onError }: { readonly site: Site; readonly onError: ServerOptions["onError"] },
): void {
  const isTheirs = error instanceof ProblemError;
  if (!isTheirs) onError?.(error, pathOf(request));
  const problem = isTheirs ? error : problemOf(error);
  if (isBrowserVisit(request)) sendProblemPage(request, response, { problem, site });
  else sendProblem(request, response, problem);
}

function problemOf(error: unknown): ProblemError {
  if (error instanceof MainstemError && error.code === "store/unreachable")
    return new ProblemError(
      503,
      "The store gives no answer. It is asked again until it does; the feeds are served meanwhile, and the log says more.",
      ["Retry-After", "30"],
    );
  return new ProblemError(500, "Something went wrong here; the log says what.");
}

const REFUSALS: ReadonlyMap<string, string> = new Map([
  ["HPE_HEADER_OVERFLOW", "431 Request Header Fields Too Large"],
  ["ERR_HTTP_REQUEST_TIMEOUT", "408 Request Timeout"],
]);

/** What is no proper HTTP request gets an answer and a closed connection (RFC 9112 3, 11.2). */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (socket.writableEnded) return; // refused already, this is the rest of it
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const status = REFUSALS.get(error.code ?? "") ?? "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  // What the client still sends is thrown away for a moment: closing upon unread bytes would take our answer with it.
  socket.resume();
  setTimeout(() => socket.destroy(), REFUSED_LINGER_MS).unref();
}

function observe(
  request: IncomingMessage,
  response: ServerResponse,
  onRequest: ServerOptions["onRequest"],
): void {
  if (onRequest === undefined) return;
  const startedMs = performance.now();
  response.once("close", () => {
    const durationMs = performance.now() - startedMs;
    onRequest({
      method: request.method ?? "",
      path: pathOf(request),
      status: response.statusCode,
      durationMs,
    });
  });
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "").split("?", 1)[0]?.slice(0, 200) ?? "";
}

type ListenProblem = readonly [code: ErrorCode, text: string, hint: string];

const NO_ADDRESS: ListenProblem = [
  "serve/address-unusable",
  "is no address of this machine",
  "0.0.0.0 stands for all it has",
];

/** Why an address cannot be listened on, and what to do. */
const LISTEN_PROBLEMS: ReadonlyMap<string, ListenProblem> = new Map<string, ListenProblem>([
  [
    "EADDRINUSE",
    ["serve/address-in-use", "is taken by another process", "stop that process, or choose another address"],
  ],
  ["EADDRNOTAVAIL", NO_ADDRESS],
  ["ENOTFOUND", NO_ADDRESS],
  ["EAI_AGAIN", NO_ADDRESS],
  [
    "EACCES",
    [
      "serve/address-unusable",
      "may not be used by this user",
      "choose a port from 1024 on, with a web server before it",
    ],
  ],
]);

function listen(
  http: HttpServer,
  { host, port, key }: { readonly host: string; readonly port: number; readonly key: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once("error", (error: NodeJS.ErrnoException) => {
      const why = LISTEN_PROBLEMS.get(error.code ?? "");
      if (why === undefined) return reject(error);
      const [code, text, hint] = why;
      const where = key === "listen" ? "`listen:` in the config or MAINSTEM_LISTEN" : `${key} in the config`;
      reject(
        new MainstemError(code, `${hostAndPort(host, port)} ${text}`, {
          cause: error,
          hint: `${hint}; ${where} names it`,
        }),
      );
    });
    http.listen({ host, port }, () => {
      http.removeAllListeners("error");
      resolve();
    });
  });
}

function addressOf(http: HttpServer, host: string): Server["address"] {
  const bound = http.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const shown = host === "0.0.0.0" || host === "::" || host === "" ? "localhost" : host;
  return { host, port, url: `http://${hostAndPort(shown, port)}` };
}

function hostAndPort(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** However often the status is asked for, the store is asked once a second. */
function keepFor<T>(keptMs: number, clock: Clock, read: () => Promise<T>): () => Promise<T> {
  let kept: { readonly atMs: number; readonly value: Promise<T> } | null = null;
  return () => {
    const atMs = clock.now().getTime();
    if (kept !== null && Math.abs(atMs - kept.atMs) < keptMs) return kept.value;
    const value = read();
    kept = { atMs, value };
    value.catch(() => {
      kept = null;
    });
    return value;
  };
}
