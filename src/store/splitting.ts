/** What both engines need for the operator's `split`. */
import { advanceUpdatedAt, type Carrier, chooseWinner } from "./carriers.ts";
import type { KnownStory } from "./poll-plan-types.ts";
import { decodeContent, type SightingContent } from "./records.ts";
import { readNumber, readText } from "./rows.ts";

/** A sighting of a story that is to be split. */
export interface SplitMember {
  readonly id: number;
  readonly firstSeenAt: number;
  readonly publishedAt: number;
  readonly orderedAt: number;
  /** Null where the stored text is unreadable; such a one stays where it is. */
  readonly content: SightingContent | null;
}

/** A sighting as its row says. */
export function toSplitMember(row: Readonly<Record<string, unknown>>): SplitMember {
  return {
    id: readNumber(row, "id"),
    firstSeenAt: readNumber(row, "first_seen_at"),
    publishedAt: readNumber(row, "published_at"),
    orderedAt: readNumber(row, "ordered_at"),
    content: decodeContent(readText(row, "record")),
  };
}

/** Every key that a sighting has or had. */
export function listKeys(member: SplitMember): Set<string> {
  const { content } = member;
  if (content === null) return new Set();
  return new Set([...content.aliases, ...content.formerAliases].map((alias) => alias.key));
}

/** When a story was updated, after its carriers changed at `at` (ms). */
export function refreshUpdatedAt(change: {
  readonly known: KnownStory;
  readonly carriers: readonly Carrier[];
  readonly at: number;
}): number {
  const winner = chooseWinner(change.carriers);
  if (winner === null || winner.contentHash === chooseWinner(change.known.carriers)?.contentHash) {
    return change.known.updatedAt;
  }
  return advanceUpdatedAt(change.known.updatedAt, winner.updatedAt, change.at);
}
