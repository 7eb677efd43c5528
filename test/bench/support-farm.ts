/**
 * A farm of feeds on loopback for `polls.ts`, in a process of its own: `node support-farm.ts PORT FEEDS HOSTS`. Feed f lives at
 * `http://127.0.1.<h>:PORT/f/<f>`; each shows 20 entries of 2 KB, a third of them shared with its neighbour under another link.
 * After `/change/<version>` one feed in ten shows one entry more on top; `/bytes` tells what went over its sockets so far.
 */
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";

const [port = 18_090, feeds = 1000] = process.argv.slice(2).map(Number);
const entries = 20;
const paragraph = `<p>${"A sentence of the story that is long enough to be read. ".repeat(36)}</p>`;

let version = 0;

function document(feed: number, news = 0): string {
  const items = Array.from({ length: entries }, (_, index) => {
    const isShared = index % 3 === 0;
    const number = isShared ? Math.floor(feed / 2) * 1000 + index : (feeds + feed) * 1000 + index;
    const url = `https://news.example.org/2026/story-${number}${isShared && feed % 2 === 1 ? "?utm_source=rss&amp;utm_medium=feed" : ""}`;
    const date = new Date(Date.UTC(2026, 5, 1) + number * 1000).toUTCString();
    return `<item><title>Story ${number} and what is known of it</title><link>${url}</link><guid isPermaLink="false">f${feed}-${index}</guid><pubDate>${date}</pubDate><description><![CDATA[${paragraph}]]></description></item>`;
  });
  if (news > 0) {
    const url = `https://news.example.org/2026/news-${feed}-${news}`;
    const date = new Date(Date.UTC(2026, 6, 1) + news * 1000).toUTCString();
    items.unshift(
      `<item><title>News ${news} of feed ${feed}</title><link>${url}</link><guid isPermaLink="false">f${feed}-news-${news}</guid><pubDate>${date}</pubDate><description><![CDATA[${paragraph}]]></description></item>`,
    );
  }
  return `<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Feed ${feed}</title><link>https://feed${feed}.example.org/</link><description>Bench</description>${items.join("")}</channel></rss>`;
}

const bodies = Array.from({ length: feeds }, (_, feed) => gzipSync(document(feed)));

const sockets = new Set<Socket>();
/** Bytes of connections that are closed. */
const ended = { in: 0, out: 0 };

createServer((request, response) => {
  if (request.url === "/bytes") {
    const total = { ...ended };
    for (const { bytesRead, bytesWritten } of sockets) {
      total.in += bytesRead;
      total.out += bytesWritten;
    }
    return void response.end(JSON.stringify(total));
  }
  if (request.url?.startsWith("/change/")) {
    version = Number(request.url.slice(8));
    for (let feed = 0; feed < feeds; feed += 10) bodies[feed] = gzipSync(document(feed, version));
    return void response.end("changed");
  }
  const feed = Number(request.url?.slice(3));
  const body = bodies[feed];
  if (!body) return void response.writeHead(404).end();
  const etag = `"f${feed}${feed % 10 === 0 && version > 0 ? `-${version}` : ""}"`;
  if (request.headers["if-none-match"] === etag) return void response.writeHead(304, { etag }).end();
  response.writeHead(200, {
    "content-type": "application/rss+xml",
    "content-encoding": "gzip",
    "content-length": body.length,
    etag,
  });
  response.end(body);
})
  .on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      ended.in += socket.bytesRead;
      ended.out += socket.bytesWritten;
    });
  })
  .listen(port, "0.0.0.0", () => console.log("ready"));
