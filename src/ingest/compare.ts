/**
 * Whether a database has what the journal has: counts and sums of every series and hour. What to look at before the readers of the
 * journal are moved to the database.
 *
 * Two lines of one series that say the same time to the nanosecond are one point, and the later one's value: they are counted so here too.
 */
import { firstPosition, JournalReader } from "./journal/index.js";
import { metricOf, pointTime } from "./metric.js";
import type { InfluxSink } from "./sinks/influx.js";
import { pointTags } from "./sinks/influx-lines.js";

/** Which hours are compared. */
export interface CompareOptions {
  /** Whole hours from this time on: Unix time, ms. Default: all that the journal has. */
  readonly fromMs?: number;
  /** And earlier than this. Default: all that the journal has. */
  readonly toMs?: number;
}

/** Of one series in one hour. */
export interface Amount {
  /** Points. */
  readonly count: number;
  /** Of their values. */
  readonly sum: number;
}

/** A series and an hour of which the two say other things. */
export interface Difference {
  /** When the hour begins: Unix time, ms. */
  readonly hourMs: number;
  /** Its name and tags. */
  readonly series: Readonly<Record<string, string>>;
  /** What the journal has. */
  readonly journal: Amount;
  /** What the database has. */
  readonly database: Amount;
}

/** What a comparison has found. */
export interface Comparison {
  /** Series that were looked at. */
  readonly series: number;
  /** Hours that were looked at. */
  readonly hours: number;
  /** Points of the journal in them. */
  readonly journalPoints: number;
  /** Points of the database in them. */
  readonly databasePoints: number;
  /** Lines that are no metric. */
  readonly unreadable: number;
  /** Empty when the database has what the journal has. */
  readonly differences: readonly Difference[];
}

const HOUR_MS = 3_600_000;
const NOTHING: Amount = { count: 0, sum: 0 };
/** Sums of floats differ by the order they are added in. */
const NEAR = 1e-9;

/** Of one series in one hour: points that a line's number holds apart are only added up. */
class Points {
  private count = 0;
  private sum = 0;
  private exact: Map<string, number> | null = null;

  add(value: number): void {
    this.count++;
    this.sum += value;
  }

  put(time: string, value: number): void {
    this.exact ??= new Map();
    this.exact.set(time, value);
  }

  get amount(): Amount {
    let [count, sum] = [this.count, this.sum];
    for (const value of this.exact?.values() ?? []) {
      count++;
      sum += value;
    }
    return { count, sum };
  }
}

/** @throws SinkError when the database cannot be asked */
export async function compare(
  directory: string,
  influx: InfluxSink,
  options: CompareOptions = {},
): Promise<Comparison> {
  const { journal, unreadable } = readJournal(directory, options);
  const hours = new Set<number>();
  for (const key of journal.keys()) hours.add(hourOf(key));
  const database = new Map<string, Amount>();
  const all = [...hours].sort((a, b) => a - b);
  const isAsked = options.fromMs !== undefined || options.toMs !== undefined;
  // where the journal has nothing in the hours that were asked for, the database may have something
  const { fromMs = all[0] ?? 0, toMs = (all.at(-1) ?? hourAt(Date.now())) + HOUR_MS } = options;
  if (all.length > 0 || isAsked) {
    for (const { tags = {}, values } of await influx.amounts(fromMs, toMs)) {
      for (const [hourMs, count, sum] of values) {
        if (Number(count) > 0)
          database.set(keyOf(Number(hourMs), Object.entries(tags)), { count: Number(count), sum: Number(sum) });
      }
    }
  }
  const differences: Difference[] = [];
  const series = new Set<string>();
  let [journalPoints, databasePoints] = [0, 0];
  for (const key of new Set([...journal.keys(), ...database.keys()])) {
    const [mine, its] = [journal.get(key)?.amount ?? NOTHING, database.get(key) ?? NOTHING];
    series.add(seriesOf(key));
    hours.add(hourOf(key));
    journalPoints += mine.count;
    databasePoints += its.count;
    if (mine.count === its.count && isNear(mine.sum, its.sum)) continue;
    differences.push({
      hourMs: hourOf(key),
      series: Object.fromEntries(JSON.parse(seriesOf(key))),
      journal: mine,
      database: its,
    });
  }
  differences.sort((a, b) => a.hourMs - b.hourMs);
  return { series: series.size, hours: hours.size, journalPoints, databasePoints, unreadable, differences };
}

function readJournal(
  directory: string,
  { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY }: CompareOptions,
): { journal: Map<string, Points>; unreadable: number } {
  const reader = new JournalReader(directory, firstPosition(directory));
  const journal = new Map<string, Points>();
  let unreadable = 0;
  try {
    for (let read = reader.read(10_000); read !== null; read = reader.read(10_000)) {
      for (const { number, text } of read.lines) {
        const metric = metricOf(text);
        if (metric === null) unreadable++;
        else if (metric.ms >= fromMs && metric.ms < toMs) {
          const key = keyOf(hourAt(metric.ms), pointTags(metric));
          const points = journal.get(key) ?? new Points();
          journal.set(key, points);
          if (metric.belowMs === null) points.add(metric.value);
          else points.put(pointTime(metric, number), metric.value);
        }
      }
      reader.moveTo(read.next);
    }
  } finally {
    reader.close();
  }
  return { journal, unreadable: unreadable + reader.passedOver.tooLong };
}

/** The hour, a blank, and the series as JSON of its sorted tags: a database tells absent tags as empty ones. */
function keyOf(hourMs: number, tags: readonly (readonly [string, string])[]): string {
  const there = tags.filter(([, text]) => text !== "").sort(([a], [b]) => (a < b ? -1 : 1));
  return `${hourMs} ${JSON.stringify(there)}`;
}

function hourAt(ms: number): number {
  return Math.floor(ms / HOUR_MS) * HOUR_MS;
}

function hourOf(key: string): number {
  return Number(key.slice(0, key.indexOf(" ")));
}

function seriesOf(key: string): string {
  return key.slice(key.indexOf(" ") + 1);
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= NEAR * Math.max(1, Math.abs(a), Math.abs(b));
}
