import type { Enclosure, Episode } from "../model.ts";
import { collapseWhitespace } from "./html.ts";
import { readDuration, readLength, readMediaType } from "./media-type.ts";
import { isHttpUrl, readUrl, resolveHttpUrl } from "./url.ts";
import type { WarningLog } from "./warning-log.ts";
import type { XmlElement } from "./xml-element.ts";
import { readRel } from "./xml-links.ts";

/** Attached media: RSS `enclosure`, Atom `link rel="enclosure"`, Media RSS `content`, Podcasting 2.0 `alternateEnclosure`, each address once. */
export function readEnclosures(
  element: XmlElement,
  base: string | null,
  log: WarningLog,
): readonly Enclosure[] {
  const enclosures: Enclosure[] = [];
  const seen = new Set<string>();
  const add = (child: XmlElement, target: string | null, length: string | null) => {
    const url = readUrl(target, {
      base: child.base ?? base,
      log,
      what: "enclosure",
      offset: child.offset,
    });
    if (url === null || seen.has(url)) return;
    seen.add(url);
    const durationMs = readDuration(child.attribute("duration"));
    const title = child.attribute("title") ?? child.textOf("media:title");
    enclosures.push({
      url,
      type: readMediaType(child.attribute("type")),
      length: readLength(length),
      ...(title === null ? {} : { title: collapseWhitespace(title) }),
      ...(durationMs === null ? {} : { durationMs }),
    });
  };
  // The first source that the web can open; the others (IPFS, torrents) and further mirrors are the same file.
  const addAlternate = (child: XmlElement) => {
    const uris = child.children
      .filter(({ key }) => key === "podcast:source")
      .map((source) => source.attribute("uri"));
    const uri = uris.find((one) => one !== null && isHttpUrl(one));
    if (uri != null) add(child, uri, child.attribute("length"));
  };
  const visit = (child: XmlElement) => {
    if (child.key === "enclosure")
      add(child, child.attribute("url") ?? child.attribute("rdf:resource"), child.attribute("length"));
    else if (child.key === "atom:link" && readRel(child.attribute("rel")) === "enclosure") {
      add(child, child.attribute("href"), child.attribute("length"));
    } else if (child.key === "media:content") add(child, child.attribute("url"), child.attribute("filesize"));
    else if (child.key === "media:group") for (const inner of child.children) visit(inner);
    else if (child.key === "podcast:alternateenclosure") addAlternate(child);
  };
  for (const child of element.children) visit(child);
  const durationMs = readDuration(element.textOf("itunes:duration"));
  const first = enclosures[0];
  if (first !== undefined && durationMs !== null && first.durationMs === undefined)
    enclosures[0] = { ...first, durationMs };
  return enclosures;
}

const EPISODE_TYPES = ["full", "trailer", "bonus"] as const;
const EPISODE_NUMBER_MAX = 100_000;

/** What `itunes:*` says of an episode, else Podcasting 2.0; undefined where neither says anything. */
export function readEpisode(element: XmlElement): Episode | undefined {
  const stated = element.textOf("itunes:episodetype")?.trim().toLowerCase();
  const episode: Episode = {
    season: readCount(element.textOf("itunes:season")) ?? readCount(element.textOf("podcast:season")),
    number: readCount(element.textOf("itunes:episode")) ?? readCount(element.textOf("podcast:episode")),
    type: EPISODE_TYPES.find((type) => type === stated) ?? null,
    isExplicit: readExplicit(element.textOf("itunes:explicit")),
  };
  return Object.values(episode).every((value) => value === null) ? undefined : episode;
}

/** `itunes:explicit` in its present and its former words; null for anything else. */
export function readExplicit(text: string | null): boolean | null {
  const word = text?.trim().toLowerCase() ?? "";
  if (["true", "yes", "explicit"].includes(word)) return true;
  return ["false", "no", "clean"].includes(word) ? false : null;
}

function readCount(text: string | null): number | null {
  const number = /^\d{1,6}$/.test(text?.trim() ?? "") ? Number(text) : 0;
  return number >= 1 && number <= EPISODE_NUMBER_MAX ? number : null;
}

/** The picture that stands for the entry, or null. */
export function readImageUrl(element: XmlElement, base: string | null): string | null {
  const places = [
    mediaChild(element, "media:thumbnail")?.attribute("url"),
    imageContent(element)?.attribute("url"),
    element.child("itunes:image")?.attribute("href"),
    element.child("googleplay:image")?.attribute("href"),
    element.child("image")?.textOf("url") ?? element.child("image")?.text,
  ];
  for (const place of places) {
    const url = place == null ? null : resolveHttpUrl(place, base);
    if (url !== null) return url;
  }
  return null;
}

function imageContent(element: XmlElement): XmlElement | null {
  const isImage = (child: XmlElement) =>
    child.key === "media:content" &&
    (child.attribute("medium") === "image" || /^image\//i.test(child.attribute("type") ?? ""));
  return element.children.find(isImage) ?? element.child("media:group")?.children.find(isImage) ?? null;
}

/** A Media RSS element of the entry: its own child, or one in a `media:group` or `media:content` (Media RSS, "optional elements"). */
export function mediaChild(element: XmlElement, key: string): XmlElement | null {
  const own = element.child(key);
  if (own !== null) return own;
  for (const child of element.children) {
    if (child.key !== "media:group" && child.key !== "media:content") continue;
    const found =
      child.child(key) ?? (child.key === "media:group" ? child.child("media:content")?.child(key) : null);
    if (found != null) return found;
  }
  return null;
}
