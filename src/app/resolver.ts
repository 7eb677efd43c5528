/**
 * Asks the network where opaque links lead and how pages name themselves, off the path of the polls: a few at a time, each
 * host in its turn. An answer holds for good; the sightings that waited for it are named anew, and stories that prove to be
 * one become one.
 */
import type { LinkClient, PageHead, Resolution } from "../fetch/resolve.ts";
import { scrubUrl } from "../fetch/scrub.ts";
import { type PageMode, summarisePage } from "../identify/page-questions.ts";
import { doubtTarget } from "../identify/resolution.ts";
import type { UrlRules } from "../identify/rules-file.ts";
import type { Clock, SourceDefinition, SourceState } from "../model.ts";
import type { Log } from "../observe/log.ts";
import type { Answer, ClaimedQuestion, Question, Store, StoryDetail } from "../store/store.ts";
import { definitionOf } from "./definitions.ts";
import { giveText, type PageTexts } from "./page-texts.ts";
import { reidentify } from "./reidentify.ts";

export interface ResolverOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly links: Pick<LinkClient, "resolve" | "readPage">;
  /** Are opaque links asked where they lead? */
  readonly isResolving: boolean;
  readonly pageMode: PageMode;
  readonly texts: PageTexts;
  readonly rules: UrlRules | null;
  readonly definitions: () => ReadonlyMap<string, SourceDefinition>;
  /** Something that readers can see has changed. */
  readonly onVisible: () => void;
}

/** Questions asked at a time, all hosts together. */
const concurrency = 4;
/** As many are claimed at a time. */
const batchSize = 16;
/** Longer than a batch takes at the pace of one host. */
const leaseMs = 15 * 60_000;
const firstRetryMs = 10 * 60_000;
const retryMaxMs = 24 * 3_600_000;
/** After a week and a half of daily tries a link is given up, a page's text after a day: then hardly anybody reads it. */
const attemptsMax = { link: 16, page: 16, text: 8 } as const;
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
 * Asks what is due now, one batch. @returns how many questions were asked
 * @throws the signal's reason when aborted; those not answered by then come back later
 */
