/**
 * Claimed sources that wait for a place among the polls. A host has so many turns at a time: a claim that has one is ready, the others wait
 * for a turn. It lasts from then to the end of the poll, so that what is ready can start at once and the next place is never given in vain.
 */
import type { ClaimedSource } from "../store/store.ts";
import type { HostLimit } from "./host-limit.ts";

export interface ClaimQueueOptions {
  /** Turns of one host at a time. */
  readonly perHost: number;
  /** Hosts that asked for a rest have no turns. */
  readonly hosts: Pick<HostLimit, "restingUntil"> | undefined;
  /** Is the source being polled? One whose last poll outlived its lease can be claimed again; it waits for that poll's end. */
  readonly isRunning: (sourceId: string) => boolean;
  /** Is enough left of the lease for a poll? */
  readonly isFresh: (claimed: ClaimedSource) => boolean;
}

export interface Turn {
  readonly claimed: ClaimedSource;
  readonly host: string;
}

export class ClaimQueue {
  readonly #options: ClaimQueueOptions;
  /** In the order in which they got their turns. */
  #ready: Turn[] = [];
  /** Without a turn, by host, in the order of their claims. */
  readonly #waiting = new Map<string, ClaimedSource[]>();
  #waitingCount = 0;
  /** Turns that are taken, by host. */
  readonly #turns = new Map<string, number>();
  #stale: ClaimedSource[] = [];

  constructor(options: ClaimQueueOptions) {
    this.#options = options;
  }

  get readyCount(): number {
    return this.#ready.length;
  }

  get waitingCount(): number {
    return this.#waitingCount;
  }

  add(claimed: ClaimedSource): void {
    const host = hostOf(claimed);
    this.#waitingOf(host).push(claimed);
    this.#waitingCount++;
    this.#giveTurns(host);
  }

  /** The next one to be polled; its turn lasts until `end`. Null when none is ready. */
  take(): Turn | null {
    for (let turn = this.#ready.shift(); turn !== undefined; turn = this.#ready.shift()) {
      const { claimed, host } = turn;
      const isFresh = this.#options.isFresh(claimed);
      if (isFresh && !this.#isResting(host) && !this.#options.isRunning(claimed.source.id)) return turn;
      if (isFresh) {
        this.#waitingOf(host).unshift(claimed);
        this.#waitingCount++;
      } else this.#stale.push(claimed);
      this.end(host);
    }
    return null;
  }

  /** A turn of the host is over, and another one's begins. */
  end(host: string): void {
    const left = (this.#turns.get(host) ?? 1) - 1;
    if (left > 0) this.#turns.set(host, left);
    else this.#turns.delete(host);
    this.#giveTurns(host);
  }

  /** Looks at the time: hosts whose rest is over have turns again, and what has waited for too long becomes stale. */
  refresh(): void {
    for (const [host, claims] of this.#waiting) {
      const firstFresh = claims.findIndex(this.#options.isFresh);
      const stale = claims.splice(0, firstFresh < 0 ? claims.length : firstFresh);
      this.#waitingCount -= stale.length;
      this.#stale = this.#stale.concat(stale);
      this.#giveTurns(host);
    }
  }

  /** Takes out stale claims, at most so many. They are to be given back and claimed anew: a poll under one could outlive its lease. */
  takeStale(countMax: number): readonly ClaimedSource[] {
    return this.#stale.splice(0, countMax);
  }

  /** What is ready and what waits for a turn. */
  list(): readonly ClaimedSource[] {
    return [...this.#ready.map(({ claimed }) => claimed), ...[...this.#waiting.values()].flat()];
  }

  /** Puts in the place of each claim what `renew` makes of it. Null: it is not ours any more. */
  renew(renew: (claimed: ClaimedSource) => ClaimedSource | null): void {
    for (const [host, claims] of this.#waiting) {
      const renewed = claims.flatMap((claimed) => renew(claimed) ?? []);
      this.#waitingCount -= claims.length - renewed.length;
      this.#waiting.set(host, renewed);
    }
    for (const { claimed, host } of this.#ready.splice(0)) {
      const renewed = renew(claimed);
      if (renewed === null) this.end(host);
      else this.#ready.push({ claimed: renewed, host });
    }
  }

  /** Empties it. @returns everything that was there, the stale claims, too */
  clear(): readonly ClaimedSource[] {
    const all = [...this.list(), ...this.#stale];
    this.#waiting.clear();
    this.#waitingCount = 0;
    this.#stale = [];
    for (const { host } of this.#ready.splice(0)) this.end(host);
    return all;
  }

  #giveTurns(host: string): void {
    const claims = this.#waiting.get(host);
    if (claims === undefined) return;
    while (this.#hasTurn(host)) {
      const index = claims.findIndex(({ source }) => !this.#options.isRunning(source.id));
      const [claimed] = index < 0 ? [] : claims.splice(index, 1);
      if (claimed === undefined) break;
      this.#waitingCount--;
      this.#turns.set(host, (this.#turns.get(host) ?? 0) + 1);
      this.#ready.push({ claimed, host });
    }
    if (claims.length === 0) this.#waiting.delete(host);
  }

  #hasTurn(host: string): boolean {
    // Local sources have no host to spare.
    if (host === "") return true;
    return (this.#turns.get(host) ?? 0) < this.#options.perHost && !this.#isResting(host);
  }

  #isResting(host: string): boolean {
    return host !== "" && (this.#options.hosts?.restingUntil(host) ?? null) !== null;
  }

  #waitingOf(host: string): ClaimedSource[] {
    const known = this.#waiting.get(host);
    if (known !== undefined) return known;
    const claims: ClaimedSource[] = [];
    this.#waiting.set(host, claims);
    return claims;
  }
}

/** The host that a poll of the source leans on; empty for local files. */
function hostOf({ source }: ClaimedSource): string {
  const url = URL.parse(source.currentUrl ?? source.location);
  return url !== null && /^https?:$/.test(url.protocol) ? url.host : "";
}
