/** A document, its delta, another output and a folder of files may each have a place of their own for an entry. */
const PLACES_KEPT = 4;

/**
 * What was made of entries, by entry and by the place it stands in. An entry that did not change is the same object, so nothing is
 * written or encoded again for it: of a document that one new entry changes, the other ninety-nine are put together as they are.
 */
export class WrittenEntries<E extends object, T> {
  readonly #entries = new WeakMap<E, Map<string, T>>();

  get(entry: E, place = ""): T | undefined {
    return this.#entries.get(entry)?.get(place);
  }

  /** @returns what was set */
  set(entry: E, made: T, place = ""): T {
    const places = this.#entries.get(entry) ?? new Map<string, T>();
    const [oldest] = places.keys();
    if (places.size >= PLACES_KEPT && oldest !== undefined) places.delete(oldest);
    this.#entries.set(entry, places.set(place, made));
    return made;
  }
}
