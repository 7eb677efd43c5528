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
export function entryText(entry: Entry): EntryText {
  const { title, summary, contentHtml } = entry;
  // Most summaries are the start of the content; twice in the index is harmless.
  const html = [contentHtml, summary].filter((part) => part !== null).join(" \n");
  // Spaces are left as they are: words are all that is looked at.
  const words = decodeHTML(html.slice(0, bodyLengthMax).replace(/<[^<>]*>/g, " "));
  return { title, body: [words, ...namesOf(entry)].join(" \n") };
}

/** Have two versions of an entry the same words, for certain? Most edits of identity and of links leave them alone. */
export function isSameText(a: Entry, b: Entry): boolean {
  return (
    a.title === b.title &&
    a.summary === b.summary &&
    a.contentHtml === b.contentHtml &&
    namesOf(a).join("\n") === namesOf(b).join("\n")
  );
}

function namesOf({ authors, categories }: Entry): readonly string[] {
  return [...authors.map(({ name }) => name), ...categories.map(({ label, term }) => label ?? term)];
}
