import { type MetricSample, median, worseBy } from "../statistics/index.js";
import type { Column } from "./columns.js";
import type { Metric } from "./metrics.js";

/**
 * A share of operations may be worse by so much of the tolerance in points: with 10 % half a point. Where the base's own share is less than
 * that of one, the tolerance is of it: a hit ratio of 1 % may not vanish, nor failures grow tenfold, because both are less than half a point.
 */
const POINTS_OF_TOLERANCE = 0.05;

/** What a metric may be worse by, as a share or in points. `tolerance`: the user's, as a share. */
export function toleranceOf(metric: Metric, tolerance: number, base: readonly number[]): number {
  const own = tolerance * metric.toleranceFactor;
  if (metric.scale === "ratio") return own;
  return own * Math.min(POINTS_OF_TOLERANCE, base.length === 0 ? 0 : median(base));
}

/** The sample of a column of pairs: [head, base] of each round. */
export function pairedSample(
  { target: { id, scenario, metric, standsIn }, figures: [head, base] }: Column,
  tolerance: number,
): MetricSample {
  const { scale, better } = metric;
  return {
    name: id,
    group: scenario,
    ...(standsIn ? { standsIn } : {}),
    scale,
    tolerance: toleranceOf(metric, tolerance, base),
    worse: head.map((figure, round) => worseBy(scale, figure, base[round], better)),
  };
}
