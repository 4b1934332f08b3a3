import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashOnto } from "#dist/workloads/generators/zipfian.js";
import { type KeySpec, keyChooser, Random } from "#dist/workloads/index.js";

const SEED = 42;

function counts(spec: KeySpec, draws: number, seed = SEED): Float64Array {
  const chooser = keyChooser(spec);
  const random = new Random(seed);
  const seen = new Float64Array(spec.count);
  for (let i = 0; i < draws; i++) seen[chooser.next(random)]++;
  return seen;
}

/** Five standard deviations of a count that is binomial with this probability. */
function slack(draws: number, probability: number): number {
  return 5 * Math.sqrt(draws * probability * (1 - probability)) + 1;
}

function zeta(items: number, exponent: number): number {
  let sum = 0;
  for (let i = 1; i <= items; i++) sum += i ** -exponent;
  return sum;
}

const anySpec: fc.Arbitrary<KeySpec> = fc.record({
  distribution: fc.constantFrom(
    "uniform",
    "zipfian",
    "scrambledZipfian",
    "zipf",
    "latest",
    "hotspot",
    "exponential",
    "sequential",
  ),
  count: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3000 })),
}) as fc.Arbitrary<KeySpec>;

describe("every key distribution", () => {
  it("draws whole numbers within its keys, and the same again from the same seed", () => {
    fc.assert(
      fc.property(anySpec, fc.integer(), (spec, seed) => {
        const [a, b] = [keyChooser(spec), keyChooser(spec)];
        const [ra, rb] = [new Random(seed), new Random(seed)];
        for (let i = 0; i < 50; i++) {
          const key = a.next(ra);
          expect(Number.isInteger(key) && key >= 0 && key < spec.count, `${spec.distribution} drew ${key}`).toBe(true);
          expect(b.next(rb)).toBe(key);
        }
      }),
    );
  });
});

describe("zipfian (Gray et al.)", () => {
  it("draws the two hottest ranks exactly as often as 1 / r^0.99 says, the rest nearly", () => {
    const draws = 200_000;
    const seen = counts({ distribution: "zipfian", count: 1000 }, draws);
    const z = zeta(1000, 0.99);
    for (const rank of [1, 2]) {
      const p = rank ** -0.99 / z;
      expect(Math.abs(seen[rank - 1] - draws * p)).toBeLessThan(slack(draws, p));
    }
    // The method approximates past rank 2: the first ten hold 39.2 % in truth.
    const top = seen.slice(0, 10).reduce((sum, n) => sum + n, 0) / draws;
    expect(top).toBeGreaterThan(0.37);
    expect(top).toBeLessThan(0.42);
  });
});

describe("scrambled zipfian (YCSB)", () => {
  it("gives its hottest key 3.8 % whatever the number of keys, anywhere among them", () => {
    for (const count of [1000, 50_000]) {
      const draws = 200_000;
      const seen = counts({ distribution: "scrambledZipfian", count }, draws);
      const hottest = seen.indexOf(Math.max(...seen));
      // Its own 1 / zeta and its part of the even rest of ten billion hashed ranks.
      const p = 1 / 26.46902820178302;
      expect(seen[hottest] / draws).toBeGreaterThan(p - slack(draws, p) / draws);
      expect(seen[hottest] / draws).toBeLessThan(p + 2 / count + slack(draws, p) / draws);
      expect(hottest).toBe(hashOnto(0, count));
    }
  });

  it("hashes ranks as 64-bit FNV-1 with the absolute value", () => {
    const reference = (rank: number, keys: number): number => {
      let hash = 0xcbf29ce484222325n;
      for (let byte = 0n; byte < 8n; byte++) {
        hash ^= (BigInt(rank) >> (8n * byte)) & 0xffn;
        hash = BigInt.asUintN(64, hash * 1099511628211n);
      }
      const signed = BigInt.asIntN(64, hash);
      return Number((signed < 0n ? -signed : signed) % BigInt(keys));
    };
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10_000_000_000 }),
        fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        (rank, keys) => {
          expect(hashOnto(rank, keys)).toBe(reference(rank, keys));
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("true zipf (rejection-inversion)", () => {
  it.each([0.5, 0.99, 1, 1.5])("follows 1 / r^%d at every rank", (exponent) => {
    // A million draws: without the rejection step rank 2 alone is 2 % off, which adds over 100 to the statistic.
    const draws = 1_000_000;
    const seen = counts({ distribution: "zipf", count: 50, exponent }, draws);
    const z = zeta(50, exponent);
    let chiSquared = 0;
    for (let rank = 1; rank <= 50; rank++) {
      const expected = (draws * rank ** -exponent) / z;
      chiSquared += (seen[rank - 1] - expected) ** 2 / expected;
    }
    // 49 degrees of freedom: 99.9 % below 85.4.
    expect(chiSquared).toBeLessThan(85.4);
  });
});

describe("the others", () => {
  it("uniform is even", () => {
    const seen = counts({ distribution: "uniform", count: 20 }, 100_000);
    for (const n of seen) expect(Math.abs(n - 5000)).toBeLessThan(slack(100_000, 1 / 20));
  });

  it("hotspot: 80 % on the first 20 %, even on either side", () => {
    const seen = counts({ distribution: "hotspot", count: 100 }, 100_000);
    const hot = seen.slice(0, 20).reduce((sum, n) => sum + n, 0);
    expect(Math.abs(hot - 80_000)).toBeLessThan(slack(100_000, 0.8));
    for (const n of seen.slice(0, 20)) expect(Math.abs(n - 4000)).toBeLessThan(slack(100_000, 0.04));
    for (const n of seen.slice(20)) expect(Math.abs(n - 250)).toBeLessThan(slack(100_000, 0.0025));
  });

  it("exponential: 95 % of an unbounded draw within 6/7 of the keys", () => {
    const draws = 100_000;
    const seen = counts({ distribution: "exponential", count: 700 }, draws);
    const within = seen.slice(0, 600).reduce((sum, n) => sum + n, 0);
    // Draws beyond the last key are drawn again: 0.95 / (1 - 0.05^(7/6)).
    const p = 0.95 / (1 - 0.05 ** (7 / 6));
    expect(Math.abs(within - draws * p)).toBeLessThan(slack(draws, p));
  });

  it("latest: the newest key is the hottest, and stays so when keys are added", () => {
    const chooser = keyChooser({ distribution: "latest", count: 500 });
    const random = new Random(SEED);
    const share = (newest: number): number => {
      let hits = 0;
      for (let i = 0; i < 50_000; i++) if (chooser.next(random) === newest) hits++;
      return hits;
    };
    for (const keys of [500, 5000]) {
      chooser.grow?.(keys);
      const p = 1 / zeta(keys, 0.99);
      expect(Math.abs(share(keys - 1) - 50_000 * p)).toBeLessThan(slack(50_000, p));
    }
  });

  it("sequential goes round from where it starts", () => {
    const chooser = keyChooser({ distribution: "sequential", count: 3 }, 2);
    const random = new Random(SEED);
    expect(Array.from({ length: 7 }, () => chooser.next(random))).toEqual([2, 0, 1, 2, 0, 1, 2]);
  });

  it("refuse shapes that do not exist", () => {
    const refused: KeySpec[] = [
      { distribution: "zipfian", count: 5, theta: 1 },
      { distribution: "zipf", count: 5, exponent: 0 },
      { distribution: "hotspot", count: 5, hotKeys: 1.5 },
      { distribution: "exponential", count: 5, percentile: 1 },
    ];
    for (const spec of refused) expect(() => keyChooser(spec), spec.distribution).toThrow(/expected/);
  });
});
