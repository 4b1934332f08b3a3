import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fillValue, Random, sizeChooser } from "#dist/workloads/index.js";

function sizes(spec: Parameters<typeof sizeChooser>[0], draws: number): number[] {
  const random = new Random(5);
  const next = sizeChooser(spec);
  return Array.from({ length: draws }, () => next(random));
}

describe("value sizes", () => {
  it("uniform reaches both ends and has the mean of the middle", () => {
    const drawn = sizes({ distribution: "uniform", min: 64, max: 512 }, 50_000);
    expect(Math.min(...drawn)).toBe(64);
    expect(Math.max(...drawn)).toBe(512);
    const mean = drawn.reduce((sum, size) => sum + size, 0) / drawn.length;
    // Standard deviation 129.6: five standard errors are 2.9.
    expect(Math.abs(mean - 288)).toBeLessThan(2.9);
  });

  it("zipf prefers the small ones and stays within its ends", () => {
    const drawn = sizes({ distribution: "zipf", min: 10, max: 1000, exponent: 1 }, 20_000);
    expect(Math.min(...drawn)).toBe(10);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(1000);
    expect(drawn.filter((size) => size === 10).length).toBeGreaterThan(drawn.filter((size) => size > 500).length);
  });

  it("a list is drawn by weight", () => {
    const count = 40_000;
    const drawn = sizes(
      {
        distribution: "list",
        sizes: [
          { size: 1, weight: 3 },
          { size: 2, weight: 1 },
        ],
      },
      count,
    );
    expect(Math.abs(drawn.filter((size) => size === 1).length - 30_000)).toBeLessThan(
      5 * Math.sqrt(40_000 * 0.75 * 0.25),
    );
  });

  it("constant is constant", () => {
    expect(new Set(sizes({ distribution: "constant", size: 77 }, 100))).toEqual(new Set([77]));
  });
});

describe("value bytes", () => {
  it("depend on seed and length alone and touch nothing beyond", () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat({ max: 200 }), (seed, length) => {
        const [a, b] = [new Uint8Array(210).fill(9), new Uint8Array(210).fill(9)];
        fillValue(a, length, seed);
        fillValue(b, length, seed);
        expect(a).toEqual(b);
        expect([...a.subarray(length)]).toEqual(new Array(210 - length).fill(9));
      }),
    );
  });

  it("differ by seed and do not compress", () => {
    const values = [0, 1, 2, -1].map((seed) => {
      const value = new Uint8Array(4096);
      fillValue(value, 4096, seed);
      return value;
    });
    expect(new Set(values.map((value) => Buffer.from(value).toString("hex"))).size).toBe(4);
    for (const value of values) expect(gzipSync(value).length).toBeGreaterThan(4000);
  });
});
