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
  const known = KNOWN.get(text);
  if (known !== undefined) return known;
  return internalizeAnew(text);
}

function internalizeAnew(text: string): string {
  const holder: Record<string, boolean> = Object.create(null);
  holder[text] = true;
  for (const key in holder) return key;
  return text;
}

/** The names of nearly every document, made once for all of them. */
const KNOWN: ReadonlyMap<string, string> = new Map(
  `rss channel item title link description content:encoded pubdate guid author category comments enclosure source
   dc:creator dc:date itunes:title itunes:duration itunes:episode itunes:episodetype itunes:season itunes:explicit
   itunes:image itunes:summary itunes:author media:content media:thumbnail media:title media:description slash:comments
   wfw:commentrss atom:feed atom:entry atom:title atom:link atom:id atom:updated atom:published atom:summary atom:content
   atom:author atom:name atom:uri atom:email atom:category href rel type url length ispermalink term scheme label width
   height xmlns version`
    .split(/\s+/)
    .map((name) => [name, internalizeAnew(name)]),
);
