/**
 * The gate's source of chance: sfc32 (Chris Doty-Humphrey, PractRand), 128 bits of state, seeded through splitmix32. The
 * same seed gives the same order of arms, the same resamples and so the same verdict on every machine.
 */
export class SeededRandom {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(seed: number) {
    let x = seed | 0;
    const word = (): number => {
      x = (x + 0x9e3779b9) | 0;
      let z = x;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      return (z ^ (z >>> 16)) | 0;
    };
    this.a = word();
    this.b = word();
    this.c = word();
    // The first outputs of sfc32 still show the seed; its author discards twelve.
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** Uniform over 0 … 2^32 - 1. */
  uint32(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Uniform over 0 … n - 1, n at most 2^20 (the bias of the multiplication is then below 2^-12). */
  below(n: number): number {
    return Math.floor((this.uint32() / 0x1_0000_0000) * n);
  }

  /** Uniform over [0, 1), 32 bits. */
  unit(): number {
    return this.uint32() / 0x1_0000_0000;
  }
}
