/** Which figures of a run the gate judges, and how they are read from results.json. */
import type { Run } from "../../reports/index.js";
import type { Better } from "./statistics/index.js";

export interface Metric {
  /** As in results.json: `opsPerSecond`, `cost.get.mean`, … */
  path: string;
  label: string;
  unit: string;
  better: Better;
  /** Times the user's tolerance. */
  toleranceFactor: number;
  read(run: Run): Reading;
}

/** A figure, or why there is none; a run that lacks the operation altogether is `absent` and not worth a word. */
export type Reading = { kind: "figure"; value: number } | { kind: "absent" } | { kind: "unusable"; reason: string };

/**
 * The tail of one short process moves several times as much as its mean, so a p99 that had to hold the same tolerance
 * would end every gate as inconclusive.
 */
const TAIL_TOLERANCE_FACTOR = 3;

export const METRICS: readonly Metric[] = [
  {
    path: "opsPerSecond",
    label: "throughput",
    unit: "ops/s",
    better: "higher",
    toleranceFactor: 1,
    read: (run) => {
      if (run.loop === "open") return { kind: "unusable", reason: "open loop, so it is the rate asked for" };
      if (run.opsPerSecond === null) return { kind: "unusable", reason: "phases in closed and in open loop" };
      return figure(run.opsPerSecond);
    },
  },
  meanCost("get"),
  meanCost("set"),
  {
    path: "latency.get.p99",
    label: "get p99",
    unit: "ns",
    better: "lower",
    toleranceFactor: TAIL_TOLERANCE_FACTOR,
    read(run) {
      const latency = run.latency.get;
      if (latency?.mode !== "sampled") return { kind: "absent" };
      // At or below the floor only "<= floor" is known, and a ratio of two such figures says nothing.
      if (latency.floor !== undefined && latency.p99 <= latency.floor) {
        return { kind: "unusable", reason: "at or below the timer floor" };
      }
      return figure(latency.p99);
    },
  },
];

/** Mean of the batched cost of one operation, ns. */
function meanCost(operation: string): Metric {
  return {
    path: `cost.${operation}.mean`,
    label: `${operation} cost`,
    unit: "ns/op",
    better: "lower",
    toleranceFactor: 1,
    read(run) {
      const cost = run.cost?.[operation];
      if (cost?.mode !== "batched" || cost.count === 0) return { kind: "absent" };
      if (cost.suspect) return { kind: "unusable", reason: "within 1.4 x of the empty loop, probably optimised away" };
      return figure(cost.mean);
    },
  };
}

function figure(value: number): Reading {
  if (value > 0 && Number.isFinite(value)) return { kind: "figure", value };
  return { kind: "unusable", reason: `the figure is ${value}` };
}
