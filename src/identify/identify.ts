import { hash } from "node:crypto";
import type { Alias, Entry, IdentifiedEntry, IdentityMode, StatedOriginal, Warning } from "../model.ts";
import { isCanonicalUri } from "./canonical-uri.ts";
import { findCollapsedKeys, foldRepeats } from "./collapse.ts";
import { boundGuid, isParticularGuid, isPublishableId } from "./guids.ts";
import { factsOfHost, isSameOwner } from "./host-facts.ts";
import { dropLearnt, learnDecoration } from "./learnt-decoration.ts";
import { identifyUrl, isFrontPage, type UrlIdentity, type UrlOptions, weakerKeys } from "./original-url.ts";
import type { PageCandidate } from "./page.ts";
import { isPageWanted, type PageMode } from "./page-questions.ts";
import { type Calling, dayBuckets, digestOf, readCalling } from "./titles.ts";
import type { UrlRules } from "./url-rules.ts";

export interface IdentityContext {
  readonly sourceId: string;
  /** Host of the source's URL, or of the feed's home page for local files. */
  readonly sourceHost: string | null;
  readonly mode: IdentityMode;
  /** What earlier documents of this source gave to several different entries. */
  readonly collapsedKeys: ReadonlySet<string>;
  readonly rules?: UrlRules;
  /** Where an opaque URL leads, as far as the network has said. */
  readonly resolved?: (url: string) => string | null;
  /** Whose pages are worth a look; none where absent. */
  readonly pageMode?: PageMode;
  /** How the page under an original URL names itself, as far as it was read. */
  readonly pageOf?: (url: string) => readonly PageCandidate[];
}

/** A document's entries with their identities. */
export interface IdentifiedDocument {
  /** In the document's order, exact repetitions folded. */
  readonly entries: readonly IdentifiedEntry[];
  /** Alias keys that this document gave to different entries, new ones only. */
  readonly collapsedKeys: readonly string[];
  readonly warnings: readonly Warning[];
  /** Opaque URLs whose target only the network can tell, each once. */
  readonly unresolved: readonly string[];
  /** Original URLs whose pages are worth a look, each once, read already or not. */
  readonly pages: readonly string[];
}

/** An entry on its way. */
interface Draft extends Calling {
  readonly entry: Entry;
  readonly link: UrlIdentity | null;
  /** The opaque URL that the link was, where the network has told its target. */
  readonly resolvedFrom: UrlIdentity | null;
  readonly stated: readonly StatedIdentity[];
  /** What the entry's page says of itself. */
  readonly page: readonly StatedIdentity[];
  /** The page worth a look, or null. */
  readonly pageWanted: string | null;
  /** The guid's alias key, or null. */
  readonly guidAlias: string | null;
}

interface StatedIdentity extends UrlIdentity {
  readonly rule: StatedOriginal["rule"] | PageCandidate["rule"];
  readonly url: string;
  /** It names the entry by itself; else title and day must agree too. */
  readonly isExact: boolean;
}

/**
 * Names the entries of one document: aliases for the store to join stories by, the id to publish, the original URL. Pure: what
 * needs the network is listed in `unresolved` and asked of `context.resolved`. Never throws.
 */
export function identifyDocument(entries: readonly Entry[], context: IdentityContext): IdentifiedDocument {
  const options: UrlOptions = {
    ...(context.rules === undefined ? {} : { rules: context.rules }),
    ...(context.resolved === undefined ? {} : { resolved: context.resolved }),
  };
  const drafts = foldRepeats(entries).map((entry) => draftEntry(entry, context, options));
  const collapsedHere = findCollapsedKeys(
    drafts.map(({ calling, link, stated, page, guidAlias }) => ({
      calling,
      urlKeys: [link, ...[...stated, ...page].filter((one) => one.isExact)].flatMap((one) =>
        one === null ? [] : [aliasOfKey(one.key)],
      ),
      guidKey: guidAlias,
    })),
  );
  const learnt = learnDecoration(drafts.flatMap(({ link }) => (link === null ? [] : [link.originalUrl])));
  const naming: Naming = {
    context,
    options,
    learnt,
    isCollapsed: (key) => collapsedHere.has(key) || context.collapsedKeys.has(key),
  };
  const collapsedKeys = [...collapsedHere].filter((key) => !context.collapsedKeys.has(key));
  return {
    entries: drafts.map((draft) => nameEntry(draft, naming)),
    collapsedKeys,
    warnings: warnOfCollapse(collapsedKeys),
    unresolved: [...new Set(drafts.flatMap(({ link, stated }) => listUnresolved(link, stated)))],
    pages: [...new Set(drafts.flatMap(({ pageWanted }) => (pageWanted === null ? [] : [pageWanted])))],
  };
}

