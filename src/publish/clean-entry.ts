/** The lists and addresses of an entry, as every format can write them. */
import type { Category, Enclosure, Person } from "../model.ts";
import { cleanEmail, cleanLine, cleanMediaType, cleanUrl, isFullUri } from "./clean.ts";

/** Of names, terms and titles of files. */
export const NAME_LENGTH_MAX = 200;
const PEOPLE_MAX = 50;
const CATEGORIES_MAX = 50;
const ENCLOSURES_MAX = 20;
/** `Ada <ada@news.example>`: the address has a place of its own. */
const ADDRESS = / ?<([^<>\s@]+@[^<>\s@]+)>/g;

export interface PublishedEnclosure extends Enclosure {
  readonly type: string;
}

/** Each name once. */
export function cleanPeople(people: readonly Person[]): readonly Person[] {
  const clean = new Map<string, Person>();
  for (const person of people.slice(0, PEOPLE_MAX)) {
    const line = cleanLine(person.name, NAME_LENGTH_MAX);
    const [, stated] = line.matchAll(ADDRESS).next().value ?? [];
    const email = cleanEmail(person.email) ?? cleanEmail(stated);
    const url = cleanUrl(person.url);
    const name =
      line.replaceAll(ADDRESS, "").trim() || (email ?? stated ?? (url === null ? "" : new URL(url).hostname));
    if (name !== "" && !clean.has(name)) clean.set(name, { name, email, url });
  }
  return [...clean.values()];
}

/** An address for places that take no brackets, in every format alike. */
export function fullUrl(value: string | null | undefined): string | null {
  const url = cleanUrl(value);
  return isFullUri(url) ? url : null;
}

/** Each term of a scheme once. */
export function cleanCategories(categories: readonly Category[]): readonly Category[] {
  const clean = new Map<string, Category>();
  for (const category of categories.slice(0, CATEGORIES_MAX)) {
    const label = cleanLine(category.label, NAME_LENGTH_MAX) || null;
    const term = cleanLine(category.term, NAME_LENGTH_MAX) || label;
    if (term === null) continue;
    const scheme = fullUrl(category.scheme);
    const key = `${scheme ?? ""} ${term}`;
    if (!clean.has(key)) clean.set(key, { term, scheme, label: label === term ? null : label });
  }
  return [...clean.values()];
}

/** Each file once. */
export function cleanEnclosures(enclosures: readonly Enclosure[]): readonly PublishedEnclosure[] {
  const clean = new Map<string, PublishedEnclosure>();
  for (const enclosure of enclosures.slice(0, ENCLOSURES_MAX)) {
    const url = cleanUrl(enclosure.url);
    if (url === null || clean.has(url)) continue;
    clean.set(url, {
      url,
      type: cleanMediaType(enclosure.type) ?? mediaTypeOf(url),
      length: cleanCount(enclosure.length),
      title: cleanLine(enclosure.title, NAME_LENGTH_MAX) || null,
      // Media RSS, which says it, cannot name every file.
      durationMs: isFullUri(url) ? cleanCount(enclosure.durationMs) : null,
    });
  }
  return [...clean.values()];
}

function cleanCount(value: number | null | undefined): number | null {
  return typeof value === "number" && Number.isSafeInteger(Math.round(value)) && value >= 0
    ? Math.round(value)
    : null;
}

const MEDIA_TYPES: ReadonlyMap<string, string> = new Map([
  ["mp3", "audio/mpeg"],
  ["m4a", "audio/mp4"],
  ["ogg", "audio/ogg"],
  ["opus", "audio/ogg"],
  ["mp4", "video/mp4"],
  ["webm", "video/webm"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["png", "image/png"],
  ["gif", "image/gif"],
  ["webp", "image/webp"],
  ["avif", "image/avif"],
  ["pdf", "application/pdf"],
]);

function mediaTypeOf(url: string): string {
  const extension = /\.([a-z0-9]{2,4})$/i.exec(new URL(url).pathname)?.[1]?.toLowerCase() ?? "";
  return MEDIA_TYPES.get(extension) ?? "application/octet-stream";
}
