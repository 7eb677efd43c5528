/** Why a carrier's entry counts as the same story, in words for people. Pure. */
import type { Alias, Sighting } from "../model.ts";

/** `former`: by what it does not say itself: an address or id from before an edit, an earlier rule, or the operator's word. */
export type JoinReason = Alias["kind"] | "former";

/** A few words, to stand behind a carrier's name. */
export const SHORT_REASONS: Readonly<Record<JoinReason, string>> = {
  url: "same address",
  stated: "same original address",
  guid: "same entry id",
  soft: "same title and day",
  content: "same text",
  operator: "the operator's word",
  former: "same address before, or the operator's word",
};

/** The end of a sentence that begins with a carrier's name. */
export const LONG_REASONS: Readonly<Record<JoinReason, string>> = {
  url: "its link leads to the same address",
  stated: "its feed names the same original address",
  guid: "it has the same entry id",
  soft: "its title, its day and its address or id agree",
  content: "it tells the same text",
  operator: "the operator said that it is the same",
  former: "it had the same address or id before it was edited, or the operator said so",
};

/** The strongest kind of key that an entry shares with another one of its story. */
export function whyJoined(sighting: Sighting, others: readonly Sighting[]): JoinReason {
  const keys = new Set(
    others.filter((other) => other !== sighting).flatMap((other) => other.aliases.map(({ key }) => key)),
  );
  return sighting.aliases.find(({ key }) => keys.has(key))?.kind ?? "former";
}
