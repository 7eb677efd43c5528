import type { FolderPath, SourceDefinition } from "../model.ts";
import { cleanLine } from "./clean.ts";
import { attribute, type Markup, markup } from "./markup.ts";

/** A feed of a list, and the folders in which readers show it. */
export interface ListedFeed {
  readonly folders: readonly FolderPath[];
  readonly outline: Markup;
}

type Subscription = Pick<SourceDefinition, "location" | "name" | "tags" | "homeUrl" | "folders">;

/**
 * The configured feeds as an OPML 2.0 list that reads back as the same addresses, names, tags, sites and folders, in the same
 * order. Tags stand in `category`; those that its commas and slashes cannot say are folders.
 */
export function renderSubscriptionList(sources: readonly Subscription[], title: string): string {
  return markup`<?xml version="1.0" encoding="utf-8"?>
<opml version="2.0">
<head><title>${cleanLine(title, 200)}</title><docs>http://opml.org/spec2.opml</docs></head>
<body>
${inFolders(sources.map(renderSubscription))}</body>
</opml>
`.toString();
}

/**
 * The folders of a feed of which only the tags are known. Other readers know folders only, so the first tag is one; tags that
 * `category` cannot say are one within the other.
 */
export function foldersByTags(tags: readonly string[]): readonly FolderPath[] {
  return [tags.every(isCategory) ? tags.slice(0, 1) : tags];
}

/**
 * The feeds in their folders. Feeds that follow each other in one folder share it; readers take folders of one name for one.
 * A feed's further folders come after all feeds, so that the list reads back in the same order.
 */
export function inFolders(feeds: readonly ListedFeed[]): readonly Markup[] {
  const first = feeds.map(({ folders: [folder = []], outline }) => ({ folder, outline }));
  const further = feeds.flatMap(({ folders, outline }) =>
    folders.slice(1).map((folder) => ({ folder, outline })),
  );
  return nested([...first, ...further], 0);
}

interface Placed {
  readonly folder: FolderPath;
  readonly outline: Markup;
}

function nested(placed: readonly Placed[], depth: number): readonly Markup[] {
  const groups: { readonly name: string | undefined; readonly within: Placed[] }[] = [];
  for (const one of placed) {
    const name = one.folder[depth];
    const last = groups.at(-1);
    if (last !== undefined && last.name === name) last.within.push(one);
    else groups.push({ name, within: [one] });
  }
  return groups.flatMap(({ name, within }) =>
    name === undefined
      ? within.map(({ outline }) => outline)
      : markup`<outline text="${name}">
${nested(within, depth + 1)}</outline>
`,
  );
}

function renderSubscription({ location, name, tags, homeUrl, folders }: Subscription): ListedFeed {
  const categories = tags.filter(isCategory);
  const inFolderOnly = categories.length < tags.length;
  const category = categories.length > 0 && (folders || !inFolderOnly) ? categories : null;
  const known = folders ?? foldersByTags(tags);
  const missing = tags.filter((tag) => !isCategory(tag) && !known.flat().includes(tag));
  return {
    folders: [...known, ...missing.map((tag) => [tag])],
    outline: markup`<outline type="rss" text="${name ?? ""}" xmlUrl="${location}"${attribute("htmlUrl", homeUrl ?? null)}${attribute("category", category?.map((tag) => `/${tag}`).join(",") ?? null)}/>
`,
  };
}

function isCategory(tag: string): boolean {
  return !/[,/]/.test(tag);
}
