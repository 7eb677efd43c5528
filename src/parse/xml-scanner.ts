/** What the scanner tells; offsets are positions in the text. */
export interface ScannerHandler {
  /** An opening tag is whole; its attributes are in the scanner's `attributes`. */
  onOpenTag(nameStart: number, nameEnd: number, isSelfClosing: boolean): void;
  onCloseTag(nameStart: number, nameEnd: number): void;
  /** Text between tags, references in it not decoded. */
  onText(start: number, end: number): void;
  onCdata(start: number, end: number): void;
}

const GREATER = 0x3e;
const SLASH = 0x2f;
const EQUALS = 0x3d;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const EXCLAMATION = 0x21;
const QUESTION = 0x3f;
const DASH = 0x2d;
const BRACKET = 0x5b;

const COMMENT_END = /--!?>/g;
const CDATA_WORD = "CDATA[";

/**
 * Splits XML into tags and text as htmlparser2's tokenizer does in its XML mode (a test compares them), but leaps
 * from `<` to `<` and from quote to quote with `indexOf` where that one walks from character to character; it is ten times as
 * fast. Nothing is refused: what is no tag is text, and a tag that the text breaks off in is dropped. Linear.
 */
export class XmlScanner {
  /** Of the tag being told: start and end of the name, start and end of the value, for each attribute in turn. */
  readonly attributes: number[] = [];
  /** Attributes of the tag being told, those beyond the limit included. */
  attributeCount = 0;
  /** The name of the element that is open, as written: its closing tag is recognised as a whole. The handler keeps it current. */
  openName = "";
  readonly #text: string;
  readonly #handler: ScannerHandler;
  readonly #attributesMax: number;
  #at: number;
  #isStopped = false;

  constructor(
    text: string,
    handler: ScannerHandler,
    options: { readonly start: number; readonly attributesMax: number },
  ) {
    this.#text = text;
    this.#handler = handler;
    this.#at = options.start;
    this.#attributesMax = options.attributesMax;
  }

  /** True when there is nothing more to tell. */
  get isDone(): boolean {
    return this.#isStopped || this.#at >= this.#text.length;
  }

  /** Where the next token begins. */
  get position(): number {
    return this.#at;
  }

  /** Tells no more. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Tells tokens until one ends at or behind `until`. */
  scan(until: number): void {
    const text = this.#text;
    const end = Math.min(until, text.length);
    while (this.#at < end && !this.#isStopped) {
      const start = this.#at;
      const less = nextTag(text, start);
      if (less === -1) {
        this.#at = text.length;
        this.#handler.onText(start, text.length);
        return;
      }
      if (less > start) this.#handler.onText(start, less);
      if (!this.#isStopped) this.#at = this.#scanMarkup(less);
    }
  }

  /** @returns where the next token begins */
  #scanMarkup(less: number): number {
    const code = this.#text.charCodeAt(less + 1);
    if (code === SLASH) return this.#scanCloseTag(less);
    if (code === EXCLAMATION) return this.#scanDeclaration(less);
    if (code === QUESTION) return this.#pass(less, "?>", less + 2);
    return this.#scanOpenTag(less + 1);
  }

