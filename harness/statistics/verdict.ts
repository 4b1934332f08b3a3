/**
 * The verdict on one metric. A regression needs two witnesses: the near end of the interval lies beyond the tolerance
 * (the slow-down is large enough to matter) and the signed-rank test, corrected over the metrics, rejects chance (it is
 * real). An improvement is the mirror image. A pass needs the whole interval on the good side of the tolerance; what is
 * neither is undecided, and more rounds may settle it.
 */
import type { Interval } from "./bootstrap.js";
import { limitOf, type Scale } from "./scale.js";

export type Verdict = "regressed" | "improved" | "pass" | "undecided";

/** Chance of a false alarm over all metrics of one look. */
export const ALPHA = 0.01;

export interface Evidence {
  /** Of the median of how much worse, on the scale. */
  interval: Interval;
  /** Holm-corrected p of "worse than before", 0 to 1. */
  pWorse: number;
  /** Holm-corrected p of "better than before", 0 to 1. */
  pBetter: number;
  /** Absent: `ratio`. */
  scale?: Scale;
  /** As a share: 0.1 allows 10 % worse, or 10 points. */
  tolerance: number;
}

export function verdictOf({ interval, pWorse, pBetter, tolerance, scale = "ratio" }: Evidence): Verdict {
  const limit = limitOf(scale, tolerance);
  if (interval.lower > limit && pWorse < ALPHA) return "regressed";
  if (interval.upper < -limit && pBetter < ALPHA) return "improved";
  return interval.upper <= limit ? "pass" : "undecided";
}
