/**
 * A monitor shown by another process than the one that has the store: what it tells at each tick as it travels, and what serves that here.
 * The store may be followed by others, as those of a run's passes are: their figures are one history.
 */
import { EventEmitter } from "node:events";
import { EngramError } from "../../src/errors.js";
import { Histogram } from "../../src/metrics/index.js";
import {
  type Grain,
  type Interval,
  KEPT,
  keep,
  type Monitor,
  type MonitorSnapshot,
  type Served,
} from "../../src/monitor/index.js";

type Counts = readonly [operation: string, pairs: [number, number][], max: number];

/** One tick; structured-cloneable. */
export interface RelayedTick {
  /** What the store is of, for readers. */
  readonly title: string;
  readonly interval: Omit<Interval, "latencies"> & { readonly latencies: readonly Counts[] };
  readonly snapshot: MonitorSnapshot;
  readonly sampled: readonly Counts[];
}

/** Has each tick of a monitor sent, until the monitor is closed. */
export function relay(monitor: Monitor, title: string, send: (tick: RelayedTick) => void): void {
  monitor.on("tick", ({ latencies, ...interval }) => {
    send({
      title,
      interval: { ...interval, latencies: countsOf(latencies) },
      snapshot: monitor.snapshot(),
      sampled: countsOf(monitor.sampled()),
    });
  });
}

function countsOf(latencies: Interval["latencies"]): Counts[] {
  return [...latencies].map(([operation, histogram]) => [operation, histogram.toPairs(), histogram.max]);
}

function histogramsOf(counts: readonly Counts[]): Map<string, Histogram> {
  return new Map(counts.map(([operation, pairs, max]) => [operation, Histogram.fromPairs(pairs, max)]));
}

/** What is known here of a monitor elsewhere: for a server. */
export class RelayedMonitor extends EventEmitter<{ tick: [Interval] }> implements Served {
  private latest: RelayedTick | null = null;
  private readonly ticks: Interval[] = [];

  hear(tick: RelayedTick): void {
    this.latest = tick;
    const interval = { ...tick.interval, latencies: histogramsOf(tick.interval.latencies) };
    // the histograms have been merged into the figures: no page asks for them
    keep(this.ticks, { ...interval, latencies: new Map() }, KEPT.tick);
    this.emit("tick", interval);
  }

  snapshot(): MonitorSnapshot | null {
    return this.latest === null ? null : { ...this.latest.snapshot, title: this.latest.title };
  }

  stats(): MonitorSnapshot["stats"] {
    return this.known().snapshot.stats;
  }

  sampled(): ReadonlyMap<string, Histogram> {
    return histogramsOf(this.known().sampled);
  }

  history(grain: Grain = "tick"): readonly Interval[] {
    return grain === "tick" ? this.ticks.slice(-KEPT.tick) : [];
  }

  private known(): RelayedTick {
    if (this.latest === null) throw new EngramError("NO_STORE", "there has been no store yet");
    return this.latest;
  }
}
