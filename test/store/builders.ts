/** Sources, sightings and polls with defaults, for the tests of the store. */
import { hash } from "node:crypto";
import type { Alias, Entry, FeedInfo, PollState, SightingRecord, SourceDefinition } from "../../src/model.ts";
import type { Lease, PollRecord, RecordedPoll, Store } from "../../src/store/store.ts";

export const DAY_MS = 86_400_000;
export const MINUTE_MS = 60_000;

/** The moment at which most tests play. */
export const T0 = new Date("2026-06-17T12:34:56.789Z");

/** `T0` and so many ms. */
export function after(ms: number): Date {
  return new Date(T0.getTime() + ms);
}

export function buildDefinition(id: string, overrides: Partial<SourceDefinition> = {}): SourceDefinition {
  return {
    id,
    kind: "url",
    location: `https://${id}.example/feed.xml`,
    name: `Source ${id}`,
    tags: [],
    priority: 0,
    schedule: { kind: "adaptive" },
    identity: "auto",
    include: [],
    exclude: [],
    headers: {},
    isPrivateAllowed: false,
    restScope: "host",
    historyPages: 0,
    ...overrides,
  };
}

export function buildFeed(overrides: Partial<FeedInfo> = {}): FeedInfo {
  return {
    title: "A feed",
    id: "urn:feed",
    url: "https://a.example/feed.xml",
    homeUrl: "https://a.example/",
    description: null,
    language: "en",
    rights: null,
    updated: T0,
    iconUrl: null,
    hubs: [],
    authors: [],
    ...overrides,
  };
}

export function buildState(overrides: Partial<PollState> = {}): PollState {
  return {
    currentUrl: null,
    movingTo: null,
    validators: { etag: null, lastModified: null },
    bodyHash: null,
    feed: null,
    hints: { ttlMs: null, skipHours: [], skipDays: [] },
    rhythmMs: null,
    quietHours: [],
    nextPollAt: T0,
    nextPollReason: "in a test",
    failures: 0,
    failingSince: null,
    notFoundSince: null,
    noticed: null,
    lastError: null,
    status: "ok",
    warnings: [],
    ...overrides,
  };
}

export function buildEntry(overrides: Partial<Entry> = {}): Entry {
  return {
    guid: null,
    url: null,
    title: "A title",
    authors: [],
    contributors: [],
    published: null,
    updated: null,
    summary: null,
    contentHtml: null,
    categories: [],
    enclosures: [],
    links: [],
    statedOriginals: [],
    source: null,
    commentsUrl: null,
    language: null,
    rights: null,
    imageUrl: null,
    ...overrides,
  };
}

export function urlAlias(key: string): Alias {
  return { key: `url:${key}`, kind: "url", rule: "link", evidence: `https://${key}` };
}

export function guidAlias(key: string): Alias {
  return { key: `guid:${key}`, kind: "guid", rule: "guid", evidence: key };
}

export function operatorAlias(key: string): Alias {
  return { key, kind: "operator", rule: "merge", evidence: "typed by hand" };
}

export interface SightingOptions extends Partial<Omit<SightingRecord, "entry">> {
  /** URL keys, made into aliases and into an original URL. */
  readonly urls?: readonly string[];
  readonly title?: string;
  readonly entry?: Partial<Entry>;
}

/** A sighting under the guid key `guid`; its content hash follows from title and content. */
export function buildSighting(guid: string, options: SightingOptions = {}): SightingRecord {
  const { urls = [`${guid}.example/`], title = `Title of ${guid}`, entry: entryOverrides, ...rest } = options;
  const first = urls[0];
  const url = first === undefined ? null : `https://${first}`;
  const entry = buildEntry({ guid, url, title, ...entryOverrides });
  const text = JSON.stringify([entry.title, entry.summary, entry.contentHtml, entry.url]);
  return {
    entry,
    guidKey: guid,
    originalUrl: url,
    publishedIds: [`tag:${guid}`, ...(url === null ? [] : [url])],
    aliases: urls.length === 0 ? [guidAlias(guid)] : urls.map(urlAlias),
    isOwnHost: false,
    contentHash: hash("sha256", text),
    publishedAt: T0,
    updatedAt: T0,
    orderedAt: T0,
    completeness: 100,
    ...rest,
  };
}

/** Adds sources to what the config lists. */
export async function addSources(store: Store, ...definitions: readonly SourceDefinition[]): Promise<void> {
  await store.syncSources(definitions, { now: T0, parentId: null });
}

/** Claims one source, due or not. */
export async function claim(store: Store, id: string, now: Date): Promise<Lease> {
  const [claimed] = await store.claimDueSources({ now, limit: 1, leaseMs: MINUTE_MS, onlyIds: [id] });
  if (claimed === undefined) throw new Error(`source ${id} could not be claimed`);
  return claimed.lease;
}

/** Claims a source and records a poll of it. */
export async function poll(
  store: Store,
  sourceId: string,
  sightings: readonly SightingRecord[],
  options: {
    readonly at?: Date;
    readonly state?: Partial<PollState>;
    readonly collapsedKeys?: readonly string[];
    readonly isWhole?: boolean;
  } = {},
): Promise<RecordedPoll> {
  const at = options.at ?? T0;
  const lease = await claim(store, sourceId, at);
  return store.recordPoll(buildPoll(lease, sightings, { ...options, at }));
}

export function buildPoll(
  lease: Lease,
  sightings: readonly SightingRecord[],
  options: {
    readonly at: Date;
    readonly state?: Partial<PollState>;
    readonly collapsedKeys?: readonly string[];
    readonly isWhole?: boolean;
  },
): PollRecord {
  return {
    lease,
    at: options.at,
    state: buildState({ nextPollAt: new Date(options.at.getTime() + 30 * MINUTE_MS), ...options.state }),
    sightings,
    isWhole: options.isWhole ?? true,
    collapsedKeys: options.collapsedKeys ?? [],
  };
}
