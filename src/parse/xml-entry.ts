import type { Category, Entry, EntrySource, Link, Person, StatedOriginal } from "../model.ts";
import { cutText, htmlOfConstruct, sourceOfConstruct, textOfConstruct } from "./construct.ts";
import { parseDate } from "./date.ts";
import { collapseWhitespace, hasMarkup, textOfHtml } from "./html.ts";
import type { ParseLimits } from "./limits.ts";
import { distinctPeople, makePerson, parsePerson } from "./person.ts";
import { isHttpUrl, resolveHttpUrl } from "./url.ts";
import type { WarningLog } from "./warning-log.ts";
import type { XmlElement } from "./xml-element.ts";
import {
  CATEGORIES,
  CATEGORY_KEYS,
  CONTENT_KEYS,
  CONTENTS,
  CONTRIBUTORS,
  EPISODE,
  KEYWORD_KEYS,
  MEDIA,
  PICTURES,
  REPLIES,
  RIGHTS,
  RIGHTS_KEYS,
  SOURCES,
  STATED,
  UPDATED,
  UPDATED_KEYS,
} from "./xml-groups.ts";
import { chooseUrl, readLinks, readRel } from "./xml-links.ts";
import { mediaChild, readEnclosures, readEpisode, readImageUrl } from "./xml-media.ts";

/** What an entry needs to know of the document it stands in. */
export interface EntryContext {
  /** Base for relative URLs where no `xml:base` says another. */
  readonly base: string | null;
  readonly limits: ParseLimits;
  readonly log: WarningLog;
}

/** An entry's element, or a feed's children gathered. */
export interface HasChildren {
  readonly children: readonly XmlElement[];
}

const NOTHING: readonly never[] = [];
const TERM_LENGTH_MAX = 300;
const GUID_LENGTH_MAX = 8192;

/**
 * Makes an entry of an `item` (RSS 0.90 to 2.0, RDF) or an `entry` (Atom 0.3 and 1.0), with the modules in it.
 * @returns null for an element that says nothing.
 */
export function readEntry(element: XmlElement, context: EntryContext): Entry | null {
  if (isEmpty(element)) {
    context.log.add("empty-entry", "an entry without anything in it is left out", element.offset);
    return null;
  }
  const base = element.base ?? context.base;
  const links = readLinks(element, base, context.log);
  const guid = readGuid(element);
  const permalink = permalinkOf(element, guid);
  const episode = element.holds(EPISODE) ? readEpisode(element) : undefined;
  const url =
    chooseUrl(links) ?? permalink ?? contentSource(element, base) ?? addressInId(element, guid, links);
  return {
    guid,
    url,
    title: readTitle(element, context.limits.titleLength),
    authors: readAuthors(element, base),
    contributors: element.holds(CONTRIBUTORS) ? readContributors(element, base) : NOTHING,
    published: firstDate(element, PUBLISHED_KEYS, context.log),
    updated: element.holds(UPDATED) ? firstDate(element, UPDATED_KEYS, context.log) : null,
    ...readTexts(element, base),
    categories: element.holds(CATEGORIES) ? readCategories(element) : NOTHING,
    enclosures: element.holds(MEDIA) ? readEnclosures(element, base, context.log) : NOTHING,
    links,
    statedOriginals: readStatedOriginals(element, { url, permalink, links, base }),
    source: element.holds(SOURCES) ? readSource(element, base) : null,
    commentsUrl: element.holds(REPLIES) ? readCommentsUrl(element, base, links) : null,
    language: element.textOf("dc:language") ?? element.textOf("language") ?? element.language,
    rights: element.holds(RIGHTS) ? readRights(element) : null,
    imageUrl: element.holds(PICTURES) ? readImageUrl(element, base) : null,
    ...(episode !== undefined && { episode }),
  };
}

/** True if no element known here says anything at all. */
function isEmpty(element: XmlElement): boolean {
  if (element.attribute("rdf:about") !== null) return false;
  return element.children.every(
    (child) =>
      child.text.trim() === "" && child.markup === null && child.attributes.length === 0 && isEmpty(child),
  );
}

