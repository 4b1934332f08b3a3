import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  amountOf,
  bootstrapMedian,
  bootstrapMedianDifference,
  decide,
  halfWidth,
  holm,
  isSettled,
  type Judgement,
  judge,
  limitOf,
  logOfShare,
  looksFrom,
  median,
  noiseOf,
  outcomeOf,
  shareOfLog,
  verdictOf,
  worseBy,
  worseLogRatio,
} from "#dist/harness/statistics/index.js";
import { SampleRandom } from "#dist/src/random.js";

describe("median", () => {
  it("takes the middle, or the mean of the two middles, and leaves the sample alone", () => {
    const sample = [9, 1, 5];
    expect(median(sample)).toBe(5);
    expect(sample).toEqual([9, 1, 5]);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(() => median([])).toThrow(/empty/);
  });
});

describe("log ratios", () => {
  it("count worse upwards in both directions, symmetrically", () => {
    expect(worseLogRatio(110, 100, "lower")).toBeCloseTo(Math.log(1.1), 12);
    expect(worseLogRatio(100, 110, "higher")).toBeCloseTo(Math.log(1.1), 12);
    fc.assert(
      fc.property(
        fc.double({ min: 1e-3, max: 1e9, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e9, noNaN: true }),
        (a, b) => {
          expect(worseLogRatio(a, b, "lower")).toBeCloseTo(-worseLogRatio(b, a, "lower"), 9);
          expect(worseLogRatio(a, b, "higher")).toBeCloseTo(-worseLogRatio(a, b, "lower"), 9);
        },
      ),
    );
  });

  it("refuse a figure that is zero or not a number", () => {
    expect(() => worseLogRatio(0, 1, "lower")).toThrow(RangeError);
    expect(() => worseLogRatio(1, Number.NaN, "lower")).toThrow(RangeError);
  });

  it("convert shares there and back", () => {
    expect(shareOfLog(logOfShare(0.1))).toBeCloseTo(0.1, 12);
  });
});

describe("bootstrap of the median", () => {
  it("gives the same interval for the same seed and another for another", () => {
    const random = new SampleRandom(11);
    const sample = Array.from({ length: 25 }, () => random.unit());
    expect(bootstrapMedian(sample, new SampleRandom(1))).toEqual(bootstrapMedian(sample, new SampleRandom(1)));
    const ends = new Set(
      [1, 2, 3, 4, 5, 6].map((seed) =>
        JSON.stringify(bootstrapMedian(sample, new SampleRandom(seed), { resamples: 50 })),
      ),
    );
    expect(ends.size).toBeGreaterThan(1);
  });

  it("has the ends that the exact bootstrap distribution has (binomial, odd n)", () => {
    const n = 21;
    const sample = Array.from({ length: n }, (_, i) => i);
    // P(median of a resample <= k) = P(Binomial(n, (k + 1) / n) >= 11).
    const atMost = (k: number): number => binomialUpperTail(n, (k + 1) / n, 11);
    const lower = sample.findIndex((k) => atMost(k) >= 0.025);
    const upper = sample.findIndex((k) => atMost(k) >= 0.975);
    const interval = bootstrapMedian(sample, new SampleRandom(3), { resamples: 100_000 });
    expect(interval).toEqual({ lower, upper });
  });

  it("covers the true median in about 95 % of samples, never much less", () => {
    const random = new SampleRandom(2024);
    let covered = 0;
    for (let i = 0; i < 1000; i++) {
      const sample = Array.from({ length: 20 }, () => normal(random));
      const { lower, upper } = bootstrapMedian(sample, random, { resamples: 500 });
      if (lower <= 0 && upper >= 0) covered++;
    }
    expect(covered).toBeGreaterThan(920);
    expect(covered).toBeLessThan(985);
  });

  it("widens when the baseline it is compared with is unsteady", () => {
    const random = new SampleRandom(8);
    const head = Array.from({ length: 20 }, () => 0.02 * normal(random));
    const steady = Array<number>(20).fill(0);
    const unsteady = Array.from({ length: 20 }, () => 0.1 * normal(random));
    const narrow = halfWidth(bootstrapMedianDifference(head, steady, new SampleRandom(1)));
    const wide = halfWidth(bootstrapMedianDifference(head, unsteady, new SampleRandom(1)));
    expect(wide).toBeGreaterThan(2 * narrow);
  });
});

