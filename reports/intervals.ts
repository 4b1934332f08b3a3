/** How far a figure may be off by chance: 95 % intervals from what a results file carries. */
import type { Latency } from "./results.js";

/** 97.5 % quantile of the normal distribution. */
const Z = 1.96;

export type Interval = readonly [low: number, high: number];

/**
 * Of a percentile, without any assumption about the distribution's shape: the ranks between which it lies are binomial
 * (n q ± 1.96 √(n q (1 - q))), and the values at those ranks are read from the spectrum. Null without a spectrum, and where the upper
 * rank lies beyond the last sample: then the samples are too few to bound it.
 */
export function percentileInterval({ count, spectrum }: Latency, quantile: number): Interval | null {
  if (spectrum === undefined || spectrum.length === 0 || count === 0) return null;
  const spread = Z * Math.sqrt(count * quantile * (1 - quantile));
  const low = (count * quantile - spread) / count;
  const high = (count * quantile + spread + 1) / count;
  return low <= 0 || high >= 1 ? null : [valueAt(spectrum, low), valueAt(spectrum, high)];
}

/** Between two points of the spectrum the value is taken in proportion of the distance to 1, which is how far apart they stand. */
function valueAt(spectrum: readonly (readonly [number, number])[], quantile: number): number {
  const next = spectrum.findIndex(([at]) => at >= quantile);
  if (next <= 0) return spectrum[Math.max(0, next)][1];
  const [[q0, v0], [q1, v1]] = [spectrum[next - 1], spectrum[next]];
  return q1 === q0 ? v1 : v0 + ((quantile - q0) / (q1 - q0)) * (v1 - v0);
}

/** Of a share of `count` (Wilson's). */
export function shareInterval(share: number, count: number): Interval | null {
  if (count === 0) return null;
  const z2 = Z * Z;
  const middle = (share + z2 / (2 * count)) / (1 + z2 / count);
  const half = (Z / (1 + z2 / count)) * Math.sqrt((share * (1 - share)) / count + z2 / (4 * count * count));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}
