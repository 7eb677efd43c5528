/**
 * How fast documents are read: ours, feedsmith and rss-parser on the same three documents in one run.
 *   node test/bench/parse.ts
 * Ours decodes bytes, sanitises HTML and maps to entries; the others are given text and only map. The time that ours spends on
 * HTML is shown apart ("html"), measured on the same content.
 */
import { parseFeed } from "feedsmith";
import RssParser from "rss-parser";
import { sanitizeHtml } from "../../src/parse/html.ts";
import { parseDocument } from "../../src/parse/parse.ts";

const WORDS =
  "the council voted on Tuesday to widen its plan for river ports after months of talks with owners who had asked for more time and money while farmers upstream warned that dredging would harm fields".split(
    " ",
  );
let seed = 7;

function pick(): string {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return WORDS[seed % WORDS.length] ?? "the";
}

function sentence(length: number): string {
  return `${Array.from({ length }, pick).join(" ")}.`;
}

function body(paragraphs: number): string {
  return Array.from({ length: paragraphs }, (_, index) => {
    const link =
      index % 2 === 0
        ? ` <a href="https://example.org/${pick()}?a=1&amp;b=2" rel="nofollow">${pick()}</a>`
        : "";
    const image =
      index % 5 === 0
        ? `<p><img class="wp" src="https://example.org/${pick()}.jpg" alt="${pick()}" width="600" height="400" /></p>\n`
        : "";
    return `${image}<p>${sentence(18)}${link} <strong>${pick()}</strong> &#8220;${sentence(14)}&#8221;</p>\n`;
  }).join("");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function rss(size: number): string {
  let items = "";
  for (let n = 0; items.length < size; n++) {
    items += `<item><title>${sentence(9)}</title><link>https://example.org/2026/06/story-${n}/?utm_source=rss&amp;utm_medium=feed</link>
<dc:creator><![CDATA[Ann Author]]></dc:creator><pubDate>Mon, 01 Jun 2026 ${String(n % 24).padStart(2, "0")}:05:00 +0000</pubDate><category><![CDATA[News]]></category>
<guid isPermaLink="false">https://example.org/?p=${n}</guid><description><![CDATA[${sentence(40)} [&#8230;]]]></description>
<content:encoded><![CDATA[${body(6)}]]></content:encoded></item>`;
  }
  return `<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Example</title><link>https://example.org/</link><description>News</description>${items}</channel></rss>`;
}

function atom(size: number): string {
  let entries = "";
  for (let n = 0; entries.length < size; n++) {
    entries += `<entry><title type="html">${sentence(9)}</title><id>tag:example.org,2026:${n}</id><link rel="alternate" type="text/html" href="https://example.org/a/${n}"/>
<published>2026-06-01T10:00:00Z</published><updated>2026-06-01T11:00:00+02:00</updated><author><name>Ann Author</name></author><category term="news"/>
<summary type="text">${sentence(30)}</summary><content type="html">${escapeXml(body(8))}</content></entry>`;
  }
  return `<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Example</title><id>tag:example.org,2026:feed</id><updated>2026-06-01T11:00:00Z</updated>${entries}</feed>`;
}

function podcast(size: number): string {
  let items = "";
  for (let n = 0; items.length < size; n++) {
    items += `<item><title>${sentence(6)}</title><itunes:title>${sentence(6)}</itunes:title><itunes:episode>${n}</itunes:episode><itunes:episodeType>full</itunes:episodeType><itunes:duration>01:02:${String(n % 60).padStart(2, "0")}</itunes:duration><itunes:explicit>no</itunes:explicit><itunes:image href="https://cdn.example.org/${n}.jpg"/>
<guid isPermaLink="false">episode-${n}</guid><link>https://pod.example.org/${n}</link><pubDate>Mon, 01 Jun 2026 10:00:00 GMT</pubDate><itunes:summary>${sentence(60)}</itunes:summary><description><![CDATA[${body(2)}]]></description>
<enclosure url="https://cdn.example.org/${n}.mp3" length="${50_000_000 + n}" type="audio/mpeg"/></item>`;
  }
  return `<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>Pod</title><link>https://pod.example.org/</link><description>Talk</description><itunes:author>Ann</itunes:author>${items}</channel></rss>`;
}

/** The clock of a thread's work ticks in hundredths of a second on some machines: shorter turns would measure nothing. */
const TURN_MS = 60;

/**
 * Milliseconds per call that the thread itself worked, garbage included; whatever else the machine does is not counted. The works
 * take turns. The first quarter of the `turns` pays for the compiler and is left out.
 */
async function workTimes(turns: number, works: readonly (() => unknown)[]): Promise<readonly number[]> {
  const sums = works.map(() => ({ ms: 0, calls: 0 }));
  for (let turn = 0; turn < turns; turn++) {
    for (const [index, work] of works.entries()) {
      const sum = sums[index];
      if (sum === undefined) continue;
      const start = process.threadCpuUsage();
      const endsAt = performance.now() + TURN_MS;
      let calls = 0;
      for (; performance.now() < endsAt; calls++) await work();
      const { user, system } = process.threadCpuUsage(start);
      if (turn < turns / 4) continue;
      sum.ms += (user + system) / 1000;
      sum.calls += calls;
    }
  }
  return sums.map(({ ms, calls }) => ms / calls);
}

const documents = [
  { name: "57 KB RSS", text: rss(57_000) },
  { name: "500 KB Atom", text: atom(500_000) },
  { name: "2 MB podcast", text: podcast(2_000_000) },
];
const parser = new RssParser();
const row = (...cells: string[]) =>
  console.log(cells.map((cell, index) => cell.padEnd(index === 0 ? 14 : 12)).join(""));
row(
  "document",
  "KB",
  "ours ms",
  "of it html",
  "feedsmith",
  "rss-parser",
  "x feedsmith",
  "x rss-parser",
  "without html",
);
for (const { name, text } of documents) {
  const bytes = new TextEncoder().encode(text);
  const read = () =>
    parseDocument({
      bytes,
      contentType: "application/xml; charset=utf-8",
      url: "https://example.org/feed",
      name,
    });
  const { entries } = await read();
  const html = [...text.matchAll(/<!\[CDATA\[(<p>[\s\S]*?)\]\]>|<content type="html">([^<]*)</g)].map(
    (match) =>
      match[1] ?? (match[2] ?? "").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&"),
  );
  const [ours = 0, ofHtml = 0, smith = 0, rival = 0] = await workTimes(40, [
    read,
    () => html.map((source) => sanitizeHtml(source, "https://example.org/")),
    () => parseFeed(text),
    () => parser.parseString(text),
  ]);
  const net = ours - ofHtml;
  row(
    name,
    (bytes.length / 1000).toFixed(0),
    ours.toFixed(2),
    ofHtml.toFixed(2),
    smith.toFixed(2),
    rival.toFixed(2),
    (smith / ours).toFixed(2),
    (rival / ours).toFixed(2),
    `${(smith / net).toFixed(1)}/${(rival / net).toFixed(1)}`,
  );
  if (entries.length === 0) throw new Error("nothing was read");
}
