import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EXACT_LIMIT, standardNormalUpperTail, wilcoxonSignedRank } from "#dist/harness/statistics/index.js";

/** Every pattern of signs, by hand: the definition of the exact test, mid-ranks and all. */
function bruteForce(differences: readonly number[]): { statistic: number; p: number } {
  const kept = differences.filter((d) => d !== 0);
  const magnitudes = kept.map(Math.abs);
  const ranks = magnitudes.map((m) => {
    const below = magnitudes.filter((x) => x < m).length;
    const same = magnitudes.filter((x) => x === m).length;
    return below + (same + 1) / 2;
  });
  const statistic = kept.reduce((sum, d, i) => sum + (d > 0 ? ranks[i] : 0), 0);
  let atLeast = 0;
  for (let pattern = 0; pattern < 2 ** kept.length; pattern++) {
    let sum = 0;
    for (let i = 0; i < kept.length; i++) if (pattern & (1 << i)) sum += ranks[i];
    if (sum >= statistic) atLeast++;
  }
  return { statistic, p: atLeast / 2 ** kept.length };
}

describe("Wilcoxon signed-rank test", () => {
  it("agrees with the depression data of Hollander & Wolfe as R documents it (V = 40, exact p = 0.01953)", () => {
    const before = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
    const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
    const result = wilcoxonSignedRank(before.map((x, i) => x - after[i]));
    expect(result).toMatchObject({ statistic: 40, n: 9, method: "exact" });
    expect(result.p).toBeCloseTo(0.01953125, 10);
  });

  // One-sided critical values at 0.01 as printed in the usual tables (smallest W- that is not significant is one more).
  it.each([
    [7, 0],
    [8, 1],
    [9, 3],
    [10, 5],
    [12, 9],
    [15, 19],
    [20, 43],
    [25, 76],
    [30, 120],
  ])("n = %i: a sum of negative ranks of %i is the largest significant at 0.01, one-sided", (n, critical) => {
    expect(wilcoxonSignedRank(withNegativeRankSum(n, critical)).p).toBeLessThanOrEqual(0.01);
    expect(wilcoxonSignedRank(withNegativeRankSum(n, critical + 1)).p).toBeGreaterThan(0.01);
  });

  it("equals brute force over all sign patterns, ties and zeros included", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -6, max: 6 }), { maxLength: 11 }), (differences) => {
        const expected = bruteForce(differences);
        const result = wilcoxonSignedRank(differences);
        expect(result.statistic).toBe(expected.statistic);
        expect(result.p).toBeCloseTo(expected.p, 12);
      }),
    );
  });

  it("passes from exact to normal without a jump", () => {
    for (const shift of [0.05, 0.2, 0.35]) {
      const sample = Array.from({ length: EXACT_LIMIT + 1 }, (_, i) => Math.sin(i * 12.9898) + shift);
      const exact = wilcoxonSignedRank(sample.slice(0, EXACT_LIMIT));
      const normal = wilcoxonSignedRank(sample);
      expect([exact.method, normal.method]).toEqual(["exact", "normal"]);
      const both = exactByDoubling(sample);
      expect(Math.abs(normal.p - both)).toBeLessThan(0.002);
    }
  });

  it("corrects the variance for ties: 60 equal positives and 30 equal negatives", () => {
    const sample = [...Array<number>(60).fill(1), ...Array<number>(30).fill(-1)];
    // All ranks are 45.5: W+ = 2730, mean 2047.5, variance 90·91·181/24 - (90³ - 90)/48 = 46,580.625 + … by hand below.
    const variance = (90 * 91 * 181) / 24 - (90 ** 3 - 90) / 48;
    const z = (2730 - 2047.5 - 0.5) / Math.sqrt(variance);
    expect(wilcoxonSignedRank(sample)).toMatchObject({ method: "normal", statistic: 2730 });
    expect(wilcoxonSignedRank(sample).p).toBeCloseTo(standardNormalUpperTail(z), 12);
    expect(variance).toBeCloseTo(90 * 45.5 ** 2 * 0.25, 6);
  });

  it("finds nothing in no differences, and nothing in all zeros", () => {
    expect(wilcoxonSignedRank([]).p).toBe(1);
    expect(wilcoxonSignedRank([0, 0, 0]).p).toBe(1);
  });

  it("refuses a difference that is not finite", () => {
    expect(() => wilcoxonSignedRank([1, Number.NaN])).toThrow(/finite/);
  });
});

describe("upper tail of the standard normal distribution", () => {
  it.each([
    [0, 0.5],
    [1, 0.15865525393145707],
    [1.6448536269514722, 0.05],
    [2.3263478740408408, 0.01],
    [3, 0.0013498980316300946],
    [4, 3.167124183311992e-5],
    [6, 9.865876450376981e-10],
    [-1.959963984540054, 0.975],
  ])("P(Z >= %f) is %f", (z, p) => {
    expect(Math.abs(standardNormalUpperTail(z) / p - 1)).toBeLessThan(1e-9);
  });
});

/** Differences 1 … n with the negative ranks summing to `sum`, largest ranks first. */
function withNegativeRankSum(n: number, sum: number): number[] {
  const differences = Array.from({ length: n }, (_, i) => i + 1);
  for (let rank = n, left = sum; rank >= 1 && left > 0; rank--) {
    if (rank > left) continue;
    differences[rank - 1] = -rank;
    left -= rank;
  }
  return differences;
}

/** Exact upper tail for distinct magnitudes and any n, by counting subsets: independent of the limit in the code. */
function exactByDoubling(sample: readonly number[]): number {
  const order = sample.map((_, i) => i).sort((i, j) => Math.abs(sample[i]) - Math.abs(sample[j]));
  const statistic = order.reduce((sum, index, i) => sum + (sample[index] > 0 ? i + 1 : 0), 0);
  let ways = new Map<number, number>([[0, 1]]);
  for (let rank = 1; rank <= sample.length; rank++) {
    const next = new Map<number, number>();
    for (const [sum, p] of ways) {
      next.set(sum, (next.get(sum) ?? 0) + p / 2);
      next.set(sum + rank, (next.get(sum + rank) ?? 0) + p / 2);
    }
    ways = next;
  }
  let tail = 0;
  for (const [sum, p] of ways) if (sum >= statistic) tail += p;
  return tail;
}
