import { Sfc32 } from "../../workloads/generators/sfc32.js";

/**
 * The gate's source of chance: sfc32, seeded through splitmix32. The same seed gives the same order of arms, the same resamples
 * and so the same verdict on every machine.
 */
export class SeededRandom extends Sfc32 {
  constructor(seed: number) {
    let x = seed | 0;
    const word = (): number => {
      x = (x + 0x9e3779b9) | 0;
      let z = x;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      return (z ^ (z >>> 16)) | 0;
    };
    super(word(), word(), word(), 12);
  }

  /** Uniform over 0 … n - 1, n at most 2^20 (the bias of the multiplication is then below 2^-12). */
  below(n: number): number {
    return Math.floor((this.next32() / 0x1_0000_0000) * n);
  }

  /** Uniform over [0, 1), 32 bits. */
  unit(): number {
    return this.next32() / 0x1_0000_0000;
  }
}
