/** Drives the workers of one run through its passes, and hands what they report to the result. */
import { arrivalTime, lowestRate } from "../../workloads/index.js";
import { RunFailedError } from "../command-line/errors.js";
import { kindsWithCost } from "../measure/index.js";
import type { RunningBackups, SharedPart, Subject } from "../subjects/index.js";
import type { ControlBlock } from "./control-block.js";
import { CpuTime } from "./cpu-time.js";
import { OtherLoad } from "./doubts.js";
import { Happenings } from "./happenings.js";
import type { PassName, PassOrder, PassReport } from "./messages.js";
import { type Preparation, SLICE_MS } from "./preparation.js";
import type { RunResult } from "./run-result.js";
import { LatencyCollector, SeriesSampler } from "./sampler.js";
import type { Watch } from "./watcher.js";
import type { WorkerPool } from "./worker-pool.js";
import type { Workload, WorkloadPhase } from "./workload.js";

/** The passes in order, each over a subject made and loaded afresh, so that all start from the same state. */
const PASSES = ["throughput", "cost", "sampled"] as const;
export type MeasuredPass = (typeof PASSES)[number];

/** The cost pass lasts this share of the throughput pass; each operation has its turn in it. */
const COST_SHARE = 0.25;
/**
 * Warm-up: in slices of so many ms until they agree or its time is up, on two instances one after the other. What V8 compiles for the first is made anew when
 * the second comes, for its calls go into another engine; what it makes then is good for every further one (docs/decisions/0020).
 */
const WARM_UP = { instances: 2, sliceMs: 25, better: 1.1 };
/** A point of the time series at least every second, and some twenty a run. */
const SERIES = { points: 20, leastMs: SLICE_MS, mostMs: 1000 };
/** Longer than any batch, commit or garbage collection takes, ms. */
const STALL_MS = 30_000;

export interface DriverParts {
  readonly subject: Subject;
  readonly workload: Workload;
  readonly control: ControlBlock;
  readonly pool: WorkerPool;
  readonly result: RunResult;
  /** Makes the part of the subject that all workers share. */
  makeShared(): Promise<SharedPart>;
  progress(fraction: number, label: string): void;
  readonly preparation: Preparation;
  /** Watches the store of a pass until it is told that the pass is over; null: nobody looks. */
  readonly watch: Watch | null;
}

/** What is there while a pass runs. */
interface Instance {
  readonly shared: SharedPart;
  /** Null: no phase of this pass takes any, or the subject cannot. */
  readonly backups: RunningBackups | null;
}

export class RunDriver {
  readonly #parts: DriverParts;
  readonly #workers: number;
  readonly #expectedMs: number;
  #doneMs = 0;

  constructor(parts: DriverParts) {
    this.#parts = parts;
    this.#workers = parts.workload.assignment.workers;
    const { phases } = parts.workload;
    this.#expectedMs = PASSES.reduce((sum, pass) => sum + passMs(pass, phases, parts.preparation.costMs), 0);
  }

  async run(): Promise<void> {
    const { control, workload } = this.#parts;
    await this.#warmUp();
    for (const pass of PASSES) {
      if (control.stopped) return;
      const phases = workload.phases.filter((phase) => takesPart(phase, pass));
      if (phases.length > 0) await this.#measure(pass, phases);
    }
  }

