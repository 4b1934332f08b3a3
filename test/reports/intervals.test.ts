import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { percentileInterval, shareInterval } from "#dist/reports/intervals.js";
import { sliceRates, throughputError } from "#dist/reports/slices.js";
import { Histogram } from "#dist/src/metrics/index.js";
import { seededRandom } from "./fixture-random.js";

const latency = (histogram: Histogram) => ({
  ...{ mode: "sampled" as const, count: histogram.count, mean: 0, p50: 0, p95: 0, p99: 0, p999: 0, max: histogram.max },
  spectrum: histogram.spectrum(),
});

describe("the interval of a percentile", () => {
  test("holds the true one in about 95 of 100 runs, whatever the distribution's shape", () => {
    const random = seededRandom(7);
    let held = 0;
    const runs = 300;
    for (let run = 0; run < runs; run++) {
      const histogram = new Histogram();
      // P99 of 1000 / (1 - u) is 100,000.
      const recorded = Array.from({ length: 4000 }, () => 1000 / (1 - random()));
      for (const value of recorded) histogram.add(bucketOf(value), 1);
      histogram.raiseMax(Math.max(...recorded));
      const interval = percentileInterval(latency(histogram), 0.99);
      if (interval !== null && interval[0] <= 100_000 && interval[1] >= 100_000) held++;
    }
    expect(held / runs).toBeGreaterThan(0.9);
  });

  test("is none with too few samples to bound it, or without a spectrum", () => {
    const histogram = new Histogram();
    for (let i = 0; i < 300; i++) histogram.add(i, 1);
    expect(percentileInterval(latency(histogram), 0.5)).not.toBeNull();
    expect(percentileInterval(latency(histogram), 0.999)).toBeNull();
    expect(percentileInterval({ ...latency(histogram), spectrum: undefined }, 0.5)).toBeNull();
  });
});

/** The layout's bucket: see src/metrics/histogram.ts. */
function bucketOf(value: number): number {
  const v = Math.min(value, 2 ** 32 - 1) >>> 0;
  const e = Math.max(0, 31 - 7 - Math.clz32(v));
  return (e << 7) + (v >>> e);
}

test("the error of a throughput is none for a steady run, and grows with its slices' differences", () => {
  const steady = Array.from({ length: 10 }, (_, i) => ({ t: (i + 1) / 10, ops: 100 }));
  expect(throughputError([steady], 1000)).toBeCloseTo(0);
  const uneven = steady.map((point, i) => ({ ...point, ops: i % 2 === 0 ? 50 : 150 }));
  expect(throughputError([uneven], 1000)).toBeCloseTo((1.96 * 527.05) / Math.sqrt(10) / 1000, 3);
  expect(throughputError([steady.slice(0, 4)], 1000)).toBeNull();
});

test("slices are rates from a phase's own start, and a stub at the end is no slice of its own", () => {
  const points = [
    { t: 10.1, ops: 100 },
    { t: 10.2, ops: 300 },
    { t: 10.21, ops: 0 },
  ];
  const [first, second] = sliceRates(points, 10);
  expect(first).toBeCloseTo(1000, 6);
  expect(second).toBeCloseTo(300 / 0.11, 6);
  expect(sliceRates(points, 10)).toHaveLength(2);
});

test("the interval of a share holds it, lies within 0 and 1, and narrows with the count", () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.integer({ min: 1, max: 1000 }), (part, count) => {
      const share = Math.min(1, part / count);
      const [low, high] = shareInterval(share, count)!;
      expect(low).toBeGreaterThanOrEqual(0);
      expect(high).toBeLessThanOrEqual(1);
      expect(low).toBeLessThanOrEqual(share + 1e-12);
      expect(high).toBeGreaterThanOrEqual(share - 1e-12);
      const [closer, tighter] = shareInterval(share, count * 100)!;
      expect(tighter - closer).toBeLessThan(high - low);
    }),
  );
  expect(shareInterval(0.5, 0)).toBeNull();
});
