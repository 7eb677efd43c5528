/** From the page that a person copies to the feed behind it, for each platform, with what those answer. */
import { describe, expect, it } from "vitest";
import { discoverFeed } from "../../src/app/discover.ts";
import { FetchError } from "../../src/errors.ts";
import type { HttpClient } from "../../src/fetch/http.ts";

const signal = new AbortController().signal;
const rss = (title: string, items = "<item><title>One</title><guid>1</guid></item>") =>
  `<rss version="2.0"><channel><title>${title}</title><link>https://x.example/</link><description>d</description>${items}</channel></rss>`;
const atom = (
  title: string,
  entries = "<entry><id>urn:1</id><title>One</title><updated>2026-06-01T00:00:00Z</updated></entry>",
) =>
  `<feed xmlns="http://www.w3.org/2005/Atom"><title>${title}</title><id>urn:x</id><updated>2026-06-01T00:00:00Z</updated>${entries}</feed>`;
const page = (head: string, body = "<p>Text") =>
  `<!doctype html><html><head><title>p</title>${head}</head><body>${body}`;
const alternate = (href: string, type = "application/rss+xml") =>
  `<link rel="alternate" type="${type}" title="t" href="${href}">`;

/** A net of these documents; everything else is not found. */
function createNet(documents: Readonly<Record<string, string>>) {
  const asked: string[] = [];
  const http: HttpClient = {
    async fetch({ url }) {
      asked.push(url);
      const text = documents[url];
      if (text === undefined) throw new FetchError("fetch/status", `${url}: 404`, { url, status: 404 });
      const contentType = text.startsWith("<!doctype")
        ? "text/html"
        : text.startsWith("{")
          ? "application/json"
          : "text/xml";
      return {
        ...{ kind: "document", url, contentType, bytes: new TextEncoder().encode(text), permanentUrl: null },
        ...{
          validators: { etag: null, lastModified: null },
          links: [],
          isDelta: false,
          bodyHash: "",
          wireBytes: 0,
        },
        freshness: { maxAgeMs: null, expiresAt: null, retryAfterMs: null } as never,
      };
    },
    async [Symbol.asyncDispose]() {},
  };
  return { asked, find: (url: string) => discoverFeed(url, { http, isPrivateAllowed: false }, signal) };
}

const channel = `UC${"a".repeat(22)}`;
const youtube = `https://www.youtube.com/feeds/videos.xml?channel_id=${channel}`;

type Case = readonly [name: string, typed: string, documents: Readonly<Record<string, string>>, feed: string];
const cases: readonly Case[] = [
  ["a YouTube channel", `https://www.youtube.com/channel/${channel}`, { [youtube]: atom("C") }, youtube],
  [
    "a YouTube handle",
    "https://www.youtube.com/@someone",
    { "https://www.youtube.com/@someone": page(alternate(youtube)), [youtube]: atom("C") },
    youtube,
  ],
  [
    "a YouTube video",
    "https://www.youtube.com/watch?v=abc",
    {
      "https://www.youtube.com/watch?v=abc": page("", `<meta itemprop="channelId" content="${channel}">`),
      [youtube]: atom("C"),
    },
    youtube,
  ],
  [
    "a YouTube playlist",
    "https://www.youtube.com/playlist?list=PL1",
    { "https://www.youtube.com/feeds/videos.xml?playlist_id=PL1": atom("P") },
    "https://www.youtube.com/feeds/videos.xml?playlist_id=PL1",
  ],
  [
    "a subreddit's post",
    "https://old.reddit.com/r/rss/comments/1/title/",
    { "https://www.reddit.com/r/rss/.rss": atom("r/rss") },
    "https://www.reddit.com/r/rss/.rss",
  ],
  [
    "a Mastodon profile",
    "https://social.example/@someone",
    { "https://social.example/@someone.rss": rss("S") },
    "https://social.example/@someone.rss",
  ],
  [
    "a GitHub project with releases",
    "https://github.com/a/b/issues",
    {
      "https://github.com/a/b/releases.atom": atom("Releases"),
      "https://github.com/a/b/tags.atom": atom("Tags"),
    },
    "https://github.com/a/b/releases.atom",
  ],
  [
    "a GitHub project without releases",
    "https://github.com/a/b",
    {
      "https://github.com/a/b/releases.atom": atom("R", ""),
      "https://github.com/a/b/tags.atom": atom("Tags"),
    },
    "https://github.com/a/b/tags.atom",
  ],
  [
    "a GitHub project with nothing yet",
    "https://github.com/a/b",
    {
      "https://github.com/a/b/releases.atom": atom("R", ""),
      "https://github.com/a/b/tags.atom": atom("T", ""),
    },
    "https://github.com/a/b/releases.atom",
  ],
  [
    "a Substack post",
    "https://some.substack.com/p/a-post",
    { "https://some.substack.com/feed": rss("S") },
    "https://some.substack.com/feed",
  ],
  [
    "a Substack under a name of its own",
    "https://letter.example/p/a-post",
    { "https://letter.example/p/a-post": page(alternate("/feed")), "https://letter.example/feed": rss("L") },
    "https://letter.example/feed",
  ],
  [
    "a Medium author",
    "https://medium.com/@someone/a-story-abc",
    { "https://medium.com/feed/@someone": rss("M") },
    "https://medium.com/feed/@someone",
  ],
  [
    "a podcast at Apple",
    "https://podcasts.apple.com/us/podcast/some-show/id123",
    {
      "https://itunes.apple.com/lookup?id=123&entity=podcast":
        '{"results":[{"feedUrl":"https://show.example/feed.xml"}]}',
      "https://show.example/feed.xml": rss("Show"),
    },
    "https://show.example/feed.xml",
  ],
  [
    "a site that names its feed",
    "https://blog.example/post",
    {
      "https://blog.example/post": page(
        alternate("/comments/feed") + alternate("/posts.atom", "application/atom+xml"),
      ),
      "https://blog.example/posts.atom": atom("B"),
      "https://blog.example/comments/feed": rss("Comments"),
    },
    "https://blog.example/posts.atom",
  ],
  [
    "a site that names none, by a common path",
    "https://blog.example/en/",
    { "https://blog.example/en/": page(""), "https://blog.example/en/index.xml": rss("B") },
    "https://blog.example/en/index.xml",
  ],
  [
    "a feed itself",
    "https://x.example/feed",
    { "https://x.example/feed": rss("X") },
    "https://x.example/feed",
  ],
];

describe("the feed behind", () => {
  it.each(cases)("%s", async (_, typed, documents, feed) => {
    expect((await createNet(documents).find(typed))?.url).toBe(feed);
  });

  it("a page that has none is none, after a bounded number of tries", async () => {
    const net = createNet({ "https://x.example/": page("") });
    expect(await net.find("https://x.example/")).toBeNull();
    expect(net.asked.length).toBeLessThan(25);
  });

  it("a project on GitHub is told with the other feeds that it has", async () => {
    const net = createNet({ "https://github.com/a/b/releases.atom": atom("Releases") });
    expect((await net.find("https://github.com/a/b"))?.others.map(({ url }) => url)).toEqual([
      "https://github.com/a/b/tags.atom",
      "https://github.com/a/b/commits.atom",
    ]);
  });
});
