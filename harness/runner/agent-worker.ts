/**
 * One agent: a worker thread that drives its own stream against the subject. Everything it needs is made before the
 * barrier; between the barrier and the end of a pass it does nothing but the loop.
 */
import { parentPort, workerData } from "node:worker_threads";
import { Histogram } from "../../src/metrics/index.js";
// By their own names: the room behind its door takes every worker longer to load than all else that is needed here.
import { arrivalTime } from "../../workloads/arrivals.js";
import { STREAM_OPERATIONS } from "../../workloads/operations.js";
import {
  type AgentStream,
  type Calibrator,
  COST_UNITS_PER_NS,
  type Cursor,
  countKinds,
  countLabels,
  GarbageCollections,
  inOneShape,
  kindsWithCost,
  type Limits,
  loadPasses,
  makeCalibrator,
  onlyLabel,
  operationsOf,
  type Passes,
  Tally,
} from "../measure/index.js";
import type { AgentContext, Subject, SubjectAgent } from "../subjects/index.js";
import { loadSubject } from "../subjects/index.js";
import { type Clock, ControlBlock } from "./control-block.js";
import { FreshKeys } from "./fresh-keys.js";
import { slotTable } from "./latency-slots.js";
import type { CostCounts, FromWorker, PassOrder, PassReport, Preload, ToWorker, WorkerBirth } from "./messages.js";
import { valuesFor } from "./values.js";

/** Operations written between two waits while loading, for subjects that queue their writes. */
const LOAD_BATCH = 1000;

class AgentWorker {
  readonly #birth: WorkerBirth;
  readonly #subject: Subject;
  readonly #passes: Passes;
  readonly #context: AgentContext;
  readonly #calibrator: Calibrator;
  readonly #control: ControlBlock;
  readonly #slots: Int32Array;
  readonly #collections = new GarbageCollections();
  readonly #cursors: Cursor[];
  readonly #fresh: FreshKeys[] = [];
  /** By phase: its operations kind by kind. Made before anything runs: what V8 learns from them later, it would compile the loops anew for. */
  readonly #byKind: ReadonlyArray<ReadonlyArray<{ kind: number; own: AgentStream }>>;
  #agent: SubjectAgent | undefined;
  #timerFloorNs = 0;

