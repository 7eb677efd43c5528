import { factsOfHost } from "./host-facts.ts";

/** One thing that feeds do to URLs, undone. */
export interface RepairRule {
  readonly name: string;
  readonly reason: string;
  /** The same string when there is nothing to repair. Linear in the length of `text`. */
  apply(text: string): string;
}

/** Rules 1 of the order: from what stands in a feed to something that the WHATWG URL parser can read. In this order. */
export const repairRules: readonly RepairRule[] = [
  {
    name: "trim",
    reason: "white space, control, zero-width and direction marks around a URL are never part of it",
    apply: (text) => (hasPadding(text) ? trimMarks(text) : text),
  },
  {
    name: "cdata",
    reason:
      "CDATA remains of a feed that escaped twice; angle brackets and quotes that surround a URL (RFC 3986 appendix C)",
    apply: unwrapDelimiters,
  },
  {
    name: "entity",
    reason: "a URL that was escaped once too often carries `&amp;` or `&#038;` for `&`",
    apply: decodeEntities,
  },
  {
    name: "markup",
    reason: "an HTML end tag or line break after the URL was copied with it",
    apply(text) {
      if (!text.includes("<")) return text;
      const end = text.search(/<(?:\/[a-z]|br)/i);
      return end > 0 ? text.slice(0, end) : text;
    },
  },
  {
    name: "scheme",
    reason:
      "doubled, broken or missing schemes (`http://https://`, `http//`, `feed:`, `//host`, `host/path`)",
    apply: repairScheme,
  },
  {
    name: "second-question-mark",
    reason: "a tracker appended with the wrong separator: `?id=5?utm_source=x`, `/a&utm_source=x`",
    apply: repairSeparators,
  },
];

