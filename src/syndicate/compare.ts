/**
 * Are two texts one report? Pure. Two texts that tell the same event are not enough: they have to be the same words, and
 * to agree in what they are about. A missed copy costs a reader one more line; a false one hides a story.
 */
import { HashTable } from "./hash-table.ts";
import type { Report } from "./report.ts";
import { widthOf } from "./shingles.ts";
import { isTitleAlike, isTitleSame, TITLE_WORDS_MIN } from "./titles.ts";

/** Why two entries are held to be copies of one report, or what came nearest to it. */
export interface Comparison {
  /** `text`: enough of it is shared. `text and title`, `text and agency`: less, but that agrees too. `title`: little text. */
  readonly rule: "text" | "text and title" | "text and agency" | "title";
  /** The part of the shorter text's shingles that the other has, 0 to 1. */
  readonly share: number;
  /** How many shingles both have. */
  readonly shared: number;
  /** The agency that either names, when not both name different ones. */
  readonly agency: string | null;
}

/** Shingles that both texts must have. */
export const SHARED_MIN = 20;
const SHARE_MIN = 0.5;
/** The part of the shorter text that must be shared, whatever else speaks for a copy. */
export const SUPPORTED_SHARE_MIN = 0.3;
/** With less text than this an entry is a teaser, and its title is looked at. */
export const SHORT_TEXT_SHINGLES = 40;

/** Words between two shared shingles that an editor may have changed; more is text of its own. */
const GAP_MAX = 12;
/** With less than half shared, so much of the shorter text must be edited rather than other text. */
const ZONE_MIN = 0.7;
/** What names and numbers in the shared part must agree at least, from so many on. */
const FACTS_MIN = 4;
const FACTS_AGREE_MIN = 0.75;
/** Names and numbers that both have in what is shared: without them a text may be a form, and must be the same nearly to the word. */
const SAME_FACTS_MIN = 4;
const NEARLY_ALL_SHARE = 0.9;
/** Where a script has no capitals, names cannot be told from words. */
const CASELESS_SHARE = 0.7;
/** So many names and numbers that stand between what is shared, not in it, are the blanks of a form. */
const BLANK_NUMBERS_MIN = 3;
const BLANK_NUMBERS_SHARE = 0.4;
const BLANK_FACTS_MIN = 4;
const BLANK_FACTS_SHARE = 0.5;
/** From two numbers on that the longer text does not know, names and numbers must agree better. */
const FOREIGN_NUMBERS_MIN = 2;
const FOREIGN_FACTS_AGREE_MIN = 0.8;
/** Where the headlines differ, too, there must be much that is shared, and of it nearly every name and each number. */
const RICH_SHARED_MIN = 60;
const RICH_FACTS_MIN = 8;
const RICH_FACTS_AGREE_MIN = 0.85;
const NUMBERS_MIN = 3;
const NUMBERS_AGREE_MIN = 0.6;
const TEASER_SHARE_MIN = 0.25;
const TEASER_WORDS_MIN = 8;

/** Whose a shingle is, in the table of shingles. */
const REPEATED = 1;
const FIRST = 2;
const SECOND = 3;
const BOTH = 4;
/** A word of the longer text; one of the shorter that was counted. */
const KNOWN = 1;
const COUNTED = 2;

/** Filled for one comparison. */
const shingleTable = new HashTable();
const wordTable = new HashTable();

/** How two entries are one report, or null when they are not. What their sources repeat in their items proves nothing. */
export function compareReports(
  a: Report,
  b: Report,
  boilerplates: readonly Uint32Array[] = [],
): Comparison | null {
  if (a.tokens.unit !== b.tokens.unit) return null;
  if (a.language !== null && b.language !== null && a.language !== b.language) return null;
  const { sizeA, sizeB, shared } = countShingles(a.shingles, b.shingles, boilerplates);
  const [shorter, longer] = sizeA <= sizeB ? [a, b] : [b, a];
  const size = Math.min(sizeA, sizeB);
  const share = size === 0 ? 0 : shared / size;
  if (shared >= SHARED_MIN && share >= SUPPORTED_SHARE_MIN) {
    const part = readSharedPart(shorter, longer);
    const agency = agencyAgreement(a, b);
    const rule =
      share >= SHARE_MIN ? "text" : supportOf({ a, b, shared, part, isOneAgency: agency.isShared });
    const isClear = share >= clearShareOf(a, b, part, rule !== "text");
    if (rule !== null && isClear && isSameMatter(part)) return { rule, share, shared, agency: agency.name };
  }
  return isTeaserOf(a, b, share)
    ? { rule: "title", share, shared, agency: agencyAgreement(a, b).name }
    : null;
}

