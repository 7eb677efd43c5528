import type { SourceDefinition } from "../model.ts";
import { cleanLine } from "./clean.ts";
import { attribute, type Markup, markup } from "./markup.ts";

/** A feed of a list, and the folder in which readers show it; null: none. */
export interface ListedFeed {
  readonly folder: string | null;
  readonly outline: Markup;
}

/**
 * The configured feeds as an OPML 2.0 list that reads back as the same addresses, names and tags, in the same order. Tags stand in
 * `category`, and the first one is a folder besides, since other readers know folders only. Tags that the commas and slashes
 * of `category` cannot say become folders all.
 */
export function renderSubscriptionList(
  sources: readonly Pick<SourceDefinition, "location" | "name" | "tags">[],
  title: string,
): string {
  return markup`<?xml version="1.0" encoding="utf-8"?>
<opml version="2.0">
<head><title>${cleanLine(title, 200)}</title><docs>http://opml.org/spec2.opml</docs></head>
<body>
${inFolders(sources.map(renderSubscription))}</body>
</opml>
`.toString();
}

/** Feeds that follow each other in one folder share it. Readers take folders of one name for one. */
export function inFolders(feeds: readonly ListedFeed[]): readonly Markup[] {
  const groups: { readonly folder: string | null; readonly outlines: Markup[] }[] = [];
  for (const { folder, outline } of feeds) {
    const last = groups.at(-1);
    if (last !== undefined && last.folder === folder) last.outlines.push(outline);
    else groups.push({ folder, outlines: [outline] });
  }
  return groups.map(({ folder, outlines }) =>
    folder === null
      ? markup`${outlines}`
      : markup`<outline text="${folder}" title="${folder}">
${outlines}</outline>
`,
  );
}

function renderSubscription({
  location,
  name,
  tags,
}: Pick<SourceDefinition, "location" | "name" | "tags">): ListedFeed {
  const [folder = null, ...inner] = tags;
  const isPlain = !tags.some((tag) => /[,/]/.test(tag));
  const category = isPlain && folder !== null ? tags.map((tag) => `/${tag}`).join(",") : null;
  const outline = markup`<outline type="rss" text="${name ?? ""}" xmlUrl="${location}"${attribute("category", category)}/>
`;
  if (isPlain) return { folder, outline };
  const nested = inner.reduceRight(
    (content, tag) => markup`<outline text="${tag}">${content}</outline>
`,
    outline,
  );
  return { folder, outline: nested };
}
