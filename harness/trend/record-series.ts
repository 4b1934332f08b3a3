/** The metrics of many gates as series, and the commits at which one moved. */
import { SampleRandom } from "../../src/random.js";
import type { GateRecord } from "../records/index.js";
import {
  amountOf,
  bootstrapMedianDifference,
  changePoints,
  type Interval,
  LEAST_SIDE,
  median,
} from "../statistics/index.js";

type Metric = GateRecord["metrics"][number];

export interface SeriesPoint {
  /** ISO 8601. */
  readonly at: string;
  readonly commit: string | null;
  readonly dirty: boolean;
  readonly value: number;
  /** On the scale that is compared: a logarithm of a ratio, or points. */
  readonly level: number;
}

export interface Change {
  /** The first record of the new level: this commit, or one after the one before. */
  readonly index: number;
  readonly at: string;
  readonly commit: string | null;
  readonly after: string | null;
  /** Medians of what was measured before it and from it on. */
  readonly from: number;
  readonly to: number;
  /** By how much it has moved, as a share of what it was (points: of 1), with its 95 % interval. */
  readonly change: number;
  readonly interval: Interval;
  readonly worse: boolean;
  readonly p: number;
}

export interface RecordSeries {
  readonly id: string;
  readonly name: string;
  readonly unit: string;
  readonly better: Metric["better"];
  readonly scale: Metric["scale"];
  readonly machine: string;
  readonly settings: string;
  /** `paired`: every record had the same base, and what is compared is the ratio to it; `measured`: the figures as they are. */
  readonly compared: "paired" | "measured";
  readonly points: readonly SeriesPoint[];
  /** Records that it takes before a change can be told at the level. */
  readonly needed: number;
  /** Null: too few records. */
  readonly changes: readonly Change[] | null;
}

/** A scan is quadratic, and permuted: of longer series the last so many. */
const MOST_POINTS = 400;

/** @param level how often anything is said to have changed where nothing has, over all series together */
export function recordSeries(records: readonly GateRecord[], level: number, seed: number): RecordSeries[] {
  const groups = new Map<string, { metric: Metric; record: GateRecord }[]>();
  for (const record of [...records].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))) {
    for (const metric of record.metrics) {
      const key = JSON.stringify([
        metric.id,
        metric.unit,
        metric.scale,
        record.mode,
        machineOf(record),
        settingsOf(record),
      ]);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [{ metric, record }]);
      else group.push({ metric, record });
    }
  }
  const all = [...groups.values()].map(seriesOf).filter(({ points }) => points.length > 0);
  const own = level / Math.max(1, all.length);
  const needed = recordsFor(own);
  return all.map((series) => ({
    ...series,
    needed,
    changes: series.points.length < needed ? null : changesOf(series, own, seed),
  }));
}

function seriesOf(group: readonly { metric: Metric; record: GateRecord }[]): Omit<RecordSeries, "needed" | "changes"> {
  const [{ metric, record }] = group;
  const { id, name, unit, better, scale } = metric;
  const bases = new Set(group.map(({ record: { base } }) => base.commit ?? base.label));
  const paired = bases.size === 1 && group.length > 1;
  const points = group.slice(-MOST_POINTS).flatMap(({ metric: { head, base }, record: { at, commit, dirty } }) => {
    const level = levelOf(scale, head, paired ? base : scale === "ratio" ? 1 : 0);
    return level === null || head === null ? [] : [{ at, commit, dirty, value: head, level }];
  });
  return {
    ...{ id, name, unit, better, scale, machine: machineOf(record), settings: settingsOf(record) },
    ...{ compared: paired ? "paired" : "measured", points },
  };
}

function levelOf(scale: Metric["scale"], head: number | null, base: number | null): number | null {
  if (head === null || base === null) return null;
  if (scale === "points") return head - base;
  return head > 0 && base > 0 ? Math.log(head / base) : null;
}

function changesOf(
  { points, scale, better }: Pick<RecordSeries, "points" | "scale" | "better">,
  level: number,
  seed: number,
): Change[] {
  const levels = points.map((point) => point.level);
  const found = changePoints(levels, level, new SampleRandom(seed));
  return found.map(({ at: index, p }, i) => {
    const start = found[i - 1]?.at ?? 0;
    const end = found[i + 1]?.at ?? points.length;
    const [before, after] = [levels.slice(start, index), levels.slice(index, end)];
    const moved = median(after) - median(before);
    const ends = bootstrapMedianDifference(after, before, new SampleRandom(seed), { resamples: 2000 });
    const values = points.map(({ value }) => value);
    return {
      ...{ index, at: points[index].at, commit: points[index].commit, after: points[index - 1].commit, p },
      ...{ from: median(values.slice(start, index)), to: median(values.slice(index, end)) },
      change: amountOf(scale, moved),
      interval: { lower: amountOf(scale, ends.lower), upper: amountOf(scale, ends.upper) },
      worse: better === "lower" ? moved > 0 : moved < 0,
    };
  });
}

/**
 * Of `n` different values two orders have the n/2 highest on one side, of n over n/2: with fewer records no series is rare enough for the
 * level, whatever it looks like.
 */
export function recordsFor(level: number): number {
  let n = 2 * LEAST_SIDE;
  let ways = 20;
  while (2 / ways > level) {
    n += 2;
    ways *= (n * (n - 1)) / (n / 2) ** 2;
  }
  return n;
}

function machineOf({ machine: { cpuModel, cpuCount, node, platform, arch } }: GateRecord): string {
  return `${cpuCount} x ${cpuModel}, Node ${node.replace(/^v/, "")}, ${platform}-${arch}`;
}

function settingsOf({ settings: { duration, workers, command }, mode }: GateRecord): string {
  if (command !== undefined) return `${mode}, ${command}`;
  return `${mode}, ${duration}${workers === null ? "" : `, ${workers} workers`}`;
}
