import { Parser } from "htmlparser2";
import { factsOfHost, isSameOwner } from "./host-facts.ts";
import { identifyUrl, isFrontPage } from "./original-url.ts";

/** Where in a page a URL of the page itself stands. */
export type PageRule =
  | "page:canonical"
  | "page:og:url"
  | "page:json-ld"
  | "page:original-source"
  | "page:syndication-source";

/** A URL that a page states as its own, or as that of what it reprints. */
export interface PageCandidate {
  readonly rule: PageRule;
  /** Absolute. */
  readonly url: string;
  /** `exact`: of the page's own registrable domain; `soft`: of another, so that title or text must agree. */
  readonly trust: "exact" | "soft";
}

/** What was found in a page and why some of it is not believed. */
export interface PageIdentity {
  /** Best first, each URL once. */
  readonly candidates: readonly PageCandidate[];
  readonly rejected: readonly { readonly rule: PageRule; readonly url: string; readonly reason: string }[];
}

/** So much of a page is read: the head of nearly every one ends before. In UTF-16 code units. */
const lengthMax = 262_144;
const candidatesMax = 50;

const metaRules: ReadonlyMap<string, PageRule> = new Map([
  ["og:url", "page:og:url"],
  ["original-source", "page:original-source"],
  ["syndication-source", "page:syndication-source"],
]);

/** The best first: what syndicated copies say of their source is more than what templates say of the page. */
const order: readonly PageRule[] = [
  "page:original-source",
  "page:syndication-source",
  "page:canonical",
  "page:json-ld",
  "page:og:url",
];

/**
 * Reads how a page names itself: `link rel=canonical` (RFC 6596), Open Graph `og:url`, JSON-LD `mainEntityOfPage` and
 * `isBasedOn` (schema.org), Google's `original-source` and `syndication-source`. In 1,562 real pages canonical stands in 86 %,
 * and is junk at times (a template's `{{`, a home page, `index.html`), so each is checked. Never throws.
 * @param pageUrl where the page was found, after redirects
 */
export function readPageIdentity(html: string, pageUrl: string): PageIdentity {
  const stated = readStated(html.slice(0, lengthMax));
  const candidates: PageCandidate[] = [];
  const rejected: { rule: PageRule; url: string; reason: string }[] = [];
  const seen = new Set<string>();
  for (const { rule, url } of stated.toSorted((a, b) => order.indexOf(a.rule) - order.indexOf(b.rule))) {
    const checked = checkStated(url, { pageUrl, isExcerptAllowed: rule === "page:json-ld" });
    if (checked.reason !== null) {
      rejected.push({ rule, url, reason: checked.reason });
      continue;
    }
    if (seen.has(checked.url)) continue;
    seen.add(checked.url);
    candidates.push({ rule, url: checked.url, trust: checked.isOwn ? "exact" : "soft" });
  }
  return { candidates, rejected };
}

interface Stated {
  readonly rule: PageRule;
  readonly url: string;
}

function readStated(html: string): readonly Stated[] {
  const stated: Stated[] = [];
  const add = (rule: PageRule, url: string | undefined) => {
    if (url !== undefined && url.trim() !== "" && stated.length < candidatesMax)
      stated.push({ rule, url: url.trim() });
  };
  let json: string | null = null;
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (name === "link" && (attributes.rel ?? "").toLowerCase().split(/\s+/).includes("canonical")) {
          add("page:canonical", attributes.href);
        } else if (name === "meta") {
          const rule = metaRules.get((attributes.property ?? attributes.name ?? "").toLowerCase());
          if (rule !== undefined) add(rule, attributes.content);
        } else if (
          name === "script" &&
          (attributes.type ?? "").toLowerCase().startsWith("application/ld+json")
        ) {
          json = "";
        }
      },
      ontext(text) {
        if (json !== null) json += text;
      },
      onclosetag(name) {
        if (name !== "script" || json === null) return;
        for (const url of readLinkedData(json)) add("page:json-ld", url);
        json = null;
      },
    },
    { decodeEntities: true, lowerCaseTags: true },
  );
  parser.end(html);
  return stated;
}

