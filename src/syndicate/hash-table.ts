/**
 * A set of hashes with a small state beside each, used for one comparison and then emptied: nothing is allocated, and numbers
 * above 2^31 cost what others do (a `Set` boxes them). One walk through two texts then says what they share, without sorting.
 */

/** An odd number that nobody outside knows: whoever writes texts cannot make their hashes meet. */
const STIR = (Math.floor(Math.random() * 2 ** 31) * 2 + 1) | 0;

const FIRST_CAPACITY = 4096;

export class HashTable {
  #keys = new Uint32Array(FIRST_CAPACITY);
  /** 0: empty. */
  #states = new Uint8Array(FIRST_CAPACITY);
  #shift = 20;
  #mask = FIRST_CAPACITY - 1;

  /** Empties it and makes room for so many hashes; it is then at most half full. */
  reset(count: number): void {
    const bits = Math.max(6, 32 - Math.clz32(count * 2));
    const capacity = 2 ** bits;
    if (capacity > this.#keys.length) {
      this.#keys = new Uint32Array(capacity);
      this.#states = new Uint8Array(capacity);
    }
    this.#states.fill(0, 0, capacity);
    this.#shift = 32 - bits;
    this.#mask = capacity - 1;
  }

  /** Where a hash stands, or would stand. */
  slotOf(hash: number): number {
    const [keys, states, mask] = [this.#keys, this.#states, this.#mask];
    let slot = Math.imul(hash, STIR) >>> this.#shift;
    while (states[slot] !== 0 && keys[slot] !== hash) slot = (slot + 1) & mask;
    return slot;
  }

  /** The state in a slot; 0 when nothing stands there. */
  stateAt(slot: number): number {
    return this.#states[slot] ?? 0;
  }

  /** Puts a hash with its state (1 to 255) into the slot that `slotOf` told. */
  put(slot: number, hash: number, state: number): void {
    this.#keys[slot] = hash;
    this.#states[slot] = state;
  }

  /** The state of a hash, 0 when it is not in. */
  stateOf(hash: number): number {
    return this.stateAt(this.slotOf(hash));
  }

  /** Adds those that are not in yet. @returns how many different ones that were */
  addNew(hashes: Uint32Array, state: number): number {
    let added = 0;
    for (let index = 0; index < hashes.length; index += 1) {
      const hash = hashes[index] ?? 0;
      const slot = this.slotOf(hash);
      if (this.stateAt(slot) !== 0) continue;
      this.put(slot, hash, state);
      added += 1;
    }
    return added;
  }

  addAll(hashes: Uint32Array, state: number): void {
    for (let index = 0; index < hashes.length; index += 1) {
      const hash = hashes[index] ?? 0;
      this.put(this.slotOf(hash), hash, state);
    }
  }
}
