/** What both engines make of rows about stories. */
import type { Sighting, SourceKind, StoredAlias, Story } from "../model.ts";
import { type Carrier, orderCarriers } from "./carriers.ts";
import { DecodeMemory } from "./decode-memory.ts";
import { decodeContent, decodeFeed, decodePollState, decodeTexts } from "./records.ts";
import { readInstant, readNumber, readOptionalText, readText } from "./rows.ts";
import { readSourceKind } from "./source-rows.ts";
import type { CopyEvidence, CopyGroup } from "./store.ts";

/** Some 5,000 entries of common size: as many as a filter looks at for one feed. */
const contents = new DecodeMemory(decodeContent, { lengthMax: 16 * 2 ** 20 });
const feeds = new DecodeMemory(decodeFeed, { lengthMax: 2 ** 20 });
const states = new DecodeMemory(decodePollState, { lengthMax: 2 ** 20 });

/** What a sighting tells of its source. */
export interface SightingSource {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly priority: number;
  readonly kind: SourceKind;
  readonly url: string | null;
  readonly feed: Sighting["feed"];
}

/** A sighting with its row id, which ends the order of copies. */
export interface RankedSighting {
  readonly id: number;
  readonly priority: number;
  readonly isOwnHost: boolean;
  readonly completeness: number;
  readonly titleKey: string | null;
  readonly firstSeenAt: number;
  readonly sighting: Sighting;
}

/** The row of a sighting, with the priority of its source, as the choice of a winner needs it. */
export function toCarrier(row: Readonly<Record<string, unknown>>): Carrier {
  return {
    id: readNumber(row, "id"),
    sourceNo: readNumber(row, "source_no"),
    priority: readNumber(row, "priority"),
    isOwnHost: readNumber(row, "is_own_host") !== 0,
    completeness: readNumber(row, "completeness"),
    titleKey: readOptionalText(row, "title_key"),
    firstSeenAt: readNumber(row, "first_seen_at"),
    contentHash: readText(row, "content_hash"),
    updatedAt: readNumber(row, "updated_at"),
  };
}

/** What the row of a source tells of its sightings. */
export function toSightingSource(row: Readonly<Record<string, unknown>>): SightingSource {
  const kind = readSourceKind(row);
  const isRemote = kind === "url" || kind === "opml";
  const currentUrl = states.read(readText(row, "state"))?.currentUrl ?? null;
  const address = withoutCredentials((isRemote ? currentUrl : null) ?? readText(row, "location"));
  const feedJson = readOptionalText(row, "feed");
  const feed = feedJson === null ? null : feeds.read(feedJson);
  return {
    id: readText(row, "id"),
    name: readOptionalText(row, "name") || feed?.title || address,
    tags: decodeTexts(readText(row, "tags")),
    priority: readNumber(row, "priority"),
    kind,
    url: isRemote ? address : null,
    feed,
  };
}

/** A story as its row says, with its sightings, the winner first. */
export function toStory(row: Readonly<Record<string, unknown>>, carriers: readonly RankedSighting[]): Story {
  return {
    number: readNumber(row, "number"),
    publishedId: readText(row, "published_id"),
    publishedAt: readInstant(row, "published_at"),
    updatedAt: readInstant(row, "updated_at"),
    orderedAt: readInstant(row, "ordered_at"),
    firstSeenAt: readInstant(row, "first_seen_at"),
    sightings: orderCarriers(carriers).map((carrier) => carrier.sighting),
  };
}

/** The order of the combined feed. */
export function newestFirst(a: Story, b: Story): number {
  return b.orderedAt.getTime() - a.orderedAt.getTime() || b.number - a.number;
}

/** Has a source with one of these tags carried the story? Without tags: yes. */
export function isTagged(story: Story, tags: ReadonlySet<string>): boolean {
  if (tags.size === 0) return true;
  return story.sightings.some((sighting) => sighting.sourceTags.some((tag) => tags.has(tag)));
}

/** A sighting as its row says, or null where that is unreadable. */
export function toSighting(
  row: Readonly<Record<string, unknown>>,
  source: SightingSource,
): RankedSighting | null {
  const content = contents.read(readText(row, "record"));
  if (content === null) return null;
  const firstSeenAt = readInstant(row, "first_seen_at");
  const isOwnHost = readNumber(row, "is_own_host") !== 0;
  const completeness = readNumber(row, "completeness");
  const { formerAliases: _, ...identified } = content;
  return {
    id: readNumber(row, "id"),
    priority: source.priority,
    isOwnHost,
    completeness,
    titleKey: readOptionalText(row, "title_key"),
    firstSeenAt: firstSeenAt.getTime(),
    sighting: {
      ...identified,
      isOwnHost,
      completeness,
      contentHash: readText(row, "content_hash"),
      publishedAt: readInstant(row, "published_at"),
      updatedAt: readInstant(row, "updated_at"),
      orderedAt: readInstant(row, "ordered_at"),
      sourceId: source.id,
      sourceName: source.name,
      sourceTags: source.tags,
      sourcePriority: source.priority,
      sourceKind: source.kind,
      sourceUrl: source.url,
      feed: source.feed,
      firstSeenAt,
    },
  };
}

const ALIAS_KINDS: readonly StoredAlias["kind"][] = ["url", "stated", "guid", "soft", "content", "operator"];

/** An alias as its row says. */
export function toStoredAlias(row: Readonly<Record<string, unknown>>): StoredAlias {
  const kind = readText(row, "kind");
  return {
    key: readText(row, "key"),
    kind: ALIAS_KINDS.find((known) => known === kind) ?? "operator",
    rule: readText(row, "rule"),
    evidence: readText(row, "evidence"),
    sourceId: readOptionalText(row, "source_id"),
    createdAt: readInstant(row, "created_at"),
  };
}

/** The address without user and password: it goes into published feeds. */
function withoutCredentials(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  if (url.username === "" && url.password === "") return address;
  url.username = "";
  url.password = "";
  return url.href;
}

/** Groups of copies with their stories; one of which less than two are readable is none. */
export function toCopyGroups(
  groups: readonly (readonly { readonly story: number; readonly evidence: CopyEvidence | null }[])[],
  loaded: ReadonlyMap<number, Story>,
): readonly CopyGroup[] {
  return groups.flatMap((rows) => {
    const members = rows.flatMap(({ story: number, evidence }) => {
      const story = loaded.get(number);
      return story === undefined ? [] : [{ story, evidence }];
    });
    return members.length < 2 ? [] : [{ members }];
  });
}
