/** What people see who click on a feed's address: what it is for, and how to subscribe. Feed readers get the feed itself. */
import { shorten } from "./clean.ts";
import type { PublishedFeed } from "./combine.ts";
import { FEED_FILES, type FeedFile, feedDescription, outputPath } from "./feed-urls.ts";
import { markup } from "./markup.ts";
import { type NavigationItem, renderPage } from "./page-layout.ts";

const STORIES_SHOWN = 10;

export interface SubscribeView {
  readonly feed: PublishedFeed;
  readonly file: FeedFile;
  /** The feed's public address. */
  readonly url: string;
  readonly outputs: readonly NavigationItem[];
  readonly basePath: string;
}

/** The page as HTML. */
export function renderSubscribe({ feed, file, url, outputs, basePath }: SubscribeView): string {
  const path = `${basePath}${outputPath({ name: feed.output.name, isDefault: feed.isDefault })}`;
  const others = FEED_FILES.filter(({ name }) => name !== file.name);
  const content = markup`<div class="intro">
<h1>${feed.output.title}</h1>
<p class="lede">This is a feed: an address for a feed reader, which tells you of new stories by itself.</p>
<div class="feed-address">
<label for="address">Give your feed reader this address</label>
<input id="address" type="url" readonly value="${url}">
</div>
<p>${feedDescription(feed)} Most readers take the address of the page as well: <a href="${path}">${feed.output.title} as a web page</a>.</p>
<p class="more">The same as ${others.map((other, index) => markup`${index > 0 && " or "}<a href="${path}${other.name}">${other.label}</a>`)}, or <a href="${path}${file.name}?raw">the feed itself, as readers see it</a>.</p>
</div>
<section class="day" aria-labelledby="newest">
<h2 id="newest">The newest in it</h2>
<ul class="titles">
${feed.entries.slice(0, STORIES_SHOWN).map(
  ({ title, alternateUrl, language }) =>
    markup`<li lang="${language ?? "en"}" dir="auto">${alternateUrl === null ? shorten(title, 200) : markup`<a href="${alternateUrl}" rel="noopener">${shorten(title, 200)}</a>`}</li>
`,
)}</ul>
</section>
`;
  return renderPage({
    siteTitle: feed.siteTitle,
    basePath,
    outputs,
    current: null,
    title: `Subscribe to ${feed.output.title}`,
    description: feedDescription(feed),
    head: markup`<link rel="alternate" type="${file.mediaType}" title="${feed.output.title} (${file.label})" href="${path}${file.name}">
`,
    content,
    isStatic: false,
  });
}