/** The alias by which a URL names a story, for the operator's `merge` and `split`, or null when it is no http(s) URL. */
export function urlAliasKey(url: string, options: UrlOptions = {}): string | null {
  const found = identifyUrl(url, options);
  return found === null ? null : aliasOfKey(found.key);
}

/** Alias keys and published ids under which a story may be known that someone calls `urlOrGuid`, most exact first. */
export function aliasesForLookup(urlOrGuid: string, options: UrlOptions = {}): string[] {
  const text = urlOrGuid.trim();
  const found = identifyUrl(text, options);
  if (found === null) return [text];
  return [...new Set([aliasOfKey(found.key), text, found.originalUrl])];
}

function aliasOfKey(key: string): string {
  // Bounded: a key is compared, so a digest does as well.
  return key.length <= 2_000 ? `url:${key}` : `url:sha256:${hash("sha256", key)}`;
}

function draftEntry(entry: Entry, context: IdentityContext, options: UrlOptions): Draft {
  const link = entry.url === null ? null : identifyUrl(entry.url, options);
  const resolvedFrom = entry.url === null ? null : identifyUnresolved(entry.url, { link, options });
  const stated = entry.statedOriginals.slice(0, 8).flatMap((original): StatedIdentity[] => {
    const found = identifyUrl(original.url, options);
    if (found === null) return [];
    const isExact =
      link === null || link.isOpaque || isSameOwner(hostOf(link.originalUrl), hostOf(found.originalUrl));
    return [{ ...found, rule: original.rule, url: original.url, isExact }];
  });
  const guid = entry.guid?.trim() ?? "";
  const guidAlias = guid === "" ? null : `guid:${context.sourceId}:${boundGuid(guid)}`;
  const draft = { entry, ...readCalling(entry), link, resolvedFrom, stated, guidAlias };
  return { ...draft, ...draftPage(draft, context, options) };
}

/** Whether the entry's page is worth a look, and what it says where it was read. It adds names and overwrites none. */
function draftPage(
  draft: Pick<Draft, "link" | "resolvedFrom" | "stated">,
  { mode, pageMode = "never", pageOf }: IdentityContext,
  options: UrlOptions,
): Pick<Draft, "page" | "pageWanted"> {
  const original = chooseOriginal(draft);
  const wasOpaque = draft.resolvedFrom !== null;
  if (original === null || mode === "guid" || !isPageWanted(original, { mode: pageMode, wasOpaque }))
    return { page: [], pageWanted: null };
  const page = (pageOf?.(original.originalUrl) ?? []).flatMap(({ rule, url, trust }): StatedIdentity[] => {
    const found = identifyUrl(url, options);
    if (found === null || found.isOpaque || found.key === original.key) return [];
    return [{ ...found, rule, url, isExact: trust === "exact" }];
  });
  return { page, pageWanted: original.originalUrl };
}

/** What `url` is without what the network said, where that makes a difference. */
function identifyUnresolved(
  url: string,
  { link, options }: { readonly link: UrlIdentity | null; readonly options: UrlOptions },
): UrlIdentity | null {
  if (options.resolved === undefined || link === null) return null;
  const { resolved: _, ...offline } = options;
  const before = identifyUrl(url, offline);
  return before?.isOpaque && before.key !== link.key ? before : null;
}

interface Naming {
  readonly context: IdentityContext;
  readonly options: UrlOptions;
  readonly learnt: ReadonlySet<string>;
  isCollapsed(key: string): boolean;
}

