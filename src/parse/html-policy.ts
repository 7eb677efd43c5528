import sanitize from "sanitize-html";

/** What HTML of a feed may hold; both the quick and the thorough way of cleaning keep to it. */
export const ALLOWED_TAGS: readonly string[] = [
  ...(sanitize.defaults.allowedTags || []),
  ...[
    "img",
    "picture",
    "source",
    "video",
    "audio",
    "del",
    "ins",
    "details",
    "summary",
    "tt",
    "strike",
    "big",
  ],
];

const EVERYWHERE = ["dir", "lang"];

export const ALLOWED_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  "*": EVERYWHERE,
  a: ["href", "hreflang", "title"],
  abbr: ["title"],
  img: ["src", "srcset", "sizes", "alt", "title", "width", "height"],
  source: ["src", "srcset", "sizes", "type", "media"],
  video: ["src", "poster", "controls", "width", "height"],
  audio: ["src", "controls"],
  blockquote: ["cite"],
  q: ["cite"],
  ins: ["cite", "datetime"],
  del: ["cite", "datetime"],
  time: ["datetime"],
  ol: ["start", "reversed"],
  li: ["value"],
  td: ["colspan", "rowspan"],
  th: ["colspan", "rowspan", "scope"],
  col: ["span"],
  colgroup: ["span"],
};

const NONE: ReadonlySet<string> = new Set();
const BY_TAG: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  ALLOWED_TAGS.map((tag) => [tag, new Set([...EVERYWHERE, ...(ALLOWED_ATTRIBUTES[tag] ?? [])])]),
);

/** The attributes that may stand on this element. */
export function allowedAttributes(tag: string): ReadonlySet<string> {
  return BY_TAG.get(tag) ?? NONE;
}

/** Escapes for HTML what is not a character reference already. */
export function escapeLoosely(text: string): string {
  const escaped = text.includes("&") ? text.replace(/&(?![a-zA-Z0-9#]{1,20};)/g, "&amp;") : text;
  return escaped.includes("<") || escaped.includes(">") || escaped.includes('"')
    ? escaped.replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
    : escaped;
}
