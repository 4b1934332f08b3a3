import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSizes, sweep } from "#dist/harness/sweep/index.js";
import {
  generateTrace,
  popularityOf,
  ReuseMeasure,
  reuseDistancesOf,
  VerdictMeasure,
  verdictOn,
} from "#dist/harness/trace/index.js";

/** Ids dense by first appearance, as every loaded trace has them. */
function dense(keys: readonly number[]): { ids: Uint32Array; distinct: number } {
  const numbers = new Map<number, number>();
  const ids = Uint32Array.from(keys, (key) => {
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    return numbers.get(key) as number;
  });
  return { ids, distinct: numbers.size };
}

/** The definition, word for word: the distinct others between a request and the one before of the same key. */
function naiveDistances(ids: Uint32Array): number[] {
  return [...ids].flatMap((id, now) => {
    const before = ids.lastIndexOf(id, now - 1);
    return now === 0 || before === -1 ? [] : [new Set(ids.subarray(before + 1, now)).size];
  });
}

describe("reuse distances", () => {
  // More requests than the 1,024 moments a small trace's tree has, so that moments are numbered anew.
  const traces = fc
    .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 0, max: 2 ** 31 }))
    .map(([keys, length, seed]) => {
      let state = seed;
      const drawn = Array.from({ length }, () => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return (state >>> 8) % keys;
      });
      return dense(drawn);
    });

  it("are those of the definition", () => {
    fc.assert(
      fc.property(traces, (trace) => {
        const expected = naiveDistances(trace.ids).sort((a, b) => a - b);
        const { reused, distance, histogram } = reuseDistancesOf(trace);
        expect(reused).toBe(expected.length);
        expect(distance === null).toBe(expected.length === 0);
        if (distance === null) return;
        const at = (share: number) => expected[Math.ceil(expected.length * share) - 1];
        expect(distance).toMatchObject({
          p10: at(0.1),
          p50: at(0.5),
          p90: at(0.9),
          p99: at(0.99),
          max: expected.at(-1),
        });
        expect(distance.mean).toBeCloseTo(expected.reduce((sum, each) => sum + each, 0) / expected.length, 9);
        for (const { from, to, requests } of histogram) {
          expect(requests).toBe(expected.filter((each) => each >= from && each <= to).length);
        }
        expect(histogram.reduce((sum, { requests }) => sum + requests, 0)).toBe(expected.length);
      }),
      { numRuns: 40 },
    );
  });

  it("below a capacity are the hits of LRU at that capacity", async () => {
    const trace = generateTrace({ keys: { distribution: "zipfian", count: 3000 }, requests: 20_000, seed: 3 });
    const { histogram } = reuseDistancesOf(trace);
    const rows = await sweep({ traces: [trace], policies: ["lru"], sizes: parseSizes("1,2,16,256,1024"), threads: 1 });
    for (const { capacity, hits } of rows) {
      const within = histogram.filter(({ to }) => to < capacity).reduce((sum, { requests }) => sum + requests, 0);
      expect([capacity, hits]).toEqual([capacity, within]);
    }
  });
});

describe("popularity", () => {
  it("is even where every key is requested as often", () => {
    const loop = dense(Array.from({ length: 1000 }, (_, i) => i % 100));
    const { zipfExponent, hottest10Percent } = popularityOf(loop);
    expect(zipfExponent).toBeLessThan(1e-6);
    expect(hottest10Percent).toBeCloseTo(0.1, 12);
  });

  it.each([0.5, 0.8, 1, 1.5, 2])("finds the exponent %s that keys were drawn with", (exponent) => {
    const keys = { distribution: "zipf", count: 500, exponent } as const;
    const fitted = popularityOf(generateTrace({ keys, requests: 200_000, seed: 11 })).zipfExponent;
    expect(Math.abs((fitted ?? Number.NaN) - exponent)).toBeLessThan(0.03);
  });
});

describe("the verdict", () => {
  it("tells a scan from a hot set and recommends by it", () => {
    const scan = dense(Array.from({ length: 5000 }, (_, i) => i));
    expect(verdictOn(scan)).toMatchObject({ type: "sequential", windows: { sequential: 4, hotspot: 0 } });
    const hot = generateTrace({
      keys: { distribution: "hotspot", count: 100_000, hotKeys: 0.00005, hotOperations: 0.9 },
      requests: 20_000,
      seed: 2,
    });
    expect(verdictOn(hot)).toMatchObject({ type: "hotspot", recommendation: { policy: "lirs" } });
  });

  it("has ratios from 0 to 1 and counts every full window once", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30), { minLength: 1, maxLength: 3000 }), (keys) => {
        const { distribution, windows, window, confidence } = verdictOn(dense(keys));
        for (const ratio of Object.values(distribution)) expect(ratio >= 0 && ratio <= 1 + 1e-9).toBe(true);
        expect(confidence).toBe(Math.max(...Object.values(distribution)));
        expect(Object.values(windows).reduce((sum, each) => sum + each, 0)).toBe(Math.floor(keys.length / window));
      }),
      { numRuns: 50 },
    );
  });
});

describe("measures of a trace that comes bit by bit", () => {
  it("are those of the whole, whatever the bits, with more keys than there was room for at first", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6000 }), fc.integer({ min: 1, max: 2500 }), (length, step) => {
        const { ids } = dense(Array.from({ length }, (_, i) => (i * i * 31) % 4999));
        const reuse = new ReuseMeasure();
        const verdict = new VerdictMeasure();
        for (let from = 0; from < length; from += step) {
          reuse.add(ids.subarray(from, from + step));
          verdict.add(ids.subarray(from, from + step));
        }
        expect(reuse.finish()).toEqual(reuseDistancesOf({ ids }));
        expect(verdict.finish()).toEqual(verdictOn({ ids }));
      }),
      { numRuns: 20 },
    );
  });

  it("find the distances of a loop over 5,000 keys, in a tree that has to grow", () => {
    const { ids } = dense(Array.from({ length: 20_000 }, (_, i) => i % 5000));
    expect(reuseDistancesOf({ ids })).toMatchObject({
      reused: 15_000,
      distance: { mean: 4999, p10: 4999, p99: 4999, max: 4999 },
    });
  });
});
