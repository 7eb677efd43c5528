/**
 * How entries and poll states are kept as JSON, and read back typed. Of an entry what is empty is not written, so all of that has
 * defaults; what was written by an older version may also lack a list that came later. Anything else that does not fit makes the row
 * unreadable, and the caller leaves that row out.
 */
import { z } from "zod";
import type { Alias, Entry, FeedInfo, PollState } from "../model.ts";

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
/** Of an entry, where most of what may be there is not. */
const rareText = text.default(null);
const rareNumber = number.default(null);

const instant = z.string().transform((value, context) => {
  const date = new Date(value);
  if (!Number.isNaN(date.getTime())) return date;
  context.addIssue({ code: "custom", message: "no instant" });
  return z.NEVER;
});

const textsSchema = z.array(z.string());

const personSchema = z.object({ name: z.string(), email: rareText, url: rareText });

const linkSchema = z.object({
  rel: z.string(),
  href: z.string(),
  type: rareText,
  title: text.exactOptional(),
  hreflang: text.exactOptional(),
  length: number.exactOptional(),
});

const enclosureSchema = z.object({
  url: z.string(),
  type: rareText,
  length: rareNumber,
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
  season: rareNumber,
  number: rareNumber,
  type: z.enum(["full", "trailer", "bonus"]).nullable().default(null),
  isExplicit: z.boolean().nullable().default(null),
});

const entrySchema = z.object({
  guid: rareText,
  url: rareText,
  title: z.string(),
  authors: z.array(personSchema).default([]),
  contributors: z.array(personSchema).default([]),
  published: instant.nullable().default(null),
  updated: instant.nullable().default(null),
  summary: rareText,
  contentHtml: rareText,
  categories: z.array(z.object({ term: z.string(), scheme: rareText, label: rareText })).default([]),
  enclosures: z.array(enclosureSchema).default([]),
  links: z.array(linkSchema).default([]),
  statedOriginals: z.array(statedOriginalSchema).default([]),
  source: z.object({ title: rareText, url: rareText, id: rareText }).nullable().default(null),
  commentsUrl: rareText,
  language: rareText,
  rights: rareText,
  imageUrl: rareText,
  episode: episodeSchema.exactOptional(),
}) satisfies z.ZodType<Entry>;

const aliasKindSchema = z.enum(["url", "stated", "guid", "soft", "content", "operator"]);

const contentSchema = z
  .object({
    guidKey: z.string(),
    originalUrl: rareText,
    publishedIds: z.array(z.string()),
    aliases: z.array(
      z.object({
        key: z.string(),
        kind: aliasKindSchema.optional(),
        rule: z.string(),
        evidence: z.string().optional(),
      }),
    ),
    formerAliases: z.array(z.object({ key: z.string(), kind: aliasKindSchema })).default([]),
    entry: entrySchema,
  })
  .transform(({ aliases, ...content }, context) => ({
    ...content,
    aliases: aliases.map(({ key, rule, ...alias }): Alias => {
      const kind = alias.kind ?? kindOfKey(key);
      if (kind === null) context.addIssue({ code: "custom", message: `the alias ${key} has no kind` });
      return {
        key,
        kind: kind ?? "operator",
        rule,
        evidence: alias.evidence ?? usualEvidence(rule, content) ?? "",
      };
    }),
  })) satisfies z.ZodType<SightingContent>;

/** The kind that a key begins with, as most do. */
function kindOfKey(key: string): Alias["kind"] | null {
  return aliasKindSchema.options.find((kind) => key.startsWith(kind) && key[kind.length] === ":") ?? null;
}

/** What most aliases of a rule are made from. */
function usualEvidence(
  rule: string,
  { originalUrl, entry }: Pick<SightingContent, "originalUrl" | "entry">,
): string | null {
  return rule.startsWith("guid") ? entry.guid : originalUrl;
}

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

/**
 * JSON text of what an identified entry says; instants become ISO 8601. What is empty, and what of an alias follows from the rest, is
 * left out: it was a seventh of a row, and a row of more than 4 KB has a page of the store to itself.
 */
export function encodeContent(
  record: Omit<SightingContent, "formerAliases">,
  formerAliases: readonly FormerAlias[],
): string {
  const { guidKey, originalUrl, publishedIds, entry } = record;
  const aliases = record.aliases.map(({ key, kind, rule, evidence }) => ({
    key,
    kind: kind === kindOfKey(key) ? undefined : kind,
    rule,
    evidence: evidence === usualEvidence(rule, record) ? undefined : evidence,
  }));
  const { authors, contributors, categories, enclosures, links, source, episode } = entry;
  return JSON.stringify({
    ...withoutEmpty({ guidKey, originalUrl, formerAliases }),
    publishedIds,
    aliases,
    entry: withoutEmpty({
      ...entry,
      authors: authors.map(withoutEmpty),
      contributors: contributors.map(withoutEmpty),
      categories: categories.map(withoutEmpty),
      enclosures: enclosures.map(withoutEmpty),
      links: links.map(withoutEmpty),
      source: source && withoutEmpty(source),
      episode: episode && withoutEmpty(episode),
    }),
  });
}

/** The properties that say something: neither null nor an empty list. */
function withoutEmpty(value: object): object {
  const said: Record<string, unknown> = {};
  for (const [name, one] of Object.entries(value)) {
    if (one !== null && !(Array.isArray(one) && one.length === 0)) said[name] = one;
  }
  return said;
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

/**
 * Do readers see anything else of a feed after a poll than before, as {@link encodeFeed} wrote both? Its `updated` may change at every
 * poll and is no reason to publish again.
 */
export function isFeedChanged(before: string | null, after: string | null): boolean {
  if (before === after) return false;
  const describe = (json: string | null) => {
    const feed = decodeFeed(json);
    return encodeFeed(feed && { ...feed, updated: null });
  };
  return describe(before) !== describe(after);
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
