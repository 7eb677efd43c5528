/**
 * The only door to prom-client: what `/metrics` tells. Base units, `_total` for counters, labels with few values only: never
 * the address of a source (https://prometheus.io/docs/practices/naming/).
 */
import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  Registry,
  type RegistryContentType,
} from "prom-client";
import type { SourceState } from "../model.ts";

export type PushSubscriptionState = "asked" | "active" | "refused";

/** `connections` of a server's store: lent, idle, and work that waits for one. */
export type ConnectionState = "active" | "idle" | "waiting";

export type PollOutcome =
  | "new"
  | "unchanged"
  | "not_modified"
  | "http_error"
  | "network_error"
  | "dns_error"
  | "timeout"
  | "parse_error"
  | "too_large"
  | "blocked";

/** What is read when somebody asks for the metrics. */
export interface MetricsReading {
  /** Null where the store gave no answer: what the process knows by itself is told all the same. */
  readonly stored: {
    readonly sources: readonly SourceState[];
    readonly sightings: number;
    readonly stories: number;
    /** Of the store's file, or of its tables on a server. */
    readonly bytes: number;
    /** The state of each subscription to a source's hub. */
    readonly subscriptions: readonly PushSubscriptionState[];
  } | null;
  readonly now: Date;
  readonly pollsInFlight: number;
  /** Of this process; null where the store is a file. */
  readonly connections: Readonly<Record<ConnectionState, number>> | null;
  readonly config: { readonly isOk: boolean; readonly appliedAt: Date };
  /** Tell of each source by its id? Its address is told to nobody. */
  readonly isPerSource: boolean;
}

export interface Metrics {
  pollEnded(poll: {
    readonly outcome: PollOutcome;
    readonly durationMs: number;
    /** Since it was due. */
    readonly lagMs: number;
  }): void;
  /**
   * What became of the entries of a document. `duplicate`: they joined a story already there; `rejected`: the source's
   * `include` and `exclude` did not let them in.
   */
  entriesRead(entries: Readonly<Record<(typeof itemResultNames)[number], number>>): void;
  /** A publisher asked to be left alone (429, 503 with `Retry-After`): for one feed, or for its whole host. */
  rateLimited(scope: "feed" | "host"): void;
  /** A document came: its bytes on the wire, under this content coding. */
  documentReceived(body: { readonly coding: string; readonly bytes: number }): void;
  feedRendered(rendered: { readonly format: string; readonly durationMs: number }): void;
  /** The store answered, or failed with `errorCode`; `op` is one of its methods. */
  storeCalled(call: {
    readonly op: string;
    readonly durationMs: number;
    readonly errorCode: string | null;
  }): void;
  /** A source was claimed whose last holder let its lease run out. */
  leaseTakenOver(): void;
  requestServed(request: {
    readonly route: string;
    readonly status: number;
    readonly durationMs: number;
  }): void;
  /** The text as the client's `Accept` asks: OpenMetrics 1.0, else Prometheus' own format 0.0.4. */
  render(accept: string): Promise<{ readonly contentType: string; readonly body: string }>;
}

const subscriptionStates = ["asked", "active", "refused"] as const;
const connectionStates = ["active", "idle", "waiting"] as const;

type FeedState = "new" | "ok" | "failing" | "backoff" | "gone" | "disabled";
const feedStates = ["new", "ok", "failing", "backoff", "gone", "disabled"] as const;

/** A source that failed once may be well at the next try; one that failed again is asked ever more rarely. */
function feedState({ status, failures }: Pick<SourceState, "status" | "failures">): FeedState {
  if (status === "failing") return failures > 1 ? "backoff" : "failing";
  return status === "retired" ? "disabled" : status;
}

const itemResultNames = ["inserted", "updated", "duplicate", "rejected"] as const;

/** So many sources are told of by their ids; what is more is left out. */
const perSourceMax = 1000;

/** Whatever else a server makes up is `other`: labels have few values. */
const codings: ReadonlySet<string> = new Set(["identity", "gzip", "br", "zstd", "deflate"]);