// ---- address and id ------------------------------------------------------------------------------------------------

/** The id as published: a guid, an Atom id, what an RDF item is about. White space inside is folded: ids go into headers. */
function readGuid(element: XmlElement): string | null {
  const text =
    element.textOf("guid") ??
    element.textOf("atom:id") ??
    element.textOf("id") ??
    element.attribute("rdf:about") ??
    element.textOf("dc:identifier");
  const guid = text === null ? "" : collapseWhitespace(text);
  return guid === "" ? null : guid.slice(0, GUID_LENGTH_MAX);
}

/** A guid that is a URL and does not say that it is no permalink (RSS 2.0 `isPermaLink`). */
function permalinkOf(element: XmlElement, guid: string | null): string | null {
  const guidElement = element.child("guid");
  if (guid === null || guidElement === null) return null;
  if (guidElement.attribute("ispermalink")?.trim().toLowerCase() === "false") return null;
  return isHttpUrl(guid) ? resolveHttpUrl(guid, null) : null;
}

/** An Atom id that is a web address, for entries that have no link at all: better than nothing to open. */
function addressInId(element: XmlElement, guid: string | null, links: readonly Link[]): string | null {
  if (guid === null || links.length > 0 || element.child("atom:id") === null) return null;
  return isHttpUrl(guid) ? resolveHttpUrl(guid, null) : null;
}

/** The address of content that is kept elsewhere as a page (RFC 4287 4.1.3.2), for entries without a link. */
function contentSource(element: XmlElement, base: string | null): string | null {
  const content = element.child("atom:content");
  const src = content?.attribute("src");
  if (content == null || src == null || !/html/.test(content.attribute("type") ?? "html")) return null;
  return resolveHttpUrl(src, content.base ?? base);
}

const STATING_RULES = ["feedburner:origLink", "pheedo:origLink"] as const;

function readStatedOriginals(
  element: XmlElement,
  known: {
    readonly url: string | null;
    readonly permalink: string | null;
    readonly links: readonly Link[];
    readonly base: string | null;
  },
): readonly StatedOriginal[] {
  const stated: StatedOriginal[] = [];
  for (const rule of element.holds(STATED) ? STATING_RULES : NOTHING) {
    const text = element.textOf(rule.toLowerCase());
    const url = text === null ? null : resolveHttpUrl(text, known.base);
    if (url !== null) stated.push({ rule, url });
  }
  const canonical = known.links.find((link) => link.rel === "canonical");
  if (canonical !== undefined) stated.push({ rule: "rel=canonical", url: canonical.href });
  const { permalink } = known;
  const hasLink = known.links.some((link) => link.rel === "alternate");
  if (permalink !== null && (permalink !== known.url || !hasLink))
    stated.push({ rule: "permalink-guid", url: permalink });
  return stated;
}

// ---- text ----------------------------------------------------------------------------------------------------------

const TITLE_KEYS = [
  "title",
  "atom:title",
  "dc:title",
  "dcterms:title",
  "media:title",
  "itunes:title",
] as const;
const SUMMARY_KEYS = [
  "atom:summary",
  "description",
  "summary",
  "dc:description",
  "dcterms:abstract",
  "itunes:summary",
  "media:description",
  "itunes:subtitle",
] as const;

function readTitle(element: XmlElement, lengthMax: number): string {
  for (const key of TITLE_KEYS) {
    const child = element.child(key) ?? (key === "media:title" ? mediaChild(element, key) : null);
    const title = child === null ? "" : textOfConstruct(child, lengthMax);
    if (title !== "") return title;
  }
  return "";
}

/**
 * Summary and content. Content is the longest of what calls itself content; where nothing does and several elements
 * describe the entry (`description`, `itunes:summary`), the longest of them is the content and the first the summary.
 */
