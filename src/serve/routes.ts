/** Which path is answered how. Paths are exact; nothing of a request but path, filter and validators is looked at. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { OutputDefinition } from "../model.ts";
import { RIVER_EVENTS_PATH, STATUS_EVENTS_PATH } from "../publish/live-script.ts";
import { SEARCH_LENGTH_MAX } from "../publish/render-html.ts";
import { type AdminAccess, assertAdmin, isAdminPath } from "./admin.ts";
import { Representation } from "./conditional-response.ts";
import { acceptsFeedDelta } from "./feed-history.ts";
import { HEALTH_FEED_PATH } from "./health.ts";
import type { LiveStream } from "./live.ts";
import { ProblemError } from "./problem.ts";
import { parseCursor } from "./river.ts";
import { navigationOf, PAGE_HEADERS, pagePathsOf } from "./river-pages.ts";
import type { Site } from "./site.ts";
import { type StatusReport, statusToJson } from "./status.ts";
import { renderStatus } from "./status-page.ts";

const URL_LENGTH_MAX = 4096;
const PARAMETER_LENGTH_MAX = 300;
const READ_METHODS = "GET, HEAD";

export interface Readiness {
  readonly ok: boolean;
  /** Why not, in words without secrets. */
  readonly reasons: readonly string[];
  /** What the operator should know although we are ready, e.g. that an edit of the config was not taken. */
  readonly notices?: readonly string[];
}

export interface RouteContext {
  readonly site: Site;
  /** False: feeds and pages are another process's affair. */
  readonly isPublishing: boolean;
  readonly status: () => Promise<StatusReport>;
  /** What is answered, but for a store that is away. @throws StoreError `store/unreachable` then */
  readonly unlessAway: <T>(answer: Promise<T>) => Promise<T>;
  readonly readiness: () => Promise<Readiness>;
  readonly health: () => Promise<Representation>;
  /** What pages that are open hear: of new stories, and of polls. */
  readonly live: { readonly river: LiveStream; readonly status: LiveStream };
  /** Where the request came in: `public` refuses what is the operator's, which is served on an address of its own then. */
  readonly listener: "public" | "admin" | "only";
  readonly admin: AdminAccess;
  readonly metrics: ((accept: string) => Promise<MetricsText>) | null;
  /** Where hubs call us; null while no hub is asked for anything. */
  readonly push: () => PushCallbacks | null;
  /** Our own hub; null while there is none. */
  readonly hub: () => HubRequests | null;
}

/** What readers may ask of our own hub (WebSub 5.1). */
export interface HubRequests {
  request(form: URLSearchParams): Promise<{ readonly status: number; readonly body: string }>;
}

/** The metrics as the client's `Accept` asked. */
export interface MetricsText {
  readonly contentType: string;
  readonly body: string;
}

/** What hubs may say to us (WebSub 5.3, 7). */
export interface PushCallbacks {
  verify(
    callback: string,
    query: URLSearchParams,
  ): Promise<{ readonly status: number; readonly body: string }>;
  receive(
    callback: string,
    push: {
      readonly bytes: Uint8Array;
      readonly contentType: string | null;
      readonly signature: string | null;
    },
  ): Promise<{ readonly status: number; readonly body: string }>;
}

/**
 * Answers one request: a feed that is ready at once, everything else in time.
 * @throws ProblemError for everything that is the client's affair, or rejects with it
 */
export function answer(
  request: IncomingMessage,
  response: ServerResponse,
  context: RouteContext,
): Promise<void> | void {
  const { site } = context;
  const target = readTarget(request.url ?? "", site.basePath);
  if (!context.isPublishing && !OTHER_ROUTES.has(target.path))
    throw new ProblemError(404, "This process polls; another one serves the feeds.");
  // Feeds are asked for a thousand times as often as everything else.
  const document = site.document(target.path);
  if (document !== undefined) {
    if (request.method === "OPTIONS") return answerPreflight(response);
    assertReadMethod(request, `${READ_METHODS}, OPTIONS`);
    // People who click on a feed's address see how to subscribe; `?raw` shows them the feed.
    if (isBrowserVisit(request) && target.query !== "raw") {
      const page = site.subscribePage(target.path);
      if (page !== null) return page.send(request, response);
    }
    const ifNoneMatch = request.headers["if-none-match"];
    const delta =
      ifNoneMatch !== undefined && acceptsFeedDelta(request)
        ? site.delta(target.path, ifNoneMatch)
        : undefined;
    return (delta ?? document).send(request, response);
  }
  return answerOther(request, response, { context, target });
}

