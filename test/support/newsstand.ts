/** A publisher with ground truth: feeds whose entries overlap, faults on demand, and a record of who asked when. */
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";

export type Fault = "html" | "500" | "hang" | "half" | "gone";

interface NewsFeed {
  items: { readonly id: number; readonly title: string }[];
  version: number;
  fault: Fault | null;
  /** Each request: was it conditional? */
  readonly requests: { readonly isConditional: boolean }[];
}

export interface NewsstandOptions {
  /** How many entries a feed holds; older ones leave it. */
  readonly kept?: number;
  /** Of each entry's text. */
  readonly words?: number;
}

export class Newsstand implements AsyncDisposable {
  readonly #server: Server;
  readonly #feeds: NewsFeed[];
  #lastId = 0;
  /** Ids of stories that a client was given in full, whatever became of it. */
  readonly told = new Set<number>();
  readonly #options: Required<NewsstandOptions>;
  url = "";

  private constructor(count: number, { kept = 50, words = 0 }: NewsstandOptions) {
    this.#options = { kept, words };
    this.#feeds = Array.from({ length: count }, () => ({ items: [], version: 0, fault: null, requests: [] }));
    this.#server = createServer((request, response) =>
      this.#answer(request.url ?? "", request.headers["if-none-match"], response),
    );
  }

  static async open(count: number, options: NewsstandOptions = {}): Promise<Newsstand> {
    const stand = new Newsstand(count, options);
    stand.#server.listen(0, "127.0.0.1");
    await once(stand.#server, "listening");
    const address = stand.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    stand.url = `http://127.0.0.1:${address.port}`;
    return stand;
  }

  /** The `sources:` of a config that reads every feed. */
  sourcesYaml(extra = ""): string {
    return `sources:\n${this.#feeds.map((_, index) => `  - url: ${this.feedUrl(index)}\n    name: Paper ${index}\n${extra}`).join("")}`;
  }

  feedUrl(index: number): string {
    return `${this.url}/feed/${index}`;
  }

  /** Publishes a new story in the given feeds, each with a link of its own making. */
  publish(...indexes: number[]): number {
    const id = ++this.#lastId;
    for (const index of indexes) {
      const feed = this.#feed(index);
      feed.items.unshift({ id, title: `Story number ${id} of the day` });
      feed.items.length = Math.min(feed.items.length, this.#options.kept);
      feed.version++;
    }
    return id;
  }

  setFault(index: number, fault: Fault | null): void {
    this.#feed(index).fault = fault;
  }

  requests(index: number): readonly { readonly isConditional: boolean }[] {
    return this.#feed(index).requests;
  }

  storyUrl(id: number): string {
    return `https://news.example.org/2026/story-${id}`;
  }

  #feed(index: number): NewsFeed {
    const feed = this.#feeds[index];
    if (!feed) throw new RangeError(`no feed ${index}`);
    return feed;
  }

  #answer(path: string, ifNoneMatch: string | undefined, response: ServerResponse): void {
    const index = Number(/^\/feed\/(\d+)$/.exec(path)?.[1] ?? Number.NaN);
    const feed = this.#feeds[index];
    if (!feed) return void response.writeHead(404).end();
    feed.requests.push({ isConditional: ifNoneMatch !== undefined });
    const etag = `"v${feed.version}"`;
    const body = this.#rss(feed, index);
    switch (feed.fault) {
      case "html":
        return void response
          .writeHead(200, { "content-type": "text/html" })
          .end("<!doctype html><html><body><h1>Under maintenance</h1></body></html>");
      case "500":
        return void response.writeHead(500).end("oops");
      case "hang":
        return;
      case "gone":
        return void response.writeHead(410).end();
      case "half":
        response.writeHead(200, {
          "content-type": "application/rss+xml",
          "content-length": Buffer.byteLength(body),
          etag,
        });
        response.write(body.slice(0, body.length / 2));
        setTimeout(() => response.destroy(), 20);
        return;
      case null:
        break;
    }
    if (ifNoneMatch === etag) return void response.writeHead(304, { etag }).end();
    const given = feed.items.map(({ id }) => id);
    response.writeHead(200, { "content-type": "application/rss+xml", etag });
    response.end(body, () => {
      for (const id of given) this.told.add(id);
    });
  }

  /** Feed n decorates its links in its own way, so that only the original URL tells that stories are the same. */
  #rss({ items }: NewsFeed, index: number): string {
    const decorations = ["", "?utm_source=rss&amp;utm_medium=feed", "/", "?fbclid=abc123"];
    const entries = items.map(
      ({ id, title }) =>
        `<item><title>${title}</title><link>${this.storyUrl(id)}${decorations[index % decorations.length]}</link><guid isPermaLink="false">${index}-${id}</guid><pubDate>${new Date(Date.UTC(2026, 0, 1) + id * 1000).toUTCString()}</pubDate><description>What is known of story ${id}${this.#wordsOf(id)}</description></item>`,
    );
    return `<?xml version="1.0"?><rss version="2.0"><channel><title>Paper ${index}</title><link>https://paper${index}.example.org/</link><description>News</description>${entries.join("")}</channel></rss>`;
  }

  /** Each story's own, so that no two are copies of one report. */
  #wordsOf(id: number): string {
    return Array.from(
      { length: this.#options.words },
      (_, n) => ` w${((id * 7919 + n * 104729) % 999983).toString(36)}`,
    ).join("");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
