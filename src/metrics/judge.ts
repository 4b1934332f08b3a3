/** One measurement against one target. */
import type { Comparison, Target } from "./target.js";

/** A judged target: one row of `targets` in results.json. */
export interface TargetVerdict {
  /** Of the target, as `engram targets` lists it. */
  id: string;
  /** The document that promises it, by its letter in docs/sources.md, and where in it. */
  source: string;
  /** What is measured. */
  metric: string;
  /** Of limit and figure. */
  unit: string;
  /** Whether the figure must lie below the limit, above it or within it. */
  comparison: Comparison;
  /** The limit; for `within` the range in words (`45 to 55`, or one figure where both ends agree). */
  target: number | string;
  /** The figure; null when there is none. */
  measured: number | null;
  /** How it came out. */
  verdict: "met" | "missed" | "not measured";
  /** How the figure was obtained, or why there is none. */
  method: string;
  /** Missed: how far beyond the limit, as a share of the limit (0.25 = 25 % short). Null otherwise. */
  distance: number | null;
  /** Missed beyond the document's alert or critical limit; null when it was not, or when there is no such limit. */
  severity: "alert" | "critical" | null;
}

/** The limit as a reader writes it: a number, or for `within` the range (`45 to 55`; one number where both ends agree). */
export function targetLimit(target: Target): number | string {
  if (typeof target.target === "number") return target.target;
  const [low, high] = target.target;
  return low === high ? String(low) : `${low} to ${high}`;
}

/**
 * Judges one measurement, in the target's own unit. `method` says how it was obtained; with `measured` null (or a
 * figure that is no finite number) it says why there is none.
 */
export function judge(target: Target, measured: number | null, method: string): TargetVerdict {
  const { id, source, metric, unit, comparison } = target;
  const common = { id, source, metric, unit, comparison, target: targetLimit(target) };
  if (measured === null) {
    return { ...common, measured, verdict: "not measured", method, distance: null, severity: null };
  }
  if (!Number.isFinite(measured)) {
    const why = `the measurement gave ${measured}, which is no figure (${method})`;
    return { ...common, measured: null, verdict: "not measured", method: why, distance: null, severity: null };
  }
  if (meets(target, measured)) {
    return { ...common, measured, verdict: "met", method, distance: null, severity: null };
  }
  const verdict = "missed";
  return {
    ...common,
    measured,
    verdict,
    method,
    distance: shortfall(target, measured),
    severity: severityOf(target, measured),
  };
}

function meets({ comparison, target }: Target, measured: number): boolean {
  const [low, high] = typeof target === "number" ? [target, target] : target;
  switch (comparison) {
    case "<":
      return measured < high;
    case "<=":
      return measured <= high;
    case ">":
      return measured > low;
    case ">=":
      return measured >= low;
    case "within":
      return measured >= low && measured <= high;
  }
}

/** How far a missed figure lies beyond the limit it broke, as a share of that limit; the table holds no limit of 0. */
function shortfall({ comparison, target }: Target, measured: number): number {
  const [low, high] = typeof target === "number" ? [target, target] : target;
  const tooHigh = comparison === "<" || comparison === "<=" || (comparison === "within" && measured > high);
  return tooHigh ? measured / high - 1 : 1 - measured / low;
}

function severityOf({ comparison, alert, critical }: Target, measured: number): TargetVerdict["severity"] {
  const highIsBad = comparison === "<" || comparison === "<=";
  const beyond = (limit: number | null) => limit !== null && (highIsBad ? measured > limit : measured < limit);
  if (beyond(critical)) return "critical";
  return beyond(alert) ? "alert" : null;
}