/** What is no document of the site's. */
async function answerOther(
  request: IncomingMessage,
  response: ServerResponse,
  { context, target }: { readonly context: RouteContext; readonly target: Target },
): Promise<void> {
  const { site } = context;
  if (target.path.startsWith(CALLBACK_PATH))
    return answerHub(request, response, { target, push: context.push() });
  if (target.path === HUB_PATH) return answerSubscriber(request, response, context.hub());
  const archivePage = await context.unlessAway(site.archivePage(target.path));
  if (archivePage !== null) {
    if (request.method === "OPTIONS") return answerPreflight(response);
    assertReadMethod(request, `${READ_METHODS}, OPTIONS`);
    return archivePage.send(request, response);
  }
  const live = site.liveAddressOf(target.path);
  if (live !== null) {
    if (request.method === "OPTIONS") return answerPreflight(response);
    assertReadMethod(request, `${READ_METHODS}, OPTIONS`);
    const headers = ["Location", live, "Cache-Control", "no-cache", "Access-Control-Allow-Origin", "*"];
    response.writeHead(307, [...headers, "Content-Length", "0"]).end();
    return;
  }
  const pages = pagePathsOf(site.settings);
  const output = pages.get(target.path);
  const isFolderWithoutSlash = pages.has(`${target.path}/`);
  const other = OTHER_ROUTES.get(target.path);
  if (output === undefined && other === undefined && !isFolderWithoutSlash) {
    throw new ProblemError(404, "There is nothing under this path.");
  }
  assertReadMethod(request, READ_METHODS);
  if (isAdminPath(target.path)) assertAdmin(request, context.admin, context.listener);
  if (output !== undefined) {
    const page = site.page(readPageQuery(site, output, target.query));
    return (await context.unlessAway(page)).send(request, response);
  }
  if (other !== undefined) return other(request, response, context, target.query);
  // One of our own paths: nothing of the request goes into the header.
  response.writeHead(308, ["Location", `${site.basePath}${target.path}/`, "Content-Length", "0"]).end();
}

const HUB_PATH = "/websub";
/** Three addresses, a secret, and what we do not know. */
const FORM_BYTES_MAX = 16 * 1024;

/** A subscription request (WebSub 5.1): a form, and an answer in plain words for the subscriber's developer. */
async function answerSubscriber(
  request: IncomingMessage,
  response: ServerResponse,
  hub: HubRequests | null,
): Promise<void> {
  if (hub === null) throw new ProblemError(404, "There is nothing under this path.");
  if (request.method !== "POST")
    throw new ProblemError(405, "This is a WebSub hub: subscriptions are asked for by POST.", [
      "Allow",
      "POST",
    ]);
  const [type = ""] = (request.headers["content-type"] ?? "").split(";");
  if (type.trim().toLowerCase() !== "application/x-www-form-urlencoded")
    throw new ProblemError(415, "A subscription request is application/x-www-form-urlencoded.");
  const form = new URLSearchParams(Buffer.from(await readBody(request, FORM_BYTES_MAX)).toString("utf8"));
  const { status, body } = await hub.request(form);
  return sendText(response, status, body);
}

const CALLBACK_PATH = "/websub/callback/";
/** As large as a feed may be. */
const PUSH_BYTES_MAX = 16 * 2 ** 20;

