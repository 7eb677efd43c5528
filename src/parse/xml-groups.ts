/**
 * What elements say, one bit each. An entry knows which of these its children hold, and most of what could be looked for in it
 * is not there.
 */
export const RIGHTS = 1;
export const CONTRIBUTORS = 2;
export const PICTURES = 4;
export const MEDIA = 8;
export const SOURCES = 16;
export const REPLIES = 32;
export const STATED = 64;
export const UPDATED = 128;
export const CATEGORIES = 256;
export const CONTENTS = 512;
export const EPISODE = 1024;

/** What calls itself content. */
export const CONTENT_KEYS = [
  "content:encoded",
  "atom:content",
  "xhtml:body",
  "xhtml:div",
  "content",
  "fullitem",
  "body",
] as const;
/** Where the date of the last change stands, in the order they are believed. */
export const UPDATED_KEYS = [
  "atom:updated",
  "atom:modified",
  "dcterms:modified",
  "updated",
  "lastbuilddate",
] as const;
/** Where rights stand, in the order they are believed. */
export const RIGHTS_KEYS = [
  "atom:rights",
  "copyright",
  "rights",
  "dc:rights",
  "dcterms:rights",
  "atom:copyright",
  "media:copyright",
] as const;
/** One category each. */
export const CATEGORY_KEYS = new Set([
  "category",
  "atom:category",
  "dc:subject",
  "dcterms:subject",
  "media:category",
  "slash:section",
  "itunes:category",
  "tags",
  "googleplay:category",
]);
/** Categories in a list with commas. */
export const KEYWORD_KEYS = new Set(["itunes:keywords", "media:keywords", "keywords"]);

const KEYS: readonly (readonly [group: number, keys: Iterable<string>])[] = [
  [CONTENTS, CONTENT_KEYS],
  [UPDATED, UPDATED_KEYS],
  [RIGHTS, RIGHTS_KEYS],
  [CATEGORIES, [...CATEGORY_KEYS, ...KEYWORD_KEYS, "media:group", "media:content"]],
  [CONTRIBUTORS, ["atom:contributor", "dc:contributor"]],
  [
    PICTURES,
    ["media:thumbnail", "media:content", "media:group", "itunes:image", "googleplay:image", "image"],
  ],
  [
    MEDIA,
    [
      "enclosure",
      "atom:link",
      "media:content",
      "media:group",
      "podcast:alternateenclosure",
      "itunes:duration",
    ],
  ],
  [
    EPISODE,
    [
      ...["itunes:season", "itunes:episode", "itunes:episodetype", "itunes:explicit"],
      ...["podcast:season", "podcast:episode"],
    ],
  ],
  [SOURCES, ["atom:source", "source", "dc:source"]],
  [REPLIES, ["comments", "link", "atom:link", "l:link", "wfw:commentrss"]],
  [STATED, ["feedburner:origlink", "pheedo:origlink"]],
];

const BY_KEY = new Map<string, number>();
for (const [group, keys] of KEYS) {
  for (const key of keys) BY_KEY.set(key, (BY_KEY.get(key) ?? 0) | group);
}

/** The groups that an element with this key belongs to, as bits. */
export function groupsOfKey(key: string): number {
  return BY_KEY.get(key) ?? 0;
}
