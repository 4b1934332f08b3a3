import type { Run } from "../../reports/results.js";
import { countKinds } from "../measure/stream.js";
import { loadSubject, type SharedPart, type Subject, type SubjectPlan } from "../subjects/index.js";
import { ControlBlock } from "./control-block.js";
import type { PassName, PassReport, RunPlan, WorkerBirth } from "./messages.js";
import { RunFailedError } from "./run-error.js";
import { RunResult } from "./run-result.js";
import { LatencyCollector, SeriesSampler } from "./sampler.js";
import { withoutUnsupported } from "./unsupported.js";
import { WorkerCrew } from "./worker-crew.js";
import { makeWorkload, type Workload, type WorkloadPhase } from "./workload.js";

export interface RunOutcome {
  readonly run: Run;
  readonly timerFloorNs: number;
  /** True: told to stop before it was done; `run` holds what was measured until then. */
  readonly stopped: boolean;
}

/** The passes in order, each over a subject made and loaded afresh, so that all start from the same state. */
const PASSES = ["throughput", "cost", "sampled"] as const;
type MeasuredPass = (typeof PASSES)[number];

/** The cost pass lasts this share of the throughput pass; each operation has its turn in it. */
const COST_SHARE = 0.25;
/** When only operations were asked for, the cost pass has to be told a time, ms. */
const COST_MS_DEFAULT = 250;
/** Warm-up, ms: a fifth of the run, so long that the loops are compiled, and never a nuisance. */
const WARM_UP = { share: 0.2, least: 20, most: 500 };
/** A point of the time series at least every second, and some twenty a run. */
const SERIES = { points: 20, leastMs: 50, mostMs: 1000 };

/** Longer than any batch, commit or garbage collection takes, ms. */
const STALL_MS = 30_000;

export async function executeRun(
  plan: RunPlan,
  stop: AbortSignal,
  progress: (fraction: number, label: string) => void,
): Promise<RunOutcome> {
  progress(0, "drawing the operations");
  const subject = await loadSubject(plan.subject);
  const drawn = await makeWorkload(plan);
  const { workload, notes } = withoutUnsupported(drawn, subject);
  const control = new ControlBlock(plan.workers);
  const onStop = () => control.stop();
  stop.addEventListener("abort", onStop);
  if (stop.aborted) onStop();
  const crew = new WorkerCrew(birthsOf(plan, workload, control));
  try {
    const ready = await crew.replies("ready");
    const timerFloorNs = Math.max(...ready.map((reply) => reply.timerFloorNs));
    const result = new RunResult(plan, workload, subject, timerFloorNs);
    result.note(...workload.notes, ...notes);
    if (workload.operations.includes("getOrSet")) {
      result.note("latencies: getOrSet is every such operation; get counts those among them that hit");
    }
    await new RunDriver(plan, subject, workload, control, crew, result, progress).run();
    return { run: result.toRun(), timerFloorNs, stopped: stop.aborted };
  } finally {
    stop.removeEventListener("abort", onStop);
    await crew.dismiss();
  }
}

class RunDriver {
  readonly #plan: RunPlan;
  readonly #subject: Subject;
  readonly #workload: Workload;
  readonly #control: ControlBlock;
  readonly #crew: WorkerCrew;
  readonly #result: RunResult;
  readonly #progress: (fraction: number, label: string) => void;
  readonly #expectedMs: number;
  #doneMs = 0;

  constructor(
    plan: RunPlan,
    subject: Subject,
    workload: Workload,
    control: ControlBlock,
    crew: WorkerCrew,
    result: RunResult,
    progress: (fraction: number, label: string) => void,
  ) {
    this.#plan = plan;
    this.#subject = subject;
    this.#workload = workload;
    this.#control = control;
    this.#crew = crew;
    this.#result = result;
    this.#progress = progress;
    this.#expectedMs = workload.phases.reduce((sum, phase) => sum + (phase.milliseconds ?? 1000), 0) * (2 + COST_SHARE);
  }

  async run(): Promise<void> {
    await this.#warmUp();
    for (const pass of PASSES) {
      if (this.#control.stopped) return;
      const phases = this.#workload.phases.filter((phase) => takesPart(phase, pass));
      if (phases.length > 0) await this.#measure(pass, phases);
    }
  }

  /** On an instance of its own, thrown away: what is measured must not start with the warm-up's leavings. */
  async #warmUp(): Promise<void> {
    const { share, least, most } = WARM_UP;
    const milliseconds = Math.min(most, Math.max(least, (this.#expectedMs / (2 + COST_SHARE)) * share));
    await this.#withInstance(async () => {
      for (const phase of this.#workload.phases) {
        await this.#pass("warm-up", phase, milliseconds / this.#workload.phases.length, null);
      }
    });
  }

  async #measure(pass: MeasuredPass, phases: readonly WorkloadPhase[]): Promise<void> {
    const collector = new LatencyCollector(this.#control);
    await this.#withInstance(async (shared) => {
      let seconds = 0;
      for (const phase of phases) {
        if (this.#control.stopped) break;
        const open = phase.rate !== null;
        const actual = open ? "open" : pass;
        const milliseconds = pass === "cost" ? costMs(phase) : phase.milliseconds;
        const operations = pass === "cost" ? null : phase.operations;
        const clock = open ? "intended" : "actual";
        const sampler = new SeriesSampler(this.#control, pass === "cost" ? null : collector, clock, seconds);
        const reports = await this.#pass(actual, phase, milliseconds, operations, sampler);
        seconds += this.#result.addPass(pass, phase, reports, sampler.points, seconds);
      }
      if (pass === "throughput") this.#result.addMemory(shared.memory());
      this.#result.addLatencies(collector);
    });
    this.#doneMs += phases.reduce(
      (sum, phase) => sum + ((pass === "cost" ? costMs(phase) : phase.milliseconds) ?? 1000),
      0,
    );
  }

