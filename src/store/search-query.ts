/** A word or phrase that a search asks for. */
export interface SearchTerm {
  /** What to find: one word, or several that follow each other. */
  readonly text: string;
  /** The last word may go on: `feed*`. */
  readonly isPrefix: boolean;
}

/** `all` of these groups must be found, of each group `any` term; and nothing of `none`. */
export interface SearchQuery {
  readonly all: readonly (readonly SearchTerm[])[];
  readonly none: readonly SearchTerm[];
}

const termsMax = 32;
const queryLengthMax = 1000;

/**
 * Reads what people write into a search box: words (all must be there), `"a phrase"`, `-without`, `begin*`, `this OR that`.
 * Nothing is a mistake: signs that mean nothing are left out. A query without a word to find (`all` is empty) finds nothing.
 */
export function parseSearch(text: string): SearchQuery {
  const all: SearchTerm[][] = [];
  const none: SearchTerm[] = [];
  let isAlternative = false;
  const tokens = text.slice(0, queryLengthMax).matchAll(/(-?)(?:"([^"]*)"?|([^\s"]+))(\*?)/gu);
  for (const [, minus, phrase, word] of [...tokens].slice(0, termsMax)) {
    if (word === "OR" && minus === "") {
      isAlternative = all.length > 0;
      continue;
    }
    const raw = phrase ?? word ?? "";
    const term = {
      text: raw.replace(/\*+$/, "").trim(),
      isPrefix: phrase === undefined && raw.endsWith("*"),
    };
    if (!/[\p{L}\p{N}]/u.test(term.text)) continue;
    const group = all.at(-1);
    if (minus === "-") none.push(term);
    else if (isAlternative && group !== undefined) group.push(term);
    else all.push([term]);
    isAlternative = false;
  }
  return { all, none };
}
