/**
 * A poll on its way to the thread that writes, when all that it brings is new: prepared, without the entries themselves, and what is
 * large in two pieces of memory that change hands and are not copied.
 */
import type { Entry, SightingRecord } from "../model.ts";
import { type IncomingSighting, type PreparedSighting, prepareSighting } from "./prepared-sighting.ts";
import { decodeContent } from "./records.ts";
import type { PollRecord } from "./store.ts";

interface PackedSighting extends Omit<SightingRecord, "entry"> {
  readonly prepared: PreparedSighting;
}

export interface PackedPoll extends Omit<PollRecord, "sightings"> {
  readonly packed: readonly PackedSighting[];
}

/** Everything in `poll` passes the structured clone algorithm, with `memory` as what is transferred. */
export function packPoll({ sightings, ...rest }: PollRecord): {
  readonly poll: PackedPoll;
  readonly memory: readonly ArrayBuffer[];
} {
  const made = sightings.map((record) => ({ record, prepared: prepareSighting(record) }));
  const sizes = { bytes: 0, numbers: 0 };
  for (const { prepared } of made) {
    sizes.bytes += prepared.content.length + prepared.body.length;
    sizes.numbers += prepared.fingerprint.shingles.length + prepared.fingerprint.sample.length;
  }
  const bytes = new Uint8Array(sizes.bytes);
  const numbers = new Uint32Array(sizes.numbers);
  const [moveBytes, moveNumbers] = [moveInto(bytes), moveInto(numbers)];
  const packed = made.map(({ record: { entry: _, ...record }, prepared }): PackedSighting => {
    const { shingles, sample, titleHash } = prepared.fingerprint;
    return {
      ...record,
      prepared: {
        ...prepared,
        content: moveBytes(prepared.content),
        body: moveBytes(prepared.body),
        fingerprint: { shingles: moveNumbers(shingles), sample: moveNumbers(sample), titleHash },
      },
    };
  });
  return { poll: { ...rest, packed }, memory: [bytes.buffer, numbers.buffer] };
}

/** The poll that was packed. Its entries are read from what is to be written, if somebody asks for them. */
export function unpackPoll({ packed, ...rest }: PackedPoll): PollRecord {
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
  return (values: Uint8Array | Uint32Array): T => {
    const start = end;
    target.set(values, start);
    end += values.length;
    return target.subarray(start, end) as T;
  };
}
