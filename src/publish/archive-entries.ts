/**
 * A page of an archive, read back. It stands still for good, so what is made of it does, too, and the history is kept once
 * for every format. It reads what `render-atom.ts` writes, and nothing else.
 */
import { Parser } from "htmlparser2";
import type { Person } from "../model.ts";
import { cleanLanguage } from "./clean.ts";
import type { PublishedEnclosure } from "./clean-entry.ts";
import { type PublishedCopy, SUMMARY_TEXT_LENGTH_MAX } from "./combine.ts";
import { readText } from "./html-text.ts";
import { asStated } from "./markup.ts";
import type { ItemEntry } from "./render-json.ts";

export interface ArchivedPage {
  readonly title: string;
  readonly description: string;
  readonly homeUrl: string;
  /** The live document. */
  readonly currentUrl: string;
  readonly prevArchive: string | null;
  readonly language: string | null;
  readonly updated: Date;
  readonly entries: readonly ItemEntry[];
}

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

/** @param atom a page as `renderArchivePage` made it */
export function readArchivePage(atom: Uint8Array): ArchivedPage {
  const feed = readElements(Buffer.from(atom).toString("utf8"));
  const language = cleanLanguage(feed.attributes["xml:lang"]);
  return {
    title: textOf(feed, "title") ?? "",
    description: textOf(feed, "subtitle") ?? "",
    homeUrl: linksOf(feed, "alternate")[0]?.href ?? "",
    currentUrl: linksOf(feed, "current")[0]?.href ?? "",
    prevArchive: linksOf(feed, "prev-archive")[0]?.href ?? null,
    language,
    updated: dateOf(feed, "updated"),
    entries: childrenOf(feed, "entry").map((entry) => readEntry(entry, language)),
  };
}

function readEntry(entry: Element, feedLanguage: string | null): ItemEntry {
  const title = textOf(entry, "title") ?? "";
  const contentHtml = htmlOf(entry, "content");
  const summary = htmlOf(entry, "summary");
  const readable = [summary, contentHtml].map((html) => readText(html ?? "", SUMMARY_TEXT_LENGTH_MAX));
  // Where an entry has no HTML at all, its Atom content is the summary in plain text, or the title as the last resort.
  const plain = textOf(entry, "content") ?? textOf(entry, "summary") ?? "";
  const [source] = childrenOf(entry, "source");
  return {
    id: textOf(entry, "id") ?? "",
    title,
    alternateUrl: linksOf(entry, "alternate")[0]?.href ?? null,
    viaUrls: linksOf(entry, "via").flatMap(({ href }) => href ?? []),
    published: dateOf(entry, "published"),
    updated: dateOf(entry, "updated"),
    authors: peopleOf(entry, "author"),
    contributors: peopleOf(entry, "contributor"),
    summary,
    summaryText: readable.find((text) => text !== "") ?? (plain === title ? "" : plain),
    contentHtml,
    categories: childrenOf(entry, "category").map(({ attributes }) => ({
      term: attributes.term ?? "",
      scheme: attributes.scheme ?? null,
      label: attributes.label === undefined ? null : asStated(attributes.label),
    })),
    enclosures: readEnclosures(entry),
    source: {
      title: (source && textOf(source, "title")) ?? "",
      id: (source && textOf(source, "id")) ?? "",
      selfUrl: (source && linksOf(source, "self")[0]?.href) ?? null,
      homeUrl: (source && linksOf(source, "alternate")[0]?.href) ?? null,
      updated: source === undefined ? dateOf(entry, "updated") : dateOf(source, "updated"),
      rights: (source && textOf(source, "rights")) ?? null,
    },
    language: cleanLanguage(entry.attributes["xml:lang"]) ?? feedLanguage,
    rights: textOf(entry, "rights"),
    imageUrl: childrenOf(entry, "media:thumbnail")[0]?.attributes.url ?? null,
    // Of what a podcast says, Atom has a place for this only.
    episode: childrenOf(entry, "media:rating").some(({ text }) => text === "adult")
      ? { season: null, number: null, type: null, isExplicit: true }
      : null,
    commentsUrl: linksOf(entry, "replies")[0]?.href ?? null,
    carriers: [],
    copies: linksOf(entry, "related").map(({ href, title: name }): PublishedCopy => {
      return { name: asStated(name ?? ""), url: href ?? null, title: "", sourceId: "", reason: null };
    }),
  };
}

function readEnclosures(entry: Element): readonly PublishedEnclosure[] {
  const groups = [entry, ...childrenOf(entry, "media:group")];
  const seconds = new Map(
    groups
      .flatMap((group) => childrenOf(group, "media:content"))
      .map(({ attributes }) => [attributes.url, Number(attributes.duration ?? Number.NaN)]),
  );
  return linksOf(entry, "enclosure").flatMap(({ href, type, length, title }) => {
    if (href === undefined) return [];
    const duration = seconds.get(href) ?? Number.NaN;
    return {
      url: href,
      type: type ?? "application/octet-stream",
      length: length === undefined ? null : Number(length),
      title: title === undefined ? null : asStated(title),
      durationMs: Number.isFinite(duration) ? duration * 1000 : null,
    };
  });
}

function readElements(xml: string): Element {
  const root: Element = { name: "", attributes: {}, children: [], text: "" };
  const path = [root];
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        const element: Element = { name, attributes, children: [], text: "" };
        path.at(-1)?.children.push(element);
        path.push(element);
      },
      ontext(text) {
        const element = path.at(-1);
        if (element !== undefined) element.text += text;
      },
      onclosetag() {
        path.pop();
      },
    },
    { xmlMode: true, decodeEntities: true },
  );
  parser.end(xml);
  return childrenOf(root, "feed")[0] ?? root;
}

function childrenOf(element: Element, name: string): readonly Element[] {
  return element.children.filter((child) => child.name === name);
}

function textOf(element: Element, name: string): string | null {
  const child = childrenOf(element, name)[0];
  return child === undefined || child.attributes.type === "html" ? null : asStated(child.text);
}

function htmlOf(element: Element, name: string): string | null {
  const child = childrenOf(element, name)[0];
  return child?.attributes.type === "html" ? child.text : null;
}

function dateOf(element: Element, name: string): Date {
  return new Date(textOf(element, name) ?? 0);
}

function linksOf(element: Element, rel: string): readonly Readonly<Record<string, string>>[] {
  return childrenOf(element, "link")
    .map(({ attributes }) => attributes)
    .filter((attributes) => attributes.rel === rel);
}

function peopleOf(element: Element, name: string): readonly Person[] {
  return childrenOf(element, name).map((person) => ({
    name: textOf(person, "name") ?? "",
    url: textOf(person, "uri"),
    email: textOf(person, "email"),
  }));
}
