/** The sources as an OPML 2.0 subscription list (opml.org/spec2.opml). */
import type { SourceDefinition, SourceState } from "../model.ts";
import { cleanLanguage, cleanLine, languageInXml, publicUrl } from "./clean.ts";
import { attribute, markup } from "./markup.ts";
import { inFolders, type ListedFeed } from "./subscription-list.ts";

/**
 * What the list holds of these sources: feeds with a public address; local files, retired sources and addresses that hold a secret
 * are left out. Tags go into `category`, as OPML 2.0 has it: comma-separated, each a slash-delimited path. The first one is a folder
 * besides, where the config does not say another.
 * @param configured by source id
 */
export function listFeeds(
  sources: readonly SourceState[],
  configured: ReadonlyMap<string, Pick<SourceDefinition, "homeUrl" | "folders">> = new Map(),
): readonly ListedFeed[] {
  return sources
    .map((source) => renderOutline(source, configured.get(source.id)))
    .filter((outline) => outline !== null);
}

/** A body has at least one outline (OPML 2.0, "What is a <body>?"). */
const EMPTY = markup`<outline text="No source with a public address." isComment="true"/>
`;

/** The document with these feeds, by folder and name. */
export function renderOpml(feeds: readonly ListedFeed[], title: string): string {
  const folders = Map.groupBy(feeds, ({ folders: [folder = []] }) => JSON.stringify(folder));
  const document = markup`<?xml version="1.0" encoding="utf-8"?>
<opml version="2.0">
<head><title>${cleanLine(title, 200)}</title></head>
<body>
${feeds.length === 0 ? EMPTY : inFolders([...folders.values()].flat())}</body>
</opml>
`;
  return document.toString();
}

function renderOutline(
  source: SourceState,
  configured: Pick<SourceDefinition, "homeUrl" | "folders"> | undefined,
): ListedFeed | null {
  if (source.kind !== "url" || source.status === "retired") return null;
  const xmlUrl = publicUrl(source.currentUrl) ?? publicUrl(source.location);
  if (xmlUrl === null) return null;
  const name = cleanLine(source.name, 200) || cleanLine(source.feed?.title, 200) || new URL(xmlUrl).hostname;
  const tags = source.tags.map((tag) => cleanLine(tag, 100).replaceAll(",", " ")).filter((tag) => tag !== "");
  // A part of a path cannot hold a slash; the folder can.
  const categories = tags
    .filter((tag, at) => at > 0 || !tag.includes("/"))
    .map((tag) => `/${tag.replaceAll("/", " ")}`);
  const outline = markup`<outline type="rss" text="${name}" title="${name}" xmlUrl="${xmlUrl}"${attribute("htmlUrl", publicUrl(configured?.homeUrl) ?? publicUrl(source.feed?.homeUrl))}${attribute("language", languageInXml(cleanLanguage(source.feed?.language)))}${attribute("category", categories.length > 0 ? categories.join(",") : null)}/>
`;
  const folders = configured?.folders?.map((folder) => folder.map((name) => cleanLine(name, 100)));
  return { folders: folders ?? [tags.slice(0, 1)], outline };
}
