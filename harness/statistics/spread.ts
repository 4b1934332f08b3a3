import { median } from "./median.js";

/** The middle of a sample and how far its middle half reaches. */
export interface Spread {
  readonly median: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
}

export function spreadOf(sample: readonly number[]): Spread {
  return { median: median(sample), lowerQuartile: quantile(sample, 0.25), upperQuartile: quantile(sample, 0.75) };
}

/** Linear between the two nearest ranks: for few values, whose quantiles lie between them. */
function quantile(sample: readonly number[], share: number): number {
  const sorted = Float64Array.from(sample).sort();
  const rank = (sorted.length - 1) * share;
  const below = Math.floor(rank);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (rank - below);
}

/** The value that a share of the sample does not exceed, one of its own: for many values, already in ascending order. */
export function quantileOf(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}
