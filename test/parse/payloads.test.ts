/** Every hostile document of ours through the client and the parsers, in this process. test/faults has the same ones met by a daemon. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { FetchError, ParseError } from "../../src/errors.ts";
import { createHttpClient } from "../../src/fetch/http.ts";
import { parseDocument } from "../../src/parse/parse.ts";
import { type OriginServer, startOriginServer } from "../support/origin-server.ts";
import { payloads } from "../support/payloads.ts";

describe("hostile documents", () => {
  let origin: OriginServer;
  const client = createHttpClient({
    userAgent: "test",
    limits: { timeoutMs: 20_000, bodyBytes: 16 * 2 ** 20, redirects: 5, perHost: 2 },
    clock: systemClock,
  });
  beforeAll(async () => {
    origin = await startOriginServer();
    for (const { name, headers, body } of payloads)
      origin.on(`/${name}`, (_, response) => response.writeHead(200, headers).end(body()));
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await origin[Symbol.asyncDispose]();
  });

  it.each(payloads.map((payload) => [payload.name, payload.attack, payload] as const))(
    "%s: %s",
    async (name, _, { expect: expected }) => {
      const url = origin.url(`/${name}`);
      const validators = { etag: null, lastModified: null };
      let entries: readonly object[] = [];
      let refusal: string | null = null;
      try {
        const answer = await client.fetch(
          { url, validators, headers: {}, isPrivateAllowed: true },
          AbortSignal.timeout(20_000),
        );
        if (answer.kind !== "document") throw new Error(`the answer is ${answer.kind}`);
        const { bytes, contentType } = answer;
        ({ entries } = await parseDocument({ bytes, contentType, url, name }));
      } catch (error) {
        if (!(error instanceof FetchError || error instanceof ParseError)) throw error;
        // One line that a person can read.
        expect(error.message).toMatch(/^[^\n]{5,300}$/);
        refusal = error.code;
      }
      expect(Reflect.get({}, "polluted")).toBeUndefined();
      if (expected.isRead !== null)
        expect(refusal, refusal ?? "read").toEqual(expected.isRead ? null : expect.any(String));
      const [least, most] = expected.entries ?? [0, Number.POSITIVE_INFINITY];
      expect(entries.length).toBeGreaterThanOrEqual(refusal !== null && expected.isRead === null ? 0 : least);
      expect(entries.length).toBeLessThanOrEqual(most);
      for (const entry of entries as { title: string; url: string | null }[]) {
        expect(entry.title.length).toBeLessThanOrEqual(1000);
        expect(entry.url ?? "https:").toMatch(/^https?:/i);
      }
    },
  );
});
