/**
 * Which stories are one. Stored stories go by their number; stories that a poll founds go by -1, -2, … until they are
 * stored. Pure; every engine shares it.
 */

/** A story's number when positive, else the -n-th story that this poll founds. */
export type StoryRef = number;

/** `apart`: an operator split it off, no poll may join it to another. `joined`: an operator merged into it. */
export type StoryPin = "none" | "joined" | "apart";

/** By the number that stands for one in the store. */
export const STORY_PINS: readonly StoryPin[] = ["none", "joined", "apart"];

/** A union-find over stories in which the oldest of a cluster speaks for it, and which respects the operator's pins. */
export class StoryClusters {
  readonly #parents = new Map<StoryRef, StoryRef>();
  readonly #pins = new Map<StoryRef, StoryPin>();

  /** Makes a story known; a second time changes nothing. */
  add(ref: StoryRef, pin: StoryPin): void {
    if (this.#parents.has(ref)) return;
    this.#parents.set(ref, ref);
    this.#pins.set(ref, pin);
  }

  /** The story that speaks for the cluster of `ref`. */
  find(ref: StoryRef): StoryRef {
    let root = ref;
    for (let up = this.#parents.get(root); up !== undefined && up !== root; up = this.#parents.get(root))
      root = up;
    for (let at = ref; at !== root; ) {
      const up = this.#parents.get(at) ?? root;
      this.#parents.set(at, root);
      at = up;
    }
    return root;
  }

  pinOf(ref: StoryRef): StoryPin {
    return this.#pins.get(this.find(ref)) ?? "none";
  }

  /** Adds a pin; `apart` outweighs `joined`. */
  pin(ref: StoryRef, pin: StoryPin): void {
    this.#pins.set(this.find(ref), strongestPin(this.pinOf(ref), pin));
  }

  /** Unites two stories if no pin forbids it: one set apart stays so, and two pinned ones are two on purpose. */
  unite(a: StoryRef, b: StoryRef): void {
    const pins = [this.pinOf(a), this.pinOf(b)];
    if (pins.includes("apart") || !pins.includes("none")) return;
    this.force(a, b);
  }

  /** Unites two stories whatever the pins say: for one that has lost its last sighting. */
  force(a: StoryRef, b: StoryRef): void {
    const roots = [this.find(a), this.find(b)];
    const [older, younger] = roots.sort(compareAge);
    if (older === undefined || younger === undefined || older === younger) return;
    const pin = strongestPin(this.pinOf(older), this.pinOf(younger));
    this.#parents.set(younger, older);
    this.#pins.set(older, pin);
  }

  /** Every cluster with its members, the speaker's own ref included. */
  list(): Map<StoryRef, StoryRef[]> {
    const clusters = new Map<StoryRef, StoryRef[]>();
    for (const ref of this.#parents.keys()) {
      const root = this.find(ref);
      const members = clusters.get(root);
      if (members === undefined) clusters.set(root, [ref]);
      else members.push(ref);
    }
    return clusters;
  }
}

/** The pin that holds for a story made of two. */
export function strongestPin(a: StoryPin, b: StoryPin): StoryPin {
  if (a === "apart" || b === "apart") return "apart";
  return a === "joined" || b === "joined" ? "joined" : "none";
}

/** Sorts stories, the oldest first: stored ones by number, then founded ones in order. */
export function compareAge(a: StoryRef, b: StoryRef): number {
  if (a > 0 !== b > 0) return a > 0 ? -1 : 1;
  return a > 0 ? a - b : b - a;
}
