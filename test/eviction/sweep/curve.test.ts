import { describe, expect, it } from "vitest";
import { missRatioCurves, parseSizes, type SweepTrace, sweep } from "#dist/harness/sweep/index.js";
import { InvalidArgumentError } from "#dist/src/errors.js";
import { keyChooser, Random } from "#dist/workloads/index.js";

/** Zipfian requests, dense in order of first appearance. */
function zipfian(requests: number, keys: number): SweepTrace {
  const chooser = keyChooser({ distribution: "zipf", count: keys, exponent: 0.8 });
  const random = new Random(11);
  const dense = new Map<number, number>();
  const ids = Uint32Array.from({ length: requests }, () => {
    const key = chooser.next(random);
    if (!dense.has(key)) dense.set(key, dense.size);
    return dense.get(key) as number;
  });
  return { name: "zipfian", distinct: dense.size, ids, sizes: null };
}

async function curvesOf(trace: SweepTrace, options: object) {
  for await (const curves of missRatioCurves({
    traces: [trace],
    policies: ["lru", "sieve", "opt"],
    points: 8,
    by: "objects",
    threads: 2,
    ...options,
  })) {
    return curves;
  }
  throw new Error("no curves");
}

describe("missRatioCurves", () => {
  it("of a small trace are exactly what a sweep at those capacities counts, lru from stack distances", async () => {
    const trace = zipfian(20_000, 3000);
    const { rows, rate, lruDeviation } = await curvesOf(trace, {});
    expect([rate, lruDeviation]).toEqual([null, null]);
    const capacities = [...new Set(rows.map(({ capacity }) => capacity))];
    expect(capacities.at(-1)).toBe(trace.distinct);
    const swept = await sweep({
      traces: [trace],
      policies: ["lru", "sieve", "opt"],
      sizes: parseSizes(capacities.join(",")),
      threads: 2,
    });
    const counts = (list: typeof swept) => list.map(({ nsPerRequest: _, ...rest }) => rest);
    expect(counts(rows)).toEqual(counts(swept));
  });

  it("by samples come within five standard errors and a hundredth, and say how far off they are on lru", async () => {
    const trace = zipfian(300_000, 40_000);
    const exact = await curvesOf(trace, { rate: 1 });
    const sampled = await curvesOf(trace, { rate: 1 / 16 });
    expect(sampled.rate).toBe(1 / 16);
    expect(sampled.lruDeviation!.greatest).toBeLessThan(0.03);
    expect(sampled.lruDeviation!.mean).toBeGreaterThan(0);
    sampled.rows.forEach((row, i) => {
      const { policy, capacity, missRatio } = exact.rows[i];
      expect([row.policy, row.capacity]).toEqual([policy, capacity]);
      expect(row.hits + row.misses).toBe(row.requests);
      if (policy === "lru") {
        expect(row.missRatioError).toBeUndefined();
        expect(row.missRatio).toBe(missRatio);
      } else {
        expect(Math.abs(row.missRatio - missRatio)).toBeLessThan(5 * row.missRatioError! + 0.01);
      }
    });
  });

  it("give the same estimates for the same seed", async () => {
    const trace = zipfian(50_000, 20_000);
    const ratios = async (seed: number) => {
      const { rows } = await curvesOf(trace, { rate: 0.1, seed });
      return rows.map(({ missRatio }) => missRatio);
    };
    expect(await ratios(3)).toEqual(await ratios(3));
    expect(await ratios(3)).not.toEqual(await ratios(4));
  });

  it("count lru by simulation where it is no stack algorithm: by bytes, and where requests write or expire", async () => {
    const trace = { ...zipfian(5000, 300), ops: new Uint8Array(5000).map((_, i) => (i % 3 === 0 ? 1 : 0)) };
    const { rows } = await curvesOf(trace, {});
    for (const row of rows) expect(row.requests).toBe(5000 - 1667);
    const sized = { ...zipfian(5000, 300), sizes: new Uint32Array(5000).fill(10) };
    const bytes = await curvesOf(sized, { by: "bytes" });
    expect(bytes.rows.at(-1)).toMatchObject({ by: "bytes", capacity: 10 * sized.distinct, misses: sized.distinct });
  });

  it("are refused where the ids are too few for the samples asked for", async () => {
    await expect(curvesOf(zipfian(10, 5), { rate: 0.0001 })).rejects.toThrow(InvalidArgumentError);
  });
});
