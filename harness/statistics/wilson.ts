/** Interval of a share that was counted (Wilson 1927): holds its level also where none or all of few trials came out. */
import type { Interval } from "./bootstrap.js";

/** 97.5 % quantile of the normal distribution. */
const Z = 1.96;

/** 95 %. @param trials 1 at least */
export function wilson(successes: number, trials: number): Interval {
  const share = successes / trials;
  const spread = (Z * Z) / trials;
  const centre = (share + spread / 2) / (1 + spread);
  const half = (Z / (1 + spread)) * Math.sqrt((share * (1 - share)) / trials + spread / (4 * trials));
  return { lower: Math.max(0, centre - half), upper: Math.min(1, centre + half) };
}
