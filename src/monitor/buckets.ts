/**
 * The buckets that scrapers get. Their bounds hold every documented limit (100, 120, 200, 500, 600 and 1,000 ns), so that a rule may ask
 * for the share of operations within a limit, which is exact, instead of a percentile, which Prometheus would interpolate.
 */
import { bucketHigh, type Histogram } from "../metrics/index.js";

/** Upper bounds, ns, ascending. */
export const BUCKET_BOUNDS_NS: readonly number[] = [
  25, 50, 75, 100, 120, 150, 200, 300, 400, 500, 600, 800, 1e3, 2e3, 5e3, 1e4, 5e4, 1e5, 1e6, 1e7, 1e8,
];

/**
 * How many recorded values lie at or below each bound. A bucket of the histogram counts as below when its high edge is: above 255 ns it is
 * at most 0.78 % wide, so that a value just below a bound may be counted above it, never the other way round.
 */
export function countsBelow(histogram: Histogram): number[] {
  const below = new Array<number>(BUCKET_BOUNDS_NS.length).fill(0);
  for (const [index, count] of histogram.toPairs()) {
    const high = bucketHigh(index);
    for (let bound = below.length - 1; bound >= 0 && high <= BUCKET_BOUNDS_NS[bound]; bound--) below[bound] += count;
  }
  return below;
}
