/** The documented targets against what this run measured of the store. */
import { availableParallelism } from "node:os";
import { failedShare, MOST_FAILED, phasesOf } from "../../reports/phases.js";
import type { Latency, Run, TargetResult } from "../../reports/results.js";
import { findTarget, judgeAll } from "../../reports/targets/index.js";
import { type Scenario, WITH_BACKUPS } from "../../workloads/index.js";

const REFERENCE = "engram";
const NS_PER_US = 1000;
const NS_PER_MS = 1e6;
const BYTES_PER_MB = 1e6;

interface Reading {
  readonly value: number;
  /** What was measured and how, for the reader. */
  readonly how: string;
}

/** How a run of the store answers to a target; null: this run cannot tell. */
const READINGS: Readonly<Record<string, (run: Run, scenario: Scenario) => Reading | null>> = {
  "m010-read-p95": (run) => sampled(run, READS, "p95", 1),
  "m010-write-p95": (run) => sampled(run, WRITES, "p95", 1),
  "m010-throughput": (run) => closedThroughput(run, "unsampled pass"),
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
  "m010-percentiles-kept": percentilesKept,
  "m005-latency-during-backups": duringBackups,
  "m005-io-overhead": backupOverhead,
  "r011-q-lookup": (run) => answer(run, "r011-q-lookup") ?? sampled(run, ["get"], "p99", NS_PER_MS),
  "r011-state-encoding": (run) => answer(run, "r011-state-encoding"),
  "r011-agent-memory": (run, { agents }) => answer(run, "r011-agent-memory") ?? usedByAgent(run, agents),
  "r011-agents": (run, { agents }) => answer(run, "r011-agents") ?? agentsWithoutError(run, agents),
  "r011-pool-256b": (run) => answer(run, "r011-pool-256b"),
  "r011-pool-1k": (run) => answer(run, "r011-pool-1k"),
  "r011-pool-4k": (run) => answer(run, "r011-pool-4k"),
  "r011-linear-memory": (run) => answer(run, "r011-linear-memory"),
  "p-pool-acquire": (run) => answer(run, "p-pool-acquire"),
  "p-pool-throughput": (run) => answer(run, "p-pool-throughput"),
  "p-pool-users": (run) => answer(run, "p-pool-users"),
  "p-cache-hit": (run) => answer(run, "p-cache-hit"),
  "p-cache-miss": (run) => answer(run, "p-cache-miss"),
  "p-memory-efficiency": (run) => answer(run, "p-memory-efficiency"),
  "d-tier-cluster": (run) => answer(run, "d-tier-cluster"),
  "d-strong-latency": (run) => answer(run, "d-strong-latency"),
  "d-strong-consistent": (run) => answer(run, "d-strong-consistent"),
  "d-bounded-latency": (run) => answer(run, "d-bounded-latency"),
  "d-bounded-consistent": (run) => answer(run, "d-bounded-consistent"),
  "d-eventual-latency": (run) => answer(run, "d-eventual-latency"),
  "s-clients-served": (run) => answer(run, "s-clients-served"),
  "s-mean-latency": (run) => answer(run, "s-mean-latency"),
  "s-requests": (run) => answer(run, "s-requests"),
};

/** What was measured for it beside the passes. */
function answer({ answers = [] }: Run, target: string): Reading | null {
  const own = answers.find((one) => one.target === target);
  return own === undefined ? null : { value: own.value, how: own.method };
}

/** A swarm that keeps what it has in namespaces. */
function usedByAgent({ memory }: Run, agents: number): Reading | null {
  if (memory.usedBytes === null) return null;
  return { value: memory.usedBytes / agents / BYTES_PER_MB, how: `bytes in use over ${agents} agents` };
}

function agentsWithoutError({ errors, workers }: Run, agents: number): Reading | null {
  if (Object.keys(errors).length > 0) return null;
  return { value: agents, how: `agents that went through the run on ${workers} workers without an error` };
}

/** Of several phases the slowest that is no open loop, whose throughput is the rate it was given. */
function closedThroughput(run: Run, how: string): Reading | null {
  const closed = phasesOf(run).filter(({ loop }) => loop === "closed");
  if (closed.length === 0) return null;
  const slowest = closed.reduce((one, other) => (other.opsPerSecond < one.opsPerSecond ? other : one));
  const where = slowest.phase === null ? "" : `, phase ${slowest.phase}`;
  return { value: slowest.opsPerSecond, how: `${run.workers} workers, ${how}${where}` };
}

