/** Gathers what the passes of one run reported into the run of results.json. */
import type { Latency, Run, RunEvent, RunRole, SeriesPoint } from "../../reports/results.js";
import { Histogram } from "../../src/monitor/index.js";
import { arrivalsBy, STREAM_OPERATIONS } from "../../workloads/index.js";
import { COST_UNITS_PER_NS } from "../measure/cost-units.js";
import type { MemoryUse, Subject } from "../subjects/index.js";
import type { CpuTime } from "./cpu-time.js";
import type { Happening } from "./happenings.js";
import { fromActualStart, latencyName } from "./latency-names.js";
import type { LatencySlot } from "./latency-slots.js";
import type { CostCounts, NamedHistogram, PassReport } from "./messages.js";
import type { LatencyCollector } from "./sampler.js";
import type { Label, Workload, WorkloadPhase } from "./workload.js";

/** Pauses marked in the series, the longest: more would hide it. */
const MARKED_PAUSES = 100;

/** A cost this near to that of the empty loop means that the operation was optimised away. */
const SUSPECT_FACTOR = 1.4;

interface CostTotal {
  readonly histogram: Histogram;
  operations: number;
  noopNs: number;
}

interface RoleTotal {
  operations: number;
  seconds: number;
  readonly latencies: Map<string, Histogram>;
}

export class RunResult {
  readonly #workload: Workload;
  readonly #subject: Subject;
  readonly #slots: readonly LatencySlot[];
  readonly #timerFloorNs: number;
  readonly #notes = new Set<string>();
  readonly #errors = new Map<string, number>();
  readonly #costs = new Map<string, CostTotal>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #latency: Record<string, Latency> = {};
  readonly #roles = new Map<string, RoleTotal>();
  readonly #series: SeriesPoint[] = [];
  readonly #sampledSeries: SeriesPoint[] = [];
  readonly #events: RunEvent[] = [];
  readonly #pauses: Array<{ t: number; milliseconds: number; kind: string }> = [];
  readonly #counts = { scanned: 0, received: 0, refused: 0, changes: 0 };
  readonly #gc = { count: 0, totalMs: 0, batchesTouched: 0, batches: 0 };
  #memory: Run["memory"] | undefined;
  #workerMemory: Array<MemoryUse | null> = [];
  readonly #cpu = { userMs: 0, systemMs: 0 };
  #operations = 0;
  /** Of the throughput pass, like the operations. */
  #failed = 0;
  /** Of all passes, loading included: among these are the errors. */
  #attempted = 0;
  #spoiltBatches = 0;
  #seconds = 0;
  #hits = 0;
  #misses = 0;

  constructor(workload: Workload, subject: Subject, slots: readonly LatencySlot[], timerFloorNs: number) {
    this.#workload = workload;
    this.#subject = subject;
    this.#slots = slots;
    this.#timerFloorNs = timerFloorNs;
  }

  note(...notes: readonly string[]): void {
    for (const note of notes) this.#notes.add(note);
  }

  /** @param attempted operations among which these errors were */
  addErrors(errors: ReadonlyArray<readonly [string, number]>, attempted: number): void {
    this.#attempted += attempted;
    for (const [code, count] of errors) this.#errors.set(code, (this.#errors.get(code) ?? 0) + count);
  }

  /** Processor time of one phase of the throughput pass. */
  addCpu({ userMs, systemMs }: CpuTime): void {
    this.#cpu.userMs += userMs;
    this.#cpu.systemMs += systemMs;
  }

