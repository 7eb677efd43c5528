/**
 * Our own WebSub hub (W3C Recommendation of 23 January 2018): readers subscribe to the feeds of this site and are sent what is
 * new as it is published. Who subscribed stands in the store; what is to be sent to whom follows from the version that each
 * subscriber has, so nothing is queued: a subscriber that was away is sent everything it missed at once. Of several processes on one
 * store each takes requests and asks their subscribers, and one, by a lease, does the rest.
 */
import { randomBytes } from "node:crypto";
import type { PostClient } from "../fetch/post.ts";
import { isGrantableAddress, isPublicAddress } from "../fetch/private-address.ts";
import type { Clock, FindTopic, Topic } from "../model.ts";
import type { Log } from "../observe/log.ts";
import type { HubRequest, HubSubscription } from "../store/store.ts";
import { HUB_LOOK_MS, HubLease } from "./hub-lease.ts";
import { appendQuery, readSubscriptionRequest, type SubscriptionRequest } from "./hub-request.ts";
import { type HubStore, HubSubscriptions, keyOf, type SubscriptionName } from "./hub-subscriptions.ts";
import { sign } from "./signature.ts";

export interface HubOptions {
  readonly store: HubStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly client: PostClient;
  /** Our own address, as the feeds name it. */
  readonly hubUrl: () => string;
  readonly findTopic: FindTopic;
  /** May callbacks be on private or loopback addresses? */
  readonly isPrivateAllowed: boolean;
}

export interface HubAnswer {
  readonly status: number;
  readonly body: string;
}

const subscriptionsMax = 10_000;
/** Requests that wait for the subscriber's word: more than a few from one host are an attack on it through us. */
const pendingMax = 500;
const pendingPerHostMax = 10;
/** Waits between tries to reach a subscriber that asked for something; an answer of any kind ends them. */
const verifyWaitsMs = [10_000, 60_000];
/** Asking takes less; a request that is older was left behind by a process that is gone. */
const verifyMaxMs = 5 * 60_000;
const challengeBytesMax = 1024;
const deliveriesMax = 16;
const retryFirstMs = 30_000;
const retryMaxMs = 6 * 3_600_000;
/** A subscriber that cannot be reached for so long, and was tried so often, is gone. */
const giveUpMs = 3 * 86_400_000;
const giveUpFailures = 8;

export class Hub implements AsyncDisposable {
  readonly #options: HubOptions;
  readonly #stopping = new AbortController();
  readonly #subscriptions: HubSubscriptions;
  readonly #lease: HubLease;
  /** Who is being sent something. */
  readonly #sending = new Set<string>();
  readonly #tasks = new Set<Promise<void>>();
  /** Requests whose subscribers are being asked. */
  readonly #verifying = new Map<string, HubRequest>();
  #alarm = new AbortController();

  private constructor(options: HubOptions, subscriptions: HubSubscriptions) {
    this.#options = options;
    this.#subscriptions = subscriptions;
    this.#lease = new HubLease(options);
    for (const one of subscriptions.all()) if (one.request !== null) this.#verify(one, one.request);
    this.#start(this.#run());
  }

  /** Opens the hub with the subscriptions of the store; what they missed is sent. */
  static async open(options: HubOptions): Promise<Hub> {
    const subscriptions = new HubSubscriptions(options.store);
    await subscriptions.refresh();
    return new Hub(options, subscriptions);
  }

  /** How many subscriptions are in force. */
  get activeCount(): number {
    const now = this.#options.clock.now();
    return this.#subscriptions.all().filter((one) => isActive(one, now)).length;
  }

