/** Reading response headers. undici hands them over by lower-case name, values decoded as Latin-1: byte for byte. */
import type { IncomingHttpHeaders } from "node:http";

/** Response headers as undici gives them. */
export type ResponseHeaders = Readonly<IncomingHttpHeaders>;

/** The first value of a header that may stand once only, trimmed; null where it is absent. */
export function singleHeader(headers: ResponseHeaders, name: string): string | null {
  const value = headers[name];
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined ? null : first.trim();
}

/** All values of a list header joined as one (RFC 9110 5.3); null where it is absent. */
export function listHeader(headers: ResponseHeaders, name: string): string | null {
  const value = headers[name];
  if (value === undefined) return null;
  return Array.isArray(value) ? value.join(", ") : value;
}
