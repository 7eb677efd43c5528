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
import { documents } from "./support-feed-documents.ts";

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
