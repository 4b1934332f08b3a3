/** What happens while a pass runs, seen from outside: operations and latencies by interval, progress. */
import type { SeriesPoint } from "../../reports/results.js";
import { Histogram, type HistogramReader } from "../../src/metrics/index.js";
import { CLOCKS, type Clock, type ControlBlock } from "./control-block.js";

/** Drains the workers' histograms, by slot and clock. */
export class LatencyCollector {
  readonly #readers: Array<{ slot: number; clock: Clock; reader: HistogramReader }> = [];
  readonly #totals = new Map<string, Histogram>();

  constructor(control: ControlBlock) {
    for (let worker = 0; worker < control.workers; worker++) {
      for (let slot = 0; slot < control.slots; slot++) {
        for (const clock of CLOCKS) this.#readers.push({ slot, clock, reader: control.reader(worker, slot, clock) });
      }
    }
  }

  /** Takes what was recorded so far; returns the part seen from the clock that counts, for a point of the time series. */
  drain(clock: Clock, stopped: boolean): Histogram {
    const interval = new Histogram();
    for (const { slot, clock: own, reader } of this.#readers) {
      const part = new Histogram();
      if (stopped) reader.drainStopped(part);
      else if (!reader.drain(part)) continue;
      if (part.count === 0) continue;
      this.total(slot, own).merge(part);
      if (own === clock) interval.merge(part);
    }
    return interval;
  }

  total(slot: number, clock: Clock): Histogram {
    const key = `${slot} ${clock}`;
    let histogram = this.#totals.get(key);
    if (histogram === undefined) {
      histogram = new Histogram();
      this.#totals.set(key, histogram);
    }
    return histogram;
  }
}

/**
 * Points of a time series while a pass runs. An interval's operations are those the workers reported during it; its latencies
 * those drained at its end, which a worker may have recorded one interval earlier.
 */
export class SeriesSampler {
  readonly points: SeriesPoint[] = [];
  readonly #control: ControlBlock;
  readonly #collector: LatencyCollector | null;
  readonly #clock: Clock;
  readonly #offset: number;
  readonly #last: Uint32Array;
  #startedAt = 0;
  #lastAt = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param offset seconds measured before this pass: points go on from there. */
  constructor(control: ControlBlock, collector: LatencyCollector | null, clock: Clock, offset: number) {
    this.#control = control;
    this.#collector = collector;
    this.#clock = clock;
    this.#offset = offset;
    this.#last = new Uint32Array(control.workers);
  }

  start(intervalMs: number, onTick: (elapsedMs: number) => void): void {
    this.#startedAt = performance.now();
    this.#lastAt = this.#startedAt;
    this.#timer = setInterval(() => {
      this.#point(false);
      onTick(performance.now() - this.#startedAt);
    }, intervalMs);
  }

  /** To be called when all workers have ended the pass. */
  stop(): void {
    clearInterval(this.#timer);
    this.#point(true);
  }

  #point(stopped: boolean): void {
    const now = performance.now();
    let operations = 0;
    for (let worker = 0; worker < this.#control.workers; worker++) {
      const done = Atomics.load(this.#control.operations(worker), 0);
      // Counters are modulo 2^32, so is the difference. A worker sets its own back to 0 when a pass starts.
      operations += done >= this.#last[worker] ? done - this.#last[worker] : done;
      this.#last[worker] = done;
    }
    const latencies = this.#collector?.drain(this.#clock, stopped);
    const seconds = (now - this.#lastAt) / 1000;
    this.#lastAt = now;
    // A sliver at the end would show as a wild rate.
    if (seconds < 0.005) return;
    this.points.push({
      t: this.#offset + (now - this.#startedAt) / 1000,
      ops: operations,
      ...(latencies !== undefined && latencies.count > 0
        ? { p50: latencies.percentile(0.5), p99: latencies.percentile(0.99) }
        : {}),
    });
  }
}