  /** One pass over one phase by all workers at once. */
  async #pass(
    pass: PassName,
    phase: WorkloadPhase,
    milliseconds: number | null,
    operations: number | null,
    sampler?: SeriesSampler,
  ): Promise<PassReport[]> {
    const { workers } = this.#plan;
    const index = this.#workload.phases.indexOf(phase);
    this.#crew.tell((worker) => ({
      type: "pass",
      order: {
        pass,
        phase: index,
        milliseconds,
        // The first workers take one more each when the operations do not divide evenly.
        operations: operations === null ? null : Math.floor((operations + workers - 1 - worker) / workers),
        once: phase.once && pass !== "cost",
        periodMs: phase.rate === null ? 0 : (1000 * workers) / phase.rate,
      },
    }));
    const patienceMs = phase.rate === null ? STALL_MS : STALL_MS + (2000 * workers) / phase.rate;
    await this.#unlessStalled(this.#crew.replies("armed"), `${pass} pass`);
    const points = Math.min(SERIES.mostMs, Math.max(SERIES.leastMs, (milliseconds ?? SERIES.mostMs) / SERIES.points));
    sampler?.start(points, (elapsed) => {
      this.#progress(Math.min(0.99, (this.#doneMs + elapsed) / this.#expectedMs), `${pass} pass, ${phase.name}`);
    });
    try {
      return (await this.#unlessStalled(this.#crew.replies("done"), `${pass} pass`, patienceMs)).map(
        ({ report }) => report,
      );
    } finally {
      sampler?.stop();
    }
  }

  /** `work`, unless no worker finishes anything for a long time: a subject that hangs must not hang the bench. */
  async #unlessStalled<T>(work: Promise<T>, what: string, patienceMs = STALL_MS): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const stalled = new Promise<never>((_, reject) => {
      let last = "";
      let since = performance.now();
      timer = setInterval(() => {
        const counts = Array.from({ length: this.#plan.workers }, (_, worker) => this.#control.operations(worker)[0]);
        const now = counts.join();
        if (now !== last) {
          last = now;
          since = performance.now();
        } else if (performance.now() - since > patienceMs) {
          reject(
            new RunFailedError(
              `${what}: no worker has finished anything for ${Math.round(patienceMs / 1000)} s; the subject hangs`,
            ),
          );
        }
      }, 1000);
    });
    try {
      return await Promise.race([work, stalled]);
    } finally {
      clearInterval(timer);
    }
  }

  /** Makes the subject's shared part, attaches and loads all workers, and takes it all down again afterwards. */
  async #withInstance(use: (shared: SharedPart) => Promise<void>): Promise<void> {
    const shared = await this.#subject.create(subjectPlan(this.#plan, this.#workload));
    this.#result.note(...shared.notes);
    this.#crew.tell((worker) => ({
      type: "attach",
      attachment: shared.attachment,
      preload: this.#subject.shared ? this.#workload.preloads[worker] : joined(this.#workload),
    }));
    const attached = await this.#unlessStalled(this.#crew.replies("attached"), "loading");
    for (const { errors } of attached) this.#result.addErrors(errors);
    await use(shared);
    this.#crew.tell(() => ({ type: "detach" }));
    await this.#unlessStalled(this.#crew.replies("detached"), "closing");
    const violations = (await shared.verify?.()) ?? [];
    await shared.close();
    if (violations.length > 0) {
      const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
      throw new RunFailedError(`the subject broke an invariant: ${violations[0]}${more}`);
    }
  }
}

/** A phase with a rate is measured once: every operation is timed in it, and its throughput is the rate. */
function takesPart(phase: WorkloadPhase, pass: MeasuredPass): boolean {
  if (pass === "throughput") return true;
  if (phase.rate !== null) return false;
  // With one kind of operation the throughput pass has told its cost already.
  return (
    pass === "sampled" || phase.streams.some((stream) => countKinds(stream).filter((count) => count > 0).length > 1)
  );
}

function costMs(phase: WorkloadPhase): number {
  return phase.milliseconds === null ? COST_MS_DEFAULT : phase.milliseconds * COST_SHARE;
}

/** What one worker must load when nothing is shared: everything. */
function joined(workload: Workload) {
  const concat = (pick: (preload: Workload["preloads"][number]) => Uint32Array) =>
    Uint32Array.from(workload.preloads.flatMap((preload) => [...pick(preload)]));
  return { keys: concat(({ keys }) => keys), sizes: concat(({ sizes }) => sizes) };
}

function birthsOf(plan: RunPlan, workload: Workload, control: ControlBlock): WorkerBirth[] {
  const maxValueBytes = workload.valueSizes.reduce((most, size) => Math.max(most, size), 0);
  return Array.from({ length: plan.workers }, (_, worker) => ({
    worker,
    workers: plan.workers,
    subject: plan.subject,
    control: control.buffer,
    keys: workload.keys,
    namespaces: workload.namespaces,
    namespaceOf: workload.namespaceOf,
    phases: workload.phases.map(({ streams }) => streams[worker]),
    valueSizes: workload.valueSizes,
    maxValueBytes,
    seed: plan.seed,
  }));
}

function subjectPlan(plan: RunPlan, workload: Workload): SubjectPlan {
  const { keys, keyBytes, largestValues, scenario } = workload;
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
    workers: plan.workers,
    keyBytes,
    largestValues,
    entries,
    footprintBytes,
    maxValueBytes,
    maxKeyBytes,
    capacityBytes: scenario.store.capacity ?? null,
    eviction: scenario.store.eviction ?? null,
    directory: plan.directory,
  };
}