const READS = ["get"];
const WRITES = ["set", "insert", "readModifyWrite"];
/** What a scenario that has backups or a swarm does with them. */
const ALL_WRITES = [...WRITES, "append"];

/** Targets that any scenario answers, whether or not it names them: they are about an operation or the engine. */
const ANY_SCENARIO = new Set(
  Object.keys(READINGS).filter((id) => id.startsWith("d-") || id.startsWith("m006-") || id === "m010-percentiles-kept"),
);

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
    const able = OF_FAILURES.has(id) ? judging : judging.filter((run) => failedShare(run) <= MOST_FAILED);
    const failing = judging.find((run) => !able.includes(run));
    const readings = able.flatMap((run) => {
      const scenario = scenarios.find(({ name }) => name === run.scenario);
      const reading = scenario === undefined ? null : read(run, scenario);
      return reading === null ? [] : [{ ...reading, scenario: run.scenario }];
    });
    if (readings.length === 0) {
      const alone = judging.find(({ cluster }) => cluster?.real === false);
      if (failing !== undefined) measurements.set(id, { measured: null, method: failedInstead(failing) });
      else if (alone?.cluster !== undefined && OVER_THE_CLUSTER.has(id))
        measurements.set(id, { measured: null, method: `${alone.scenario}: ${alone.cluster.engine}` });
      continue;
    }
    const worst = readings.reduce((one, other) => (isWorse(id, other.value, one.value) ? other : one));
    const of = readings.length > 1 ? `, the worst of ${readings.length} scenarios` : "";
    measurements.set(id, { measured: worst.value, method: `${worst.scenario}: ${worst.how}${of}` });
  }
  const scaled = scaling(runs, scenarios);
  if (scaled !== null) measurements.set("m002-scaling", scaled);
  const external = externalTier(runs);
  if (external !== null) measurements.set("d-tier-external", external);
  return judgeAll(measurements, "no scenario of this run measures it").map((verdict) => ({ ...verdict }));
}

/** Latencies that mean nothing where the log is in the caller's own process. */
const OVER_THE_CLUSTER = new Set(["d-tier-cluster", "d-strong-latency", "d-bounded-latency", "d-eventual-latency"]);

/** What a run answers in which operations failed: how many did, and what the store is made of. The others are about work that was done. */
const OF_FAILURES = new Set([
  "r011-agents",
  "s-clients-served",
  "m006-classes",
  "m006-smallest-class",
  "m006-largest-class",
  "m010-memory-utilisation",
]);

function failedInstead(run: Run): string {
  return `${run.scenario}: ${(failedShare(run) * 100).toFixed(0)} % of its operations failed, so its figures are none of this work`;
}

function isWorse(id: string, value: number, than: number): boolean {
  return findTarget(id)?.comparison.startsWith(">") ? value < than : value > than;
}

/**
 * The named percentile of these operations, of the slowest where several were sampled, or one in several phases. An open loop's
 * latencies from the intended start count the waiting of operations that came too fast; a target is about the operation itself.
 */