async function answerHub(
  request: IncomingMessage,
  response: ServerResponse,
  {
    target,
    push,
  }: {
    readonly target: { readonly path: string; readonly query: string };
    readonly push: PushCallbacks | null;
  },
): Promise<void> {
  const callback = target.path.slice(CALLBACK_PATH.length);
  if (push === null || !/^[\w-]{8,64}$/.test(callback))
    throw new ProblemError(404, "There is nothing under this path.");
  if (request.method === "GET") {
    const { status, body } = await push.verify(callback, new URLSearchParams(target.query));
    return sendText(response, status, body);
  }
  if (request.method !== "POST")
    throw new ProblemError(405, "Only GET, POST work here.", ["Allow", "GET, POST"]);
  const bytes = await readBody(request, PUSH_BYTES_MAX);
  const signature = request.headers["x-hub-signature"];
  const { status, body } = await push.receive(callback, {
    bytes,
    contentType: request.headers["content-type"] ?? null,
    signature: typeof signature === "string" ? signature : null,
  });
  return sendText(response, status, body);
}

function sendText(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, [
    ...["Content-Type", "text/plain; charset=utf-8"],
    ...["Content-Length", String(Buffer.byteLength(body))],
    ...["Cache-Control", "no-store"],
    ...["X-Content-Type-Options", "nosniff"],
  ]);
  response.end(body);
}

/** @throws ProblemError 413 for more than `bytesMax` */
async function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > bytesMax) throw new ProblemError(413, "The document is too large.", ["Connection", "close"]);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  context: RouteContext,
  query: string,
) => Promise<void> | void;

const OTHER_ROUTES: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ["/healthz", (request, response) => sendJson(request, response, 200, { status: "ok" })],
  [
    "/readyz",
    async (request, response, { readiness }) => {
      const { ok, reasons, notices = [] } = await readiness();
      const status = ok ? "ready" : "unavailable";
      const body = { status, reasons, ...(notices.length > 0 && { notices }) };
      sendJson(request, response, ok ? 200 : 503, body);
    },
  ],
  [
    "/status.json",
    async (request, response, { status }) => sendJson(request, response, 200, statusToJson(await status())),
  ],
  ["/status", sendStatusPage],
  [RIVER_EVENTS_PATH, (request, response, { live }) => live.river.open(request, response)],
  [STATUS_EVENTS_PATH, (request, response, { live }) => live.status.open(request, response)],
  ["/metrics", sendMetrics],
  [
    HEALTH_FEED_PATH,
    async (request, response, { health, unlessAway }) => (await unlessAway(health())).send(request, response),
  ],
]);

async function sendMetrics(
  request: IncomingMessage,
  response: ServerResponse,
  { metrics }: RouteContext,
): Promise<void> {
  if (metrics === null) throw new ProblemError(404, "There is nothing under this path.");
  const { contentType, body } = await metrics(request.headers.accept ?? "");
  const length = String(Buffer.byteLength(body));
  response.writeHead(200, [
    ...["Content-Type", contentType, "Content-Length", length],
    ...["Cache-Control", "no-store", "Vary", "Accept", "X-Content-Type-Options", "nosniff"],
  ]);
  response.end(request.method === "HEAD" ? undefined : body);
}

async function sendStatusPage(
  request: IncomingMessage,
  response: ServerResponse,
  context: RouteContext,
  query: string,
): Promise<void> {
  const { site } = context;
  const parameters = new URLSearchParams(query);
  const number = parameters.get("page") ?? "1";
  const html = /^[1-9]\d{0,5}$/.test(number)
    ? renderStatus(await context.status(), {
        siteTitle: site.settings.title,
        basePath: site.basePath,
        outputs: navigationOf(site.settings),
        page: Number(number),
        search: (parameters.get("q") ?? "").trim().slice(0, PARAMETER_LENGTH_MAX),
      })
    : null;
  if (html === null) throw new ProblemError(404, "There is no such page of sources.");
  const page = new Representation({
    body: Buffer.from(html),
    contentType: "text/html; charset=utf-8",
    cacheControl: "no-cache",
    lastModified: null,
    headers: PAGE_HEADERS,
  });
  return page.send(request, response);
}

/** What a request asks for, under our own path. */
interface Target {
  readonly path: string;
  readonly query: string;
}

