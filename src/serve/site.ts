/**
 * Everything the site serves, rendered once per change and kept in memory: a request costs a look-up. A revision of
 * the store that is the same as before renders nothing, an output whose bytes are the same keeps its compressed copies.
 */
import { setImmediate } from "node:timers/promises";
import type { Clock, SourceState, Topic } from "../model.ts";
import type { PublishedFeed } from "../publish/combine.ts";
import {
  archivePath,
  FEED_FILES,
  type FeedFile,
  type FeedFormat,
  feedFile,
  selfUrl,
} from "../publish/feed-urls.ts";
import { listFeeds, renderOpml } from "../publish/opml.ts";
import { renderFeed } from "../publish/render.ts";
import type { ListedFeed } from "../publish/subscription-list.ts";
import type { Store } from "../store/store.ts";
import { ArchivePages } from "./archive-pages.ts";
import { Archiver, type ArchiverStore } from "./archiver.ts";
import { addAssets } from "./assets.ts";
import { Representation, type RepresentationOptions } from "./conditional-response.ts";
import { describeFeedFile, FEED_HEADERS } from "./feed-file.ts";
import { type FeedHashes, FeedHistory } from "./feed-history.ts";
import { earliest, expiryOf, LiveDocuments } from "./live-documents.ts";
import type { SiteSettings } from "./river.ts";
import {
  basePathOf,
  type PageQuery,
  type PageSurroundings,
  RiverPages,
  subscribePage,
} from "./river-pages.ts";
import { StaticPages } from "./static-pages.ts";

/** From so many sources on, listing them for each change is felt. */
const MANY_SOURCES = 100;
/** Listing them takes a fiftieth of the time at most. */
const SOURCES_PAUSE_FACTOR = 50;

/** Sources that are written into the OPML list before requests get their turn: some 2 ms. */
const LISTED_AT_ONCE = 300;

export type SiteStore = Pick<Store, "listStories" | "listCopies" | "listSources" | "revision"> &
  ArchiverStore;

/** What a feed file shows. */
interface FeedPath {
  readonly history: FeedHistory;
  readonly file: FeedFile;
  /** What its self link says. */
  readonly address: string;
}

export interface SiteOptions {
  readonly store: SiteStore;
  readonly clock: Clock;
  readonly settings: SiteSettings;
  /** A story could not be published. */
  readonly onSkipped?: (skipped: {
    readonly output: string;
    readonly storyNumber: number;
    readonly reason: string;
  }) => void;
  /** A feed was rendered in one format. */
  readonly onRendered?:
    | ((rendered: { readonly format: FeedFormat; readonly durationMs: number }) => void)
    | undefined;
}

export class Site {
  readonly #store: SiteStore;
  readonly #clock: Clock;
  readonly #onSkipped: SiteOptions["onSkipped"];
  readonly #onRendered: SiteOptions["onRendered"];
  #settings: SiteSettings;
  /** Asked for at every request. */
  #basePath: string;
  #revision: number | null = null;
  #sources: readonly SourceState[] = [];
  /** On the clock of `performance.now`. */
  #sourcesFreshUntilMs = 0;
  #tags: readonly string[] = [];
  #documents: ReadonlyMap<string, Representation> = new Map();
  /** By output name. */
  readonly #histories = new Map<string, FeedHistory>();
  /** The feed files among the documents, by path: which output and format each is. */
  #feedPaths: ReadonlyMap<string, FeedPath> = new Map();
  #deltas = new Map<string, Representation>();
  #files: ReadonlyMap<string, Uint8Array> = new Map();
  #refreshing: Promise<ReadonlyMap<string, Uint8Array>> | null = null;
  #isRefreshAsked = false;
  #renderings = 0;
  readonly #live: LiveDocuments;
  readonly #pages: RiverPages;
  readonly #staticPages = new StaticPages();
  readonly #archiver: Archiver;
  readonly #archivePages: ArchivePages;
  /** The settings that the OPML list was written by. */
  #listedBy: SiteSettings | null = null;
  /** Pages of the archive are still to be written. */
  #isBehind = false;
  /** When the first entry leaves an output's window. */
  #expiresAt: Date | null = null;