export function createMetrics(options: {
  readonly version: string;
  readonly store: string;
  readonly read: () => Promise<MetricsReading>;
}): Metrics {
  const registry = new Registry<RegistryContentType>();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  // Gauges under a counter's name: the same numbers by type stand beside them.
  for (const what of ["handles", "requests", "resources"])
    registry.removeSingleMetric(`nodejs_active_${what}_total`);
  const gauge = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Gauge({ name: `mainstem_${name}`, help, labelNames: [...labelNames], registers });
  const counter = (name: string, help: string, labelNames: readonly string[]) =>
    new Counter({ name: `mainstem_${name}`, help, labelNames: [...labelNames], registers });
  const histogram = (name: string, help: string, buckets: number[], labelNames: readonly string[] = []) =>
    new Histogram({ name: `mainstem_${name}`, help, buckets, labelNames: [...labelNames], registers });

  gauge("build_info", "Always 1; the labels say what runs.", ["version", "node", "store"]).set(
    { version: options.version, node: process.versions.node, store: options.store },
    1,
  );
  const feeds = gauge(
    "feeds",
    "Sources by state: new (not polled yet), ok, failing (the last poll failed), backoff (several in a row, so asked more rarely), gone (ended by the publisher), disabled (not in the config any more).",
    ["state"],
  );
  const lastSuccess = gauge(
    "feed_last_success_timestamp_seconds",
    "When a source last answered as it should, by its id (admin.source_metrics).",
    ["feed"],
  );
  const overdue = gauge("polls_overdue", "Sources whose poll has been due for more than a minute.");
  const inFlight = gauge("polls_in_flight", "Polls under way.");
  const items = gauge("items_stored", "Entries in the store.");
  const stories = gauge("stories_stored", "Stories in the store.");
  const newest = gauge("newest_item_timestamp_seconds", "When the newest entry came.");
  const reloadOk = gauge("config_reload_success", "1 when the last edit of the config was taken, else 0.");
  const reloadedAt = gauge("config_last_reload_timestamp_seconds", "When the config in force was read.");
  const storeBytes = gauge("db_size_bytes", "Size of the store: its file, or its tables on a server.");
  const connections = gauge(
    "db_pool_connections",
    "Connections to PostgreSQL: active (at work), idle; and work waiting for one.",
    ["state"],
  );
  const takeovers = counter(
    "lease_takeovers_total",
    "Sources claimed whose last holder let its lease run out: a process that died or stood still.",
    [],
  );
  const isStoreUp = gauge("db_up", "1 when the store answered in time, else 0.");
  const subscriptions = gauge("websub_subscriptions", "Subscriptions to hubs of sources, by state.", [
    "state",
  ]);
  const rateLimited = counter(
    "rate_limited_total",
    "Answers that asked to be left alone for a while, for one feed or a whole host.",
    ["scope"],
  );
  const storeErrors = counter("db_errors_total", "Calls of the store that failed, by error.", ["op", "code"]);
  const polls = counter("polls_total", "Polls by how they ended.", ["outcome"]);
  const itemResults = counter("items_total", "Entries read, by what became of them.", ["result"]);
  const pollSeconds = histogram(
    "poll_duration_seconds",
    "Time of one poll, from its start to its last write.",
    [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  );
  const lagSeconds = histogram(
    "poll_lag_seconds",
    "How long after it was due a poll started.",
    [0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200],
  );
  const responseBytes = counter(
    "poll_response_bytes_total",
    "Bytes of documents on the wire, by content coding.",
    ["coding"],
  );
  const renderSeconds = histogram(
    "feed_render_duration_seconds",
    "Time to render a feed in one format.",
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5],
    ["format"],
  );
  const querySeconds = histogram(
    "db_query_duration_seconds",
    "Time that the store took to answer, its queue included.",
    [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
    ["op"],
  );
  const requests = counter("http_requests_total", "Requests answered.", ["route", "code"]);
  const requestSeconds = histogram(
    "http_request_duration_seconds",
    "Time to answer a request.",
    [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
    ["route"],
  );

  const updateStored = ({ stored, now, isPerSource }: MetricsReading): void => {
    // What is not known any more is not told.
    for (const one of [overdue, items, stories, newest, storeBytes]) one.remove();
    for (const one of [feeds, lastSuccess, subscriptions]) one.reset();
    isStoreUp.set(Number(stored !== null));
    if (stored === null) return;
    const count = new Map<FeedState, number>(feedStates.map((state) => [state, 0]));
    let late = 0;
    let newestMs = 0;
    for (const source of stored.sources) {
      const { status, nextPollAt, lastNewEntryAt } = source;
      const state = feedState(source);
      count.set(state, (count.get(state) ?? 0) + 1);
      const isPolled = status !== "gone" && status !== "retired";
      if (isPolled && now.getTime() - nextPollAt.getTime() > 60_000) late += 1;
      newestMs = Math.max(newestMs, lastNewEntryAt?.getTime() ?? 0);
    }
    for (const [state, value] of count) feeds.set({ state }, value);
    const told = isPerSource ? stored.sources.filter(({ status }) => status !== "retired") : [];
    for (const { id, lastOkAt } of told.slice(0, perSourceMax))
      lastSuccess.set({ feed: id }, (lastOkAt?.getTime() ?? 0) / 1000);
    overdue.set(late);
    storeBytes.set(stored.bytes);
    for (const state of subscriptionStates)
      subscriptions.set({ state }, stored.subscriptions.filter((one) => one === state).length);
    items.set(stored.sightings);
    stories.set(stored.stories);
    newest.set(newestMs / 1000);
  };
  const update = (reading: MetricsReading): void => {
    updateStored(reading);
    if (reading.connections !== null)
      for (const state of connectionStates) connections.set({ state }, reading.connections[state]);
    inFlight.set(reading.pollsInFlight);
    reloadOk.set(Number(reading.config.isOk));
    reloadedAt.set(reading.config.appliedAt.getTime() / 1000);
  };

  let rendering: Promise<unknown> = Promise.resolve();
  return {
    pollEnded({ outcome, durationMs, lagMs }) {
      polls.inc({ outcome });
      pollSeconds.observe(durationMs / 1000);
      lagSeconds.observe(Math.max(0, lagMs) / 1000);
    },
    entriesRead(entries) {
      for (const result of itemResultNames) itemResults.inc({ result }, entries[result]);
    },
    rateLimited: (scope) => rateLimited.inc({ scope }),
    documentReceived: ({ coding, bytes }) =>
      responseBytes.inc({ coding: codings.has(coding) ? coding : "other" }, bytes),
    feedRendered: ({ format, durationMs }) => renderSeconds.observe({ format }, durationMs / 1000),
    storeCalled({ op, durationMs, errorCode }) {
      querySeconds.observe({ op }, durationMs / 1000);
      if (errorCode !== null) storeErrors.inc({ op, code: errorCode });
    },
    leaseTakenOver: () => takeovers.inc(),
    requestServed({ route, status, durationMs }) {
      requests.inc({ route, code: String(status) });
      requestSeconds.observe({ route }, durationMs / 1000);
    },
    render(accept) {
      const isOpen = /application\/openmetrics-text/i.test(accept);
      // One after the other: the format is a setting of the registry.
      const next = rendering.then(async () => {
        update(await options.read());
        registry.setContentType(
          isOpen ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE,
        );
        return { contentType: registry.contentType, body: await registry.metrics() };
      });
      rendering = next.catch(() => {});
      return next;
    },
  };
}

/** A few names for all paths, so that nobody can fill the metrics with made-up ones. */
export function routeOf(path: string): string {
  if (/\/(atom|rss)\.xml$|\/feed\.json$/.test(path)) return "feed";
  if (/^\/(healthz|readyz|metrics|status|status\.json|opml\.xml)$/.test(path)) return path.slice(1);
  if (/\/archive\/[^/]+$/.test(path)) return "archive";
  if (path.startsWith("/websub")) return "websub";
  if (path.endsWith("/")) return "page";
  return "other";
}
