import { BOILERPLATE_ITEMS, findBoilerplate } from "../syndicate/boilerplate.ts";
import { RecentMap } from "./recent-map.ts";

const SOURCES_KEPT = 16_384;
/** What a source repeats is found out anew after so long. */
const FRESH_MS = 3_600_000;

/** What sources repeat, as far as it was found out: what both engines keep of it between polls. */
export class KnownBoilerplates {
  readonly #known = new RecentMap<
    number,
    { readonly shingles: Uint32Array; readonly at: number; readonly isWhole: boolean }
  >(SOURCES_KEPT);
  readonly #fewFreshMs: number;

  /** `fewFreshMs`: how long it holds of a source with few items, where another process may bring further ones. */
  constructor(fewFreshMs = FRESH_MS) {
    this.#fewFreshMs = fewFreshMs;
  }

  /** A source brings items: if it had few, it tells more with these. */
  expectItems(source: number): void {
    if (this.#known.get(source)?.isWhole === false) this.#known.delete(source);
  }

  find(source: number, at: number): Uint32Array | null {
    const known = this.#known.get(source);
    if (known === undefined) return null;
    return at - known.at < (known.isWhole ? FRESH_MS : this.#fewFreshMs) ? known.shingles : null;
  }

  /** Finds out what a source repeats in its newest items, `BOILERPLATE_ITEMS` at most, and keeps it. */
  learn(source: number, items: readonly Uint32Array[], at: number): Uint32Array {
    const shingles = findBoilerplate(items);
    this.#known.set(source, { shingles, at, isWhole: items.length === BOILERPLATE_ITEMS });
    return shingles;
  }
}