function nameEntry(draft: Draft, naming: Naming): IdentifiedEntry {
  const { entry } = draft;
  const { sourceId, sourceHost, mode } = naming.context;
  const original = chooseOriginal(draft);
  const urlAliases = mode === "guid" ? noAliases : listUrlAliases(draft, naming);
  const guidAliases = mode === "url" ? [] : listGuidAliases(draft, original, naming);
  const aliases = dedupe([...urlAliases.exact, ...guidAliases, ...urlAliases.soft]);
  const isGuidUsable = draft.guidAlias !== null && !naming.isCollapsed(draft.guidAlias);
  const guid = entry.guid?.trim() ?? "";
  const guidKey = nameWithinSource(draft, { original, isGuidUsable, naming });
  if (aliases.length === 0) aliases.push(fallbackAlias(draft, { sourceId, guidKey, isGuidUsable }));
  const publishedIds = [
    ...(isGuidUsable && isPublishableId(guid) && isCanonicalUri(guid) ? [guid] : []),
    ...(original !== null && isNaming(original, naming) && isCanonicalUri(original.originalUrl)
      ? [original.originalUrl]
      : []),
    `urn:sha256:${hash("sha256", `${sourceId}\n${guidKey}`)}`,
  ];
  return {
    entry,
    guidKey,
    originalUrl: original?.originalUrl ?? null,
    publishedIds: [...new Set(publishedIds)],
    aliases,
    isOwnHost:
      original !== null &&
      sourceHost !== null &&
      isSameOwner(hostOf(original.originalUrl), sourceHost.toLowerCase()),
  };
}

/** The link, unless it only leads on or is absent and the feed says where. */
function chooseOriginal({ link, stated }: Pick<Draft, "link" | "stated">): UrlIdentity | null {
  const clear = stated.find((one) => one.isExact && !one.isOpaque && !isFrontPage(one.originalUrl));
  if (link === null || link.isOpaque) return clear ?? link;
  return link;
}

/** The URL names one story: it is no front page and the source does not use it for everything. */
function isNaming(identity: UrlIdentity, naming: Naming): boolean {
  return !isFrontPage(identity.originalUrl) && !naming.isCollapsed(aliasOfKey(identity.key));
}

interface UrlAliases {
  readonly exact: readonly Alias[];
  readonly soft: readonly Alias[];
}

const noAliases: UrlAliases = { exact: [], soft: [] };

function listUrlAliases(draft: Draft, naming: Naming): UrlAliases {
  const { entry, link, resolvedFrom, stated, page } = draft;
  const exact: Alias[] = [];
  const soft: Alias[] = [];
  const addSoft = softAliasMaker(draft, soft);
  if (link !== null && entry.url !== null) {
    if (isNaming(link, naming)) exact.push(linkAlias(link, { url: entry.url, resolvedFrom }));
    // The short link goes on naming the story: others may carry it, and people ask by it.
    if (resolvedFrom !== null && isNaming(resolvedFrom, naming))
      exact.push(linkAlias(resolvedFrom, { url: entry.url, resolvedFrom: null }));
    if (!naming.isCollapsed(aliasOfKey(link.key))) {
      if (!link.isOpaque) addSoft(link.key, "link", entry.url);
      for (const weaker of weakerKeys(link)) addSoft(weaker, "form-host", entry.url);
      const bare = dropLearnt(link.originalUrl, naming.learnt);
      const learnt = bare === null ? null : identifyUrl(bare, naming.options);
      if (learnt !== null) addSoft(learnt.key, "learnt-decoration", entry.url);
    }
  }
  for (const one of [...stated, ...page]) {
    if (one.isExact && isNaming(one, naming)) {
      exact.push({ key: aliasOfKey(one.key), kind: "stated", rule: one.rule, evidence: cut(one.url) });
    }
    if (!naming.isCollapsed(aliasOfKey(one.key))) addSoft(one.key, one.rule, one.url);
  }
  return { exact, soft };
}

function linkAlias(
  link: UrlIdentity,
  { url, resolvedFrom }: { readonly url: string; readonly resolvedFrom: UrlIdentity | null },
): Alias {
  const key = aliasOfKey(link.key);
  if (resolvedFrom === null) return { key, kind: "url", rule: "link", evidence: cut(url) };
  const evidence = cut(`${resolvedFrom.originalUrl} -> ${link.originalUrl}`);
  return { key, kind: "url", rule: "resolved", evidence };
}

/** Soft URL aliases carry title and day, so that they are equal only where those agree; nothing for a title that says nothing. */
function softAliasMaker(
  { entry, titleDigest }: Draft,
  soft: Alias[],
): (key: string, rule: string, evidence: string) => void {
  if (titleDigest === null) return () => {};
  const days = dayBuckets(entry.published ?? entry.updated);
  return (key, rule, evidence) => {
    const bounded = key.length <= 500 ? key : `sha256:${digestOf(key)}`;
    for (const day of days) {
      soft.push({
        key: `soft:url:${bounded}|title:${titleDigest}|day:${day}`,
        kind: "soft",
        rule: `${rule}+title+day`,
        evidence: cut(evidence),
      });
    }
  };
}

