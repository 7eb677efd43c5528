/** How a story falls apart whose sightings share no key any more. Pure; every engine shares it. */
import { decodeContent, decodeTexts, encodeContent, type SightingContent } from "./records.ts";
import { decodeIdentity } from "./rekeyed-identity.ts";
import { readNumber, readOptionalText, readText } from "./rows.ts";

/** A sighting of a story that may fall apart. */
export interface Member {
  readonly id: number;
  readonly firstSeenAt: number;
  readonly publishedAt: number;
  readonly orderedAt: number;
  /** As stored; null where it is unreadable. */
  readonly content: SightingContent | null;
  /** What it would publish under a story of its own. */
  readonly publishedIds: readonly string[];
  readonly guidKey: string;
  /** Keys by today's rules. */
  readonly current: ReadonlySet<string>;
  /** Keys it had before edits of its source. */
  readonly former: readonly string[];
  /** Keys that only yesterday's rules gave it. */
  readonly dropped: ReadonlySet<string>;
}

export type Part = readonly [Member, ...Member[]];

/** A member as its row says, with the new `identity` and the `dropped` keys where there are any. */
export function toMember(row: Readonly<Record<string, unknown>>): Member {
  const content = decodeContent(readText(row, "record"));
  const json = readOptionalText(row, "identity");
  const identity = json === null ? content : decodeIdentity(json);
  return {
    id: readNumber(row, "id"),
    firstSeenAt: readNumber(row, "first_seen_at"),
    publishedAt: readNumber(row, "published_at"),
    orderedAt: readNumber(row, "ordered_at"),
    content,
    // Those of before first: one of them may be forwarded by the story that is left, and is given back.
    publishedIds: [...new Set([...(content?.publishedIds ?? []), ...(identity?.publishedIds ?? [])])],
    guidKey: identity?.guidKey ?? "",
    current: new Set(identity?.aliases.map(({ key }) => key)),
    former: content?.formerAliases.map(({ key }) => key) ?? [],
    dropped: new Set(decodeTexts(readOptionalText(row, "dropped") ?? "[]")),
  };
}

/** By key: the story whose part has it, the first part staying in `story`; null where several parts do. */
export function listHolders(deal: {
  readonly story: number;
  readonly numbers: readonly number[];
  readonly parts: readonly Part[];
}): ReadonlyMap<string, number | null> {
  const { story, numbers, parts } = deal;
  const holders = new Map<string, number | null>();
  for (const [index, part] of parts.entries()) {
    const number = index === 0 ? story : (numbers[index - 1] ?? story);
    for (const key of new Set(part.flatMap((member) => listKept(member)))) {
      holders.set(key, holders.has(key) ? null : number);
    }
  }
  return holders;
}

/** A member's record without the keys that it gave up, as JSON; null where nothing changes. */
export function withoutDropped({ content, dropped }: Member, pinned: ReadonlySet<string>): string | null {
  if (content === null || dropped.size === 0) return null;
  const isKept = ({ key }: { readonly key: string }) => pinned.has(key) || !dropped.has(key);
  const aliases = content.aliases.filter(isKept);
  const formerAliases = content.formerAliases.filter(isKept);
  return encodeContent({ ...content, aliases }, formerAliases);
}

/** The keys that a member keeps: today's, and those of before its source's edits unless the rules gave them up. */
function listKept({ current, former, dropped }: Member): string[] {
  return [...new Set([...current, ...former.filter((key) => !dropped.has(key))])];
}

/**
 * The members by what they still share, the part with the oldest first. A key of before an edit joins only while today's
 * rules still give it to somebody, or while nothing about its holder has changed. What an operator pinned stays together,
 * and an unreadable sighting stays with the oldest.
 */
export function findParts(members: readonly Member[], pinned: ReadonlySet<string>): readonly Part[] {
  const today = new Set(members.flatMap(({ current }) => [...current]));
  const parents = members.map((_, index) => index);
  const find = (index: number): number => {
    let root = index;
    while (parents[root] !== root) root = parents[root] ?? root;
    parents[index] = root;
    return root;
  };
  const unite = (a: number, b: number) => {
    const [older, younger] = [find(a), find(b)].sort((x, y) => x - y);
    if (older !== undefined && younger !== undefined) parents[younger] = older;
  };
  const firstHolder = new Map<string, number>();
  for (const [index, member] of members.entries()) {
    if (member.content === null) unite(0, index);
    const isUnchanged = member.dropped.size === 0;
    const keys = listKept(member).filter((key) => isUnchanged || member.current.has(key) || today.has(key));
    const held = [...member.current, ...member.former, ...member.dropped].some((key) => pinned.has(key));
    // One name for all pinned keys of the story: the operator holds their carriers together.
    for (const key of held ? [...keys, "\npinned"] : keys) {
      const first = firstHolder.get(key);
      if (first === undefined) firstHolder.set(key, index);
      else unite(first, index);
    }
  }
  const parts = new Map<number, [Member, ...Member[]]>();
  for (const [index, member] of members.entries()) {
    const part = parts.get(find(index));
    if (part === undefined) parts.set(find(index), [member]);
    else part.push(member);
  }
  return [...parts.values()];
}
