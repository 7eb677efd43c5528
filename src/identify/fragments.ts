import { isFeedValue } from "./feed-values.ts";
import type { HostPlan } from "./host-plan.ts";
import { findParameterRule } from "./tracking-parameters.ts";
import { parseQuery, type UrlParts } from "./url-parts.ts";

/** Anchors of every page of a content system, and marks that share buttons and feeds append. */
const noise: ReadonlySet<string> = new Set(
  `comments comment respond disqus_thread commentlist comment-list comment-form commentform leave-comment leave-a-comment addcomment postcomment
   comments-area comment-section comments-section fb-comments fbcomments commento isso-thread utterances reactions replies cmt kommentare kommentar
   comentarios commentaires reacties diskussion forum reader-comments usercomments
   more readmore read-more continue continue-reading top page-top pagetop content main main-content maincontent primary wrapper body article article-body
   skip site-content header navigation
   rss rssfeed rssowlmlink feed atom _=_ new_tab google_vignette refsponi print share new_comment latest newest undefined null intro fbstate`
    .trim()
    .split(/\s+/),
);

/** Sites whose fragment is always a place in the page, whatever it looks like. */
const sectionHosts =
  /(?:^|\.)(?:wikipedia\.org|wiktionary\.org|wikimedia\.org|wikibooks\.org|docs\.python\.org|readthedocs\.io|readthedocs\.org|developer\.mozilla\.org)$/;

/** The last segment of pages that grow at one address: each anchor is an item. */
const streamSegment =
  /(?:^|[._-])(?:changelog|changes|releases?|whatsnew|whats|history|live|liveblog|news|updates?|log|blog|weblog|diary|journal|archives?|notes|links|faq|items?|index)(?:[._-]|$)/i;

/**
 * Rule 9. The fragment that names the item, or `""`. Trackers, `:~:text`, comment areas and section headings go; routes
 * (`#/a`, `#!a`), states (`#a=b`) and item anchors (`#comment-12`, `#v1.2`, `#msg5`) stay.
 * Text fragments: https://wicg.github.io/scroll-to-text-fragment/
 */
export function keepFragment(parts: UrlParts, plan: HostPlan): string {
  const { fragment } = parts;
  if (fragment === "") return "";
  const tracked = dropFragmentTrackers(parts, plan);
  if (tracked === "" || tracked.startsWith("/") || tracked.startsWith("!")) return tracked;
  return isSection(tracked, parts) ? "" : tracked;
}

/** What trackers and share marks leave of a fragment; section headings stay (the link opens there). */
export function dropFragmentTrackers(parts: UrlParts, plan: HostPlan): string {
  let { fragment } = parts;
  const directive = fragment.indexOf(":~:");
  if (directive !== -1) fragment = fragment.slice(0, directive);
  if (fragment === "") return "";
  if (fragment.includes("#"))
    fragment = fragment
      .split("#")
      .filter((piece) => !isFragmentNoise(piece))
      .join("#");
  if (isFragmentNoise(fragment)) return "";
  if (fragment.startsWith("/") || fragment.startsWith("!") || !fragment.includes("=")) return fragment;
  // A query in the fragment, sent to no server. One that opens with a feed's mark is the feed's as a whole.
  const pairs = parseQuery(fragment.startsWith("?") ? fragment.slice(1) : fragment);
  const first = pairs[0];
  if (fragment.startsWith("?") && first !== undefined && isFeedValue(first.value)) return "";
  const kept = pairs.filter((pair) => {
    if (pair.raw === "" || fragmentNames.has(pair.name)) return false;
    return findParameterRule(pair, { ...parts, query: pairs }, plan) === null && !isFeedValue(pair.value);
  });
  return kept.length === pairs.length ? fragment : kept.map((pair) => pair.raw).join("&");
}

/** Names that are trackers in a fragment, though perhaps not in a query. */
const fragmentNames: ReadonlySet<string> = new Set(
  "partnerid storylink cmpid intcid ftag ito link_time pq cxrecs_s rssfeed".split(" "),
);

function isFragmentNoise(fragment: string): boolean {
  if (fragment.length > 200) return false;
  const text = fragment.toLowerCase();
  return (
    text === "" ||
    noise.has(text) ||
    // AddThis (`#.Xg4H3pP7TOQ`, with the network's name behind), ShareThis, Tynt, WordPress.
    /^\.[\w-]{9,14}(?:\.[a-z_]{2,20})?$/.test(text) ||
    /^(?:sthash\.|ixzz[0-9a-z]|more-\d+$|at_pco=|tk\.|scso=|echobox=|xtor=|cobssid=|dpuf|comments-\d*$)/.test(
      text,
    ) ||
    (!text.includes("=") && /^(?:tk[._])?rss[._-]/.test(text))
  );
}

function isSection(fragment: string, parts: UrlParts): boolean {
  if (sectionHosts.test(parts.host)) return !fragment.includes("/");
  if (fragment.length > 80 || !/^[\p{L}_.:%-]+$/u.test(fragment.replace(/%[0-9a-f]{2}/gi, "_"))) return false;
  // Letters only, but mixed as a key is and not as headings are.
  if ((fragment.match(/[a-z][A-Z]/g)?.length ?? 0) > 3) return false;
  const { path } = parts;
  const end = path.endsWith("/") ? path.length - 1 : path.length;
  const segment = path.slice(path.lastIndexOf("/", end - 1) + 1, end);
  if (/\/live\/|live-?blog|\/ticker\//i.test(path)) return false;
  // A front page's anchors of several words are likely its items' own.
  return segment === "" ? !/[-_.]/.test(fragment) : !streamSegment.test(segment);
}
