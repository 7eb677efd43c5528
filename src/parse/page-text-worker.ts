/**
 * The worker that finds the article of a page: asked again and again, one page at a time. It runs apart because a page may be
 * made to take long, which only ending its thread can stop.
 */
import { parentPort } from "node:worker_threads";
import { decodeDocument } from "./decode.ts";
import { extractArticle } from "./page-text-door.ts";

parentPort?.on(
  "message",
  ({ bytes, contentType, url }: { bytes: Uint8Array; contentType: string | null; url: string }) => {
    let html: string | null = null;
    try {
      html = extractArticle(decodeDocument(bytes, contentType).text, url);
    } catch {
      // Readability refuses some pages by throwing; they have no article then.
    }
    parentPort?.postMessage(html);
  },
);
