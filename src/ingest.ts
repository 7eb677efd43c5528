/**
 * READ FIRST: the journey of one poll, start to end.
 *
 *     claimed source -> read (fetch, decode, parse) -> filter -> identify -> store.recordPoll()
 *
 * Expected failures (a server that is down, a page where a feed was) become the source's state, with the next poll set
 * back. Everything that one poll changes is written in one transaction, so a crash at any line loses nothing.
 */
import { hash } from "node:crypto";
import { compilePatterns } from "./config/pattern.ts";
import { FetchError, MainstemError } from "./errors.ts";
import type { Freshness } from "./fetch/http.ts";
import { type IdentityContext, identifyDocument } from "./identify/identify.ts";
import { type PageMode, parsePageSummary } from "./identify/page-questions.ts";
import type { UrlRules } from "./identify/rules-file.ts";
import { followArchives } from "./ingest/archives.ts";
import { isCutShort, withPageText } from "./ingest/full-text.ts";
import { noticeOf } from "./ingest/notice.ts";
import { type ReadSourceOptions, readPushed, readSource, type SourceReading } from "./ingest/read-source.ts";
import { believable, toSightingRecord } from "./ingest/sighting.ts";
import { nameOf } from "./ingest/source-name.ts";
import { DocumentTurn } from "./ingest/turns.ts";
import type {
  Clock,
  Entry,
  IdentifiedEntry,
  PollState,
  SourceDefinition,
  SourceState,
  Warning,
} from "./model.ts";
import { nextPoll, publicationRhythm, quietHoursOf } from "./schedule/poll-interval.ts";
import type { ClaimedSource, Question, RecordedPoll, Store } from "./store/store.ts";

export interface IngestOptions extends ReadSourceOptions {
  readonly store: Pick<Store, "recordPoll" | "answers">;
  readonly clock: Clock;
  readonly rules: UrlRules | null;
  readonly random: () => number;
  /** Note opaque links, so that the network is asked where they lead. */
  readonly isResolving: boolean;
  /** Note pages that are worth a look for how they name themselves. */
  readonly pageMode: PageMode;
  /** Do pushes arrive for this source (WebSub)? Polls are a safety net then. */
  readonly isPushed?: (sourceId: string) => boolean;
}

/** How one poll went. `error` is null when the source answered as it should, new entries or not. */
export interface PollResult {
  readonly source: SourceState;
  readonly state: PollState;
  readonly kind: SourceReading["kind"] | "failed";
  readonly recorded: RecordedPoll;
  readonly error: MainstemError | null;
  /** The document, where one was read: an OPML list's outlines are followed by the caller. */
  readonly reading: SourceReading | null;
  /** What only the network can tell, and was not asked before. */
  readonly questionCount: number;
  /** Entries of the document that `include` and `exclude` did not let in. */
  readonly rejectedCount: number;
}

/** After so many polls in a row that led to the same new address by permanent redirects, it is adopted. */
const moveConfirmations = 2;
/** After so long of nothing but 404 a source is not asked any more. */
const notFoundMaxMs = 7 * 86_400_000;

/**
 * Polls one claimed source, or takes what a hub `pushed` for it, and records everything that came of it.
 *
 * @throws LeaseLostError when another worker took the source meanwhile; nothing was written then
 * @throws the signal's reason when aborted; the lease is still held then
 */
