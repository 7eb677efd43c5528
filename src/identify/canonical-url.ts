import { dropAmpFromPath, dropFeedFromPath, dropFormFromHost, dropPrintFromPath } from "./amp.ts";
import { keepFragment } from "./fragments.ts";
import { type HostPlan, planOfHost } from "./host-plan.ts";
import type { QueryPair, UrlParts } from "./url-parts.ts";

/**
 * A rule of the key: two URLs that differ only so name one document. The result is compared and never opened, so a rule may
 * choose a form that no server has.
 */
export interface KeyRule {
  readonly name: string;
  readonly reason: string;
  readonly source: string;
  /** The same object when there is nothing to do. */
  apply(parts: UrlParts, plan: HostPlan): UrlParts;
}

/** Rules 5, 6, 9 and 10, in the order of the parts of a URL. */
export const keyRules: readonly KeyRule[] = [
  {
    name: "www",
    reason: "`www.` and `www2.` are names of the same site, where a registrable domain remains",
    source: "public suffix list (tldts); IIPC SURT; urlcanon",
    apply(parts, { facts }) {
      if (!facts.subdomain.startsWith("www")) return parts;
      const label = /^www\d{0,3}(?=\.|$)/.exec(facts.subdomain)?.[0];
      if (
        label === undefined ||
        facts.subdomain.startsWith("www.", label.length + 1) ||
        facts.subdomain === `${label}.www`
      )
        return parts;
      return { ...parts, host: parts.host.slice(label.length + 1) };
    },
  },
  {
    name: "form-host",
    reason: "`m.`, `mobile.` and `amp.` show the main site's article, where the path names an article",
    source: "news sites' canonical links; never under a private suffix",
    apply(parts, { facts }) {
      const host = dropFormFromHost(parts, facts);
      return host === parts.host ? parts : { ...parts, host };
    },
  },
  {
    name: "amp-path",
    reason: "`/amp/` within the path of an article is its AMP form",
    source: "WordPress AMP, Arc, NBC, CNBC, The Verge",
    apply(parts) {
      if (!parts.path.includes("amp")) return parts;
      const hasId = parts.path.startsWith("/amp/") && parts.query.some((pair) => /\d{5,}/.test(pair.value));
      return withPath(parts, dropAmpFromPath(hasId ? parts.path.slice(4) : parts.path, false));
    },
  },
  {
    name: "print-path",
    reason: "`/print` behind an article is its print form",
    source: "Drupal print, WP-Print, Zeit Online's komplettansicht",
    apply: (parts) => withPath(parts, dropPrintFromPath(parts.path)),
  },
  {
    name: "feed-path",
    reason: "`/rss` or `-rss.html` behind an article's number is how its feed links it",
    source: "LWN `/Articles/<id>/rss`, Golem `-<id>-rss.html`",
    apply: (parts) => withPath(parts, dropFeedFromPath(parts.path)),
  },
  {
    name: "slashes",
    reason: "repeated slashes are one",
    source: "nginx merge_slashes (default), Apache httpd MergeSlashes (default)",
    apply: (parts) =>
      parts.path.includes("//") ? withPath(parts, parts.path.replace(/\/{2,}/g, "/")) : parts,
  },
  {
    name: "index-file",
    reason: "a directory is served by its index file; a front controller may stand in the path",
    source: "Apache DirectoryIndex, IIS default documents; Joomla and CodeIgniter `index.php/`",
    apply(parts) {
      const { path } = parts;
      if (!path.includes("ndex.") && !path.includes("efault.")) return parts;
      const bare = path
        .replace(/\/index\.php\/(?=[^/])/, "/")
        .replace(
          /\/(?:index\.(?:x?html?|shtml?|php[3-7]?|aspx?|jspx?|cfm|cgi|pl|do)|default\.(?:aspx?|html?))\/?$/i,
          "/",
        );
      return withPath(parts, bare);
    },
  },
  {
    name: "trailing-slash",
    reason: "servers lead one form to the other",
    source: "Apache mod_dir DirectorySlash; permalinks of every blog system",
    apply: (parts) =>
      parts.path.length > 1 && parts.path.endsWith("/")
        ? withPath(parts, parts.path.replace(/\/{1,9}$/, "") || "/")
        : parts,
  },
  {
    name: "percent-encoding",
    reason: "an unreserved character may be written encoded, and hexadecimal digits have no case",
    source: "RFC 3986 6.2.2.1 and 6.2.2.2; the marks that encodeURIComponent leaves alone",
    apply(parts) {
      const path = normalizeEscapes(parts.path);
      const fragment = normalizeEscapes(parts.fragment);
      const query = normalizeQuery(parts.query);
      if (path === parts.path && fragment === parts.fragment && query === parts.query) return parts;
      return { ...parts, path, fragment, query };
    },
  },
  {
    name: "parameter-order",
    reason: "servers read parameters by name; a repeated one is a set in practice",
    source: "application/x-www-form-urlencoded; scrapy's canonicalize_url",
    apply: (parts) =>
      parts.query.length < 2 || isSorted(parts.query)
        ? parts
        : { ...parts, query: parts.query.toSorted(compareRaw) },
  },
  {
    name: "fragment",
    reason: "section headings and comment areas are places within the document",
    source: "HTML; see fragments.ts for what stays",
    apply(parts, plan) {
      if (parts.fragment === "") return parts;
      const fragment = keepFragment(parts, plan);
      return fragment === parts.fragment ? parts : { ...parts, fragment };
    },
  },
];

