import { decodeHTML, decodeHTMLAttribute } from "entities/decode";
import { Tokenizer } from "htmlparser2";
import sanitize from "sanitize-html";
import type { AttributeReader, Attributes } from "./html-attributes.ts";
import { ALLOWED_ATTRIBUTES, ALLOWED_TAGS, escapeLoosely } from "./html-policy.ts";
import { cleanRegularHtml } from "./regular-html.ts";
import { isCleanHttpUrl, resolveHttpUrl } from "./url.ts";

/** Elements nested deeper than this are not sanitised but reduced to their text: HTML libraries are quadratic in depth. */
const HTML_DEPTH_MAX = 256;
/** A `srcset` or URL attribute longer than this is dropped. */
const ATTRIBUTE_LENGTH_MAX = 16 * 1024;

/** Escapes text for HTML: what comes back shows the text and nothing else. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/**
 * Sanitises HTML from a feed: an allow-list of elements and attributes, http(s) and mailto links, http(s) pictures and media,
 * every URL absolute against `base` (null: relative URLs are dropped), tracking pixels out, lazy-loading pictures made real.
 * @returns HTML, or null when nothing that can be seen is left.
 */
export function sanitizeHtml(html: string, base: string | null): string | null {
  const source = html.trim();
  if (source === "") return null;
  if (!source.includes("<") && !source.includes("&") && !source.includes(">")) return source;
  return sanitizeMarkup(source, base);
}

/** Text as an HTML fragment: escaped, with paragraphs where the text has blank lines. */
export function htmlOfText(text: string): string | null {
  const trimmed = text.trim();
  return trimmed === "" ? null : escapeHtml(trimmed);
}

class NestedTooDeep extends Error {}

function sanitizeMarkup(source: string, base: string | null): string | null {
  const clean = cleanRegularHtml(source, new SanitizerRun(base)) ?? cleanAnyHtml(source, base);
  return clean === "" ? null : clean;
}

/** Cleans any HTML with the library, without the quick way round; exported for the test that compares both. */
export function cleanAnyHtml(source: string, base: string | null): string {
  const run = new SanitizerRun(base);
  try {
    const clean = sanitize(source.replace(LONE_LESS_THAN, "&lt;"), {
      ...OPTIONS,
      transformTags: run.transforms,
      onOpenTag: (name) => run.open(name),
      onCloseTag: (name) => run.close(name),
    });
    // A picture without a source is a counter or had a forbidden URL. `<` is escaped everywhere else in the result.
    return clean.replaceAll("<img />", "").trim();
  } catch (error) {
    if (!(error instanceof NestedTooDeep)) throw error;
    return htmlOfText(textOfHtml(source)) ?? "";
  }
}

/** `<` that begins no tag: each would be a text of its own for the library. */
const LONE_LESS_THAN = /<(?![a-zA-Z/!?])/g;

/**
 * Character references are left as they are: the text then is what its author wrote, and twice as fast. URLs are decoded,
 * checked and written anew by `SanitizerRun`, which reads every element that has any.
 */
const OPTIONS: sanitize.IOptions = {
  allowedTags: [...ALLOWED_TAGS],
  allowedAttributes: Object.fromEntries(
    Object.entries(ALLOWED_ATTRIBUTES).map(([tag, names]) => [tag, [...names]]),
  ),
  nonTextTags: ["script", "style", "textarea", "option", "xmp", "title", "template", "object", "applet"],
  selfClosing: ["img", "br", "hr", "col", "source", "wbr"],
  allowedSchemes: ["http", "https"],
  allowedSchemesByTag: { a: ["http", "https", "mailto"] },
  allowProtocolRelative: false,
  parser: { decodeEntities: false },
};

const HIDDEN_MARKUP = /<|&lt|&#/i;
const TEXT_ATTRIBUTES = ["title", "alt"] as const;
const URL_ATTRIBUTES = ["href", "src", "poster", "cite"] as const;

