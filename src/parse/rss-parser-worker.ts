/**
 * The worker of the second reader: parses one document with `rss-parser` and answers once. It runs apart because
 * rss-parser takes quadratic time on hostile input and can only be stopped by ending its thread.
 */
import { parentPort, workerData } from "node:worker_threads";
import { parseWithRssParser } from "./rss-parser-door.ts";

const text: unknown = workerData;
if (parentPort !== null && typeof text === "string") {
  const port = parentPort;
  try {
    port.postMessage({ isOk: true, feed: await parseWithRssParser(text) });
  } catch (error) {
    port.postMessage({ isOk: false, message: error instanceof Error ? error.message : String(error) });
  }
}