  /** Adds one pass over one phase, `offset` seconds into the measured part. Returns how long it took, seconds. */
  addPass(
    pass: "throughput" | "cost" | "sampled",
    phase: WorkloadPhase,
    reports: readonly PassReport[],
    points: readonly SeriesPoint[],
    happenings: readonly Happening[],
    offset: number,
  ): number {
    const startedAt = Math.min(...reports.map((report) => report.startedAt));
    const seconds = (Math.max(...reports.map(({ endedAt }) => endedAt)) - startedAt) / 1000;
    for (const report of reports) {
      this.addErrors(report.errors, report.operations + report.failed);
      this.#spoiltBatches += report.spoiltBatches;
      for (const cost of report.costs) this.#addCost(cost);
      this.#gc.count += report.gc.count;
      this.#gc.totalMs += report.gc.totalMs;
      this.#gc.batchesTouched += report.gc.batchesTouched;
      this.#gc.batches += report.gc.batches;
    }
    const own = withinPass(points, offset + seconds);
    if (pass === "sampled") this.#sampledSeries.push(...own);
    if (pass === "throughput") {
      this.#seconds += seconds;
      this.#series.push(...own);
      if (this.#workload.phases.length > 1) this.#events.push({ t: offset, kind: "phase", label: phase.name });
      const timeOf = (at: number) => offset + Math.max(0, at - startedAt) / 1000;
      for (const { kind, at, label } of happenings) this.#events.push({ t: timeOf(at), kind, label });
      for (const report of reports) {
        for (const { startedAt: at, milliseconds, kind } of report.gc.longest) {
          this.#pauses.push({ t: timeOf(at), milliseconds, kind });
        }
        this.#counts.scanned += report.counts.scanned;
        this.#counts.received += report.counts.received;
        this.#counts.refused += report.counts.refused;
        this.#counts.changes += report.counts.changes;
        this.#operations += report.operations;
        this.#failed += report.failed;
        this.#hits += report.hits;
        this.#misses += report.misses;
      }
      this.#workerMemory = reports.map(({ memory }) => memory);
      this.#noteRate(phase, reports, seconds);
      this.#addRoles(phase, reports, seconds);
    }
    return seconds;
  }

  /** The subject's memory after the throughput pass: of the shared part, or what the workers hold between them. */
  addMemory(shared: MemoryUse): void {
    const own = this.#workerMemory.filter((use) => use !== null);
    const sum = (pick: (use: MemoryUse) => number | null) =>
      own.length === 0
        ? null
        : own.reduce<number | null>((total, use) => {
            const bytes = pick(use);
            return total === null || bytes === null ? null : total + bytes;
          }, 0);
    const usedBytes = shared.usedBytes ?? sum((use) => use.usedBytes);
    const capacityBytes = shared.capacityBytes ?? sum((use) => use.capacityBytes);
    this.#memory = {
      rssBytes: process.memoryUsage.rss(),
      usedBytes,
      capacityBytes,
      utilisation: usedBytes !== null && capacityBytes ? usedBytes / capacityBytes : null,
      ...(shared.bySizeClass ? { bySizeClass: shared.bySizeClass.map((one) => ({ ...one })) } : {}),
    };
  }

  /** Latencies by operation. Open loop: from the intended start under the plain name, from the actual start beside it. */
  addLatencies(collector: LatencyCollector): void {
    const all = new Map<string, Histogram>();
    for (const [slot, { kind, label: number }] of this.#slots.entries()) {
      const { name, role } = this.#workload.labels[number];
      const operation = STREAM_OPERATIONS[kind];
      const intended = collector.total(slot, "intended");
      const actual = collector.total(slot, "actual");
      const open = intended.count > 0;
      if (!open && actual.count === 0) continue;
      const [first, beside] = open ? [intended, actual] : [actual, null];
      merge(all, latencyName(operation, name), first);
      if (beside !== null) merge(all, fromActualStart(operation, name), beside);
      if (role === null) continue;
      const own = this.#roleOf(role).latencies;
      merge(own, operation, first);
      if (beside !== null) merge(own, fromActualStart(operation), beside);
    }
    for (const [name, histogram] of all) this.#addLatency(name, histogram);
  }