/** What has to be remembered while one fragment is sanitised. */
class SanitizerRun implements AttributeReader {
  readonly #base: string | null;
  /** Addresses of lazy-loading pictures that are real now; the copies inside `noscript` are not needed then. */
  #madeReal: Set<string> | null = null;
  #depth = 0;
  #noscriptDepth = 0;

  constructor(base: string | null) {
    this.#base = base;
  }

  /** For the library: one reader for every element that has URLs. */
  get transforms(): Record<string, sanitize.Transformer> {
    const read: sanitize.Transformer = (tagName, attribs) => ({
      tagName,
      attribs: this.readAttributes(tagName, attribs),
    });
    const tags = ["a", "abbr", "img", "source", "video", "audio", "blockquote", "q", "ins", "del"];
    return Object.fromEntries(tags.map((tag) => [tag, read]));
  }

  open(name: string): void {
    if (++this.#depth > HTML_DEPTH_MAX) throw new NestedTooDeep();
    if (name === "noscript") this.onNoscript(1);
  }

  close(name: string): void {
    this.#depth--;
    if (name === "noscript") this.onNoscript(-1);
  }

  onNoscript(change: 1 | -1): void {
    this.#noscriptDepth += change;
  }

  /** Makes URLs absolute or drops them. `attributes` hold undecoded values and get undecoded values back. */
  readAttributes(tag: string, attributes: Attributes): Attributes {
    for (const name of TEXT_ATTRIBUTES) {
      const value = attributes[name];
      // Markup hidden in a tooltip shows nobody anything; it waits for a parser that makes a mistake.
      if (value !== undefined && HIDDEN_MARKUP.test(value)) delete attributes[name];
    }
    if (tag === "img") return this.#readImage(attributes);
    for (const name of URL_ATTRIBUTES) {
      const value = attributes[name];
      if (value === undefined) continue;
      const url = this.#resolve(decodeValue(value), tag === "a");
      if (url === null) delete attributes[name];
      else attributes[name] = encodeValue(url);
    }
    if (attributes.srcset !== undefined) this.#replaceSrcset(attributes, attributes.srcset);
    return attributes;
  }

  readLink(href: string): string | null {
    if (isPlainHttpUrl(href)) return href;
    const url = this.#resolve(decodeValue(href), true);
    return url === null ? null : escapeLoosely(encodeValue(url));
  }

  isPlainPicture(src: string): boolean {
    if (this.#noscriptDepth > 0 && this.#madeReal !== null) return false;
    return isPlainHttpUrl(src) && !TRACKING_PLACE.test(src);
  }

  #readImage(given: Attributes): Attributes {
    if (isTrackingPixel(given)) return {};
    const lazy = lazySource(given);
    const source = lazy ?? given.src;
    const srcset = given.srcset ?? given["data-srcset"] ?? given["data-lazy-srcset"];
    const attributes: Attributes = {};
    for (const name in given) {
      if (name !== "src" && name !== "srcset") attributes[name] = given[name] ?? "";
    }
    if (srcset !== undefined) this.#replaceSrcset(attributes, srcset);
    const url = source === undefined ? null : this.#readAddress(source);
    if (url !== null) {
      if (this.#noscriptDepth > 0 && this.#madeReal?.has(url)) return {};
      if (lazy !== null) this.#madeReal = (this.#madeReal ?? new Set()).add(url);
      attributes.src = url;
    }
    return attributes.src === undefined && attributes.srcset === undefined ? {} : attributes;
  }

  /** An undecoded address made absolute, undecoded again. */
  #readAddress(value: string): string | null {
    if (isPlainHttpUrl(value)) return value;
    const url = this.#resolve(decodeValue(value), false);
    return url === null ? null : encodeValue(url);
  }

  #resolve(value: string, isLink: boolean): string | null {
    if (value.length > ATTRIBUTE_LENGTH_MAX) return null;
    if (isLink && /^\s*mailto:/i.test(value)) return value.trim();
    return resolveHttpUrl(value, this.#base);
  }

  #replaceSrcset(attributes: Attributes, srcset: string): void {
    const candidates = readSrcset(decodeValue(srcset))
      .map(({ url, descriptor }) => ({ url: this.#resolve(url, false), descriptor }))
      .filter(({ url }) => url !== null)
      .map(({ url, descriptor }) => (descriptor === "" ? url : `${url} ${descriptor}`));
    if (candidates.length === 0) delete attributes.srcset;
    else attributes.srcset = encodeValue(candidates.join(", "));
  }
}

/** True if an undecoded value is an absolute http(s) URL that would be written just as it stands. */
function isPlainHttpUrl(value: string): boolean {
  for (let at = value.indexOf("&"); at !== -1; at = value.indexOf("&", at + 5)) {
    if (!value.startsWith("amp;", at + 1)) return false;
  }
  return isCleanHttpUrl(value);
}

function decodeValue(value: string): string {
  return value.includes("&") ? decodeHTMLAttribute(value) : value;
}

function encodeValue(value: string): string {
  return value.includes("&") ? value.replaceAll("&", "&amp;") : value;
}

/** The candidates of a `srcset` (HTML 4.8.4.2.1), those with an odd descriptor left out. Linear in its length. */
export function readSrcset(srcset: string): readonly { readonly url: string; readonly descriptor: string }[] {
  if (srcset.length > ATTRIBUTE_LENGTH_MAX) return [];
  const candidates: { url: string; descriptor: string }[] = [];
  let url: string | null = null;
  let descriptors: string[] = [];
  const finish = () => {
    if (
      url !== null &&
      descriptors.length <= 1 &&
      descriptors.every((d) => /^(?:[1-9]\d{0,8}w|\d{1,4}(?:\.\d{1,4})?x)$/.test(d))
    ) {
      candidates.push({ url, descriptor: descriptors[0] ?? "" });
    }
    url = null;
    descriptors = [];
  };
  const read = (word: string, isLast: boolean) => {
    if (word !== "" && url === null) url = word;
    else if (word !== "") descriptors.push(word);
    if (isLast) finish();
  };
  for (const word of srcset.split(/[\t\n\f\r ]+/)) {
    if (url === null) {
      // Commas belong to a URL unless they end it.
      read(word.slice(0, trimmedCommas(word)), word.endsWith(","));
      continue;
    }
    const [descriptor = "", ...next] = word.split(",");
    read(descriptor, next.length > 0);
    const rest = next.join(",");
    if (rest !== "") read(rest.slice(0, trimmedCommas(rest)), rest.endsWith(","));
  }
  finish();
  return candidates;
}

function trimmedCommas(word: string): number {
  let end = word.length;
  while (end > 0 && word[end - 1] === ",") end--;
  return end;
}

const LAZY_ATTRIBUTES = [
  "data-src",
  "data-lazy-src",
  "data-original",
  "data-original-src",
  "data-orig-file",
] as const;

/** The address that a lazy-loading script would put into `src`, if `src` holds nothing or a placeholder. */
function lazySource(attribs: Attributes): string | null {
  for (const name of LAZY_ATTRIBUTES) {
    const value = attribs[name]?.trim();
    if (value === undefined || value === "" || /^data:/i.test(value)) continue;
    return isPlaceholder(attribs.src?.trim() ?? "") ? value : null;
  }
  return null;
}

function isPlaceholder(src: string): boolean {
  return (
    src === "" ||
    /^(?:data:|about:)/i.test(src) ||
    /(?:blank|spacer|placeholder|pixel|1x1|lazy)[\w-]{0,20}\.(?:gif|png|svg)$/i.test(src.slice(-80))
  );
}

/** The well-known counters: Feedburner, WordPress, comScore, Quantcast, Google and Facebook. */
const TRACKING_PLACE =
  /^\s*(?:https?:\/\/)?(?:feeds\.feedburner\.com\/~r\/|feedproxy\.google\.com\/~r\/|feeds\.wordpress\.com\/1\.0\/comments\/|pixel\.wp\.com\/|stats\.wordpress\.com\/|b\.scorecardresearch\.com\/|pixel\.quantserve\.com\/|www\.google-analytics\.com\/|pixel\.facebook\.com\/|www\.facebook\.com\/tr\?)/i;

/** A picture that cannot be seen, or one of the well-known counters: it is there to report who reads. */
function isTrackingPixel(attribs: Attributes): boolean {
  if (isTiny(attribs.width) && isTiny(attribs.height)) return true;
  const style = attribs.style?.slice(0, 500).toLowerCase().replaceAll(" ", "");
  if (style !== undefined) {
    if (style.includes("display:none")) return true;
    if (/(?:^|;)width:[01]px/.test(style) && /(?:^|;)height:[01]px/.test(style)) return true;
  }
  return attribs.src !== undefined && TRACKING_PLACE.test(attribs.src);
}

function isTiny(value: string | undefined): boolean {
  return value !== undefined && /^\s*[01](?:px)?\s*$/i.test(value);
}

// ---- text ----------------------------------------------------------------------------------------------------------

const HIDDEN_ELEMENTS = new Set([
  "script",
  "style",
  "template",
  "noscript",
  "iframe",
  "object",
  "head",
  "textarea",
  "xmp",
]);
const BLOCK_ELEMENTS = new Set(
  "address article aside blockquote br dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table td th tr ul".split(
    " ",
  ),
);

/**
 * The text that HTML shows: entities decoded once, no markup, white space folded. Scripts and styles are left out.
 * Linear in its input, whatever the nesting.
 */
export function textOfHtml(html: string): string {
  if (!html.includes("<")) return collapseWhitespace(html.includes("&") ? decodeHTML(html) : html);
  let text = "";
  let hidden = "";
  let name = "";
  const tokenizer = new Tokenizer(
    { decodeEntities: false },
    {
      onopentagname(start, end) {
        name = html.slice(start, end).toLowerCase();
        if (BLOCK_ELEMENTS.has(name)) text += " ";
      },
      onopentagend() {
        if (hidden === "" && HIDDEN_ELEMENTS.has(name)) hidden = name;
      },
      onselfclosingtag() {},
      onclosetag(start, end) {
        const closed = html.slice(start, end).toLowerCase();
        if (closed === hidden) hidden = "";
        if (BLOCK_ELEMENTS.has(closed)) text += " ";
      },
      ontext(start, end) {
        if (hidden !== "") return;
        const part = html.slice(start, end);
        text += part.includes("&") ? decodeHTML(part) : part;
      },
      ontextentity() {},
      onattribdata() {},
      onattribentity() {},
      onattribend() {},
      onattribname() {},
      oncdata(start, end, offset) {
        if (hidden === "") text += html.slice(start, end - offset);
      },
      oncomment() {},
      ondeclaration() {},
      onprocessinginstruction() {},
      onend() {},
    },
  );
  tokenizer.write(html);
  tokenizer.end();
  return collapseWhitespace(text);
}

const PLAIN_SPACING = /^\S+(?: \S+)*$/;

/** Folds runs of white space (no-break spaces and line ends too) into one space and trims. */
export function collapseWhitespace(text: string): string {
  if (text.length < 2000 && PLAIN_SPACING.test(text)) return text;
  return text.split(/\s+/).filter(Boolean).join(" ");
}

const KNOWN_TAG =
  /<\/?(?:a|abbr|b|big|br|center|cite|code|del|div|em|font|h[1-6]|i|img|ins|li|mark|p|q|s|small|span|strike|strong|sub|sup|tt|u|ul|wbr)(?:\s[^<>]{0,2000})?\/?>/i;

/** True if the text holds a tag that is in everyday use in feeds; `1 < 2` and `<title>` spoken about are none. */
export function hasMarkup(text: string): boolean {
  return text.includes("<") && KNOWN_TAG.test(text);
}
