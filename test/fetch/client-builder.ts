/** A client with small limits, and one-line ways to ask it. */
import {
  createHttpClient,
  type FetchAnswer,
  type FetchRequest,
  type HttpClient,
  type HttpOptions,
} from "../../src/fetch/http.ts";
import { createManualClock } from "../support/manual-clock.ts";

export const userAgent = "Mainstem/0.0 (+https://example.org/bot)";
export const noValidators = { etag: null, lastModified: null };

const testLimits: HttpOptions["limits"] = {
  timeoutMs: 10_000,
  bodyBytes: 2 ** 20,
  redirects: 5,
  perHost: 2,
};

export type ClientChanges = Partial<Omit<HttpOptions, "limits">> & {
  readonly limits?: Partial<HttpOptions["limits"]>;
};

export function buildClient({ limits, ...changes }: ClientChanges = {}): HttpClient {
  return createHttpClient({
    userAgent,
    clock: createManualClock(),
    ...changes,
    limits: { ...testLimits, ...limits },
  });
}

/** Asks for a URL on a private address, without validators and headers unless given. */
export function ask(
  client: HttpClient,
  url: string,
  changes: Partial<FetchRequest> = {},
): Promise<FetchAnswer> {
  const request = { url, validators: noValidators, headers: {}, isPrivateAllowed: true, ...changes };
  return client.fetch(request, new AbortController().signal);
}

/** The same for answers that must be documents. */
export async function askForDocument(
  client: HttpClient,
  url: string,
  changes: Partial<FetchRequest> = {},
): Promise<Extract<FetchAnswer, { kind: "document" }>> {
  const answer = await ask(client, url, changes);
  if (answer.kind !== "document") throw new Error(`expected a document, got ${answer.kind}`);
  return answer;
}
