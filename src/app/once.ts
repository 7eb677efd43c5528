/** `mainstem once`: one round of polls without a server. */
import type { Config } from "../config/load.ts";
import type { PollResult } from "../ingest.ts";
import type { Clock } from "../model.ts";
import type { Log } from "../observe/log.ts";
import { createHostLimit } from "../schedule/host-limit.ts";
import { Site } from "../serve/site.ts";
import { announceOnce } from "./hub.ts";
import { openPollingStore } from "./open-store.ts";
import { definitionsOf, preparePolling } from "./polling.ts";
import { Publisher } from "./publisher.ts";
import { adviseRekey } from "./rekey.ts";
import { type ResolverOptions, resolveDue } from "./resolver.ts";
import { siteSettings } from "./site-settings.ts";

/** `once` does not prolong its claims: longer than all time-outs of a poll together. */
const onceLeaseMs = 5 * 60_000;
/** How long `once` asks where short links lead. */
const resolveMaxMs = 30_000;

export interface OnceOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly isForced: boolean;
  /** Hears how many of the sources known by then were polled; a list that is followed adds to them. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/**
 * Polls every due source (`isForced`: every one) and writes the static files.
 *
 * @returns how each poll went
 * @throws MainstemError as `startApp` does, or `publish/unwritable`; the signal's reason when aborted
 */
export async function pollOnce(
  config: Config,
  options: OnceOptions,
  signal: AbortSignal,
): Promise<readonly PollResult[]> {
  const { clock, log, isForced, onProgress = () => {} } = options;
  await using stack = new AsyncDisposableStack();
  const onWarning = (message: string) => log.warn(message);
  const store = stack.use(await openPollingStore(config, { clock, onWarning }));
  await adviseRekey(store, log);
  await store.syncSources(config.sources, { now: clock.now(), parentId: null });
  const hosts = createHostLimit({
    perHost: config.limits.perHost,
    pauseMs: config.limits.hostPauseMs,
    clock,
  });
  const ignore = () => {};
  const definitions = definitionsOf(config);
  let isChanged = false;
  const { poll, resolving, client } = await preparePolling(stack, {
    config,
    options,
    store,
    hosts,
    definitions: () => definitions,
    onVisible: () => {
      isChanged = true;
    },
    onDue: ignore,
    onQuestions: ignore,
  });
  const results: PollResult[] = [];
  const polled = new Set<string>();
  for (;;) {
    // A list that was followed brings new sources, so the question is asked again until nothing is left.
    const sources = await store.listSources();
    const waiting = sources.filter(
      ({ id, status }) => !polled.has(id) && status !== "retired" && (isForced || status !== "gone"),
    );
    const now = clock.now();
    const wanted = waiting.filter(({ nextPollAt }) => isForced || nextPollAt <= now).map(({ id }) => id);
    const claimed = await store.claimDueSources({
      now,
      limit: config.limits.concurrency,
      leaseMs: onceLeaseMs,
      onlyIds: wanted,
    });
    if (claimed.length === 0) break;
    const total = polled.size + wanted.length;
    let done = polled.size;
    onProgress({ done, total });
    for (const { source } of claimed) polled.add(source.id);
    const round = await Promise.all(
      claimed.map(async (one) => {
        const result = await poll(one, signal);
        onProgress({ done: ++done, total });
        return result;
      }),
    );
    results.push(...round.filter((result) => result !== null));
  }
  await resolveAll(resolving, signal);
  if (config.publishDirectory !== null) {
    const site = new Site({ store, clock, settings: siteSettings(config) });
    let problem: unknown = null;
    await using publisher = new Publisher({
      site: {
        refresh: () => site.refresh(),
        nextRefreshInMs: () => site.nextRefreshInMs,
        archives: () => site.archives,
        readArchivePage: (path) => site.archiveFile(path),
      },
      directory: config.publishDirectory,
      onProblem: (error) => {
        problem = error;
      },
    });
    // The archive of a large store is written in steps.
    while ((await publisher.flush()) && site.nextRefreshInMs === 0) signal.throwIfAborted();
    if (problem !== null) throw problem;
    if (isChanged) await announceOnce(config, { client, log, topicUrls: () => site.topicUrls }, signal);
  }
  return results;
}

/** `once` asks for every link that is due, but not for ever: the rest waits for the next run. */
async function resolveAll(resolving: ResolverOptions, signal: AbortSignal): Promise<void> {
  const bound = AbortSignal.timeout(resolveMaxMs);
  try {
    while ((await resolveDue(resolving, AbortSignal.any([signal, bound]))) > 0);
  } catch (error) {
    signal.throwIfAborted();
    if (!bound.aborted) throw error;
    resolving.log.info("some short links were not asked for yet; the next run goes on");
  }
}
