import { createHttpClient, type HttpClient, type HttpOptions } from "../fetch/http.ts";
import type { Clock } from "../model.ts";

const defaultLimits = { timeoutMs: 30_000, bodyBytes: 64 * 2 ** 20, redirects: 10, perHost: 2 };

/** The HTTP client for sources, under the name by which publishers know us (RFC 9110 10.1.5). */
export function createSourceHttpClient(options: {
  readonly contact: string | null;
  readonly version: string;
  readonly clock: Clock;
  readonly limits?: HttpOptions["limits"];
}): HttpClient {
  const { contact, version, clock, limits = defaultLimits } = options;
  return createHttpClient({
    userAgent: `Mainstem/${version}${contact ? ` (+${contact})` : ""}`,
    limits,
    clock,
  });
}