export async function pollSource(
  { source, lease, collapsedKeys }: ClaimedSource,
  definition: SourceDefinition,
  options: IngestOptions,
  signal: AbortSignal,
  pushed: { readonly bytes: Uint8Array; readonly contentType: string | null } | null = null,
): Promise<PollResult> {
  const { store, clock } = options;
  using turn = new DocumentTurn();
  let reading: SourceReading | null = null;
  let error: MainstemError | null = null;
  try {
    reading =
      pushed === null
        ? await readSource(source, definition, { ...options, turn }, signal)
        : await readPushed(source, pushed, options.limits);
    // Only once: what was read before is in the store.
    if (
      pushed === null &&
      reading.kind === "document" &&
      source.lastOkAt === null &&
      definition.historyPages > 0
    ) {
      // Asking for page after page takes long; others may be stored meanwhile.
      turn[Symbol.dispose]();
      reading = await followArchives(reading, { ...options, source, definition }, signal);
    }
  } catch (failure) {
    signal.throwIfAborted();
    // A hub's bad document says nothing about the publisher's; the lease is the caller's to give back.
    if (!(failure instanceof MainstemError) || pushed !== null) throw failure;
    error = failure;
  }
  // What was unchanged, or could not be read, brings nothing that would wait for the store.
  if (reading?.kind !== "document") turn[Symbol.dispose]();
  const at = clock.now();
  const identified =
    reading?.kind === "document"
      ? await identify(reading, { ...options, source, definition, collapsedKeys })
      : nothing;
  const context = { now: at, lastReadAt: source.lastOkAt };
  const sightings = identified.entries.map((entry) => toSightingRecord(entry, context));
  const planned = nextState({
    source,
    definition,
    reading,
    error,
    warnings: identified.warnings,
    now: at,
    random: options.random,
    isPushed: options.isPushed?.(source.id) ?? false,
  });
  if (sightings.length > 0) await turn.takeAnother();
  const { notice, noticed } = noticeOf(source, planned, at);
  const state = { ...planned, noticed };
  const recorded = await store.recordPoll({
    lease,
    at,
    state,
    ...(notice && { notice: { ...notice, sourceName: nameOf({ ...source, feed: state.feed }) } }),
    sightings,
    isWhole: reading?.kind === "document" && isWhole(reading),
    collapsedKeys: identified.collapsedKeys,
    questions: identified.questions,
  });
  const kind = reading?.kind ?? "failed";
  const { questions, rejectedCount } = identified;
  return { source, state, kind, recorded, error, reading, questionCount: questions.length, rejectedCount };
}

/** Does the document list everything that its source offers? */
function isWhole({ isPushed, isDelta, document }: Extract<SourceReading, { kind: "document" }>): boolean {
  return !isPushed && !isDelta && !document.isDamaged;
}

interface Identified {
  readonly entries: readonly IdentifiedEntry[];
  readonly collapsedKeys: readonly string[];
  readonly warnings: readonly Warning[];
  readonly questions: readonly Question[];
  readonly rejectedCount: number;
}

const nothing: Identified = {
  entries: [],
  collapsedKeys: [],
  warnings: [],
  questions: [],
  rejectedCount: 0,
};

interface IdentifyOptions extends Pick<IngestOptions, "rules" | "isResolving" | "pageMode"> {
  readonly source: SourceState;
  readonly definition: SourceDefinition;
  readonly collapsedKeys: ReadonlySet<string>;
  readonly store: Pick<Store, "answers">;
}

/**
 * Names the entries: first as they stand, then with what the network has said of their links, then with what it said of their
 * pages. Nothing is asked here; what is not answered yet becomes a question.
 */
async function identify(
  { document, url, paths }: Extract<SourceReading, { kind: "document" }>,
  options: IdentifyOptions,
): Promise<Identified> {
  const { source, definition, collapsedKeys, rules, isResolving, pageMode, store } = options;
  const wanted = filterEntries(document.entries, definition);
  const address = url ?? document.feed.homeUrl ?? document.feed.url;
  let context: IdentityContext = {
    sourceId: source.id,
    sourceHost: (address && URL.parse(address)?.hostname) || null,
    mode: definition.identity,
    collapsedKeys,
    pageMode,
    ...(rules && { rules }),
  };
  let identified = identifyDocument(wanted, context);
  const targets = await findAnswers("link", identified.unresolved, store);
  if (targets.size > 0) {
    context = { ...context, resolved: (link) => targets.get(link) ?? null };
    identified = identifyDocument(wanted, context);
  }
  const pages = await findAnswers("page", identified.pages, store);
  const asked = identified.pages.filter((page) => !pages.has(page));
  if (pages.size > 0)
    identified = identifyDocument(wanted, {
      ...context,
      pageOf: (page) => parsePageSummary(pages.get(page) ?? ""),
    });
  const named = identified.entries.map((entry) => nameByFile(entry, source.id, paths.get(entry.entry)));
  const links = isResolving ? identified.unresolved : [];
  const { entries, unread } = definition.isFullText
    ? await giveTexts(named, { unresolved: new Set(identified.unresolved), store })
    : { entries: named, unread: [] };
  return {
    entries,
    collapsedKeys: identified.collapsedKeys,
    warnings: [...document.warnings, ...identified.warnings],
    questions: [
      ...links.map((link) => ({ kind: "link", url: link }) as const),
      ...asked.map((page) => ({ kind: "page", url: page }) as const),
      ...unread.map((page) => ({ kind: "text", url: page }) as const),
    ],
    rejectedCount: document.entries.length - wanted.length,
  };
}

