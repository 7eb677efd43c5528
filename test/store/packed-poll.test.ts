import { expect, it } from "vitest";
import { isPackable, type PackedPoll, packPoll, unpackPoll } from "../../src/store/packed-poll.ts";
import { preparePoll } from "../../src/store/prepared-poll.ts";
import { prepareSighting } from "../../src/store/prepared-sighting.ts";
import { buildPoll, buildSighting, T0, urlAlias } from "./builders.ts";

const lease = { sourceId: "s1", generation: 1, expiresAt: T0 };
const poll = buildPoll(
  lease,
  [
    buildSighting("plain", { entry: { contentHtml: "<p>Five short words of it.</p>", updated: T0 } }),
    buildSighting("odd", {
      // Letters of two, three and four bytes, and half of a pair.
      entry: { title: "Größe 大 😀 \ud800", contentHtml: null, summary: "“Ω”", enclosures: [] },
      aliases: [urlAlias("x.example/ü")],
    }),
    buildSighting("nothing", { entry: { title: "", contentHtml: null, summary: null } }),
  ],
  { at: T0 },
);

const prepared = preparePoll(poll);

/** As it goes to the thread. */
function send(): PackedPoll {
  const { poll: packed, memory } = packPoll(prepared, { isSyndicating: true });
  const sent = structuredClone(packed, { transfer: [...memory] });
  expect(memory.every((buffer) => buffer.byteLength === 0)).toBe(true);
  return sent;
}

it("brings a poll over as it was, and nothing of the entries twice", () => {
  const sent = send();
  expect(sent.packed.some((sighting) => "entry" in sighting)).toBe(false);
  const { sightings, ...rest } = unpackPoll(sent);
  const { sightings: originals, ...given } = prepared;
  expect(rest).toEqual(given);
  expect(sightings).toHaveLength(3);
  for (const [n, { prepared, ...record }] of sightings.entries()) {
    const original = originals[n];
    if (original === undefined) throw new Error("more came than went");
    expect(record).toEqual(original);
    const made = prepareSighting(original, { isSyndicating: true });
    const [content, body] = [new Uint8Array(made.content), new Uint8Array(made.body)];
    expect(prepared).toEqual({ ...made, content, body });
  }
});

it("reads an entry when it is asked for, once", () => {
  const [first] = unpackPoll(send()).sightings;
  expect(first?.entry).toBe(first?.entry);
  // A changed copy has it, too.
  expect({ ...first, guidKey: "another" }.entry).toBe(first?.entry);
});

it("makes no fingerprints where copies are not looked for", () => {
  const { poll: packed, memory } = packPoll(prepared, { isSyndicating: false });
  expect(memory.map(({ byteLength }) => byteLength > 0)).toEqual([true, false]);
  expect(packed.packed.map(({ prepared }) => prepared.fingerprint)).toEqual([null, null, null]);
});

it("leaves large documents alone", () => {
  const [first] = poll.sightings;
  if (first === undefined) throw new Error("no sighting");
  const of = (count: number, completeness: number) =>
    isPackable({ ...poll, sightings: Array.from({ length: count }, () => ({ ...first, completeness })) });
  expect([of(1, 2000), of(100, 2000)]).toEqual([true, true]);
  expect([of(0, 0), of(101, 20), of(2, 150_000)]).toEqual([false, false, false]);
});
