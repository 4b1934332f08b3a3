/**
 * A history as one evenly spaced series: each stretch of time from the finest grain that still has it, joined into bins that are as wide as the
 * coarsest of them, and no more than a trend needs.
 */
import {
  FIGURE_NAMES,
  type FigureName,
  type Figures,
  type History,
  type Interval,
  joinIntervals,
} from "../../src/monitor/index.js";

export interface Bins {
  /** ms. */
  readonly width: number;
  readonly bins: readonly Bin[];
}

export interface Bin {
  /** Unix time of its middle, ms. */
  readonly at: number;
  readonly figures: Figures;
  /** Of the intervals in it; the same as `figures` where there is one. */
  readonly highest: Figures;
  readonly lowest: Figures;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
const WIDTHS = [SECOND, 10 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY] as const;
/** Slopes between all pairs are taken: quadratic. */
const MOST_BINS = 400;
/** With so many days a day is a point: what a store does has the day's own ups and downs. */
const DAYS_FROM = 20;
/** A bin of which less is known is none: the first and the last one. */
const KNOWN_FROM = 0.5;

export function binsOf(histories: readonly History[]): Bins {
  const intervals = withoutOverlap(histories);
  if (intervals.length === 0) return { width: SECOND, bins: [] };
  const width = widthFor(intervals);
  const groups = new Map<number, Interval[]>();
  for (const interval of intervals) {
    const number = Math.floor((interval.at - interval.ms / 2) / width);
    const group = groups.get(number);
    if (group === undefined) groups.set(number, [interval]);
    else group.push(interval);
  }
  const bins = [...groups]
    .filter(([, group]) => group.reduce((sum, { ms }) => sum + ms, 0) >= KNOWN_FROM * width)
    .sort(([a], [b]) => a - b)
    .map(([number, group]) => ({
      at: (number + 0.5) * width,
      // Joined, percentiles come from the histograms alone, and an interval by itself knows its own.
      figures: (group.length === 1 ? group[0] : joinIntervals(group)).figures,
      highest: extreme(group, Math.max),
      lowest: extreme(group, Math.min),
    }));
  return { width, bins };
}

/** In order of time: ticks, before them minutes, before those hours; of several files whichever has it. */
function withoutOverlap(histories: readonly History[]): Interval[] {
  const kept = histories.flatMap(({ intervals: { tick, minute, hour } }) => {
    const ticksFrom = startOf(tick);
    const minutes = minute.filter(({ at }) => at <= ticksFrom);
    const minutesFrom = Math.min(ticksFrom, startOf(minutes));
    return [...hour.filter(({ at }) => at <= minutesFrom), ...minutes, ...tick];
  });
  return kept.sort((a, b) => a.at - b.at);
}

function startOf(intervals: readonly Interval[]): number {
  return intervals.reduce((least, { at, ms }) => Math.min(least, at - ms), Number.POSITIVE_INFINITY);
}

function widthFor(intervals: readonly Interval[]): number {
  const span = intervals[intervals.length - 1].at - startOf(intervals);
  const longest = intervals.reduce((most, { ms }) => Math.max(most, Math.min(ms, HOUR)), 0);
  // An interval that an event loop has held up is longer than its like: half of it has to fit.
  const fits =
    WIDTHS.find((width) => width >= longest / 2 && span / width <= MOST_BINS) ??
    DAY * Math.ceil(span / DAY / MOST_BINS);
  return span >= DAYS_FROM * DAY ? Math.max(DAY, fits) : fits;
}

function extreme(intervals: readonly Interval[], of: (...values: number[]) => number): Figures {
  const told = FIGURE_NAMES.map((name): [FigureName, number | null] => {
    const values = intervals.flatMap(({ figures }) => figures[name] ?? []);
    return [name, values.length > 0 ? values.reduce((a, b) => of(a, b)) : null];
  });
  return Object.fromEntries(told) as Figures;
}
