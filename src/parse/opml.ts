import { isDeepStrictEqual } from "node:util";
import { ParseError } from "../errors.ts";
import type { FolderPath, ParsedDocument } from "../model.ts";
import { collapseWhitespace } from "./html.ts";
import type { ParseLimits } from "./limits.ts";
import { resolveHttpUrl } from "./url.ts";
import type { WarningLog } from "./warning-log.ts";
import type { XmlElement } from "./xml-element.ts";
import { XmlReader, type XmlSource } from "./xml-reader.ts";

/** Feeds of one list at most. */
const OUTLINES_MAX = 10_000;
const TAG_LENGTH_MAX = 100;

/**
 * Reads an OPML list (opml.org/spec2): every outline with an `xmlUrl` is a feed, the folders around it and the parts of
 * its `category` (a path each, as folders are) are its tags, outermost first. A feed named twice is listed once, with the tags of both.
 * @throws EntityRefused when the document's own entities grow beyond the limit
 */
export async function readOpml(
  source: XmlSource,
  options: { readonly limits: ParseLimits; readonly log: WarningLog; readonly name: string },
): Promise<ParsedDocument> {
  const { log } = options;
  const list = new Map<string, ListedFeed>();
  let title = "";
  const reader = new XmlReader(
    source,
    {
      kindOf: (key) => (key === "opml" || key === "body" || key === "head" ? "container" : "simple"),
      onRoot: () => {},
      onElement(element) {
        if (element.key === "title") title ||= collapseWhitespace(element.text).slice(0, 1000);
        if (element.key === "outline") collectFeeds(element, source.documentUrl, list, log);
      },
    },
    { limits: { ...options.limits, childrenPerElement: OUTLINES_MAX }, log },
  );
  await reader.read();
  if (!reader.isComplete) log.add("truncated", "the list breaks off before its end", source.text.length);
  if (list.size === 0 && !reader.isComplete) {
    throw new ParseError("parse/malformed", "this OPML list breaks off before its first feed", {
      document: options.name,
    });
  }
  return {
    format: "opml",
    feed: {
      title,
      id: null,
      url: null,
      homeUrl: null,
      description: null,
      language: null,
      rights: null,
      updated: null,
      iconUrl: null,
      hubs: [],
      authors: [],
    },
    entries: [],
    hints: { ttlMs: null, skipHours: [], skipDays: [] },
    outlines: Array.from(list, ([url, { title, homeUrl, folders, categories }]) => ({
      url,
      title,
      homeUrl,
      tags: [...new Set([...folders.flat(), ...categories])],
      folders,
    })),
    warnings: log.list(),
    isDamaged: !reader.isComplete,
  };
}

/** What the outlines of one address say together. */
interface ListedFeed {
  readonly title: string | null;
  readonly homeUrl: string | null;
  readonly folders: readonly FolderPath[];
  readonly categories: readonly string[];
}

/** Walks one top-level outline without recursion; depth is bounded by the reader. */
function collectFeeds(
  top: XmlElement,
  base: string | null,
  list: Map<string, ListedFeed>,
  log: WarningLog,
): void {
  const waiting: { outline: XmlElement; folder: FolderPath }[] = [{ outline: top, folder: [] }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { outline, folder } = next;
    const xmlUrl = outline.attribute("xmlurl") ?? outline.attribute("xml:url");
    if (xmlUrl !== null && xmlUrl.trim() !== "") addFeed(outline, { xmlUrl, base, folder, list, log });
    const name = tagOf(nameOf(outline) ?? "");
    const inner = xmlUrl !== null || name === "" ? folder : [...folder, name];
    for (const child of outline.children.toReversed()) {
      if (child.key === "outline") waiting.push({ outline: child, folder: inner });
    }
  }
}

function addFeed(
  outline: XmlElement,
  context: {
    readonly xmlUrl: string;
    readonly base: string | null;
    readonly folder: FolderPath;
    readonly list: Map<string, ListedFeed>;
    readonly log: WarningLog;
  },
): void {
  const { list, log } = context;
  const url = resolveHttpUrl(
    context.xmlUrl.replace(/^feed:(?:\/\/)?(?=https?:)/i, "").replace(/^feed:\/\//i, "http://"),
    context.base,
  );
  if (url === null) {
    log.add("dropped-url", `outline: "${context.xmlUrl.slice(0, 80)}" is no http(s) URL`, outline.offset);
    return;
  }
  if (list.size >= OUTLINES_MAX && !list.has(url)) {
    log.add("too-many-entries", `only the first ${OUTLINES_MAX} feeds are read`, outline.offset);
    return;
  }
  const categories = (outline.attribute("category") ?? "")
    .split(",")
    .flatMap((category) => category.split("/").map(tagOf));
  const before = list.get(url);
  list.set(url, {
    title: before?.title ?? nameOf(outline),
    homeUrl: before?.homeUrl ?? resolveHttpUrl(outline.attribute("htmlurl") ?? "", null),
    folders: before?.folders.some((folder) => isDeepStrictEqual(folder, context.folder))
      ? before.folders
      : [...(before?.folders ?? []), context.folder],
    categories: [...(before?.categories ?? []), ...categories.filter((category) => category !== "")],
  });
}

function nameOf(outline: XmlElement): string | null {
  const name = collapseWhitespace(outline.attribute("title") || outline.attribute("text") || "");
  return name === "" ? null : name.slice(0, 500);
}

function tagOf(text: string): string {
  return collapseWhitespace(text).slice(0, TAG_LENGTH_MAX);
}
