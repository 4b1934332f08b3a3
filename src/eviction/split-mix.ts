/**
 * Uniform random numbers from a 32-bit seed: SplitMix32, a Weyl sequence (odd step, so every seed has the full period) through a
 * 32-bit finaliser. The same seed gives the same numbers everywhere.
 */
export class SplitMix {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** A whole number from 0 to `bound` - 1; biased by less than bound / 2^32. */
  below(bound: number): number {
    return Math.floor((this.nextUint32() / 0x1_0000_0000) * bound);
  }

  private nextUint32(): number {
    this.state = (this.state + 0x9e3779b9) | 0;
    let z = this.state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }
}