function listGuidAliases(
  { entry, titleDigest, guidAlias, link, stated }: Draft,
  original: UrlIdentity | null,
  naming: Naming,
): readonly Alias[] {
  const guid = entry.guid?.trim() ?? "";
  if (guidAlias === null || naming.isCollapsed(guidAlias)) return [];
  const aliases: Alias[] = [{ key: guidAlias, kind: "guid", rule: "guid", evidence: cut(guid) }];
  // A guid that is the link says nothing that the link does not; only in `guid` mode it must stand alone.
  const guidUrlKey = identifyUrl(guid, naming.options)?.key;
  const isLink = guidUrlKey !== undefined && [link, ...stated].some((one) => one?.key === guidUrlKey);
  if (naming.context.mode === "guid" || isLink || !isParticularGuid(guid)) return aliases;
  const owner = original === null ? null : factsOfHost(hostOf(original.originalUrl)).registrable;
  const bounded = boundGuid(guid);
  if (owner !== null)
    aliases.push({
      key: `soft:guid:${bounded}|host:${owner}`,
      kind: "soft",
      rule: "guid+host",
      evidence: cut(guid),
    });
  if (titleDigest !== null) {
    aliases.push({
      key: `soft:guid:${bounded}|title:${titleDigest}`,
      kind: "soft",
      rule: "guid+title",
      evidence: cut(guid),
    });
  }
  return aliases;
}

interface WithinSource {
  readonly original: UrlIdentity | null;
  readonly isGuidUsable: boolean;
  readonly naming: Naming;
}

/** The entry's name within its source: its guid, else its URL, else a digest of what it says. */
function nameWithinSource(draft: Draft, { original, isGuidUsable, naming }: WithinSource): string {
  const { entry, link } = draft;
  if (isGuidUsable && entry.guid !== null) return boundGuid(entry.guid.trim());
  const named = [link, original].find((one) => one !== null && isNaming(one, naming));
  return named === undefined || named === null ? digestEntry(draft) : boundGuid(aliasOfKey(named.key));
}

function fallbackAlias(
  draft: Draft,
  {
    sourceId,
    guidKey,
    isGuidUsable,
  }: { readonly sourceId: string; readonly guidKey: string; readonly isGuidUsable: boolean },
): Alias {
  const { entry, guidAlias } = draft;
  if (isGuidUsable && guidAlias !== null)
    return { key: guidAlias, kind: "guid", rule: "guid", evidence: cut(entry.guid ?? "") };
  const evidence = cut(entry.title === "" ? guidKey : entry.title);
  return { key: `content:${sourceId}:${digestEntry(draft)}`, kind: "content", rule: "content", evidence };
}

/** Of title, link and, where there is no title, text: an edit of a titled entry's text keeps its name. */
function digestEntry({ entry, calling }: Draft): string {
  const parts = [
    calling,
    entry.url ?? "",
    entry.title === "" ? String(entry.published?.getTime() ?? "") : "",
    entry.guid ?? "",
  ];
  return `sha256:${hash("sha256", parts.join("\n"))}`;
}

function listUnresolved(link: UrlIdentity | null, stated: readonly StatedIdentity[]): readonly string[] {
  if (link === null || !link.isOpaque) return [];
  return stated.some((one) => one.isExact && !one.isOpaque) ? [] : [link.originalUrl];
}

function warnOfCollapse(keys: readonly string[]): readonly Warning[] {
  if (keys.length === 0) return [];
  const shown = keys
    .slice(0, 3)
    .map((key) => cut(key))
    .join(", ");
  const message = `one key for several different entries names none of them: ${shown}${keys.length > 3 ? ` and ${keys.length - 3} more` : ""}`;
  return [{ code: "identity/collapsed", message }];
}

function hostOf(url: string): string {
  return URL.parse(url)?.hostname ?? "";
}

/** Evidence is for people; the key beside it is what counts. */
function cut(text: string): string {
  return text.length <= 500 ? text : `${text.slice(0, 499)}…`;
}

function dedupe(aliases: readonly Alias[]): Alias[] {
  const seen = new Set<string>();
  return aliases.filter(({ key }) => !seen.has(key) && seen.add(key));
}
