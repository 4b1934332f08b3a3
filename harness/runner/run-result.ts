/** Gathers what the passes of one run reported into the run of results.json. */

import { type LatencyKey, latencyName } from "../../reports/latency-names.js";
import type { Latency, Run, RunEvent, RunPhase, RunRole, SeriesPoint } from "../../reports/results.js";
import { Histogram } from "../../src/metrics/index.js";
import { arrivalsBy, arrivalTime, STREAM_OPERATIONS } from "../../workloads/index.js";
import { COST_UNITS_PER_NS } from "../measure/index.js";
import type { MemoryUse, Subject } from "../subjects/index.js";
import type { CpuTime } from "./cpu-time.js";
import { doubtAboutLoad, doubtsAbout } from "./doubts.js";
import type { Happening } from "./happenings.js";
import type { LatencySlot } from "./latency-slots.js";
import type { CostCounts, NamedHistogram, PassReport } from "./messages.js";
import { PhaseTotal, type Wanted } from "./phase-total.js";
import type { LatencyCollector } from "./sampler.js";
import type { Label, Workload, WorkloadPhase } from "./workload.js";

/** Pauses marked in the series, the longest: more would hide it. */
const MARKED_PAUSES = 100;

/** A cost this near to that of the empty loop means that the operation was optimised away. */
const SUSPECT_FACTOR = 1.4;

interface CostTotal {
  readonly key: LatencyKey;
  readonly histogram: Histogram;
  operations: number;
  noopNs: number;
}

interface LatencyTotal {
  readonly key: LatencyKey;
  readonly histogram: Histogram;
}

/** A role within one phase: in another its agents do something else, or the same under another load. */
interface RoleTotal {
  readonly name: string;
  readonly phase: string;
  operations: number;
  seconds: number;
  readonly latencies: Map<string, LatencyTotal>;
}

export class RunResult {
  readonly #workload: Workload;
  readonly #subject: Subject;
  readonly #slots: readonly LatencySlot[];
  readonly #timerFloorNs: number;
  readonly #notes = new Set<string>();
  readonly #errors = new Map<string, number>();
  readonly #costs = new Map<string, CostTotal>();
  readonly #latencies = new Map<string, LatencyTotal>();
  readonly #phases = new Map<string, PhaseTotal>();
  readonly #roles = new Map<string, RoleTotal>();
  readonly #doubts = new Set<string>();
  /** Of each phase of the throughput pass, from where it began. */
  readonly #series: { phase: WorkloadPhase; offset: number; points: SeriesPoint[] }[] = [];
  /** Of its sampled pass, from its beginning. */
  readonly #sampledSeries = new Map<WorkloadPhase, SeriesPoint[]>();
  readonly #events: RunEvent[] = [];
  readonly #pauses: Array<{ t: number; milliseconds: number; kind: string }> = [];
  readonly #counts = { scanned: 0, received: 0, refused: 0, changes: 0 };
  readonly #gc = { count: 0, totalMs: 0, batchesTouched: 0, batches: 0 };
  #memory: Run["memory"] | undefined;
  #workerMemory: Array<MemoryUse | null> = [];
  readonly #cpu = { userMs: 0, systemMs: 0 };
  /** Of all passes, loading included: among these are the errors. */
  #attempted = 0;
  #spoiltBatches = 0;
  #seconds = 0;
  #others = 0;

  constructor(workload: Workload, subject: Subject, slots: readonly LatencySlot[], timerFloorNs: number) {
    this.#workload = workload;
    this.#subject = subject;
    this.#slots = slots;
    this.#timerFloorNs = timerFloorNs;
  }

  note(...notes: readonly string[]): void {
    for (const note of notes) this.#notes.add(note);
  }

  /** Something that makes the figures worthless. */
  doubt(...doubts: readonly string[]): void {
    for (const doubt of doubts) this.#doubts.add(doubt);
  }

