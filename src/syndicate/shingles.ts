/** Shingles: every run of neighbouring words, hashed, and the sample of them by which copies find each other. Pure. */
import { mix, type TextUnit, type Tokens } from "./tokens.ts";

/** Words of one shingle. Three words of English are about five characters of Chinese, and nine of Thai. */
const WIDTHS: Readonly<Record<TextUnit, number>> = { word: 3, han: 5, thai: 9 };

/** Shingles that stand in the index for an entry: all of a short text, about one in sixteen of a report. */
export const SAMPLE_SIZE = 24;

export function widthOf(unit: TextUnit): number {
  return WIDTHS[unit];
}

/** A hash (32 bits) for each place at which a shingle begins, in the text's order. */
export function shinglesOf({ words, unit }: Tokens): Uint32Array {
  const width = WIDTHS[unit];
  const shingles = new Uint32Array(Math.max(0, words.length - width + 1));
  for (let start = 0; start < shingles.length; start += 1) {
    let hash = 0;
    for (let offset = 0; offset < width; offset += 1) {
      hash = Math.imul(hash, 0x9e3779b1) + (words[start + offset] ?? 0);
    }
    shingles[start] = mix(hash);
  }
  return shingles;
}

/** Where the small hashes of the text under way are gathered. */
let scratch = new Uint32Array(4096);

/**
 * The smallest hashes of a text, ascending, each once: two texts that share shingles share these in the same proportion,
 * however long either is (a bottom-k sketch, Cohen and Kaplan 2007).
 */
export function sampleOf(shingles: Uint32Array): Uint32Array {
  const { length } = shingles;
  // Those below a bound that leaves some twice the sample, so that a long text need not be sorted whole.
  const wanted = SAMPLE_SIZE * 2;
  const bound = length <= wanted * 2 ? 2 ** 32 : (wanted / length) * 2 ** 32;
  if (length > scratch.length) scratch = new Uint32Array(length);
  const low = scratch;
  let count = 0;
  for (let index = 0; index < length; index += 1) {
    const hash = shingles[index] ?? 0;
    if (hash < bound) low[count++] = hash;
  }
  const sample = smallestOf(low.subarray(0, count).sort());
  // A text that repeats itself may have left too few.
  return sample.length === SAMPLE_SIZE || count === length ? sample : smallestOf(shingles.slice().sort());
}

/** The first different ones of an ascending list. */
function smallestOf(sorted: Uint32Array): Uint32Array {
  const sample = new Uint32Array(SAMPLE_SIZE);
  let count = 0;
  for (let index = 0; index < sorted.length && count < SAMPLE_SIZE; index += 1) {
    const hash = sorted[index] ?? 0;
    if (count === 0 || hash !== sample[count - 1]) sample[count++] = hash;
  }
  return sample.slice(0, count);
}
