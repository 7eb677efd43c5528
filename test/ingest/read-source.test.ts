/** When a document that came over the network is unpacked, and for how long its place is held. */
import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { FetchRequest, HttpClient } from "../../src/fetch/http.ts";
import { readSource } from "../../src/ingest/read-source.ts";
import { buildDefinition } from "../store/builders.ts";
import { buildSourceState } from "../support/story-builder.ts";

const bytes = Buffer.from(
  "<rss><channel><title>News</title><item><guid>1</guid><title>One</title></item></channel></rss>",
);
const bodyHash = hash("sha256", bytes);

/** Reads the source of a body that was `before` when it was last read. @returns what happened, in order */
async function read(before: string | null): Promise<readonly string[]> {
  const events: string[] = [];
  const turn = {
    take: async () => void events.push("turn"),
    takeAnother: async () => void events.push("another"),
    [Symbol.dispose]: () => void events.push("given back"),
  };
  const http: HttpClient = {
    async fetch({ url, beforeUnpacking }: FetchRequest) {
      events.push("came");
      await beforeUnpacking?.();
      events.push("unpacked");
      return {
        ...{ kind: "document", bytes, contentType: "application/rss+xml", url, permanentUrl: null, bodyHash },
        ...{
          validators: { etag: null, lastModified: null },
          freshness: { maxAgeMs: null, retryAfterMs: null },
        },
        ...{ links: [], isDelta: false, wireBytes: bytes.length },
      };
    },
    [Symbol.asyncDispose]: async () => {},
  };
  const source = buildSourceState({ bodyHash: before });
  const limits = { bodyBytes: 2 ** 20, entries: 100 };
  const reading = await readSource(
    source,
    buildDefinition("s1"),
    { http, limits, turn },
    new AbortController().signal,
  );
  return [...events, reading.kind];
}

describe("the turn of a document", () => {
  it("is waited for before it is unpacked, another before it is read, and neither is given back by the reading", async () => {
    expect(await read(null)).toEqual(["came", "turn", "unpacked", "another", "document"]);
  });

  it("is given back when the document is the last one, byte for byte: nothing of it waits for the store", async () => {
    expect(await read(bodyHash)).toEqual(["came", "turn", "unpacked", "given back", "unchanged"]);
  });
});
