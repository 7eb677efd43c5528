/** `/status` for people: what each source does, in words, and what to do where it does not. */
import type { SourceKind, SourceState } from "../model.ts";
import { encodeQueryValue } from "../publish/clean.ts";
import { LONG_REASONS } from "../publish/joined.ts";
import { STATUS_EVENTS_PATH } from "../publish/live-script.ts";
import { type Markup, markup } from "../publish/markup.ts";
import { type NavigationItem, renderPage } from "../publish/page-layout.ts";
import { nameOf } from "./river-pages.ts";
import { errorOf, isPolled, placeOf, type StatusReport, sparklineOf } from "./status.ts";

/** So many rows stay below 50 KB with everything around them. */
export const STATUS_PAGE_SOURCES = 30;

export interface StatusFrame {
  readonly siteTitle: string;
  readonly basePath: string;
  readonly outputs: readonly NavigationItem[];
  /** Which page of the sources, from 1. */
  readonly page: number;
  /** Only sources whose name or address has these words; empty: all. */
  readonly search: string;
}

/** The status page as HTML, troubled sources first; null when there is no such page of them. */
export function renderStatus(report: StatusReport, frame: StatusFrame): string | null {
  const words = frame.search.toLowerCase();
  const found = report.sources.filter(
    (source) => words === "" || `${nameOf(source)} ${placeOf(source)}`.toLowerCase().includes(words),
  );
  const sources = found.toSorted((a, b) => rank(a) - rank(b) || nameOf(a).localeCompare(nameOf(b), "en"));
  const pages = Math.max(1, Math.ceil(sources.length / STATUS_PAGE_SOURCES));
  if (frame.page > pages) return null;
  const first = (frame.page - 1) * STATUS_PAGE_SOURCES;
  const shown = sources.slice(first, first + STATUS_PAGE_SOURCES);
  const place =
    pages > 1 ? `: ${first + 1} to ${first + shown.length} of ${sources.length}, troubled ones first` : "";
  const content = markup`<div class="intro tight">
<h1>Status</h1>
${
  report.sources.length > 10 &&
  markup`<form class="filters" method="get" action="${frame.basePath}/status" role="search">
<label>Find a source <input type="search" name="q" maxlength="200" value="${frame.search}"></label>
<button type="submit">Find</button>
</form>
`
}</div>
<div id="live">
<p class="lede">${summaryOf(report)}</p>
${report.notices.map(
  (notice) => markup`<p class="notice" role="alert">${notice}</p>
`,
)}${renderTotals(report)}
${
  shown.length === 0
    ? markup`<p class="empty">${frame.search === "" ? "No sources yet: add one to the config, or run mainstem add URL." : "No source has this in its name or address."} ${frame.search !== "" && markup`<a href="${frame.basePath}/status">Show all</a>`}</p>
`
    : markup`<table class="sources">
<caption>Sources${place}</caption>
<thead><tr><th scope="col">Source</th><th scope="col">State</th><th scope="col">Last poll</th><th scope="col">Next poll</th><th scope="col">Entries</th></tr></thead>
<tbody>
${shown.map((source) => renderSource(source, report, frame))}</tbody>
</table>
`
}${pages > 1 && renderPager(frame, pages)}${frame.page === 1 && frame.search === "" && renderJoined(report)}</div>
`;
  return renderPage({
    ...frame,
    current: "status",
    title: "Status",
    description: summaryOf(report),
    head: null,
    content,
    isStatic: false,
    eventsPath: STATUS_EVENTS_PATH,
  });
}

function renderPager({ basePath, page, search }: StatusFrame, pages: number): Markup {
  const linkTo = (target: number) => {
    const query = new URLSearchParams({ ...(search !== "" && { q: search }), page: String(target) });
    return `${basePath}/status?${query}`;
  };
  return markup`<nav class="pager" aria-label="Pages of sources">
${page > 1 && markup`<a rel="prev" href="${linkTo(page - 1)}">Previous sources</a>`}
${page < pages && markup`<a rel="next" href="${linkTo(page + 1)}">More sources</a>`}
</nav>
`;
}

/** What was lately recognised as one story, and why. */
function renderJoined({ joined }: StatusReport): Markup | null {
  if (joined.length === 0) return null;
  return markup`<section class="joined" aria-labelledby="joined">
<h2 id="joined">Lately recognised as one story</h2>
<ul>
${joined.map(
  ({
    title,
    url,
    carriers,
  }) => markup`<li><strong>${url === null ? title : markup`<a href="${url}" rel="noopener">${title}</a>`}</strong>
<ul>${carriers.map(({ name, reason }) => markup`<li>${name}${reason !== null && `: ${LONG_REASONS[reason]}`}</li>`)}</ul></li>
`,
)}</ul>
<p class="more">Wrong? <code>mainstem split URL</code> parts a story for good, <code>mainstem story URL</code> shows all evidence.</p>
</section>
`;
}

function rank(source: SourceState): number {
  const order = ["failing", "gone", "new", "ok", "retired"];
  return order.indexOf(source.status);
}

