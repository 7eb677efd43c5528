import type { IdentityContext } from "../../src/identify/identify.ts";
import type { Entry } from "../../src/model.ts";

/** An entry that says nothing but what `said` says. */
export function buildEntry(said: Partial<Entry> = {}): Entry {
  return {
    guid: null,
    url: null,
    title: "",
    authors: [],
    contributors: [],
    published: null,
    updated: null,
    summary: null,
    contentHtml: null,
    categories: [],
    enclosures: [],
    links: [],
    statedOriginals: [],
    source: null,
    commentsUrl: null,
    language: null,
    rights: null,
    imageUrl: null,
    ...said,
  };
}

/** A source at news.example that has no past. */
export function buildContext(context: Partial<IdentityContext> = {}): IdentityContext {
  return {
    sourceId: "s1",
    sourceHost: "www.news.example",
    mode: "auto",
    collapsedKeys: new Set(),
    ...context,
  };
}
