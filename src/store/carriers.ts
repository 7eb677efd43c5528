/** Who carries a story: which copy wins, who was first, and what follows from it. Pure; every engine shares it. */

/** A sighting as far as the choice of a winner needs it. */
export interface Carrier {
  readonly id: number;
  readonly sourceNo: number;
  readonly priority: number;
  readonly isOwnHost: boolean;
  readonly completeness: number;
  readonly firstSeenAt: number;
  readonly contentHash: string;
  /** When the source says that this copy was last edited, in ms since 1970. */
  readonly updatedAt: number;
}

/** What the order of copies looks at. */
export type CarrierRank = Pick<Carrier, "id" | "priority" | "isOwnHost" | "completeness" | "firstSeenAt">;

/** Sorts copies, the winner first: priority, the publisher's own host, the most complete, the earliest, the number. */
export function compareCarriers(a: CarrierRank, b: CarrierRank): number {
  return (
    b.priority - a.priority ||
    Number(b.isOwnHost) - Number(a.isOwnHost) ||
    b.completeness - a.completeness ||
    a.firstSeenAt - b.firstSeenAt ||
    a.id - b.id
  );
}

/** The copy that a reader sees. */
export function chooseWinner<T extends CarrierRank>(carriers: readonly T[]): T | null {
  let winner: T | null = null;
  for (const carrier of carriers) {
    if (winner === null || compareCarriers(carrier, winner) < 0) winner = carrier;
  }
  return winner;
}

/** Per source number, how many of these copies came after the story was already known: all but the oldest. */
export function countDuplicates(carriers: readonly Carrier[]): Map<number, number> {
  const counts = new Map<number, number>();
  let oldest: Carrier | null = null;
  for (const carrier of carriers) {
    counts.set(carrier.sourceNo, (counts.get(carrier.sourceNo) ?? 0) + 1);
    if (
      oldest === null ||
      carrier.firstSeenAt < oldest.firstSeenAt ||
      (carrier.firstSeenAt === oldest.firstSeenAt && carrier.id < oldest.id)
    ) {
      oldest = carrier;
    }
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

/** What a digest in the store says of whether an entry's identity changed: its URL, host rank and set of keys. */
export function describeIdentity(record: {
  readonly originalUrl: string | null;
  readonly isOwnHost: boolean;
  readonly aliases: readonly { readonly key: string }[];
}): string {
  return JSON.stringify([
    record.originalUrl,
    record.isOwnHost,
    record.aliases.map((alias) => alias.key).sort(),
  ]);
}
