import type { Entry } from "../model.ts";
import type { Calling } from "./titles.ts";

/** What an entry is called beside the keys that would name it. */
export interface KeyedEntry extends Pick<Calling, "calling"> {
  readonly urlKeys: readonly string[];
  readonly guidKey: string | null;
}

/**
 * The collapse guard: keys that this document gives to several different entries and that therefore name nothing for its
 * source. A URL's entries differ when both their guids and their titles do; a guid's when their URLs and titles do. (Where a
 * group has two of one and two of the other, two of its members differ in both.)
 */
export function findCollapsedKeys(entries: readonly KeyedEntry[]): ReadonlySet<string> {
  const byUrl = new Map<string, Group>();
  const byGuid = new Map<string, Group>();
  for (const [index, { calling, urlKeys, guidKey }] of entries.entries()) {
    for (const key of new Set(urlKeys)) addTo(byUrl, key, { other: guidKey ?? `none ${index}`, calling });
    if (guidKey !== null) addTo(byGuid, guidKey, { other: urlKeys[0] ?? "", calling });
  }
  const collapsed = new Set<string>();
  for (const groups of [byUrl, byGuid]) {
    for (const [key, group] of groups)
      if (group.others.size > 1 && group.callings.size > 1) collapsed.add(key);
  }
  return collapsed;
}

interface Group {
  readonly others: Set<string>;
  readonly callings: Set<string>;
}

function addTo(
  groups: Map<string, Group>,
  key: string,
  member: { readonly other: string; readonly calling: string },
): void {
  const group = groups.get(key) ?? { others: new Set(), callings: new Set() };
  group.others.add(member.other);
  group.callings.add(member.calling);
  groups.set(key, group);
}

/** The entries without exact repetitions of an earlier one. */
export function foldRepeats(entries: readonly Entry[]): readonly Entry[] {
  // Texts are long and compared only where all else is the same.
  const seen = new Map<string, { readonly first: Entry; texts: Set<string> | null }>();
  return entries.filter((entry) => {
    const { guid, url, title, published, updated } = entry;
    const head = JSON.stringify([guid, url, title, published?.getTime(), updated?.getTime()]);
    const known = seen.get(head);
    if (known === undefined) {
      seen.set(head, { first: entry, texts: null });
      return true;
    }
    known.texts ??= new Set([textsOf(known.first)]);
    const text = textsOf(entry);
    if (known.texts.has(text)) return false;
    known.texts.add(text);
    return true;
  });
}

function textsOf({ summary, contentHtml }: Entry): string {
  return JSON.stringify([summary, contentHtml]);
}
