/**
 * A WebSub subscriber (W3C Recommendation, 2018): asks the hubs of the sources for pushes, proves that it meant to, renews in time,
 * and hands what is pushed to the ingest. Which source has which hub stands in the store, as its last document or header said.
 */
import { randomBytes } from "node:crypto";
import type { PostClient } from "../fetch/post.ts";
import { isOnServerOf } from "../fetch/request-target.ts";
import { scrubUrl } from "../fetch/scrub.ts";
import type { Clock, SourceState } from "../model.ts";
import type { Log } from "../observe/log.ts";
import type { PushSubscription, Store } from "../store/store.ts";
import { isSignedBy } from "./signature.ts";

export interface SubscriberOptions {
  readonly store: Pick<
    Store,
    "listSources" | "listSubscriptions" | "findSubscription" | "saveSubscription" | "removeSubscription"
  >;
  readonly clock: Clock;
  readonly log: Log;
  readonly posts: PostClient;
  /** Where hubs call: the public base URL without a trailing slash. */
  readonly baseUrl: string;
  /** May the hub of this source live on a private address? */
  readonly isPrivateAllowed: (source: SourceState) => boolean;
  /** Ingests a document that a hub pushed. */
  readonly onPush: (sourceId: string, pushed: PushedDocument) => Promise<void>;
}

export interface PushedDocument {
  readonly bytes: Uint8Array;
  readonly contentType: string | null;
}

/** What `answerCallback` says to a hub. */
export interface CallbackAnswer {
  readonly status: number;
  readonly body: string;
}

const leaseSeconds = 10 * 86_400;
/** Between two looks at what is to be asked or renewed. */
const lookMs = 60_000;
/** So long a hub may take to ask back. */
const verifyMs = 10 * 60_000;
const firstRetryMs = 3_600_000;
const retryMaxMs = 86_400_000;
const asksPerLook = 20;
export const CALLBACK_PATH = "/websub/callback/";

export class Subscriber implements AsyncDisposable {
  readonly #options: SubscriberOptions;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #alarm = new AbortController();
  /** By source id, as the store has them; read anew at each look. */
  #known = new Map<string, PushSubscription>();

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Do pushes arrive for this source, so that polls are only a safety net? */
  isPushed(sourceId: string): boolean {
    const known = this.#known.get(sourceId);
    if (known?.state !== "active" || known.expiresAt === null) return false;
    return known.missedAt === null && known.expiresAt > this.#options.clock.now();
  }

  /** A source was polled: its hub may be new, and what the hub should have pushed may have come by the poll. */
  async onPolled(
    source: SourceState,
    poll: { readonly newEntries: number; readonly isFirst: boolean },
  ): Promise<void> {
    const known = this.#known.get(source.id);
    if (known !== undefined && poll.newEntries > 0 && !poll.isFirst && this.isPushed(source.id)) {
      const { clock, log } = this.#options;
      await this.#save({ ...known, missedAt: clock.now() });
      log.info(
        { feed: source.id },
        "a poll brought what the hub had not pushed; polls go on at their own pace",
      );
    }
    // A look lists every source: it is worth it only where this one names another hub or topic than before.
    const wish = wishOf(source);
    const isSame = known === undefined ? wish === null : wish !== null && isOf(known, wish);
    if (!isSame) this.#alarm.abort();
  }

