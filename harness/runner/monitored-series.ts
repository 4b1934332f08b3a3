/** What a monitor told of a run's measured part, no longer than a figure can show: it is joined to coarser intervals as it grows. */
import type { Run } from "../../reports/results.js";
import { FIGURE_NAMES, type Interval, joinIntervals } from "../../src/monitor/index.js";
import type { PassName } from "./messages.js";

/** Points of a series in results. */
export const MOST_POINTS = 300;
/** Passes in which a run is measured as a whole. */
const MEASURED: readonly PassName[] = ["throughput", "open"];
/** Digits that are kept of a figure, as in a history. */
const DIGITS = 6;

export class MonitoredSeries {
  private closed: Interval[] = [];
  private open: Interval[] = [];
  /** Intervals in one. */
  private stride = 1;

  hear(pass: PassName, interval: Interval): void {
    if (!MEASURED.includes(pass)) return;
    this.open.push(interval);
    if (this.open.length < this.stride) return;
    this.closed.push(joined(this.open));
    this.open = [];
    if (this.closed.length < MOST_POINTS) return;
    this.closed = pairs(this.closed).map(joined);
    this.stride *= 2;
  }

  /** For results; undefined: nothing was told. `t` is the time watched, since each pass has a store of its own. */
  toResults(): Run["monitored"] {
    const intervals = this.open.length > 0 ? [...this.closed, joined(this.open)] : this.closed;
    if (intervals.length === 0) return undefined;
    const figures = FIGURE_NAMES.filter((name) => intervals.some((one) => one.figures[name] !== null));
    let ms = 0;
    const points = intervals.map((one) => {
      ms += one.ms;
      return { t: ms / 1000, values: figures.map((name) => rounded(one.figures[name])) };
    });
    return { figures, points };
  }
}

function joined(intervals: readonly Interval[]): Interval {
  return intervals.length === 1 ? intervals[0] : joinIntervals(intervals);
}

function pairs(intervals: readonly Interval[]): Interval[][] {
  return Array.from({ length: Math.ceil(intervals.length / 2) }, (_, i) => intervals.slice(2 * i, 2 * i + 2));
}

function rounded(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : Number(value.toPrecision(DIGITS));
}
