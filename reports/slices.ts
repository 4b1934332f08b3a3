/** What the slices of a run say about it: rates between the points of its series, and whether they agree. */
import type { SeriesPoint } from "./results.js";

/** 97.5 % quantile of the normal distribution. */
const Z = 1.96;
/** Below this many slices a spread says nothing. */
export const FEWEST_SLICES = 5;
/** A slice far shorter than the others says more about when it ended than about a rate. */
const STUB = 0.5;

/**
 * The series with each stub joined to the slice before it; the first slice begins at `start`, seconds. What is a stub is told by the usual slice,
 * not by the one before: on a busy machine one is long, and all after it would be joined to it.
 */
export function withoutStubs(series: readonly SeriesPoint[], start = 0): SeriesPoint[] {
  const lengths = series.map(({ t }, i) => t - (i === 0 ? start : series[i - 1].t));
  const usual = [...lengths].sort((a, b) => a - b)[lengths.length >>> 1];
  const joined: SeriesPoint[] = [];
  for (const [i, point] of series.entries()) {
    const last = joined.at(-1);
    if (last !== undefined && lengths[i] < STUB * usual) {
      joined[joined.length - 1] = { ...last, t: point.t, ops: last.ops + point.ops };
    } else {
      joined.push(point);
    }
  }
  return joined;
}

/** Operations a second in each slice and when it ended: the points carry counts. Stubs are joined to the slice before. */
export function ratePoints(series: readonly SeriesPoint[], start = 0): { t: number; value: number }[] {
  let from = start;
  return withoutStubs(series, start).flatMap(({ t, ops }) => {
    const seconds = t - from;
    from = t;
    return seconds > 0 ? [{ t, value: ops / seconds }] : [];
  });
}

/** The rates alone. */
export function sliceRates(series: readonly SeriesPoint[], start = 0): number[] {
  return ratePoints(series, start).map(({ value }) => value);
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
