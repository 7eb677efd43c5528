/** Headlines: do two say the same? Pure. */
import { tokenisePlain } from "./tokens.ts";

/** Distinctive words from which on a headline is nobody else's by chance. */
export const TITLE_WORDS_MIN = 5;

export interface Title {
  /** Hashes of its words, each once. */
  readonly words: ReadonlySet<number>;
  /** Of those, what holds a digit. */
  readonly numbers: ReadonlySet<number>;
  /** Words that say something: longer ones, numbers and names. Characters, in scripts without spaces. */
  readonly distinctive: ReadonlySet<number>;
  /** The page is said to go on changing. */
  readonly isLive: boolean;
}

/** What a site puts around a headline: its own name at the end, a label in front. */
const SITE_END = /\s+[|–—·•-]\s+[^|–—·•-]{2,40}$/u;
const LABEL =
  /^\s*(?:watch|video|live|update[ds]?|breaking|exclusive|explainer|analysis|opinion|photos?|in pictures)\s*[:|-]\s*/i;

const LIVE =
  /\b(?:live|liveblog|live blog|ticker|liveticker|minute by minute|as it happened|latest updates|rolling coverage|en direct|en vivo|minuto a minuto|in diretta|ao vivo)\b|онлайн|трансляци|прямой эфир|速報|直播/i;

export function readTitle(text: string): Title {
  const bare = text.replace(LABEL, "");
  const cut = bare.replace(SITE_END, "");
  // A headline of its own must remain.
  const kept = cut.trim().split(/\s+/).length >= 4 ? cut : bare;
  const { words, facts, lengths, unit } = tokenisePlain(kept);
  const title = {
    words: new Set<number>(),
    numbers: new Set<number>(),
    distinctive: new Set<number>(),
    isLive: LIVE.test(text),
  };
  for (const [index, word] of words.entries()) {
    title.words.add(word);
    if (facts[index] === 1) title.numbers.add(word);
    const isLong = unit !== "word" || (lengths[index] ?? 0) >= 4;
    if (isLong || facts[index] !== 0) title.distinctive.add(word);
  }
  return title;
}

/** The same headline but for a few words, with no number of either missing in the other. */
export function isTitleAlike(a: Title, b: Title): boolean {
  if (Math.min(a.distinctive.size, b.distinctive.size) < 3) return false;
  if (countShared(a.numbers, b.numbers) < Math.max(a.numbers.size, b.numbers.size)) return false;
  const shared = countShared(a.distinctive, b.distinctive);
  return shared >= 3 && shared / Math.min(a.distinctive.size, b.distinctive.size) >= 0.6;
}

/** The same headline to the word. */
export function isTitleSame(a: Title, b: Title): boolean {
  return a.words.size === b.words.size && countShared(a.words, b.words) === a.words.size;
}

export function countShared(a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a];
  let shared = 0;
  for (const value of small) if (large.has(value)) shared += 1;
  return shared;
}