function summaryOf(report: StatusReport): string {
  const count = (status: SourceState["status"]) =>
    report.sources.filter((source) => source.status === status).length;
  const [failing, gone, waiting] = [count("failing"), count("gone"), count("new")];
  const polled = report.sources.filter(isPolled).length;
  if (polled + gone === 0) return "No sources yet.";
  const sentences: string[] = [];
  if (failing > 0) {
    const verb = failing === 1 ? "has" : "have";
    sentences.push(
      `${formatCount(failing)} of ${formatCount(polled)} sources ${verb} trouble${failing < polled ? "; the rest is well" : ""}.`,
    );
  } else if (waiting === polled && polled > 0) {
    sentences.push("The sources are polled for the first time.");
  } else if (polled > 0) {
    sentences.push(polled === 1 ? "The source is well." : `All ${formatCount(polled)} sources are well.`);
  }
  if (gone > 0)
    sentences.push(
      gone === 1
        ? "1 was ended by its publisher and is not polled any more."
        : `${formatCount(gone)} were ended by their publishers and are not polled any more.`,
    );
  return sentences.join(" ");
}

function renderTotals(report: StatusReport): Markup {
  const duplicates = report.sources.reduce((sum, source) => sum + source.duplicateCount, 0);
  const totals: readonly (readonly [string, string])[] = [
    ["stories", formatCount(report.counts.stories)],
    ["entries read", formatCount(report.counts.sightings)],
    ["duplicates removed", formatCount(duplicates)],
    ["sources", formatCount(report.counts.sources)],
    ["up", formatDuration(report.now.getTime() - report.startedAt.getTime())],
  ];
  return markup`<dl class="totals">
${totals.map(
  ([label, value]) => markup`<div><dt>${label}</dt><dd>${value}</dd></div>
`,
)}</dl>
`;
}

const KINDS: Readonly<Record<SourceKind, string>> = {
  url: "feed",
  file: "local file",
  articles: "drop folder",
  opml: "subscription list",
};

function renderSource(source: SourceState, report: StatusReport, frame: StatusFrame): Markup {
  const error = errorOf(source);
  const name = nameOf(source);
  return markup`<tr>
<th scope="row"><a class="name" href="${frame.basePath}/?source=${encodeQueryValue(source.id)}">${name}</a><small>${KINDS[source.kind]} · ${placeOf(source).replace(/^https?:\/\//, "")}</small></th>
<td><span class="state ${source.status}">${stateInWords(source, report.now)}</span></td>
<td data-label="Last poll">${source.lastPollAt === null ? "not yet" : renderInstant(source.lastPollAt, report.now)}</td>
<td data-label="Next poll">${isPolled(source) ? markup`${renderInstant(source.nextPollAt, report.now)}<small>${source.nextPollReason}</small>` : "none"}</td>
<td data-label="Entries" class="count">${formatCount(source.entryCount)}${source.duplicateCount > 0 && markup`<small>${formatCount(source.duplicateCount)} ${source.duplicateCount === 1 ? "duplicate" : "duplicates"}</small>`}${renderSparkline(sparklineOf(report, source.id))}</td>
</tr>
${
  error !== null &&
  markup`<tr class="trouble"><td colspan="5"><p><strong>${startSentence(error.message)}</strong> ${error.advice} <small>${error.code}</small></p></td></tr>
`
}`;
}

/** Error messages begin in lower case, as they follow a source's name in the log. */
function startSentence(message: string): string {
  const sentence = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
}

function stateInWords(source: SourceState, now: Date): string {
  switch (source.status) {
    case "new":
      return "Not polled yet";
    case "ok":
      return "Well";
    case "failing": {
      const since =
        source.failingSince === null
          ? ""
          : ` for ${formatDuration(now.getTime() - source.failingSince.getTime())}`;
      return `Failing${since}`;
    }
    case "gone":
      return "Closed by its publisher";
    case "retired":
      return "Not in the config";
  }
}

function renderInstant(instant: Date, now: Date): Markup {
  const distanceMs = instant.getTime() - now.getTime();
  const words = formatDuration(Math.abs(distanceMs));
  const text = distanceMs > 0 ? `in ${words}` : `${words} ago`;
  return markup`<time datetime="${instant.toISOString()}" title="${instant.toISOString().slice(0, 16).replace("T", " ")} UTC">${Math.abs(distanceMs) < 1000 ? "now" : text}</time>`;
}

/** The largest unit that says it: `40 s`, `12 min`, `3 h`, `5 days`. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  if (hours < 48) return `${hours} h`;
  return `${Math.round(hours / 24)} days`;
}

function formatCount(count: number): string {
  return count.toLocaleString("en-GB");
}

/** Bars of the last 14 days, one path: the CSP allows no inline style, and a page has many of them. */
function renderSparkline(counts: readonly number[]): Markup {
  const max = Math.max(...counts, 1);
  const bars = counts.map((count, index) => {
    const height = count === 0 ? 1 : Math.max(3, Math.round((count / max) * 20));
    return `M${index * 6 + 2} 20v-${height}`;
  });
  const total = counts.reduce((sum, count) => sum + count, 0);
  const label = `${total} in the last 14 days, ${counts.at(-1) ?? 0} today`;
  return markup`<svg class="spark" role="img" aria-label="${label}" viewBox="0 0 82 20" width="82" height="20"><path d="${bars.join("")}"/></svg>`;
}
