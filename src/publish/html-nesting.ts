/**
 * Whether HTML means what it says: every element stays where it is written when a parser builds its tree (WHATWG HTML 13.2.6). What
 * does not, such as a list in a paragraph or a cell without a table, is an error to validators, and each reader mends it in its
 * own way; so it is mended here, once, by the standard's rules.
 */
import { decodeHTMLStrict } from "entities";
import {
  type DefaultTreeAdapterTypes,
  defaultTreeAdapter,
  html as HTML,
  parseFragment,
  serialize,
} from "parse5";

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/** What ends an open paragraph when it begins. */
const ENDS_PARAGRAPH = words(
  "address article aside blockquote center dd details div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup hr li main menu nav ol p pre section summary table ul",
);
/** A paragraph outside of these is not ended by what begins inside. */
const BOUNDARIES = words("caption table td th");
const HEADINGS = words("h1 h2 h3 h4 h5 h6");
/** Where only parts of a table may stand, and which. */
const TABLE_PARTS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["table", words("caption colgroup col thead tbody tfoot tr")],
  ["colgroup", words("col")],
  ["thead", words("tr")],
  ["tbody", words("tr")],
  ["tfoot", words("tr")],
  ["tr", words("td th")],
]);
const ONLY_IN_TABLES = words("caption colgroup col thead tbody tfoot tr td th");
const RUBY_PARTS = words("rp rt");
/** An item ends an earlier one of its list unless one of these, or anything else of weight, stands between. */
const ITEMS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["li", words("li")],
  ["dd", words("dd dt")],
  ["dt", words("dd dt")],
]);
const TRANSPARENT = words(
  "address div p a abbr b bdi cite code del dfn em i ins kbd mark q s samp small span strong sub sup u var big strike tt data time ruby",
);
const VOID_ELEMENTS = words("br hr img wbr col source track");

const TAG = /<(\/?)([a-z][a-z0-9]*)(?![a-z0-9])[^<>]*>/g;
/** What is not white space to a parser; `trim` takes more. */
const INK = /[^ \t\n\f\r]/;
/** References that every parser reads alike; anything else is written out. */
const UNSURE_REFERENCE = /&(?!(?:amp|lt|gt|quot|nbsp|#39);)[a-z0-9#]/i;
/** What looks like a reference and does not end with its semicolon: what stands beside it says what it means (13.2.5.73). */
const OPEN_REFERENCE = /&(?!(?:#\d+|#x[\da-f]+|[a-z][a-z\d]*);)[a-z\d#]/i;
/** A reference, or an ampersand that begins none. */
const REFERENCE = /&(?:[a-z\d#]+;)?/gi;
const SURE_REFERENCES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "\u00a0": "&nbsp;",
};

/**
 * Characters instead of references (`&mdash;`), where what is meant is beyond doubt: most texts then need no parser. What no parser
 * knows stays as it is, and so does a text with references that do not end.
 */
export function writeOutReferences(html: string): string {
  if (OPEN_REFERENCE.test(html)) return html;
  return html.replace(REFERENCE, (reference) => {
    const meant = decodeHTMLStrict(reference);
    // A letter that is markup, and an ampersand that could begin a reference with what follows, stay references.
    if (meant === reference && reference !== "&") return reference;
    return meant.replace(/[&<>"'\u00a0]/g, (one) => SURE_REFERENCES[one] ?? one);
  });
}

/** @param html as `isPlainSafeHtml` lets it pass: regular tags, each closed in order */
export function isWellNested(html: string): boolean {
  if (UNSURE_REFERENCE.test(html)) return false;
  const open: string[] = [];
  let position = 0;
  for (const tag of html.matchAll(TAG)) {
    const [text, slash, name = ""] = tag;
    const parts = TABLE_PARTS.get(open.at(-1) ?? "");
    if (parts !== undefined && INK.test(html.slice(position, tag.index))) return false;
    position = tag.index + text.length;
    if (slash === "/") {
      open.pop();
      continue;
    }
    if (!mayBegin(name, open)) return false;
    if (!VOID_ELEMENTS.has(name)) open.push(name);
  }
  return true;
}

function mayBegin(name: string, open: readonly string[]): boolean {
  const parent = open.at(-1) ?? "";
  const parts = TABLE_PARTS.get(parent);
  if (parts !== undefined) return parts.has(name);
  if (ONLY_IN_TABLES.has(name)) return false;
  if (name === "a" && open.includes("a")) return false;
  if (HEADINGS.has(name) && HEADINGS.has(parent)) return false;
  if (RUBY_PARTS.has(name) && open.includes("ruby") && parent !== "ruby") return false;
  if (ENDS_PARAGRAPH.has(name)) {
    const inner = open.slice(open.findLastIndex((one) => BOUNDARIES.has(one)) + 1);
    if (inner.includes("p")) return false;
  }
  const ended = ITEMS.get(name);
  if (ended === undefined) return true;
  const nearest = open.findLast((one) => ended.has(one) || !TRANSPARENT.has(one));
  return nearest === undefined || !ended.has(nearest);
}

/**
 * The HTML as its tree is in the body of a page, written anew. A heading in a heading and a reading that is not directly in its
 * ruby, which a parser leaves there, lose their tag, and paragraphs that were ended before they began are left out.
 */
export function nestAnew(html: string): string {
  const tree = parseFragment(BODY, html, {});
  tidy(tree, false);
  return serialize(tree).trim();
}

const BODY = defaultTreeAdapter.createElement("body", HTML.NS.HTML, []);

function tidy(parent: DefaultTreeAdapterTypes.ParentNode, isInRuby: boolean): void {
  const isInHeading = HEADINGS.has(parent.nodeName);
  const isRuby = parent.nodeName === "ruby";
  for (const node of [...parent.childNodes]) {
    if (!("childNodes" in node)) continue;
    const isStray = isInRuby && !isRuby && RUBY_PARTS.has(node.nodeName);
    if (isStray || (isInHeading && HEADINGS.has(node.nodeName))) {
      node.nodeName = "span";
      node.tagName = "span";
    }
    tidy(node, isInRuby || isRuby);
    if (node.nodeName === "p" && node.childNodes.every(isBlank)) defaultTreeAdapter.detachNode(node);
  }
}

function isBlank(node: DefaultTreeAdapterTypes.ChildNode): boolean {
  return defaultTreeAdapter.isTextNode(node) && node.value.trim() === "";
}
