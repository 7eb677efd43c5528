/** A page of an archive as JSON Feed, made of its Atom document. */
import { readArchivePage } from "./archive-entries.ts";
import { renderJsonDocument } from "./render-json.ts";

/** @param atom a page as `renderArchivePage` made it */
export function toJsonArchive(atom: Uint8Array): Uint8Array {
  const { entries, currentUrl, ...page } = readArchivePage(atom);
  const head = {
    ...page,
    feedUrl: currentUrl.replace(/atom\.xml$/, "feed.json"),
    hubUrl: null,
    nextUrl: page.prevArchive?.replace(/\.xml$/, ".json") ?? null,
  };
  return renderJsonDocument(head, entries);
}
