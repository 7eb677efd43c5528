import { ALLOWED_TAGS, allowedAttributes } from "./html-policy.ts";

/** What is known of an element that the quick way cleans. */
export interface TagRule {
  readonly name: string;
  readonly isVoid: boolean;
  /** The tag may not be published; what it holds may. */
  readonly isDropped: boolean;
  /** Neither the tag nor what it holds may be published. */
  readonly isSkipped: boolean;
  /** What it holds is for readers without scripts, and may repeat a picture that a script would load. */
  readonly isNoscript: boolean;
  /** Elements that an HTML parser closes by itself when this one begins. */
  readonly impliedEnds: ReadonlySet<string>;
  /** It has URLs, or attributes that need a reader. */
  readonly isRead: boolean;
  /** Attributes worth reading; all others are left out. */
  readonly readable: ReadonlySet<string>;
  /** Bit n is set if one of those begins with the letter n: most others need no closer look. */
  readonly readableLetters: number;
  /** Attributes that may be published. */
  readonly allowed: ReadonlySet<string>;
}

const LETTER_A = 0x61;

function wordsOf(text: string): readonly string[] {
  return text.split(" ");
}

/** Allowed elements that are more than a tag: media have sources inside and attributes without values. */
const LEFT_TO_LIBRARY = new Set(["picture", "source", "video", "audio"]);
const DROPPED = wordsOf("center font nobr acronym noscript");
const SKIPPED = wordsOf("script style iframe");
const VOID = new Set(["br", "col", "hr", "img", "wbr"]);
const WITH_URLS = new Set(["a", "abbr", "img", "blockquote", "q", "ins", "del"]);

/** What htmlparser2 closes when an element begins, as far as these elements go. */
const ENDS_PARAGRAPH = new Set(
  wordsOf(
    "address article aside blockquote details div dl figcaption figure footer header h1 h2 h3 h4 h5 h6 hr main nav ol p pre section table ul",
  ),
);
const HEADINGS = wordsOf("h1 h2 h3 h4 h5 h6");
const OTHER_ENDS: Readonly<Record<string, readonly string[]>> = {
  a: ["a"],
  li: ["li"],
  tr: ["tr", "th", "td"],
  th: ["th"],
  td: ["thead", "th", "td"],
  tbody: ["thead", "tbody"],
  tfoot: ["thead", "tbody"],
  dd: ["dd", "dt"],
  dt: ["dd", "dt"],
  rt: ["rt", "rp"],
  rp: ["rt", "rp"],
};

/** Attributes that tell what a picture is and where it comes from, besides those that are published. */
const PICTURE_ATTRIBUTES = wordsOf(
  "style data-src data-lazy-src data-original data-original-src data-orig-file data-srcset data-lazy-srcset",
);

const RULES: ReadonlyMap<string, TagRule> = new Map(
  [...ALLOWED_TAGS.filter((name) => !LEFT_TO_LIBRARY.has(name)), ...DROPPED, ...SKIPPED].map((name) => [
    name,
    ruleOf(name),
  ]),
);

const RULES_BY_LETTER: readonly (readonly TagRule[])[] = Array.from({ length: 26 }, (_, letter) =>
  [...RULES.values()]
    .filter(({ name }) => name.charCodeAt(0) === LETTER_A + letter)
    .sort((a, b) => a.name.length - b.name.length),
);

function ruleOf(name: string): TagRule {
  const allowed = allowedAttributes(name);
  const impliedEnds = new Set(OTHER_ENDS[name] ?? []);
  if (ENDS_PARAGRAPH.has(name)) impliedEnds.add("p");
  if (HEADINGS.includes(name)) for (const heading of HEADINGS) impliedEnds.add(heading);
  const readable = name === "img" ? new Set([...allowed, ...PICTURE_ATTRIBUTES]) : allowed;
  return {
    name,
    isVoid: VOID.has(name),
    isDropped: DROPPED.includes(name),
    isSkipped: SKIPPED.includes(name),
    isNoscript: name === "noscript",
    impliedEnds,
    isRead: WITH_URLS.has(name),
    readable,
    readableLetters: [...readable].reduce((bits, attribute) => bits | letterBit(attribute.charCodeAt(0)), 0),
    allowed,
  };
}

/** The bit of a lower-case letter in `readableLetters`. */
export function letterBit(code: number): number {
  return 1 << (code - LETTER_A);
}

/** The rule of the element whose name begins at `start` in lower case, found without making a string of the name. */
export function ruleAt(source: string, start: number): TagRule | undefined {
  const rules = RULES_BY_LETTER[source.charCodeAt(start) - LETTER_A];
  if (rules === undefined) return undefined;
  for (let n = 0; n < rules.length; n++) {
    const rule = rules[n];
    if (rule === undefined) break;
    const { length } = rule.name;
    if (
      !isNameCode(source.charCodeAt(start + length)) &&
      (length === 1 || source.startsWith(rule.name, start))
    )
      return rule;
  }
  return undefined;
}

const NAME = /[a-zA-Z][a-zA-Z0-9]{0,19}(?![^\s/>])/y;

/** The same for a name in any case. */
export function ruleOfAnyCase(source: string, start: number): TagRule | undefined {
  NAME.lastIndex = start;
  const name = NAME.exec(source)?.[0];
  return name === undefined ? undefined : RULES.get(name.toLowerCase());
}

/** A lower-case letter, a digit, or an upper-case letter. */
export function isNameCode(code: number): boolean {
  return (
    (code >= LETTER_A && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a)
  );
}
