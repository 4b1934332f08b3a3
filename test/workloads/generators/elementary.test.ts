import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exp, log, pow } from "#dist/workloads/generators/elementary.js";

/** Largest relative error allowed: a few units in the last place. */
const TOLERANCE = 2e-15;

function close(actual: number, expected: number, tolerance = TOLERANCE): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance * Math.max(Math.abs(expected), 1e-300));
}

describe("elementary functions from basic operations", () => {
  it("log agrees with Math.log", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 1e12, noNaN: true }), (x) => {
        // Near 1 the logarithm nears 0 and only the absolute error says anything.
        expect(Math.abs(log(x) - Math.log(x))).toBeLessThanOrEqual(TOLERANCE * Math.max(Math.abs(Math.log(x)), 0.3));
      }),
      { numRuns: 2000 },
    );
  });

  it("exp agrees with Math.exp", () => {
    fc.assert(
      fc.property(fc.double({ min: -40, max: 40, noNaN: true }), (x) => close(exp(x), Math.exp(x))),
      { numRuns: 2000 },
    );
  });

  it("pow agrees with Math.pow over the generators' range", () => {
    const base = fc.double({ min: 1e-9, max: 1e10, noNaN: true });
    const exponent = fc.double({ min: -3, max: 3, noNaN: true });
    fc.assert(
      fc.property(base, exponent, (b, e) => close(pow(b, e), b ** e, 3e-14)),
      { numRuns: 2000 },
    );
    expect(pow(1, 100)).toBe(1);
    expect(pow(5, 0)).toBe(1);
  });
});
