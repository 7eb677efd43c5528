/** What is written of a new sighting, as far as it follows from the sighting alone. Pure. */
import type { SightingRecord } from "../model.ts";
import { type Fingerprint, fingerprintOf, readReport } from "../syndicate/report.ts";
import { hashIdentity, titleKeyOf } from "./carriers.ts";
import { entryText } from "./entry-text.ts";
import { encodeContent } from "./records.ts";

export interface PreparedSighting {
  readonly identityHash: string;
  readonly titleKey: string | null;
  /** See `encodeContent`; in UTF-8, which the collector of a thread's memory need not copy, nor `node:sqlite` convert. */
  readonly content: Uint8Array;
  /** For the index of words, see `entryText`; the body in UTF-8. */
  readonly title: string;
  readonly body: Uint8Array;
  /** Null where copies are not looked for. */
  readonly fingerprint: Fingerprint | null;
}

export interface PrepareOptions {
  /** Are copies looked for? */
  readonly isSyndicating: boolean;
}

/** A sighting with what was made of it beforehand. */
export interface IncomingSighting extends SightingRecord {
  readonly prepared?: PreparedSighting | undefined;
}

/** Most of the work of storing a new sighting: some 100 us for 2 KB of text. */
export function prepareSighting(record: SightingRecord, { isSyndicating }: PrepareOptions): PreparedSighting {
  const { entry } = record;
  const { title, body } = entryText(entry);
  return {
    identityHash: hashIdentity(record),
    titleKey: titleKeyOf(entry.title),
    content: Buffer.from(encodeContent(record, [])),
    title,
    body: Buffer.from(body),
    fingerprint: isSyndicating ? fingerprintOf(readReport(entry)) : null,
  };
}
