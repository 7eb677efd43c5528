/** Who carries a story: which copy wins, who was first, and what follows from it. Pure; every engine shares it. */

import { digestKeyHex } from "./digest.ts";

/** A sighting as far as the choice of a winner needs it. */
export interface Carrier {
  readonly id: number;
  readonly sourceNo: number;
  readonly priority: number;
  readonly isOwnHost: boolean;
  readonly completeness: number;
  /** See `titleKeyOf`; null: it says nothing, or is not known (stored by an older version). */
  readonly titleKey: string | null;
  readonly firstSeenAt: number;
  readonly contentHash: string;
  /** When the source says that this copy was last edited, in ms since 1970. */
  readonly updatedAt: number;
}

/** What the order of copies looks at. */
export type CarrierRank = Pick<
  Carrier,
  "id" | "priority" | "isOwnHost" | "completeness" | "titleKey" | "firstSeenAt"
>;

/**
 * Sorts copies, the winner first: priority, the publisher's own host, the most complete, the earliest, the number.
 *
 * A fuller text counts only under the title of the copy that was there first. Anybody can repeat a story's URL and id under words
 * of their own (RFC 4287 8.4); what they wrote does not take the place of what the first carrier said.
 */
export function orderCarriers<T extends CarrierRank>(carriers: readonly T[]): T[] {
  let first: T | undefined;
  for (const carrier of carriers) if (first === undefined || isEarlier(carrier, first)) first = carrier;
  const fullness = (carrier: T) =>
    carrier.titleKey === null || first?.titleKey === null || carrier.titleKey === first?.titleKey
      ? carrier.completeness
      : -1;
  return carriers.toSorted(
    (a, b) =>
      b.priority - a.priority ||
      Number(b.isOwnHost) - Number(a.isOwnHost) ||
      fullness(b) - fullness(a) ||
      a.firstSeenAt - b.firstSeenAt ||
      a.id - b.id,
  );
}

/** The copy that a reader sees. */
export function chooseWinner<T extends CarrierRank>(carriers: readonly T[]): T | null {
  return (carriers.length === 1 ? carriers[0] : orderCarriers(carriers)[0]) ?? null;
}

function isEarlier(a: CarrierRank, b: CarrierRank): boolean {
  return a.firstSeenAt < b.firstSeenAt || (a.firstSeenAt === b.firstSeenAt && a.id < b.id);
}

/** A title's letters and digits, for comparing; null for one that says nothing. A digest, so that it is short. */
export function titleKeyOf(title: string): string | null {
  const said = title
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
  return said === "" ? null : digestKeyHex(said).slice(0, 16);
}

/** Per source number, how many of these copies came after the story was already known: all but the oldest. */
export function countDuplicates(carriers: readonly Carrier[]): Map<number, number> {
  const counts = new Map<number, number>();
  let oldest: Carrier | null = null;
  for (const carrier of carriers) {
    counts.set(carrier.sourceNo, (counts.get(carrier.sourceNo) ?? 0) + 1);
    if (oldest === null || isEarlier(carrier, oldest)) oldest = carrier;
  }
  if (oldest !== null) counts.set(oldest.sourceNo, (counts.get(oldest.sourceNo) ?? 0) - 1);
  return counts;
}

/** Adds `counts`, times `sign`, to `totals`. */
export function addCounts(
  totals: Map<number, number>,
  counts: ReadonlyMap<number, number>,
  sign: 1 | -1,
): void {
  for (const [key, count] of counts) totals.set(key, (totals.get(key) ?? 0) + sign * count);
}

/**
 * When a story was updated, after its winning copy changed at `at`: what the winner says where that is later than
 * before, else `at`. Never back, never past `at`; a clock that was set back leaves it where it was. All in ms.
 */
export function advanceUpdatedAt(previous: number, winnerUpdatedAt: number, at: number): number {
  const wanted = winnerUpdatedAt > previous ? winnerUpdatedAt : at;
  return Math.max(previous, Math.min(wanted, at));
}

/** Says in the store whether an entry's identity changed: a digest (hex) of its URL, host rank and set of keys. */
export function hashIdentity(record: {
  readonly originalUrl: string | null;
  readonly isOwnHost: boolean;
  readonly aliases: readonly { readonly key: string }[];
}): string {
  const keys = record.aliases.map((alias) => alias.key).sort();
  return digestKeyHex(JSON.stringify([record.originalUrl, record.isOwnHost, keys]));
}
