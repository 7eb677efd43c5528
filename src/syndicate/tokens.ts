/**
 * An entry's text as hashed words, in one pass over its characters. `Intl.Segmenter` gives the same words at some fifteen
 * times the cost (docs/decisions.md), and every new entry of every source passes here.
 */
import { decodeHTML } from "entities";

/** What is counted as one word: a run of letters, or one character where a script writes no spaces. */
export type TextUnit = "word" | "han" | "thai";

export interface Tokens {
  /** A 32-bit hash of each word, folded to lower case. */
  readonly words: Uint32Array;
  /** Beside each word: 1 for one that holds a digit, 2 for a name (a capital inside a sentence), else 0. */
  readonly facts: Uint8Array;
  readonly unit: TextUnit;
}

export interface PlainTokens extends Tokens {
  /** Beside each word: its letters and digits, 255 at most. */
  readonly lengths: Uint8Array;
}

/** More of one entry is not looked at. */
const TEXT_LENGTH_MAX = 100_000;
const WORDS_MAX = 12_000;

const BREAK = 0;
const LETTER = 1;
const DIGIT = 2;
/** Written without spaces: each character stands alone. */
const HAN = 3;
const THAI = 4;
/** Part of a word, but of no account: apostrophes, soft hyphens, combining marks. */
const SILENT = 5;
/** Ends a sentence, so that a capital after it says nothing. */
const STOP = 6;
const SPACE = 7;

/** Of a character: its kind in the upper half, its lower case (one UTF-16 unit) in the lower. */
let table: Uint32Array | null = null;

/** All characters of the basic plane; made once, in some 20 ms. Characters beyond it are breaks. */
function characterTable(): Uint32Array {
  if (table !== null) return table;
  table = new Uint32Array(65_536);
  for (let code = 0; code < 65_536; code += 1) {
    const character = String.fromCharCode(code);
    const lower = character.toLowerCase();
    table[code] = (kindOf(character) << 16) | (lower.length === 1 ? lower.charCodeAt(0) : code);
  }
  return table;
}

/** Where the words of the text under way are gathered; what is returned are copies. */
const scratch = {
  words: new Uint32Array(WORDS_MAX),
  facts: new Uint8Array(WORDS_MAX),
  lengths: new Uint8Array(WORDS_MAX),
};