  /**
   * A subscriber's request (WebSub 5.1). The answer says only that it was understood; whether the subscriber meant it is asked
   * afterwards, at its callback.
   */
  async request(form: URLSearchParams): Promise<HubAnswer> {
    const { findTopic, isPrivateAllowed } = this.#options;
    const asked = readSubscriptionRequest(form, {
      isForbiddenAddress: (ip) => !(isPrivateAllowed ? isGrantableAddress(ip) : isPublicAddress(ip)),
    });
    if ("reason" in asked) return { status: asked.status, body: `${asked.reason}\n` };
    if (this.#subscriptions.get(asked) === undefined) {
      if (findTopic(asked.topic) === null)
        return { status: 404, body: "hub.topic is no feed of this site; its self link names it.\n" };
      if (this.#isFull(asked))
        return { status: 503, body: "There are too many subscriptions; try again later.\n" };
    }
    await this.#take(asked);
    return { status: 202, body: "Your callback is asked next whether you meant it.\n" };
  }

  /** The feeds were rendered: whoever has an older version is sent what is new. */
  published(): void {
    this.#alarm.abort();
  }

  #isFull({ callback }: SubscriptionRequest): boolean {
    if (this.#subscriptions.size >= subscriptionsMax || this.#verifying.size >= pendingMax) return true;
    const host = hostOf(callback);
    const pending = this.#subscriptions
      .all()
      .filter((one) => one.request !== null && hostOf(one.callback) === host);
    return pending.length >= pendingPerHostMax;
  }

  /** What is in force stays so until the subscriber has confirmed the change (WebSub 5.1). */
  async #take({ topic, callback, mode, secret, leaseMs }: SubscriptionRequest): Promise<void> {
    const request = { mode, secret, leaseMs, askedAt: this.#options.clock.now() };
    const fresh: HubSubscription = {
      ...{ topic, callback, secret: null, expiresAt: null, delivered: null, request },
      ...{ failures: 0, failingSince: null, nextTryAt: null, version: 0 },
    };
    const key = keyOf(fresh);
    // Before it is stored, so that nobody takes it for one that was left behind.
    this.#verifying.set(key, request);
    try {
      await this.#subscriptions.change(fresh, (current) => ({ ...(current ?? fresh), request }));
    } catch (error) {
      if (this.#verifying.get(key) === request) this.#verifying.delete(key);
      throw error;
    }
    this.#verify({ topic, callback }, request);
  }

  #verify(name: SubscriptionName, request: HubRequest): void {
    const key = keyOf(name);
    this.#verifying.set(key, request);
    this.#start(
      this.#askSubscriber(name, request).finally(() => {
        if (this.#verifying.get(key) === request) this.#verifying.delete(key);
      }),
    );
  }

  /** Asks the subscriber whether it meant its request (WebSub 5.3), and does as it says. */
  async #askSubscriber(name: SubscriptionName, request: HubRequest): Promise<void> {
    const { clock, client, isPrivateAllowed } = this.#options;
    const { signal } = this.#stopping;
    const challenge = randomBytes(32).toString("base64url");
    const url = appendQuery(name.callback, {
      "hub.mode": request.mode,
      "hub.topic": name.topic,
      "hub.challenge": challenge,
      ...(request.mode === "subscribe" && { "hub.lease_seconds": String(request.leaseMs / 1000) }),
    });
    for (const waitMs of [...verifyWaitsMs, null]) {
      // The lease counts from this request on (WebSub 5.3).
      const askedAt = clock.now();
      try {
        const { status, body } = await client.get(
          { url, isPrivateAllowed, bytesMax: challengeBytesMax },
          signal,
        );
        const isMeant = status >= 200 && status < 300 && body === challenge;
        return await this.#settle(name, request, isMeant ? askedAt : null);
      } catch {
        signal.throwIfAborted();
        if (waitMs === null) return this.#settle(name, request, null);
        await clock.sleep(waitMs, signal);
      }
    }
  }

  /** @param confirmedAt when the subscriber was asked that has confirmed; null: it has not */
  async #settle(name: SubscriptionName, request: HubRequest, confirmedAt: Date | null): Promise<void> {
    const { findTopic, log, clock } = this.#options;
    let isNew = false;
    await this.#subscriptions.change(name, (current) => {
      isNew = false;
      // A later request has taken its place.
      if (current === null || !isSameRequest(current.request, request)) return undefined;
      if (confirmedAt === null) return current.expiresAt === null ? null : { ...current, request: null };
      if (request.mode === "unsubscribe") return null;
      isNew = !isActive(current, clock.now());
      return {
        ...current,
        secret: request.secret,
        expiresAt: new Date(confirmedAt.getTime() + request.leaseMs),
        request: null,
        // A new subscriber has just read the feed; what comes from now on is sent.
        delivered: isNew ? (findTopic(name.topic)?.hash ?? null) : current.delivered,
        ...{ failures: 0, failingSince: null, nextTryAt: null },
      };
    });
    if (confirmedAt === null)
      log.debug(`the hub's subscriber at ${hostOf(name.callback)} did not confirm: nothing changes`);
    if (isNew) log.info(`a subscriber at ${hostOf(name.callback)} gets ${name.topic} pushed`);
    this.#alarm.abort();
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#alarm = new AbortController();
      try {
        await this.#subscriptions.refresh();
        if (this.#subscriptions.size > 0 && (await this.#lease.hold())) await this.#look();
      } catch (error) {
        if (!signal.aborted)
          log.error({ err: error }, "looking after the hub's subscribers failed; it is tried again");
      }
      const waitMs = Math.min(this.#nextInMs(), HUB_LOOK_MS);
      await clock.sleep(waitMs, AbortSignal.any([signal, this.#alarm.signal])).catch(() => {});
    }
  }

  /** Ends what has expired (WebSub 5.3.1), and sends what is new to whoever does not have it. */
  async #look(): Promise<void> {
    const { clock, findTopic } = this.#options;
    for (const one of this.#subscriptions.all()) {
      const now = clock.now();
      const { request } = one;
      const isLeft = request !== null && now.getTime() - request.askedAt.getTime() > verifyMaxMs;
      if (isLeft && !this.#verifying.has(keyOf(one))) this.#verify(one, request);
      if (one.expiresAt === null) continue;
      if (one.expiresAt <= now) {
        await this.#end(one, ({ expiresAt }) => expiresAt !== null && expiresAt <= now);
        continue;
      }
      const topic = findTopic(one.topic);
      if (topic === null) {
        await this.#deny(one);
        continue;
      }
      const isWaiting = one.nextTryAt !== null && one.nextTryAt > now;
      if (topic.hash === one.delivered || isWaiting || this.#sending.has(keyOf(one))) continue;
      // The others' turn comes when one of these is done, or when the lease is prolonged.
      if (this.#sending.size >= deliveriesMax || !this.#lease.isHeld) break;
      this.#send(one, topic);
    }
  }

  /** In how many ms something is due without anything being published. */
  #nextInMs(): number {
    const { clock } = this.#options;
    const now = clock.now().getTime();
    const instants = this.#subscriptions
      .all()
      .flatMap(({ expiresAt, nextTryAt }) =>
        [expiresAt, nextTryAt].flatMap((at) => (at === null || at.getTime() <= now ? [] : [at.getTime()])),
      );
    return instants.reduce((soonest, at) => Math.min(soonest, at - now), retryMaxMs);
  }

  /** A feed that is not published any more has no subscribers (WebSub 5.2). */
  async #deny(one: HubSubscription): Promise<void> {
    const { client, isPrivateAllowed } = this.#options;
    await this.#subscriptions.change(one, () => null);
    const url = appendQuery(one.callback, {
      "hub.mode": "denied",
      "hub.topic": one.topic,
      "hub.reason": "this feed is not published any more",
    });
    const request = { url, isPrivateAllowed, bytesMax: 0 };
    this.#start(
      client.get(request, this.#stopping.signal).then(
        () => {},
        () => {},
      ),
    );
  }

  #send(one: HubSubscription, topic: Topic): void {
    const key = keyOf(one);
    this.#sending.add(key);
    this.#start(
      this.#deliver(one, topic).finally(() => {
        this.#sending.delete(key);
        this.#alarm.abort();
      }),
    );
  }

  /** A content distribution request (WebSub 7), signed where the subscriber gave a secret (WebSub 8). */
  async #deliver(one: HubSubscription, topic: Topic): Promise<void> {
    const { client, hubUrl, isPrivateAllowed, clock } = this.#options;
    const { signal } = this.#stopping;
    const body = topic.since(one.delivered);
    if (body === null) return this.#update(one, { delivered: topic.hash });
    const headers = [
      ...["Content-Type", topic.contentType],
      ...["Link", `<${hubUrl()}>; rel="hub", <${topic.selfUrl}>; rel="self"`],
      ...(one.secret === null ? [] : ["X-Hub-Signature", sign(one.secret, body)]),
    ];
    let problem: string;
    let retryAfterMs: number | null = null;
    try {
      const answer = await client.post(
        // A redirect is a failure: subscriptions do not move (WebSub 7).
        { url: one.callback, headers, body, isPrivateAllowed, isRedirectFollowed: false },
        signal,
      );
      const { status } = answer;
      if (status >= 200 && status < 300) {
        return await this.#update(one, {
          ...{ delivered: topic.hash, failures: 0, failingSince: null, nextTryAt: null },
        });
      }
      if (status === 410) return await this.#giveUp(one, "it is gone (410)");
      ({ retryAfterMs } = answer);
      problem = `it answers ${status}`;
    } catch (error) {
      signal.throwIfAborted();
      problem = error instanceof Error ? error.message : String(error);
    }
    const now = clock.now();
    const failingSince = one.failingSince ?? now;
    const failures = one.failures + 1;
    if (failures >= giveUpFailures && now.getTime() - failingSince.getTime() >= giveUpMs)
      return this.#giveUp(one, `it failed ${failures} times since ${failingSince.toISOString()}: ${problem}`);
    const backoffMs = Math.min(retryFirstMs * 2 ** Math.min(one.failures, 20), retryMaxMs);
    const waitMs = Math.max(backoffMs, Math.min(retryAfterMs ?? 0, retryMaxMs));
    await this.#update(one, { failures, failingSince, nextTryAt: new Date(now.getTime() + waitMs) });
  }

  async #giveUp(one: HubSubscription, why: string): Promise<void> {
    this.#options.log.info(`the subscriber at ${hostOf(one.callback)} gets no more pushes: ${why}`);
    await this.#end(one, () => true);
  }

  /** Ends a subscription; one whose subscriber has just asked again is not gone, but waits for its word. */
  async #end(name: SubscriptionName, isOver: (current: HubSubscription) => boolean): Promise<void> {
    await this.#subscriptions.change(name, (current) => {
      if (current === null || !isOver(current)) return undefined;
      return current.request === null ? null : { ...current, expiresAt: null };
    });
  }

  /** Writes what a delivery changed, whatever else happened meanwhile, unless another process has delivered since. */
  async #update(one: HubSubscription, changes: Partial<HubSubscription>): Promise<void> {
    await this.#subscriptions.change(one, (current) =>
      current === null || current.delivered !== one.delivered ? undefined : { ...current, ...changes },
    );
  }

  /** Runs in the background until it ends or the hub does; a failure of ours is told. */
  #start(task: Promise<void>): void {
    const running: Promise<void> = task
      .catch((error: unknown) => {
        if (!this.#stopping.signal.aborted) this.#options.log.error({ err: error }, "the hub failed");
      })
      .finally(() => this.#tasks.delete(running));
    this.#tasks.add(running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error("the hub stops"));
    await Promise.all(this.#tasks);
    // Where that fails, the lease runs out by itself.
    await this.#lease.release().catch(() => {});
  }
}

function isSameRequest(a: HubRequest | null, b: HubRequest): boolean {
  return (
    a?.mode === b.mode &&
    a.secret === b.secret &&
    a.leaseMs === b.leaseMs &&
    a.askedAt.getTime() === b.askedAt.getTime()
  );
}

function isActive({ expiresAt }: HubSubscription, now: Date): boolean {
  return expiresAt !== null && expiresAt > now;
}

/** A callback is a capability: of it, only the host is told. */
function hostOf(callback: string): string {
  return URL.parse(callback)?.host ?? "an unreadable address";
}
