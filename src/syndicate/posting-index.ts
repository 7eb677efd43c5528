/**
 * Which entries share sampled shingles: postings in memory, made from the samples that the store keeps. A random write for
 * each posting would cost a store more than all the rest of an entry (docs/decisions.md). Pure.
 */

/** Shingles (or one headline) that two entries must share to be worth comparing. */
export const HITS_MIN = 3;

/** Postings that stand beside each other; of more, the oldest falls out. */
const SLOTS = 10;
/** Postings of one shingle among them: what more entries say names none of them, and takes no other's place. */
const SAME_MAX = 4;
/** Postings for each bucket when a generation is full: half its slots, so that one in 250 falls out. */
const POSTINGS_PER_BUCKET = 5;
/** Postings of an entry: its sample and its headline. */
const POSTINGS_MEAN = 25;
const FIRST_CAPACITY = 16_384;
/** Numbers may have gaps: more is not taken on trust. */
const RESERVED_MAX = 2 ** 22;

/** A bucket is one line of the processor's cache: a look-up waits for memory once. */
const BUCKET_BYTES = 64;
const BUCKET_SLOTS = BUCKET_BYTES / Uint32Array.BYTES_PER_ELEMENT;
const BUCKET_TAGS = BUCKET_BYTES / Uint16Array.BYTES_PER_ELEMENT;
const FIRST_TAG = (SLOTS * Uint32Array.BYTES_PER_ELEMENT) / Uint16Array.BYTES_PER_ELEMENT;

interface Generation {
  readonly capacity: number;
  readonly buckets: number;
  /** Of a bucket the first ten: numbers of entries less the `base`, newest first; 0: empty. */
  readonly slots: Uint32Array;
  /** The same memory. Behind the numbers of a bucket, 16 bits of each one's shingle. */
  readonly tags: Uint16Array;
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

  /** Makes room in an empty index for what comes next: a look-up asks each generation, and a million grow seven. */
  reserve(count: number, first: { readonly no: number; readonly at: number }): void {
    if (this.#generations.length > 0 || count <= 0) return;
    this.#open(first.no, first.at, Math.min(count, RESERVED_MAX));
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
    return this.#open(no, at, living + 1);
  }

  #open(no: number, at: number, wanted: number): Generation {
    const capacity = Math.max(FIRST_CAPACITY, 2 ** Math.ceil(Math.log2(wanted)));
    const buckets = (capacity * POSTINGS_MEAN) / POSTINGS_PER_BUCKET;
    const memory = new ArrayBuffer(buckets * BUCKET_BYTES);
    const generation: Generation = {
      capacity,
      buckets,
      slots: new Uint32Array(memory),
      tags: new Uint16Array(memory),
      base: no,
      count: 0,
      newestAt: at,
    };
    this.#generations.push(generation);
    return generation;
  }
}

/** Samples are the smallest hashes of a text, so their upper bits are much alike: they are stirred once more. */
function bucketOf({ buckets }: Generation, hash: number): number {
  return Math.floor(((Math.imul(hash, 0x9e3779b1) >>> 0) * buckets) / 2 ** 32);
}

function tagOf(hash: number): number {
  return hash & 0xffff;
}

function put(generation: Generation, hash: number, value: number): void {
  const { slots, tags } = generation;
  const bucket = bucketOf(generation, hash);
  const start = bucket * BUCKET_SLOTS;
  const firstTag = bucket * BUCKET_TAGS + FIRST_TAG;
  const tag = tagOf(hash);
  // Everything up to the slot that is given up moves one on.
  let last = 0;
  let same = 0;
  for (let slot = 0; slot < SLOTS; slot += 1) {
    last = slot;
    if (slots[start + slot] === 0) break;
    if (tags[firstTag + slot] === tag) same += 1;
    if (same === SAME_MAX) break;
  }
  // A handful of steps, for which copyWithin takes longer to begin than to do.
  for (let slot = last; slot > 0; slot -= 1) {
    slots[start + slot] = slots[start + slot - 1] ?? 0;
    tags[firstTag + slot] = tags[firstTag + slot - 1] ?? 0;
  }
  slots[start] = value;
  tags[firstTag] = tag;
}

function count(generation: Generation, hash: number, weight: number, hits: Map<number, number>): void {
  const { slots, tags, base } = generation;
  const bucket = bucketOf(generation, hash);
  const start = bucket * BUCKET_SLOTS;
  const firstTag = bucket * BUCKET_TAGS + FIRST_TAG;
  const tag = tagOf(hash);
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const value = slots[start + slot] ?? 0;
    if (value === 0) return;
    if (tags[firstTag + slot] !== tag) continue;
    const no = base + value - 1;
    hits.set(no, (hits.get(no) ?? 0) + weight);
  }
}
