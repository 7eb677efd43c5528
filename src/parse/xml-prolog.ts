import { type EntityTable, readDoctype } from "./xml-entities.ts";

/** Where a document's root element begins, whatever stands before it. */
export interface Prolog {
  /** Local name of the root element, lower case: `rss`, `rdf`, `feed`, `opml`, `html` … */
  readonly root: string;
  readonly offset: number;
  readonly entities: EntityTable | null;
  /** Something stands before the root that belongs to no XML document. */
  readonly hasJunk: boolean;
}

/** A feed that somebody wrapped into a page: a root with the marks of a feed, not just the name. */
const FEED_IN_PAGE =
  /<(?:(?:[\w.-]{1,60}:)?feed\s[^<>]{0,2000}?www\.w3\.org\/2005\/Atom|rss\s[^<>]{0,2000}?version\s?=)/i;

/** The root of a feed that stands inside a page at or after `offset`, or null. */
export function findRootInPage(text: string, offset: number): Prolog | null {
  const match = FEED_IN_PAGE.exec(text.slice(offset));
  if (match === null) return null;
  const isAtom = !/^<rss/i.test(match[0]);
  return {
    root: isAtom ? "feed" : "rss",
    offset: offset + match.index,
    entities: null,
    hasJunk: true,
  };
}

const ROOTS = new Set(["rss", "rdf", "feed", "channel", "entry", "opml", "html"]);
const TAG_NAME = /<(?:([A-Za-z_][\w.-]{0,60}):)?([A-Za-z_][\w.-]{0,60})(?=[\s/>])/y;

/**
 * Finds the root of a feed, an OPML list or an HTML page behind blank lines, stray output of programs, comments,
 * instructions and the DOCTYPE, whose entities it reads. Linear.
 * @param budget characters that the document's own entities may add
 * @returns null when no such element is there
 * @throws EntityRefused
 */
export function findRoot(text: string, budget: number): Prolog | null {
  let entities: EntityTable | null = null;
  let hasJunk = false;
  let hasDoctype = false;
  let looseFrom = 0;
  let at = text.indexOf("<");
  while (at !== -1) {
    if (!hasJunk && hasText(text, looseFrom, at)) hasJunk = true;
    let next: number;
    if (text.startsWith("<!--", at)) next = after(text, "-->", at + 4);
    else if (text.startsWith("<![CDATA[", at)) next = after(text, "]]>", at + 9);
    else if (text.startsWith("<?", at)) next = after(text, "?>", at + 2);
    else if (/^<!doctype/i.test(text.slice(at, at + 9))) {
      if (/^\s{1,20}html\b/i.test(text.slice(at + 9, at + 40)))
        return { root: "html", offset: at, entities, hasJunk };
      const doctype = readDoctype(text, { start: at, budget: hasDoctype ? 0 : budget });
      if (doctype.table.values.size > 0) entities = doctype.table;
      hasDoctype = true;
      next = doctype.end;
    } else {
      TAG_NAME.lastIndex = at;
      const match = TAG_NAME.exec(text);
      const local = match?.[2]?.toLowerCase() ?? "";
      // `entry` and `channel` are words of other languages too: they count only where a document begins.
      const isWordOfOthers = hasJunk && (local === "entry" || local === "channel");
      if (ROOTS.has(local) && !isWordOfOthers) return { root: local, offset: at, entities, hasJunk };
      hasJunk = true;
      next = at + 1;
    }
    looseFrom = next;
    at = text.indexOf("<", next);
  }
  return null;
}

function hasText(text: string, from: number, to: number): boolean {
  return to > from && text.slice(from, to).trim() !== "";
}

function after(text: string, what: string, from: number): number {
  const found = text.indexOf(what, from);
  return found === -1 ? text.length : found + what.length;
}
