/**
 * A monitor: once a second it reads what the store counts anyway, keeps the figures, judges them by the alert rules and tells whoever listens.
 * It runs on one thread, asks nothing of the others and holds nothing of theirs: a worker that dies is a thread less in the next figures.
 *
 * Each tick covers the time since the last one, however long that was: an event loop that was blocked makes one long interval, not a
 * gap and not a burst. Timers keep no process alive.
 */
import { EventEmitter } from "node:events";
import type { Histogram } from "../metrics/index.js";
import { beforeClose, monotonicNow, reportsOf, type Store, type StoreStats, sampledOf } from "../store/index.js";
import { type AlertState, Alerts } from "./alerts.js";
import { type Figures, figuresOf } from "./figures.js";
import { HistoryFile, keep } from "./history-file.js";
import { type Interval, keptLatencies } from "./interval.js";
import { LatencyWindow } from "./latency-window.js";
import { NamespaceUsages } from "./namespace-usage.js";
import { untilNextTick } from "./next-tick.js";
import { type CheckedMonitor, checkMonitor, type MonitorOptions } from "./options.js";
import { type Grain, KEPT, RollUp } from "./roll-up.js";
import { type MonitorServer, serve } from "./server.js";
import type { MonitorSnapshot } from "./snapshot.js";

interface MonitorEvents {
  tick: [Interval];
  /** A breach has lasted long enough, or has become another severity. */
  alert: [AlertState];
  /** It has ended. */
  clear: [AlertState];
  /** The history file can be written no longer, or again (null). */
  problem: [string | null];
}

/** Made by `store.monitor()`: looks at the store every so often, judges what it sees, keeps history and serves it. Closed with the store. */
export class Monitor extends EventEmitter<MonitorEvents> implements AsyncDisposable {
  private readonly alerts: Alerts;
  private readonly rollUp = new RollUp();
  private readonly namespaces: NamespaceUsages;
  private readonly file: HistoryFile | null;
  private readonly kept: Record<Grain, Interval[]>;
  private before: StoreStats;
  private sampledBefore: ReadonlyMap<string, Histogram> | null;
  private readonly window = new LatencyWindow();
  private latest: Figures | null = null;
  private problem: string | null = null;
  private timer: NodeJS.Timeout | null = null;
  private server: MonitorServer | null = null;
  /** Takes back that the store's end is the monitor's. */
  private stayOpen: () => void = () => {};

  private constructor(
    private readonly store: Store,
    private readonly checked: CheckedMonitor,
  ) {
    super();
    this.alerts = new Alerts(checked.rules);
    this.namespaces = new NamespaceUsages(store);
    this.before = store.stats();
    this.sampledBefore = sampledOf(store);
    // last: what fails after it would leave the file taken
    this.file = checked.history === null ? null : HistoryFile.open(checked.history, Date.now());
    this.kept = this.file?.history.intervals ?? { tick: [], minute: [], hour: [] };
    this.problem = this.file?.damage ?? null;
  }

  /**
   * Starts monitoring.
   *
   * @throws InvalidArgumentError for an option out of bounds, a history file that is none, or a port that is taken
   */
  static async start(store: Store, options: MonitorOptions = {}): Promise<Monitor> {
    const monitor = new Monitor(store, checkMonitor(options));
    const { listen } = monitor.checked;
    try {
      if (listen !== null) monitor.server = await serve(monitor, listen);
    } catch (error) {
      monitor.file?.close();
      throw error;
    }
    monitor.stayOpen = beforeClose(store, () => monitor.close());
    monitor.schedule();
    return monitor;
  }

  /** Where the page is; null when nothing is served. */
  get url(): string | null {
    return this.server?.url ?? null;
  }

  /** All that is known now. */
  snapshot(): MonitorSnapshot {
    return {
      at: Date.now(),
      every: this.checked.every,
      figures: this.latest,
      alerts: this.alerts.states(),
      stats: this.store.stats(),
      health: this.store.health(),
      namespaces: this.namespaces.read(),
      latencies: this.store.latencies(),
      reports: reportsOf(this.store),
      historyProblem: this.problem,
    };
  }

  /** What is kept, oldest first: seconds of the last hour, minutes of the last day, hours of the last year. */
  history(grain: Grain = "tick"): readonly Interval[] {
    return this.kept[grain].slice(-KEPT[grain]);
  }

  /** The store's counters, now. */
  stats(): StoreStats {
    return this.store.stats();
  }

  /** All sampled latencies so far: what `/metrics` shows. */
  sampled(): ReadonlyMap<string, Histogram> {
    return sampledOf(this.store) ?? new Map();
  }

  /** Stops: no tick comes any more, readers are told, the port is free again. The store stays open. */
  async close(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.stayOpen();
    const { server } = this;
    this.server = null;
    this.file?.close();
    await server?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private schedule(): void {
    this.timer = setTimeout(
      () => {
        this.schedule(); // first: a listener that throws ends no monitor
        this.tick();
      },
      untilNextTick(monotonicNow(), this.checked.every),
    );
    this.timer.unref();
  }

  private tick(): void {
    const stats = this.store.stats();
    const sampled = sampledOf(this.store);
    const latencies = keptLatencies(since(this.sampledBefore, sampled));
    const ms = stats.uptimeMs - this.before.uptimeMs;
    this.window.add(latencies, ms);
    const figures = figuresOf(this.before, stats, this.window.merged());
    const interval: Interval = { at: Date.now(), ms, figures, latencies };
    this.before = stats;
    this.sampledBefore = sampled;
    this.latest = figures;
    this.keep(interval);
    const changed = this.alerts.judge(figures, monotonicNow());
    this.emit("tick", interval);
    for (const state of changed) this.act(state);
  }

  private keep(interval: Interval): void {
    const closed = this.rollUp.add(interval);
    if (this.file === null) {
      for (const [grain, one] of closed) keep(this.kept[grain], one, KEPT[grain]);
      return;
    }
    try {
      this.file.append(closed);
      this.say(this.file.damage);
    } catch (error) {
      this.say(`the history ${this.checked.history} cannot be written: ${(error as Error).message}`);
    }
  }

  /** Says a problem once, and once that it is over. */
  private say(problem: string | null): void {
    if (problem === this.problem) return;
    this.problem = problem;
    this.emit("problem", problem);
  }

  private act(state: AlertState): void {
    const ended = state.severity === "ok";
    const { rule, value } = state;
    if (rule.actions.includes("log")) {
      const what = ended ? "ended" : state.severity;
      process.stderr.write(`engram: alert ${rule.name} ${what}: ${rule.figure} is ${value}\n`);
    }
    if (rule.actions.includes("evict") && !ended) this.store.maintain();
    this.emit(ended ? "clear" : "alert", state);
  }
}

function since(
  before: ReadonlyMap<string, Histogram> | null,
  after: ReadonlyMap<string, Histogram> | null,
): Map<string, Histogram> {
  const difference = new Map<string, Histogram>();
  for (const [operation, histogram] of after ?? []) {
    const earlier = before?.get(operation);
    difference.set(operation, earlier === undefined ? histogram : histogram.since(earlier));
  }
  return difference;
}
