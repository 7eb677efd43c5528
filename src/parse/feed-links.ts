import { Parser } from "htmlparser2";
import { resolveHttpUrl } from "./url.ts";

/** A feed that a page points at. */
export interface FeedLink {
  readonly url: string;
  readonly title: string | null;
}

const feedTypes =
  /^(application\/(rss\+xml|atom\+xml|rdf\+xml|feed\+json|json)|text\/xml|application\/xml)\b/i;
const feedAddress = /(\/|\.|\b)(feed|rss|atom)(\.xml|\.json|\.rdf|\/)?($|[?#])|\.(rss|atom|rdf)($|[?#])/i;
const linksMax = 50;

/**
 * The feeds that an HTML page names: `link rel=alternate` first (the RSS Advisory Board's autodiscovery), then links
 * whose address looks like one. Feeds of comments come last.
 */
export function listFeedLinks(html: string, pageUrl: string): readonly FeedLink[] {
  const stated: FeedLink[] = [];
  const guessed: FeedLink[] = [];
  let base = pageUrl;
  const parser = new Parser({
    onopentag(name, { rel = "", type = "", href = "", title, itemprop, content }) {
      if (name === "base" && href !== "") base = resolveHttpUrl(href, pageUrl) ?? base;
      // YouTube names the channel in every page of it.
      if (
        name === "meta" &&
        (itemprop === "identifier" || itemprop === "channelId") &&
        /^UC[\w-]{22}$/.test(content ?? "")
      )
        stated.push({ url: `https://www.youtube.com/feeds/videos.xml?channel_id=${content}`, title: null });
      const url = href === "" ? null : resolveHttpUrl(href, base);
      if (url === null) return;
      const isAlternate = name === "link" && /\b(alternate|feed)\b/i.test(rel) && feedTypes.test(type.trim());
      // WordPress' REST address of a page is JSON and no feed.
      if (isAlternate && !url.includes("/wp-json/")) stated.push({ url, title: title?.trim() || null });
      else if (name === "a" && feedAddress.test(url)) guessed.push({ url, title: null });
    },
  });
  parser.end(html);
  const isComments = ({ url, title }: FeedLink) => /comment/i.test(`${url} ${title ?? ""}`);
  const all = [...stated, ...guessed];
  const sorted = [...all.filter((link) => !isComments(link)), ...all.filter(isComments)];
  const seen = new Set<string>();
  return sorted.filter(({ url }) => !seen.has(url) && seen.add(url)).slice(0, linksMax);
}
