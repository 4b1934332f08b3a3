/** Which direction of a metric is the good one. */
export type Better = "lower" | "higher";

/**
 * How much worse the head is than its base in one round, as a natural logarithm: ln(head / base), with the sign flipped
 * where higher is better. Positive is worse, 0 the same; +0.0953 is 10 % slower whichever way the metric counts.
 * Logarithms because slow-downs multiply: 10 % slower and 10 % faster cancel, and the order of the arms does not matter.
 */
export function worseLogRatio(head: number, base: number, better: Better): number {
  if (!(head > 0) || !(base > 0)) {
    throw new RangeError(`a ratio needs two positive figures, got head ${head} and base ${base}`);
  }
  return better === "lower" ? Math.log(head / base) : Math.log(base / head);
}

/** A share such as 0.1 (10 % worse) on the scale of `worseLogRatio`. */
export function logOfShare(share: number): number {
  return Math.log1p(share);
}

/** Back from the scale of `worseLogRatio` to a share: 0.1 is 10 % worse, -0.1 about 10 % better. */
export function shareOfLog(log: number): number {
  return Math.expm1(log);
}
