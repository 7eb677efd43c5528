/** What every page for people has around its content: head, masthead with the outputs, footer. */
import { cleanLine } from "./clean.ts";
import { outputPath } from "./feed-urls.ts";
import { LIVE_SCRIPT_PATH } from "./live-script.ts";
import { type Markup, markup } from "./markup.ts";
import { ICON_PATH, STYLESHEET_PATH } from "./stylesheet.ts";

export interface NavigationItem {
  readonly name: string;
  readonly title: string;
  readonly isDefault: boolean;
}

export interface PageFrame {
  readonly siteTitle: string;
  /** Path of the site's public URL without a trailing slash (`""` at a host's root); every link on a page starts with it. */
  readonly basePath: string;
  readonly outputs: readonly NavigationItem[];
  /** An output's name, `status`, or null. */
  readonly current: string | null;
  readonly title: string;
  readonly description: string;
  /** Further elements of the head. */
  readonly head: Markup | null;
  readonly content: Markup;
  /** Pages written as static files have no status page beside them, and lead to files: no server has to know that `/` has an index. */
  readonly isStatic: boolean;
  /** Where the page hears of changes to what stands in its `live` element; absent: it stays as it is. */
  readonly eventsPath?: string;
}

/** A whole HTML document. */
export function renderPage(frame: PageFrame): string {
  const { basePath, siteTitle } = frame;
  const title = frame.title === siteTitle ? siteTitle : `${frame.title} · ${siteTitle}`;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<meta name="description" content="${frame.description}">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="stylesheet" href="${basePath}${STYLESHEET_PATH}">
<link rel="icon" type="image/svg+xml" href="${basePath}${ICON_PATH}">
${frame.head}${
  frame.eventsPath !== undefined &&
  markup`<script src="${basePath}${LIVE_SCRIPT_PATH}" data-events="${basePath}${frame.eventsPath}" defer></script>
`
}</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="masthead">
<div class="bar">
<a class="brand" href="${basePath}/${frame.isStatic && INDEX_FILE}">${MARK}<span>${siteTitle}</span></a>
<nav aria-label="Feeds"><ul>
${frame.outputs.map((output) => renderNavigationItem(output, frame))}${
  !frame.isStatic &&
  markup`<li class="aside"><a href="${basePath}/status"${frame.current === "status" && CURRENT}>Status</a></li>
`
}</ul></nav>
</div>
</header>
<main id="content" tabindex="-1">
${
  frame.eventsPath !== undefined &&
  markup`<p id="live-note" role="status"></p>
`
}${frame.content}</main>
<footer class="colophon">
<p>Times are UTC. <a href="${basePath}/opml.xml">All sources as OPML</a>.</p>
</footer>
</body>
</html>
`.toString();
}

/** The first page of an output among static files. */
export const INDEX_FILE = "index.html";

const CURRENT = markup` aria-current="page"`;

/** Three streams that become one. */
export const MARK: Markup = markup`<svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false"><path d="M3 4c6 0 6 8 10 8M3 12h10M3 20c6 0 6-8 10-8h8" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round"/></svg>`;

function renderNavigationItem(output: NavigationItem, frame: PageFrame): Markup {
  const path = `${frame.basePath}${outputPath(output)}${frame.isStatic ? INDEX_FILE : ""}`;
  return markup`<li><a href="${path}"${frame.current === output.name && CURRENT}>${cleanLine(output.title, 60) || output.name}</a></li>
`;
}
