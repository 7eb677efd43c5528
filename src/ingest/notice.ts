/** What the operator is told of a source's health, each once: that it died, fails, moved, fell silent, or is well again. */
import type { HealthNotice, PollState, SourceState } from "../model.ts";

const dayMs = 86_400_000;
/** A failure that lasts so long is no hiccup. */
const failingMs = dayMs;
/** A feed of several entries a day is silent after this long, any other after the longer one. */
const silentBusyMs = 30 * dayMs;
const silentMs = 90 * dayMs;

/** What a notice says before the store has given it its source and time. */
export type NewNotice = Pick<HealthNotice, "kind" | "message" | "code">;

/**
 * The notice that this poll gives rise to, or null, and what is remembered so that it is given once. Pure.
 * @param before the source as it was claimed; `after` as this poll leaves it
 */
export function noticeOf(
  before: SourceState,
  after: PollState,
  now: Date,
): { readonly notice: NewNotice | null; readonly noticed: PollState["noticed"] } {
  const told = before.noticed;
  const since = (date: Date) => date.toISOString().slice(0, 16).replace("T", " ");
  if (after.status === "gone" && before.status !== "gone") {
    const message = `${after.lastError?.message ?? "This feed has ended."} It is not polled any more; its stories stay. Take it out of the config, or put its new address there (mainstem add finds it).`;
    return { notice: { kind: "died", message, code: after.lastError?.code ?? null }, noticed: null };
  }
  if (after.status === "failing") {
    const failingSince = after.failingSince ?? now;
    if (told?.kind === "failing" || now.getTime() - failingSince.getTime() < failingMs)
      return { notice: null, noticed: told };
    const message = `Since ${since(failingSince)} UTC every poll has failed (${after.failures} in a row): ${after.lastError?.message ?? "no answer"} It is tried again by itself, at most a day apart.`;
    return {
      notice: { kind: "failing", message, code: after.lastError?.code ?? null },
      noticed: { kind: "failing", at: now },
    };
  }
  if (before.status === "gone" && after.status === "ok") {
    const message = "It had ended, but is there again, and is polled as before.";
    return { notice: { kind: "recovered", message, code: null }, noticed: null };
  }
  if (told?.kind === "failing") {
    const message = `It works again after ${before.failures} failed polls since ${since(before.failingSince ?? told.at)} UTC.`;
    const silence = silenceOf(before, after, now);
    // Told with it, and not once more on the next day.
    if (silence !== null) {
      const notice = { kind: "recovered", message: `${message} ${silence}`, code: null } as const;
      return { notice, noticed: { kind: "silent", at: now } };
    }
    return { notice: { kind: "recovered", message, code: null }, noticed: null };
  }
  if (after.currentUrl !== null && after.currentUrl !== (before.currentUrl ?? before.location)) {
    const message = `It has moved for good to ${after.currentUrl} and is polled there from now on. Put the new address into the config; its history stays if the source has an id.`;
    return { notice: { kind: "moved", message, code: null }, noticed: told };
  }
  return noticeOfSilence(before, after, now);
}

function noticeOfSilence(
  before: SourceState,
  after: PollState,
  now: Date,
): { readonly notice: NewNotice | null; readonly noticed: PollState["noticed"] } {
  const told = before.noticed;
  const lastNewAt = before.lastNewEntryAt;
  if (lastNewAt === null) return { notice: null, noticed: told };
  if (told?.kind === "silent") {
    if (lastNewAt <= told.at) return { notice: null, noticed: told };
    return {
      notice: { kind: "recovered", message: "It publishes again.", code: null },
      noticed: null,
    };
  }
  const silence = silenceOf(before, after, now);
  if (silence === null) return { notice: null, noticed: told };
  const message = `It answers as it should. ${silence} It goes on being polled, once a day.`;
  return { notice: { kind: "silent", message, code: null }, noticed: { kind: "silent", at: now } };
}

/** What to say of a source that brings nothing new for long, or null. */
function silenceOf(before: SourceState, after: PollState, now: Date): string | null {
  const lastNewAt = before.lastNewEntryAt;
  if (lastNewAt === null) return null;
  const isBusy = after.rhythmMs !== null && after.rhythmMs < dayMs;
  if (now.getTime() - lastNewAt.getTime() < (isBusy ? silentBusyMs : silentMs)) return null;
  const day = lastNewAt.toISOString().slice(0, 10);
  return `It has brought nothing new since ${day}: see whether the site has another feed now.`;
}
