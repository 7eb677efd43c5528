/**
 * A poll on its way to the thread that writes, when all that it brings is new: prepared, without the entries themselves, and what is
 * large in two pieces of memory that change hands and are not copied.
 */
import type { Entry, SightingRecord } from "../model.ts";
import type { PreparedPoll } from "./prepared-poll.ts";
import {
  type IncomingSighting,
  type PreparedSighting,
  type PrepareOptions,
  prepareSighting,
} from "./prepared-sighting.ts";
import { decodeContent } from "./records.ts";

const NO_FINGERPRINT = { shingles: [], sample: [] };

interface PackedSighting extends Omit<SightingRecord, "entry"> {
  readonly prepared: PreparedSighting;
}

export interface PackedPoll extends Omit<PreparedPoll, "sightings"> {
  readonly packed: readonly PackedSighting[];
}

/** More would hold up readers: a document of twenty entries of 2 KB takes some milliseconds. */
const PACKED_SIGHTINGS_MAX = 100;
const PACKED_CHARACTERS_MAX = 2 ** 18;

/** Is there something to pack, and not so much that it takes long? */
export function isPackable({ sightings }: Pick<PreparedPoll, "sightings">): boolean {
  if (sightings.length === 0 || sightings.length > PACKED_SIGHTINGS_MAX) return false;
  return sightings.reduce((sum, { completeness }) => sum + completeness, 0) <= PACKED_CHARACTERS_MAX;
}

/** Everything in `poll` passes the structured clone algorithm, with `memory` as what is transferred. */
export function packPoll(
  { sightings, ...rest }: PreparedPoll,
  options: PrepareOptions,
): {
  readonly poll: PackedPoll;
  readonly memory: readonly ArrayBuffer[];
} {
  const made = sightings.map((record) => ({ record, prepared: prepareSighting(record, options) }));
  const sizes = { bytes: 0, numbers: 0 };
  for (const { prepared } of made) {
    sizes.bytes += prepared.content.length + prepared.body.length;
    const { shingles, sample } = prepared.fingerprint ?? NO_FINGERPRINT;
    sizes.numbers += shingles.length + sample.length;
  }
  const bytes = new Uint8Array(sizes.bytes);
  const numbers = new Uint32Array(sizes.numbers);
  const [moveBytes, moveNumbers] = [moveInto(bytes), moveInto(numbers)];
  const packed = made.map(({ record: { entry: _, ...record }, prepared }): PackedSighting => {
    const { fingerprint } = prepared;
    return {
      ...record,
      prepared: {
        ...prepared,
        content: moveBytes(prepared.content),
        body: moveBytes(prepared.body),
        fingerprint: fingerprint && {
          ...fingerprint,
          shingles: moveNumbers(fingerprint.shingles),
          sample: moveNumbers(fingerprint.sample),
        },
      },
    };
  });
  return { poll: { ...rest, packed }, memory: [bytes.buffer, numbers.buffer] };
}

/** The poll that was packed. Its entries are read from what is to be written, if somebody asks for them. */
export function unpackPoll({ packed, ...rest }: PackedPoll): PreparedPoll {
  return { ...rest, sightings: packed.map(unpackSighting) };
}

function unpackSighting(sighting: PackedSighting): IncomingSighting {
  let entry: Entry | undefined;
  return {
    ...sighting,
    get entry() {
      entry ??= readEntry(sighting.prepared.content);
      return entry;
    },
  };
}

function readEntry(content: Uint8Array): Entry {
  const decoded = decodeContent(Buffer.from(content.buffer, content.byteOffset, content.length).toString());
  if (decoded === null) throw new Error("what a sighting was encoded to cannot be read");
  return decoded.entry;
}

/** Copies one after the other into `target`. @returns the copy's place there */
function moveInto<T extends Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>(target: T) {
  let end = 0;
  return (values: T extends Uint8Array ? Uint8Array : Uint32Array): T => {
    const start = end;
    target.set(values, start);
    end += values.length;
    return target.subarray(start, end) as T;
  };
}
