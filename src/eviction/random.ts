import { DenseSet } from "./dense-set.js";
import type { Policy } from "./policy.js";
import { SplitMix } from "./split-mix.js";

/**
 * Random: any resident entry is the victim with equal chance. The baseline that needs no history at all (Belady 1966 compares
 * it). The same seed gives the same victims.
 *
 * Every operation O(1). 8 bytes an id.
 */
export class Random implements Policy {
  readonly name = "random";
  private readonly residents: DenseSet;
  private readonly random: SplitMix;

  constructor(distinct: number, seed: number) {
    this.residents = new DenseSet(distinct);
    this.random = new SplitMix(seed);
  }

  get size(): number {
    return this.residents.size;
  }

  has(id: number): boolean {
    return this.residents.has(id);
  }

  lookup(id: number): boolean {
    return this.residents.has(id);
  }

  insert(id: number): void {
    this.residents.add(id);
  }

  evict(): number {
    if (this.residents.size === 0) return -1;
    const victim = this.residents.draw(this.random);
    this.residents.delete(victim);
    return victim;
  }

  remove(id: number): boolean {
    return this.residents.delete(id);
  }
}