function kindOf(character: string): number {
  if (/\s/.test(character)) return SPACE;
  if (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(character)) return HAN;
  if (/[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u.test(character)) {
    return /\p{L}/u.test(character) ? THAI : SILENT;
  }
  if (/\p{N}/u.test(character)) return DIGIT;
  if (/\p{L}/u.test(character)) return LETTER;
  if (/[\p{M}'’ʼ\u00ad\u200b-\u200d\u2060]/u.test(character)) return SILENT;
  return /[.!?:;…。！？：•|"“”«»„()[\]—–]/u.test(character) ? STOP : BREAK;
}

/** Captions and credits of pictures are not the report; they name the picture's agency. */
const CAPTION_TAGS = /<(\/?)(figcaption|figure|aside)(?![\w-])[^<>]*>/gi;

/** Sanitised HTML (or plain text) without captions, entities decoded; tags are left in. */
export function readableHtml(html: string): string {
  let text = html.length > TEXT_LENGTH_MAX ? html.slice(0, TEXT_LENGTH_MAX) : html;
  if (text.includes("<fig") || text.includes("<aside")) text = withoutCaptions(text);
  if (text.includes("&")) {
    // What is text must not become a tag by decoding.
    text = decodeHTML(text.replace(/&(?:lt|#60|#x3c);/gi, " "));
  }
  return normalise(text);
}

/** What composes nothing: up to U+02FF, and common quotation marks and dashes. Most texts, which need not be walked for it. */
const COMPOSING = /[^\u0000-\u02ff\u2010-\u2027]/;

function normalise(text: string): string {
  return COMPOSING.test(text) ? text.normalize("NFC") : text;
}

/** Each such element goes, up to the first end tag of its name; one that never ends stays. Linear, unlike an expression. */
function withoutCaptions(html: string): string {
  const tags = [...html.matchAll(CAPTION_TAGS)];
  const ends = new Map<string, number>();
  const elements: { readonly start: number; readonly end: number }[] = [];
  for (const { index, 0: tag, 1: slash, 2: name = "" } of tags.reverse()) {
    const end = ends.get(name.toLowerCase());
    if (slash !== "") ends.set(name.toLowerCase(), index + tag.length);
    else if (end !== undefined) elements.push({ start: index, end });
  }
  let kept = "";
  let keptTo = 0;
  for (const { start, end } of elements.reverse()) {
    if (start < keptTo) continue;
    kept += `${html.slice(keptTo, start)} `;
    keptTo = end;
  }
  return kept + html.slice(keptTo);
}

/** The words of sanitised HTML. Tags part words only where they are not inside one. */
export function tokenise(html: string): Tokens {
  return tokeniseText(readableHtml(html), { hasTags: true });
}

/** The words of plain text. */
export function tokenisePlain(text: string): PlainTokens {
  const tokens = tokeniseText(normalise(text.slice(0, TEXT_LENGTH_MAX)), { hasTags: false });
  return { ...tokens, lengths: scratch.lengths.slice(0, tokens.words.length) };
}

// One loop over local variables: a function for the end of a word, which would have to share them, doubles its cost.
function tokeniseText(text: string, { hasTags }: { readonly hasTags: boolean }): Tokens {
  const characters = characterTable();
  const { words, facts, lengths } = scratch;
  const { length } = text;
  let count = 0;
  let hanCount = 0;
  let thaiCount = 0;
  let isAfterStop = true;
  for (let index = 0; index < length && count < WORDS_MAX; index += 1) {
    let code = text.charCodeAt(index);
    let character = characters[code] ?? 0;
    let kind = character >>> 16;
    if (kind === LETTER || kind === DIGIT) {
      const isCapital = (character & 0xffff) !== code;
      let hasDigit = false;
      let hash = 0x811c9dc5;
      let letters = 0;
      // The whole word, letters in a loop of their own; what is silent between letters is passed over, so that don't and don’t are one word.
      for (;;) {
        if (kind === LETTER) {
          const from = index;
          do {
            hash = Math.imul(hash ^ (character & 0xffff), 0x01000193);
            index += 1;
            if (index >= length) break;
            code = text.charCodeAt(index);
            character = characters[code] ?? 0;
            kind = character >>> 16;
          } while (kind === LETTER);
          letters += index - from;
          if (index >= length) break;
          continue;
        }
        if (kind === DIGIT) {
          letters += 1;
          hasDigit = true;
          hash = Math.imul(hash ^ (character & 0xffff), 0x01000193);
        } else if (hasTags && code === 0x3c) {
          const end = tagEnd(text, index);
          if (end === index || !INLINE.test(text.slice(index, index + 10))) break;
          index = end;
        } else if (kind !== SILENT) break;
        index += 1;
        if (index >= length) break;
        code = text.charCodeAt(index);
        character = characters[code] ?? 0;
        kind = character >>> 16;
      }
      words[count] = mix(hash);
      facts[count] = hasDigit ? 1 : isCapital && !isAfterStop ? 2 : 0;
      lengths[count] = letters;
      count += 1;
      isAfterStop = false;
      if (index >= length || count === WORDS_MAX) break;
    }
    if (hasTags && code === 0x3c) {
      const end = tagEnd(text, index);
      if (end > index) {
        const isInline = INLINE.test(text.slice(index, index + 10));
        index = end;
        if (!isInline) isAfterStop = true;
        continue;
      }
    }
    if (kind === STOP) isAfterStop = true;
    else if (kind === HAN || kind === THAI) {
      words[count] = mix(code);
      facts[count] = 0;
      lengths[count] = 1;
      count += 1;
      if (kind === HAN) hanCount += 1;
      else thaiCount += 1;
      isAfterStop = false;
    }
  }
  const unit = hanCount * 3 > count ? "han" : thaiCount * 3 > count ? "thai" : "word";
  // One buffer for both: memory outside of the heap is dear to get and to give back.
  const buffer = new ArrayBuffer(count * 5);
  const kept = { words: new Uint32Array(buffer, 0, count), facts: new Uint8Array(buffer, count * 4, count) };
  kept.words.set(words.subarray(0, count));
  kept.facts.set(facts.subarray(0, count));
  return { ...kept, unit };
}

/** Where the tag that begins here ends; `start` itself when this is no tag. */
function tagEnd(text: string, start: number): number {
  const next = text.charCodeAt(start + 1) | 0x20;
  const isTag = (next >= 0x61 && next <= 0x7a) || next === 0x2f || next === 0x21;
  const end = isTag ? text.indexOf(">", start) : -1;
  return end < 0 ? start : end;
}

const INLINE =
  /^<\/?(?:a|abbr|b|bdi|bdo|cite|code|data|del|dfn|em|i|ins|kbd|mark|q|s|samp|small|span|strong|sub|sup|time|u|var|wbr)(?=[\s/>])/i;

/** The finaliser of MurmurHash3: every bit of the input stirs every bit of the output. */
export function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
