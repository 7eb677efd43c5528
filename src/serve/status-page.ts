/** `/status` for people: what each source does, in words, and what to do where it does not. */
import type { SourceKind, SourceState } from "../model.ts";
import { encodeQueryValue } from "../publish/clean.ts";
import { attribute, type Markup, markup } from "../publish/markup.ts";
import { type NavigationItem, renderPage } from "../publish/page-layout.ts";
import { nameOf } from "./site.ts";
import { errorOf, isPolled, placeOf, type StatusReport, sparklineOf } from "./status.ts";

/** More would make the page heavy; the rest is in `/status.json`. */
const SOURCES_SHOWN = 300;

export interface StatusFrame {
  readonly siteTitle: string;
  readonly basePath: string;
  readonly outputs: readonly NavigationItem[];
}

/** The status page as HTML; troubled sources first. */
export function renderStatus(report: StatusReport, frame: StatusFrame): string {
  const sources = [...report.sources].sort(
    (a, b) => rank(a) - rank(b) || nameOf(a).localeCompare(nameOf(b), "en"),
  );
  const shown = sources.slice(0, SOURCES_SHOWN);
  const content = markup`<div class="intro">
<h1>Status</h1>
<p class="lede">${summaryOf(report)}</p>
${report.notices.map(
  (notice) => markup`<p class="notice" role="alert">${notice}</p>
`,
)}${renderTotals(report)}</div>
<table class="sources">
<caption>Sources${sources.length > shown.length && `: ${shown.length} of ${sources.length}, the rest is in status.json`}</caption>
<thead><tr><th scope="col">Source</th><th scope="col">State</th><th scope="col">Last poll</th><th scope="col">Next poll</th><th scope="col">Entries</th></tr></thead>
<tbody>
${shown.map((source) => renderSource(source, report, frame))}</tbody>
</table>
`;
  return renderPage({
    ...frame,
    current: "status",
    title: "Status",
    description: summaryOf(report),
    head: null,
    content,
    isStatic: false,
  });
}

function rank(source: SourceState): number {
  const order = ["failing", "gone", "new", "ok", "retired"];
  return order.indexOf(source.status);
}

function summaryOf(report: StatusReport): string {
  const live = report.sources.filter((source) => source.status !== "retired");
  const failing = live.filter((source) => source.status === "failing").length;
  if (live.length === 0) return "No sources yet.";
  if (failing === 0) return `All ${live.length} sources are well.`;
  return `${failing} of ${live.length} sources ${failing === 1 ? "has" : "have"} trouble; the rest is well.`;
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

/** Bars of the last 14 days; drawn with attributes only, because the CSP allows no inline style. */
function renderSparkline(counts: readonly number[]): Markup {
  const max = Math.max(...counts, 1);
  const bars = counts.map((count, index) => {
    const height = count === 0 ? 1 : Math.max(2, Math.round((count / max) * 20));
    return markup`<rect x="${index * 6}" y="${20 - height}" width="4" height="${height}"${attribute("class", count === 0 ? "none" : null)}/>`;
  });
  const total = counts.reduce((sum, count) => sum + count, 0);
  const label = `${total} in the last 14 days, ${counts.at(-1) ?? 0} today`;
  return markup`<svg class="spark" role="img" aria-label="${label}" viewBox="0 0 82 20" width="82" height="20">${bars}</svg>`;
}
