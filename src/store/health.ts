/**
 * A store's health (M-010's system health metrics) from its counters: a pure function, so that it can be asked of a store, of a
 * snapshot of its stats in a file, or of a test's made-up figures. Nothing is measured here and nothing is invented: what
 * counters cannot tell is null, with the reason.
 */
import { KnownOptions } from "../check.js";
import { judge, type TargetVerdict } from "../metrics/index.js";
import { type Duration, milliseconds } from "../units.js";
import { HIT_RATE, MEMORY_UTILISATION, READ_P95, THROUGHPUT, WRITE_P95 } from "./health-targets.js";

/** What is looked at: `store.stats()` has this shape. */
export interface HealthInput {
  operations: { gets: number; hits: number; sets: number; deletes: number; outOfMemory: number };
  memory: {
    /** Bytes in use over bytes of the pool, 0 to 1. */
    utilisation: number;
    /** Share of the cut slabs that nothing uses, 0 to 1. */
    fragmentation: number;
  };
  /** `policy`: how the store makes room; absent: it is judged as if it did not. */
  eviction: { pressure: string; policy?: string };
  /** Slots taken back from threads that ended without detaching. */
  workers: { reaped: number };
  uptimeMs: number;
  /** What threads hold; absent: nothing is said of it. */
  resources?: {
    byKind: readonly { kind: string; held: number; inUse: number; oldestMs: number; longestUseMs: number }[];
    held: number;
    failed: number;
    forced: number;
    refused: number;
    permits: readonly { pool: string; max: number; taken: number; waiting: number }[];
  };
  /** P95 of the sampled reads and writes, ns, and how many there were; absent: the store times none. */
  latencies?: { get: SampledP95; set: SampledP95; sampledOneIn: number };
}

interface SampledP95 {
  count: number;
  p95: number | null;
}

/** The worst of the alerts; "ok" without any. */
export type HealthStatus = "ok" | "warning" | "critical";

/** Something to look after. */
export interface HealthAlert {
  /** "warning": soon; "critical": now. */
  severity: "warning" | "critical";
  /** Id of the documented target that is broken; null for what no document puts a limit on. */
  target: string | null;
  /** What, and how much of it, in a sentence. */
  message: string;
}

/** How a store fares, judged by the documented targets. */
export interface Health {
  /** The worst of the alerts. */
  status: HealthStatus;
  /** Shares of the pool in use and of the cut slabs that nothing uses, 0 to 1, and the level of pressure. */
  memory: {
    /** Bytes in use over bytes of the pool, 0 to 1. */
    utilisation: number;
    /** Share of the cut slabs that nothing uses, 0 to 1. */
    fragmentation: number;
    /** How full the pool is: "low" to "critical". */
    pressure: string;
  };
  /** Hit ratio, operations a second and sampled latencies. */
  performance: {
    /** Hits over look-ups since creation, 0 to 1; null before the first look-up. */
    hitRatio: number | null;
    /** Mean over the store's whole life: its load, not what it could do. */
    operationsPerSecond: number;
    /** P95 of the sampled reads since creation, ns; null where too few were timed. */
    readLatencyNs: number | null;
    /** The same of writes. */
    writeLatencyNs: number | null;
    /** How they were measured, or why there are none. */
    latencyReason: string;
  };
  /** What went wrong since the store was made, and for how long it has run. */
  reliability: {
    /** Times a write found no memory since creation; it may have got some after a sweep. */
    outOfMemory: number;
    /** Their share of all operations, 0 to 1. */
    errorRate: number;
    /** Threads that ended without detaching, since creation. */
    reapedWorkers: number;
    /** Since creation, ms. */
    uptimeMs: number;
  };
  /** The documented targets that concern a store in use; those that its counters cannot tell say why. */
  targets: TargetVerdict[];
  /** Empty when nothing is wrong. */
  alerts: HealthAlert[];
}

/** Fewer look-ups than this say little about a hit ratio: a store that has just been made is not sick. */
export const HIT_RATIO_FROM = 1000;

/** Fewer samples than this say little about a P95. */
export const SAMPLES_FROM = 100;
const NO_LATENCIES = "the store was made with sampling: 0, so it times no operation; engram run measures latencies";
const FULL_IS_WELL =
  "the store evicts, so it fills its memory and stays full; whether it is large enough, its hit ratio and outOfMemory tell";
const LOAD_ONLY =
  "operations per second since creation are the store's load, not what it can do; engram run measures that";

/** When what threads hold is told of. */
export interface HealthOptions {
  /** A connection that somebody has had for longer: ms, or text such as "5m". Default 5 min; Infinity: never. */
  longestUse?: Duration;
  /** Anything that was tracked and is older. Default Infinity: a file that is open for as long as the program runs is no fault. */
  oldestHeld?: Duration;
}

const OPTIONS = new KnownOptions("health", ["longestUse", "oldestHeld"]);
const LONGEST_USE_MS = 5 * 60_000;

