import type { DatabaseSync } from "node:sqlite";
import { readNumber } from "./rows.ts";
import { CLOCK_SKEW_MAX_MS } from "./source-rows.ts";
import type { Lease } from "./store.ts";

/**
 * A lease holds until it expires, unless it was taken in what is now the future: the clock was set back, and it would
 * freeze its source for as long. With `leaseMoment`.
 */
export const IS_LEASED = `EXISTS (SELECT 1 FROM source_leases
  WHERE source_no = sources.no AND expires_at > :now AND leased_at <= :now + :skew)`;

/** What `IS_LEASED` asks for. */
export function leaseMoment(now: Date): { readonly now: number; readonly skew: number } {
  return { now: now.getTime(), skew: CLOCK_SKEW_MAX_MS };
}

const THIS_LEASE = "generation = :generation AND source_no = (SELECT no FROM sources WHERE id = :sourceId)";

/** Who polls what. A source's generation, that of its last lease that ended, stands in its own row. Callers hold the transaction. */
export class LeaseTable {
  readonly #select;
  readonly #take;
  readonly #renew;
  readonly #end;
  readonly #keepGeneration;
  readonly #release;
  readonly #keepGenerations;
  readonly #voidAll;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare("SELECT generation FROM source_leases WHERE source_no = ?");
    this.#take = db.prepare(
      "INSERT OR REPLACE INTO source_leases (source_no, generation, leased_at, expires_at) VALUES (?, ?, ?, ?)",
    );
    this.#renew = db.prepare(`UPDATE source_leases SET expires_at = :expiresAt WHERE ${THIS_LEASE}`);
    this.#release = db.prepare(`DELETE FROM source_leases WHERE ${THIS_LEASE}`);
    this.#end = db.prepare("DELETE FROM source_leases WHERE source_no = ?");
    this.#keepGeneration = db.prepare("UPDATE sources SET generation = :generation WHERE id = :sourceId");
    this.#keepGenerations = db.prepare(
      "UPDATE sources SET generation = leases.generation FROM source_leases AS leases WHERE source_no = no",
    );
    this.#voidAll = db.prepare("DELETE FROM source_leases");
  }

  /** Leases a source, whoever had it before. `ended` is its last lease that ended, as its row says. */
  take(
    no: number,
    ended: Pick<Lease, "sourceId" | "generation">,
    { now, expiresAt }: { readonly now: Date; readonly expiresAt: Date },
  ): { readonly lease: Lease; readonly isTakenOver: boolean } {
    const left = this.#select.get(no);
    const generation = 1 + (left === undefined ? ended.generation : readNumber(left, "generation"));
    this.#take.run(no, generation, now.getTime(), expiresAt.getTime());
    const lease = { sourceId: ended.sourceId, generation, expiresAt };
    return { lease, isTakenOver: left !== undefined };
  }

  /** @returns the leases that hold, with their new end */
  renew(leases: readonly Lease[], times: { readonly now: Date; readonly leaseMs: number }): readonly Lease[] {
    const expiresAt = new Date(times.now.getTime() + times.leaseMs);
    return leases.flatMap((lease) => {
      const { sourceId, generation } = lease;
      const { changes } = this.#renew.run({ sourceId, generation, expiresAt: expiresAt.getTime() });
      return Number(changes) > 0 ? [{ ...lease, expiresAt }] : [];
    });
  }

  /** Gives a lease back without a poll, if it holds. */
  release({ sourceId, generation }: Lease): void {
    const { changes } = this.#release.run({ sourceId, generation });
    // Else the next lease of the source would be of the same generation, and a write under this one accepted.
    if (Number(changes) > 0) this.#keepGeneration.run({ sourceId, generation });
  }

  /** Ends the lease of a source, if there is one, for a caller that writes its generation into the source's row. */
  end(no: number): void {
    this.#end.run(no);
  }

  /** Ends every lease: what was polled under them is not accepted any more. */
  voidAll(): void {
    this.#keepGenerations.run();
    this.#voidAll.run();
  }
}