  #roleOf(name: string): RoleTotal {
    let total = this.#roles.get(name);
    if (total === undefined) {
      total = { operations: 0, seconds: 0, latencies: new Map() };
      this.#roles.set(name, total);
    }
    return total;
  }

  /** A role's rate is over the phases that have it: in the others its agents do nothing or something else. */
  #addRoles(phase: WorkloadPhase, reports: readonly PassReport[], seconds: number): void {
    const { labels } = this.#workload;
    for (const role of new Set(rolesIn(phase, labels))) {
      const total = this.#roleOf(role);
      total.seconds += seconds;
      for (const { byLabel } of reports) {
        for (const [number, count] of byLabel.entries()) if (labels[number].role === role) total.operations += count;
      }
    }
  }

  #allRoles(): RunRole[] {
    return [...this.#roles].map(([name, { operations, seconds, latencies }]) => ({
      name,
      ops: operations,
      opsPerSecond: seconds === 0 ? 0 : operations / seconds,
      latency: Object.fromEntries(
        [...latencies].map(([operation, histogram]) => {
          // The spectrum is drawn of all roles together.
          const { spectrum: _, ...figures } = this.#sampled(histogram);
          return [operation, figures];
        }),
      ),
    }));
  }

  #addLatency(name: string, histogram: Histogram): void {
    this.#latency[name] = this.#sampled(histogram);
    this.#histograms.set(name, histogram);
  }

  /** Of every latency that the run names, whole: what an export draws on. */
  histograms(): NamedHistogram[] {
    return [...this.#histograms].map(([name, histogram]) => ({
      name,
      pairs: histogram.toPairs(),
      max: histogram.max,
    }));
  }

  toRun(): Run {
    // The no-op subject answers every look-up: no ratio of its is one.
    const lookups = this.#subject.name === "noop" ? 0 : this.#hits + this.#misses;
    const cost = this.#costRecord();
    if (this.#gc.batchesTouched > 0) {
      this.note(
        `garbage collection touched ${this.#gc.batchesTouched} of ${this.#gc.batches} batches; they are counted`,
      );
    }
    this.#noteFailures();
    this.#noteCounts();
    const events = this.#allEvents();
    return {
      scenario: this.#workload.scenario.name,
      subject: this.#subject.name,
      workers: this.#workload.crew.workers,
      ops: this.#operations,
      failed: this.#failed,
      attempted: this.#attempted,
      seconds: this.#seconds,
      opsPerSecond: this.#seconds === 0 ? 0 : this.#operations / this.#seconds,
      loop: this.#workload.phases.some(({ rate }) => rate !== null) ? "open" : "closed",
      latency: this.#latency,
      cost,
      hitRatio: lookups === 0 ? null : this.#hits / lookups,
      ...(lookups === 0 ? {} : { hits: this.#hits, misses: this.#misses }),
      memory: this.#memory ?? {
        rssBytes: process.memoryUsage.rss(),
        usedBytes: null,
        capacityBytes: null,
        utilisation: null,
      },
      errors: Object.fromEntries(this.#errors),
      cpu: { ...this.#cpu },
      series: withLatencies(this.#series, this.#sampledSeries, this.#timerFloorNs),
      ...(events.length > 0 ? { events } : {}),
      gc: { count: this.#gc.count, totalMs: this.#gc.totalMs },
      notes: [...this.#notes],
      ...(this.#roles.size > 1 ? { roles: this.#allRoles() } : {}),
    };
  }

  #addCost(cost: CostCounts): void {
    const name = latencyName(cost.name, this.#workload.labels[cost.label].name);
    let total = this.#costs.get(name);
    if (total === undefined) {
      total = { histogram: new Histogram(), operations: 0, noopNs: 0 };
      this.#costs.set(name, total);
    }
    total.histogram.merge(Histogram.fromPairs(cost.pairs, cost.max));
    total.operations += cost.operations;
    total.noopNs = Math.max(total.noopNs, cost.noopNs);
  }

  #costRecord(): Record<string, Latency> {
    const record: Record<string, Latency> = {};
    for (const [name, { histogram, operations, noopNs }] of this.#costs) {
      if (histogram.count === 0) {
        const whole = this.#spoiltBatches > 0 ? " in which nothing failed" : "";
        this.note(`${name}: not one batch of 60 us${whole}, so no cost per operation`);
        continue;
      }
      const scaled = summary(histogram, (units) => units / COST_UNITS_PER_NS);
      // The floor itself is no suspect.
      const suspect = this.#subject.name !== "noop" && scaled.p50 < SUSPECT_FACTOR * noopNs;
      if (suspect) {
        this.note(
          `${name} costs ${scaled.p50.toFixed(1)} ns, the empty loop ${noopNs.toFixed(1)} ns: probably optimised away`,
        );
      }
      record[name] = { mode: "batched", count: operations, ...scaled, ...(suspect ? { suspect } : {}) };
    }
    return record;
  }

  #sampled(histogram: Histogram): Latency {
    const floor = this.#timerFloorNs;
    // The clock's own cost is subtracted already; what is left below it is not known to the ns.
    return { mode: "sampled", count: histogram.count, ...summary(histogram, (ns) => Math.max(ns, floor)), floor };
  }

  #noteRate(phase: WorkloadPhase, reports: readonly PassReport[], seconds: number): void {
    const { rate, rampMs, milliseconds, name } = phase;
    if (rate === null) return;
    // Those that failed have kept up as well; that they failed stands elsewhere.
    const done = reports.reduce((sum, report) => sum + report.operations + report.failed, 0);
    // Told to stop, a phase is shorter than it was meant to be; one that cannot keep up goes on for longer.
    const spanMs = Math.min(milliseconds ?? Number.POSITIVE_INFINITY, seconds * 1000);
    const wanted = (arrivalsBy(rate, spanMs, rampMs) * 1000) / spanMs;
    const reached = done / seconds;
    if (reached < wanted * 0.95) {
      const of = rate.shape === "constant" ? "" : " on average";
      this.note(
        `${name}: ${Math.round(reached)}/s of the ${Math.round(wanted)}/s asked for${of}: the subject cannot keep up`,
      );
    }
  }

  #noteFailures(): void {
    const failures = [...this.#errors.values()].reduce((sum, count) => sum + count, 0);
    if (failures === 0) return;
    this.note(
      `${failures} of ${this.#attempted} operations failed, over all passes: no part of throughput, costs and latencies`,
    );
    if (this.#spoiltBatches > 0) {
      this.note(`${this.#spoiltBatches} batches had failures in them and tell no cost`);
    }
  }

  /** What operations count that are more than one thing each. */
  #noteCounts(): void {
    const { scanned, received, refused, changes } = this.#counts;
    if (scanned > 0) this.note(`scans read ${scanned} entries`);
    if (received > 0) this.note(`${received} messages were taken out of mailboxes`);
    if (refused > 0) this.note(`${refused} messages found a mailbox full and were refused`);
    if (changes > 0) this.note(`watching saw ${changes} changes`);
  }

  /** In order of time; of the pauses the longest. */
  #allEvents(): RunEvent[] {
    const pauses = this.#pauses.sort((a, b) => b.milliseconds - a.milliseconds).slice(0, MARKED_PAUSES);
    const marked = pauses.map(
      ({ t, milliseconds, kind }): RunEvent => ({ t, kind: "gc", label: `${kind}, ${milliseconds.toFixed(1)} ms` }),
    );
    return [...this.#events, ...marked].sort((a, b) => a.t - b.t);
  }
}

/** The roles that have operations in a phase. */
function rolesIn({ streams }: WorkloadPhase, labels: readonly Label[]): string[] {
  const numbers = new Set(streams.flatMap(({ labels: own }) => (own === null ? [] : [...new Set(own)])));
  return [...numbers].sort((a, b) => a - b).flatMap((number) => labels[number].role ?? []);
}

function merge(into: Map<string, Histogram>, name: string, histogram: Histogram): void {
  const total = into.get(name) ?? new Histogram();
  total.merge(histogram);
  into.set(name, total);
}

function summary(histogram: Histogram, scale: (value: number) => number) {
  return {
    mean: scale(histogram.mean),
    p50: scale(histogram.percentile(0.5)),
    p95: scale(histogram.percentile(0.95)),
    p99: scale(histogram.percentile(0.99)),
    p999: scale(histogram.percentile(0.999)),
    max: scale(histogram.max),
    spectrum: histogram.spectrum().map(([quantile, value]): [number, number] => [quantile, scale(value)]),
  };
}

/**
 * The points of a pass that ended at `end`, seconds. The main thread, which takes them, may come late: what it saw after the end
 * happened before it, and the next pass goes on from there.
 */
export function withinPass(points: readonly SeriesPoint[], end: number): SeriesPoint[] {
  const inside = points.filter(({ t }) => t < end);
  const late = points.slice(inside.length);
  if (late.length === 0) return inside;
  return [...inside, { ...late[0], t: end, ops: late.reduce((sum, { ops }) => sum + ops, 0) }];
}

/**
 * Throughput of the batched pass with the latencies of the sampled one beside it, which went through the same phases for the
 * same time: each point takes the sampled latencies nearest in time, within one interval.
 */
function withLatencies(series: readonly SeriesPoint[], sampled: readonly SeriesPoint[], floor: number): SeriesPoint[] {
  let next = 0;
  return series.map((point, index) => {
    if (point.p50 !== undefined && point.p99 !== undefined) {
      return { ...point, p50: Math.max(floor, point.p50), p99: Math.max(floor, point.p99) };
    }
    const interval = point.t - (index === 0 ? 0 : series[index - 1].t);
    while (next + 1 < sampled.length && Math.abs(sampled[next + 1].t - point.t) <= Math.abs(sampled[next].t - point.t))
      next++;
    const near = sampled[next];
    if (near?.p50 === undefined || near.p99 === undefined || Math.abs(near.t - point.t) > interval) return point;
    return { ...point, p50: Math.max(floor, near.p50), p99: Math.max(floor, near.p99) };
  });
}
