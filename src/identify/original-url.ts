import type { IdentityStep, UrlExplanation } from "../model.ts";
import { dropAmpFromPath } from "./amp.ts";
import { applyKeyRules, formatKey } from "./canonical-url.ts";
import { dropFragmentTrackers } from "./fragments.ts";
import { factsOfHost } from "./host-facts.ts";
import { type HostPlan, planOfHost } from "./host-plan.ts";
import { isOpaque } from "./opaque.ts";
import { repairUrl } from "./repair.ts";
import { type DroppedPair, dropDecoration } from "./tracking-parameters.ts";
import { formatQuery, formatUrlParts, parseUrlParts, type UrlParts } from "./url-parts.ts";
import { cleanByRules, selectRules, type UrlRules, unwrapByRules } from "./url-rules.ts";
import { findWrapper } from "./wrappers.ts";

export type { UrlRules } from "./url-rules.ts";

export interface UrlOptions {
  /** The operator's own rules; they come before every other. */
  readonly rules?: UrlRules;
  /** What the network said of an opaque URL (as `originalUrl` of an earlier answer gave it), or null while unknown. */
  readonly resolved?: (url: string) => string | null;
}

/** A URL's identity: `originalUrl` opens in a browser, `key` is only compared. */
export interface UrlIdentity {
  readonly originalUrl: string;
  readonly key: string;
  /** Only the network can tell where the URL leads; it is compared as it stands. */
  readonly isOpaque: boolean;
}

/** Wrappers within wrappers. */
const depthMax = 6;
/** Of unwrapping and cleaning; all but the strangest URLs need two or three. */
const roundsMax = 24;

/**
 * How a URL becomes its original URL and key, step by step, without the network. Never throws; `error` says why when the
 * input is no http(s) URL.
 */
export function explainUrl(input: string, options: UrlOptions = {}): UrlExplanation {
  const steps: IdentityStep[] = [];
  const found = followUrl(input, options, steps);
  if (found === null) {
    return { input, originalUrl: null, key: null, steps, error: explainFailure(input) };
  }
  const keyed = applyKeyRules(found.parts, (rule, from, to) => {
    steps.push({ rule: `key:${rule.name}`, before: formatUrlParts(from), after: formatUrlParts(to) });
  });
  const key = formatKey(keyed);
  steps.push({ rule: found.isOpaque ? "key:opaque" : "key", before: formatUrlParts(keyed), after: key });
  return { input, originalUrl: found.originalUrl, key, steps, error: null };
}

/** What `explainUrl` finds, without saying how; for every link of every feed. Null when the input is no http(s) URL. */
export function identifyUrl(input: string, options: UrlOptions = {}): UrlIdentity | null {
  const found = followUrl(input, options, null);
  if (found === null) return null;
  return {
    originalUrl: found.originalUrl,
    key: formatKey(applyKeyRules(found.parts)),
    isOpaque: found.isOpaque,
  };
}

interface Found {
  readonly parts: UrlParts;
  /** `parts` as one string. */
  readonly originalUrl: string;
  readonly isOpaque: boolean;
}

/**
 * Repairs, unwraps and cleans until nothing changes, so that an original URL is its own original URL. Every step is linear in
 * the URL's length and the number of rounds is bounded: a chain of wrappers that is longer is left as it stands.
 */
function followUrl(input: string, options: UrlOptions, steps: IdentityStep[] | null): Found | null {
  const onRepair = (rule: string, before: string, after: string) => {
    steps?.push({ rule: `repair:${rule}`, before, after });
  };
  let text = repairUrl(input, onRepair);
  let parts = parseUrlParts(text);
  if (parts === null) {
    // What looked like damage was none, and taking it away did some.
    parts = parseUrlParts(input);
    if (parts === null) return null;
    text = input;
    steps?.splice(0);
  }
  let originalUrl = formatUrlParts(parts);
  const first: Found = { parts, originalUrl, isOpaque: true };
  if (originalUrl !== text) steps?.push({ rule: "parse", before: text, after: originalUrl });
  for (let round = 0, depth = 0; round < roundsMax; round++) {
    const plan = planOfHost(parts.host);
    const target = findTarget(parts, plan, options);
    let next: UrlParts;
    if (target !== null) {
      if (++depth > depthMax) return first;
      next = target.parts;
      steps?.push({ rule: target.rule, before: originalUrl, after: formatUrlParts(next) });
    } else {
      const isUnknown = isOpaque(parts, plan);
      next = isUnknown ? parts : cleanUrl(parts, plan, options, steps);
      if (next === parts) {
        // What was taken away may have left something that reads as damage.
        const repaired = repairUrl(originalUrl, onRepair);
        if (repaired === originalUrl) return { parts, originalUrl, isOpaque: isUnknown };
        const mended = parseUrlParts(repaired);
        if (mended === null) return { parts, originalUrl, isOpaque: isUnknown };
        next = mended;
      }
    }
    parts = next;
    originalUrl = formatUrlParts(parts);
  }
  // Damage upon damage: it is compared as it came.
  const asIs = parseUrlParts(input);
  return asIs === null ? first : { parts: asIs, originalUrl: formatUrlParts(asIs), isOpaque: true };
}

function findTarget(
  parts: UrlParts,
  plan: HostPlan,
  options: UrlOptions,
): { readonly rule: string; readonly parts: UrlParts } | null {
  if (options.rules !== undefined) {
    const own = unwrapByRules(selectRules(options.rules, parts), parts);
    const found = own === null ? null : parseUrlParts(repairUrl(own.url));
    if (own !== null && found !== null) return { rule: `unwrap:${own.name}`, parts: found };
  }
  const wrapped = findWrapper(parts, plan);
  if (wrapped !== null) {
    const found = parseUrlParts(repairUrl(wrapped.target));
    return found === null ? null : { rule: `unwrap:${wrapped.wrapper.name}`, parts: found };
  }
  if (options.resolved !== undefined && isOpaque(parts, plan)) {
    const url = options.resolved(formatUrlParts(parts));
    const found = url === null ? null : parseUrlParts(url);
    if (found !== null) return { rule: "resolve:network", parts: found };
  }
  return null;
}

