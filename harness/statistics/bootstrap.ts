/**
 * Percentile bootstrap of the median over rounds (Efron & Tibshirani, An Introduction to the Bootstrap, ch. 13): the
 * rounds are the units that were drawn independently, so the rounds are what is drawn again.
 */
import type { SampleRandom } from "../../src/random.js";

export interface Interval {
  lower: number;
  upper: number;
}

export interface BootstrapOptions {
  /** How many resamples; the default of 10,000 leaves the ends of a 95 % interval steady to about a rank in 250. */
  resamples?: number;
  /** Two-sided confidence, 0 to 1. */
  confidence?: number;
}

export const RESAMPLES = 10_000;
export const CONFIDENCE = 0.95;

/** Interval of the median of one sample. */
export function bootstrapMedian(
  sample: readonly number[],
  random: SampleRandom,
  options: BootstrapOptions = {},
): Interval {
  return percentileInterval(resampledMedians(sample, random, options.resamples ?? RESAMPLES), options.confidence);
}

/**
 * Interval of median(first) - median(second) for two samples drawn independently, as against a stored baseline: both
 * are drawn again, so a baseline of few or unsteady rounds widens the interval instead of passing for exact.
 */
export function bootstrapMedianDifference(
  first: readonly number[],
  second: readonly number[],
  random: SampleRandom,
  options: BootstrapOptions = {},
): Interval {
  const resamples = options.resamples ?? RESAMPLES;
  const differences = resampledMedians(first, random, resamples);
  const others = resampledMedians(second, random, resamples);
  for (let i = 0; i < resamples; i++) differences[i] -= others[i];
  return percentileInterval(differences, options.confidence);
}

/** Half of the interval's width: what the gate calls noise. */
export function halfWidth(interval: Interval): number {
  return (interval.upper - interval.lower) / 2;
}

/**
 * Medians of `resamples` draws with replacement. The sample is sorted once; a draw then only counts how often each rank
 * came up, and its median is read off the counts, which spares sorting every resample.
 */
function resampledMedians(sample: readonly number[], random: SampleRandom, resamples: number): Float64Array {
  const n = sample.length;
  if (n === 0) throw new RangeError("the bootstrap of an empty sample is not defined");
  const sorted = Float64Array.from(sample).sort();
  const counts = new Uint32Array(n);
  const medians = new Float64Array(resamples);
  const lowRank = (n - 1) >>> 1;
  const highRank = n >>> 1;
  for (let r = 0; r < resamples; r++) {
    counts.fill(0);
    for (let i = 0; i < n; i++) counts[random.below(n)]++;
    let rank = 0;
    let seen = counts[0];
    while (seen <= lowRank) seen += counts[++rank];
    const low = sorted[rank];
    while (seen <= highRank) seen += counts[++rank];
    medians[r] = (low + sorted[rank]) / 2;
  }
  return medians;
}

function percentileInterval(values: Float64Array, confidence = CONFIDENCE): Interval {
  values.sort();
  const tail = (1 - confidence) / 2;
  const last = values.length - 1;
  return { lower: values[Math.floor(tail * last)], upper: values[Math.ceil((1 - tail) * last)] };
}