/** The comparison string: host and path, the scheme only beside a port that is not its default. */
export function formatKey(parts: UrlParts): string {
  const origin = parts.port === "" ? parts.host : `${parts.scheme}://${parts.host}:${parts.port}`;
  let key = parts.path === "/" ? origin : origin + parts.path;
  let separator = "?";
  for (const pair of parts.query) {
    key += separator + pair.raw;
    separator = "&";
  }
  return parts.fragment === "" ? key : `${key}#${parts.fragment}`;
}

/** Applies the key's rules; `onStep` hears of each that changed something. */
export function applyKeyRules(
  parts: UrlParts,
  onStep?: (rule: KeyRule, before: UrlParts, after: UrlParts) => void,
): UrlParts {
  let current = parts;
  let plan = planOfHost(parts.host);
  for (const rule of keyRules) {
    const next = rule.apply(current, plan);
    if (next === current) continue;
    onStep?.(rule, current, next);
    if (next.host !== current.host) plan = planOfHost(next.host);
    current = next;
  }
  return current;
}

function withPath(parts: UrlParts, path: string): UrlParts {
  return path === parts.path ? parts : { ...parts, path: path === "" ? "/" : path };
}

/**
 * Escapes that are written otherwise in a key: with small letters, or of a character that needs none. `-._~`, letters and digits are
 * unreserved; `!'()*` are what encodeURIComponent leaves, `:@,$` are free within a path segment.
 */
const loosePercentCode =
  /%(?:[a-f][0-9A-Fa-f]|[0-9A-F][a-f]|2[147-9ACDE]|3[0-9A]|4[0-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])/g;
const plain = /^[A-Za-z0-9\-._~!'()*:@,$]$/;

function normalizeEscapes(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(loosePercentCode, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return plain.test(character) ? character : code.toUpperCase();
  });
}

function normalizeQuery(query: readonly QueryPair[]): readonly QueryPair[] {
  let changed: QueryPair[] | null = null;
  for (let index = 0; index < query.length; index++) {
    const pair = query[index];
    if (pair === undefined) continue;
    const raw = pair.raw.includes("%") ? normalizeEscapes(pair.raw).replaceAll("%20", "+") : pair.raw;
    if (raw === pair.raw) {
      changed?.push(pair);
      continue;
    }
    changed ??= query.slice(0, index);
    changed.push({ ...pair, raw });
  }
  return changed ?? query;
}

function compareRaw(a: QueryPair, b: QueryPair): number {
  return a.raw < b.raw ? -1 : a.raw > b.raw ? 1 : 0;
}

function isSorted(query: readonly QueryPair[]): boolean {
  for (let index = 1; index < query.length; index++) {
    const before = query[index - 1];
    const after = query[index];
    if (before !== undefined && after !== undefined && compareRaw(before, after) > 0) return false;
  }
  return true;
}
