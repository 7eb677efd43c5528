/** Whether an entry tells a story that was forgotten (`keep`). Pure; every engine shares it. */
import type { SightingRecord } from "../model.ts";
import type { ChangedSightings } from "./poll-plan-types.ts";

/** Between the stated dates of one entry under one guid, at most; see `guid-reuse.ts`. */
const SAME_ENTRY_MS = 12 * 3_600_000;

/** What is left of a story's key: when the story was published, in ms since 1970. */
export interface ForgottenKey {
  readonly publishedAt: number;
}

/**
 * True when the entry is one that was forgotten, so that it does not come back as new. Every key but a guid says so alone. A
 * guid may be one that its source uses again and again ("latest"): where the entry has an address, and one that was never seen,
 * it is the forgotten one only if it states the same date, too. Hiding what is new is worse than telling an old story twice.
 */
export function isForgotten(
  record: Pick<SightingRecord, "aliases" | "entry">,
  forgotten: ReadonlyMap<string, ForgottenKey>,
): boolean {
  if (forgotten.size === 0) return false;
  const stated = record.entry.published?.getTime() ?? null;
  const hasAddress = record.aliases.some(({ kind }) => kind === "url" || kind === "stated");
  return record.aliases.some(({ key, kind }) => {
    const found = forgotten.get(key);
    if (found === undefined) return false;
    if (kind !== "guid" || !hasAddress) return true;
    return stated !== null && Math.abs(stated - found.publishedAt) < SAME_ENTRY_MS;
  });
}

/** That a source still offers what was forgotten is written down again after so long: a week, so that few polls write it. */
export const SEEN_PRECISION_MS = 7 * 86_400_000;

/** What of the forgotten a document still lists: its keys, and the ids that entries with such keys would be published under. */
export function listOffered(
  { changed }: ChangedSightings,
  forgotten: ReadonlyMap<string, ForgottenKey>,
): { readonly keys: ReadonlyMap<string, ForgottenKey>; readonly ids: readonly string[] } {
  const keys = new Map<string, ForgottenKey>();
  const ids = new Set<string>();
  if (forgotten.size === 0) return { keys, ids: [] };
  for (const { record } of changed) {
    for (const { key } of record.aliases) {
      const found = forgotten.get(key);
      if (found === undefined) continue;
      keys.set(key, found);
      for (const id of record.publishedIds) ids.add(id);
    }
  }
  return { keys, ids: [...ids] };
}