  /** Processors that other processes took during a pass. */
  addOthers(processors: number): void {
    this.#others = Math.max(this.#others, processors);
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
    const paused = reports.reduce((sum, { pausedMs }) => sum + pausedMs, 0) / reports.length;
    const seconds = (Math.max(...reports.map(({ endedAt }) => endedAt)) - startedAt - paused) / 1000;
    for (const report of reports) {
      this.addErrors(report.errors, report.operations + report.failed);
      this.#spoiltBatches += report.spoiltBatches;
      for (const cost of report.costs) this.#addCost(cost, phase);
      this.#gc.count += report.gc.count;
      this.#gc.totalMs += report.gc.totalMs;
      this.#gc.batchesTouched += report.gc.batchesTouched;
      this.#gc.batches += report.gc.batches;
    }
    const own = withinPass(points, offset + seconds);
    if (pass === "sampled")
      this.#sampledSeries.set(
        phase,
        own.map((point) => ({ ...point, t: point.t - offset })),
      );
    if (pass === "throughput") {
      this.#seconds += seconds;
      this.#series.push({ phase, offset, points: own });
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
      }
      this.#workerMemory = reports.map(({ memory }) => memory);
      this.#noteRate(phase, reports, seconds);
      const slices = own.map(({ t, ops }) => ({ t: t - offset, ops }));
      this.#phaseOf(phase).add(reports, seconds, slices, wantedIn(phase, seconds));
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

  /**
   * Latencies that were recorded in one pass over a phase. Of an open loop those from the intended start go by the plain name, those from
   * the actual start beside it.
   */
  addLatencies(phase: WorkloadPhase, collector: LatencyCollector): void {
    const open = phase.rate !== null;
    for (const [slot, { kind, label: number }] of this.#slots.entries()) {
      const { name: label, role } = this.#workload.labels[number];
      for (const clock of open ? (["intended", "actual"] as const) : (["actual"] as const)) {
        const histogram = collector.total(slot, clock);
        if (histogram.count === 0) continue;
        const key: LatencyKey = { ...this.#keyOf(STREAM_OPERATIONS[kind], label, phase), from: open ? clock : null };
        merge(this.#latencies, key, histogram);
        // A role says in its own name what its label and its phase are.
        if (role !== null) merge(this.#roleOf(role, phase).latencies, { ...key, label: null, phase: null }, histogram);
      }
    }
  }

  #keyOf(operation: string, label: string | null, { name }: WorkloadPhase): Omit<LatencyKey, "from"> {
    return { operation, label, phase: this.#workload.namesPhases ? name : null };
  }

  #phaseOf(phase: WorkloadPhase): PhaseTotal {
    let total = this.#phases.get(phase.name);
    if (total === undefined) {
      total = new PhaseTotal(phase);
      this.#phases.set(phase.name, total);
    }
    return total;
  }

  #roleOf(name: string, phase: WorkloadPhase): RoleTotal {
    const key = JSON.stringify([name, phase.name]);
    let total = this.#roles.get(key);
    if (total === undefined) {
      total = { name, phase: phase.name, operations: 0, seconds: 0, latencies: new Map() };
      this.#roles.set(key, total);
    }
    return total;
  }

  #addRoles(phase: WorkloadPhase, reports: readonly PassReport[], seconds: number): void {
    const { labels } = this.#workload;
    for (const role of new Set(rolesIn(phase, labels))) {
      const total = this.#roleOf(role, phase);
      total.seconds += seconds;
      for (const { byLabel } of reports) {
        for (const [number, count] of byLabel.entries()) if (labels[number].role === role) total.operations += count;
      }
    }
  }