const articleType = /(?:Article|BlogPosting|Report|NewsArticle|Posting|VideoObject|PodcastEpisode)$/;

/** `mainEntityOfPage` and `isBasedOn` of the articles in a JSON-LD block; nothing of one that cannot be read. */
function readLinkedData(json: string): readonly string[] {
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch {
    return [];
  }
  const urls: string[] = [];
  const waiting: unknown[] = [data];
  // `@graph` and lists hold nodes; nothing deeper is looked at.
  for (let visited = 0; visited < 500 && waiting.length > 0; visited++) {
    const node = waiting.shift();
    if (Array.isArray(node)) waiting.push(...node.slice(0, 200));
    if (typeof node !== "object" || node === null || Array.isArray(node)) continue;
    const fields = new Map<string, unknown>(Object.entries(node));
    const graph = fields.get("@graph");
    if (Array.isArray(graph)) waiting.push(...graph.slice(0, 200));
    const type = [fields.get("@type")].flat().filter((one) => typeof one === "string");
    if (!type.some((one) => articleType.test(one))) continue;
    for (const name of ["isBasedOn", "mainEntityOfPage"]) {
      const url = readReference(fields.get(name));
      if (url !== null) urls.push(url);
    }
  }
  return urls;
}

function readReference(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return null;
  const fields = new Map<string, unknown>(Object.entries(value));
  const id = fields.get("@id") ?? fields.get("url");
  return typeof id === "string" ? id : null;
}

type Checked =
  | { readonly url: string; readonly isOwn: boolean; readonly reason: null }
  | { readonly reason: string };

const templateMarks = /\{\{|\}\}|\{%|%7B%7B|\$\{|\[\[|<%|%3C%25|undefined|\[object/i;
const dutyPath =
  /^\/(?:404|403|error|not-?found|login|signin|sign-in|consent|subscribe|paywall|search|home)(?:[./]|$)/i;

function checkStated(
  stated: string,
  { pageUrl, isExcerptAllowed }: { readonly pageUrl: string; readonly isExcerptAllowed: boolean },
): Checked {
  if (stated.length > 2_048) return { reason: "too long" };
  if (templateMarks.test(stated)) return { reason: "a template's placeholder" };
  const isAbsolute = /^(?:https?:)?\/\//i.test(stated);
  if (!isAbsolute && (!stated.startsWith("/") || isExcerptAllowed)) return { reason: "relative" };
  const url = URL.parse(stated, pageUrl);
  const page = URL.parse(pageUrl);
  if (url === null || page === null) return { reason: "not a URL" };
  if (url.protocol !== "http:" && url.protocol !== "https:") return { reason: "no web page" };
  if (factsOfHost(url.hostname).registrable === null) return { reason: "no public host" };
  const identity = identifyUrl(url.href);
  if (identity === null) return { reason: "not a URL" };
  if (isFrontPage(identity.originalUrl)) return { reason: "a front page" };
  if (dutyPath.test(url.pathname)) return { reason: "no article" };
  const isOwn = isSameOwner(URL.parse(identity.originalUrl)?.hostname ?? "", page.hostname);
  if (isOwn && isAncestor(url.pathname, page.pathname) && url.search === "")
    return { reason: "a section of the site" };
  return { url: identity.originalUrl, isOwn, reason: null };
}

/** `/news/` above `/news/2024/story`: the section's address, copied into all of its pages. `/a/amp` under `/a` is none. */
function isAncestor(stated: string, page: string): boolean {
  const bare = stated.endsWith("/") ? stated : `${stated}/`;
  if (!page.startsWith(bare)) return false;
  const rest = page
    .slice(bare.length)
    .split("/")
    .filter((segment) => segment !== "");
  const last = (rest.at(-1) ?? "").slice(0, 300);
  return rest.length > 0 && (last.match(/[a-z0-9]{2,}[-_]/gi)?.length ?? 0) >= 2;
}
