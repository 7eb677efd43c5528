/** The sources as an OPML 2.0 subscription list (opml.org/spec2.opml). */
import type { SourceState } from "../model.ts";
import { cleanLine, publicUrl } from "./clean.ts";
import { attribute, markup } from "./markup.ts";
import { inFolders, type ListedFeed } from "./subscription-list.ts";

/**
 * Feeds with a public address, by name; local files, retired sources and addresses that hold a secret are left out.
 * Tags go into `category`, as OPML 2.0 has it: comma-separated, each a slash-delimited path. The first one is a folder besides.
 */
export function renderOpml(sources: readonly SourceState[], title: string): string {
  const feeds = sources.map(renderOutline).filter((outline) => outline !== null);
  const folders = Map.groupBy(feeds, ({ folder }) => folder);
  const document = markup`<?xml version="1.0" encoding="utf-8"?>
<opml version="2.0">
<head><title>${cleanLine(title, 200)}</title><docs>http://opml.org/spec2.opml</docs></head>
<body>
${inFolders([...folders.values()].flat())}</body>
</opml>
`;
  return document.toString();
}

function renderOutline(source: SourceState): ListedFeed | null {
  if (source.kind !== "url" || source.status === "retired") return null;
  const xmlUrl = publicUrl(source.currentUrl) ?? publicUrl(source.location);
  if (xmlUrl === null) return null;
  const name = cleanLine(source.name, 200) || cleanLine(source.feed?.title, 200) || new URL(xmlUrl).hostname;
  const tags = source.tags.map((tag) => cleanLine(tag, 100).replaceAll(",", " ")).filter((tag) => tag !== "");
  // A part of a path cannot hold a slash; the folder can.
  const categories = tags
    .filter((tag, at) => at > 0 || !tag.includes("/"))
    .map((tag) => `/${tag.replaceAll("/", " ")}`);
  const outline = markup`<outline type="rss" text="${name}" title="${name}" xmlUrl="${xmlUrl}"${attribute("htmlUrl", publicUrl(source.feed?.homeUrl))}${attribute("language", source.feed?.language ? cleanLine(source.feed.language, 35) : null)}${attribute("category", categories.length > 0 ? categories.join(",") : null)}/>
`;
  return { folder: tags[0] ?? null, outline };
}
