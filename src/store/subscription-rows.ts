/** What both engines make of rows about subscriptions, to others' hubs and at our own. */
import { readInstant, readNumber, readOptionalInstant, readOptionalText, readText } from "./rows.ts";
import type { HubRequest, HubSubscription, PushSubscription } from "./store.ts";

const STATES: readonly PushSubscription["state"][] = ["asked", "active", "refused"];

export function toPushSubscription(row: Record<string, unknown>): PushSubscription {
  const state = readText(row, "state");
  return {
    sourceId: readText(row, "source_id"),
    callback: readText(row, "callback"),
    secret: readText(row, "secret"),
    hub: readText(row, "hub"),
    topic: readText(row, "topic"),
    state: STATES.find((known) => known === state) ?? "refused",
    failures: readNumber(row, "failures"),
    expiresAt: readOptionalInstant(row, "expires_at"),
    pushedAt: readOptionalInstant(row, "pushed_at"),
    missedAt: readOptionalInstant(row, "missed_at"),
    nextTryAt: readInstant(row, "next_try_at"),
  };
}

/** The values of a row, from `source_id` to `next_try_at` in the order of the table. */
export function pushSubscriptionValues(one: PushSubscription): (string | number | null)[] {
  return [
    one.sourceId,
    one.callback,
    one.secret,
    one.hub,
    one.topic,
    one.state,
    one.failures,
    one.expiresAt?.getTime() ?? null,
    one.pushedAt?.getTime() ?? null,
    one.missedAt?.getTime() ?? null,
    one.nextTryAt.getTime(),
  ];
}

/** What a subscription is found by. Addresses hold no line break, so that no two pairs look alike. */
export function hubSubscriptionKey({ topic, callback }: Pick<HubSubscription, "topic" | "callback">): string {
  return `${topic}\n${callback}`;
}

/** What a write of a subscription sets, in the order of `hubSubscriptionValues`. */
export const HUB_COLUMNS: readonly string[] = [
  ...["secret", "expires_at", "request_mode", "request_secret", "request_lease_ms", "requested_at"],
  ...["delivered", "failures", "failing_since", "next_try_at"],
];

export function hubSubscriptionValues(one: HubSubscription): readonly (string | number | null)[] {
  const { secret, expiresAt, request, delivered, failures, failingSince, nextTryAt } = one;
  const asked =
    request === null
      ? [null, null, null, null]
      : [request.mode, request.secret, request.leaseMs, request.askedAt.getTime()];
  return [
    ...[secret, expiresAt?.getTime() ?? null, ...asked],
    ...[delivered, failures, failingSince?.getTime() ?? null, nextTryAt?.getTime() ?? null],
  ];
}

export function toHubSubscription(row: Record<string, unknown>): HubSubscription {
  return {
    topic: readText(row, "topic"),
    callback: readText(row, "callback"),
    secret: readOptionalText(row, "secret"),
    expiresAt: readOptionalInstant(row, "expires_at"),
    request: toRequest(row),
    delivered: readOptionalText(row, "delivered"),
    failures: readNumber(row, "failures"),
    failingSince: readOptionalInstant(row, "failing_since"),
    nextTryAt: readOptionalInstant(row, "next_try_at"),
    version: readNumber(row, "version"),
  };
}

function toRequest(row: Record<string, unknown>): HubRequest | null {
  const mode = readOptionalText(row, "request_mode");
  if (mode === null) return null;
  return {
    mode: mode === "unsubscribe" ? mode : "subscribe",
    secret: readOptionalText(row, "request_secret"),
    leaseMs: readNumber(row, "request_lease_ms"),
    askedAt: readInstant(row, "requested_at"),
  };
}
