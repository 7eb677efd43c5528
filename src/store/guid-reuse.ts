import type { Alias, Entry } from "../model.ts";
import { digestKeyHex } from "./digest.ts";

/** One of two entries that a source published under the same guid, at different times. */
export interface GuidHolder {
  readonly entry: Pick<Entry, "title" | "published">;
  readonly aliases: readonly Pick<Alias, "key" | "kind">[];
}

/** Between two stated dates of one entry whose link was moved, at most; a daily column is 24 h away from its last. */
const SAME_ENTRY_MS = 12 * 3_600_000;

const HOUR_MS = 3_600_000;

/**
 * True when a source used one guid for two different entries ("latest", "1", the number of a slot on a page). Taking
 * the second for an edit of the first would merge two stories, which is worse than publishing one twice; so where
 * the entries' addresses have nothing in common, the rest must say that it is one entry:
 *
 * | keys other than the guid | title | stated dates | verdict |
 * | --- | --- | --- | --- |
 * | one shared, or one side has no URL | | | same entry |
 * | none shared | same | not both there, or less than 12 h apart | same: the link was moved |
 * | none shared | same | 12 h apart or more | reused: a recurring title |
 * | none shared | other | equal, and precise (not on a full hour) | same: headline and slug were edited |
 * | none shared | other | anything else | reused |
 *
 * `known` should carry the keys it had before its edits, too.
 */
export function isGuidReused(known: GuidHolder, incoming: GuidHolder): boolean {
  if (!hasUrl(known) || !hasUrl(incoming) || isKeyShared(known, incoming)) return false;
  const before = known.entry.published?.getTime() ?? null;
  const after = incoming.entry.published?.getTime() ?? null;
  if (foldTitle(known.entry.title) === foldTitle(incoming.entry.title)) {
    return before !== null && after !== null && Math.abs(after - before) >= SAME_ENTRY_MS;
  }
  return before === null || before !== after || before % HOUR_MS === 0;
}

/** True when the two share a key other than their guid. */
export function isKeyShared(known: GuidHolder, incoming: GuidHolder): boolean {
  const keys = new Set(known.aliases.filter(isNotGuid).map((alias) => alias.key));
  return incoming.aliases.some((alias) => isNotGuid(alias) && keys.has(alias.key));
}

/** True when both have the same title but for case, spacing and Unicode form. */
export function isTitleShared(known: GuidHolder, incoming: GuidHolder): boolean {
  return foldTitle(known.entry.title) === foldTitle(incoming.entry.title);
}

/** What tells an entry apart from the others under its reused guid: 16 hex digits of its strongest URL key. */
export function nameVariant(incoming: GuidHolder): string {
  const url = incoming.aliases.find(isUrl);
  return digestKeyHex(url?.key ?? incoming.entry.title).slice(0, 16);
}

/** True for every kind of key but the guid's own, which proves nothing where the guid is in doubt. */
export function isNotGuid(alias: Pick<Alias, "kind">): boolean {
  return alias.kind !== "guid";
}

function isUrl(alias: Pick<Alias, "kind">): boolean {
  return alias.kind === "url" || alias.kind === "stated";
}

function hasUrl(holder: GuidHolder): boolean {
  return holder.aliases.some(isUrl);
}

function foldTitle(title: string): string {
  return title.normalize("NFKC").replace(/\s+/gu, " ").trim().toLowerCase();
}
