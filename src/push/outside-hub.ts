/**
 * A hub elsewhere that pushes our feeds: it is told of each change (WebSub 6) in the way that public hubs ask for, a form with
 * `hub.mode=publish` and the feed's address.
 */
import type { PostClient } from "../fetch/post.ts";
import { scrubUrl } from "../fetch/scrub.ts";
import type { Clock, FindTopic } from "../model.ts";
import type { Log } from "../observe/log.ts";
import type { Store } from "../store/store.ts";
import { HubLease } from "./hub-lease.ts";

export interface OutsideHubOptions {
  readonly store: Pick<Store, "claimHub" | "releaseHub">;
  readonly clock: Clock;
  readonly log: Log;
  readonly client: PostClient;
  readonly url: string;
  readonly topicUrls: () => readonly string[];
  readonly findTopic: FindTopic;
  /** May the hub be on a private address? */
  readonly isPrivateAllowed: boolean;
}

const retryFirstMs = 30_000;
const retryMaxMs = 3_600_000;

/**
 * Tells the hub once of every feed, for a run that ends afterwards. A failure is logged and not tried again.
 * @throws the signal's reason when aborted
 */
export async function announce(
  options: Omit<OutsideHubOptions, "store" | "clock" | "findTopic">,
  signal: AbortSignal,
): Promise<void> {
  for (const topicUrl of options.topicUrls()) {
    const problem = await ping(options, topicUrl, signal);
    signal.throwIfAborted();
    if (problem === null) continue;
    options.log.warn(`the hub ${scrubUrl(options.url)} could not be told of ${topicUrl}: ${problem}`);
    return;
  }
}

export class OutsideHub implements AsyncDisposable {
  readonly #options: OutsideHubOptions;
  /** Of several processes on one store, one tells. */
  readonly #lease: HubLease;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  /** The version of each feed that the hub was told of. After a start it is told of all: it may have missed the last ones. */
  readonly #told = new Map<string, string>();
  #failures = 0;
  #alarm = new AbortController();

  constructor(options: OutsideHubOptions) {
    this.#options = options;
    this.#lease = new HubLease(options);
    this.#running = this.#run();
  }

  /** The feeds were rendered: the hub is told of those that changed. */
  published(): void {
    // While the hub does not answer, its pause is kept.
    if (this.#failures === 0) this.#alarm.abort();
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#alarm = new AbortController();
      try {
        // While nothing is new, nobody needs the lease.
        if (this.#isBehind()) {
          if (await this.#lease.hold()) await this.#tell(signal);
          else this.#leaveToOther();
        }
      } catch (error) {
        if (!signal.aborted) log.error({ err: error }, "telling the hub failed; it is tried again");
      }
      const waitMs =
        this.#failures === 0
          ? retryMaxMs
          : Math.min(retryFirstMs * 2 ** Math.min(this.#failures - 1, 20), retryMaxMs);
      await clock.sleep(waitMs, AbortSignal.any([signal, this.#alarm.signal])).catch(() => {});
    }
  }

  #isBehind(): boolean {
    const { topicUrls, findTopic } = this.#options;
    return topicUrls().some((url) => {
      const hash = findTopic(url)?.hash;
      return hash !== undefined && hash !== this.#told.get(url);
    });
  }

  /** Another process tells, and everything anew after its next start should it die over it. */
  #leaveToOther(): void {
    const { topicUrls, findTopic } = this.#options;
    for (const url of topicUrls()) {
      const hash = findTopic(url)?.hash;
      if (hash !== undefined) this.#told.set(url, hash);
    }
  }

  async #tell(signal: AbortSignal): Promise<void> {
    const { topicUrls, findTopic, log, url } = this.#options;
    for (const topicUrl of topicUrls()) {
      const hash = findTopic(topicUrl)?.hash;
      if (hash === undefined || hash === this.#told.get(topicUrl)) continue;
      const problem = await ping(this.#options, topicUrl, signal);
      if (signal.aborted) return;
      if (problem === null) {
        this.#told.set(topicUrl, hash);
        this.#failures = 0;
        continue;
      }
      if (this.#failures === 0)
        log.warn(
          `the hub ${scrubUrl(url)} could not be told of ${topicUrl}: ${problem.replace(/\.$/, "")}; it is tried again`,
        );
      this.#failures += 1;
      return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error("the hub stops"));
    await this.#running;
    await this.#lease.release().catch(() => {});
  }
}

/** @returns what went wrong, or null */
async function ping(
  { client, url, isPrivateAllowed }: Pick<OutsideHubOptions, "client" | "url" | "isPrivateAllowed">,
  topicUrl: string,
  signal: AbortSignal,
): Promise<string | null> {
  const form = new URLSearchParams({ "hub.mode": "publish", "hub.url": topicUrl });
  try {
    const { status } = await client.post(
      {
        url,
        headers: ["Content-Type", "application/x-www-form-urlencoded"],
        body: Buffer.from(form.toString()),
        isPrivateAllowed,
      },
      signal,
    );
    return status >= 200 && status < 300 ? null : `it answers ${status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