/** How many different shingles each has that no source repeats, and how many both. Leaves whose each is in the table. */
function countShingles(
  a: Uint32Array,
  b: Uint32Array,
  boilerplates: readonly Uint32Array[],
): { readonly sizeA: number; readonly sizeB: number; readonly shared: number } {
  const repeated = boilerplates.reduce((sum, { length }) => sum + length, 0);
  shingleTable.reset(repeated + a.length + b.length);
  for (const boilerplate of boilerplates) shingleTable.addAll(boilerplate, REPEATED);
  const sizeA = shingleTable.addNew(a, FIRST);
  let [sizeB, shared] = [0, 0];
  for (let index = 0; index < b.length; index += 1) {
    const hash = b[index] ?? 0;
    const slot = shingleTable.slotOf(hash);
    const state = shingleTable.stateAt(slot);
    if (state !== 0 && state !== FIRST) continue;
    shingleTable.put(slot, hash, state === FIRST ? BOTH : SECOND);
    sizeB += 1;
    if (state === FIRST) shared += 1;
  }
  return { sizeA, sizeB, shared };
}

/** The share from which on the same words need nothing more to be one report. */
function clearShareOf(a: Report, b: Report, part: SharedPart, isSupported: boolean): number {
  // The next update of a live page is another report.
  if (a.title.isLive || b.title.isLive) return NEARLY_ALL_SHARE;
  if (part.sameFacts >= SAME_FACTS_MIN || isSupported) return 0;
  return isCaseless(a) && isCaseless(b) ? CASELESS_SHARE : NEARLY_ALL_SHARE;
}

function isCaseless({ tokens }: Report): boolean {
  return tokens.unit !== "word" || !tokens.facts.includes(2);
}

/** What else speaks for a copy of which less than half is shared. */
function supportOf(found: {
  readonly a: Report;
  readonly b: Report;
  readonly shared: number;
  readonly part: SharedPart;
  readonly isOneAgency: boolean;
}): Comparison["rule"] | null {
  const { a, b, part } = found;
  // Edited all over, not a shared paragraph beside text of one's own.
  if (part.zone < ZONE_MIN) return null;
  if (isTitleAlike(a.title, b.title)) return "text and title";
  if (found.isOneAgency) return "text and agency";
  const isRich = found.shared >= RICH_SHARED_MIN && part.facts >= RICH_FACTS_MIN;
  const isAgreed = part.sameFacts >= part.facts * RICH_FACTS_AGREE_MIN && part.sameNumbers === part.numbers;
  return isRich && isAgreed && isTitleTold(a, b) ? "text and title" : null;
}

/** Headlines that differ, while each says what the other's text tells. */
function isTitleTold(a: Report, b: Report): boolean {
  const pairs = [[a.title, b] as const, [b.title, a] as const];
  return pairs.every(([title, { tokens }]) => {
    fillWords(tokens.words);
    const told = [...title.distinctive].filter((word) => wordTable.stateOf(word) === KNOWN).length;
    return told >= 3 && told >= title.distinctive.size * 0.5;
  });
}

function fillWords(words: Uint32Array, room = 0): void {
  wordTable.reset(words.length + room);
  wordTable.addAll(words, KNOWN);
}

function agencyAgreement(a: Report, b: Report): { readonly isShared: boolean; readonly name: string | null } {
  const [first, second] = [a.agency?.name ?? null, b.agency?.name ?? null];
  const isShared = first !== null && first === second;
  const isContradicted = first !== null && second !== null && !isShared;
  return { isShared, name: isContradicted ? null : (first ?? second) };
}

/** The part of the shorter text that is shared or lies in small gaps between what is. */
interface SharedPart {
  /** Of its words, 0 to 1. */
  readonly zone: number;
  /** Different names and numbers in it, and how many of them the longer text has. */
  readonly facts: number;
  readonly sameFacts: number;
  readonly numbers: number;
  readonly sameNumbers: number;
  /** Places in it where a name or number stands; those of numbers; and of both how many are in a gap. */
  readonly factPlaces: number;
  readonly numberPlaces: number;
  readonly blankFacts: number;
  readonly blankNumbers: number;
}