  #allRoles(): RunRole[] {
    return [...this.#roles.values()].map(({ name, phase, operations, seconds, latencies }) => ({
      name,
      ...(this.#workload.namesPhases ? { phase } : {}),
      ops: operations,
      opsPerSecond: seconds === 0 ? 0 : operations / seconds,
      latency: Object.fromEntries(
        [...latencies].map(([operation, total]) => {
          // The spectrum is drawn of all roles together.
          const { spectrum: _, ...figures } = this.#sampled(total);
          return [operation, figures];
        }),
      ),
    }));
  }

  /** Phase after phase: those of an open loop are recorded in an earlier pass than the others. */
  #inOrder(): [string, LatencyTotal][] {
    const names = [...this.#phases.keys()];
    const place = ({ key }: LatencyTotal) => (key.phase === null ? 0 : names.indexOf(key.phase));
    return [...this.#latencies].sort(([, one], [, other]) => place(one) - place(other));
  }

  /** Of every latency that the run names, whole: what an export draws on. */
  histograms(): NamedHistogram[] {
    return this.#inOrder().map(([name, { histogram }]) => ({
      name,
      pairs: histogram.toPairs(),
      max: histogram.max,
    }));
  }

  toRun(): Run {
    // The no-op subject answers every look-up: no ratio of its is one.
    const looksUp = this.#subject.name !== "noop";
    const totals = [...this.#phases.values()];
    const phases = totals.map((total) => total.toPhase(looksUp));
    const sum = (pick: (phase: RunPhase) => number) => phases.reduce((all, phase) => all + pick(phase), 0);
    const [ops, hits, misses] = [sum((one) => one.ops), sum((one) => one.hits), sum((one) => one.misses)];
    const loops = new Set(phases.map((one) => one.loop));
    const loop = loops.size > 1 ? "mixed" : ([...loops][0] ?? "closed");
    const cost = this.#costRecord();
    if (this.#gc.batchesTouched > 0) {
      this.note(
        `garbage collection touched ${this.#gc.batchesTouched} of ${this.#gc.batches} batches; they are counted`,
      );
    }
    this.#noteFailures();
    this.#noteCounts();
    this.doubt(
      ...doubtAboutLoad(this.#others),
      ...totals.flatMap((total) => doubtsAbout(total, this.#workload.namesPhases)),
    );
    const events = this.#allEvents();
    const [only] = phases;
    return {
      scenario: this.#workload.scenario.name,
      subject: this.#subject.name,
      workers: this.#workload.assignment.workers,
      ops,
      failed: sum((one) => one.failed),
      attempted: this.#attempted,
      seconds: this.#seconds,
      opsPerSecond: loop === "mixed" ? null : this.#seconds === 0 ? 0 : ops / this.#seconds,
      loop,
      ...(!this.#workload.namesPhases && only?.rate ? { rate: only.rate } : {}),
      ...(this.#workload.namesPhases && phases.length > 0 ? { phases } : {}),
      latency: Object.fromEntries(this.#inOrder().map(([name, total]) => [name, this.#sampled(total)])),
      cost,
      hitRatio: hits + misses === 0 ? null : hits / (hits + misses),
      ...(hits + misses === 0 ? {} : { hits, misses }),
      memory: this.#memory ?? {
        rssBytes: process.memoryUsage.rss(),
        usedBytes: null,
        capacityBytes: null,
        utilisation: null,
      },
      errors: Object.fromEntries(this.#errors),
      cpu: { ...this.#cpu },
      series: this.#wholeSeries(),
      ...(events.length > 0 ? { events } : {}),
      gc: { count: this.#gc.count, totalMs: this.#gc.totalMs },
      notes: [...this.#notes],
      ...(this.#doubts.size > 0 ? { doubts: [...this.#doubts] } : {}),
      ...(this.#workload.leftOut === null ? {} : { leftOut: this.#workload.leftOut }),
      ...(new Set([...this.#roles.values()].map(({ name }) => name)).size > 1 ? { roles: this.#allRoles() } : {}),
    };
  }

  /** Phase by phase: in the sampled pass those of an open loop are left out, so that its times are not the run's. */
  #wholeSeries(): SeriesPoint[] {
    return this.#series.flatMap(({ phase, offset, points }) => {
      const sampled = (this.#sampledSeries.get(phase) ?? []).map((point) => ({ ...point, t: point.t + offset }));
      return withLatencies(points, sampled, this.#timerFloorNs, offset);
    });
  }

  #addCost(cost: CostCounts, phase: WorkloadPhase): void {
    const key = { ...this.#keyOf(cost.name, this.#workload.labels[cost.label].name, phase), from: null };
    const name = latencyName(key);
    let total = this.#costs.get(name);
    if (total === undefined) {
      total = { key, histogram: new Histogram(), operations: 0, noopNs: 0 };
      this.#costs.set(name, total);
    }
    total.histogram.merge(Histogram.fromPairs(cost.pairs, cost.max));
    total.operations += cost.operations;
    total.noopNs = Math.max(total.noopNs, cost.noopNs);
  }

  #costRecord(): Record<string, Latency> {
    const record: Record<string, Latency> = {};
    for (const [name, { key, histogram, operations, noopNs }] of this.#costs) {
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
      record[name] = {
        ...{ mode: "batched", count: operations, ...scaled, ...belongs(key) },
        ...(suspect ? { suspect } : {}),
      };
    }
    return record;
  }

  #sampled({ key, histogram }: LatencyTotal): Latency {
    const floor = this.#timerFloorNs;
    // The clock's own cost is subtracted already; what is left below it is not known to the ns.
    const figures = summary(histogram, (ns) => Math.max(ns, floor));
    return { mode: "sampled", count: histogram.count, ...figures, floor, ...belongs(key) };
  }

  #noteRate(phase: WorkloadPhase, reports: readonly PassReport[], seconds: number): void {
    const { rate, name } = phase;
    const due = wantedIn(phase, seconds);
    if (rate === null || due === null || due.seconds === 0) return;
    // Those that failed have kept up as well; that they failed stands elsewhere.
    const reached = reports.reduce((sum, report) => sum + report.operations + report.failed, 0) / seconds;
    const wanted = due.operations / due.seconds;
    if (reached < wanted * 0.95) {
      const of = rate.shape === "constant" ? "" : " on average";
      this.note(
        `${name}: ${significantly(reached)}/s of the ${significantly(wanted)}/s asked for${of}: the subject cannot keep up`,
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

/** What an open loop was to do in a phase that took so long; null: closed loop. */
function wantedIn({ rate, rampMs, milliseconds, operations }: WorkloadPhase, seconds: number): Wanted | null {
  if (rate === null) return null;
  // Told to stop, a phase is shorter than it was meant to be; one that cannot keep up goes on for longer, and nothing is due then.
  const spanMs = Math.min(milliseconds ?? Number.POSITIVE_INFINITY, seconds * 1000);
  const due = arrivalsBy(rate, spanMs, rampMs);
  if (operations === null || operations >= due) return { operations: due, seconds: spanMs / 1000 };
  return { operations, seconds: arrivalTime(rate, operations, rampMs) / 1000 };
}

/** A rate for a sentence: whole where it is large, to three digits where it is not. */
function significantly(rate: number): string {
  return rate >= 100 ? String(Math.round(rate)) : String(Number(rate.toPrecision(3)));
}

/** What a latency belongs to, as the results keep it. */
function belongs({ operation, label, phase, from }: LatencyKey) {
  return {
    operation,
    ...(label === null ? {} : { label }),
    ...(phase === null ? {} : { phase }),
    ...(from === null ? {} : { from }),
  };
}

function merge(into: Map<string, LatencyTotal>, key: LatencyKey, histogram: Histogram): void {
  const name = latencyName(key);
  let total = into.get(name);
  if (total === undefined) {
    total = { key, histogram: new Histogram() };
    into.set(name, total);
  }
  total.histogram.merge(histogram);
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
 * Throughput of the batched pass with the latencies of the sampled one beside it, which went through the same phase for the
 * same time: each point takes the sampled latencies nearest in time, within one interval.
 */
function withLatencies(
  series: readonly SeriesPoint[],
  sampled: readonly SeriesPoint[],
  floor: number,
  start: number,
): SeriesPoint[] {
  let next = 0;
  return series.map((point, index) => {
    if (point.p50 !== undefined && point.p99 !== undefined) {
      return { ...point, p50: Math.max(floor, point.p50), p99: Math.max(floor, point.p99) };
    }
    const interval = point.t - (index === 0 ? start : series[index - 1].t);
    while (next + 1 < sampled.length && Math.abs(sampled[next + 1].t - point.t) <= Math.abs(sampled[next].t - point.t))
      next++;
    const near = sampled[next];
    if (near?.p50 === undefined || near.p99 === undefined || Math.abs(near.t - point.t) > interval) return point;
    return { ...point, p50: Math.max(floor, near.p50), p99: Math.max(floor, near.p99) };
  });
}
