/** The river: an output as a page for people. Plain text only (nothing of a source's HTML), no pictures of others; what lives is followed by `live-script.ts`. */
import { encodeQueryValue, shorten } from "./clean.ts";
import type { PublishedCarrier, PublishedEntry, PublishedFeed } from "./combine.ts";
import { FEED_FILES, feedDescription, outputPath } from "./feed-urls.ts";
import { SHORT_REASONS } from "./joined.ts";
import { RIVER_EVENTS_PATH } from "./live-script.ts";
import { attribute, joinMarkup, type Markup, markup } from "./markup.ts";
import { INDEX_FILE, type NavigationItem, renderPage } from "./page-layout.ts";
import { WrittenEntries } from "./written.ts";

const PAGE_TITLE_LENGTH_MAX = 200;
const CARRIERS_SHOWN = 3;
const OPTIONS_SHOWN = 80;
/** Longest search that the page takes, in characters. */
export const SEARCH_LENGTH_MAX = 200;
/** Longer addresses are left out of the page, not of the feeds: a page stays small whatever a source links to. */
const PAGE_URL_LENGTH_MAX = 1000;

export interface RiverFilter {
  readonly tag: string | null;
  readonly sourceId: string | null;
  readonly search: string | null;
}

export interface RiverView {
  /** The entries of this page. */
  readonly feed: PublishedFeed;
  readonly outputs: readonly NavigationItem[];
  readonly basePath: string;
  readonly tags: readonly string[];
  readonly sources: readonly { readonly id: string; readonly name: string }[];
  readonly filter: RiverFilter;
  /** Cursor of the page after this one, null on the last. */
  readonly olderCursor: string | null;
  readonly isFirstPage: boolean;
  /** Written as a file: no filter, no status, which need the server. */
  readonly isStatic: boolean;
  /** Where a file's neighbours are. */
  readonly files?: FileLinks;
}

/** Links between static files; null at the ends. */
export interface FileLinks {
  /** What this page is called, if it is not the first. */
  readonly label: string | null;
  readonly newer: string | null;
  readonly older: string | null;
}

/** One page of an output's river as HTML. */
export function renderRiver(view: RiverView): string {
  const { feed, basePath } = view;
  const title = feed.output.title;
  const path = `${basePath}${outputPath({ name: feed.output.name, isDefault: feed.isDefault })}`;
  const content = markup`<div class="intro">
<h1>${view.outputs.find(({ name }) => name === feed.output.name)?.title ?? title}</h1>
<p class="lede">${feedDescription(feed)}</p>
<div class="tools">
<p class="subscribe"><span>Subscribe</span>${FEED_FILES.map(
    (file) => markup` <a type="${file.mediaType}" href="${path}${file.name}">${file.label}</a>`,
  )}</p>
${!view.isStatic && renderFilters(view, path)}</div>
${renderChosen(view, path)}${renderOlderFile(view, path)}</div>
<div id="live">
${feed.entries.length === 0 ? renderEmpty(view) : renderDays(view, path)}${view.isStatic ? renderFilePager(view) : renderPager(view, path)}</div>
`;
  const head = markup`${FEED_FILES.map(
    (
      file,
    ) => markup`<link rel="alternate" type="${file.mediaType}" title="${title} (${file.label})" href="${path}${file.name}">
`,
  )}`;
  return renderPage({
    siteTitle: feed.siteTitle,
    basePath,
    outputs: view.outputs,
    current: feed.output.name,
    title: view.files?.label == null ? title : `${title}, ${view.files.label}`,
    description: feedDescription(feed),
    head,
    content,
    isStatic: view.isStatic,
    // Older pages change little, and nobody waits on them.
    ...(!view.isStatic && view.isFirstPage && { eventsPath: RIVER_EVENTS_PATH }),
  });
}

