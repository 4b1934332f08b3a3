import type { Policy } from "./policy.js";
import { SplitMix } from "./split-mix.js";

const ABSENT = -1;

/**
 * Random: any resident entry is the victim with equal chance. The baseline that needs no history at all (Belady 1966 compares
 * it). The same seed gives the same victims.
 *
 * Every operation O(1). 8 bytes an id (its slot, and the slot's id).
 */
export class Random implements Policy {
  readonly name = "random";
  size = 0;
  private readonly slotOf: Int32Array;
  /** The resident ids, in no order, in slots 0 to size - 1. */
  private readonly idAt: Int32Array;
  private readonly random: SplitMix;

  constructor(distinct: number, seed: number) {
    this.slotOf = new Int32Array(distinct).fill(ABSENT);
    this.idAt = new Int32Array(distinct);
    this.random = new SplitMix(seed);
  }

  has(id: number): boolean {
    return this.slotOf[id] !== ABSENT;
  }

  lookup(id: number): boolean {
    return this.slotOf[id] !== ABSENT;
  }

  insert(id: number): void {
    this.slotOf[id] = this.size;
    this.idAt[this.size] = id;
    this.size++;
  }

  evict(): number {
    if (this.size === 0) return -1;
    const victim = this.idAt[this.random.below(this.size)];
    this.remove(victim);
    return victim;
  }

  remove(id: number): boolean {
    const slot = this.slotOf[id];
    if (slot === ABSENT) return false;
    this.size--;
    const last = this.idAt[this.size];
    this.idAt[slot] = last;
    this.slotOf[last] = slot;
    this.slotOf[id] = ABSENT;
    return true;
  }
}