/** The table of shingles is that of the two. */
function readSharedPart(shorter: Report, longer: Report): SharedPart {
  const { words, facts, unit } = shorter.tokens;
  const width = widthOf(unit);
  const covered = new Uint8Array(words.length);
  const { shingles } = shorter;
  for (let start = 0; start < shingles.length; start += 1) {
    if (shingleTable.stateOf(shingles[start] ?? 0) !== BOTH) continue;
    // Three words: `fill` takes longer to begin than to do.
    for (let index = start; index < start + width; index += 1) covered[index] = 1;
  }
  const zone = covered.slice();
  closeGaps(zone, unit === "word" ? GAP_MAX : GAP_MAX * 2);
  fillWords(longer.tokens.words, words.length);
  const part = { facts: 0, sameFacts: 0, numbers: 0, sameNumbers: 0 };
  const places = { factPlaces: 0, numberPlaces: 0, blankFacts: 0, blankNumbers: 0 };
  let zoneWords = 0;
  for (let index = 0; index < words.length; index += 1) {
    if (zone[index] === 0) continue;
    zoneWords += 1;
    if (facts[index] === 0) continue;
    const word = words[index] ?? 0;
    const [isNumber, isBlank] = [facts[index] === 1 ? 1 : 0, covered[index] === 0 ? 1 : 0];
    places.factPlaces += 1;
    places.numberPlaces += isNumber;
    places.blankFacts += isBlank;
    places.blankNumbers += isNumber * isBlank;
    const slot = wordTable.slotOf(word);
    const state = wordTable.stateAt(slot);
    if (state === COUNTED) continue;
    wordTable.put(slot, word, COUNTED);
    const isSame = state === KNOWN ? 1 : 0;
    part.facts += 1;
    part.sameFacts += isSame;
    part.numbers += isNumber;
    part.sameNumbers += isNumber * isSame;
  }
  return { zone: zoneWords / Math.max(1, words.length), ...part, ...places };
}

/** Covers what is at most so long between covered places, before the first and after the last of them. */
function closeGaps(covered: Uint8Array, gapMax: number): void {
  let last = -1;
  for (let index = 0; index <= covered.length; index += 1) {
    if (index < covered.length && covered[index] === 0) continue;
    if (index - last - 1 <= gapMax) covered.fill(1, last + 1, index);
    last = index;
  }
}

/**
 * A series with a fixed wording (weather, markets, results) shares most of its shingles and differs in names and numbers.
 * In a copy the shared part says the same of the same people, dates and amounts.
 */
function isSameMatter(part: SharedPart): boolean {
  const { facts, sameFacts, numbers, sameNumbers, blankFacts, blankNumbers } = part;
  if (blankNumbers >= BLANK_NUMBERS_MIN && blankNumbers > part.numberPlaces * BLANK_NUMBERS_SHARE)
    return false;
  if (blankFacts >= BLANK_FACTS_MIN && blankFacts > part.factPlaces * BLANK_FACTS_SHARE) return false;
  const foreignNumbers = numbers - sameNumbers;
  if (foreignNumbers >= FOREIGN_NUMBERS_MIN && sameFacts < facts * FOREIGN_FACTS_AGREE_MIN) return false;
  if (facts >= FACTS_MIN && sameFacts < facts * FACTS_AGREE_MIN) return false;
  return numbers < NUMBERS_MIN || sameNumbers >= numbers * NUMBERS_AGREE_MIN;
}

/** Where one has little text: the same headline, long enough to be nobody else's, and teasers that do not differ. */
function isTeaserOf(a: Report, b: Report, share: number): boolean {
  if (Math.min(a.shingles.length, b.shingles.length) >= SHORT_TEXT_SHINGLES) return false;
  if (!isTitleSame(a.title, b.title) || a.title.distinctive.size < TITLE_WORDS_MIN) return false;
  const shortest = Math.min(a.tokens.words.length, b.tokens.words.length);
  return shortest < TEASER_WORDS_MIN || share >= TEASER_SHARE_MIN;
}
