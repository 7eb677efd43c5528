/** Attribute names in lower case, each made once; a document that uses thousands of names pays for the rest anew. */
export class LowerCaseNames {
  readonly #names = new Map<string, string>();
  static readonly #NAMES_MAX = 300;

  read(raw: string): string {
    const known = this.#names.get(raw);
    if (known !== undefined) return known;
    const name = internalize(raw.toLowerCase());
    if (this.#names.size < LowerCaseNames.#NAMES_MAX) this.#names.set(raw, name);
    return name;
  }
}

/** Elements that are passed over, counted by raw name, so that their closing tags are passed over too. */
export class SkippedElements {
  readonly #open = new Map<string, number>();

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  /** @returns how many of this name are open now */
  open(rawName: string): number {
    const count = (this.#open.get(rawName) ?? 0) + 1;
    this.#open.set(rawName, count);
    return count;
  }

  /** @returns true if the closing tag belongs to one of them */
  close(rawName: string): boolean {
    const count = this.#open.get(rawName);
    if (count === undefined) return false;
    if (count === 1) this.#open.delete(rawName);
    else this.#open.set(rawName, count - 1);
    return true;
  }

  clear(): void {
    if (this.#open.size > 0) this.#open.clear();
  }
}

/**
 * The same string, stored where the engine keeps the names that stand in source code: comparing it with one of them is comparing
 * two addresses, and an entry's children are compared some hundred times.
 */
export function internalize(text: string): string {
  const holder: Record<string, boolean> = Object.create(null);
  holder[text] = true;
  for (const key in holder) return key;
  return text;
}
