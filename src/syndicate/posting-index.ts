/**
 * Which entries share sampled shingles: postings in memory, made from the samples that the store keeps. A random write for
 * each posting would cost a store more than all the rest of an entry (docs/decisions.md). Pure.
 */

/** Shingles (or one headline) that two entries must share to be worth comparing. */
export const HITS_MIN = 3;

/** Postings that stand beside each other; of more, the oldest falls out. */
const SLOTS = 8;
/** Postings of one shingle among them: what more entries say names none of them, and takes no other's place. */
const SAME_MAX = 4;
/** Postings for each bucket when a generation is full: half its slots, so that few fall out. */
const POSTINGS_PER_BUCKET = 4;
const SAMPLE_MEAN = 24;
const FIRST_CAPACITY = 16_384;

interface Generation {
  readonly capacity: number;
  /** Numbers of entries less the `base`, newest first in each bucket; 0: empty. */
  readonly slots: Uint32Array;
  /** Beside each slot, 16 bits of its shingle. */
  readonly tags: Uint16Array;
  readonly shift: number;
  readonly base: number;
  count: number;
  newestAt: number;
}

export interface PostedEntry {
  /** The store's number, growing with time. */
  readonly no: number;
  /** When it was seen, in ms since 1970. */
  readonly at: number;
  readonly sample: Uint32Array;
  /** Hash of a headline that alone makes a candidate, or null. */
  readonly titleHash: number | null;
}

/** Postings of the entries of a window of time. Memory: some 300 to 600 bytes an entry. */
export class PostingIndex {
  readonly #windowMs: number;
  #generations: Generation[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add({ no, at, sample, titleHash }: PostedEntry): void {
    const generation = this.#current(no, at);
    generation.count += 1;
    generation.newestAt = Math.max(generation.newestAt, at);
    const value = no - generation.base + 1;
    for (const hash of sample) put(generation, hash, value);
    if (titleHash !== null) put(generation, titleHash, value);
  }

  /** Numbers of entries that share enough with a sample, those that share most first; at most `limit`. */
  find(
    { at, sample, titleHash }: Omit<PostedEntry, "no">,
    { limit }: { readonly limit: number },
  ): readonly number[] {
    const hits = new Map<number, number>();
    for (const generation of this.#generations) {
      if (at - generation.newestAt > this.#windowMs) continue;
      for (const hash of sample) count(generation, hash, 1, hits);
      if (titleHash !== null) count(generation, titleHash, HITS_MIN, hits);
    }
    return [...hits]
      .filter(([, shared]) => shared >= HITS_MIN)
      .sort((a, b) => b[1] - a[1] || a[0] - b[0])
      .slice(0, limit)
      .map(([no]) => no);
  }

  /** The generation that new entries go to. A full one stays as it is until its window is over. */
  #current(no: number, at: number): Generation {
    const last = this.#generations.at(-1);
    if (last !== undefined && last.count < last.capacity && no - last.base < 2 ** 31) return last;
    this.#generations = this.#generations.filter(({ newestAt }) => at - newestAt <= this.#windowMs);
    const living = this.#generations.reduce((sum, generation) => sum + generation.count, 0);
    const capacity = Math.max(FIRST_CAPACITY, 2 ** Math.ceil(Math.log2(living + 1)));
    const bits = Math.ceil(Math.log2((capacity * SAMPLE_MEAN) / POSTINGS_PER_BUCKET));
    const generation: Generation = {
      capacity,
      slots: new Uint32Array(2 ** bits * SLOTS),
      tags: new Uint16Array(2 ** bits * SLOTS),
      shift: 32 - bits,
      base: no,
      count: 0,
      newestAt: at,
    };
    this.#generations.push(generation);
    return generation;
  }
}

/** Samples are the smallest hashes of a text, so their upper bits are much alike: they are stirred once more. */
function bucketOf({ shift }: Generation, hash: number): number {
  return (Math.imul(hash, 0x9e3779b1) >>> shift) * SLOTS;
}

function tagOf(hash: number): number {
  return hash & 0xffff;
}

function put(generation: Generation, hash: number, value: number): void {
  const { slots, tags } = generation;
  const start = bucketOf(generation, hash);
  const tag = tagOf(hash);
  // Everything up to the slot that is given up moves one on.
  let last = start;
  let same = 0;
  for (let slot = start; slot < start + SLOTS; slot += 1) {
    last = slot;
    if (slots[slot] === 0) break;
    if (tags[slot] === tag) same += 1;
    if (same === SAME_MAX) break;
  }
  // A handful of steps, for which copyWithin takes longer to begin than to do.
  for (let slot = last; slot > start; slot -= 1) {
    slots[slot] = slots[slot - 1] ?? 0;
    tags[slot] = tags[slot - 1] ?? 0;
  }
  slots[start] = value;
  tags[start] = tag;
}

function count(generation: Generation, hash: number, weight: number, hits: Map<number, number>): void {
  const { slots, tags, base } = generation;
  const start = bucketOf(generation, hash);
  const tag = tagOf(hash);
  for (let slot = start; slot < start + SLOTS; slot += 1) {
    const value = slots[slot] ?? 0;
    if (value === 0) return;
    if (tags[slot] !== tag) continue;
    const no = base + value - 1;
    hits.set(no, (hits.get(no) ?? 0) + weight);
  }
}
