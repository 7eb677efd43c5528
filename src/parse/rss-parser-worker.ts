/**
 * The worker of the second reader: parses documents with `rss-parser`, one after the other, and answers each once. It runs apart
 * because rss-parser takes quadratic time on hostile input and can only be stopped by ending its thread.
 */
import { parentPort } from "node:worker_threads";
import { parseWithRssParser } from "./rss-parser-door.ts";
import type { RssParserAnswer } from "./rss-parser-thread.ts";

parentPort?.on("message", async (text: string) => {
  const answer: RssParserAnswer = { feed: await parseWithRssParser(text).catch(() => null) };
  parentPort?.postMessage(answer);
});