function renderFilters(view: RiverView, path: string): Markup | null {
  const { filter } = view;
  const tags = view.tags.slice(0, OPTIONS_SHOWN).map((tag) => renderOption(tag, tag, filter.tag));
  const sources = view.sources
    .filter((source, index) => index < OPTIONS_SHOWN || source.id === filter.sourceId)
    .map((source) => renderOption(source.id, shorten(source.name, 60), filter.sourceId));
  return markup`<form class="filters" method="get" action="${path}" role="search">
<label>Search <input type="search" name="q" maxlength="${SEARCH_LENGTH_MAX}" value="${filter.search ?? ""}"></label>
${tags.length > 0 && markup`<label>Tag <select name="tag"><option value="">All tags</option>${tags}</select></label>`}
${sources.length > 1 && markup`<label>Source <select name="source"><option value="">All sources</option>${sources}</select></label>`}
<button type="submit">Show</button>
</form>
`;
}

function renderOption(value: string, label: string, chosen: string | null): Markup {
  return markup`<option value="${value}"${value === chosen && markup` selected`}>${label}</option>`;
}

/** What the list is narrowed to, and the way back. */
function renderChosen(view: RiverView, path: string): Markup | null {
  const { tag, sourceId, search } = view.filter;
  if (tag === null && sourceId === null && search === null) return null;
  const source = view.sources.find((candidate) => candidate.id === sourceId);
  const parts: Markup[] = [];
  if (source !== undefined) parts.push(markup`carried by <strong>${source.name}</strong>`);
  if (tag !== null) parts.push(markup`tagged <strong>${tag}</strong>`);
  if (search !== null) parts.push(markup`with <strong>${search}</strong>`);
  return markup`<p class="chosen">Only stories ${joinMarkup(parts, " and ")}. <a href="${path}">Show all</a></p>
`;
}

function renderEmpty(view: RiverView): Markup {
  const { tag, sourceId, search } = view.filter;
  if (search !== null)
    return markup`<p class="empty">No story has these words. Every word must be there; <code>"a phrase"</code>, <code>begin*</code>, <code>this OR that</code> and <code>-without</code> work, too.</p>
`;
  const isNarrowed = tag !== null || sourceId !== null || !view.isFirstPage;
  if (isNarrowed)
    return markup`<p class="empty">No stories here.</p>
`;
  return !view.isStatic && view.sources.length === 0
    ? markup`<p class="empty">No sources yet. <code>mainstem add &lt;page or feed&gt;</code> follows a site; its stories appear here by themselves.</p>
`
    : markup`<p class="empty">No stories yet. The sources are polled in the background; the first stories appear here by themselves.</p>
`;
}

const dayFormat = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeZone: "UTC" });
const timeFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
const dateFormat = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});

/** Stories under the day of their place in the feed, newest first as they come. */
function renderDays(view: RiverView, path: string): readonly Markup[] {
  const days = Map.groupBy(view.feed.entries, (entry) => entry.orderedAt.toISOString().slice(0, 10));
  return [...days].map(
    ([day, entries]) => markup`<section class="day" aria-labelledby="day-${day}">
<h2 id="day-${day}"><time datetime="${day}">${dayFormat.format(new Date(day))}</time></h2>
${entries.map((entry) => writtenStory(entry, day, view, path))}</section>
`,
  );
}

const written = new WrittenEntries<PublishedEntry, Markup>();

function writtenStory(entry: PublishedEntry, day: string, view: RiverView, path: string): Markup {
  const place = `${day} ${view.isStatic} ${path}`;
  return written.get(entry, place) ?? written.set(entry, renderStory(entry, day, view, path), place);
}

function renderStory(entry: PublishedEntry, day: string, view: RiverView, path: string): Markup {
  const instant = entry.published.toISOString();
  const isOtherDay = !instant.startsWith(day);
  const time = `${isOtherDay ? `${dateFormat.format(entry.published)}, ` : ""}${timeFormat.format(entry.published)}`;
  const url = pageableUrl(entry.alternateUrl) ?? pageableUrl(entry.viaUrls[0] ?? null);
  const title = shorten(entry.title, PAGE_TITLE_LENGTH_MAX);
  return markup`<article class="story" id="s${entry.storyNumber}">
<div class="meta"><time datetime="${instant}">${time}</time>${renderSourceName(entry, view, path)}</div>
<div${attribute("lang", entry.language)} dir="auto">
<h3>${url === null ? title : markup`<a href="${url}" rel="noopener">${title}</a>`}</h3>
${
  entry.summaryText !== "" &&
  entry.summaryText !== entry.title &&
  markup`<p class="summary">${entry.summaryText}</p>
`
}${renderMore(entry)}</div>
</article>
`;
}