/** Path and query of a request target in origin form (RFC 9112 3.2.1), the path decoded once. */
function readTarget(url: string, basePath: string): Target {
  if (url.length > URL_LENGTH_MAX) throw new ProblemError(414, "The address is too long.");
  if (!url.startsWith("/")) throw new ProblemError(400, "The request target is not a path.");
  const mark = url.indexOf("?");
  const raw = mark === -1 ? url : url.slice(0, mark);
  const path = decodePath(raw);
  const inside = basePath !== "" && path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path;
  return { path: inside, query: mark === -1 ? "" : url.slice(mark + 1) };
}

function decodePath(raw: string): string {
  if (!raw.includes("%")) return raw;
  try {
    const path = decodeURIComponent(raw);
    if (!/[\x00-\x1f\x7f]/.test(path)) return path;
  } catch {
    // A broken escape: the client's fault like a control character.
  }
  throw new ProblemError(400, "The path is not properly encoded.");
}

/** The narrowing of a page: a known tag, a known source, a place to go on from. Other parameters are nobody's. */
function readPageQuery(site: Site, output: OutputDefinition, query: string) {
  const parameters = new URLSearchParams(query);
  const read = (name: string): string | null => {
    const value = parameters.get(name) ?? "";
    if (value.length > PARAMETER_LENGTH_MAX)
      throw new ProblemError(400, `The parameter ${name} is too long.`);
    return value === "" ? null : value;
  };
  const search = read("q");
  if (search !== null && search.length > SEARCH_LENGTH_MAX)
    throw new ProblemError(400, `A search has at most ${SEARCH_LENGTH_MAX} characters.`);
  const tag = read("tag");
  const sourceId = read("source");
  const cursor = read("before");
  if (tag !== null && !site.tags.includes(tag)) throw new ProblemError(404, "No source has this tag.");
  if (sourceId !== null && !site.sources.some((source) => source.id === sourceId)) {
    throw new ProblemError(404, "There is no such source.");
  }
  const before = cursor === null ? null : parseCursor(cursor);
  if (cursor !== null && before === null)
    throw new ProblemError(400, "The parameter before is not a place in the list.");
  return { output, tag, sourceId, search: search?.trim() || null, before };
}

/**
 * A browser that was led to the address, and no program: only browsers say so, of navigations alone (Fetch Metadata 2.1), or
 * over plain http that they could be upgraded (Upgrade Insecure Requests 3.2.1). Accept by itself proves nothing: many feed
 * readers send a browser's.
 */
export function isBrowserVisit({ headers }: IncomingMessage): boolean {
  if (!(headers.accept ?? "").includes("text/html")) return false;
  const destination = headers["sec-fetch-dest"];
  return destination === undefined
    ? headers["upgrade-insecure-requests"] === "1"
    : destination === "document" && headers["sec-fetch-mode"] === "navigate";
}

function assertReadMethod(request: IncomingMessage, allowed: string): void {
  if (request.method === "GET" || request.method === "HEAD") return;
  throw new ProblemError(405, `Only ${allowed} work here.`, ["Allow", allowed]);
}

/** CORS (fetch standard): every origin may read the feeds, none sends credentials. */
function answerPreflight(response: ServerResponse): void {
  response
    .writeHead(204, [
      ...["Allow", `${READ_METHODS}, OPTIONS`],
      ...["Access-Control-Allow-Origin", "*"],
      ...["Access-Control-Allow-Methods", READ_METHODS],
      ...["Access-Control-Allow-Headers", "If-None-Match, If-Modified-Since, A-IM"],
      ...["Access-Control-Max-Age", "86400"],
    ])
    .end();
}

function sendJson(request: IncomingMessage, response: ServerResponse, status: number, value: object): void {
  const body = `${JSON.stringify(value)}\n`;
  response.writeHead(status, [
    ...["Content-Type", "application/json; charset=utf-8"],
    ...["Content-Length", String(Buffer.byteLength(body))],
    ...["Cache-Control", "no-store"],
    ...["X-Content-Type-Options", "nosniff"],
  ]);
  response.end(request.method === "HEAD" ? undefined : body);
}