  /** The hub asks whether we meant it (WebSub 5.3), or says no (5.2). */
  async verify(callback: string, query: URLSearchParams): Promise<CallbackAnswer> {
    const { store, clock, log } = this.#options;
    const found = await store.findSubscription(callback);
    const mode = query.get("hub.mode");
    const refused = { status: 404, body: "" };
    if (found === null || query.get("hub.topic") !== found.topic) return refused;
    if (mode === "denied") {
      const reason = (query.get("hub.reason") ?? "").slice(0, 200);
      await this.#save({
        ...found,
        state: "refused",
        expiresAt: null,
        nextTryAt: new Date(clock.now().getTime() + retryMaxMs),
      });
      log.info(
        { feed: found.sourceId },
        `the hub ${scrubUrl(found.hub)} says no${reason === "" ? "" : `: ${reason}`}`,
      );
      return { status: 200, body: "" };
    }
    const challenge = query.get("hub.challenge");
    if (mode !== "subscribe" || challenge === null || found.state === "refused") return refused;
    const asked = Number(query.get("hub.lease_seconds"));
    const seconds = Number.isFinite(asked) && asked > 0 ? Math.min(asked, 10 * leaseSeconds) : leaseSeconds;
    const now = clock.now().getTime();
    await this.#save({
      ...found,
      state: "active",
      failures: 0,
      expiresAt: new Date(now + seconds * 1000),
      // Renewed at half its life.
      nextTryAt: new Date(now + seconds * 500),
    });
    if (found.state !== "active")
      log.info({ feed: found.sourceId }, `pushes are coming from ${scrubUrl(found.hub)}`);
    return { status: 200, body: challenge };
  }

  /** A push (WebSub 7). What is not signed is taken without a word and thrown away (WebSub 7.1). */
  async receive(
    callback: string,
    { signature, ...pushed }: PushedDocument & { readonly signature: string | null },
  ): Promise<CallbackAnswer> {
    const { store, clock, log, onPush } = this.#options;
    const found = await store.findSubscription(callback);
    if (found === null || found.state === "refused") return { status: 404, body: "" };
    if (!isSignedBy(found.secret, { signature, body: pushed.bytes })) {
      log.warn({ feed: found.sourceId }, "a push without a valid signature was thrown away");
      return { status: 202, body: "" };
    }
    await this.#save({ ...found, pushedAt: clock.now(), missedAt: null });
    // The hub waits for nothing: what takes long is done after the answer.
    void onPush(found.sourceId, pushed).catch((error: unknown) =>
      log.error({ err: error, feed: found.sourceId }, "a push could not be taken in"),
    );
    return { status: 202, body: "" };
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#look(signal);
        await clock.sleep(lookMs, AbortSignal.any([signal, this.#alarm.signal]));
      } catch (error) {
        if (signal.aborted) return;
        if (!this.#alarm.signal.aborted) {
          log.error({ err: error }, "looking after pushes failed; it is tried again");
          await clock.sleep(lookMs, signal).catch(() => {});
        }
      }
      if (this.#alarm.signal.aborted) this.#alarm = new AbortController();
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#options;
    const now = clock.now();
    this.#known = new Map((await store.listSubscriptions()).map((one) => [one.sourceId, one]));
    const sources = await store.listSources();
    let asked = 0;
    for (const source of sources) {
      const wish = wishOf(source);
      const known = this.#known.get(source.id);
      if (wish === null) {
        if (known !== undefined) await store.removeSubscription(source.id);
        this.#known.delete(source.id);
        continue;
      }
      const isOther = known !== undefined && !isOf(known, wish);
      if (known !== undefined && !isOther && known.nextTryAt > now) continue;
      if (asked++ >= asksPerLook) break;
      await this.#ask(source, { ...wish, known: isOther ? undefined : known }, signal);
    }
  }

  /** Asks the hub to subscribe us (WebSub 5.1). It answers now and asks back later. */
  async #ask(
    source: SourceState,
    { hub, topic, known }: Wish & { readonly known: PushSubscription | undefined },
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, log, posts, baseUrl, isPrivateAllowed } = this.#options;
    const now = clock.now().getTime();
    const isExpired = known?.expiresAt != null && known.expiresAt.getTime() <= now;
    const asking: PushSubscription = {
      sourceId: source.id,
      // Unguessable, and the same while the subscription lives (WebSub 5.1.2).
      callback: known?.callback ?? randomBytes(18).toString("base64url"),
      secret: known?.secret ?? randomBytes(32).toString("base64url"),
      hub,
      topic,
      state: known?.state === "active" && !isExpired ? "active" : "asked",
      failures: known?.failures ?? 0,
      expiresAt: known?.expiresAt ?? null,
      pushedAt: known?.pushedAt ?? null,
      missedAt: known?.missedAt ?? null,
      nextTryAt: new Date(now + verifyMs),
    };
    // Stored first: the hub may ask back before it has answered.
    await this.#save(asking);
    const form = new URLSearchParams({
      "hub.mode": "subscribe",
      "hub.topic": topic,
      "hub.callback": `${baseUrl}${CALLBACK_PATH}${asking.callback}`,
      "hub.secret": asking.secret,
      "hub.lease_seconds": String(leaseSeconds),
    });
    let problem: string | null = null;
    try {
      const { status } = await posts.post(
        {
          url: hub,
          headers: ["Content-Type", "application/x-www-form-urlencoded"],
          body: Buffer.from(form.toString()),
          // A strange server that a feed names as its hub is not what the operator allowed.
          isPrivateAllowed: isPrivateAllowed(source) && isOnServerOf(hub, source.location),
        },
        signal,
      );
      if (status < 200 || status > 299) problem = `it answers ${status}`;
    } catch (error) {
      signal.throwIfAborted();
      problem = (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
    }
    if (problem === null) return;
    const waitMs = Math.min(firstRetryMs * 2 ** Math.min(asking.failures, 10), retryMaxMs);
    await this.#save({
      ...asking,
      failures: asking.failures + 1,
      nextTryAt: new Date(now + waitMs),
    });
    const level = asking.failures === 0 ? "info" : "debug";
    log[level](
      { feed: source.id },
      `the hub ${scrubUrl(hub)} did not take our subscription: ${problem}; polls go on`,
    );
  }

  async #save(subscription: PushSubscription): Promise<void> {
    await this.#options.store.saveSubscription(subscription);
    this.#known.set(subscription.sourceId, subscription);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error("the subscriber stops"));
    await this.#running;
  }
}

interface Wish {
  readonly hub: string;
  readonly topic: string;
}

function isOf(subscription: PushSubscription, { hub, topic }: Wish): boolean {
  return subscription.hub === hub && subscription.topic === topic;
}

/** The hub and the topic of a source that is polled, or null: without both there is nothing to subscribe to (WebSub 4). */
function wishOf(source: SourceState): Wish | null {
  if (source.kind !== "url" || source.status === "retired" || source.status === "gone") return null;
  const hub = source.feed?.hubs.find((url) => /^https?:\/\//i.test(url));
  const topic = source.feed?.url ?? null;
  return hub === undefined || topic === null ? null : { hub, topic };
}