/** Rules 6 to 9 as far as the result still opens in a browser. The same object when there is nothing to do. */
function cleanUrl(
  parts: UrlParts,
  plan: HostPlan,
  options: UrlOptions,
  steps: IdentityStep[] | null,
): UrlParts {
  let current = parts;
  const take = (rule: string, next: UrlParts) => {
    if (next === current || isEqual(next, current)) return;
    steps?.push({ rule, before: formatUrlParts(current), after: formatUrlParts(next) });
    current = next;
  };
  const own = options.rules === undefined ? [] : selectRules(options.rules, parts);
  if (own.length > 0) take("operator", cleanByRules(own, current));
  for (const alias of plan.aliases) take(`host:${alias.name}`, alias.apply(current, plan.facts));
  const host = current.host === parts.host ? plan : planOfHost(current.host);
  if (current.path.includes("amp")) take("amp-suffix", dropAmpEnding(current));
  if (current.path.includes(";") || current.path.includes("("))
    take("session-path", dropSessionFromPath(current));
  if (current.query.length > 0) {
    const isKept = own.length === 0 ? undefined : (name: string) => own.some((rule) => rule.keeps(name));
    const dropped: DroppedPair[] = [];
    const query = dropDecoration(current, host, {
      ...(isKept === undefined ? {} : { isKept }),
      ...(steps === null ? {} : { dropped }),
    });
    if (query !== current.query) {
      if (steps !== null) explainDropped(current, dropped, steps);
      current = { ...current, query };
    }
  }
  if (current.fragment !== "") {
    const fragment = dropFragmentTrackers(current, host);
    if (fragment !== current.fragment) take("fragment-tracker", { ...current, fragment });
  }
  return current;
}

/** A rule may build anew what was there already. */
function isEqual(a: UrlParts, b: UrlParts): boolean {
  return (
    a.host === b.host &&
    a.path === b.path &&
    a.fragment === b.fragment &&
    a.scheme === b.scheme &&
    a.port === b.port &&
    (a.query === b.query || formatQuery(a.query) === formatQuery(b.query))
  );
}

/** Only the endings: `/amp/` at the end and `.amp` lead to a page that exists; what stands within the path is the key's affair. */
function dropAmpEnding(parts: UrlParts): UrlParts {
  if (!/(?:\/amp(?:html)?\/?|\.amp\/?)$/.test(parts.path)) return parts;
  const path = dropAmpFromPath(parts.path, false);
  return path === parts.path ? parts : { ...parts, path };
}

/** Servlets' `;jsessionid=…` and ASP.NET's cookieless `/(S(…))/`. Source: Servlet specification 7.1.3; ASP.NET session state. */
function dropSessionFromPath(parts: UrlParts): UrlParts {
  const path = parts.path
    .replace(/;(?:jsessionid|phpsessid|sid)=[\w.!$-]{8,128}/gi, "")
    .replace(/\/\((?:[A-Z]\([\w-]{20,500}\)){1,3}\)(?=\/)/i, "");
  // `/..;jsessionid=…` is a name; without its session it would be the way up.
  if (path === parts.path || DOT_SEGMENT.test(path)) return parts;
  return { ...parts, path: path === "" ? "/" : path };
}

const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i;

/** One step for each rule that dropped something, in the order in which they first did. */
function explainDropped(parts: UrlParts, dropped: readonly DroppedPair[], steps: IdentityStep[]): void {
  let before = parts;
  for (const rule of new Set(dropped.map((entry) => entry.rule))) {
    const gone = new Set(dropped.filter((entry) => entry.rule === rule).map((entry) => entry.pair));
    const after = { ...before, query: before.query.filter((pair) => !gone.has(pair)) };
    steps.push({
      rule: `parameter:${rule.name}`,
      before: formatUrlParts(before),
      after: formatUrlParts(after),
    });
    before = after;
  }
}

function explainFailure(input: string): string {
  if (input.trim() === "") return "empty";
  const scheme = /^\s*([a-z][a-z0-9+.-]{0,30}):/i.exec(input)?.[1];
  if (scheme !== undefined && !/^https?$/i.test(scheme))
    return `not an http or https URL (${scheme.toLowerCase()}:)`;
  return "not a URL";
}

/** The URL is a site's front page: it changes every day and names no story. */
export function isFrontPage(url: string): boolean {
  const parts = parseUrlParts(url);
  return (
    parts !== null &&
    parts.query.length === 0 &&
    parts.fragment === "" &&
    /^\/(?:index\.\w{2,5})?$/.test(parts.path)
  );
}

/**
 * Keys that would be right if a guess about the host is: `m.example.com/post` as `example.com/post`. To be believed only where
 * title and day agree (rule 6, where the page is not known).
 */
export function weakerKeys({ originalUrl, key, isOpaque: isUnknown }: UrlIdentity): readonly string[] {
  const parts = isUnknown ? null : parseUrlParts(originalUrl);
  if (parts === null || parts.path === "/") return [];
  const bare = /^(?:m|mobile|mobil|amp|touch|wap|print|edition)\.(.+)$/.exec(parts.host)?.[1];
  if (bare === undefined || factsOfHost(bare).registrable === null) return [];
  const weaker = formatKey(applyKeyRules({ ...parts, host: bare }));
  return weaker === key ? [] : [weaker];
}
