/** What polling needs, made once: clients, limits, the poller, and what asks the network about entries. */
import type { Config } from "../config/load.ts";
import type { HttpOptions } from "../fetch/http.ts";
import type { PollResult } from "../ingest.ts";
import type { Clock, SourceDefinition } from "../model.ts";
import type { Log } from "../observe/log.ts";
import { createPageReader } from "../parse/page-text.ts";
import type { HostLimit } from "../schedule/host-limit.ts";
import type { Store } from "../store/store.ts";
import {
  type ClientOptions,
  createPageClient,
  createSourceHttpClient,
  createSourceLinkClient,
} from "./http-client.ts";
import { createPageTexts } from "./page-texts.ts";
import { createPoller, type Poller, type PollerOptions } from "./poller.ts";
import type { ResolverOptions } from "./resolver.ts";
import { loadUrlRules } from "./url-rules.ts";

/** How long a start waits for URL rules from the net before it takes the copy of last time. */
const rulesTimeoutMs = 10_000;

interface PollingOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
}

export interface PollingParts {
  readonly config: Config;
  readonly options: PollingOptions;
  readonly store: Store;
  readonly hosts: HostLimit;
  readonly definitions: () => ReadonlyMap<string, SourceDefinition>;
  readonly onVisible: () => void;
  readonly onDue: () => void;
  readonly onQuestions: () => void;
  readonly onRateLimited?: PollerOptions["onRateLimited"];
  readonly onBody?: HttpOptions["onBody"];
  readonly onRead?: PollerOptions["onRead"];
  readonly isPushed?: (sourceId: string) => boolean;
  readonly onPolled?: (result: PollResult) => Promise<void>;
}

export interface Polling {
  readonly poll: Poller;
  readonly poller: PollerOptions;
  readonly client: ClientOptions;
  readonly resolving: ResolverOptions;
}

/** Makes it all; what must be closed goes onto the stack. */
export async function preparePolling(
  stack: AsyncDisposableStack,
  { config, options, store, hosts, definitions, ...events }: PollingParts,
): Promise<Polling> {
  const { clock, log, version } = options;
  const { concurrency: _, entries, hostPauseMs: __, leaseMs: ___, ...limits } = config.limits;
  const { bodyBytes } = limits;
  const client = { contact: config.contact, version, limits, clock };
  const shared = {
    store,
    clock,
    log,
    onVisible: events.onVisible,
    rules: await loadUrlRules(config, {
      clock,
      version,
      signal: AbortSignal.timeout(rulesTimeoutMs),
      onWarning: (message) => log.warn(message),
    }),
    definitions,
  };
  const { isResolving, page: pageMode } = config.identity;
  const poller: PollerOptions = {
    ...shared,
    ...events,
    http: stack.use(createSourceHttpClient({ ...client, onBody: events.onBody })),
    hosts,
    limits: { bodyBytes, entries },
    random: Math.random,
    isResolving,
    pageMode,
  };
  const pageClient = { ...client, hosts };
  const resolving = {
    ...shared,
    isResolving,
    pageMode,
    links: stack.use(createSourceLinkClient({ ...client, hosts })),
    texts: createPageTexts({
      pages: stack.use(createPageClient({ ...pageClient, isPrivateAllowed: false })),
      privatePages: stack.use(createPageClient({ ...pageClient, isPrivateAllowed: true })),
      reader: stack.use(createPageReader()),
      onRefused: (host) =>
        log.info(
          `full_text: the robots.txt of ${host} does not let programs read its pages; its entries stay as they are`,
        ),
    }),
  };
  return { poll: createPoller(poller), poller, client, resolving };
}

/** The config's own sources, by id. */
export function definitionsOf({ sources }: Pick<Config, "sources">): ReadonlyMap<string, SourceDefinition> {
  return new Map(sources.map((definition) => [definition.id, definition]));
}
