/**
 * How two figures are compared. Times and rates are compared as ratios: slow-downs multiply. Shares of operations (a hit ratio, the share
 * that failed) are compared as differences in points: they may be 0, where no ratio is defined, and a hit ratio that falls from 0.9 to 0.8
 * has lost as much as one that falls from 0.2 to 0.1.
 */
import { type Better, logOfShare, shareOfLog, worseLogRatio } from "./log-ratio.js";

export type Scale = "ratio" | "points";

/** The figure that any other may be compared with on its own: a head whose baseline is another sample. */
export const NEUTRAL: Readonly<Record<Scale, number>> = { ratio: 1, points: 0 };

/** How much worse the head is than its base in one round, on the scale: positive is worse, 0 the same. */
export function worseBy(scale: Scale, head: number, base: number, better: Better): number {
  if (scale === "ratio") return worseLogRatio(head, base, better);
  return better === "lower" ? head - base : base - head;
}

/** A tolerance as the user gives it (a share; points as a share of 1) on the scale of `worseBy`. */
export function limitOf(scale: Scale, tolerance: number): number {
  return scale === "ratio" ? logOfShare(tolerance) : tolerance;
}

/** Back from the scale of `worseBy` to a share or to points. */
export function amountOf(scale: Scale, worse: number): number {
  return scale === "ratio" ? shareOfLog(worse) : worse;
}
