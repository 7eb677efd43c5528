/**
 * The composition root: from a `Config` to a running Mainstem. Everything is made here, handed to what needs it, and
 * taken down in reverse order.
 */
import { isIP } from "node:net";
import { parse as parseDomain } from "tldts";
import { createHubClient } from "./app/http-client.ts";
import { type HubRole, hubUrlOf, openHub } from "./app/hub.ts";
import { openPollingStore } from "./app/open-store.ts";
import { entryMeasures, pollMeasures } from "./app/poll-measures.ts";
import { takePush } from "./app/poller.ts";
import { definitionsOf, preparePolling } from "./app/polling.ts";
import { createArchiveSaver, startPruner } from "./app/prune.ts";
import { Publisher, tellPublishProblem } from "./app/publisher.ts";
import { adviseRekey } from "./app/rekey.ts";
import {
  type ConfigReloader,
  compareSources,
  listRestartKeys,
  logSourceChanges,
  watchConfig,
} from "./app/reload.ts";
import { startResolver } from "./app/resolver.ts";
import { stopInTime } from "./app/shutdown.ts";
import { siteSettings } from "./app/site-settings.ts";
import { answerInTime, answerUnlessAway, findStoreProblem } from "./app/store-answer.ts";
import { watchSources } from "./app/watch.ts";
import { watchPolls } from "./app/watch-polls.ts";
import type { Config } from "./config/load.ts";
import { MainstemError, StoreError } from "./errors.ts";
import { isPublicAddress } from "./fetch/private-address.ts";
import type { Clock } from "./model.ts";
import type { Log } from "./observe/log.ts";
import { createMetrics, routeOf } from "./observe/metrics.ts";
import { Subscriber } from "./push/subscriber.ts";
import { createHostLimit } from "./schedule/host-limit.ts";
import { type SchedulerOptions, startScheduler } from "./schedule/scheduler.ts";
import { startServer } from "./serve/server.ts";
import { readStatus } from "./serve/status.ts";
import type { Store } from "./store/store.ts";
import { timeStore } from "./store/timed-store.ts";

/** What a process does: `poll` fills the store, `serve` publishes what is there, `all` both. */
export type Role = "all" | "poll" | "serve";

export interface AppOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  /** Reads the config anew; with it, the daemon follows edits of the file. @throws ConfigError, MainstemError */
  readonly loadConfig?: () => Promise<Config>;
  /** What `configState` said of the file before the config was read: an edit made while the daemon starts is not missed. */
  readonly readAs?: string | null;
  /** `all` where absent. Others need a store that several processes share. */
  readonly role?: Role;
}

/** A running daemon. Disposing of it stops it at once; `stop` lets what is under way finish first. */
export interface App extends AsyncDisposable {
  readonly url: string;
  /** The address of its own that status and metrics have, or null. */
  readonly adminUrl: string | null;
  /** Reads the config again now; a broken one is told and changes nothing. */
  reload(): Promise<void>;
  /** No new polls; those under way may finish, requests are answered; resolves in less than 10 s, whatever hangs. */
  stop(): Promise<void>;
}

/**
 * Starts the daemon: store, server, then polling, so that the first reader finds what the last run left.
 *
 * @throws MainstemError when the store is held by another process or unusable, or the port is taken
 */