export async function resolveDue(options: ResolverOptions, signal: AbortSignal): Promise<number> {
  const questions = await options.store.claimQuestions({
    now: options.clock.now(),
    limit: batchSize,
    leaseMs,
  });
  const waiting = [...questions];
  // Listed once for the batch, and only where an answer comes.
  let listed: Promise<SourceMap> | null = null;
  const sources = () => {
    listed ??= options.store.listSources().then((all) => new Map(all.map((source) => [source.id, source])));
    return listed;
  };
  const work = async () => {
    for (let question = waiting.shift(); question !== undefined; question = waiting.shift()) {
      signal.throwIfAborted();
      await settle(question, { ...options, sources }, signal);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return questions.length;
}

type SourceMap = ReadonlyMap<string, SourceState>;

interface BatchOptions extends ResolverOptions {
  readonly sources: () => Promise<SourceMap>;
}

async function settle(question: ClaimedQuestion, options: BatchOptions, signal: AbortSignal): Promise<void> {
  const { store, clock, log } = options;
  const answer = await ask(question, options, signal);
  const renamed = answer.outcome === "found" ? await changeAskers(question, answer.text, options) : noChanges;
  const { merged, isVisible } = await store.recordAnswer({ question, answer, at: clock.now(), ...renamed });
  const fields = { [question.kind]: scrubUrl(question.url), outcome: answer.outcome, merged };
  if (answer.outcome === "found") log.debug(fields, `the network told of a ${question.kind}`);
  else log.debug(fields, `the network told nothing of a ${question.kind}: ${answer.note}`);
  if (isVisible) options.onVisible();
}

const noChanges = { changes: [], collapsedKeys: [], questions: [] };

/** What the sightings that waited for an answer are now. */
async function changeAskers(question: ClaimedQuestion, answer: string, options: BatchOptions) {
  if (question.kind !== "text") return await nameAskers(question, { answer, options });
  const { sightings } = await options.store.listAskers(question);
  return { ...noChanges, changes: sightings.map((sighting) => giveText(sighting, answer)) };
}

async function ask(question: ClaimedQuestion, options: BatchOptions, signal: AbortSignal): Promise<Answer> {
  const { kind, url, known, attempts } = question;
  const { links, clock } = options;
  if (known !== null) return { outcome: "found", text: known };
  // What was noted under another config waits until it is wanted again.
  if (!(await isWanted(question, options)))
    return {
      outcome: "later",
      note: "the config does not ask for it",
      retryAt: new Date(clock.now().getTime() + retryMaxMs),
    };
  if (kind === "text") {
    const found = await options.texts.find(question, await askersOf(question, options), signal);
    return found.kind === "later" ? postpone(found, { kind, attempts, now: clock.now() }) : found.answer;
  }
  if (kind === "link") return judge(await links.resolve(url, signal), { attempts, now: clock.now() });
  return judgePage(await links.readPage(url, signal), { url, attempts, now: clock.now() });
}

async function isWanted(question: ClaimedQuestion, options: BatchOptions): Promise<boolean> {
  if (question.kind === "link") return options.isResolving;
  if (question.kind === "page") return options.pageMode !== "never";
  return (await askersOf(question, options)).some(({ isFullText }) => isFullText === true);
}

/** The sources, as the config has them, of the sightings that wait for an answer. */
async function askersOf(
  question: ClaimedQuestion,
  options: BatchOptions,
): Promise<readonly SourceDefinition[]> {
  const [{ sightings }, sources] = await Promise.all([options.store.listAskers(question), options.sources()]);
  const definitions = options.definitions();
  return [...new Set(sightings.map(({ sourceId }) => sourceId))].flatMap((id) => {
    const source = sources.get(id);
    return (source && definitionOf(source, definitions)) ?? [];
  });
}

/** What is remembered of a page. */
export function judgePage(
  page: PageHead,
  { url, attempts, now }: { readonly url: string; readonly attempts: number; readonly now: Date },
): Answer {
  if (page.kind === "dead") return { outcome: "nothing", note: page.reason };
  if (page.kind === "later") return postpone(page, { kind: "page", attempts, now });
  const summary = summarisePage(page.html, { asked: url, found: page.url });
  return summary === null
    ? { outcome: "nothing", note: "the page names itself by no address that is believed" }
    : { outcome: "found", text: summary };
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
  return postpone(resolution, { kind: "link", attempts, now });
}

function postpone(
  { reason, retryAfterMs }: { readonly reason: string; readonly retryAfterMs: number | null },
  { kind, attempts, now }: { readonly kind: Question["kind"]; readonly attempts: number; readonly now: Date },
): Answer {
  const tries = attemptsMax[kind];
  if (attempts + 1 >= tries) return { outcome: "given-up", note: `${reason} (${tries} times)` };
  const backoffMs = Math.min(firstRetryMs * 2 ** attempts, retryMaxMs);
  const waitMs = Math.min(Math.max(backoffMs, retryAfterMs ?? 0), retryMaxMs);
  return { outcome: "later", note: reason, retryAt: new Date(now.getTime() + waitMs) };
}

async function nameAskers(
  question: ClaimedQuestion,
  { answer, options }: { readonly answer: string; readonly options: BatchOptions },
) {
  const { store, rules, pageMode } = options;
  const batch = await store.listAskers(question);
  const isOf = (kind: Question["kind"], url: string) => question.kind === kind && url === question.url;
  const resolved = (url: string) => (isOf("link", url) ? answer : batch.resolved(url));
  const page = (url: string) => (isOf("page", url) ? answer : batch.page(url));
  const sources = await options.sources();
  const definitions = options.definitions();
  const holders = new Map<string, StoryDetail | null>();
  const request = {
    rules,
    pageMode,
    sourceOf: (id: string) => {
      const source = sources.get(id);
      const definition = source === undefined ? null : definitionOf(source, definitions);
      return source === undefined || definition === null ? null : { source, definition };
    },
  };
  // Once to learn which keys are new, once knowing who has them already.
  const gained = new Set<string>();
  const asked = { ...batch, resolved, page };
  do {
    reidentify(asked, {
      ...request,
      isTaken: ({ key }) => {
        gained.add(key);
        return false;
      },
    });
  } while (await batch.fetchMissing());
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
