/** One stretch of a store's life as a monitor keeps it, and several made one. Pure. */
import { type Histogram, KeptHistogram, merged, type ReadableHistogram } from "../metrics/index.js";
import { FIGURE_NAMES, type FigureName, type Figures, LOOKUPS_FROM, SAMPLES_FROM } from "./figures.js";

/** What a store did between two looks. */
export interface Interval {
  /** Unix time of its end, ms. */
  readonly at: number;
  /** How long it was, ms. */
  readonly ms: number;
  /** By name; null where nothing can be said. */
  readonly figures: Figures;
  /** Sampled latencies by operation, ns; of those operations that were sampled in it. */
  readonly latencies: ReadonlyMap<string, ReadableHistogram>;
}

/** Which percentile of which operation a figure is: these come from the merged histogram, for a mean of percentiles is none. */
const PERCENTILES: Partial<Record<FigureName, readonly [operation: string, quantile: number]>> = {
  getP50: ["get", 0.5],
  getP95: ["get", 0.95],
  getP99: ["get", 0.99],
  getP999: ["get", 0.999],
  setP50: ["set", 0.5],
  setP95: ["set", 0.95],
  setP99: ["set", 0.99],
  setP999: ["set", 0.999],
};

/**
 * Intervals in a row as one: rates and levels as means over time, the hit rate over look-ups, percentiles from all samples.
 *
 * @param intervals one at least
 */
export function joinIntervals(intervals: readonly Interval[]): Interval {
  const latencies = mergeLatencies(intervals.map((one) => one.latencies));
  const figures = Object.fromEntries(FIGURE_NAMES.map((name) => [name, joined(name, intervals, latencies)]));
  return {
    at: Math.max(...intervals.map((one) => one.at)),
    ms: intervals.reduce((sum, one) => sum + one.ms, 0),
    figures: figures as Figures,
    latencies: keptLatencies(latencies),
  };
}

/** As they are kept: of what holds something, and that alone. */
export function keptLatencies(latencies: ReadonlyMap<string, ReadableHistogram>): Interval["latencies"] {
  const sampled = [...latencies].filter(([, histogram]) => histogram.count > 0);
  return new Map(sampled.map(([operation, histogram]) => [operation, KeptHistogram.of(histogram)]));
}

function joined(name: FigureName, intervals: readonly Interval[], latencies: Interval["latencies"]): number | null {
  const percentile = PERCENTILES[name];
  if (percentile !== undefined) {
    const histogram = latencies.get(percentile[0]);
    return histogram === undefined || histogram.count < SAMPLES_FROM ? null : histogram.percentile(percentile[1]);
  }
  // The share of hits weighs by how many look-ups there were; all else by how long it was so.
  const weightOf = name === "hitRate" ? lookupsOf : (one: Interval) => one.ms;
  let sum = 0;
  let weight = 0;
  for (const one of intervals) {
    const value = one.figures[name];
    if (value === null) continue;
    const own = weightOf(one);
    sum += value * own;
    weight += own;
  }
  return weight > 0 ? sum / weight : null;
}

/** Roughly: what was read in it, and never so little that a rate that was told weighs nothing. */
function lookupsOf(one: Interval): number {
  return Math.max(LOOKUPS_FROM, ((one.figures.gets ?? 0) * one.ms) / 1000);
}

/** Histograms of the same operation as one. */
export function mergeLatencies(all: readonly Interval["latencies"][]): Map<string, Histogram> {
  const operations = new Set(all.flatMap((latencies) => [...latencies.keys()]));
  const of = (operation: string) => all.flatMap((latencies) => latencies.get(operation) ?? []);
  return new Map([...operations].map((operation) => [operation, merged(of(operation))]));
}
