/** Who pushes our feeds to readers, as the config says: our own hub, one elsewhere, or nobody. */
import type { Config } from "../config/load.ts";
import type { Clock } from "../model.ts";
import type { Log } from "../observe/log.ts";
import { Hub } from "../push/hub.ts";
import { announce, OutsideHub } from "../push/outside-hub.ts";
import type { Server } from "../serve/server.ts";
import type { Store } from "../store/store.ts";
import { type ClientOptions, createHubClient } from "./http-client.ts";

/** Longer than any subscriber should need; many of them wait behind a slow one. */
const subscriberTimeoutMs = 10_000;

export interface HubParts {
  readonly config: Pick<Config, "hub" | "isHubPrivateAllowed">;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly client: ClientOptions;
  readonly server: Pick<Server, "topic" | "topicUrls">;
  /** The address of our own hub as the feeds name it now. */
  readonly hubUrl: () => string;
}

/** What the composition root does with either. */
export interface HubRole {
  /** Our own hub, for the requests that come in; null where it is another's. */
  readonly own: Hub | null;
  /** The feeds were rendered. */
  published(): void;
}

/** Opens the hub; what it needs is disposed of with the stack. */
export async function openHub(
  stack: AsyncDisposableStack,
  { config, server, client, hubUrl, ...shared }: HubParts,
): Promise<HubRole | null> {
  const { hub, isHubPrivateAllowed: isPrivateAllowed } = config;
  if (hub.kind === "none") return null;
  const findTopic = (url: string) => server.topic(url);
  const parts = { ...shared, findTopic, isPrivateAllowed };
  if (hub.kind === "outside") {
    const outside = stack.use(
      new OutsideHub({
        ...parts,
        client: stack.use(createHubClient(client)),
        url: hub.url,
        topicUrls: () => server.topicUrls(),
      }),
    );
    return { own: null, published: () => outside.published() };
  }
  const limits = client.limits && {
    ...client.limits,
    timeoutMs: Math.min(client.limits.timeoutMs, subscriberTimeoutMs),
  };
  const own = stack.use(
    await Hub.open({
      ...parts,
      client: stack.use(createHubClient({ ...client, ...(limits && { limits }) })),
      hubUrl,
    }),
  );
  return { own, published: () => own.published() };
}

/** `once` has changed the feeds: a hub elsewhere is told before the run ends. Our own has nobody to serve then. */
export async function announceOnce(
  { hub, isHubPrivateAllowed }: Pick<Config, "hub" | "isHubPrivateAllowed">,
  parts: { readonly client: ClientOptions; readonly log: Log; readonly topicUrls: () => readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  if (hub.kind !== "outside") return;
  const { client, ...rest } = parts;
  await using posts = createHubClient(client);
  await announce({ ...rest, client: posts, url: hub.url, isPrivateAllowed: isHubPrivateAllowed }, signal);
}

/** What the feeds say of their hub; null for nothing. */
export function hubUrlOf({ hub, url }: Pick<Config, "hub" | "url">): string | null {
  if (hub.kind === "outside") return hub.url;
  return hub.kind === "own" ? `${url.replace(/\/+$/, "")}/websub` : null;
}
