/** The pages of the archives as HTTP serves them: they never change, so any cache may keep them for good. */
import { toJsonArchive } from "../publish/archive-json.ts";
import { type ArchiveFormat, archivePath, feedFile } from "../publish/feed-urls.ts";
import { moveArchivePage } from "../publish/render.ts";
import type { Store } from "../store/store.ts";
import { Representation } from "./conditional-response.ts";

const PATH = /^\/([a-z0-9][a-z0-9_-]{0,63})\/archive\/([1-9]\d{0,8})\.(xml|json)$/;
const PAGES_KEPT = 20;
const PAGES_AHEAD = 100;
const FOR_GOOD = `public, max-age=${365 * 86_400}, immutable`;
/** The newest page is asked for again: its headers will name the page after it. */
const FOR_A_WHILE = "public, max-age=3600, stale-if-error=86400";
type ServedFormat = Exclude<ArchiveFormat, "html">;
const MEDIA_TYPES: Readonly<Record<ServedFormat, string>> = {
  xml: feedFile("atom").mediaType,
  json: feedFile("json").mediaType,
};

export class ArchivePages {
  readonly #store: Pick<Store, "findArchivePage">;
  readonly #kept = new Map<string, Representation>();
  /** The newest page by output name, 0 for none, as of the last rendering; there are no other outputs. */
  newest: ReadonlyMap<string, number> = new Map();

  constructor(store: Pick<Store, "findArchivePage">) {
    this.#store = store;
  }

  async find(
    path: string,
    { siteUrl, headers }: { readonly siteUrl: string; readonly headers: readonly string[] },
  ): Promise<Representation | null> {
    const [, output = "", digits = "", format = "xml"] = PATH.exec(path) ?? [];
    const number = Number(digits);
    const newest = this.newest.get(output);
    // Another process on the store may have written more pages than this one has heard of.
    if (newest === undefined || number > newest + PAGES_AHEAD) return null;
    const hasNext = number < newest;
    const key = `${siteUrl} ${path} ${hasNext}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const page = await this.#store.findArchivePage(output, number);
    if (page === null) return null;
    const atom = moveArchivePage(page.body, { from: page.siteUrl, to: siteUrl });
    // RFC 5005 4 wants `next-archive`, too. No page knows of the one after it when it is written; so it is said beside it (RFC 8288).
    const next = `<${siteUrl}${archivePath(output, number + 1)}>; rel="next-archive"`;
    const representation = new Representation({
      body: format === "json" ? toJsonArchive(atom) : atom,
      contentType: `${MEDIA_TYPES[format as ServedFormat]}; charset=utf-8`,
      cacheControl: hasNext ? FOR_GOOD : FOR_A_WHILE,
      lastModified: page.at,
      headers: hasNext && format === "xml" ? [...headers, "Link", next] : headers,
    });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= PAGES_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(key, representation);
    return representation;
  }
}
