/** One run from its plan to its result: streams drawn, workers born, passes driven. */
import type { Run } from "../../reports/results.js";
import { arrivalsBy } from "../../workloads/index.js";
import type { RelayedTick } from "../monitor/index.js";
import { loadSubject, type SubjectPlan } from "../subjects/index.js";
import { measureBeside } from "./beside-phases.js";
import { ControlBlock } from "./control-block.js";
import { type LatencySlot, latencySlots } from "./latency-slots.js";
import type { NamedHistogram, RunPlan, WorkerBirth } from "./messages.js";
import { type Preparation, preparationFor } from "./preparation.js";
import { RunDriver } from "./run-driver.js";
import { RunResult } from "./run-result.js";
import { LeftOutError, withoutUnsupported } from "./unsupported.js";
import { watcher } from "./watcher.js";
import { WorkerPool } from "./worker-pool.js";
import { makeWorkload, type Workload, type WorkloadPhase } from "./workload.js";

export interface RunOutcome {
  readonly run: Run;
  readonly timerFloorNs: number;
  /** True: told to stop before it was done; `run` holds what was measured until then. */
  readonly stopped: boolean;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly histograms: NamedHistogram[];
}

/** @param live is told the ticks of the monitors over the stores, when the plan has any */
export async function executeRun(
  plan: RunPlan,
  stop: AbortSignal,
  progress: (fraction: number, label: string) => void,
  live: (tick: RelayedTick) => void = () => {},
): Promise<RunOutcome> {
  progress(0, "drawing the operations");
  const subject = await loadSubject(plan.subjectFile ?? plan.subject);
  const drawn = await makeWorkload(plan);
  const { workload, notes } = withoutUnsupported(drawn, subject);
  const planned = subjectPlan(plan, workload);
  const why = subject.cannotHold?.(planned) ?? null;
  if (why !== null) throw new LeftOutError(`${subject.name} cannot hold what it writes: ${why}`);
  const slots = latencySlots(workload.phases.flatMap(({ streams }) => streams));
  const control = new ControlBlock(workload.assignment.workers, slots.length);
  const onStop = () => control.stop();
  stop.addEventListener("abort", onStop);
  if (stop.aborted) onStop();
  const preparation = preparationFor(plan);
  const pool = new WorkerPool(birthsOf(plan, workload, control, slots, preparation));
  try {
    const ready = await pool.replies("ready");
    const timerFloorNs = Math.max(...ready.map((reply) => reply.timerFloorNs));
    const result = new RunResult(workload, subject, slots, timerFloorNs);
    result.note(...workload.notes, ...notes);
    if (workload.operations.includes("getOrSet")) {
      result.note("latencies: getOrSet is every such operation; get counts those among them that hit");
    }
    const makeShared = () => subject.open(planned);
    const startedAt = Date.now();
    const title = `${workload.scenario.name} / ${subject.name}`;
    // Loaded when it is asked for: it takes the monitor with it.
    const series = plan.monitored ? new (await import("./monitored-series.js")).MonitoredSeries() : null;
    const watch = plan.live || series !== null ? await watcher(title, plan.live ? live : null, series) : null;
    await new RunDriver({ subject, workload, control, pool, result, makeShared, progress, preparation, watch }).run();
    const monitored = series?.toResults();
    const beside = await measureBeside(plan, workload, subject, {
      stop,
      progress,
      note: (...said) => result.note(...said),
    });
    const run = { ...result.toRun(), ...(monitored === undefined ? {} : { monitored }), ...beside };
    return { run, timerFloorNs, stopped: stop.aborted, startedAt, histograms: result.histograms() };
  } finally {
    stop.removeEventListener("abort", onStop);
    await pool.close();
  }
}

function birthsOf(
  plan: RunPlan,
  workload: Workload,
  control: ControlBlock,
  slots: readonly LatencySlot[],
  { calibrationMs }: Preparation,
): WorkerBirth[] {
  const { workers } = workload.assignment;
  const maxValueBytes = largestOf(workload.valueSizes);
  return Array.from({ length: workers }, (_, worker) => ({
    worker,
    workers,
    subject: plan.subjectFile ?? plan.subject,
    control: control.buffer,
    keys: workload.keys,
    namespaces: workload.namespaces,
    namespaceOf: workload.namespaceOf,
    mailboxes: workload.mailboxes,
    slots,
    labelNames: workload.labels.map(({ name }) => name),
    phases: workload.phases.map(({ streams }) => streams[worker]),
    freshKeys: workload.phases.map(({ freshKeys }) => freshKeys[worker]),
    freshStride: workload.freshStride,
    valueSizes: workload.valueSizes,
    maxValueBytes,
    calibrationMs,
    seed: plan.seed,
  }));
}

function largestOf(sizes: Uint32Array): number {
  return sizes.reduce((most, size) => Math.max(most, size), 0);
}

/** A phase that inserts and is not known to end within what was drawn. */
function goesRoundInserting({ freshKeys, streams, operations, milliseconds, rate, rampMs }: WorkloadPhase): boolean {
  if (freshKeys.every((keys) => keys === null)) return false;
  const drawn = streams.reduce((sum, { length }) => sum + length, 0);
  if (operations !== null) return operations > drawn;
  return rate === null || milliseconds === null || arrivalsBy(rate, milliseconds, rampMs) > drawn;
}

function subjectPlan(plan: RunPlan, workload: Workload): SubjectPlan {
  const { keys, keyBytes, largestValues, namespaces, scenario, assignment, mailboxes } = workload;
  let entries = 0;
  let footprintBytes = 0;
  let maxValueBytes = 0;
  let maxKeyBytes = 0;
  for (let key = 0; key < keys.length; key++) {
    maxKeyBytes = Math.max(maxKeyBytes, keyBytes[key]);
    if (largestValues[key] < 0) continue;
    entries++;
    footprintBytes += keyBytes[key] + largestValues[key];
    maxValueBytes = Math.max(maxValueBytes, largestValues[key]);
  }
  return {
    workers: assignment.workers,
    keyBytes,
    largestValues,
    entries,
    grows: workload.phases.some(goesRoundInserting),
    footprintBytes,
    maxValueBytes,
    maxKeyBytes,
    capacityBytes: scenario.store.capacity ?? null,
    eviction: scenario.store.eviction ?? null,
    // of any size that is written: which of them messages have is not told apart
    ...(mailboxes === undefined
      ? {}
      : {
          messages: { count: mailboxes.used.length * mailboxes.capacity, maxBytes: largestOf(workload.valueSizes) },
        }),
    namespaces,
    directory: plan.directory,
  };
}
