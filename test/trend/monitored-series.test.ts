import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MOST_POINTS, MonitoredSeries } from "#dist/harness/runner/monitored-series.js";
import { renderReport } from "#dist/reports/pages.js";
import { resultsSchema } from "#dist/reports/results.js";
import { runsOr, seedOr } from "../given.js";
import { fixtureResults } from "../reports/fixture.js";
import { END, interval } from "./samples.js";

const seed = seedOr((Math.random() * 2 ** 32) >>> 0);

describe(`what a monitor told of a run (seed ${seed})`, () => {
  it("is bounded, and keeps how long it was and what was done in it", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 1, maxLength: 2500 }), (rates) => {
        const series = new MonitoredSeries();
        for (const [i, gets] of rates.entries()) series.hear("throughput", interval(END + i * 100, 100, { gets }));
        series.hear("warm-up", interval(END, 1e6, { gets: 1e9 }));
        const { figures, points } = series.toResults()!;
        expect(figures).toEqual(["gets"]);
        expect(points.length).toBeLessThanOrEqual(MOST_POINTS);
        expect(points.at(-1)!.t).toBeCloseTo(rates.length / 10, 6);
        const done = points.reduce((sum, { t, values: [rate] }, i) => sum + rate! * (t - (points[i - 1]?.t ?? 0)), 0);
        const all = rates.reduce((sum, rate) => sum + rate / 10, 0);
        expect(Math.abs(done - all)).toBeLessThanOrEqual(all * 1e-4 + 1e-6);
      }),
      { seed, numRuns: runsOr(30) },
    );
    expect(new MonitoredSeries().toResults()).toBeUndefined();
  });

  it("is drawn in the report with the charts of the live page, run by run, and results without it as before", () => {
    const results = fixtureResults();
    expect(renderReport(results)).not.toContain("As a monitor saw it");
    const points = Array.from({ length: 20 }, (_, i) => ({ t: i + 1, values: [1e5 + i, null, 40 + i] }));
    const [first, ...others] = results.runs;
    const watched = resultsSchema.parse({
      ...results,
      runs: [{ ...first, monitored: { figures: ["gets", "getP95", "utilisation"], points } }, ...others],
    });
    const page = renderReport(watched);
    expect(page).toContain("As a monitor saw it");
    expect(page).toContain('aria-label="Operations a second: reads"');
    expect(page).toContain('aria-label="Memory: in use"');
    expect(page).not.toContain('aria-label="Read latency');
  });
});
