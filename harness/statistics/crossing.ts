/** When a series reaches a limit, with an interval, or that this cannot be told: a robust line, extended no further than it carries. */
import { type TrendLine, theilSen } from "./theil-sen.js";

export type Crossing =
  /** It is past the limit now. */
  | { readonly kind: "past"; readonly line: TrendLine }
  /** Between `from` and `to` (null: later than the horizon, or never), 95 %. */
  | { readonly kind: "reaches"; readonly from: number; readonly to: number | null; readonly line: TrendLine }
  /** Not before `until`, which is as far as it can be looked ahead. */
  | { readonly kind: "not within"; readonly until: number; readonly line: TrendLine }
  /** It may or may not: the slope could be chance. */
  | { readonly kind: "cannot tell"; readonly why: string; readonly line: TrendLine | null };

/** Fewer say nothing about a trend. */
export const POINTS_FROM = 20;
/** A line is believed for so many times the span that it was seen in. */
export const LOOK_AHEAD = 3;
/** Of the values before now, the last so many say where it is. */
const NOW = 3;
const STEPS = 4000;

/**
 * @param times ascending, about evenly spaced
 * @param beyond on which side of the limit it is past it
 */
export function crossingOf(
  times: readonly number[],
  values: readonly number[],
  limit: number,
  beyond: "above" | "below",
): Crossing {
  if (times.length < POINTS_FROM) {
    return { kind: "cannot tell", why: `${times.length} of the ${POINTS_FROM} points that it takes`, line: null };
  }
  // Falling to a limit is rising to it, upside down.
  const sign = beyond === "above" ? 1 : -1;
  const line = theilSen(
    times,
    values.map((value) => sign * value),
  );
  const told = beyond === "above" ? line : mirrored(line);
  const goal = sign * limit;
  const latest = values.slice(-NOW).map((value) => sign * value);
  if (latest.every((value) => value >= goal)) return { kind: "past", line: told };
  const now = times[times.length - 1];
  const horizon = LOOK_AHEAD * (now - times[0]);
  const from = firstAt(now, horizon, (at) => bandAt(line, at, 1) >= goal);
  if (from === null) return { kind: "not within", until: now + horizon, line: told };
  if (!(line.slopes.lower > 0)) {
    const how = beyond === "above" ? "rises" : "falls";
    return { kind: "cannot tell", why: `it ${how} no more than chance explains`, line: told };
  }
  return { kind: "reaches", from, to: firstAt(now, 2 * horizon, (at) => bandAt(line, at, -1) >= goal), line: told };
}

/** The edge of where a point at `at` is to be expected: the slope's uncertainty grows with the distance, the scatter does not. */
function bandAt({ slope, slopes, level, centre, scatter, effective }: TrendLine, at: number, side: 1 | -1): number {
  const distance = at - centre;
  const bend = side > 0 ? slopes.upper - slope : slope - slopes.lower;
  return level + slope * distance + side * Math.hypot(bend * distance, scatter * Math.sqrt(1 + 1 / effective));
}

function firstAt(now: number, horizon: number, there: (at: number) => boolean): number | null {
  for (let step = 0; step <= STEPS; step++) {
    const at = now + (horizon * step) / STEPS;
    if (there(at)) return at;
  }
  return null;
}

function mirrored(line: TrendLine): TrendLine {
  const { slope, slopes, level } = line;
  return { ...line, slope: -slope, level: -level, slopes: { lower: -slopes.upper, upper: -slopes.lower } };
}
