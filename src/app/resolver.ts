/**
 * Asks the network where opaque links lead, off the path of the polls: a few at a time, each host in its turn. An answer
 * holds for good; the sightings that waited for it are named anew, and stories that prove to be one become one.
 */
import type { LinkClient, Resolution } from "../fetch/resolve.ts";
import { scrubUrl } from "../fetch/scrub.ts";
import { doubtTarget } from "../identify/resolution.ts";
import type { UrlRules } from "../identify/rules-file.ts";
import type { Clock, SourceDefinition } from "../model.ts";
import type { Log } from "../observe/log.ts";
import type { Answer, ClaimedQuestion, Store, StoryDetail } from "../store/store.ts";
import { definitionOf } from "./definitions.ts";
import { reidentify } from "./reidentify.ts";

export interface ResolverOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly links: Pick<LinkClient, "resolve">;
  readonly rules: UrlRules | null;
  readonly definitions: () => ReadonlyMap<string, SourceDefinition>;
  /** Something that readers can see has changed. */
  readonly onVisible: () => void;
}

/** Links asked for at a time, all hosts together. */
const concurrency = 4;
/** As many are claimed at a time. */
const batchSize = 16;
/** Longer than a batch takes at the pace of one host. */
const leaseMs = 15 * 60_000;
const firstRetryMs = 10 * 60_000;
const retryMaxMs = 24 * 3_600_000;
/** After a week and a half of daily tries a link is given up. */
const attemptsMax = 16;
/** The worker looks again after so long, even if nobody wakes it. */
const idleMaxMs = 10 * 60_000;

export interface Resolver extends AsyncDisposable {
  /** New questions are there. */
  wake(): void;
}

/** Starts the worker. Disposing of it stops it: what is under way is asked again another time. */
export function startResolver(options: ResolverOptions): Resolver {
  const stopping = new AbortController();
  let alarm = new AbortController();
  const running = (async () => {
    while (!stopping.signal.aborted) {
      try {
        const asked = await resolveDue(options, stopping.signal);
        if (asked > 0) continue;
        const nextAt = await options.store.nextQuestionAt();
        const now = options.clock.now().getTime();
        const waitMs = Math.min(
          Math.max(1000, (nextAt?.getTime() ?? Number.POSITIVE_INFINITY) - now),
          idleMaxMs,
        );
        await options.clock.sleep(waitMs, AbortSignal.any([alarm.signal, stopping.signal]));
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (!alarm.signal.aborted) {
          options.log.error({ err: error }, "asking where links lead failed; it is tried again");
          await options.clock.sleep(60_000, stopping.signal).catch(() => {});
        }
      }
      if (alarm.signal.aborted) alarm = new AbortController();
    }
  })();
  return {
    wake: () => alarm.abort(),
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error("the resolver stops"));
      await running;
    },
  };
}

/**
 * Asks what is due now, one batch. @returns how many links were asked for
 * @throws the signal's reason when aborted; links not answered by then come back later
 */
export async function resolveDue(options: ResolverOptions, signal: AbortSignal): Promise<number> {
  const questions = await options.store.claimQuestions({
    now: options.clock.now(),
    limit: batchSize,
    leaseMs,
  });
  const waiting = [...questions];
  const work = async () => {
    for (let question = waiting.shift(); question !== undefined; question = waiting.shift()) {
      signal.throwIfAborted();
      await settle(question, options, signal);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return questions.length;
}

async function settle(
  question: ClaimedQuestion,
  options: ResolverOptions,
  signal: AbortSignal,
): Promise<void> {
  const { store, clock, log } = options;
  const resolution: Resolution =
    question.known === null
      ? await options.links.resolve(question.url, signal)
      : { kind: "target", url: question.known, hops: [] };
  const answer = judge(resolution, { attempts: question.attempts, now: clock.now() });
  const renamed =
    answer.outcome === "found"
      ? await nameAskers(question, { target: answer.text, options })
      : { changes: [], collapsedKeys: [] };
  const { merged, isVisible } = await store.recordAnswer({ question, answer, at: clock.now(), ...renamed });
  const fields = { link: scrubUrl(question.url), outcome: answer.outcome, merged };
  if (answer.outcome === "found") log.debug(fields, `resolved to ${scrubUrl(answer.text)}`);
  else log.debug(fields, `not resolved: ${answer.note}`);
  if (isVisible) options.onVisible();
}

/** What is remembered of a resolution. */
export function judge(
  resolution: Resolution,
  { attempts, now }: { readonly attempts: number; readonly now: Date },
): Answer {
  if (resolution.kind === "dead") return { outcome: "nothing", note: resolution.reason };
  if (resolution.kind === "target") {
    const doubt = doubtTarget(resolution.url);
    return doubt === null ? { outcome: "found", text: resolution.url } : { outcome: "nothing", note: doubt };
  }
  if (attempts + 1 >= attemptsMax) {
    return { outcome: "given-up", note: `${resolution.reason} (${attemptsMax} times)` };
  }
  const backoffMs = Math.min(firstRetryMs * 2 ** attempts, retryMaxMs);
  const waitMs = Math.min(Math.max(backoffMs, resolution.retryAfterMs ?? 0), retryMaxMs);
  return { outcome: "later", note: resolution.reason, retryAt: new Date(now.getTime() + waitMs) };
}

async function nameAskers(
  question: ClaimedQuestion,
  { target, options }: { readonly target: string; readonly options: ResolverOptions },
) {
  const { store, rules } = options;
  const batch = await store.listAskers(question);
  const resolved = (url: string) => (url === question.url ? target : batch.resolved(url));
  const sources = new Map((await store.listSources()).map((source) => [source.id, source]));
  const definitions = options.definitions();
  const holders = new Map<string, StoryDetail | null>();
  const request = {
    rules,
    sourceOf: (id: string) => {
      const source = sources.get(id);
      const definition = source === undefined ? null : definitionOf(source, definitions);
      return source === undefined || definition === null ? null : { source, definition };
    },
  };
  // Once to learn which keys are new, once knowing who has them already.
  const gained = new Set<string>();
  const asked = { ...batch, resolved };
  reidentify(asked, {
    ...request,
    isTaken: ({ key }) => {
      gained.add(key);
      return false;
    },
  });
  for (const key of gained) holders.set(key, await store.findStory([key]));
  return reidentify(asked, {
    ...request,
    isTaken: ({ key, sighting }) =>
      (holders.get(key)?.story.sightings ?? []).some(
        (other) =>
          other.sourceId === sighting.sourceId &&
          other.aliases.some((alias) => alias.key === key) &&
          other.guidKey !== sighting.record.guidKey &&
          other.entry.title !== sighting.record.entry.title,
      ),
  });
}
