/** The sources as an OPML 2.0 subscription list (opml.org/spec2.opml). */
import type { SourceState } from "../model.ts";
import { cleanLine, publicUrl } from "./clean.ts";
import { attribute, type Markup, markup } from "./markup.ts";

/**
 * Feeds with a public address, by name; local files, retired sources and addresses that hold a secret are left out.
 * Tags go into `category`, as OPML 2.0 has it: comma-separated, each a slash-delimited path.
 */
export function renderOpml(sources: readonly SourceState[], title: string): string {
  const document = markup`<?xml version="1.0" encoding="utf-8"?>
<opml version="2.0">
<head><title>${cleanLine(title, 200)}</title><docs>http://opml.org/spec2.opml</docs></head>
<body>
${sources.map(renderOutline).filter((outline) => outline !== null)}</body>
</opml>
`;
  return document.toString();
}

function renderOutline(source: SourceState): Markup | null {
  if (source.kind !== "url" || source.status === "retired") return null;
  const xmlUrl = publicUrl(source.currentUrl) ?? publicUrl(source.location);
  if (xmlUrl === null) return null;
  const name = cleanLine(source.name, 200) || cleanLine(source.feed?.title, 200) || new URL(xmlUrl).hostname;
  const tags = source.tags.map((tag) => cleanLine(tag, 100).replaceAll(",", " ")).filter((tag) => tag !== "");
  return markup`<outline type="rss" text="${name}" title="${name}" xmlUrl="${xmlUrl}"${attribute("htmlUrl", publicUrl(source.feed?.homeUrl))}${attribute("language", source.feed?.language ? cleanLine(source.feed.language, 35) : null)}${attribute("category", tags.length > 0 ? tags.map((tag) => `/${tag}`).join(",") : null)}/>
`;
}