  private constructor(
    birth: WorkerBirth,
    subject: Subject,
    passes: Passes,
    context: AgentContext,
    calibrator: Calibrator,
  ) {
    this.#birth = birth;
    this.#subject = subject;
    this.#passes = passes;
    this.#context = context;
    this.#calibrator = calibrator;
    this.#control = new ControlBlock(birth.workers, birth.slots.length, birth.control);
    this.#slots = slotTable(birth.slots);
    this.#byKind = birth.phases.map((stream) =>
      kindsWithCost(stream).map((kind) => ({ kind, own: operationsOf(stream, (one) => one === kind) })),
    );
    this.#cursors = birth.phases.map((_, phase) => this.#cursorOf(birth.freshKeys[phase], context.keys as string[]));
  }

  #cursorOf(indexes: Uint32Array | null, keys: string[]): Cursor {
    if (indexes === null || indexes.length === 0) return { position: 0 };
    const fresh = new FreshKeys(keys, indexes, this.#birth.freshStride);
    this.#fresh.push(fresh);
    return {
      position: 0,
      nextRound: () => {
        const start = performance.now();
        fresh.next();
        this.#agent?.renamed?.(fresh.indexes);
        return performance.now() - start;
      },
    };
  }

  static async start(birth: WorkerBirth): Promise<AgentWorker> {
    const subject = await loadSubject(birth.subject);
    const passes = await loadPasses(birth.subject);
    const { worker, workers, keys, namespaces, namespaceOf, mailboxes, maxValueBytes } = birth;
    const values = valuesFor(birth.valueSizes, maxValueBytes);
    const context = { worker, workers, keys, namespaces, namespaceOf, mailboxes, values, maxValueBytes };
    const agent = new AgentWorker(birth, subject, passes, context, await makeCalibrator(context, birth.calibrationMs));
    const busy = birth.phases.find(({ length }) => length > 0);
    agent.#timerFloorNs = busy === undefined ? 0 : await agent.#calibrator.timerFloor(busy);
    return agent;
  }

  get timerFloorNs(): number {
    return this.#timerFloorNs;
  }

  /** Attaches to a fresh shared part and writes this worker's share of the keys that exist beforehand. */
  async attach(attachment: unknown, preload: Preload): Promise<Array<[string, number]>> {
    // Before the subject sees the keys.
    for (const fresh of this.#fresh) fresh.restart();
    this.#agent = await this.#subject.attach(attachment, this.#context);
    for (const cursor of this.#cursors) cursor.position = 0;
    const tally = new Tally();
    const progress = this.#control.attempts(this.#birth.worker);
    for (let i = 0; i < preload.keys.length; i++) {
      try {
        const pending = this.#agent.set(preload.keys[i], preload.sizes[i], 0) as Promise<void> | undefined;
        if (this.#subject.asynchronous) await pending;
      } catch (error) {
        tally.countError(error);
      }
      if (i % LOAD_BATCH === LOAD_BATCH - 1) {
        await this.#agent.settle?.();
        Atomics.store(progress, 0, i);
      }
    }
    await this.#agent.settle?.();
    return [...tally.errors];
  }

  async run(order: PassOrder): Promise<PassReport> {
    const agent = this.#agent;
    if (agent === undefined) throw new Error("a pass was ordered before the worker was attached");
    const stream = this.#birth.phases[order.phase];
    const tally = new Tally();
    const batches: number[] = [];
    // Asked for before the barrier: the calibration takes time, and workers must start together.
    const drive = await this.#driver(order, agent, stream, tally, batches);
    const from = this.#cursors[order.phase].position;
    Atomics.store(this.#control.operations(this.#birth.worker), 0, 0);
    Atomics.store(this.#control.attempts(this.#birth.worker), 0, 0);
    post({ type: "armed" });
    this.#control.barrier().arriveAndWait();
    const startedAt = performance.now();
    const costs = await drive();
    const endedAt = performance.now();
    return {
      operations: tally.operations,
      failed: tally.failed,
      spoiltBatches: tally.spoiltBatches,
      byLabel: this.#byLabel(order, from, tally),
      hits: tally.hits,
      misses: tally.misses,
      errors: [...tally.errors],
      startedAt: performance.timeOrigin + startedAt,
      endedAt: performance.timeOrigin + endedAt,
      pausedMs: tally.pausedMs,
      costs,
      gc: await this.#collections.between(startedAt, endedAt, batches),
      counts: { scanned: tally.scanned, received: tally.received, refused: tally.refused, changes: tally.changes },
      sink: tally.sink,
      memory: agent.memory?.() ?? null,
    };
  }

  async detach(): Promise<void> {
    await this.#agent?.close();
    this.#agent = undefined;
  }

  async #driver(
    order: PassOrder,
    agent: SubjectAgent,
    stream: AgentStream,
    tally: Tally,
    batches: number[],
  ): Promise<() => Promise<CostCounts[]>> {
    const cursor = this.#cursors[order.phase];
    const limits = this.#limits(order);
    if (stream.length === 0) return async () => [];
    switch (order.pass) {
      case "warm-up":
        return async () => {
          const half = { ...limits, milliseconds: limits.milliseconds / 2 };
          await this.#passes.runBatched(agent, stream, cursor, half, tally, () => {});
          await this.#passes.runSampled(agent, stream, cursor, half, tally, this.#seed(), () => {});
          if (order.arrivals === null) return [];
          // Due all at once, so that nothing waits.
          const some = { ...limits, operations: OPEN_WARM_UP, milliseconds: limits.milliseconds / 2 };
          await this.#passes.runOpen(
            agent,
            stream,
            cursor,
            some,
            tally,
            () => 0,
            () => true,
            () => {},
          );
          return [];
        };
      case "throughput": {
        const cost = await this.#costCounter(nameOfMix(stream), stream);
        return async () => {
          await this.#passes.runBatched(agent, stream, cursor, limits, tally, (start, elapsed, operations) => {
            cost?.add(elapsed, operations);
            batches.push(start, start + elapsed);
          });
          return cost === null ? [] : [cost.counts()];
        };
      }
      case "cost":
        return this.#costByOperation(order, agent, tally, batches);
      case "sampled": {
        const record = this.#recording("actual");
        return async () => {
          await this.#passes.runSampled(agent, stream, cursor, limits, tally, this.#seed(), record);
          return [];
        };
      }
      case "open": {
        const { arrivals } = order;
        if (arrivals === null) throw new Error("an open loop was ordered without a rate");
        const { rate, rampMs, rank, of, spanMs } = arrivals;
        const actual = this.#recording("actual");
        const intended = this.#recording("intended");
        return async () => {
          const start = performance.now();
          await this.#passes.runOpen(
            agent,
            stream,
            cursor,
            limits,
            tally,
            (index) => arrivalTime(rate, index * of + rank, rampMs),
            (time) => this.#waitUntil(time),
            (kind, label, fromIntended, fromActual) => {
              actual(kind, label, fromActual);
              intended(kind, label, fromIntended);
            },
          );
          // The last interval is part of the phase too: without it two operations at 1/s would be two in one second.
          this.#waitUntil(start + spanMs + tally.pausedMs);
          return [];
        };
      }
    }
  }

  /** Writes latencies into this worker's histograms, the timer floor subtracted. */
  #recording(clock: Clock): (kind: number, label: number, nanoseconds: number) => void {
    const floor = this.#timerFloorNs;
    const slots = this.#slots;
    const kinds = STREAM_OPERATIONS.length;
    const recorders = this.#birth.slots.map((_, slot) => this.#control.recorder(this.#birth.worker, slot, clock));
    return (kind, label, nanoseconds) => recorders[slots[label * kinds + kind]].record(nanoseconds - floor);
  }

  /** Batches of one operation each, taking turns, so that each has a cost of its own and the store stays in balance. */
  async #costByOperation(
    order: PassOrder,
    agent: SubjectAgent,
    tally: Tally,
    batches: number[],
  ): Promise<() => Promise<CostCounts[]>> {
    const limits = this.#limits(order);
    const kinds = this.#byKind[order.phase];
    if (kinds.length === 0) return async () => [];
    const parts = await Promise.all(
      kinds.map(async ({ kind, own }) => {
        return { own, cursor: { position: 0 }, cost: await this.#costCounter(STREAM_OPERATIONS[kind], own) };
      }),
    );
    const rounds = Math.max(1, Math.round(limits.milliseconds / parts.length / ROUND_MS));
    return async () => {
      for (let round = 0; round < rounds && !this.#control.stopped; round++) {
        for (const { own, cursor, cost } of parts) {
          const slice = { ...limits, milliseconds: limits.milliseconds / rounds / parts.length };
          await this.#passes.runBatched(agent, own, cursor, slice, tally, (start, elapsed, operations) => {
            cost?.add(elapsed, operations);
            batches.push(start, start + elapsed);
          });
        }
      }
      return parts.flatMap(({ cost }) => (cost === null ? [] : [cost.counts()]));
    };
  }

  /** Counted after the pass, from where in the stream it began: the loop that is measured knows no roles. */
  #byLabel({ pass, phase }: PassOrder, from: number, { operations, failed, failedByLabel }: Tally): number[] {
    const stream = this.#birth.phases[phase];
    if (pass === "cost" || stream.length === 0) return [];
    const begun = countLabels(stream, from, operations + failed, this.#birth.labelNames.length);
    return begun.map((count, label) => count - (failedByLabel[label] ?? 0));
  }

  /** Null when the operations have several labels: a cost of them together would belong to none. */
  async #costCounter(name: string, stream: AgentStream): Promise<CostCounter | null> {
    const label = onlyLabel(stream, this.#birth.labelNames);
    return label === null ? null : new CostCounter(name, label, await this.#calibrator.noopCost(stream));
  }

  #limits(order: PassOrder): Limits {
    const done = this.#control.operations(this.#birth.worker);
    const attempts = this.#control.attempts(this.#birth.worker);
    return {
      operations: order.operations ?? Number.POSITIVE_INFINITY,
      milliseconds: order.milliseconds ?? Number.POSITIVE_INFINITY,
      once: order.once,
      asynchronous: this.#subject.asynchronous,
      stopped: () => this.#control.stopped,
      progress: (operations, failed) => {
        Atomics.store(done, 0, operations >>> 0);
        Atomics.store(attempts, 0, (operations + failed) >>> 0);
      },
    };
  }

  /** Sleeps while it is long, spins at the end: a sleeping thread wakes up too late by tens of microseconds. */
  #waitUntil(time: number): boolean {
    for (;;) {
      if (this.#control.stopped) return false;
      const left = time - performance.now();
      if (left <= 0) return true;
      if (left > SPIN_MS) this.#control.sleep(left - SPIN_MS);
    }
  }

  #seed(): number {
    return (this.#birth.seed * 0x9e3779b1 + this.#birth.worker * 0x85ebca6b) >>> 0;
  }
}

