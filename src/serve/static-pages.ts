/**
 * The pages for people as files, back to the first story: the live document in pages of its own, then a page for each of the archive.
 * Their links are relative and lead to files, so that they work under any web server, under any path, and in a folder.
 */
import { setImmediate } from "node:timers/promises";
import type { OutputDefinition } from "../model.ts";
import { readArchivePage } from "../publish/archive-entries.ts";
import { cleanLine, withoutTrailingSlashes } from "../publish/clean.ts";
import type { PublishedCarrier, PublishedEntry, PublishedFeed } from "../publish/combine.ts";
import { archivePath } from "../publish/feed-urls.ts";
import { INDEX_FILE } from "../publish/page-layout.ts";
import { type FileLinks, renderRiver } from "../publish/render-html.ts";
import type { ItemEntry } from "../publish/render-json.ts";
import type { SiteSettings } from "./river.ts";
import { frameOf } from "./river-pages.ts";

/** Stories of a file. */
const FILE_STORIES = 100;

interface RenderedPages {
  readonly feed: PublishedFeed;
  readonly settings: SiteSettings;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

interface FirstPage {
  readonly atom: Uint8Array;
  readonly settings: SiteSettings;
  readonly hasNewer: boolean;
  readonly html: Uint8Array;
}

export class StaticPages {
  /** By output name. */
  readonly #rendered = new Map<string, RenderedPages>();
  /** The first page of each archive, which is asked for at every writing: it tells whether all must be written anew. */
  readonly #firstPages = new Map<string, FirstPage>();

  /** The pages of a live document by relative path; the first output's stand in the root as well. */
  async live(feed: PublishedFeed, settings: SiteSettings): Promise<ReadonlyMap<string, Uint8Array>> {
    const { name } = feed.output;
    const known = this.#rendered.get(name);
    if (known?.feed === feed && known.settings === settings) return known.files;
    const files = new Map<string, Uint8Array>();
    const folders = feed.isDefault ? ["", `${name}/`] : [`${name}/`];
    for (const folder of folders) {
      const base = folder === "" ? "." : "..";
      const pages = Math.max(1, Math.ceil(feed.entries.length / FILE_STORIES));
      const archive =
        feed.prevArchive === null ? null : `${base}${archivePath(name, feed.prevArchive, "html")}`;
      for (let page = 1; page <= pages; page += 1) {
        const entries = feed.entries.slice((page - 1) * FILE_STORIES, page * FILE_STORIES);
        const links = {
          label: page === 1 ? null : `page ${page}`,
          newer: page === 1 ? null : fileOf(page - 1),
          older: page === pages ? archive : fileOf(page + 1),
        };
        const html = renderFile({ ...feed, entries }, { settings, base, links });
        files.set(`${folder}${fileOf(page)}`, html);
        // Of a long document there are many; requests get their turn.
        await setImmediate();
      }
    }
    this.#rendered.set(name, { feed, settings, files });
    return files;
  }

  /** Forgets outputs that are gone. */
  keepOnly(outputs: readonly OutputDefinition[]): void {
    for (const pages of [this.#rendered, this.#firstPages])
      for (const name of pages.keys())
        if (!outputs.some((output) => output.name === name)) pages.delete(name);
  }

  /** A page of an output's archive. @param atom its document @param newest the number of the newest page */
  archived(
    atom: Uint8Array,
    {
      output,
      number,
      newest,
      settings,
    }: {
      readonly output: OutputDefinition;
      readonly number: number;
      readonly newest: number;
      readonly settings: SiteSettings;
    },
  ): Uint8Array {
    const hasNewer = number < newest;
    const known = number === 1 ? this.#firstPages.get(output.name) : undefined;
    if (known?.atom === atom && known.settings === settings && known.hasNewer === hasNewer) return known.html;
    const page = readArchivePage(atom);
    const siteTitle = cleanLine(settings.title, 200) || "Mainstem";
    const feed: PublishedFeed = {
      output: { ...output, title: cleanLine(output.title, 200) || siteTitle },
      isDefault: settings.outputs[0]?.name === output.name,
      siteTitle,
      siteUrl: withoutTrailingSlashes(settings.url),
      hubUrl: null,
      ownerEmail: null,
      prevArchive: number === 1 ? null : number - 1,
      entries: page.entries.map(toPublished),
      updated: page.updated,
      changed: page.updated,
      skipped: [],
    };
    const links = {
      label: `page ${number} of the archive`,
      newer: hasNewer ? `${number + 1}.html` : `../${INDEX_FILE}`,
      older: number === 1 ? null : `${number - 1}.html`,
    };
    const html = renderFile(feed, { settings, base: "../..", links });
    if (number === 1) this.#firstPages.set(output.name, { atom, settings, hasNewer, html });
    return html;
  }
}

function fileOf(page: number): string {
  return page === 1 ? INDEX_FILE : `page-${page}.html`;
}

function renderFile(
  feed: PublishedFeed,
  {
    settings,
    base,
    links,
  }: { readonly settings: SiteSettings; readonly base: string; readonly links: FileLinks },
): Uint8Array {
  const html = renderRiver({
    feed,
    ...frameOf({ settings, sources: [], tags: [] }),
    basePath: base,
    filter: { tag: null, sourceId: null, search: null },
    olderCursor: null,
    isFirstPage: links.newer === null,
    isStatic: true,
    files: links,
  });
  return Buffer.from(html);
}

/** What a page shows of an entry, as far as the archive has it: other carriers are known by their addresses. */
function toPublished(entry: ItemEntry, index: number): PublishedEntry {
  const carrier = (name: string, url: string | null): PublishedCarrier => {
    return { name, url, sourceId: "", reason: null };
  };
  const others = entry.viaUrls.map((url) => carrier(new URL(url).hostname, url));
  return {
    ...entry,
    source: { ...entry.source, sourceId: "", subtitle: null, language: null, iconUrl: null, authors: [] },
    carriers: [carrier(entry.source.title, entry.alternateUrl), ...others],
    storyNumber: index + 1,
    orderedAt: entry.published,
  };
}