/** Plain ASCII with a scheme, a host, at most one `?` and no `&` before it: nearly every URL. */
const nothingToRepair = /^https?:\/\/[\w.-]+(?:\/[!#-%(-:=@-~]*)?(?:\?[!#-&(-:=@-~]*)?$/;
const doubleSlashHost = /^https?:\/\/https?\//;

/** Applies every repair in order; `onStep` hears of each that changed something. */
export function repairUrl(
  text: string,
  onStep?: (rule: string, before: string, after: string) => void,
): string {
  if (nothingToRepair.test(text) && !doubleSlashHost.test(text)) return text;
  let current = text;
  for (const rule of repairRules) {
    const next = rule.apply(current);
    if (next !== current) onStep?.(rule.name, current, next);
    current = next;
  }
  return current;
}

function isMark(code: number): boolean {
  return (
    code <= 0x20 ||
    code === 0x7f ||
    code === 0xa0 ||
    (code >= 0x2000 && code <= 0x200f) ||
    (code >= 0x2028 && code <= 0x202f) ||
    (code >= 0x2060 && code <= 0x2064) ||
    code === 0x3000 ||
    code === 0xfeff
  );
}

function hasPadding(text: string): boolean {
  return text.length > 0 && (isMark(text.charCodeAt(0)) || isMark(text.charCodeAt(text.length - 1)));
}

function trimMarks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isMark(text.charCodeAt(start))) start++;
  while (end > start && isMark(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const delimiters: readonly (readonly [string, string])[] = [
  ["<![CDATA[", "]]>"],
  ["<", ">"],
  ['"', '"'],
  ["'", "'"],
];

function unwrapDelimiters(text: string): string {
  for (const [open, close] of delimiters) {
    if (text.length > open.length + close.length && text.startsWith(open) && text.endsWith(close)) {
      return trimMarks(text.slice(open.length, -close.length));
    }
  }
  // The parser in front of us may have eaten one end only.
  return text.endsWith("]]>") ? trimMarks(text.slice(0, -3)) : text;
}

const ampersandEntity = /&(?:amp|#0{0,5}38|#x0{0,5}26);/gi;
const otherEntity = /&(?:quot|apos|lt|gt|#\d{2,6}|#x[0-9a-f]{2,5});/gi;

function decodeEntities(text: string): string {
  if (!text.includes("&") || !text.includes(";")) return text;
  let current = text;
  // Escaped twice is seen, escaped more often is not.
  for (let round = 0; round < 3; round++) {
    const next = current.replace(ampersandEntity, "&");
    if (next === current) break;
    current = next;
  }
  return current.replace(otherEntity, decodePunctuation);
}

function decodePunctuation(entity: string): string {
  switch (entity.toLowerCase()) {
    case "&quot;":
      return '"';
    case "&apos;":
      return "'";
    case "&lt;":
      return "<";
    case "&gt;":
      return ">";
  }
  const isHex = entity.charCodeAt(2) === 120 || entity.charCodeAt(2) === 88;
  const code = Number.parseInt(entity.slice(isHex ? 3 : 2, -1), isHex ? 16 : 10);
  // Only printable ASCII: `&#1234;` inside a query may be the query's own business.
  return code > 0x20 && code < 0x7f ? String.fromCharCode(code) : entity;
}

/** A scheme with its slashes, or the wreck of one; without slashes only before another. */
const schemeInRun = /https?(?::\/+|::\/\/|;\/\/|\/\/|:(?=https?[:;/]))/iy;
const brokenScheme = /^(?:https?(?:\/\/|::\/\/|;\/\/)|ttps?:\/\/)/i;
const goodScheme = /^https?:/i;
const anyScheme = /^[a-z][a-z0-9+.-]{0,40}:/i;

/** Where the last of the schemes stands that a text begins with. */
function lastOfSchemes(text: string): number {
  let last = 0;
  schemeInRun.lastIndex = 0;
  for (let end = 0; schemeInRun.test(text); end = schemeInRun.lastIndex) last = end;
  return last;
}

function repairScheme(whole: string): string {
  let text = whole;
  while (/^feed:/i.test(text)) text = text.slice(5).replace(/^\/{2}(?!feed:)/i, "http://");
  text = text.slice(lastOfSchemes(text));
  if (goodScheme.test(text)) return text;
  const broken = brokenScheme.exec(text);
  if (broken !== null) return `http${/s/i.test(broken[0]) ? "s" : ""}://${text.slice(broken[0].length)}`;
  if (text.startsWith("//") || text.startsWith("\\\\")) return `https:${text}`;
  const host = /^[^\s/?#:@\\]{1,255}/.exec(text)?.[0] ?? "";
  if (!host.includes(".") || host.startsWith(".")) return text;
  const after = text.charAt(host.length);
  const hasPort = after === ":" && /^:\d{1,5}(?:[/?#]|$)/.test(text.slice(host.length, host.length + 8));
  if (after === ":" && !hasPort && anyScheme.test(text)) return text;
  const facts = factsOfHost(host.toLowerCase().replace(/\.$/, ""));
  return facts.registrable !== null && facts.isKnownSuffix ? `https://${text}` : text;
}

const lateTracker = /\?(?=(?:utm_[a-z]+|fbclid|gclid|mc_cid|xtor|ref|src|cmp|rss|at_medium|ns_mchannel)=)/gi;
const pathTracker = /&(?=(?:utm_[a-z]+|fbclid|gclid|mc_cid|xtor)=)/i;

function repairSeparators(text: string): string {
  const hash = text.indexOf("#");
  const end = hash === -1 ? text.length : hash;
  const question = text.indexOf("?");
  if (question !== -1 && question < end) {
    const second = text.indexOf("?", question + 1);
    if (second === -1 || second > end) return text;
    const query = text.slice(question + 1, end);
    // A URL inside the query has a query of its own.
    if (query.includes("://")) return text;
    const repaired = query.replace(lateTracker, (match, at: number) => (at === 0 ? match : "&"));
    return repaired === query ? text : text.slice(0, question + 1) + repaired + text.slice(end);
  }
  if (!text.includes("&")) return text;
  const base = text.slice(0, end);
  const at = base.search(pathTracker);
  if (at !== -1) return `${base.slice(0, at)}?${base.slice(at + 1)}${text.slice(end)}`;
  const bare = base.replace(/\/&{1,8}$/, "/");
  return bare === base ? text : bare + text.slice(end);
}
