/** What the log says of a poll, in words and in fields. */
import { describe, expect, it } from "vitest";
import { pollLine } from "../../src/app/poll-line.ts";
import { FetchError, MainstemError } from "../../src/errors.ts";
import type { PollResult } from "../../src/ingest.ts";
import type { SourceState } from "../../src/model.ts";
import { buildState } from "../store/builders.ts";
import { buildFeedInfo, buildSourceState } from "../support/story-builder.ts";

const nextPollAt = new Date("2026-06-17T12:30:00Z");
const notFound = new FetchError("fetch/status", "The server says 404 Not Found.", {
  url: "https://news.example/feed.xml",
  status: 404,
});
const missing = new MainstemError("fetch/file", "/feeds/wire.xml does not exist.");
const file: Partial<SourceState> = {
  kind: "file",
  location: "/feeds/wire.xml",
  currentUrl: null,
  name: null,
  feed: null,
};
const recorded = (added: number, merged: number) => ({
  entries: { new: added, updated: 0, unchanged: 2 },
  stories: { new: added - merged, merged },
  isVisible: added > 0,
});

type Case = readonly [string, Partial<SourceState>, Partial<PollResult>, level: string, text: string];

const cases: readonly Case[] = [
  ["news", {}, { recorded: recorded(3, 1) }, "info", "Example News: 3 new, 1 already known from elsewhere"],
  ["no news", {}, {}, "debug", "Example News: nothing new"],
  ["a 304", {}, { kind: "unchanged" }, "debug", "Example News: not changed"],
  [
    "well again, nothing new",
    { failures: 1 },
    { kind: "unchanged" },
    "info",
    "Example News: works again after 1 failed poll, not changed",
  ],
  [
    "well again, with news",
    { failures: 6 },
    { recorded: recorded(4, 0) },
    "info",
    "Example News: works again after 6 failed polls, 4 new",
  ],
  [
    "a first failure",
    {},
    { kind: "failed", error: notFound },
    "warn",
    "Example News: The server says 404 Not Found; next try 2026-06-17 12:30 UTC",
  ],
  [
    "the same failure again",
    { failures: 1, lastError: { code: "fetch/status", message: notFound.message } },
    { kind: "failed", error: notFound },
    "debug",
    "Example News: The server says 404 Not Found; next try 2026-06-17 12:30 UTC",
  ],
  [
    "a file without a title, which the error names already",
    file,
    { kind: "failed", error: missing },
    "warn",
    "/feeds/wire.xml does not exist; next try 2026-06-17 12:30 UTC",
  ],
  [
    "ended",
    { failures: 2 },
    { kind: "gone" },
    "warn",
    "Example News: the publisher ended this feed (410 Gone); it is not polled any more",
  ],
];

function result(source: Partial<SourceState>, poll: Partial<PollResult>): PollResult {
  const before = buildSourceState(source);
  const feed = source.feed === undefined ? buildFeedInfo() : source.feed;
  return {
    source: before,
    state: buildState({ feed, currentUrl: before.currentUrl, nextPollAt, failures: before.failures + 1 }),
    kind: "document",
    recorded: recorded(0, 0),
    error: null,
    reading: null,
    questionCount: 0,
    rejectedCount: 0,
    ...poll,
  };
}

describe("the line of a poll", () => {
  it.each(cases)("%s", (_, source, poll, level, text) => {
    expect(pollLine(result(source, poll), 12)).toMatchObject({ level, text });
  });

  it("says how much came over the network, where something did", () => {
    const answer = { validators: buildState().validators, bodyHash: null, permanentUrl: null };
    const reading = {
      ...answer,
      kind: "unchanged",
      freshness: { maxAgeMs: null, retryAfterMs: null },
    } as const;
    const fieldsOf = (poll: Partial<PollResult>) => pollLine(result({}, poll), 12).fields;
    expect(fieldsOf({ kind: "unchanged", reading: { ...reading, wireBytes: 512 } })).toMatchObject({
      bytes: 512,
    });
    expect(fieldsOf({ kind: "unchanged", reading })).not.toHaveProperty("bytes");
  });

  it("has fields with the names that other tools use", () => {
    expect(pollLine(result({}, { recorded: recorded(3, 1) }), 12).fields).toEqual({
      feed: "s1",
      url: "https://news.example/feed.xml",
      ms: 12,
      items_new: 3,
      items_updated: 0,
      stories_new: 2,
      stories_joined: 1,
      next_at: nextPollAt,
    });
    expect(pollLine(result({}, { kind: "failed", error: notFound }), 12).fields).toEqual({
      feed: "s1",
      url: "https://news.example/feed.xml",
      ms: 12,
      code: "fetch/status",
      status: 404,
      failures: 1,
      next_at: nextPollAt,
    });
  });
});
