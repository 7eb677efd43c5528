/**
 * Which HTML may leave Mainstem (whatever `parse` lets in, and a little more, so that clean entries pass unchanged), and a
 * quick test for HTML that is already so.
 */

/** Elements without attributes of their own. */
const PLAIN_ELEMENTS = [
  "address article aside footer header h1 h2 h3 h4 h5 h6 hgroup main nav section",
  "dd div dl dt figcaption figure hr p pre ul menu center details summary picture",
  "abbr b bdi br cite code dfn em i kbd mark rp rt ruby s samp small span strong sub sup u var wbr big strike tt",
  "table caption tbody tfoot thead tr",
].flatMap((names) => names.split(" "));

/** Elements with the attributes they may have beside the global ones; nothing else gets out. */
const ELEMENTS: ReadonlyMap<string, readonly string[]> = new Map([
  ...PLAIN_ELEMENTS.map((name): [string, readonly string[]] => [name, []]),
  ["a", ["href", "rel", "hreflang", "type"]],
  ["img", ["src", "srcset", "sizes", "alt", "width", "height", "loading"]],
  ["source", ["src", "srcset", "sizes", "type", "media"]],
  ["audio", ["src", "controls", "preload"]],
  ["video", ["src", "controls", "preload", "poster", "width", "height"]],
  ["track", ["src", "kind", "srclang", "label"]],
  ["td", ["colspan", "rowspan", "headers", "align"]],
  ["th", ["colspan", "rowspan", "headers", "scope", "align"]],
  ["col", ["span"]],
  ["colgroup", ["span"]],
  ["ol", ["start", "reversed", "type"]],
  ["li", ["value"]],
  ["data", ["value"]],
  ["time", ["datetime"]],
  ["blockquote", ["cite"]],
  ["q", ["cite"]],
  ["del", ["cite", "datetime"]],
  ["ins", ["cite", "datetime"]],
]);
const GLOBAL_ATTRIBUTES: readonly string[] = ["dir", "lang", "title"];
const URL_ATTRIBUTES: ReadonlySet<string> = new Set(["href", "src", "cite", "poster"]);
const VOID_ELEMENTS: ReadonlySet<string> = new Set(["br", "hr", "img", "wbr", "col", "source", "track"]);
export const NESTING_MAX = 256;

export const ALLOWED_TAGS: readonly string[] = [...ELEMENTS.keys()];
export const ALLOWED_ATTRIBUTES: Readonly<Record<string, string[]>> = {
  "*": [...GLOBAL_ATTRIBUTES],
  ...Object.fromEntries([...ELEMENTS].map(([name, attributes]) => [name, [...attributes]])),
};

/** An attribute that may stay: no URL, or an absolute one of a scheme that runs nothing. */
export function isSafeAttribute(name: string, value: string): boolean {
  if (URL_ATTRIBUTES.has(name)) return /^(?:https?:\/\/[^\s/]|mailto:[^\s]|tel:[+\d])/i.test(value);
  // Every candidate of a srcset is absolute: a comma, white space and no scheme would be a relative one.
  // Markup in a text that nobody reads waits for a faulty parser.
  if (name === "title" || name === "alt") return !/<[a-z!/?]/i.test(value);
  if (name === "srcset") return value.split(/,\s+/).every((part) => /^\s*https?:\/\/[^\s/]/i.test(part));
  return true;
}

/** A tag as a serialiser writes it: lower case, attributes in double quotes, one space between. */
const TAG = /<(\/?)([a-z][a-z0-9]*)((?: [a-z]+(?:="[^"<>]*")?)*) ?(\/?)>/y;
const ATTRIBUTE = / ([a-z]+)(?:="([^"<>]*)")?/g;

/**
 * HTML that keeps to the policy and is written so plainly that every parser reads it alike: no comment, no unquoted or
 * single-quoted attribute, no stray `<` or `>`, everything closed in order. Linear. What is not so plain may still be harmless,
 * but goes through the sanitiser.
 */
export function isPlainSafeHtml(html: string): boolean {
  const open: string[] = [];
  let position = 0;
  for (;;) {
    const start = html.indexOf("<", position);
    const stray = html.indexOf(">", position);
    if (start === -1) return stray === -1 && open.length === 0;
    if (stray < start) return false;
    TAG.lastIndex = start;
    const tag = TAG.exec(html);
    const [, slash, name = "", attributes = ""] = tag ?? [];
    const allowed = ELEMENTS.get(name);
    if (tag === null || allowed === undefined) return false;
    position = TAG.lastIndex;
    if (slash === "/") {
      if (attributes !== "" || open.pop() !== name) return false;
      continue;
    }
    if (!areSafeAttributes(attributes, allowed)) return false;
    // Parsers close a link where another begins.
    if (name === "a" && open.includes("a")) return false;
    if (!VOID_ELEMENTS.has(name)) open.push(name);
    if (open.length > NESTING_MAX) return false;
  }
}

function areSafeAttributes(attributes: string, allowed: readonly string[]): boolean {
  const seen = new Set<string>();
  for (const [, name = "", value = ""] of attributes.matchAll(ATTRIBUTE)) {
    if (seen.has(name)) return false;
    seen.add(name);
    if (!allowed.includes(name) && !GLOBAL_ATTRIBUTES.includes(name)) return false;
    // An entity may hide a scheme's letters; only `&amp;` is sure to hide none.
    const isUrl = URL_ATTRIBUTES.has(name) || name === "srcset";
    if (isUrl && (!isSafeAttribute(name, value) || /&(?!amp;)/.test(value))) return false;
    // Elsewhere, what a serialiser writes.
    if ((name === "title" || name === "alt") && value.includes("&lt;")) return false;
    if (!isUrl && /&(?!(?:amp|quot|lt|gt);)/.test(value)) return false;
  }
  return true;
}