describe("Holm's correction", () => {
  it("follows the step-down rule on the textbook case", () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
  });

  it("never lowers a p-value, never passes 1, keeps the order, and lies at or below Bonferroni", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }), (p) => {
        const adjusted = holm(p);
        adjusted.forEach((a, i) => {
          expect(a).toBeGreaterThanOrEqual(p[i]);
          expect(a).toBeLessThanOrEqual(
            Math.max(p[i], Math.min(1, p[i] * p.length)) + 1e-15 + (a > p[i] * p.length ? 1 : 0),
          );
          p.forEach((other, j) => {
            if (p[i] < other) expect(a).toBeLessThanOrEqual(adjusted[j]);
          });
        });
      }),
    );
  });
});

describe("verdict of one metric", () => {
  const evidence = { interval: { lower: 0.11, upper: 0.2 }, pWorse: 0.001, pBetter: 0.999, tolerance: 0.1 };

  it("is a regression only with both witnesses: interval beyond the tolerance and a significant test", () => {
    expect(verdictOf(evidence)).toBe("regressed");
    expect(verdictOf({ ...evidence, pWorse: 0.01 })).toBe("undecided");
    expect(verdictOf({ ...evidence, interval: { lower: 0.09, upper: 0.2 } })).toBe("undecided");
  });

  it("is an improvement in the mirror image", () => {
    const better = { interval: { lower: -0.2, upper: -0.11 }, pWorse: 0.999, pBetter: 0.001, tolerance: 0.1 };
    expect(verdictOf(better)).toBe("improved");
    expect(verdictOf({ ...better, pBetter: 0.02 })).toBe("pass");
  });

  it("passes once the whole interval is within the tolerance, however significant a small slow-down is", () => {
    expect(verdictOf({ interval: { lower: 0.01, upper: 0.09 }, pWorse: 1e-9, pBetter: 1, tolerance: 0.1 })).toBe(
      "pass",
    );
  });
});

describe("judging several metrics", () => {
  it("corrects each p-value for the others, so company makes a verdict harder", () => {
    const clear = Array.from({ length: 8 }, (_, i) => 0.2 + i / 1000);
    const flat = Array.from({ length: 8 }, (_, i) => (i % 2 ? 0.001 : -0.001) * (i + 1));
    const alone = judge([{ name: "a", tolerance: 0.1, worse: clear }], 1);
    const company = judge(
      ["a", "b", "c", "d"].map((name, i) => ({ name, tolerance: 0.1, worse: i ? flat : clear })),
      1,
    );
    expect(alone[0]).toMatchObject({ verdict: "regressed", pWorse: 1 / 256 });
    expect(company[0]).toMatchObject({ verdict: "undecided", pWorse: 4 / 256 });
  });

  it("compares with a stored baseline round set by its median", () => {
    const head = Array.from({ length: 20 }, (_, i) => 1.2 + i / 1000);
    const baseline = Array.from({ length: 20 }, (_, i) => 1 + i / 1000);
    const [judgement] = judge([{ name: "a", tolerance: 0.1, worse: head, baseline }], 1);
    expect(judgement.effect).toBeCloseTo(0.2, 10);
    expect(judgement.verdict).toBe("regressed");
  });
});

describe("noise of an A/A run", () => {
  it("refuses a tolerance finer than the machine's own spread", () => {
    const random = new SampleRandom(5);
    const worse = Array.from({ length: 10 }, () => 0.2 * normal(random));
    expect(noiseOf({ name: "a", tolerance: 0.02, worse }, 10, 1).tooNoisy).toBe(true);
    expect(noiseOf({ name: "a", tolerance: 0.5, worse }, 10, 1).tooNoisy).toBe(false);
  });

  it("scales a short check to the rounds that will judge", () => {
    const random = new SampleRandom(6);
    const sample = { name: "a", tolerance: 0.1, worse: Array.from({ length: 10 }, () => 0.1 * normal(random)) };
    const short = Math.log1p(noiseOf(sample, 10, 1).halfWidth);
    expect(Math.log1p(noiseOf(sample, 40, 1).halfWidth)).toBeCloseTo(short / 2, 12);
  });

  it("notices a steady difference between two runs of the same build", () => {
    const noise = noiseOf({ name: "a", tolerance: 0.1, worse: Array<number>(10).fill(0.3) }, 10, 1);
    expect(noise).toMatchObject({ tooNoisy: true, halfWidth: 0 });
    expect(noise.offset).toBeCloseTo(Math.expm1(0.3), 12);
  });
});

