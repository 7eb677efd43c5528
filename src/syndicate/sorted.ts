/** Sets of hashes as ascending lists: half the time of a `Set` to make, and two are compared in one walk. Pure. */

/** The different ones of some hashes, ascending. */
export function sortDistinct(values: Uint32Array): Uint32Array {
  const sorted = values.slice().sort();
  let count = 0;
  for (let index = 0; index < sorted.length; index += 1) {
    const value = sorted[index] ?? 0;
    if (count === 0 || value !== sorted[count - 1]) sorted[count++] = value;
  }
  return sorted.subarray(0, count);
}

/** How many hashes two ascending lists of different ones have in common. */
export function countCommon(a: Uint32Array, b: Uint32Array): number {
  let common = 0;
  let [at, bt] = [0, 0];
  while (at < a.length && bt < b.length) {
    const [left, right] = [a[at] ?? 0, b[bt] ?? 0];
    if (left === right) common += 1;
    if (left <= right) at += 1;
    if (right <= left) bt += 1;
  }
  return common;
}

/** True if an ascending list holds a hash. */
export function isAmong(sorted: Uint32Array, value: number): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low < sorted.length && sorted[low] === value;
}