  /** On instances of its own, thrown away: what is measured must not start with the warm-up's leavings. */
  async #warmUp(): Promise<void> {
    const { control, workload, preparation } = this.#parts;
    const phases = [...new Map(workload.phases.map((phase) => [phase.name, phase])).values()];
    for (let instance = 0; instance < WARM_UP.instances && !control.stopped; instance++) {
      await this.#withInstance([], "warm-up", async () => {
        for (const phase of phases) await this.#warmUpPhase(phase, preparation.warmUpMs / phases.length);
      });
    }
  }

  /** Goes on until a slice is no faster than the best before it, for two slices at least. */
  async #warmUpPhase(phase: WorkloadPhase, mostMs: number): Promise<void> {
    let best = 0;
    let passed = 0;
    for (let slice = 0; !this.#parts.control.stopped; slice++) {
      const reports = await this.#pass("warm-up", phase, WARM_UP.sliceMs, null);
      const operations = reports.reduce((sum, report) => sum + report.operations + report.failed, 0);
      const milliseconds = Math.max(...reports.map(({ startedAt, endedAt }) => endedAt - startedAt));
      const rate = operations / Math.max(1, milliseconds);
      passed += WARM_UP.sliceMs;
      if (slice > 0 && (rate < best * WARM_UP.better || passed >= mostMs)) return;
      best = Math.max(best, rate);
    }
  }

  async #measure(pass: MeasuredPass, phases: readonly WorkloadPhase[]): Promise<void> {
    const { control, result } = this.#parts;
    await this.#withInstance(phases, pass, async (instance) => {
      const load = new OtherLoad();
      let seconds = 0;
      for (const phase of phases) {
        if (control.stopped) break;
        // Each phase has its own: what was recorded in one is never counted with another's.
        const collector = new LatencyCollector(control);
        const open = phase.rate !== null;
        const milliseconds = pass === "cost" ? costMs(phase, this.#parts.preparation.costMs) : phase.milliseconds;
        const operations = pass === "cost" ? null : phase.operations;
        const clock = open ? "intended" : "actual";
        const sampler = new SeriesSampler(control, pass === "cost" ? null : collector, clock, seconds);
        const cpu = new CpuTime();
        const happened = new Happenings(pass === "throughput" ? instance.shared : null);
        const reports = await this.#pass(open ? "open" : pass, phase, milliseconds, operations, {
          sampler,
          happened,
          cpu,
          backups: instance.backups,
        });
        if (pass === "throughput") result.addCpu(cpu);
        seconds += result.addPass(pass, phase, reports, sampler.points, happened.list, seconds);
        result.addLatencies(phase, collector);
      }
      result.addOthers(load.processors());
      if (pass === "throughput") result.addMemory(instance.shared.memory());
    });
    this.#doneMs += passMs(pass, phases, this.#parts.preparation.costMs);
  }

  /** One pass over one phase by all workers at once. */
  async #pass(
    pass: PassName,
    phase: WorkloadPhase,
    milliseconds: number | null,
    operations: number | null,
    beside?: { sampler: SeriesSampler; happened: Happenings; cpu: CpuTime; backups: RunningBackups | null },
  ): Promise<PassReport[]> {
    const { pool, progress } = this.#parts;
    const orders = this.#ordersOf(pass, phase, milliseconds, operations);
    pool.send((worker) => ({ type: "pass", order: orders[worker] }));
    const patienceMs = phase.rate === null ? STALL_MS : STALL_MS + (2000 * this.#workers) / lowestRate(phase.rate);
    await this.#unlessStalled(pool.replies("armed"), `${pass} pass`);
    const points = Math.min(SERIES.mostMs, Math.max(SERIES.leastMs, (milliseconds ?? SERIES.mostMs) / SERIES.points));
    beside?.sampler.start(points, (elapsed) => {
      progress(Math.min(0.99, (this.#doneMs + elapsed) / this.#expectedMs), `${pass} pass, ${phase.name}`);
    });
    // After the workers have made ready, which takes processor time of its own.
    beside?.cpu.start();
    beside?.happened.start();
    const endBackups =
      phase.backupEveryMs === null
        ? undefined
        : beside?.backups?.run(phase.backupEveryMs, (startedAt, label) =>
            beside.happened.add("backup", startedAt, label),
          );
    try {
      return (await this.#unlessStalled(pool.replies("done"), `${pass} pass`, patienceMs)).map(({ report }) => report);
    } finally {
      beside?.cpu.stop();
      beside?.sampler.stop();
      await endBackups?.();
      beside?.happened.stop();
    }
  }

  /** What each worker is to do. Only those that have operations share the operations and the rate. */
  #ordersOf(pass: PassName, phase: WorkloadPhase, milliseconds: number | null, operations: number | null): PassOrder[] {
    const { phases } = this.#parts.workload;
    const busy = phase.streams.flatMap(({ length }, worker) => (length > 0 ? [worker] : []));
    return phase.streams.map((_, worker) => {
      const rank = Math.max(0, busy.indexOf(worker));
      return {
        pass,
        phase: phases.indexOf(phase),
        milliseconds,
        // The first workers take one more each when the operations do not divide evenly.
        operations: operations === null ? null : Math.floor((operations + busy.length - 1 - rank) / busy.length),
        once: phase.once && pass !== "cost" && pass !== "warm-up",
        arrivals:
          phase.rate === null
            ? null
            : { rate: phase.rate, rampMs: phase.rampMs, rank, of: busy.length, spanMs: spanOf(phase) },
      };
    });
  }

  /** `work`, unless no worker finishes anything for a long time: a subject that hangs must not hang the bench. */
  async #unlessStalled<T>(work: Promise<T>, what: string, patienceMs = STALL_MS): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const stalled = new Promise<never>((_, reject) => {
      let last = "";
      let since = performance.now();
      timer = setInterval(() => {
        const { control } = this.#parts;
        const counts = Array.from({ length: this.#workers }, (_, worker) => control.attempts(worker)[0]);
        const now = counts.join();
        if (now !== last) {
          last = now;
          since = performance.now();
        } else if (performance.now() - since > patienceMs) {
          const seconds = Math.round(patienceMs / 1000);
          reject(new RunFailedError(`${what}: no worker has finished anything for ${seconds} s; the subject hangs`));
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
  async #withInstance(
    phases: readonly WorkloadPhase[],
    pass: PassName,
    use: (instance: Instance) => Promise<void>,
  ): Promise<void> {
    const { subject, workload, pool, result, makeShared, watch } = this.#parts;
    const shared = await makeShared();
    result.note(...shared.notes);
    pool.send((worker) => ({
      type: "attach",
      attachment: shared.attachment,
      preload: subject.shared ? workload.preloads[worker] : joined(workload),
    }));
    const attached = await this.#unlessStalled(pool.replies("attached"), "loading");
    // Those who share nothing have each loaded everything.
    const { preloads } = workload;
    const all = preloads.reduce((sum, { keys }) => sum + keys.length, 0);
    for (const [worker, { errors }] of attached.entries()) {
      result.addErrors(errors, subject.shared ? preloads[worker].keys.length : all);
    }
    const unwatch = await watch?.(shared, pass);
    await use({ shared, backups: await this.#backupsFor(phases, shared) });
    await unwatch?.();
    pool.send(() => ({ type: "detach" }));
    await this.#unlessStalled(pool.replies("detached"), "closing");
    const violations = (await shared.verify?.()) ?? [];
    await shared.close();
    if (violations.length > 0) {
      const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
      throw new RunFailedError(`the subject broke an invariant: ${violations[0]}${more}`);
    }
  }

  async #backupsFor(phases: readonly WorkloadPhase[], shared: SharedPart): Promise<RunningBackups | null> {
    if (!phases.some(({ backupEveryMs }) => backupEveryMs !== null)) return null;
    if (shared.backups !== undefined) return shared.backups();
    this.#parts.result.note(`${this.#parts.subject.name} takes no backups: the phases with backups run without`);
    return null;
  }
}

/** A phase with a rate is measured once: every operation is timed in it, and its throughput is the rate. */
function takesPart(phase: WorkloadPhase, pass: MeasuredPass): boolean {
  if (pass === "throughput") return true;
  if (phase.rate !== null) return false;
  // With one kind of operation the throughput pass has told its cost already.
  return pass === "sampled" || phase.streams.some((stream) => kindsWithCost(stream).length > 1);
}

/** How long an open loop lasts when it keeps up, ms: until the operation after its last is due. */
function spanOf({ rate, rampMs, milliseconds, operations, once, streams }: WorkloadPhase): number {
  if (rate === null) return 0;
  const drawn = once ? streams.reduce((sum, { length }) => sum + length, 0) : Number.POSITIVE_INFINITY;
  const most = Math.min(operations ?? Number.POSITIVE_INFINITY, drawn);
  const due = Number.isFinite(most) ? arrivalTime(rate, most, rampMs) : Number.POSITIVE_INFINITY;
  const span = Math.min(milliseconds ?? Number.POSITIVE_INFINITY, due);
  return Number.isFinite(span) ? span : 0;
}

function costMs(phase: WorkloadPhase, untold: number): number {
  return phase.milliseconds === null ? untold : phase.milliseconds * COST_SHARE;
}

/** How long a pass over phases is meant to take, ms; a phase given in operations is guessed at a second. */
function passMs(pass: MeasuredPass, phases: readonly WorkloadPhase[], untold: number): number {
  return phases
    .filter((phase) => takesPart(phase, pass))
    .reduce((sum, phase) => sum + ((pass === "cost" ? costMs(phase, untold) : phase.milliseconds) ?? 1000), 0);
}

/** What one worker must load when nothing is shared: everything. */
function joined(workload: Workload) {
  const concat = (pick: (preload: Workload["preloads"][number]) => Uint32Array) =>
    Uint32Array.from(workload.preloads.flatMap((preload) => [...pick(preload)]));
  return { keys: concat(({ keys }) => keys), sizes: concat(({ sizes }) => sizes) };
}
