/**
 * The texts of reports that came or were looked at last. Much that shares a paragraph with an entry is far from being the same report:
 * of those whose text is known here that is seen without asking the store for them. Pure.
 */
import { NO_BOILERPLATE } from "./boilerplate.ts";
import { SHARED_MIN, SHORT_TEXT_SHINGLES, SUPPORTED_SHARE_MIN } from "./compare.ts";
import { HashTable } from "./hash-table.ts";

/** Shingles that are kept: 16 MiB, some ten thousand reports. */
const SHINGLES_KEPT = 2 ** 22;

const REPEATED = 1;
const REPEATED_SEEN = 2;
const OWN = 3;

/** Filled for the entry at hand, and for a text that is counted meanwhile. */
const table = new HashTable();
const counted = new HashTable();
/** By the last bits of a hash: 1 where the table may have it. Most shingles of another text are told by this one look. */
const marks = new Uint8Array(2 ** 13);
const MARK_MASK = marks.length - 1;

/** Where a text comes from, and its shingles in the text's order. */
export interface SourcedText {
  readonly source: number;
  readonly shingles: Uint32Array;
}

interface KnownText extends SourcedText {
  /** Its different shingles; null until it is first looked at, which most never are. */
  size: number | null;
}

export class RecentTexts {
  readonly #shinglesKept: number;
  readonly #texts = new Map<number, KnownText>();
  #shingles = 0;

  constructor(shinglesKept = SHINGLES_KEPT) {
    this.#shinglesKept = shinglesKept;
  }

  /** Takes in the text of the report `no`, unless it is known or short. Those that were not looked at for longest make room. */
  add(no: number, { source, shingles }: SourcedText): void {
    // Where there is little text a headline is enough, and nothing could be left out.
    if (shingles.length < SHORT_TEXT_SHINGLES || this.#texts.has(no)) return;
    // A copy: what it came in may be part of something larger.
    this.#texts.set(no, { source, shingles: shingles.slice(), size: null });
    this.#shingles += shingles.length;
    for (const oldest of this.#texts.keys()) {
      if (this.#shingles <= this.#shinglesKept) break;
      this.#remove(oldest);
    }
  }

  #remove(no: number): void {
    this.#shingles -= this.#texts.get(no)?.shingles.length ?? 0;
    this.#texts.delete(no);
  }

  /** Forgets all: numbers may be given again. */
  clear(): void {
    this.#texts.clear();
    this.#shingles = 0;
  }

  /**
   * Leaves out of `nos` what the entry is no copy of for certain: reports of its own source, and those with which `compareReports`
   * would find too little shared. `boilerplateOf(source)`: what a source repeats, null where that was not found out.
   */
  sift(
    nos: readonly number[],
    entry: SourcedText,
    boilerplateOf: (source: number) => Uint32Array | null,
  ): readonly number[] {
    if (entry.shingles.length < SHORT_TEXT_SHINGLES) return nos;
    let own: FilledText | null = null;
    let repeated: Uint32Array | null = null;
    return nos.filter((no) => {
      const text = this.#texts.get(no);
      if (text === undefined) return true;
      this.#texts.delete(no);
      this.#texts.set(no, text);
      if (text.source === entry.source) return false;
      if (own === null) {
        repeated = boilerplateOf(entry.source);
        own = fillTable(entry.shingles, repeated ?? NO_BOILERPLATE);
      }
      const shared = countOwn(text.shingles);
      if (shared < SHARED_MIN) return false;
      const theirs = repeated === null ? null : boilerplateOf(text.source);
      if (repeated === null || theirs === null) return true;
      // What either source repeats counts for neither text; at most all of it stands in the shorter one.
      text.size ??= countDifferent(text.shingles);
      const size = Math.min(own.size - own.repeated, text.size - repeated.length) - theirs.length;
      return shared >= SUPPORTED_SHARE_MIN * size;
    });
  }
}

interface FilledText {
  /** Different shingles, and how many of them are repeated. */
  readonly size: number;
  readonly repeated: number;
}

function fillTable(shingles: Uint32Array, repeated: Uint32Array): FilledText {
  table.reset(shingles.length + repeated.length);
  marks.fill(0);
  table.addAll(repeated, REPEATED);
  let [size, seen] = [0, 0];
  for (let index = 0; index < shingles.length; index += 1) {
    const hash = shingles[index] ?? 0;
    const slot = table.slotOf(hash);
    const state = table.stateAt(slot);
    if (state !== 0 && state !== REPEATED) continue;
    table.put(slot, hash, state === 0 ? OWN : REPEATED_SEEN);
    marks[hash & MARK_MASK] = 1;
    size += 1;
    if (state === REPEATED) seen += 1;
  }
  return { size, repeated: seen };
}

function countDifferent(shingles: Uint32Array): number {
  counted.reset(shingles.length);
  return counted.addNew(shingles, OWN);
}

/** How many of a text's shingles are the entry's own, each as often as it stands there: no less than both have. */
function countOwn(shingles: Uint32Array): number {
  let count = 0;
  for (let index = 0; index < shingles.length; index += 1) {
    const hash = shingles[index] ?? 0;
    if (marks[hash & MARK_MASK] === 1 && table.stateOf(hash) === OWN) count += 1;
  }
  return count;
}
