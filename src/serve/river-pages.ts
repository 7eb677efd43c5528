/** The pages for people: an output's river page by page, and how to subscribe to a feed. Kept until the next change. */
import type { OutputDefinition, SourceState } from "../model.ts";
import { cleanLine, withoutTrailingSlashes } from "../publish/clean.ts";
import type { PublishedFeed } from "../publish/combine.ts";
import { type FeedFile, outputPath } from "../publish/feed-urls.ts";
import { renderRiver } from "../publish/render-html.ts";
import { renderSubscribe } from "../publish/render-subscribe.ts";
import type { Store } from "../store/store.ts";
import { Representation } from "./conditional-response.ts";
import { type Cursor, formatCursor, PAGE_STORIES, readRiver, type SiteSettings } from "./river.ts";

const PAGES_KEPT = 200;

export const PAGE_HEADERS: readonly string[] = [
  "Content-Security-Policy",
  "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "Referrer-Policy",
  "no-referrer",
  "X-Content-Type-Options",
  "nosniff",
  "Cross-Origin-Opener-Policy",
  "same-origin",
];

export interface PageQuery {
  readonly output: OutputDefinition;
  readonly tag: string | null;
  readonly sourceId: string | null;
  readonly search: string | null;
  readonly before: Cursor | null;
}

/** What every page shows around its stories. */
export interface PageSurroundings {
  readonly settings: SiteSettings;
  /** Sources that stories may come from. */
  readonly sources: readonly SourceState[];
  /** Their tags. */
  readonly tags: readonly string[];
}

export class RiverPages {
  readonly #store: Pick<Store, "listStories" | "listCopies">;
  readonly #emptyUpdated: Date;
  #pages = new Map<string, Representation>();

  constructor({
    store,
    emptyUpdated,
  }: {
    readonly store: Pick<Store, "listStories" | "listCopies">;
    readonly emptyUpdated: Date;
  }) {
    this.#store = store;
    this.#emptyUpdated = emptyUpdated;
  }

  /** Something changed. */
  clear(): void {
    this.#pages = new Map();
  }

  async page(query: PageQuery, surroundings: PageSurroundings): Promise<Representation> {
    const before = query.before === null ? null : formatCursor(query.before);
    const key = JSON.stringify([query.output.name, query.tag, query.sourceId, query.search, before]);
    const pages = this.#pages;
    const known = pages.get(key);
    if (known !== undefined) return known;
    const { feed, older } = await readRiver(this.#store, surroundings.settings, {
      ...query,
      limit: PAGE_STORIES,
      emptyUpdated: this.#emptyUpdated,
    });
    const html = renderRiver({
      feed,
      ...frameOf(surroundings),
      filter: { tag: query.tag, sourceId: query.sourceId, search: query.search },
      olderCursor: older === null ? null : formatCursor(older),
      isFirstPage: before === null,
      isStatic: false,
    });
    const page = new Representation({
      body: Buffer.from(html),
      contentType: "text/html; charset=utf-8",
      cacheControl: "public, max-age=60",
      lastModified: null,
      headers: PAGE_HEADERS,
    });
    if (pages.size >= PAGES_KEPT) pages.clear();
    pages.set(key, page);
    return page;
  }
}

/** How to subscribe to the feed of a path. */
export function subscribePage(
  settings: SiteSettings,
  { feed, file, path }: { readonly feed: PublishedFeed; readonly file: FeedFile; readonly path: string },
): Representation {
  const html = renderSubscribe({
    feed,
    file,
    url: `${withoutTrailingSlashes(settings.url)}${path}`,
    basePath: basePathOf(settings),
    outputs: navigationOf(settings),
  });
  return new Representation({
    body: Buffer.from(html),
    contentType: "text/html; charset=utf-8",
    // For this browser only: a cache must not give the page to feed readers.
    cacheControl: "private, no-store",
    lastModified: null,
    headers: PAGE_HEADERS,
  });
}

/** What `renderRiver` wants to know beside the stories. */
export function frameOf({ settings, sources, tags }: PageSurroundings) {
  const named = sources
    .filter((source) => source.kind !== "opml" && source.entryCount > 0)
    .map((source) => ({ id: source.id, name: nameOf(source) }))
    .sort((a, b) => a.name.localeCompare(b.name, "en"));
  return { basePath: basePathOf(settings), outputs: navigationOf(settings), tags, sources: named };
}

/** Path of the public URL, without a trailing slash: every link on a page starts with it. */
export function basePathOf({ url }: SiteSettings): string {
  return withoutTrailingSlashes(new URL(url).pathname);
}

/** The outputs as the masthead lists them. */
export function navigationOf(
  settings: SiteSettings,
): readonly { name: string; title: string; isDefault: boolean }[] {
  return settings.outputs.map(({ name, title }, index) => {
    // An output without a title of its own has the site's, which stands beside it already.
    return { name, title: title === settings.title ? "All stories" : title, isDefault: index === 0 };
  });
}

/** What a source is called: by the operator, by itself, or by its address. */
export function nameOf(source: SourceState): string {
  return (
    cleanLine(source.name, 200) ||
    cleanLine(source.feed?.title, 200) ||
    cleanLine(hostOf(source), 200) ||
    source.id
  );
}

function hostOf(source: SourceState): string {
  return URL.parse(source.location)?.hostname ?? source.location.split("/").at(-1) ?? "";
}

/** Paths of an output's page: `/` and `/<name>/` for the first one. */
export function pagePathsOf(settings: SiteSettings): ReadonlyMap<string, OutputDefinition> {
  const paths = new Map<string, OutputDefinition>();
  for (const [index, output] of settings.outputs.entries()) {
    paths.set(`/${output.name}/`, output);
    if (index === 0) paths.set(outputPath({ name: output.name, isDefault: true }), output);
  }
  return paths;
}
