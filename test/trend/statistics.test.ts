import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { holds, tryTrends } from "#dist/harness/proofs/trend/trials.js";
import { changePoints, crossingOf, splitOf, theilSen, wilson } from "#dist/harness/statistics/index.js";
import { binsOf, forecastsOf, recordSeries } from "#dist/harness/trend/index.js";
import { parseHistory } from "#dist/src/monitor/index.js";
import { SampleRandom } from "#dist/src/random.js";
import { runsOr, seedOr } from "../given.js";
import { commitOf, gates, HOUR, hourlyHistory, normal } from "./samples.js";

const seed = seedOr((Math.random() * 2 ** 32) >>> 0);
const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 6, maxLength: 40 });

describe(`statistics of trends (seed ${seed})`, () => {
  it("a robust line follows what was drawn through it, whatever a fifth of the points does", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -5, max: 5, noNaN: true }),
        fc.double({ min: -100, max: 100, noNaN: true }),
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 5, maxLength: 5 }),
        (slope, level, wild) => {
          const times = Array.from({ length: 40 }, (_, i) => i);
          const line = times.map((time) => level + slope * time);
          wild.forEach((value, i) => {
            line[i * 8] = value;
          });
          const found = theilSen(times, line);
          expect(found.slope).toBeCloseTo(slope, 6);
          expect(found.slopes.lower).toBeLessThanOrEqual(found.slope);
          expect(found.slopes.upper).toBeGreaterThanOrEqual(found.slope);
        },
      ),
      { seed, numRuns: runsOr(100) },
    );
  });

  it("a split is scored as the definition of the energy distance says, by a slower way", () => {
    const mean = (a: readonly number[], b: readonly number[], same: boolean) => {
      let sum = 0;
      for (const [i, x] of a.entries()) for (const [j, y] of b.entries()) if (!same || i !== j) sum += Math.abs(x - y);
      return sum / (same ? a.length * (a.length - 1) : a.length * b.length);
    };
    fc.assert(
      fc.property(values, (series) => {
        const found = splitOf(series)!;
        const scores = Array.from({ length: series.length - 5 }, (_, i) => {
          const [left, right] = [series.slice(0, i + 3), series.slice(i + 3)];
          const energy = 2 * mean(left, right, false) - mean(left, left, true) - mean(right, right, true);
          return ((left.length * right.length) / series.length) * energy;
        });
        const best = Math.max(...scores);
        expect(found.score).toBeCloseTo(best, 6 - Math.ceil(Math.log10(Math.abs(best) + 1)));
      }),
      { seed, numRuns: runsOr(100) },
    );
  });

  it("changes do not depend on the unit, lie in order, apart, and not in what is all alike", () => {
    fc.assert(
      fc.property(values, (series) => {
        const found = changePoints(series, 0.05, new SampleRandom(seed));
        expect(
          changePoints(
            series.map((value) => 4 * value),
            0.05,
            new SampleRandom(seed),
          ),
        ).toEqual(found);
        const ends = [0, ...found.map(({ at }) => at), series.length];
        for (const [i, end] of ends.slice(1).entries()) expect(end - ends[i]).toBeGreaterThanOrEqual(3);
        expect(
          changePoints(
            series.map(() => 7),
            0.05,
            new SampleRandom(seed),
          ),
        ).toEqual([]);
      }),
      { seed, numRuns: runsOr(50) },
    );
  });

  it("a fall to a limit is a rise to it, upside down", () => {
    fc.assert(
      fc.property(values, fc.double({ min: -1e6, max: 1e6, noNaN: true }), (series, limit) => {
        const times = series.map((_, i) => i);
        const up = crossingOf(times, series, limit, "above");
        const down = crossingOf(
          times,
          series.map((value) => -value),
          -limit,
          "below",
        );
        expect({ ...down, line: null, why: null }).toEqual({ ...up, line: null, why: null });
      }),
      { seed, numRuns: runsOr(100) },
    );
  });

  it("Wilson's interval holds the share and stays within 0 and 1", () => {
    expect(wilson(0, 300).upper).toBeCloseTo(0.01264, 4);
    expect(wilson(10, 100).lower).toBeCloseTo(0.0552, 3);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 0, max: 1, noNaN: true }), (trials, part) => {
        const count = Math.round(part * trials);
        const { lower, upper } = wilson(count, trials);
        expect(lower).toBeGreaterThanOrEqual(0);
        expect(upper).toBeLessThanOrEqual(1);
        expect(lower).toBeLessThanOrEqual(count / trials + 1e-12);
        expect(upper).toBeGreaterThanOrEqual(count / trials - 1e-12);
      }),
      { seed },
    );
  });

  it("sees no more than it may where nothing is, and what was planted (npm run trend:proof has the long version)", () => {
    const rates = tryTrends(120, 1);
    expect(rates.filter((rate) => !holds(rate))).toEqual([]);
    expect(rates.length).toBe(13);
  });
});

describe("histories and records", () => {
  it("take the finest grain that there is of each stretch, once", () => {
    const text = hourlyHistory(48, (hour) => ({ entries: hour }));
    const history = parseHistory("h", text);
    const [last] = history.intervals.hour.slice(-1);
    for (let minute = 1; minute <= 60; minute++) {
      history.intervals.minute.push({ ...last, at: last.at - HOUR + minute * 60_000, ms: 60_000 });
    }
    const { width, bins } = binsOf([history]);
    expect(width).toBe(HOUR);
    expect(bins.map(({ figures }) => figures.entries)).toEqual(Array.from({ length: 48 }, (_, hour) => hour));
  });

  it("a year is days, each judged by its highest hour, and a restart begins a new piece", () => {
    const random = new SampleRandom(9);
    const text = hourlyHistory(60 * 24, (hour) => ({
      utilisation: (hour < 480 ? 80 : 20 + (hour - 480) / 24) + (hour % 24 === 12 ? 8 : 0) + 0.3 * normal(random),
    }));
    const bins = binsOf([parseHistory("h", text)]);
    expect([bins.width, bins.bins.length]).toEqual([24 * HOUR, 60]);
    const [forecast] = forecastsOf(bins, [{ figure: "utilisation", limit: 90, beyond: "above" }]);
    expect(forecast).toMatchObject({ jumped: true, points: 40, crossing: { kind: "reaches" } });
    // 28 at its highest, 1 a day: 62 days from the piece's first one.
    const days = (at: number | null) => (at! - forecast.since!) / (24 * HOUR);
    const { from, to } = forecast.crossing as { from: number; to: number };
    expect(days(from)).toBeLessThan(62);
    expect(days(to)).toBeGreaterThan(61);
    expect(days(to) - days(from)).toBeLessThan(6);
  });

  it("metrics of two machines are two series", () => {
    const records = gates(30, (index) => (index % 2 === 0 ? 100 : 200)).map((record, index) => ({
      ...record,
      machine: { ...record.machine, cpuCount: 2 + (index % 2) },
    }));
    const series = recordSeries(records, 0.01, 1);
    expect(series.map(({ id, points, changes }) => [id, points.length, changes])).toEqual(
      ["get cost", "throughput", "get cost", "throughput"].map((id) => [`blackboard/${id}`, 15, []]),
    );
  });

  it("tells the first commit of a new level, and the last of the old one", () => {
    const [get] = recordSeries(
      gates(30, (index) => (index < 12 ? 100 : 80)),
      0.01,
      1,
    );
    expect(get.changes).toMatchObject([{ commit: commitOf(12), after: commitOf(11), worse: false }]);
    expect(get.changes![0].change).toBeCloseTo(-0.2, 1);
  });
});
