/** What the slices of a run say about it: rates between the points of its series, and whether they agree. */
import type { SeriesPoint } from "./results.js";

/** 97.5 % quantile of the normal distribution. */
const Z = 1.96;
/** Below this many slices a spread says nothing. */
export const FEWEST_SLICES = 5;
/** A slice far shorter than the others says more about when it ended than about a rate. */
const STUB = 0.5;

/** Operations a second in each slice; the first begins at `start`, seconds. Stubs are joined to the slice before. */
export function sliceRates(series: readonly SeriesPoint[], start = 0): number[] {
  const slices: { seconds: number; ops: number }[] = [];
  let from = start;
  for (const { t, ops } of series) {
    const seconds = t - from;
    from = t;
    if (!(seconds > 0)) continue;
    const last = slices.at(-1);
    if (last !== undefined && seconds < STUB * last.seconds) {
      last.seconds += seconds;
      last.ops += ops;
    } else slices.push({ seconds, ops });
  }
  return slices.map(({ seconds, ops }) => ops / seconds);
}

/**
 * Of a throughput: from how much it differs between the slices (1.96 standard errors of their mean), as a share of it. A phase that was
 * come back to has several series, each from its own start. Slices of one run are not independent runs; how those differ, `--noise`
 * tells. Null with too few slices.
 */
export function throughputError(series: readonly (readonly SeriesPoint[])[], opsPerSecond: number): number | null {
  const rates = series.flatMap((one) => sliceRates(one));
  if (rates.length < FEWEST_SLICES || opsPerSecond <= 0) return null;
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / (rates.length - 1);
  return (Z * Math.sqrt(variance / rates.length)) / opsPerSecond;
}
