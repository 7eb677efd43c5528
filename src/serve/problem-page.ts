/** The same as `problem.ts` for people: somebody who opened an address in a browser reads a page, not JSON. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { markup } from "../publish/markup.ts";
import { renderPage } from "../publish/page-layout.ts";
import { type ProblemError, problemTitle, sendProblem } from "./problem.ts";
import { navigationOf, PAGE_HEADERS } from "./river-pages.ts";
import type { Site } from "./site.ts";

/** Sends a problem as a page of the site. */
export function sendProblemPage(
  request: IncomingMessage,
  response: ServerResponse,
  { problem, site }: { readonly problem: ProblemError; readonly site: Pick<Site, "settings" | "basePath"> },
): void {
  const title = problemTitle(problem);
  const body = renderPage({
    siteTitle: site.settings.title,
    basePath: site.basePath,
    outputs: navigationOf(site.settings),
    current: null,
    title,
    description: problem.message,
    head: null,
    content: markup`<div class="intro">
<h1>${title}</h1>
<p class="lede">${problem.message}</p>
</div>
`,
    isStatic: false,
  });
  sendProblem(request, response, problem, {
    contentType: "text/html; charset=utf-8",
    body,
    headers: PAGE_HEADERS,
  });
}