describe("shares of operations, compared in points", () => {
  it("are differences, worse up, and may be 0", () => {
    expect(worseBy("points", 0.8, 0.9, "higher")).toBeCloseTo(0.1, 12);
    expect(worseBy("points", 0, 0.9, "higher")).toBeCloseTo(0.9, 12);
    expect(worseBy("points", 0.02, 0, "lower")).toBeCloseTo(0.02, 12);
    expect(worseBy("ratio", 110, 100, "lower")).toBeCloseTo(Math.log(1.1), 12);
    for (const scale of ["points", "ratio"] as const)
      expect(amountOf(scale, limitOf(scale, 0.07))).toBeCloseTo(0.07, 12);
  });

  it("are never too noisy: their tolerance becomes what chance does", () => {
    const random = new SampleRandom(5);
    const worse = Array.from({ length: 10 }, () => 0.2 * normal(random));
    const noise = noiseOf({ name: "hits", scale: "points", tolerance: 0.005, worse }, 10, 1);
    expect(noise.tooNoisy).toBe(false);
    expect(noise.tolerance).toBeGreaterThan(noise.halfWidth);
  });
});

describe("a gate on a machine too noisy for every time", () => {
  const noisy = (random: SampleRandom) => async (total: number) => [
    { name: "time", tolerance: 0.01, worse: Array.from({ length: total }, () => normal(random)) },
  ];
  const random = new SampleRandom(3);
  const source = { sameAgainstSame: noisy(random), headAgainstBase: noisy(random) };

  it("still looks at one set of rounds, for what is broken shows on any machine", async () => {
    const quiet = await decide(source, { seed: 1, looks: [10, 15, 20], resamples: 200 });
    expect(quiet).toMatchObject({ outcome: "inconclusive", rounds: 10 });
    const beside = () => ({ broken: true, comparable: true });
    const broken = await decide({ ...source, beside }, { seed: 1, looks: [10, 15, 20], resamples: 200 });
    expect(broken).toMatchObject({ outcome: "regressed", rounds: 10 });
  });

  it("says nothing good of what cannot be compared", async () => {
    const same = async (total: number) => [{ name: "time", tolerance: 0.1, worse: Array<number>(total).fill(0) }];
    const beside = () => ({ broken: false, comparable: false });
    const decision = await decide(
      { sameAgainstSame: same, headAgainstBase: same, beside },
      { seed: 1, resamples: 200 },
    );
    expect(decision.outcome).toBe("inconclusive");
  });
});

describe("sequence of looks", () => {
  const of = (...verdicts: Judgement["verdict"][]): Judgement[] =>
    verdicts.map((verdict) => ({ verdict }) as Judgement);

  it("goes 20, 30, 40 and in the same proportion from another start", () => {
    expect(looksFrom(20)).toEqual([20, 30, 40]);
    expect(looksFrom(15)).toEqual([15, 23, 30]);
  });

  it("stops at the first regression, or when nothing is undecided", () => {
    expect(isSettled(of("regressed", "undecided"))).toBe(true);
    expect(isSettled(of("pass", "undecided"))).toBe(false);
    expect(isSettled(of("pass", "improved"))).toBe(true);
  });

  it("lets a regression outweigh everything, and says nothing good about a gate with a metric left out", () => {
    expect(outcomeOf(of("improved", "regressed", "undecided"))).toBe("regressed");
    expect(outcomeOf(of("improved", "undecided"))).toBe("inconclusive");
    expect(outcomeOf(of("improved", "pass"))).toBe("improved");
    expect(outcomeOf(of("pass"))).toBe("pass");
    expect(outcomeOf(of("pass"), false)).toBe("inconclusive");
    expect(outcomeOf([])).toBe("inconclusive");
  });
});

function normal(random: SampleRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit());
}

function binomialUpperTail(n: number, p: number, k: number): number {
  let tail = 0;
  for (let i = k; i <= n; i++) {
    let term = 1;
    for (let j = 0; j < i; j++) term *= ((n - j) / (j + 1)) * p;
    tail += term * (1 - p) ** (n - i);
  }
  return tail;
}
