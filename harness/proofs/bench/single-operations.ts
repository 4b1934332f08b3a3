/** Single operations, each timed alone: for promises about a percentile that are far above what the clock costs. */
import { quantileOf } from "../../statistics/index.js";

/**
 * Nanoseconds of each, ascending, what the clock itself costs taken off (0 at least).
 *
 * @param clockNs what an empty timed operation costs
 */
export function timeSingly(count: number, clockNs: number, operation: (index: number) => void): Float64Array {
  const times = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    operation(i);
    times[i] = Math.max(0, (performance.now() - start) * 1e6 - clockNs);
  }
  return times.sort();
}

/** Median ns between two readings of the clock. */
export function clockCost(): number {
  return quantileOf(
    timeSingly(10_001, 0, () => {}),
    0.5,
  );
}
