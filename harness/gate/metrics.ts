/** Which figures of a run the gate judges, and how they are read from results.json. */
import type { Run } from "../../reports/index.js";
import type { Better, Scale } from "../statistics/index.js";
import { countOf } from "./errors-of-runs.js";

export interface Metric {
  /** As in results.json: `opsPerSecond`, `cost.get.mean`, … */
  path: string;
  label: string;
  unit: string;
  better: Better;
  /** `points`: a share of operations, compared by difference. */
  scale: Scale;
  /** Times the user's tolerance. */
  toleranceFactor: number;
  /** True: a figure that is 0 in every process is not worth a word. */
  silentAtZero?: boolean;
  read(run: Run): Reading;
}

/** A figure, or why there is none; a run that lacks the operation altogether is `absent` and not worth a word. */
export type Reading = { kind: "figure"; value: number } | { kind: "absent" } | { kind: "unusable"; reason: string };

/**
 * The tail of one short process moves several times as much as its mean, so a p99 that had to hold the same tolerance
 * would end every gate as inconclusive.
 */
const TAIL_TOLERANCE_FACTOR = 3;

/** How fast it is. */
export const METRICS: readonly Metric[] = [
  {
    path: "opsPerSecond",
    label: "throughput",
    unit: "ops/s",
    better: "higher",
    scale: "ratio",
    toleranceFactor: 1,
    read: ofWhatWasDone((run) => {
      if (run.loop === "open") return { kind: "unusable", reason: "open loop, so it is the rate asked for" };
      if (run.opsPerSecond === null) return { kind: "unusable", reason: "phases in closed and in open loop" };
      return figure(run.opsPerSecond);
    }),
  },
  meanCost("get"),
  meanCost("set"),
  {
    path: "latency.get.p99",
    label: "get p99",
    unit: "ns",
    better: "lower",
    scale: "ratio",
    toleranceFactor: TAIL_TOLERANCE_FACTOR,
    read: ofWhatWasDone((run) => {
      const latency = run.latency.get;
      if (latency?.mode !== "sampled") return { kind: "absent" };
      // At or below the floor only "<= floor" is known, and a ratio of two such figures says nothing.
      if (latency.floor !== undefined && latency.p99 <= latency.floor) {
        return { kind: "unusable", reason: "at or below the timer floor" };
      }
      return figure(latency.p99);
    }),
  },
];

/** Whether it does what it is asked: a build that refuses is fast, and one that has forgotten everything finds that out quickly. */
export const QUALITY: readonly Metric[] = [
  {
    path: "hitRatio",
    label: "hit ratio",
    unit: "%",
    better: "higher",
    scale: "points",
    toleranceFactor: 1,
    read: ({ hitRatio }) => (hitRatio === null ? { kind: "absent" } : { kind: "figure", value: hitRatio }),
  },
  {
    path: "failed",
    label: "failed operations",
    unit: "%",
    better: "lower",
    scale: "points",
    toleranceFactor: 1,
    silentAtZero: true,
    read(run) {
      const errors = countOf(run);
      // A version that counted failed operations as done does not say of how many all its passes' errors were.
      const attempted = run.attempted ?? Math.max(run.ops, errors);
      return { kind: "figure", value: attempted === 0 ? 0 : Math.min(1, errors / attempted) };
    },
  },
];

/**
 * Shown beside the verdict and no part of it: processor time of the process divided by what it did. A neighbour that takes the processor
 * lengthens what the wall clock shows and hardly moves this; but it counts all threads, sleeping and waiting are free in it, and a build
 * that waits for a lock where its base did not would pass by it.
 */
export const BESIDE: readonly Metric[] = [
  {
    path: "cpu.perOperation",
    label: "CPU time",
    unit: "ns/op",
    better: "lower",
    scale: "ratio",
    toleranceFactor: 1,
    read: ofWhatWasDone(({ cpu, ops, loop }) =>
      // In an open loop it is mostly the spinning of those who wait for their time.
      cpu === undefined || ops === 0 || loop !== "closed"
        ? { kind: "absent" }
        : figure(((cpu.userMs + cpu.systemMs) * 1e6) / ops),
    ),
  },
];

/** Mean of the batched cost of one operation, ns. */
function meanCost(operation: string): Metric {
  return {
    path: `cost.${operation}.mean`,
    label: `${operation} cost`,
    unit: "ns/op",
    better: "lower",
    scale: "ratio",
    toleranceFactor: 1,
    read: ofWhatWasDone((run) => {
      const cost = run.cost?.[operation];
      if (cost?.mode !== "batched" || cost.count === 0) return { kind: "absent" };
      if (cost.suspect) return { kind: "unusable", reason: "within 1.4 x of the empty loop, probably optimised away" };
      return figure(cost.mean);
    }),
  };
}

/** Results of a version that counted failed operations as done tell nothing of speed once some have failed. */
function ofWhatWasDone(read: (run: Run) => Reading): (run: Run) => Reading {
  return (run) => {
    const errors = countOf(run);
    if (errors === 0 || run.attempted !== undefined) return read(run);
    const reading = read(run);
    return reading.kind === "absent"
      ? reading
      : { kind: "unusable", reason: "operations failed, and this version counts them as done" };
  };
}

function figure(value: number): Reading {
  if (value > 0 && Number.isFinite(value)) return { kind: "figure", value };
  return { kind: "unusable", reason: `the figure is ${value}` };
}
