/** What the operator is told of a source, each once. */
import { describe, expect, it } from "vitest";
import { noticeOf } from "../../src/ingest/notice.ts";
import type { PollState, SourceState } from "../../src/model.ts";
import { buildState } from "../store/builders.ts";
import { buildSourceState } from "../support/story-builder.ts";

const dayMs = 86_400_000;
const now = new Date("2026-06-17T12:00:00Z");
const ago = (ms: number) => new Date(now.getTime() - ms);
const failed = { code: "fetch/dns", message: "There is no server by the name paper.example." };

type Case = readonly [
  name: string,
  before: Partial<SourceState>,
  after: Partial<PollState>,
  kind: string | null,
  text: RegExp,
];

const cases: readonly Case[] = [
  ["well and busy", { lastNewEntryAt: ago(dayMs) }, {}, null, /^$/],
  [
    "fails for an hour",
    {},
    { status: "failing", failures: 2, failingSince: ago(3_600_000), lastError: failed },
    null,
    /^$/,
  ],
  [
    "fails for a day",
    {},
    { status: "failing", failures: 7, failingSince: ago(dayMs), lastError: failed },
    "failing",
    /Since 2026-06-16 12:00 UTC every poll has failed \(7 in a row\): There is no server.*tried again by itself/,
  ],
  [
    "fails on, and it was told",
    { noticed: { kind: "failing", at: ago(dayMs) } },
    { status: "failing", failures: 9, failingSince: ago(2 * dayMs), lastError: failed },
    null,
    /^$/,
  ],
  [
    "works again",
    { noticed: { kind: "failing", at: ago(dayMs) }, failures: 9, failingSince: ago(2 * dayMs) },
    {},
    "recovered",
    /works again after 9 failed polls since 2026-06-15 12:00 UTC/,
  ],
  ["works again after a hiccup", { failures: 2, failingSince: ago(3_600_000) }, {}, null, /^$/],
  [
    "ended",
    {},
    {
      status: "gone",
      lastError: { code: "fetch/status", message: "The server says 410 Gone: this feed has ended." },
    },
    "died",
    /410 Gone.*not polled any more; its stories stay/,
  ],
  [
    "ended, and is there again",
    { status: "gone", lastNewEntryAt: ago(dayMs) },
    { status: "ok" },
    "recovered",
    /had ended, but is there again/,
  ],
  [
    "works again, but brings nothing since long",
    { noticed: { kind: "failing", at: ago(dayMs) }, failures: 9, lastNewEntryAt: ago(99 * dayMs) },
    {},
    "recovered",
    /works again after 9.*nothing new since 2026-03-10: see whether/,
  ],
  ["ended before", { status: "gone" }, { status: "gone", lastError: failed }, null, /^$/],
  [
    "moved",
    {},
    { currentUrl: "https://new.example/feed" },
    "moved",
    /moved for good to https:\/\/new\.example\/feed.*Put the new address/,
  ],
  [
    "moved before",
    { currentUrl: "https://new.example/feed" },
    { currentUrl: "https://new.example/feed" },
    null,
    /^$/,
  ],
  [
    "a busy feed, silent for 30 days",
    { lastNewEntryAt: ago(30 * dayMs) },
    { rhythmMs: 3_600_000 },
    "silent",
    /nothing new since 2026-05-18/,
  ],
  ["a slow feed, silent for 30 days", { lastNewEntryAt: ago(30 * dayMs) }, { rhythmMs: dayMs }, null, /^$/],
  [
    "a slow feed, silent for 90 days",
    { lastNewEntryAt: ago(90 * dayMs) },
    { rhythmMs: null },
    "silent",
    /nothing new/,
  ],
  [
    "silent, and it was told",
    { lastNewEntryAt: ago(99 * dayMs), noticed: { kind: "silent", at: ago(9 * dayMs) } },
    {},
    null,
    /^$/,
  ],
  [
    "publishes again",
    { lastNewEntryAt: ago(dayMs), noticed: { kind: "silent", at: ago(9 * dayMs) } },
    {},
    "recovered",
    /publishes again/,
  ],
];

describe("noticeOf", () => {
  it.each(cases)("%s", (_, before, after, kind, text) => {
    const source = buildSourceState({ location: "https://old.example/feed", currentUrl: null, ...before });
    const state = buildState({ currentUrl: source.currentUrl, ...after });
    const first = noticeOf(source, state, now);
    expect(first.notice?.kind ?? null).toBe(kind);
    expect(first.notice?.message ?? "").toMatch(text);
    // Once: the same poll again, from the state that this one left, says nothing new.
    const next = { ...source, ...state, noticed: first.noticed } as SourceState;
    expect(noticeOf(next, { ...state, noticed: first.noticed }, now).notice).toBeNull();
  });
});
