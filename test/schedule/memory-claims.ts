/** As much of a store as the scheduler needs, in memory: due times and leases, nothing else. */
import type { SourceState } from "../../src/model.ts";
import type { ClaimedSource, ClaimRequest, Lease } from "../../src/store/store.ts";
import type { ManualClock } from "../support/manual-clock.ts";

interface Row {
  readonly source: SourceState;
  nextPollAt: Date;
  lease: Lease | null;
}

export class MemoryClaims {
  readonly #rows = new Map<string, Row>();
  readonly #clock: ManualClock;
  #generation = 0;
  readonly claims: ClaimRequest[] = [];
  /** The ids of each renewal. */
  readonly renewals: string[][] = [];

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  /** Adds a source at `https://HOST/ID`, due now. */
  add(id: string, host = `${id}.example`): void {
    this.addAt(id, `https://${host}/${id}`);
  }

  addAt(id: string, location: string): void {
    const now = this.#clock.now();
    this.#rows.set(id, { source: buildSource(id, location, now), nextPollAt: now, lease: null });
  }

  /** Polled: due again at `next`. */
  record(lease: Lease, next: Date): void {
    const row = this.#rows.get(lease.sourceId);
    if (!row || row.lease?.generation !== lease.generation)
      throw new Error(`lease on ${lease.sourceId} lost`);
    row.nextPollAt = next;
    row.lease = null;
  }

  get leasedIds(): string[] {
    return [...this.#rows.values()].flatMap(({ source, lease }) => (lease ? [source.id] : []));
  }

  async claimDueSources(request: ClaimRequest): Promise<readonly ClaimedSource[]> {
    this.claims.push(request);
    const { now, limit, leaseMs, onlyIds } = request;
    const due = [...this.#rows.values()]
      .filter(({ lease }) => lease === null || lease.expiresAt <= now)
      .filter(({ source, nextPollAt }) => (onlyIds ? onlyIds.includes(source.id) : nextPollAt <= now))
      .sort((a, b) => a.nextPollAt.getTime() - b.nextPollAt.getTime())
      .slice(0, limit);
    return due.map((row) => {
      const expiresAt = new Date(now.getTime() + leaseMs);
      row.lease = { sourceId: row.source.id, generation: ++this.#generation, expiresAt };
      return { source: row.source, lease: row.lease, collapsedKeys: new Set<string>(), isTakenOver: false };
    });
  }

  async renewLeases(
    leases: readonly Lease[],
    { now, leaseMs }: { readonly now: Date; readonly leaseMs: number },
  ): Promise<readonly Lease[]> {
    this.renewals.push(leases.map(({ sourceId }) => sourceId));
    return leases.flatMap((lease) => {
      const row = this.#rows.get(lease.sourceId);
      if (row?.lease?.generation !== lease.generation) return [];
      row.lease = { ...lease, expiresAt: new Date(now.getTime() + leaseMs) };
      return [row.lease];
    });
  }

  /** Another worker takes the source over. */
  takeOver(id: string): void {
    const row = this.#rows.get(id);
    if (row?.lease) row.lease = { ...row.lease, generation: ++this.#generation };
  }

  async releaseLease(lease: Lease): Promise<void> {
    const row = this.#rows.get(lease.sourceId);
    if (row?.lease?.generation === lease.generation) row.lease = null;
  }
}

function buildSource(id: string, location: string, now: Date): SourceState {
  return {
    id,
    kind: location.startsWith("http") ? "url" : "file",
    location,
    name: null,
    tags: [],
    priority: 0,
    parentId: null,
    addedAt: now,
    lastPollAt: null,
    lastOkAt: null,
    lastNewEntryAt: null,
    entryCount: 0,
    duplicateCount: 0,
    currentUrl: null,
    movingTo: null,
    validators: { etag: null, lastModified: null },
    bodyHash: null,
    feed: null,
    hints: { ttlMs: null, skipHours: [], skipDays: [] },
    rhythmMs: null,
    quietHours: [],
    nextPollAt: now,
    nextPollReason: "new",
    failures: 0,
    failingSince: null,
    notFoundSince: null,
    noticed: null,
    lastError: null,
    status: "new",
    warnings: [],
  };
}
