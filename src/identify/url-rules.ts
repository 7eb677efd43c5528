import { formatUrlParts, parseUrlParts, type QueryPair, type UrlParts } from "./url-parts.ts";

/** One of the operator's rules, compiled. Names of parameters are decoded and in lower case. */
export interface OperatorRule {
  readonly name: string;
  /** Which URLs it is for. */
  matches(url: string, parts: UrlParts): boolean;
  drops(parameter: string): boolean;
  /** Never to be dropped, whatever another rule says. */
  keeps(parameter: string): boolean;
  /** Where a wrapper leads, or null. */
  unwrap(url: string, parts: UrlParts): string | null;
  /** The URL rewritten as a text; the same when there is nothing to do. */
  rewrite(url: string): string;
}

/** The operator's extra rules (`identity.rules`), compiled by `parseUrlRules`. */
export interface UrlRules {
  readonly rules: readonly OperatorRule[];
}

/** The rules that are for this URL. */
export function selectRules(rules: UrlRules, parts: UrlParts): readonly OperatorRule[] {
  const url = formatUrlParts(parts);
  return rules.rules.filter((rule) => rule.matches(url, parts));
}

/** Where the first of `rules` says that this wrapper leads, with the rule's name, or null. */
export function unwrapByRules(
  rules: readonly OperatorRule[],
  parts: UrlParts,
): { readonly name: string; readonly url: string } | null {
  const url = formatUrlParts(parts);
  for (const rule of rules) {
    const target = rule.unwrap(url, parts);
    if (target !== null && target !== url) return { name: rule.name, url: target };
  }
  return null;
}

/** Rewrites by `rules` and drops their parameters; the same object when there is nothing to do. */
export function cleanByRules(rules: readonly OperatorRule[], parts: UrlParts): UrlParts {
  let current = parts;
  for (const rule of rules) {
    const url = formatUrlParts(current);
    const rewritten = rule.rewrite(url);
    const next = rewritten === url ? current : (parseUrlParts(rewritten) ?? current);
    const query = dropNames(next.query, (name) => rule.drops(name));
    current = query === next.query ? next : { ...next, query };
  }
  return current;
}

function dropNames(query: readonly QueryPair[], isDropped: (name: string) => boolean): readonly QueryPair[] {
  return query.some((pair) => isDropped(pair.name)) ? query.filter((pair) => !isDropped(pair.name)) : query;
}