function sampled(
  run: Run,
  operations: readonly string[],
  percentile: "p50" | "p95" | "p99",
  divisor: number,
): Reading | null {
  const found = Object.entries(run.latency).flatMap(([name, latency]) => {
    const { operation = name, label, from } = latency;
    return operations.includes(operation) && label === undefined && from !== "intended" ? [{ name, latency }] : [];
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

/** The four that the documents name, of those that a run keeps of each operation. */
function percentilesKept({ latency }: Run): Reading | null {
  const [some] = Object.values(latency);
  if (some === undefined) return null;
  const kept = (["p50", "p95", "p99", "p999"] as const).filter((name) => Number.isFinite(some[name]));
  return { value: kept.length, how: "of P50, P95, P99 and P99.9, those that the shared-memory histograms give" };
}

function classSize(memory: Run["memory"], pick: (...sizes: number[]) => number): Reading | null {
  if (!memory.bySizeClass?.length) return null;
  return { value: pick(...memory.bySizeClass.map(({ size }) => size)), how: "size classes the store reports" };
}

/** Samples from which a P99 is compared with another: fifty lie beyond it, so that a handful do not decide. */
const COMPARABLE_SAMPLES = 5000;

/** What of some latencies or costs belongs to an operation, with or without a label, in closed loop. */
function belonging(all: Run["latency"], operation: string, label: string | undefined): Latency[] {
  return Object.entries(all).flatMap(([name, one]) =>
    (one.operation ?? name) === operation && one.label === label && one.from === undefined ? [one] : [],
  );
}

/** The worst of reads and writes: how much longer the slowest hundredth takes while backups run. */
function duringBackups(run: Run): Reading | null {
  const comparable = ({ count }: Latency) => count >= COMPARABLE_SAMPLES;
  const ratios = [...READS, ...ALL_WRITES].flatMap((name) => {
    const without = belonging(run.latency, name, undefined).filter(comparable);
    const during = belonging(run.latency, name, WITH_BACKUPS).filter(comparable);
    if (without.length === 0 || during.length === 0) return [];
    // Of several phases the pair that makes it hardest.
    return [{ name, value: Math.max(...during.map(({ p99 }) => p99)) / Math.min(...without.map(({ p99 }) => p99)) }];
  });
  if (ratios.length === 0) return null;
  const worst = ratios.reduce((one, other) => (other.value > one.value ? other : one));
  const all = ratios.map(({ name, value }) => `${name} ${value.toFixed(2)}`).join(", ");
  return { value: worst.value, how: `P99 with over without, of ${COMPARABLE_SAMPLES} samples at least: ${all}` };
}

/** Percent of throughput lost while backups run, from the mean cost of an operation. */
function backupOverhead({ cost = {} }: Run): Reading | null {
  const [without] = belonging(cost, "mix", undefined);
  const [during] = belonging(cost, "mix", WITH_BACKUPS);
  if (without === undefined || during === undefined) return null;
  return {
    value: (1 - without.mean / during.mean) * 100,
    how: `mean cost of the mix ${Math.round(without.mean)} ns without, ${Math.round(during.mean)} ns with`,
  };
}

/** A database beside the process: reads of redis, where it was measured; the slowest scenario counts. */
function externalTier(runs: readonly Run[]): { measured: number; method: string } | null {
  const readings = runs.flatMap((run) => {
    const reading = run.subject === "redis" ? sampled(run, READS, "p50", NS_PER_MS) : null;
    return reading === null ? [] : [{ measured: reading.value, method: `${run.scenario}, redis: ${reading.how}` }];
  });
  if (readings.length === 0) return null;
  return readings.reduce((one, other) => (other.measured > one.measured ? other : one));
}

/**
 * With several numbers of workers, one among them: throughput of the most that have a processor each, over as many times that of one.
 * Of several scenarios that name the target, and of their phases, the worst.
 */
function scaling(runs: readonly Run[], scenarios: readonly Scenario[]): { measured: number; method: string } | null {
  const processors = availableParallelism();
  const found = scenarios.flatMap(({ name, targets }) => {
    if (!targets.includes("m002-scaling")) return [];
    const own = runs
      .filter((run) => run.scenario === name && run.subject === REFERENCE && failedShare(run) <= MOST_FAILED)
      .flatMap(phasesOf)
      .filter(({ loop }) => loop === "closed");
    return [...new Set(own.map(({ phase }) => phase))].flatMap((phase) => {
      const same = own.filter((run) => run.phase === phase);
      const one = same.find(({ workers }) => workers === 1);
      const many = same
        .filter(({ workers }) => workers > 1 && workers <= processors)
        .sort((a, b) => b.workers - a.workers)[0];
      if (one === undefined || many === undefined || one.opsPerSecond === 0) return [];
      const measured = many.opsPerSecond / (many.workers * one.opsPerSecond);
      const where = phase === null ? name : `${name}, ${phase}`;
      return [{ measured, method: `${where}: ${many.workers} workers against one, unsampled pass` }];
    });
  });
  if (found.length === 0) return null;
  return found.reduce((one, other) => (other.measured < one.measured ? other : one));
}
