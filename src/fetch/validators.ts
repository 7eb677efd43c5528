/** HTTP validators (RFC 9110 8.8): opaque, kept and sent back byte for byte. */
import type { Validators } from "../model.ts";
import { type ResponseHeaders, singleHeader } from "./headers.ts";

/** Far more than any server needs; a longer one would make our next request too large for the server. */
const validatorBytesMax = 4096;

/** The validators of a 200: exactly what it carries, so that old ones are forgotten where it carries none. */
export function readValidators(headers: ResponseHeaders): Validators {
  return { etag: readValidator(headers, "etag"), lastModified: readValidator(headers, "last-modified") };
}

/** The validators after a 304: those it carries replace the stored ones (RFC 9111 3.2, 4.3.4), the others stay. */
export function renewValidators(stored: Validators, headers: ResponseHeaders): Validators {
  const { etag, lastModified } = readValidators(headers);
  return { etag: etag ?? stored.etag, lastModified: lastModified ?? stored.lastModified };
}

/** Is there anything to make a request conditional with? */
export function hasValidators({ etag, lastModified }: Validators): boolean {
  return etag !== null || lastModified !== null;
}

function readValidator(headers: ResponseHeaders, name: string): string | null {
  const value = singleHeader(headers, name);
  if (value === null || value === "" || value.length > validatorBytesMax) return null;
  // Control characters cannot be sent back.
  return /[^\t\x20-\x7e\x80-\xff]/.test(value) ? null : value;
}
