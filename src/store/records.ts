/**
 * How entries and poll states are kept as JSON, and read back typed. What was written by an older version may lack a
 * list that came later, so lists have defaults; anything else that does not fit makes the row unreadable, and the
 * caller leaves that row out.
 */
import { z } from "zod";
import type { Alias, Entry, FeedInfo, PollState, SightingRecord } from "../model.ts";

/** A key that a sighting had before an edit. Kept so that `split` finds its carriers and guid reuse is recognised. */
export interface FormerAlias {
  readonly key: string;
  readonly kind: Alias["kind"];
}

/** The part of a sighting that no query looks into. */
export interface SightingContent {
  readonly guidKey: string;
  readonly originalUrl: string | null;
  readonly publishedIds: readonly string[];
  readonly aliases: readonly Alias[];
  readonly formerAliases: readonly FormerAlias[];
  readonly entry: Entry;
}

const text = z.string().nullable();
const number = z.number().nullable();

const instant = z.string().transform((value, context) => {
  const date = new Date(value);
  if (!Number.isNaN(date.getTime())) return date;
  context.addIssue({ code: "custom", message: "no instant" });
  return z.NEVER;
});

const textsSchema = z.array(z.string());

const personSchema = z.object({ name: z.string(), email: text, url: text });

const linkSchema = z.object({
  rel: z.string(),
  href: z.string(),
  type: text,
  title: text.exactOptional(),
  hreflang: text.exactOptional(),
  length: number.exactOptional(),
});

const enclosureSchema = z.object({
  url: z.string(),
  type: text,
  length: number,
  title: text.exactOptional(),
  durationMs: number.exactOptional(),
});

const statedOriginalSchema = z.object({
  rule: z.enum([
    "feedburner:origLink",
    "pheedo:origLink",
    "rel=canonical",
    "permalink-guid",
    "article:original-url",
  ]),
  url: z.string(),
});

const episodeSchema = z.object({
  season: number,
  number,
  type: z.enum(["full", "trailer", "bonus"]).nullable(),
  isExplicit: z.boolean().nullable(),
});

const entrySchema = z.object({
  guid: text,
  url: text,
  title: z.string(),
  authors: z.array(personSchema).default([]),
  contributors: z.array(personSchema).default([]),
  published: instant.nullable(),
  updated: instant.nullable(),
  summary: text,
  contentHtml: text,
  categories: z.array(z.object({ term: z.string(), scheme: text, label: text })).default([]),
  enclosures: z.array(enclosureSchema).default([]),
  links: z.array(linkSchema).default([]),
  statedOriginals: z.array(statedOriginalSchema).default([]),
  source: z.object({ title: text, url: text, id: text }).nullable(),
  commentsUrl: text,
  language: text,
  rights: text,
  imageUrl: text,
  episode: episodeSchema.exactOptional(),
}) satisfies z.ZodType<Entry>;

const aliasKindSchema = z.enum(["url", "stated", "guid", "soft", "content", "operator"]);

const contentSchema = z.object({
  guidKey: z.string(),
  originalUrl: text,
  publishedIds: z.array(z.string()),
  aliases: z.array(
    z.object({ key: z.string(), kind: aliasKindSchema, rule: z.string(), evidence: z.string() }),
  ),
  formerAliases: z.array(z.object({ key: z.string(), kind: aliasKindSchema })).default([]),
  entry: entrySchema,
}) satisfies z.ZodType<SightingContent>;

const feedSchema = z.object({
  title: z.string(),
  id: text,
  url: text,
  homeUrl: text,
  description: text,
  language: text,
  rights: text,
  updated: instant.nullable(),
  iconUrl: text,
  hubs: z.array(z.string()).default([]),
  authors: z.array(personSchema).default([]),
}) satisfies z.ZodType<FeedInfo>;

/** The part of a poll state that has no column of its own. */
export type StoredPollState = Omit<PollState, "feed" | "nextPollAt" | "status">;

const stateSchema = z.object({
  currentUrl: text,
  movingTo: z.object({ url: z.string(), times: z.number() }).nullable(),
  validators: z.object({ etag: text, lastModified: text }),
  bodyHash: text,
  hints: z.object({
    ttlMs: number,
    skipHours: z.array(z.number()).default([]),
    skipDays: z.array(z.number()).default([]),
  }),
  rhythmMs: number,
  quietHours: z.array(z.number()).default([]),
  nextPollReason: z.string(),
  failures: z.number(),
  failingSince: instant.nullable(),
  notFoundSince: instant.nullable().default(null),
  noticed: z
    .object({ kind: z.enum(["failing", "silent"]), at: instant })
    .nullable()
    .default(null),
  lastError: z.object({ code: z.string(), message: z.string() }).nullable(),
  warnings: z
    .array(z.object({ code: z.string(), message: z.string(), line: z.number().exactOptional() }))
    .default([]),
}) satisfies z.ZodType<StoredPollState>;

/** The poll state of a source that was never polled. */
export const NEW_POLL_STATE: StoredPollState = {
  currentUrl: null,
  movingTo: null,
  validators: { etag: null, lastModified: null },
  bodyHash: null,
  hints: { ttlMs: null, skipHours: [], skipDays: [] },
  rhythmMs: null,
  quietHours: [],
  nextPollReason: "new source",
  failures: 0,
  failingSince: null,
  notFoundSince: null,
  noticed: null,
  lastError: null,
  warnings: [],
};

/** JSON text of what an identified entry says; instants become ISO 8601. */
export function encodeContent(record: SightingRecord, formerAliases: readonly FormerAlias[]): string {
  const { guidKey, originalUrl, publishedIds, aliases, entry } = record;
  const content: SightingContent = { guidKey, originalUrl, publishedIds, aliases, formerAliases, entry };
  return JSON.stringify(content);
}

/** The content that {@link encodeContent} wrote, or null where the text is not such a one. */
export function decodeContent(json: string): SightingContent | null {
  return decode(contentSchema, json);
}

/** JSON text of the columnless part of a poll state. */
export function encodePollState(state: PollState | StoredPollState): string {
  const stored: StoredPollState = {
    currentUrl: state.currentUrl,
    movingTo: state.movingTo,
    validators: state.validators,
    bodyHash: state.bodyHash,
    hints: state.hints,
    rhythmMs: state.rhythmMs,
    quietHours: state.quietHours,
    nextPollReason: state.nextPollReason,
    failures: state.failures,
    failingSince: state.failingSince,
    notFoundSince: state.notFoundSince,
    noticed: state.noticed,
    lastError: state.lastError,
    warnings: state.warnings,
  };
  return JSON.stringify(stored);
}

/** The state that {@link encodePollState} wrote, or null where the text is not such a one. */
export function decodePollState(json: string): StoredPollState | null {
  return decode(stateSchema, json);
}

/** JSON text of a feed's own words, or null. */
export function encodeFeed(feed: FeedInfo | null): string | null {
  return feed === null ? null : JSON.stringify(feed);
}

/** The feed that {@link encodeFeed} wrote, or null where there is none or the text is not such a one. */
export function decodeFeed(json: string | null): FeedInfo | null {
  return json === null ? null : decode(feedSchema, json);
}

/** A JSON list of texts; anything else reads as an empty list. */
export function decodeTexts(json: string): readonly string[] {
  return decode(textsSchema, json) ?? [];
}

function decode<T>(schema: z.ZodType<T>, json: string): T | null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : null;
}
