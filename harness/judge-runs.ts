/** The documented targets against what this run measured of the store. */
import type { Latency, Run, TargetResult } from "../reports/results.js";
import { findTarget, judgeAll } from "../src/monitor/index.js";
import type { Scenario } from "../workloads/index.js";
import { fromActualStart } from "./runner/latency-names.js";

const REFERENCE = "engram";
const NS_PER_US = 1000;

interface Reading {
  readonly value: number;
  /** What was measured and how, for the reader. */
  readonly how: string;
}

/** How a run of the store answers to a target; null: this run cannot tell. */
const READINGS: Readonly<Record<string, (run: Run) => Reading | null>> = {
  "m010-read-p95": (run) => sampled(run, READS, "p95", 1),
  "m010-write-p95": (run) => sampled(run, WRITES, "p95", 1),
  "m010-throughput": (run) =>
    run.loop === "closed" ? { value: run.opsPerSecond, how: `${run.workers} workers, unsampled pass` } : null,
  "m010-hit-rate": (run) => (run.hitRatio === null ? null : { value: run.hitRatio * 100, how: "hits over look-ups" }),
  "m010-memory-utilisation": ({ memory }) =>
    memory.utilisation === null
      ? null
      : { value: memory.utilisation * 100, how: "bytes in use over the pool's, at the end" },
  "d-tier-process": (run) => sampled(run, READS, "p50", 1),
  "d-tier-node": (run) => sampled(run, READS, "p50", NS_PER_US),
  "d-local-get": (run) => sampled(run, ["get"], "p50", NS_PER_US),
  "d-local-put": (run) => sampled(run, ["set"], "p50", NS_PER_US),
  "d-local-delete": (run) => sampled(run, ["delete"], "p50", NS_PER_US),
  "m006-classes": ({ memory }) =>
    memory.bySizeClass ? { value: memory.bySizeClass.length, how: "size classes the store reports" } : null,
  "m006-smallest-class": ({ memory }) => classSize(memory, Math.min),
  "m006-largest-class": ({ memory }) => classSize(memory, Math.max),
};

const READS = ["get"];
const WRITES = ["set", "insert", "readModifyWrite"];

/** Targets that any scenario answers, whether or not it names them: they are about an operation or the engine. */
const ANY_SCENARIO = new Set(Object.keys(READINGS).filter((id) => !id.startsWith("m010-")));

/**
 * One verdict per documented target. A figure of M-010 counts in the scenarios that name it in their `targets`; of several
 * the worst one is taken, so that a second scenario can only make a verdict harder. What nothing here measured says so.
 */
export function judgeRuns(runs: readonly Run[], scenarios: readonly Scenario[]): TargetResult[] {
  const measurements = new Map<string, { measured: number | null; method: string }>();
  for (const [id, read] of Object.entries(READINGS)) {
    const judging = runs.filter(
      (run) =>
        run.subject === REFERENCE &&
        (ANY_SCENARIO.has(id) || scenarios.find(({ name }) => name === run.scenario)?.targets.includes(id)),
    );
    const readings = judging.flatMap((run) => {
      const reading = read(run);
      return reading === null ? [] : [{ ...reading, scenario: run.scenario }];
    });
    if (readings.length === 0) continue;
    const worst = readings.reduce((one, other) => (isWorse(id, other.value, one.value) ? other : one));
    const of = readings.length > 1 ? `, the worst of ${readings.length} scenarios` : "";
    measurements.set(id, { measured: worst.value, method: `${worst.scenario}: ${worst.how}${of}` });
  }
  return judgeAll(measurements, "no scenario of this run measures it").map((verdict) => ({ ...verdict }));
}

function isWorse(id: string, value: number, than: number): boolean {
  return findTarget(id)?.comparison.startsWith(">") ? value < than : value > than;
}

/** An open loop's latencies count the waiting of operations that came too fast; a target is about the operation itself. */
function ownLatency(run: Run, operation: string): Latency | undefined {
  return run.latency[run.loop === "open" ? fromActualStart(operation) : operation] ?? run.latency[operation];
}

/** The named percentile of these operations, of the slowest where several were sampled. */
function sampled(run: Run, operations: readonly string[], percentile: "p50" | "p95", divisor: number): Reading | null {
  const found = operations.flatMap((name) => {
    const latency = ownLatency(run, name);
    return latency === undefined ? [] : [{ name, latency }];
  });
  if (found.length === 0) return null;
  const slowest = found.reduce((one, other) => (other.latency[percentile] > one.latency[percentile] ? other : one));
  const { name, latency } = slowest;
  const floor =
    latency.floor !== undefined && latency[percentile] <= latency.floor ? ", at or below the timer floor" : "";
  return {
    value: latency[percentile] / divisor,
    how: `${percentile.toUpperCase()} of ${latency.count} sampled ${name}, ${run.workers} workers${floor}`,
  };
}

function classSize(memory: Run["memory"], pick: (...sizes: number[]) => number): Reading | null {
  if (!memory.bySizeClass?.length) return null;
  return { value: pick(...memory.bySizeClass.map(({ size }) => size)), how: "size classes the store reports" };
}
