/** The pages of the archives as HTTP serves them: they never change, so any cache may keep them for good. */
import { moveArchivePage } from "../publish/render.ts";
import type { Store } from "../store/store.ts";
import { Representation } from "./conditional-response.ts";

const PATH = /^\/([a-z0-9][a-z0-9_-]{0,63})\/archive\/([1-9]\d{0,8})\.xml$/;
const PAGES_KEPT = 20;
const PAGES_AHEAD = 100;
const YEAR_SECONDS = 365 * 86_400;

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
    const [, output = "", number = ""] = PATH.exec(path) ?? [];
    const newest = this.newest.get(output);
    // Another process on the store may have written more pages than this one has heard of.
    if (newest === undefined || Number(number) > newest + PAGES_AHEAD) return null;
    const key = `${siteUrl} ${path}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const page = await this.#store.findArchivePage(output, Number(number));
    if (page === null) return null;
    const representation = new Representation({
      body: moveArchivePage(page.body, { from: page.siteUrl, to: siteUrl }),
      contentType: "application/atom+xml; charset=utf-8",
      cacheControl: `public, max-age=${YEAR_SECONDS}, immutable`,
      lastModified: page.at,
      headers,
    });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= PAGES_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(key, representation);
    return representation;
  }
}
