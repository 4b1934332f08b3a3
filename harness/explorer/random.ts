import { Sfc32 } from "../../workloads/generators/sfc32.js";

/** Small, fast and seeded: the same seed gives the same programs and schedules on every machine. */
export class Random extends Sfc32 {
  constructor(seed: number) {
    super(seed | 0, (seed / 2 ** 32) | 0, 0x9e3779b9, 12);
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    return ((this.next32() * limit) / 2 ** 32) | 0;
  }

  /** From `low` to `high`, both possible. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.next32() < probability * 2 ** 32;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}