/** Gives entries that their feed cuts short the text of their pages, as far as those were read; the others are to be. */
async function giveTexts(
  entries: readonly IdentifiedEntry[],
  { unresolved, store }: { readonly unresolved: ReadonlySet<string>; readonly store: Pick<Store, "answers"> },
): Promise<{ readonly entries: readonly IdentifiedEntry[]; readonly unread: readonly string[] }> {
  // Where a short link leads is asked first: its page then has an address of its own.
  const pageOf = ({ entry, originalUrl }: IdentifiedEntry): string | null =>
    originalUrl !== null && /^https?:/.test(originalUrl) && !unresolved.has(originalUrl) && isCutShort(entry)
      ? originalUrl
      : null;
  const pages = [...new Set(entries.map(pageOf).filter((page) => page !== null))];
  const texts = await findAnswers("text", pages, store);
  return {
    entries: entries.map((identified) => {
      const text = texts.get(pageOf(identified) ?? "");
      return text === undefined ? identified : { ...identified, entry: withPageText(identified.entry, text) };
    }),
    unread: pages.filter((page) => !texts.has(page)),
  };
}

/** What the network has already said. */
async function findAnswers(
  kind: Question["kind"],
  urls: readonly string[],
  store: Pick<Store, "answers">,
): Promise<ReadonlyMap<string, string>> {
  return urls.length === 0 ? new Map() : await store.answers(kind, urls);
}

function filterEntries(entries: readonly Entry[], { include, exclude }: SourceDefinition): readonly Entry[] {
  const isWanted = compilePatterns(include);
  const isUnwanted = compilePatterns(exclude);
  if (!isWanted && !isUnwanted) return entries;
  return entries.filter((entry) => {
    const text = entryText(entry);
    return (isWanted?.(text) ?? true) && !isUnwanted?.(text);
  });
}

/** What `include` and `exclude` look at: title, text, authors, categories and link, a line each. */
export function entryText(entry: Entry): string {
  const people = entry.authors.map((author) => author.name).join(", ");
  const categories = entry.categories.map((category) => category.label ?? category.term).join(", ");
  return [
    entry.title,
    people,
    categories,
    entry.url ?? "",
    entry.summary ?? "",
    entry.contentHtml ?? "",
  ].join("\n");
}

/**
 * An article document without an original URL is named by its file and title, so that an edit of its text is an edit and
 * no second story, while another text in the same file is another story.
 */
function nameByFile(
  identified: IdentifiedEntry,
  sourceId: string,
  path: string | undefined,
): IdentifiedEntry {
  if (path === undefined || identified.originalUrl !== null) return identified;
  const title = hash("sha256", identified.entry.title).slice(0, 16);
  const guidKey = `file:${path}#${title}`;
  const alias = {
    key: `${guidKey}@${sourceId}`,
    kind: "guid",
    rule: "file and title",
    evidence: path,
  } as const;
  return { ...identified, guidKey, aliases: [alias, ...identified.aliases] };
}

interface NextStateInput {
  readonly source: SourceState;
  readonly definition: SourceDefinition;
  readonly reading: SourceReading | null;
  readonly error: MainstemError | null;
  readonly warnings: readonly Warning[];
  readonly now: Date;
  readonly random: () => number;
  readonly isPushed: boolean;
}

