/** Polls one claimed source: waits for its host's turn, runs the ingest, follows an OPML list, and says in one line how it went. */
import { FetchError, MainstemError } from "../errors.ts";
import { nameOf } from "../ingest/source-name.ts";
import { type IngestOptions, type PollResult, pollSource } from "../ingest.ts";
import type { SourceDefinition } from "../model.ts";
import type { Log } from "../observe/log.ts";
import type { HostLimit } from "../schedule/host-limit.ts";
import type { ClaimedSource, Store } from "../store/store.ts";
import { counted } from "./counted.ts";
import { definitionOf, outlineDefinition } from "./definitions.ts";
import { pollLine } from "./poll-line.ts";

export interface PollerOptions extends IngestOptions {
  readonly store: Store;
  readonly definitions: () => ReadonlyMap<string, SourceDefinition>;
  readonly hosts: HostLimit;
  readonly log: Log;
  /** Something that readers can see has changed. */
  readonly onVisible: () => void;
  /** New sources are due. */
  readonly onDue: () => void;
  /** There is something to ask the network about entries. */
  readonly onQuestions: () => void;
  /** A publisher asked to be left alone. */
  readonly onRateLimited?: ((scope: "feed" | "host") => void) | undefined;
  /** A source was polled, with or without success. */
  readonly onPolled?: (result: PollResult) => Promise<void>;
  /** A document was read, whether a poll fetched it or a hub pushed it, and what it brought is stored. */
  readonly onRead?: ((result: PollResult) => void) | undefined;
}

export type Poller = (claimed: ClaimedSource, signal: AbortSignal) => Promise<PollResult | null>;

/** Statuses with which a server asks the whole client, not one address, to keep away (RFC 6585 4, RFC 9110 15.6.4). */
const restingStatuses: ReadonlySet<number> = new Set([429, 503]);

export function createPoller(options: PollerOptions): Poller {
  const { store, clock, hosts, log } = options;
  return async (claimed, signal) => {
    const { source, lease } = claimed;
    const definition = definitionOf(source, options.definitions());
    if (definition === null) {
      await store.releaseLease(lease);
      return null;
    }
    const url = URL.parse(source.currentUrl ?? source.location);
    const host = url !== null && /^https?:$/.test(url.protocol) ? url.host : null;
    using _turn = host === null ? null : await hosts.acquire(host, signal);
    const begunAt = clock.now().getTime();
    const result = await pollSource(claimed, definition, options, signal);
    const ms = clock.now().getTime() - begunAt;
    const { error } = result;
    if (
      host !== null &&
      error instanceof FetchError &&
      error.retryAfterMs !== null &&
      restingStatuses.has(error.status ?? 0)
    ) {
      const isHost = definition.restScope === "host";
      if (isHost) hosts.rest(host, new Date(clock.now().getTime() + error.retryAfterMs));
      options.onRateLimited?.(isHost ? "host" : "feed");
    }
    if (result.reading?.kind === "document" && source.kind === "opml") {
      const outlines = result.reading.document.outlines.map((outline) =>
        outlineDefinition(definition, outline),
      );
      const own = options.definitions();
      const followed = [
        ...new Map(
          outlines.filter(({ id }) => !own.has(id)).map((outline) => [outline.id, outline]),
        ).values(),
      ];
      const changes = await store.syncSources(followed, { now: clock.now(), parentId: source.id });
      if (changes.added + changes.changed + changes.retired > 0)
        log.info(
          { feed: source.id, ...changes },
          `${nameOf({ ...source, feed: result.state.feed })}: the list has ${counted(changes.added, "new feed")}, ${changes.changed} changed, ${changes.retired} retired`,
        );
      options.onDue();
    }
    if (result.recorded.isVisible) options.onVisible();
    if (result.questionCount > 0) options.onQuestions();
    options.onRead?.(result);
    await options.onPolled?.(result);
    const { level, fields, text } = pollLine(result, ms);
    log[level](fields, text);
    return result;
  };
}

/** How often a push waits for a poll of its source that is under way, and how long each time. */
const pushTries = 20;
const pushWaitMs = 500;

/**
 * Takes in what a hub pushed for a source, as a poll would.
 * @returns false when the source could not be claimed: it is to be polled instead
 */
export async function takePush(
  sourceId: string,
  pushed: { readonly bytes: Uint8Array; readonly contentType: string | null },
  options: PollerOptions & { readonly leaseMs: number },
  signal: AbortSignal,
): Promise<boolean> {
  const { store, clock, leaseMs } = options;
  for (let tries = 0; tries < pushTries; tries++) {
    const request = { now: clock.now(), limit: 1, leaseMs, onlyIds: [sourceId] };
    const [claimed] = await store.claimDueSources(request);
    if (claimed === undefined) {
      await clock.sleep(pushWaitMs, signal);
      continue;
    }
    const definition = definitionOf(claimed.source, options.definitions());
    try {
      if (definition === null)
        throw new MainstemError("fetch/status", "the source is not configured any more");
      const begunAt = clock.now().getTime();
      const result = await pollSource(claimed, definition, options, signal, pushed);
      if (result.recorded.isVisible) options.onVisible();
      if (result.questionCount > 0) options.onQuestions();
      options.onRead?.(result);
      const { level, fields, text } = pollLine(result, clock.now().getTime() - begunAt);
      options.log[level](fields, text);
      return true;
    } catch (error) {
      await store.releaseLease(claimed.lease);
      throw error;
    }
  }
  return false;
}
