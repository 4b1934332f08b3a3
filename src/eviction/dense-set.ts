import type { SplitMix } from "./split-mix.js";

const ABSENT = -1;

/**
 * A set of ids below a bound, any of which can be drawn with equal chance: the members lie side by side, in no order, and a gap is filled with
 * the last one. Every operation O(1). 8 bytes an id (its slot, and the slot's id).
 */
export class DenseSet {
  size = 0;
  private readonly slotOf: Int32Array;
  /** The members, in slots 0 to size - 1. */
  private readonly idAt: Int32Array;

  constructor(distinct: number) {
    this.slotOf = new Int32Array(distinct).fill(ABSENT);
    this.idAt = new Int32Array(distinct);
  }

  has(id: number): boolean {
    return this.slotOf[id] !== ABSENT;
  }

  /** An id that is not in it. */
  add(id: number): void {
    this.slotOf[id] = this.size;
    this.idAt[this.size] = id;
    this.size++;
  }

  /** False when it was not in it. */
  delete(id: number): boolean {
    const slot = this.slotOf[id];
    if (slot === ABSENT) return false;
    this.size--;
    const last = this.idAt[this.size];
    this.idAt[slot] = last;
    this.slotOf[last] = slot;
    this.slotOf[id] = ABSENT;
    return true;
  }

  /** The member in a slot, 0 to size - 1. */
  at(slot: number): number {
    return this.idAt[slot];
  }

  /** Any member of a set that is not empty, with equal chance. */
  draw(random: SplitMix): number {
    return this.idAt[random.below(this.size)];
  }
}