function nextState(input: NextStateInput): PollState {
  const { source, definition, reading, error, warnings, now, random, isPushed } = input;
  const { schedule } = definition;
  const retryAfterMs = error instanceof FetchError ? error.retryAfterMs : null;
  if (reading === null) {
    const failures = source.failures + 1;
    const next = nextPoll({ ...source, schedule, now, freshness: null, failures, retryAfterMs, random });
    const isNotFound = error instanceof FetchError && error.status === 404;
    const notFoundSince = isNotFound ? (source.notFoundSince ?? now) : null;
    if (notFoundSince !== null && now.getTime() - notFoundSince.getTime() >= notFoundMaxMs) {
      return {
        ...pollStateOf(source),
        status: "gone",
        failures,
        failingSince: source.failingSince ?? now,
        notFoundSince,
        lastError: {
          code: "fetch/status",
          message: `The server has said 404 Not Found since ${notFoundSince.toISOString().slice(0, 10)}; it is not asked any more.`,
        },
        nextPollReason: "never: not found for a week",
      };
    }
    return {
      ...pollStateOf(source),
      status: "failing",
      notFoundSince,
      failures,
      failingSince: source.failingSince ?? now,
      lastError: error && { code: error.code, message: error.message },
      nextPollAt: next.at,
      nextPollReason: next.reason,
      movingTo: null,
    };
  }
  if (reading.kind === "gone") {
    return {
      ...pollStateOf(source),
      status: "gone",
      failures: source.failures + 1,
      failingSince: source.failingSince ?? now,
      lastError: { code: "fetch/status", message: "The server says 410 Gone: this feed has ended." },
      nextPollReason: "never: the publisher ended this feed (410 Gone)",
    };
  }
  const isPush = reading.kind === "document" && reading.isPushed === true;
  const document = reading.kind === "document" && !isPush ? reading.document : null;
  const dates = document?.entries.flatMap(publishedOf) ?? [];
  const rhythmMs = document ? publicationRhythm(dates, now) : source.rhythmMs;
  const quietHours = document ? quietHoursOf(dates, now) : source.quietHours;
  const hints = document?.hints ?? source.hints;
  const freshness: Freshness = reading.freshness;
  const next = nextPoll({
    schedule,
    now,
    rhythmMs,
    quietHours,
    hints,
    freshness,
    failures: 0,
    retryAfterMs: freshness.retryAfterMs,
    random,
    isPushed,
  });
  return {
    ...pollStateOf(source),
    ...(isPush ? {} : move(source, reading.permanentUrl)),
    status: "ok",
    validators: reading.validators,
    bodyHash: reading.bodyHash,
    // It stands in what we publish: a date of tomorrow or of 1970 is none.
    feed: document ? { ...document.feed, updated: believable(document.feed.updated, now) } : source.feed,
    warnings: document ? warnings : source.warnings,
    hints,
    rhythmMs,
    quietHours,
    failures: 0,
    failingSince: null,
    notFoundSince: null,
    lastError: null,
    nextPollAt: next.at,
    nextPollReason: next.reason,
  };
}

function publishedOf(entry: Entry): Date[] {
  const date = entry.published ?? entry.updated;
  return date ? [date] : [];
}

/** A permanent redirect is believed when it has said the same often enough, each time leading to a feed (etiquette 45-51). */
function move(source: SourceState, permanentUrl: string | null): Pick<PollState, "currentUrl" | "movingTo"> {
  const { currentUrl } = source;
  if (permanentUrl === null) return { currentUrl, movingTo: null };
  const times = source.movingTo?.url === permanentUrl ? source.movingTo.times + 1 : 1;
  if (times >= moveConfirmations) return { currentUrl: permanentUrl, movingTo: null };
  return { currentUrl, movingTo: { url: permanentUrl, times } };
}

/** The poll state alone, without the columns that the store keeps by itself. */
function pollStateOf(source: SourceState): PollState {
  const { currentUrl, movingTo, validators, bodyHash, feed, hints, rhythmMs, nextPollAt, nextPollReason } =
    source;
  const { failures, failingSince, notFoundSince, noticed, quietHours, lastError, status, warnings } = source;
  return {
    currentUrl,
    movingTo,
    validators,
    bodyHash,
    feed,
    hints,
    rhythmMs,
    quietHours,
    nextPollAt,
    nextPollReason,
    failures,
    failingSince,
    notFoundSince,
    noticed,
    lastError,
    status,
    warnings,
  };
}
