/** What the site shows of the store: which stories an output holds, page by page. */
import type { OutputDefinition, SourceDefinition, Story } from "../model.ts";
import type { PublishedFeed } from "../publish/combine.ts";
import type { Store } from "../store/store.ts";
import { combineInTurns } from "./combine-in-turns.ts";
import { showOnce, withCopies } from "./copy-groups.ts";

/** Stories of one river page. */
export const PAGE_STORIES = 30;
/** A filter that lets next to nothing through ends its search here, but not before the feed could be full without it. */
const SCANNED_STORIES_MAX = 5000;

/** A place in the order of stories; the page after it holds strictly older ones. */
export interface Cursor {
  readonly orderedAt: Date;
  readonly number: number;
}

/** What is published where; replaced as a whole when the config changes. */
export interface SiteSettings {
  /** The first is served at `/atom.xml` as well. */
  readonly outputs: readonly OutputDefinition[];
  readonly title: string;
  /** Public base URL; nothing in a request changes it. */
  readonly url: string;
  /** By output name: the compiled include and exclude lists. An output that is not there takes everything. */
  readonly matchers?: ReadonlyMap<string, (entryText: string) => boolean>;
  readonly hubUrl?: string | null;
  /** Who answers for the feeds; `webmaster` of the site's host when null. */
  readonly ownerEmail?: string | null;
  /** Are files wanted, too (`refresh` returns them)? Yes unless false. */
  readonly hasFiles?: boolean;
  /** What the config says of a source, by its id, as the OPML list of the site needs it. */
  readonly listed?: ReadonlyMap<string, Pick<SourceDefinition, "homeUrl" | "folders">>;
}

export interface RiverQuery {
  readonly output: OutputDefinition;
  /** Further narrowing to one tag or one source. */
  readonly tag: string | null;
  readonly sourceId: string | null;
  /** Words to find, beside those of the output itself. */
  readonly search?: string | null;
  readonly before: Cursor | null;
  readonly limit: number;
  /** Nothing older than this in the order. */
  readonly notBefore?: Date | null;
}

export interface RiverSlice {
  readonly feed: PublishedFeed;
  /** Where the next page begins, or null when this is the last. */
  readonly older: Cursor | null;
}

/** Reads as many stories as the query asks for, passing over those that the output's lists refuse. */
export async function readRiver(
  store: Pick<Store, "listStories" | "listCopies">,
  settings: SiteSettings,
  query: RiverQuery & { readonly emptyUpdated: Date },
): Promise<RiverSlice> {
  const { output } = query;
  const matches = settings.matchers?.get(output.name);
  const tags = query.tag === null ? output.tags : [query.tag];
  const search = [output.search ?? "", query.search ?? ""].filter((words) => words !== "").join(" ");
  const chunk = Math.min(Math.max(query.limit + 1, 50), 500);
  const stories: Story[] = [];
  const told = new Set<number>();
  const isChosen = ({ sightings }: Story) =>
    sightings.some(
      ({ sourceId, sourceTags }) =>
        (query.sourceId === null || sourceId === query.sourceId) &&
        (query.tag === null || sourceTags.includes(query.tag)),
    );
  let before = query.before;
  let scanned = 0;
  let isExhausted = false;
  // One more than wanted shows whether there is a next page.
  while (
    stories.length <= query.limit &&
    !isExhausted &&
    scanned < Math.max(SCANNED_STORIES_MAX, query.limit + 1)
  ) {
    const found = await store.listStories({
      limit: chunk,
      tags,
      ...(search === "" ? {} : { search }),
      ...(query.sourceId === null ? {} : { sourceId: query.sourceId }),
      ...(before === null ? {} : { before }),
    });
    const wanted = found.filter((story) => !isTooOld(story, query));
    stories.push(...showOnce(await withCopies(store, wanted, output), { output, matches, isChosen, told }));
    const last = found.at(-1);
    if (last !== undefined) before = { orderedAt: last.orderedAt, number: last.number };
    scanned += found.length;
    isExhausted = found.length < chunk || wanted.length < found.length;
  }
  const shown = stories.slice(0, query.limit);
  const feed = await combineRiver(shown, settings, query);
  const last = shown.at(-1);
  if (stories.length > query.limit && last !== undefined) {
    return { feed, older: { orderedAt: last.orderedAt, number: last.number } };
  }
  return { feed, older: isExhausted ? null : before };
}

/** These stories as a feed of the site. */
export async function combineRiver(
  stories: readonly Story[],
  settings: SiteSettings,
  { output, limit, emptyUpdated }: Pick<RiverQuery, "output" | "limit"> & { readonly emptyUpdated: Date },
): Promise<PublishedFeed> {
  return combineInTurns(stories, {
    output: { ...output, limit },
    title: settings.title,
    url: settings.url,
    isDefault: settings.outputs[0]?.name === output.name,
    matches: settings.matchers?.get(output.name),
    emptyUpdated,
    hubUrl: settings.hubUrl,
    ownerEmail: settings.ownerEmail,
  });
}

function isTooOld(story: Story, { notBefore }: Pick<RiverQuery, "notBefore">): boolean {
  return notBefore !== null && notBefore !== undefined && story.orderedAt < notBefore;
}

/** `<ms>.<number>`: short, opaque to readers of the URL, checked when it comes back. */
export function formatCursor(cursor: Cursor): string {
  return `${cursor.orderedAt.getTime()}.${cursor.number}`;
}

/** A cursor as it came in a query, or null when it is none. */
export function parseCursor(text: string): Cursor | null {
  const match = /^(\d{1,15})\.(\d{1,15})$/.exec(text);
  if (match === null) return null;
  return { orderedAt: new Date(Number(match[1])), number: Number(match[2]) };
}
