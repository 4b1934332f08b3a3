import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Histogram, KeptHistogram, merged } from "#dist/src/metrics/index.js";
import { runsOr, seedOr } from "../given.js";

const seed = seedOr((Math.random() * 2 ** 32) >>> 0);
const values = fc.array(fc.oneof(fc.nat(300), fc.nat(2 ** 32 - 1)), { maxLength: 60 });

function histogramOf(recorded: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of recorded) histogram.record(value);
  return histogram;
}

describe("a histogram that is kept", () => {
  it(`says the same as the one that was counted into, in less room (seed ${seed})`, () => {
    fc.assert(
      fc.property(values, fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (recorded, quantiles) => {
        const histogram = histogramOf(recorded);
        const kept = KeptHistogram.of(histogram);
        expect([kept.count, kept.max, kept.toPairs()]).toEqual([histogram.count, histogram.max, histogram.toPairs()]);
        for (const quantile of [0, 1, ...quantiles])
          expect(kept.percentile(quantile)).toBe(histogram.percentile(quantile));
      }),
      { seed, numRuns: runsOr(200) },
    );
  });

  it(`is merged with others as if all had been counted into one (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 4 }), (parts) => {
        const sum = merged(
          parts.map((part, i) => (i % 2 === 0 ? KeptHistogram.of(histogramOf(part)) : histogramOf(part))),
        );
        const whole = histogramOf(parts.flat());
        expect([sum.count, sum.max, sum.toPairs()]).toEqual([whole.count, whole.max, whole.toPairs()]);
      }),
      { seed, numRuns: runsOr(100) },
    );
  });
});
