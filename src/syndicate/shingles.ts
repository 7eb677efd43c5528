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

/**
 * The smallest hashes of a text, ascending, each once: two texts that share shingles share these in the same proportion,
 * however long either is (a bottom-k sketch, Cohen and Kaplan 2007).
 */
export function sampleOf(shingles: Uint32Array): Uint32Array {
  const sorted = new Uint32Array(smallest(shingles)).sort();
  const sample = new Uint32Array(SAMPLE_SIZE);
  let count = 0;
  let previous = -1;
  for (const hash of sorted) {
    if (hash === previous) continue;
    if (count === SAMPLE_SIZE) break;
    sample[count] = hash;
    previous = hash;
    count += 1;
  }
  return sample.slice(0, count);
}

/** Those below a bound that leaves some three samples over, so that a long text need not be sorted whole. */
function smallest(shingles: Uint32Array): Uint32Array {
  const wanted = SAMPLE_SIZE * 3;
  if (shingles.length <= wanted * 2) return shingles;
  const bound = Math.ceil((wanted / shingles.length) * 2 ** 32);
  const low = shingles.filter((hash) => hash < bound);
  // A text that repeats itself may leave too few different ones.
  return new Set(low).size >= SAMPLE_SIZE ? low : shingles;
}
