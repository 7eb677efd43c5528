/** When a document that came over the network is unpacked and read, and for how long it holds one of the places before the store. */
import { hash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { FetchRequest, HttpClient } from "../../src/fetch/http.ts";
import { readSource } from "../../src/ingest/read-source.ts";
import { DocumentTurn } from "../../src/ingest/turns.ts";
import { pollSource } from "../../src/ingest.ts";
import type { RecordedPoll } from "../../src/store/store.ts";
import { buildDefinition } from "../store/builders.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { buildSourceState } from "../support/story-builder.ts";

const limits = { bodyBytes: 2 ** 20, entries: 100 };
const never = new AbortController().signal;
const feed = "<rss><channel><title>News</title><item><guid>1</guid><title>One</title></item></channel></rss>";
const digestOf = (text: string) => hash("sha256", text);

/** A client that gets this text from everywhere, and tells of what it does. */
function clientOf(text: string, onEvent: (event: string) => void = () => {}): HttpClient {
  const bytes = Buffer.from(text);
  return {
    async fetch({ url, beforeUnpacking }: FetchRequest) {
      onEvent("came");
      await beforeUnpacking?.();
      onEvent("unpacked");
      return {
        ...{ kind: "document", bytes, contentType: "application/rss+xml", url, permanentUrl: null },
        ...{
          validators: { etag: null, lastModified: null },
          freshness: { maxAgeMs: null, retryAfterMs: null },
        },
        ...{ links: [], isDelta: false, wireBytes: bytes.length, bodyHash: digestOf(text) },
      };
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Reads the source of a body that was `before` when it was last read. @returns what happened, in order */
async function read(before: string | null): Promise<readonly string[]> {
  const events: string[] = [];
  const turn = {
    take: async () => void events.push("turn"),
    takeAnother: async () => void events.push("another"),
  };
  const http = clientOf(feed, (event) => events.push(event));
  const source = buildSourceState({ bodyHash: before });
  const reading = await readSource(source, buildDefinition("s1"), { http, limits, turn }, never);
  return [...events, reading.kind];
}

describe("the turn of a document", () => {
  it("is waited for before it is unpacked, and another before it is read", async () => {
    expect(await read(null)).toEqual(["came", "turn", "unpacked", "another", "document"]);
  });

  it("comes once to a document that is the last one, byte for byte", async () => {
    expect(await read(digestOf(feed))).toEqual(["came", "turn", "unpacked", "unchanged"]);
  });
});

describe("the place of a document before the store", () => {
  const nothing: RecordedPoll = {
    entries: { new: 0, updated: 0, unchanged: 0 },
    stories: { new: 0, merged: 0 },
    isVisible: false,
  };
  // As many as there are.
  const polls = 48;

  it.each([
    ["is held until its poll is stored", { text: feed, before: null, isHeld: true }],
    ["is given back by one that is the last one, byte for byte", { text: feed, before: feed, isHeld: false }],
    ["is given back by one that cannot be read", { text: "no feed", before: null, isHeld: false }],
  ])("%s", async (_, { text, before, isHeld }) => {
    const stored = Promise.withResolvers<RecordedPoll>();
    let storing = 0;
    const store = {
      answers: async () => new Map<string, string>(),
      recordPoll: () => {
        storing += 1;
        return stored.promise;
      },
    };
    const clock = createManualClock();
    const options = {
      ...{ store, clock, limits, http: clientOf(text), rules: null },
      ...{ isResolving: false, pageMode: "never" as const, random: () => 0 },
    };
    const source = buildSourceState({ bodyHash: before === null ? null : digestOf(before) });
    const lease = { sourceId: source.id, generation: 1, expiresAt: clock.now() };
    const claimed = { source, lease, collapsedKeys: new Set<string>(), isTakenOver: false };
    const running = Array.from({ length: polls }, () =>
      pollSource(claimed, buildDefinition(source.id), options, never),
    );
    while (storing < polls) await nextTurn();
    using next = new DocumentTurn();
    let isNextTaken = false;
    const taking = next.take().then(() => {
      isNextTaken = true;
    });
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
    const wasTakenBefore = isNextTaken;
    stored.resolve(nothing);
    await Promise.all([...running, taking]);
    expect(wasTakenBefore).toBe(!isHeld);
  });
});
