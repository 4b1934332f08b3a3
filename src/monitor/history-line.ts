/** One line of a history file: an interval as JSON, and back. What a file says is checked, figure by figure. */
import { BUCKET_COUNT, KeptHistogram, MAX_VALUE } from "../metrics/index.js";
import { FIGURE_NAMES, type FigureName, type Figures } from "./figures.js";
import type { Interval } from "./interval.js";
import { GRAINS, type Grain } from "./roll-up.js";

/** Goes up when a line means something else; older files are read or refused by name. */
export const HISTORY_VERSION = 1;

/** Digits that are kept of a figure. */
const DIGITS = 6;

export function headerLine(startedAt: number): string {
  return `${JSON.stringify({ engramHistory: HISTORY_VERSION, startedAt })}\n`;
}

export function lineOf(grain: Grain, { at, ms, figures, latencies }: Interval): string {
  const known = FIGURE_NAMES.flatMap((name) => {
    const value = figures[name];
    return value === null || !Number.isFinite(value) ? [] : [[name, Number(value.toPrecision(DIGITS))]];
  });
  const histograms = [...latencies]
    .filter(([, histogram]) => histogram.count > 0)
    .map(([operation, histogram]) => [operation, { max: histogram.max, counts: histogram.toPairs() }]);
  return `${JSON.stringify({ at, ms: Math.round(ms), of: grain, figures: Object.fromEntries(known), latencies: Object.fromEntries(histograms) })}\n`;
}

/** @throws Error that says what is wrong with the line */
export function readHeader(text: string): void {
  const { engramHistory: version } = object(JSON.parse(text), "the first line");
  if (version === undefined) throw new Error("it is no monitor history: its first line has no engramHistory");
  if (version !== HISTORY_VERSION)
    throw new Error(`it is a history of version ${version}; this build reads version ${HISTORY_VERSION}`);
}

/** @throws Error that says what is wrong with the line */
export function readLine(text: string): [Grain, Interval] {
  const { at, ms, of, figures, latencies } = object(JSON.parse(text), "the line");
  if (!GRAINS.includes(of as Grain))
    throw new Error(`of is ${JSON.stringify(of)}; expected one of ${GRAINS.join(", ")}`);
  const given = object(figures, "figures");
  const read = Object.fromEntries(FIGURE_NAMES.map((name) => [name, figure(name, given[name])]));
  const histograms = Object.entries(object(latencies, "latencies")).map(
    ([operation, histogram]) => [operation, readHistogram(operation, histogram)] as const,
  );
  return [
    of as Grain,
    { at: number("at", at), ms: number("ms", ms), figures: read as Figures, latencies: new Map(histograms) },
  ];
}

function readHistogram(operation: string, value: unknown): KeptHistogram {
  const { max, counts } = object(value, operation);
  if (!Array.isArray(counts)) throw new Error(`the counts of ${operation} are no array`);
  let last = -1;
  for (const pair of counts) {
    const [index, count] = Array.isArray(pair) && pair.length === 2 ? pair : [undefined, undefined];
    if (!whole(index, BUCKET_COUNT - 1) || !whole(count, Number.MAX_SAFE_INTEGER) || index <= last) {
      throw new Error(`a count of ${operation} is ${JSON.stringify(pair)}; expected [bucket, count], ascending`);
    }
    last = index;
  }
  if (!whole(max, MAX_VALUE)) throw new Error(`the maximum of ${operation} is ${JSON.stringify(max)}`);
  return KeptHistogram.fromPairs(counts, max as number);
}

function figure(name: FigureName, value: unknown): number | null {
  return value === undefined ? null : number(name, value);
}

function number(name: string, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new Error(`${name} is ${JSON.stringify(value)}; expected a number`);
}

function whole(value: unknown, max: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max;
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(`${what} is no object`);
}