export async function startApp(config: Config, options: AppOptions): Promise<App> {
  const { clock, log, version, role = "all" } = options;
  const isPolling = role !== "serve";
  const isServing = role !== "poll";
  const { leaseMs } = config.limits;
  if (role !== "all" && config.store.engine === "sqlite") {
    throw new MainstemError(
      "usage",
      `--role ${role} needs a store in PostgreSQL: an SQLite file has one daemon`,
      {
        hint: "store: postgres://…, see docs/scale.md",
      },
    );
  }
  const stack = new AsyncDisposableStack();
  try {
    const startedAt = clock.now();
    // Why the last write failed (a full disk, say); polling goes on trying, and the next write that succeeds ends it.
    let storeProblem: string | null = null;
    let definitions = definitionsOf(config);
    let current = config;
    let reloader: ConfigReloader | null = null;
    // Readers are served all the same, so it is a notice: files that cannot be written, say.
    let publishProblem: string | null = null;
    const notices = () => [
      ...(reloader?.notices ?? []),
      ...(publishProblem === null ? [] : [publishProblem]),
    ];
    const onWarning = (message: string) => log.warn(message);
    const opened = stack.use(await openPollingStore(config, { clock, onWarning }));
    const store = timeStore(opened, (call) => metrics.storeCalled(call));
    const syncSources = async (sources: Config["sources"]) => {
      if (isPolling) await store.syncSources(sources, { now: clock.now(), parentId: null });
    };
    const metrics = createMetrics({
      version,
      store: config.store.engine,
      read: async () => ({
        stored: await answerInTime(readCounts(store)).catch(() => null),
        now: clock.now(),
        connections: store.connections(),
        isPerSource: current.admin.isPerSource,
        pollsInFlight: scheduler?.runningCount ?? 0,
        config: reloader?.state ?? { isOk: true, appliedAt: startedAt },
      }),
    });
    await syncSources(config.sources);
    let subscriber: Subscriber | null = null;
    let hub: HubRole | null = null;
    const server = stack.use(
      await startServer({
        push: () => subscriber,
        hub: () => hub?.own ?? null,
        ...siteSettings(config),
        ...config.listen,
        isPublishing: isServing,
        store,
        clock,
        status: () => readStatus(store, { clock, startedAt, version, notices: notices() }),
        unlessAway: (answer) => answerUnlessAway(answer, store),
        isReady: async () => {
          const problem = storeProblem ?? (await findStoreProblem(store));
          return { ok: problem === null, reasons: problem === null ? [] : [problem], notices: notices() };
        },
        admin: config.admin,
        adminListen: config.admin.listen,
        metrics: metrics.render,
        onRendered: metrics.feedRendered,
        onRequest: ({ method, path, status, durationMs }) => {
          metrics.requestServed({ route: routeOf(path), status, durationMs });
          log.debug({ status, ms: Math.round(durationMs) }, `${method} ${path}`);
        },
        onError: failedRequestLog(log, clock),
        onSkipped: ({ output, storyNumber, reason }) =>
          log.warn(`${output}: story ${storyNumber} left out: ${reason}`),
      }),
    );
    const publisher = stack.use(
      new Publisher({
        site: server,
        directory: config.publishDirectory,
        onPublished: () => hub?.published(),
        onProblem: (error) => {
          publishProblem = tellPublishProblem(error, log);
        },
      }),
    );
    const render = () => {
      if (isServing) publisher.request();
    };
    const hosts = createHostLimit({
      perHost: config.limits.perHost,
      pauseMs: config.limits.hostPauseMs,
      clock,
    });
    const polling = await preparePolling(stack, {
      config,
      options,
      store,
      hosts,
      definitions: () => definitions,
      onVisible: render,
      onDue: () => scheduler?.wake(),
      onQuestions: () => resolver?.wake(),
      onRateLimited: metrics.rateLimited,
      onBody: metrics.documentReceived,
      onRead: (result) => metrics.entriesRead(entryMeasures(result)),
      isPushed: (id) => subscriber?.isPushed(id) ?? false,
      onPolled: async ({ source, state, kind, recorded }) => {
        if (kind !== "document") return;
        const isFirst = source.lastOkAt === null;
        await subscriber?.onPolled({ ...source, ...state }, { newEntries: recorded.entries.new, isFirst });
      },
    });
    const { poll, resolving } = polling;
    await adviseRekey(store, log);
    const resolver = isPolling ? stack.use(startResolver(resolving)) : null;
    const schedulerOptions: SchedulerOptions = {
      store,
      clock,
      concurrency: config.limits.concurrency,
      perHost: config.limits.perHost,
      hosts,
      leaseMs,
      poll: async (claimed, signal) => {
        if (claimed.isTakenOver) metrics.leaseTakenOver();
        const begunAt = clock.now().getTime();
        const result = await poll(claimed, signal);
        if (result !== null) {
          const durationMs = clock.now().getTime() - begunAt;
          metrics.pollEnded(pollMeasures(result, { begunAt, durationMs }));
        }
        if (storeProblem !== null) log.info("the store works again");
        storeProblem = null;
        server.tellPolled();
      },
      onError: (error) => {
        if (!(error instanceof StoreError)) return log.error({ err: error }, "a poll ended unexpectedly");
        if (storeProblem === null) log.error(`${error.message}${error.hint ? ` (${error.hint})` : ""}`);
        storeProblem = error.message;
      },
    };
    const scheduler = isPolling ? startScheduler(schedulerOptions) : null;
    stack.defer(() => scheduler?.stop(0));
    const stopping = new AbortController();
    stack.defer(() => stopping.abort(new Error("Mainstem is stopping")));
    subscriber =
      role === "all" && isPushWanted(config)
        ? stack.use(
            new Subscriber({
              store,
              clock,
              log,
              posts: stack.use(createHubClient(polling.client)),
              baseUrl: config.url.replace(/\/+$/, ""),
              isPrivateAllowed: ({ id }) => definitions.get(id)?.isPrivateAllowed ?? false,
              onPush: async (id, pushed) => {
                const isTaken = await takePush(id, pushed, { ...polling.poller, leaseMs }, stopping.signal);
                if (!isTaken) scheduler?.pollNow([id]);
              },
            }),
          )
        : null;
    // Who publishes no feed has none to push, and must not tell subscribers that theirs is gone.
    if (isServing)
      hub = await openHub(stack, {
        ...{ config, store, clock, log, server },
        client: polling.client,
        hubUrl: () => hubUrlOf({ hub: config.hub, url: urlUntilRestart(config, current) }) ?? "",
      });
    const watch = (sources: Config["sources"]) =>
      watchSources(isPolling ? sources : [], {
        onChange: (id) => scheduler?.pollNow([id]),
        onError: (error) =>
          log.warn({ err: error }, "watching local sources failed; they are still polled on schedule"),
      });
    let localWatch = await watch(config.sources);
    stack.defer(() => localWatch[Symbol.asyncDispose]());
    const pruner = isPolling
      ? stack.use(
          startPruner({
            ...{ store, clock, log, keep: () => current.keep, onVisible: render },
            save: createArchiveSaver({ store, clock }, () =>
              siteSettings({ ...current, url: urlUntilRestart(config, current) }),
            ),
          }),
        )
      : null;
    const apply = async (edited: Config): Promise<readonly string[]> => {
      const changes = compareSources(current.sources, edited.sources);
      // Before the store knows them: a poll that starts in between finds what it is to do.
      definitions = definitionsOf(edited);
      await syncSources(edited.sources);
      current = edited;
      const { hub: hubUntilRestart, publishDirectory } = config;
      await server.reconfigure(
        siteSettings({
          ...edited,
          url: urlUntilRestart(config, edited),
          hub: hubUntilRestart,
          publishDirectory,
        }),
      );
      render();
      const { dueIds, localIds } = changes;
      if (localIds !== null) {
        const previous = localWatch;
        localWatch = await watch(edited.sources);
        await previous[Symbol.asyncDispose]();
      }
      // What was written while one watch took the place of the other is not missed: local files are looked at once more.
      const wanted = [...new Set([...dueIds, ...(localIds ?? [])])];
      if (wanted.length > 0) scheduler?.pollNow(wanted);
      scheduler?.wake();
      logSourceChanges(log, changes);
      pruner?.wake();
      const waiting = listRestartKeys(config, edited);
      const told = waiting.map((key) => `config: ${key} has changed and takes effect at the next start`);
      for (const line of told) log.warn(line);
      return told;
    };
    const { loadConfig, readAs } = options;
    if (loadConfig !== undefined) {
      reloader = stack.use(watchConfig({ file: config.file, load: loadConfig, readAs, apply, log, clock }));
    }
    // What other processes write: a worker, or a command of the operator.
    if (isServing)
      stack.use(
        await store.watchRevision(() => {
          render();
          server.tellPolled();
        }),
      );
    if (role === "serve")
      stack.use(
        watchPolls({
          ...{ store, clock, log },
          isWatched: () => server.isStatusWatched(),
          onPoll: () => server.tellPolled(),
        }),
      );
    render();
    const resources = stack.move();
    let isLeft = false;
    return {
      url: server.address.url,
      adminUrl: server.adminAddress?.url ?? null,
      reload: async () => reloader?.reload(),
      async stop() {
        const drain = (ms: number) =>
          Promise.all([
            scheduler?.stop(ms),
            server.stop(AbortSignal.timeout(ms)),
            resolver?.[Symbol.asyncDispose](),
          ]);
        const writeFiles = async (ms: number) => {
          // Without files, there is nobody left to publish for.
          if (isServing && config.publishDirectory !== null) await publisher.flush(ms);
        };
        const isWhole = await stopInTime(
          { drain, writeFiles, close: () => resources.disposeAsync() },
          { log },
        );
        isLeft = !isWhole;
      },
      [Symbol.asyncDispose]: async () => {
        if (!isLeft) await resources.disposeAsync();
      },
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Are hubs asked? `auto`: when they can reach us, under a host that the public suffix list knows. */
function isPushWanted({ push, url }: Pick<Config, "push" | "url">): boolean {
  if (push !== "auto") return push === "always";
  const host = URL.parse(url)?.hostname ?? "";
  return isIP(host) !== 0 ? isPublicAddress(host) : parseDomain(host).isIcann === true;
}

/** A store that is away fails every request: that is told once a minute. */
function failedRequestLog(log: Log, clock: Clock): (error: unknown, path: string) => void {
  let toldMs = Number.NEGATIVE_INFINITY;
  return (error, path) => {
    if (!(error instanceof StoreError)) return log.error({ err: error }, `request for ${path} failed`);
    const nowMs = clock.now().getTime();
    const isTold = Math.abs(nowMs - toldMs) < 60_000;
    if (!isTold) toldMs = nowMs;
    log[isTold ? "debug" : "error"](`request for ${path} failed: ${error.message}`);
  };
}

async function readCounts(store: Store) {
  const [sources, { sightings, stories }, bytes, subscriptions] = await Promise.all([
    store.listSources(),
    store.counts(),
    store.sizeBytes(),
    store.listSubscriptions(),
  ]);
  return { sources, sightings, stories, bytes, subscriptions: subscriptions.map(({ state }) => state) };
}

/** The public address while we still listen where we did: one that was derived from the port follows the old port. */
function urlUntilRestart(started: Config, edited: Config): string {
  const isDerived = edited.url === `http://localhost:${edited.listen.port}`;
  return isDerived ? `http://localhost:${started.listen.port}` : edited.url;
}
