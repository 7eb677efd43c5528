import { hash } from "node:crypto";

/** Bytes of a key digest: 128 bits make an accidental (or a bought) collision of two keys out of reach. */
export const DIGEST_BYTES = 16;

/**
 * The 16-byte digest under which a key is stored: the head of its SHA-256. Keys are of any length (a URL may have
 * thousands of characters, and PostgreSQL refuses to index more than 2704 bytes), digests are not.
 */
export function digestKey(key: string): Uint8Array {
  return hash("sha256", key, "buffer").subarray(0, DIGEST_BYTES);
}

/** {@link digestKey} as 32 hexadecimal digits. */
export function digestKeyHex(key: string): string {
  return hash("sha256", key, "hex").slice(0, DIGEST_BYTES * 2);
}

/** Keys of which {@link DigestCache} remembers the digest at most. */
const CACHED_DIGESTS_MAX = 4096;

/** Remembers the digests of the keys just asked for: a poll looks most keys up first, then writes them. */
export class DigestCache {
  readonly #digests = new Map<string, Uint8Array>();

  digest(key: string): Uint8Array {
    let digest = this.#digests.get(key);
    if (digest === undefined) {
      if (this.#digests.size >= CACHED_DIGESTS_MAX) this.#digests.clear();
      digest = digestKey(key);
      this.#digests.set(key, digest);
    }
    return digest;
  }
}
