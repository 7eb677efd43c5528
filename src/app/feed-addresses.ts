/** Where known sites and common software keep the feed of a page. */

/** Addresses of feeds that a page's own address gives away; the first is the likeliest. Empty for sites we do not know. */
export function knownFeedAddresses(page: string): readonly string[] {
  const url = new URL(page);
  const host = url.hostname.replace(/^(www|m|old|new)\./, "");
  const parts = url.pathname.split("/").filter(Boolean);
  const [first = "", second = ""] = parts;
  if (host === "youtube.com") return youtube(url, first, second);
  if (host === "reddit.com") {
    return parts.length >= 2
      ? [`https://www.reddit.com/${parts.slice(0, 2).join("/")}/.rss`]
      : ["https://www.reddit.com/.rss"];
  }
  if (host === "github.com" && first !== "") {
    const repository = `https://github.com/${first}/${second}`;
    if (second === "") return [`https://github.com/${first}.atom`];
    return [`${repository}/releases.atom`, `${repository}/tags.atom`, `${repository}/commits.atom`];
  }
  if (host === "medium.com" && first === "tag" && second !== "")
    return [`https://medium.com/feed/tag/${second}`];
  if (host === "medium.com" && first !== "") return [`https://medium.com/feed/${first}`];
  if (host.endsWith(".medium.com")) return [`https://${host}/feed`];
  if (host === "open.substack.com" && first === "pub" && /^[\w-]+$/.test(second))
    return [`https://${second}.substack.com/feed`];
  if (host.endsWith(".substack.com")) return [`https://${host}/feed`];
  if (host === "substack.com" && /^@[\w-]+$/.test(first))
    return [`https://${first.slice(1)}.substack.com/feed`];
  return mastodon(url, parts);
}

/** Mastodon and its kin; any host may be one. */
function mastodon(url: URL, [first = "", second = "", third]: readonly string[]): readonly string[] {
  const elsewhere = /^@([\w.]+)@((?:[\w-]+\.)+[a-z]{2,})$/i.exec(first);
  if (elsewhere !== null) return [`https://${elsewhere[2]}/@${elsewhere[1]}.rss`];
  if (/^@[\w.]+$/.test(first) && /^\d*$/.test(second)) return [`${url.origin}/${first}.rss`];
  return first === "tags" && second !== "" && third === undefined ? [`${url.origin}/tags/${second}.rss`] : [];
}

function youtube(url: URL, first: string, second: string): readonly string[] {
  const feed = "https://www.youtube.com/feeds/videos.xml";
  const list = url.searchParams.get("list");
  if (first === "channel" && second !== "") return [`${feed}?channel_id=${second}`];
  if (list !== null) return [`${feed}?playlist_id=${encodeURIComponent(list)}`];
  return first === "user" && second !== "" ? [`${feed}?user=${second}`] : [];
}

/** Where Apple tells the feed of a podcast's page, or null for other pages. The answer is JSON with `feedUrl`. */
export function podcastLookupAddress(page: string): string | null {
  const url = new URL(page);
  if (!/^(podcasts|itunes)\.apple\.com$/.test(url.hostname)) return null;
  const id = /\/id(\d+)/.exec(url.pathname)?.[1];
  return id === undefined ? null : `https://itunes.apple.com/lookup?id=${id}&entity=podcast`;
}

/** What blogs and site generators call their feed, under the page first and then at the host's root. */
export function commonFeedAddresses(page: string): readonly string[] {
  const names = ["feed", "feed.xml", "rss.xml", "atom.xml", "index.xml", "rss", "feed.json"];
  const folder = new URL(page);
  folder.search = "";
  folder.hash = "";
  if (!folder.pathname.endsWith("/")) folder.pathname += "/";
  const roots = [...new Set([folder.href, `${folder.origin}/`])];
  return roots.flatMap((root) => names.map((name) => new URL(name, root).href));
}
