import { decodeHTML } from "entities";
import type { Entry } from "../model.ts";

/** What a search looks through. */
export interface EntryText {
  readonly title: string;
  readonly body: string;
}

/** More of one entry is not looked through. */
const bodyLengthMax = 200_000;

/** An entry as plain words, for the full-text index: no markup, no addresses. */
export function entryText({ title, summary, contentHtml, authors, categories }: Entry): EntryText {
  const names = [...authors.map(({ name }) => name), ...categories.map(({ label, term }) => label ?? term)];
  // Most summaries are the start of the content; twice in the index is harmless.
  const html = [contentHtml, summary].filter((part) => part !== null).join(" \n");
  // Spaces are left as they are: words are all that is looked at.
  const words = decodeHTML(html.slice(0, bodyLengthMax).replace(/<[^<>]*>/g, " "));
  return { title, body: [words, ...names].join(" \n") };
}
