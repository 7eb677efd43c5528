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
  readonly sources: readonly SourceState[];
  readonly sightings: number;
  readonly stories: number;
  readonly now: Date;
  readonly pollsInFlight: number;
  /** Of the store's file, or of its tables on a server. */
  readonly storeBytes: number;
  /** The state of each subscription to a source's hub. */
  readonly subscriptions: readonly PushSubscriptionState[];
  readonly config: { readonly isOk: boolean; readonly appliedAt: Date };
}

export interface Metrics {
  pollEnded(poll: {
    readonly outcome: PollOutcome;
    readonly durationMs: number;
    /** Since it was due. */
    readonly lagMs: number;
    readonly entries: { readonly new: number; readonly updated: number; readonly unchanged: number };
    /** Sightings that joined a story already there. */
    readonly merged: number;
  }): void;
  /** A publisher asked to be left alone (429, 503 with `Retry-After`): for one feed, or for its whole host. */
  rateLimited(scope: "feed" | "host"): void;
  /** A document came: its bytes on the wire, under this content coding. */
  documentReceived(body: { readonly coding: string; readonly bytes: number }): void;
  feedRendered(rendered: { readonly format: string; readonly durationMs: number }): void;
  /** The store answered, or failed; `op` is one of its methods. */
  storeCalled(call: { readonly op: string; readonly durationMs: number }): void;
  /** A poll could not be written. */
  storeFailed(code: string): void;
  requestServed(request: {
    readonly route: string;
    readonly status: number;
    readonly durationMs: number;
  }): void;
  /** The text as the client's `Accept` asks: OpenMetrics 1.0, else Prometheus' own format 0.0.4. */
  render(accept: string): Promise<{ readonly contentType: string; readonly body: string }>;
}

const subscriptionStates = ["asked", "active", "refused"] as const;
const states = ["new", "ok", "failing", "gone", "retired"] as const;

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
  const feeds = gauge("feeds", "Sources by state.", ["state"]);
  const overdue = gauge("polls_overdue", "Sources whose poll has been due for more than a minute.");
  const inFlight = gauge("polls_in_flight", "Polls under way.");
  const items = gauge("items_stored", "Entries in the store.");
  const stories = gauge("stories_stored", "Stories in the store.");
  const newest = gauge("newest_item_timestamp_seconds", "When the newest entry came.");
  const reloadOk = gauge("config_reload_success", "1 when the last edit of the config was taken, else 0.");
  const reloadedAt = gauge("config_last_reload_timestamp_seconds", "When the config in force was read.");
  const storeBytes = gauge("db_size_bytes", "Size of the store: its file, or its tables on a server.");
  const subscriptions = gauge("websub_subscriptions", "Subscriptions to hubs of sources, by state.", [
    "state",
  ]);
  const rateLimited = counter(
    "rate_limited_total",
    "Answers that asked to be left alone for a while, for one feed or a whole host.",
    ["scope"],
  );
  const storeErrors = counter("db_errors_total", "Writes that the store did not take, by error.", [
    "op",
    "code",
  ]);
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

  const update = (reading: MetricsReading): void => {
    const count = new Map<string, number>(states.map((state) => [state, 0]));
    let late = 0;
    let newestMs = 0;
    for (const { status, nextPollAt, lastNewEntryAt } of reading.sources) {
      count.set(status, (count.get(status) ?? 0) + 1);
      const isPolled = status !== "gone" && status !== "retired";
      if (isPolled && reading.now.getTime() - nextPollAt.getTime() > 60_000) late += 1;
      newestMs = Math.max(newestMs, lastNewEntryAt?.getTime() ?? 0);
    }
    for (const [state, value] of count) feeds.set({ state }, value);
    overdue.set(late);
    inFlight.set(reading.pollsInFlight);
    storeBytes.set(reading.storeBytes);
    for (const state of subscriptionStates)
      subscriptions.set({ state }, reading.subscriptions.filter((one) => one === state).length);
    items.set(reading.sightings);
    stories.set(reading.stories);
    newest.set(newestMs / 1000);
    reloadOk.set(Number(reading.config.isOk));
    reloadedAt.set(reading.config.appliedAt.getTime() / 1000);
  };

  let rendering: Promise<unknown> = Promise.resolve();
  return {
    pollEnded({ outcome, durationMs, lagMs, entries, merged }) {
      polls.inc({ outcome });
      pollSeconds.observe(durationMs / 1000);
      lagSeconds.observe(Math.max(0, lagMs) / 1000);
      itemResults.inc({ result: "inserted" }, entries.new);
      itemResults.inc({ result: "updated" }, entries.updated);
      itemResults.inc({ result: "duplicate" }, merged);
    },
    rateLimited: (scope) => rateLimited.inc({ scope }),
    documentReceived: ({ coding, bytes }) =>
      responseBytes.inc({ coding: codings.has(coding) ? coding : "other" }, bytes),
    feedRendered: ({ format, durationMs }) => renderSeconds.observe({ format }, durationMs / 1000),
    storeCalled: ({ op, durationMs }) => querySeconds.observe({ op }, durationMs / 1000),
    storeFailed: (code) => storeErrors.inc({ op: "record_poll", code }),
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