/** How long a kind of operation goes on before the next has its turn. */
const ROUND_MS = 20;
/** Operations in which an open loop's code is warmed up, at most. */
const OPEN_WARM_UP = 5000;
/** Above this a wait sleeps, ms. */
const SPIN_MS = 1;

class CostCounter {
  readonly #name: string;
  readonly #label: number;
  readonly #noopNs: number;
  readonly #histogram = new Histogram();
  #operations = 0;
  #batches = 0;

  constructor(name: string, label: number, noopNs: number) {
    this.#name = name;
    this.#label = label;
    this.#noopNs = noopNs;
  }

  add(elapsedMs: number, operations: number): void {
    this.#histogram.record(Math.round(((elapsedMs * 1e6) / operations) * COST_UNITS_PER_NS));
    this.#operations += operations;
    this.#batches++;
  }

  counts(): CostCounts {
    return {
      name: this.#name,
      label: this.#label,
      operations: this.#operations,
      batches: this.#batches,
      pairs: this.#histogram.toPairs(),
      max: this.#histogram.max,
      noopNs: this.#noopNs,
    };
  }
}

/** The operation's name when there is only one kind, else `mix`. */
function nameOfMix(stream: AgentStream): string {
  const kinds = countKinds(stream).flatMap((count, kind) => (count > 0 ? [kind] : []));
  return kinds.length === 1 ? STREAM_OPERATIONS[kinds[0]] : "mix";
}

function post(message: FromWorker): void {
  parentPort?.postMessage(message);
}

const birth = workerData as WorkerBirth;
const worker = await AgentWorker.start({ ...birth, phases: birth.phases.map(inOneShape) });
parentPort?.on("message", async (message: ToWorker) => {
  switch (message.type) {
    case "attach":
      post({ type: "attached", errors: await worker.attach(message.attachment, message.preload) });
      break;
    case "pass":
      post({ type: "done", report: await worker.run(message.order) });
      break;
    case "detach":
      await worker.detach();
      post({ type: "detached" });
      break;
  }
});
post({ type: "ready", timerFloorNs: worker.timerFloorNs });
