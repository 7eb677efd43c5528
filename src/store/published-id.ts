import type { SightingRecord } from "../model.ts";
import { digestKeyHex } from "./digest.ts";

/** What an id to publish is chosen from. */
export type PublishableRecord = Pick<SightingRecord, "publishedIds" | "aliases" | "guidKey">;

/** The first of a record's ids that is free; when all are taken, a `urn:uuid:` derived from its strongest key. */
export function choosePublishedId(record: PublishableRecord, isTaken: (id: string) => boolean): string {
  for (const id of record.publishedIds) if (!isTaken(id)) return id;
  const key = record.aliases[0]?.key ?? record.guidKey;
  for (let attempt = 0; ; attempt += 1) {
    const id = deriveUuidUrn(key, attempt);
    if (!isTaken(id)) return id;
  }
}

/**
 * A `urn:uuid:` that anyone can compute again from the same key (RFC 9562 5.8, version 8: custom). It is the published
 * id of last resort, for a story all of whose own ids are taken; `attempt` counts from 0.
 */
export function deriveUuidUrn(key: string, attempt: number): string {
  const hex = digestKeyHex(`mainstem:published-id\n${attempt}\n${key}`);
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