  #scanCloseTag(less: number): number {
    const text = this.#text;
    let start = less + 2;
    const { openName } = this;
    const expectedEnd = start + openName.length;
    if (openName !== "" && text.charCodeAt(expectedEnd) === GREATER && text.startsWith(openName, start)) {
      this.#handler.onCloseTag(start, expectedEnd);
      return expectedEnd + 1;
    }
    while (isSpace(text.charCodeAt(start))) start++;
    if (text.charCodeAt(start) === SLASH) return this.#pass(start - 2, ">", start + 1);
    const end = endOfName(text, start);
    if (end === text.length) return end;
    this.#handler.onCloseTag(start, end);
    const greater = text.charCodeAt(end) === GREATER ? end : text.indexOf(">", end);
    return greater === -1 ? text.length : greater + 1;
  }

  /** A comment, a CDATA section, or a declaration, which ends at the first `>`. */
  #scanDeclaration(less: number): number {
    const text = this.#text;
    const code = text.charCodeAt(less + 2);
    if (code === BRACKET) {
      let word = 0;
      while (word < CDATA_WORD.length && text[less + 3 + word] === CDATA_WORD[word]) word++;
      if (word < CDATA_WORD.length) return this.#pass(less, ">", less + 3 + word);
      const start = less + 9;
      const end = text.indexOf("]]>", start);
      if (end !== -1 || start < text.length) this.#handler.onCdata(start, end === -1 ? text.length : end);
      return end === -1 ? text.length : end + 3;
    }
    if (code !== DASH) return this.#pass(less, ">", less + 3);
    if (text.charCodeAt(less + 3) !== DASH) return this.#pass(less, ">", less + 4);
    COMMENT_END.lastIndex = less + 4;
    return COMMENT_END.test(text) ? COMMENT_END.lastIndex : text.length;
  }

  /** Passes over what ends with `end`; without an end it is text, all of it. */
  #pass(less: number, end: string, from: number): number {
    const found = this.#text.indexOf(end, from);
    if (found !== -1) return found + end.length;
    if (less + 2 < this.#text.length) this.#handler.onText(less + 2, this.#text.length);
    return this.#text.length;
  }

  #scanOpenTag(start: number): number {
    const text = this.#text;
    const nameEnd = endOfName(text, start);
    this.attributeCount = 0;
    let at = nameEnd;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === GREATER) {
        this.#handler.onOpenTag(start, nameEnd, false);
        return at + 1;
      }
      if (code === SLASH) {
        do at++;
        while (isSpace(text.charCodeAt(at)));
        if (text.charCodeAt(at) !== GREATER) continue;
        this.#handler.onOpenTag(start, nameEnd, true);
        return at + 1;
      }
      if (isSpace(code)) at++;
      else if (at < text.length) at = this.#scanAttribute(at);
      else return at;
    }
  }

  /** @returns where the attribute ends */
  #scanAttribute(start: number): number {
    const text = this.#text;
    let at = start + 1;
    let code = text.charCodeAt(at);
    while (code !== EQUALS && code !== GREATER && code !== SLASH && !isSpace(code) && at < text.length) {
      code = text.charCodeAt(++at);
    }
    const nameEnd = at;
    while (isSpace(code)) code = text.charCodeAt(++at);
    if (code !== EQUALS) {
      this.#add(start, nameEnd, at, at);
      return at;
    }
    do code = text.charCodeAt(++at);
    while (isSpace(code));
    if (code === DOUBLE_QUOTE || code === SINGLE_QUOTE) {
      const end = text.indexOf(code === DOUBLE_QUOTE ? '"' : "'", at + 1);
      if (end === -1) return text.length;
      this.#add(start, nameEnd, at + 1, end);
      return end + 1;
    }
    const valueStart = at;
    while (code !== GREATER && !isSpace(code) && at < text.length) code = text.charCodeAt(++at);
    this.#add(start, nameEnd, valueStart, at);
    return at;
  }

  #add(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
    const at = 4 * this.attributeCount;
    if (this.attributeCount++ >= this.#attributesMax) return;
    this.attributes[at] = nameStart;
    this.attributes[at + 1] = nameEnd;
    this.attributes[at + 2] = valueStart;
    this.attributes[at + 3] = valueEnd;
  }
}

/** The next `<` that begins something: one before a blank, `>` or the end is text, and so is `</>`. */
function nextTag(text: string, from: number): number {
  for (let less = text.indexOf("<", from); less !== -1; less = text.indexOf("<", less + 1)) {
    let code = text.charCodeAt(less + 1);
    if (code === SLASH) {
      let at = less + 2;
      while (isSpace(text.charCodeAt(at))) at++;
      if (text.charCodeAt(at) !== GREATER && at < text.length) return less;
      less = at - 1;
    } else {
      code = text.charCodeAt(less + 1);
      if (code !== GREATER && !isSpace(code) && less + 1 < text.length) return less;
    }
  }
  return -1;
}

function endOfName(text: string, start: number): number {
  let at = start + 1;
  let code = text.charCodeAt(at);
  while (code !== GREATER && code !== SLASH && !isSpace(code) && at < text.length)
    code = text.charCodeAt(++at);
  return Math.min(at, text.length);
}

/** White space of HTML: blank, tab, line feed, form feed, carriage return. */
function isSpace(code: number): boolean {
  return code === 0x20 || (code <= 0x0d && code >= 0x09 && code !== 0x0b);
}