  constructor(options: SiteOptions) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#settings = options.settings;
    this.#basePath = basePathOf(options.settings);
    this.#onSkipped = options.onSkipped;
    this.#onRendered = options.onRendered;
    const parts = { store: options.store, clock: options.clock, emptyUpdated: options.clock.now() };
    this.#live = new LiveDocuments(parts);
    this.#pages = new RiverPages(parts);
    this.#archiver = new Archiver(options);
    this.#archivePages = new ArchivePages(options.store);
  }

  /** How often something changed that readers may see. */
  get renderings(): number {
    return this.#renderings;
  }

  get settings(): SiteSettings {
    return this.#settings;
  }

  /** Path of the public URL, without a trailing slash: every link on a page starts with it. */
  get basePath(): string {
    return this.#basePath;
  }

  /** Replaces what is published; takes effect with the next refresh. */
  reconfigure(settings: SiteSettings): void {
    this.#settings = settings;
    this.#basePath = basePathOf(settings);
    this.#revision = null;
  }

  /** In how many ms `refresh` has something to do although the store does not change; null: never. */
  get nextRefreshInMs(): number | null {
    if (this.#isBehind) return 0;
    if (this.#expiresAt === null) return null;
    return Math.max(0, this.#expiresAt.getTime() - this.#clock.now().getTime() + 1);
  }

  /** The newest page of each output's archive, by output name; 0 for none. */
  get archives(): ReadonlyMap<string, number> {
    return this.#archivePages.newest;
  }

  /** A page of an output's archive (RFC 5005), ready to be sent; null where there is none. */
  async archivePage(path: string): Promise<Representation | null> {
    return this.#archivePages.find(path, { siteUrl: this.#settings.url, headers: FEED_HEADERS });
  }

  /** The live document's address, for the second page of its archive while there is none: the first names it. Else null. */
  liveAddressOf(path: string): string | null {
    for (const [name, newest] of this.#archivePages.newest) {
      if (newest !== 1 || path !== archivePath(name, 2)) continue;
      const feedPath = this.#feedPaths.get(`/${name}/${feedFile("atom").name}`);
      return feedPath?.address ?? null;
    }
    return null;
  }

  /** A page of an archive as it is written to a directory, by its path: as HTTP serves it, or as a page for people. */
  async archiveFile(path: string): Promise<Uint8Array | null> {
    const document = await this.archivePage(path.replace(/\.html$/, ".xml"));
    if (document === null || !path.endsWith(".html")) return document?.body ?? null;
    const settings = this.#settings;
    const [, name, page] = /^\/([^/]+)\/archive\/(\d+)\.html$/.exec(path) ?? [];
    const output = settings.outputs.find((one) => one.name === name);
    if (output === undefined) return null;
    const newest = this.#archivePages.newest.get(output.name) ?? 0;
    return this.#staticPages.archived(document.body, { output, number: Number(page), newest, settings });
  }

  /** The document of a path (`/atom.xml`, `/world/feed.json`, `/opml.xml`, an asset). */
  document(path: string): Representation | undefined {
    return this.#documents.get(path);
  }

  /**
   * What a client misses that has an older version of a feed, named in If-None-Match (RFC 3229); undefined when the
   * version is not known any more or when all of it is new.
   */
  delta(path: string, ifNoneMatch: string): Representation | undefined {
    const instance = this.#documents.get(path);
    const feedPath = this.#feedPaths.get(path);
    if (instance === undefined || feedPath === undefined || ifNoneMatch.includes(instance.hash))
      return undefined;
    const delta = feedPath.history.since(ifNoneMatch, feedPath.file.format);
    if (delta === null) return undefined;
    const key = `${path} ${delta.baseHash}`;
    const known = this.#deltas.get(key);
    if (known !== undefined) return known;
    const representation = new Representation({
      body: renderFeed(delta.feed, feedPath.file.format),
      contentType: `${feedPath.file.mediaType}; charset=utf-8`,
      // Good for this client only: a cache must not take it for the feed.
      cacheControl: "private, no-store",
      lastModified: instance.lastModified,
      headers: [...FEED_HEADERS, "IM", "feed", "Delta-Base", `"${delta.baseHash}"`],
      instance,
    });
    this.#deltas.set(key, representation);
    return representation;
  }

  /** The addresses of the site's feeds, each once: what their self links say. */
  get topicUrls(): readonly string[] {
    return [...new Set([...this.#feedPaths.values()].map(({ address }) => address))];
  }

  /** The feed at an address of this site as a hub distributes it; null where there is none. */
  topic(url: string): Topic | null {
    const { url: siteUrl } = this.#settings;
    const path = url.startsWith(`${siteUrl}/`) ? url.slice(siteUrl.length) : "";
    const document = this.#documents.get(path);
    const feedPath = this.#feedPaths.get(path);
    if (document === undefined || feedPath === undefined) return null;
    const { file, history, address } = feedPath;
    return {
      selfUrl: address,
      contentType: `${file.mediaType}; charset=utf-8`,
      hash: document.hash,
      body: document.body,
      since: (hash) => {
        // Nothing is no news; that it is nothing since another moment, in another process, even less.
        if (history.newest?.entries.length === 0) return null;
        if (hash === null) return document.body;
        const delta = history.since(`"${hash}"`, file.format);
        if (delta?.feed.entries.length === 0) return null;
        // Only of Atom and RSS may a hub send a part (WebSub 7).
        if (file.format === "json") return document.body;
        return this.delta(path, `"${hash}"`)?.body ?? document.body;
      },
    };
  }

  /** Sources that stories may come from, as of the last refresh. */
  get sources(): readonly SourceState[] {
    return this.#sources;
  }

  /** Tags of those sources, sorted. */
  get tags(): readonly string[] {
    return this.#tags;
  }

  /**
   * Renders what changed since the last call. Calls that come while one runs share the next run.
   * @returns every file of the site by its relative path, for writing to a directory.
   */
  async refresh(): Promise<ReadonlyMap<string, Uint8Array>> {
    this.#isRefreshAsked = true;
    this.#refreshing ??= this.#refreshWhileAsked().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refreshWhileAsked(): Promise<ReadonlyMap<string, Uint8Array>> {
    while (this.#isRefreshAsked) {
      this.#isRefreshAsked = false;
      await this.#render();
    }
    return this.#files;
  }

  async #render(): Promise<void> {
    const revision = await this.#store.revision();
    if (revision === this.#revision && this.nextRefreshInMs !== 0) return;
    const archives = new Map<string, number>();
    let isBehind = false;
    let expiresAt: Date | null = null;
    const settings = this.#settings;
    const sources = await this.#readSources();
    const documents = new Map<string, Representation>();
    const feedPaths = new Map<string, FeedPath>();
    const files = new Map<string, Uint8Array>();
    const versions: { history: FeedHistory; feed: PublishedFeed; hashes: FeedHashes }[] = [];
    for (const [index, output] of settings.outputs.entries()) {
      const isDefault = index === 0;
      const live = await this.#live.read(output, settings);
      isBehind ||= live.isBehind;
      expiresAt = earliest(expiresAt, expiryOf(live.feed.entries, output));
      const archived = await this.#archiver.advance(output, {
        live: new Set(live.feed.entries.map((entry) => entry.storyNumber)),
        settings,
      });
      archives.set(output.name, archived.newest ?? 0);
      isBehind ||= archived.isBehind;
      for (const skipped of live.feed.skipped) this.#onSkipped?.({ output: output.name, ...skipped });
      const history = this.#histories.get(output.name) ?? new FeedHistory();
      this.#histories.set(output.name, history);
      const fresh = { ...live.feed, prevArchive: archived.newest };
      const same = history.same(fresh);
      const feed = same ?? fresh;
      const folders = isDefault ? ["", `${output.name}/`] : [`${output.name}/`];
      const hashes = { atom: "", rss: "", json: "" };
      for (const file of FEED_FILES) {
        const known = same === null ? undefined : this.#documents.get(`/${output.name}/${file.name}`);
        // Between formats, requests get their turn.
        if (known === undefined) await setImmediate();
        const representation = known ?? this.#renderFeedFile(feed, file);
        hashes[file.format] = representation.hash;
        for (const folder of folders) {
          documents.set(`/${folder}${file.name}`, representation);
          feedPaths.set(`/${folder}${file.name}`, { history, file, address: selfUrl(feed, file) });
          files.set(`${folder}${file.name}`, representation.body);
        }
      }
      versions.push({ history, feed, hashes });
      if (settings.hasFiles !== false) {
        for (const [name, page] of await this.#staticPages.live(feed, settings)) files.set(name, page);
      }
      // Between outputs, requests get their turn.
      await setImmediate();
    }
    this.#staticPages.keepOnly(settings.outputs);
    for (const name of this.#histories.keys()) {
      if (!settings.outputs.some((output) => output.name === name)) this.#histories.delete(name);
    }
    addAssets(documents, files);
    const isSame = sources === this.#sources && settings === this.#listedBy;
    const known = isSame ? this.#documents.get("/opml.xml") : undefined;
    const opml = known ?? (await this.#renderList(sources, settings));
    documents.set("/opml.xml", opml);
    files.set("opml.xml", opml.body);
    this.#sources = sources;
    this.#listedBy = settings;
    this.#tags = [...new Set(sources.flatMap((source) => source.tags))].sort();
    this.#isBehind = isBehind;
    this.#expiresAt = expiresAt;
    this.#archivePages.newest = archives;
    this.#documents = documents;
    this.#files = files;
    // Together with the documents, so that a delta never tells of entries that the feed does not have yet.
    for (const { history, feed, hashes } of versions) history.add(feed, hashes);
    this.#feedPaths = feedPaths;
    this.#renderings += 1;
    this.#pages.clear();
    this.#deltas = new Map();
    // Settings that changed meanwhile leave the revision unknown, so that the next refresh renders them.
    if (settings === this.#settings) this.#revision = revision;
  }

  async #renderList(sources: readonly SourceState[], settings: SiteSettings): Promise<Representation> {
    const feeds: ListedFeed[] = [];
    for (let from = 0; from < sources.length; from += LISTED_AT_ONCE) {
      feeds.push(...listFeeds(sources.slice(from, from + LISTED_AT_ONCE), settings.listed));
      await setImmediate();
    }
    return this.#keepIfSame("/opml.xml", {
      body: Buffer.from(renderOpml(feeds, settings.title)),
      contentType: "text/x-opml; charset=utf-8",
      cacheControl: "public, max-age=300",
      lastModified: null,
      headers: FEED_HEADERS,
    });
  }

  /** The sources; of many, those of a moment ago while they change at every poll: only names and tags are taken from them. */
  async #readSources(): Promise<readonly SourceState[]> {
    const startedMs = performance.now();
    const isFresh = startedMs < this.#sourcesFreshUntilMs && this.#revision !== null;
    if (isFresh && this.#sources.length > MANY_SOURCES) return this.#sources;
    const sources = await this.#store.listSources();
    const tookMs = performance.now() - startedMs;
    this.#sourcesFreshUntilMs = startedMs + tookMs * SOURCES_PAUSE_FACTOR;
    return sources;
  }

  /** A page of an output's river. */
  page(query: PageQuery): Promise<Representation> {
    return this.#pages.page(query, this.#surroundings);
  }

  /** How to subscribe to the feed of a path, as a page; null where there is no feed. */
  subscribePage(path: string): Representation | null {
    const found = this.#feedPaths.get(path);
    const feed = found?.history.newest ?? null;
    return found === undefined || feed === null
      ? null
      : subscribePage(this.#settings, { feed, file: found.file, path });
  }

  get #surroundings(): PageSurroundings {
    return { settings: this.#settings, sources: this.#sources, tags: this.#tags };
  }

  #renderFeedFile(feed: PublishedFeed, file: FeedFile): Representation {
    const startMs = performance.now();
    const body = renderFeed(feed, file.format);
    this.#onRendered?.({ format: file.format, durationMs: performance.now() - startMs });
    return this.#keepIfSame(`/${feed.output.name}/${file.name}`, describeFeedFile(feed, file, body));
  }

  /** The representation that is there already when its bytes are the same; a newer Last-Modified when they are not. */
  #keepIfSame(path: string, options: RepresentationOptions): Representation {
    const before = this.#documents.get(path);
    const fresh = new Representation(options);
    if (before === undefined) return fresh;
    if (before.hash === fresh.hash) return before;
    // Content that changed without a newer date of its own (a source renamed, stories merged) is as new as this moment.
    const isNewer =
      fresh.lastModified === null || before.lastModified === null || fresh.lastModified > before.lastModified;
    return isNewer ? fresh : new Representation({ ...options, lastModified: this.#clock.now() });
  }
}
