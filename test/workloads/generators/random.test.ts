import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "#dist/workloads/index.js";

function draws(random: Random, count = 8): number[] {
  return Array.from({ length: count }, () => random.next32());
}

/** Pearson's chi-squared of counts against a uniform expectation. */
function chiSquared(counts: number[], total: number): number {
  const expected = total / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe("the seeded stream", () => {
  it("is pinned: the same figures on every machine and in every version", () => {
    expect(draws(new Random(42, 3), 4)).toEqual([158528094, 2985431214, 3620253393, 553945661]);
  });

  it("is the same for the same name and another for any other", () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat({ max: 1000 }), fc.nat({ max: 1000 }), (seed, a, b) => {
        expect(draws(new Random(seed, a))).toEqual(draws(new Random(seed, a)));
        if (a !== b) expect(draws(new Random(seed, a))).not.toEqual(draws(new Random(seed, b)));
        expect(draws(new Random(seed, a))).not.toEqual(draws(new Random(seed + 1, a)));
      }),
    );
    expect(draws(new Random(1))).not.toEqual(draws(new Random(1 + 2 ** 32)));
    expect(draws(new Random(1, 2, 3))).not.toEqual(draws(new Random(1, 3, 2)));
  });

  it("has no correlation between neighbouring workers", () => {
    const streams = [0, 1].map((worker) => new Random(7, worker));
    let agreeing = 0;
    for (let i = 0; i < 4000; i++) {
      const [x, y] = streams.map((stream) => stream.next32());
      for (let bits = ~(x ^ y) >>> 0; bits !== 0; bits &= bits - 1) agreeing++;
    }
    // 128,000 coin tosses: mean 64,000, standard deviation 179; five of them.
    expect(Math.abs(agreeing - 64_000)).toBeLessThan(895);
  });

  it("is even over a bound that is no power of two", () => {
    const random = new Random(1);
    const counts = new Array<number>(12).fill(0);
    for (let i = 0; i < 120_000; i++) counts[random.below(12)]++;
    // 11 degrees of freedom: 99.9 % below 31.3.
    expect(chiSquared(counts, 120_000)).toBeLessThan(31.3);
  });

  it("is without bias where the bound is a large part of 2^32", () => {
    const random = new Random(1);
    let low = 0;
    for (let i = 0; i < 30_000; i++) if (random.below(3 * 2 ** 30) < 2 ** 30) low++;
    // A third; a plain remainder would give half. Five standard deviations are 408.
    expect(Math.abs(low - 10_000)).toBeLessThan(408);
  });

  it("stays below bounds that do not divide 2^32, up to the largest", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, bound) => {
        const value = new Random(seed).below(bound);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThan(bound);
      }),
    );
  });

  it("is uniform in [0, 1), in the tail of its bits too", () => {
    const random = new Random(3);
    const high = new Array<number>(16).fill(0);
    const low = new Array<number>(16).fill(0);
    for (let i = 0; i < 64_000; i++) {
      const u = random.unit();
      high[Math.floor(u * 16)]++;
      low[Math.floor(u * 2 ** 53) % 16]++;
    }
    // 15 degrees of freedom: 99.9 % below 37.7.
    expect(chiSquared(high, 64_000)).toBeLessThan(37.7);
    expect(chiSquared(low, 64_000)).toBeLessThan(37.7);
  });
});
