/** What a picture's tag may hold to be read here; a bit each, so that one that stands twice is noticed. */
const SRC = 1;
const ALT = 2;
const TITLE = 4;
const WIDTH = 8;
const HEIGHT = 16;
const IGNORED = 32;

const QUOTE = 0x22;
const SPACE = 0x20;

/**
 * Writes the tag of a picture as most programs write it: `src`, `alt`, `title`, `width`, `height` and what is left out
 * anyway, each once, in double quotes, one blank before each, no references but in the address. Nothing is put into an object:
 * pictures cost half of all cleaning otherwise. `source` has no `<` or `>` from `start` (behind the name) to `end`.
 * @returns the tag, its address last, or null when the picture needs a closer look
 */
export function writeRegularPicture(
  source: string,
  place: { readonly start: number; readonly end: number },
  isPlainPicture: (src: string) => boolean,
): string | null {
  const { end } = place;
  let at = place.start;
  let seen = 0;
  let src = "";
  let isWide = false;
  let isHigh = false;
  let written = "";
  /** What stands from here to `at` is kept as it is. */
  let keptFrom = at;
  while (at < end) {
    if (source.charCodeAt(at) !== SPACE) break;
    const kind = kindAt(source, at + 1);
    if (kind === 0) break;
    const nameEnd = source.indexOf("=", at);
    const valueEnd = source.indexOf('"', nameEnd + 2);
    if (source.charCodeAt(nameEnd + 1) !== QUOTE || valueEnd === -1 || valueEnd >= end) return null;
    if (kind !== IGNORED && (seen & kind) !== 0) return null;
    seen |= kind;
    const valueStart = nameEnd + 2;
    const isEmpty = valueEnd === valueStart;
    if (kind === SRC || kind === IGNORED || (isEmpty && kind !== ALT)) {
      if (kind === SRC) src = source.slice(valueStart, valueEnd);
      if (at > keptFrom) written += source.slice(keptFrom, at);
      keptFrom = valueEnd + 1;
    } else if (source.slice(valueStart, valueEnd).includes("&")) return null;
    else if (kind === WIDTH) isWide = isLarge(source, valueStart);
    else if (kind === HEIGHT) isHigh = isLarge(source, valueStart);
    at = valueEnd + 1;
  }
  if (!isTagEnd(source, at, end)) return null;
  if ((seen & WIDTH) !== 0 && (seen & HEIGHT) !== 0 && !isWide && !isHigh) return null;
  if ((seen & SRC) === 0 || !isPlainPicture(src)) return null;
  return `<img${written}${source.slice(keptFrom, at)} src="${src}" />`;
}

/** Nothing, ` /` or `/`. */
function isTagEnd(source: string, at: number, end: number): boolean {
  if (at === end) return true;
  return end - at <= 2 && source.slice(at, end).trim() === "/";
}

/** The attribute whose name begins at `at`; 0 for one that is not read here. */
function kindAt(source: string, at: number): number {
  switch (source.charCodeAt(at)) {
    case 0x73: // s
      return source.startsWith("src=", at) ? SRC : 0;
    case 0x61: // a
      return source.startsWith("alt=", at) ? ALT : 0;
    case 0x74: // t
      return source.startsWith("title=", at) ? TITLE : 0;
    case 0x77: // w
      return source.startsWith("width=", at) ? WIDTH : 0;
    case 0x68: // h
      return source.startsWith("height=", at) ? HEIGHT : 0;
    case 0x63: // c
      return source.startsWith("class=", at) ? IGNORED : 0;
    case 0x69: // i
      return source.startsWith("id=", at) ? IGNORED : 0;
    case 0x6c: // l
      return source.startsWith("loading=", at) ? IGNORED : 0;
    case 0x64: // d
      return source.startsWith("decoding=", at) ? IGNORED : 0;
    default:
      return 0;
  }
}

/** True if the number that begins at `at` is not 0 or 1, whatever follows. */
function isLarge(source: string, at: number): boolean {
  const first = source.charCodeAt(at);
  const second = source.charCodeAt(at + 1);
  return (
    (first >= 0x32 && first <= 0x39) || (first >= 0x30 && first <= 0x39 && second >= 0x30 && second <= 0x39)
  );
}