function readTexts(element: XmlElement, base: string | null): Pick<Entry, "summary" | "contentHtml"> {
  const contents = element.holds(CONTENTS) ? findTexts(element, CONTENT_KEYS) : NOTHING;
  const all = findTexts(element, SUMMARY_KEYS);
  const summaries = all.length > 1 ? all.filter(({ key }) => key !== "itunes:subtitle") : all;
  const summary = firstHtml(summaries, base);
  const longestFirst =
    contents.length > 1 ? contents.toSorted((a, b) => lengthOf(b) - lengthOf(a)) : contents;
  const contentHtml = firstHtml(longestFirst, base);
  if (contentHtml !== null || summaries.length < 2) return { summary, contentHtml };
  const [first] = summaries;
  const longest = summaries.reduce((a, b) => (lengthOf(b) > lengthOf(a) ? b : a));
  return {
    summary,
    contentHtml: first === undefined || longest === first ? null : htmlOfConstruct(longest, base),
  };
}

function lengthOf(element: XmlElement): number {
  return element.markup?.length ?? element.text.length;
}

/** The elements with these keys that hold text, in the order of `keys`, then of the document. */
function findTexts(element: XmlElement, keys: readonly string[]): readonly XmlElement[] {
  const found: XmlElement[] = [];
  for (const key of keys) {
    for (const child of element.children) {
      if (child.key === key && lengthOf(child) > 0 && !isOutOfLine(child)) found.push(child);
    }
    const media =
      key === "media:description" && element.child(key) === null ? mediaChild(element, key) : null;
    if (media !== null) found.push(media);
  }
  return found;
}

/** The first that shows something, as HTML. */
function firstHtml(elements: readonly XmlElement[], base: string | null): string | null {
  for (const element of elements) {
    const html = htmlOfConstruct(element, base);
    if (html !== null) return html;
  }
  return null;
}

/** Atom content that is a picture or the like is no HTML (RFC 4287 4.1.3.3, rule 6). */
function isOutOfLine(child: XmlElement): boolean {
  const type = child.attribute("type")?.trim().toLowerCase() ?? "";
  if (!type.includes("/")) return false;
  return (
    type !== "application/octet-stream" &&
    !type.startsWith("text/") &&
    !type.includes("xml") &&
    !type.includes("html")
  );
}

function readRights(element: XmlElement): string | null {
  for (const key of RIGHTS_KEYS) {
    const child = element.child(key);
    const text = child === null ? "" : textOfConstruct(child, 2000);
    if (text !== "") return text;
  }
  return null;
}

// ---- dates ---------------------------------------------------------------------------------------------------------

const PUBLISHED_KEYS = [
  "pubdate",
  "atom:published",
  "atom:issued",
  "dc:date",
  "dcterms:issued",
  "dcterms:created",
  "dcterms:date",
  "dcterms:available",
  "prism:publicationdate",
  "atom:created",
  "published",
  "date",
] as const;

/** The first date by order of `keys` that can be read; those that cannot are noted. */
export function firstDate(element: HasChildren, keys: readonly string[], log: WarningLog): Date | null {
  for (const key of keys) {
    for (const child of element.children) {
      if (child.key !== key || child.text === "") continue;
      const date = parseDate(child.text);
      if (date !== null) return date;
      if (child.text.trim() !== "")
        log.add("bad-date", `"${child.text.trim().slice(0, 60)}" is no date`, child.offset);
    }
  }
  return null;
}

// ---- people --------------------------------------------------------------------------------------------------------

/** Who wrote it: `author` and `dc:creator` of any format; iTunes' author only where nobody else is named. */
export function readAuthors(element: HasChildren, base: string | null): readonly Person[] {
  const named = element.children.filter(
    ({ key }) =>
      key === "author" || key === "dc:creator" || key === "atom:author" || key === "dcterms:creator",
  );
  const people = distinctPeople(named.map((child) => readPerson(child, base)));
  if (people.length > 0) return people;
  const others = element.children.filter(
    ({ key }) => key === "itunes:author" || key === "googleplay:author" || key === "dc:author",
  );
  const secondary = distinctPeople(others.map((child) => readPerson(child, base)));
  const source = element.children.find((child) => child.key === "atom:source");
  return secondary.length > 0 || source === undefined ? secondary : readAuthors(source, base);
}

