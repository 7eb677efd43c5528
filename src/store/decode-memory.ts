/**
 * Remembers what stored JSON says. The stories of a feed are read again at every change, nearly all of them as they were; the
 * same text gives the very same object, so that whoever works on it can tell at a glance that nothing changed.
 */
export class DecodeMemory<T extends object> {
  readonly #decode: (json: string) => T | null;
  readonly #lengthMax: number;
  readonly #known = new Map<string, T>();
  #length = 0;

  /** @param lengthMax how many characters of JSON are remembered at most */
  constructor(decode: (json: string) => T | null, { lengthMax }: { readonly lengthMax: number }) {
    this.#decode = decode;
    this.#lengthMax = lengthMax;
  }

  /** What the text says, or null where it is unreadable. Nobody may change what this gives. */
  read(json: string): T | null {
    const known = this.#known.get(json);
    if (known !== undefined) return known;
    const decoded = this.#decode(json);
    if (decoded === null) return null;
    this.#known.set(json, decoded);
    this.#length += json.length;
    for (const oldest of this.#known.keys()) {
      if (this.#length <= this.#lengthMax) break;
      this.#known.delete(oldest);
      this.#length -= oldest.length;
    }
    return decoded;
  }
}