/** @throws InvalidArgumentError */
export function health(input: HealthInput, options: HealthOptions = {}): Health {
  const { longestUse, oldestHeld } = OPTIONS.check(options);
  const limits = {
    use: milliseconds("option longestUse", longestUse, LONGEST_USE_MS),
    held: milliseconds("option oldestHeld", oldestHeld, Number.POSITIVE_INFINITY),
  };
  const { operations, memory, eviction, workers, uptimeMs, latencies } = input;
  const total = operations.gets + operations.sets + operations.deletes;
  const hitRatio = operations.gets === 0 ? null : operations.hits / operations.gets;
  const read = sampledP95(latencies?.get, latencies?.sampledOneIn);
  const write = sampledP95(latencies?.set, latencies?.sampledOneIn);
  const targets = judgeTargets(memory.utilisation, evicts(eviction.policy), hitRatio, operations.gets, read, write);
  const alerts = [
    ...targets.flatMap(alertOf),
    ...reliabilityAlerts(operations.outOfMemory, workers.reaped),
    ...resourceAlerts(input.resources, limits),
  ];
  return {
    status: worst(alerts),
    memory: { utilisation: memory.utilisation, fragmentation: memory.fragmentation, pressure: eviction.pressure },
    performance: {
      hitRatio,
      operationsPerSecond: uptimeMs > 0 ? total / (uptimeMs / 1000) : 0,
      readLatencyNs: read.ns,
      writeLatencyNs: write.ns,
      latencyReason: read.how,
    },
    reliability: {
      outOfMemory: operations.outOfMemory,
      errorRate: total === 0 ? 0 : operations.outOfMemory / total,
      reapedWorkers: workers.reaped,
      uptimeMs,
    },
    targets,
    alerts,
  };
}

/** A store that evicts is a cache: being full is its purpose, and no write is refused for it. */
function evicts(policy: string | undefined): boolean {
  return policy !== undefined && policy !== "none";
}

interface SampledFigure {
  readonly ns: number | null;
  readonly how: string;
}

function sampledP95(latency: SampledP95 | undefined, oneIn = 0): SampledFigure {
  if (latency === undefined || oneIn === 0) return { ns: null, how: NO_LATENCIES };
  const { count, p95 } = latency;
  if (count < SAMPLES_FROM)
    return { ns: null, how: `only ${count} operations were timed so far, ${SAMPLES_FROM} are needed` };
  const how = `P95 of ${count} sampled operations, one in ${Math.round(oneIn)}, since creation; the clock tells it to 20 ns or so`;
  return { ns: p95, how };
}

function judgeTargets(
  utilisation: number,
  isCache: boolean,
  hitRatio: number | null,
  gets: number,
  read: SampledFigure,
  write: SampledFigure,
): TargetVerdict[] {
  const enough = hitRatio !== null && gets >= HIT_RATIO_FROM;
  return [
    judge(
      MEMORY_UTILISATION,
      isCache ? null : utilisation * 100,
      isCache ? FULL_IS_WELL : "bytes in use over bytes of the pool, now",
    ),
    judge(
      HIT_RATE,
      enough ? hitRatio * 100 : null,
      enough ? "hits over look-ups since creation" : `only ${gets} look-ups so far, ${HIT_RATIO_FROM} are needed`,
    ),
    judge(READ_P95, read.ns, read.how),
    judge(WRITE_P95, write.ns, write.how),
    judge(THROUGHPUT, null, LOAD_ONLY),
  ];
}

/** A target that is missed but not beyond its alert limit is told among the targets, and alarms no one. */
function alertOf(verdict: TargetVerdict): HealthAlert[] {
  if (verdict.severity === null || verdict.measured === null) return [];
  const { id, metric, measured, unit, comparison, target } = verdict;
  const figure = Number(measured.toFixed(1));
  return [
    {
      severity: verdict.severity === "critical" ? "critical" : "warning",
      target: id,
      message: `${metric} is ${figure} ${unit}; documented: ${comparison} ${target} ${unit}`,
    },
  ];
}

function reliabilityAlerts(outOfMemory: number, reaped: number): HealthAlert[] {
  const alerts: HealthAlert[] = [];
  if (outOfMemory > 0) {
    const message = `a write found no memory ${outOfMemory} times since the store was created`;
    alerts.push({ severity: "warning", target: null, message });
  }
  if (reaped > 0) {
    const message = `${reaped} threads ended without detaching since the store was created; what they held was taken back`;
    alerts.push({ severity: "warning", target: null, message });
  }
  return alerts;
}

function resourceAlerts(
  resources: HealthInput["resources"],
  limits: { readonly use: number; readonly held: number },
): HealthAlert[] {
  if (resources === undefined) return [];
  const messages: string[] = [];
  for (const { kind, oldestMs, longestUseMs } of resources.byKind) {
    if (longestUseMs > limits.use)
      messages.push(
        `a ${kind} has been in use for ${Math.round(longestUseMs / 1000)} s; who has it may have forgotten it`,
      );
    if (oldestMs > limits.held) messages.push(`a ${kind} has been held for ${Math.round(oldestMs / 1000)} s`);
  }
  for (const { pool, max, taken, waiting } of resources.permits) {
    if (taken >= max && waiting > 0)
      messages.push(
        `pool "${pool}" is exhausted: all of its ${max} permits are taken, and ${waiting} threads wait for one`,
      );
  }
  if (resources.forced > 0)
    messages.push(`${resources.forced} resources did not end by their deadline since the store was created`);
  if (resources.failed > 0) messages.push(`${resources.failed} resources failed to end since the store was created`);
  if (resources.refused > 0)
    messages.push(
      `${resources.refused} resources found no room in the table of what threads hold since the store was created`,
    );
  return messages.map((message) => ({ severity: "warning", target: null, message }));
}

function worst(alerts: HealthAlert[]): HealthStatus {
  if (alerts.some(({ severity }) => severity === "critical")) return "critical";
  return alerts.length > 0 ? "warning" : "ok";
}
