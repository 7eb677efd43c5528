/** What a source says under many of its items: "Read more", "Sign up for our newsletter", who it is. Pure. */

/** Items of a source that are looked at, the latest. */
export const BOILERPLATE_ITEMS = 12;
const ITEMS_MIN = 3;
const ITEMS_SHARE = 0.25;

/** Shingles that at least three of the items have, and a quarter of them. Fewer than three items tell nothing. */
export function findBoilerplate(items: readonly Uint32Array[]): ReadonlySet<number> {
  const needed = Math.max(ITEMS_MIN, Math.ceil(items.length * ITEMS_SHARE));
  const counts = new Map<number, number>();
  const boilerplate = new Set<number>();
  if (items.length < needed) return boilerplate;
  for (const item of items) {
    for (const shingle of new Set(item)) {
      const count = (counts.get(shingle) ?? 0) + 1;
      counts.set(shingle, count);
      if (count >= needed) boilerplate.add(shingle);
    }
  }
  return boilerplate;
}