function readContributors(element: XmlElement, base: string | null): readonly Person[] {
  const named = element.children.filter(({ key }) => key === "atom:contributor" || key === "dc:contributor");
  return distinctPeople(named.map((child) => readPerson(child, base)));
}

/** A person construct (RFC 4287 3.2, Atom 0.3 3.2) or a name in text. */
export function readPerson(element: XmlElement, base: string | null): Person | null {
  if (element.children.length === 0) return parsePerson(element.text);
  const field = (name: string) => element.textOf(`atom:${name}`) ?? element.textOf(name);
  const name = field("name") ?? element.textOf("foaf:name");
  const email = field("email");
  const url = field("uri") ?? field("url") ?? field("homepage");
  if (name === null && email === null && url === null) return parsePerson(element.text);
  return makePerson({ name, email, url: url === null ? null : resolveHttpUrl(url, element.base ?? base) });
}

// ---- categories ----------------------------------------------------------------------------------------------------

function readCategories(element: XmlElement): readonly Category[] {
  const seen = new Set<string>();
  const categories: Category[] = [];
  const add = (category: Category) => {
    const key = `${category.scheme ?? ""}\n${category.term.toLowerCase()}`;
    if (category.term === "" || seen.has(key)) return;
    seen.add(key);
    categories.push(category);
  };
  const visit = (child: XmlElement) => {
    if (CATEGORY_KEYS.has(child.key)) {
      add(readCategory(child));
      for (const inner of child.children) visit(inner);
    } else if (KEYWORD_KEYS.has(child.key)) {
      for (const word of child.text.split(",")) add({ term: termOf(word), scheme: null, label: null });
    } else if (child.key === "media:group" || child.key === "media:content") {
      for (const inner of child.children) visit(inner);
    }
  };
  for (const child of element.children) visit(child);
  return categories;
}

function readCategory(child: XmlElement): Category {
  const label = child.attribute("label");
  const scheme = child.attribute("scheme") ?? child.attribute("domain");
  const term = child.attribute("term") ?? (child.text.trim() || child.attribute("text") || label || "");
  return {
    term: termOf(term || (label ?? "")),
    scheme:
      scheme === null || /^\s*(?:javascript|data|vbscript):/i.test(scheme) ? null : scheme.trim() || null,
    label: label === null ? null : termOf(label) || null,
  };
}

function termOf(text: string): string {
  return cutText(collapseWhitespace(hasMarkup(text) ? textOfHtml(text) : text), TERM_LENGTH_MAX);
}

// ---- where it came from --------------------------------------------------------------------------------------------

function readSource(element: XmlElement, outerBase: string | null): EntrySource | null {
  const source = element.child("atom:source") ?? element.child("source") ?? element.child("dc:source");
  if (source === null) return null;
  const base = source.base ?? outerBase;
  const links = source.children.filter((child) => child.key === "atom:link");
  const self = links.find((link) => readRel(link.attribute("rel")) === "self") ?? links[0];
  const target = source.attribute("url") ?? self?.attribute("href") ?? null;
  const titleElement = source.child("atom:title") ?? source.child("title");
  const text =
    titleElement === null
      ? collapseWhitespace(sourceOfConstruct(source))
      : textOfConstruct(titleElement, 1000);
  const url =
    target === null ? (isHttpUrl(text) ? resolveHttpUrl(text, null) : null) : resolveHttpUrl(target, base);
  const id = source.textOf("atom:id");
  if (text === "" && url === null && id === null) return null;
  return { title: cutText(text, 1000) || null, url, id };
}

function readCommentsUrl(element: XmlElement, base: string | null, links: readonly Link[]): string | null {
  const comments = element.textOf("comments");
  if (comments !== null) return resolveHttpUrl(comments, base);
  const replies = links.find(
    (link) => link.rel === "replies" && (link.type === null || link.type.includes("html")),
  );
  return replies?.href ?? null;
}
