import { describe, expect, it } from "vitest";
import {
  commonFeedAddresses,
  knownFeedAddresses,
  podcastLookupAddress,
} from "../../src/app/feed-addresses.ts";
import { listFeedLinks } from "../../src/parse/feed-links.ts";

describe("where known sites keep a page's feed", () => {
  it.each([
    ["https://www.youtube.com/channel/UCabc", "https://www.youtube.com/feeds/videos.xml?channel_id=UCabc"],
    ["https://www.youtube.com/playlist?list=PL1", "https://www.youtube.com/feeds/videos.xml?playlist_id=PL1"],
    ["https://www.youtube.com/@handle", undefined],
    ["https://old.reddit.com/r/node/comments/1", "https://www.reddit.com/r/node/.rss"],
    ["https://www.reddit.com/user/some", "https://www.reddit.com/user/some/.rss"],
    ["https://mastodon.example/@someone", "https://mastodon.example/@someone.rss"],
    ["https://github.com/nodejs/node", "https://github.com/nodejs/node/releases.atom"],
    ["https://github.com/nodejs", "https://github.com/nodejs.atom"],
    ["https://some.substack.com/p/post", "https://some.substack.com/feed"],
    ["https://medium.com/@someone/post-1", "https://medium.com/feed/@someone"],
    ["https://pub.medium.com/", "https://pub.medium.com/feed"],
    ["https://medium.com/tag/rss", "https://medium.com/feed/tag/rss"],
    ["https://substack.com/@someone", "https://someone.substack.com/feed"],
    ["https://open.substack.com/pub/some/p/post", "https://some.substack.com/feed"],
    ["https://mastodon.example/@someone/112233", "https://mastodon.example/@someone.rss"],
    ["https://mastodon.example/@someone@else.example", "https://else.example/@someone.rss"],
    ["https://mastodon.example/tags/rss", "https://mastodon.example/tags/rss.rss"],
    ["https://example.org/blog", undefined],
    ["https://example.org/@someone/about-me", undefined],
  ])("%s", (page, feed) => {
    expect(knownFeedAddresses(page)[0]).toBe(feed);
  });

  it("asks Apple for the feed of a podcast's page, and nobody else", () => {
    expect(podcastLookupAddress("https://podcasts.apple.com/us/podcast/name/id123?i=4")).toBe(
      "https://itunes.apple.com/lookup?id=123&entity=podcast",
    );
    expect(podcastLookupAddress("https://example.org/id123")).toBeNull();
  });

  it("tries common names under the page and at the root", () => {
    expect(commonFeedAddresses("https://e.example/blog?x=1")).toContain("https://e.example/blog/feed.xml");
    expect(commonFeedAddresses("https://e.example/blog?x=1")).toContain("https://e.example/feed.xml");
  });
});

describe("the feeds that a page names", () => {
  it("takes alternate links first, then likely addresses, comments last, each once", () => {
    const html = `<head><base href="/b/">
      <link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed">
      <link rel="ALTERNATE feed" type="application/atom+xml; charset=utf-8" title="Posts" href="atom.xml">
      <link rel="alternate" type="text/html" hreflang="de" href="/de">
      <link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1">
      <link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
      </head><a href="/rss.xml">RSS</a><a href="/about">About</a><a href="atom.xml">again</a>`;
    expect(listFeedLinks(html, "https://e.example/page")).toEqual([
      { url: "https://e.example/b/atom.xml", title: "Posts" },
      { url: "https://e.example/rss.xml", title: null },
      { url: "https://e.example/comments/feed", title: "Comments" },
    ]);
  });

  it("knows a YouTube channel by the page of its handle", () => {
    const id = `UC${"a".repeat(22)}`;
    expect(
      listFeedLinks(`<meta itemprop="identifier" content="${id}">`, "https://www.youtube.com/@h"),
    ).toEqual([{ url: `https://www.youtube.com/feeds/videos.xml?channel_id=${id}`, title: null }]);
  });
});
