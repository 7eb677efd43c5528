/** Stories for tests: valid ones by default, any field overridden. */
import type { Entry, FeedInfo, OutputDefinition, Sighting, SourceState, Story } from "../../src/model.ts";

export function buildEntry(overrides: Partial<Entry> = {}): Entry {
  return {
    guid: "urn:example:entry",
    url: "https://news.example/stories/1",
    title: "A bridge reopens",
    authors: [{ name: "Ada Reporter", email: null, url: null }],
    contributors: [],
    published: new Date("2026-06-17T08:00:00Z"),
    updated: null,
    summary: null,
    contentHtml: '<p>The bridge over the river <a href="https://news.example/river">reopened</a> today.</p>',
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

export function buildFeedInfo(overrides: Partial<FeedInfo> = {}): FeedInfo {
  return {
    title: "Example News",
    id: null,
    url: "https://news.example/feed.xml",
    homeUrl: "https://news.example/",
    description: null,
    language: null,
    rights: null,
    updated: new Date("2026-06-17T09:00:00Z"),
    iconUrl: null,
    hubs: [],
    authors: [],
    ...overrides,
  };
}

export function buildSighting(
  overrides: Partial<Omit<Sighting, "entry">> & { entry?: Partial<Entry> } = {},
): Sighting {
  const { entry: entryOverrides, ...rest } = overrides;
  const entry = buildEntry(entryOverrides);
  return {
    entry,
    guidKey: `guid:${entry.guid}`,
    originalUrl: entry.url,
    publishedIds: [entry.url ?? "urn:example:entry"],
    aliases: [{ key: `url:${entry.url}`, kind: "url", rule: "link", evidence: entry.url ?? "" }],
    isOwnHost: true,
    contentHash: "0".repeat(64),
    publishedAt: entry.published ?? new Date("2026-06-17T08:00:00Z"),
    updatedAt: entry.updated ?? new Date("2026-06-17T08:00:00Z"),
    orderedAt: entry.published ?? new Date("2026-06-17T08:00:00Z"),
    completeness: 100,
    sourceId: "s1",
    sourceName: "Example News",
    sourceTags: [],
    sourcePriority: 0,
    sourceKind: "url",
    sourceUrl: "https://news.example/feed.xml",
    feed: buildFeedInfo(),
    firstSeenAt: new Date("2026-06-17T08:05:00Z"),
    ...rest,
  };
}

/** A story of these sightings, best first; its times and id are the first one's unless overridden. */
export function buildStory(overrides: Partial<Story> = {}): Story {
  const sightings = overrides.sightings ?? [buildSighting()];
  const first = sightings[0] ?? buildSighting();
  return {
    number: 1,
    publishedId: first.originalUrl ?? "urn:example:entry",
    publishedAt: first.publishedAt,
    updatedAt: first.updatedAt,
    orderedAt: first.orderedAt,
    firstSeenAt: first.firstSeenAt,
    sightings,
    ...overrides,
  };
}

export function buildOutput(overrides: Partial<OutputDefinition> = {}): OutputDefinition {
  return { name: "all", title: "All stories", tags: [], include: [], exclude: [], limit: 100, ...overrides };
}

export function buildSourceState(overrides: Partial<SourceState> = {}): SourceState {
  return {
    id: "s1",
    kind: "url",
    location: "https://news.example/feed.xml",
    name: "Example News",
    tags: [],
    priority: 0,
    parentId: null,
    addedAt: new Date("2026-06-01T00:00:00Z"),
    lastPollAt: new Date("2026-06-17T09:00:00Z"),
    lastOkAt: new Date("2026-06-17T09:00:00Z"),
    lastNewEntryAt: new Date("2026-06-17T08:00:00Z"),
    entryCount: 12,
    duplicateCount: 3,
    currentUrl: "https://news.example/feed.xml",
    movingTo: null,
    validators: { etag: null, lastModified: null },
    bodyHash: null,
    feed: buildFeedInfo(),
    hints: { ttlMs: null, skipHours: [], skipDays: [] },
    rhythmMs: null,
    quietHours: [],
    nextPollAt: new Date("2026-06-17T09:30:00Z"),
    nextPollReason: "the feed's own rhythm",
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
