/**
 * A straight line through points that a few of them cannot bend: the median of the slopes between all pairs (Theil 1950, Sen 1968). The
 * slope's interval comes from Kendall's statistic, whose variance is widened for neighbours that hang together (Hamed and Rao 1998, with
 * the autocorrelation of a first-order process).
 */
import { autocorrelation } from "./autocorrelation.js";
import type { Interval } from "./bootstrap.js";
import { median } from "./median.js";
import { quantileOf } from "./spread.js";

export interface TrendLine {
  /** Per unit of time. */
  readonly slope: number;
  /** 95 %; from minus to plus infinity where there is too little to bound it. */
  readonly slopes: Interval;
  /** Where the line is at `centre`, the median of the times. */
  readonly level: number;
  readonly centre: number;
  /** Within this of the line are 95 % of the points. */
  readonly scatter: number;
  /** Of the residuals, at lag 1. */
  readonly autocorrelation: number;
  /** Independent points that would say as much. */
  readonly effective: number;
}

/** 97.5 % quantile of the normal distribution. */
const Z = 1.96;

/** @param times ascending, no two the same. @param values as many, three at least */
export function theilSen(times: readonly number[], values: readonly number[]): TrendLine {
  const n = times.length;
  const slopes = pairSlopes(times, values);
  const slope = medianOf(slopes);
  const centre = median(times);
  const level = median(values.map((value, i) => value - slope * (times[i] - centre)));
  const residuals = values.map((value, i) => value - level - slope * (times[i] - centre));
  const rho = autocorrelation(residuals, 2);
  const widened = hamedRao(n, rho);
  const effective = n / widened;
  // Small samples: the variance is estimated too, from as many points as there are independent ones.
  const z = Z * (1 + 4 / Math.max(1, effective));
  const ranks = z * Math.sqrt((widened * n * (n - 1) * (2 * n + 5)) / 18);
  const low = Math.floor((slopes.length - ranks) / 2);
  const high = Math.ceil((slopes.length + ranks) / 2);
  return {
    ...{ slope, level, centre, autocorrelation: rho, effective },
    slopes: {
      lower: low < 1 ? Number.NEGATIVE_INFINITY : slopes[low - 1],
      upper: high >= slopes.length ? Number.POSITIVE_INFINITY : slopes[high],
    },
    scatter: quantileOf(Float64Array.from(residuals, Math.abs).sort(), 0.95),
  };
}

function pairSlopes(times: readonly number[], values: readonly number[]): Float64Array {
  const n = times.length;
  const slopes = new Float64Array((n * (n - 1)) / 2);
  let at = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) slopes[at++] = (values[j] - values[i]) / (times[j] - times[i]);
  }
  return slopes.sort();
}

function medianOf(sorted: Float64Array): number {
  const half = sorted.length >>> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** By how much the variance of Kendall's statistic grows with a first-order autocorrelation of `rho`. */
function hamedRao(n: number, rho: number): number {
  let sum = 0;
  let power = 1;
  for (let lag = 1; lag < n - 2; lag++) {
    power *= rho;
    if (power < 1e-6) break;
    // Of the ranks, whose correlation is a little less than that of normal values.
    sum += (n - lag) * (n - lag - 1) * (n - lag - 2) * (6 / Math.PI) * Math.asin(power / 2);
  }
  return 1 + (2 * sum) / (n * (n - 1) * (n - 2));
}