function renderSourceName(entry: PublishedEntry, view: RiverView, path: string): Markup {
  const name = shorten(entry.carriers[0]?.name ?? entry.source.title, 60);
  return view.isStatic
    ? markup`<span>${name}</span>`
    : markup`<a href="${path}?source=${encodeQueryValue(entry.source.sourceId)}">${name}</a>`;
}

/** The other carriers and the comments, in one quiet line. */
function renderMore(entry: PublishedEntry): Markup | null {
  const others = entry.carriers.slice(1);
  const comments = pageableUrl(entry.commentsUrl);
  const parts: Markup[] = [];
  if (others.length > 0) {
    const shown = others.slice(0, CARRIERS_SHOWN);
    const reasons = new Set(shown.map(({ reason }) => reason));
    // Why they count as this story: said once where it is the same of all.
    const names = shown.map(
      (carrier) => markup`${renderCarrier(carrier)}${reasons.size > 1 && renderReason(carrier)}`,
    );
    const rest = others.length - names.length;
    parts.push(
      markup`Also carried by ${joinMarkup(names, ", ")}${rest > 0 && ` and ${rest} more`}${reasons.size === 1 && shown[0] !== undefined && renderReason(shown[0])}`,
    );
  }
  if (entry.copies.length > 0) parts.push(markup`Also printed by ${renderCopies(entry)}`);
  if (comments !== null) parts.push(markup`<a href="${comments}" rel="noopener">Comments</a>`);
  return parts.length === 0
    ? null
    : markup`<p class="more" lang="en" dir="ltr">${joinMarkup(parts, " · ")}</p>
`;
}

function renderReason({ reason }: PublishedCarrier): string {
  return reason === null ? "" : ` (${SHORT_REASONS[reason]})`;
}

function renderCarrier(carrier: PublishedCarrier): Markup {
  const url = pageableUrl(carrier.url);
  const name = shorten(carrier.name, 60);
  return url === null ? markup`${name}` : markup`<a href="${url}" rel="noopener">${name}</a>`;
}

/** Who else printed the report. */
function renderCopies({ copies }: PublishedEntry): Markup {
  const names = copies.slice(0, CARRIERS_SHOWN).map(renderCarrier);
  const rest = copies.length - names.length;
  return markup`${joinMarkup(names, ", ")}${rest > 0 && ` and ${rest} more`}`;
}

function pageableUrl(url: string | null): string | null {
  return url !== null && url.length <= PAGE_URL_LENGTH_MAX ? url : null;
}

function renderPager(view: RiverView, path: string): Markup | null {
  if (view.isFirstPage && view.olderCursor === null) return null;
  return markup`<nav class="pager" aria-label="Pages">
${!view.isFirstPage && markup`<a href="${path}${queryOf(view.filter, null)}">Newest stories</a>`}
${view.olderCursor !== null && markup`<a rel="next" href="${path}${queryOf(view.filter, view.olderCursor)}">Older stories</a>`}
</nav>
`;
}

/** Where in the files one is, and the way to the newest. */
function renderOlderFile({ files }: RiverView, path: string): Markup | null {
  if (files === undefined || files.label === null) return null;
  return markup`<p class="chosen">Older stories: ${files.label}. <a href="${path}${INDEX_FILE}">Newest stories</a></p>
`;
}

function renderFilePager({ files }: RiverView): Markup | null {
  if (files === undefined || (files.newer === null && files.older === null)) return null;
  return markup`<nav class="pager" aria-label="Pages">
${files.newer !== null && markup`<a rel="prev" href="${files.newer}">Newer stories</a>`}
${files.older !== null && markup`<a rel="next" href="${files.older}">Older stories</a>`}
</nav>
`;
}

function queryOf(filter: RiverFilter, before: string | null): string {
  const query = new URLSearchParams();
  if (filter.tag !== null) query.set("tag", filter.tag);
  if (filter.sourceId !== null) query.set("source", filter.sourceId);
  if (filter.search !== null) query.set("q", filter.search);
  if (before !== null) query.set("before", before);
  return query.size === 0 ? "" : `?${query}`;
}
