/** What a source says under many of its items: "Read more", "Sign up for our newsletter", who it is. Pure. */
import { HashTable } from "./hash-table.ts";

/** Items of a source that are looked at, the latest; at most 15, for they are counted in half a byte. */
export const BOILERPLATE_ITEMS = 12;
const ITEMS_MIN = 3;
const ITEMS_SHARE = 0.25;

export const NO_BOILERPLATE = new Uint32Array(0);

/** A shingle's state: in the upper half how many items have it, in the lower the last of them, from 1. */
const table = new HashTable();

/** Shingles that at least three of the items have, and a quarter of them, each once. Fewer than three items tell nothing. */
export function findBoilerplate(items: readonly Uint32Array[]): Uint32Array {
  const latest = items.slice(0, BOILERPLATE_ITEMS);
  const needed = Math.max(ITEMS_MIN, Math.ceil(latest.length * ITEMS_SHARE));
  if (latest.length < needed) return NO_BOILERPLATE;
  table.reset(latest.reduce((sum, { length }) => sum + length, 0));
  const boilerplate: number[] = [];
  for (const [index, item] of latest.entries()) {
    for (let place = 0; place < item.length; place += 1) {
      const shingle = item[place] ?? 0;
      const slot = table.slotOf(shingle);
      const state = table.stateAt(slot);
      if ((state & 15) === index + 1) continue;
      const count = (state >>> 4) + 1;
      table.put(slot, shingle, (count << 4) | (index + 1));
      if (count === needed) boilerplate.push(shingle);
    }
  }
  return Uint32Array.from(boilerplate);
}
