/** When the figures of a history reach their limits, as far as that can be told. */
import { DOCUMENTED_RULES, type FigureName } from "../../src/monitor/index.js";
import { type Crossing, crossingOf, median } from "../statistics/index.js";
import { type Bins, DAY } from "./bins.js";

export interface Limit {
  readonly figure: FigureName;
  readonly limit: number;
  /** On which side of it is too far; null: on the other side than it is now. */
  readonly beyond: "above" | "below" | null;
}

export interface Forecast {
  readonly figure: FigureName;
  readonly limit: number;
  readonly beyond: "above" | "below";
  /** Level at the end, by the last few points; null: never told. */
  readonly now: number | null;
  /** Unix time from which the points are of one piece: the last jump, or the first point. */
  readonly since: number | null;
  readonly jumped: boolean;
  readonly points: number;
  readonly crossing: Crossing;
}

/** A step between neighbours that is so many times the usual one, and a good part of the whole range, is a jump: a restart, a clear. */
const JUMP = 10;
const JUMP_OF_RANGE = 0.2;
/** With more of them, jumping is what the figure does. */
const MOST_JUMPS = 3;
const NOW = 3;

/** The documented alert limits: warning and critical. */
export function documentedLimits(): Limit[] {
  const limits = DOCUMENTED_RULES.flatMap(({ figure, beyond, warning, critical }) =>
    [warning, critical].flatMap((limit) => (limit === undefined ? [] : [{ figure, beyond, limit }])),
  );
  return limits.filter(
    (one, i) => limits.findIndex(({ figure, limit }) => figure === one.figure && limit === one.limit) === i,
  );
}

export function forecastsOf(bins: Bins, limits: readonly Limit[]): Forecast[] {
  return limits.map((limit) => forecastOf(bins, limit));
}

function forecastOf({ bins, width }: Bins, { figure, limit, beyond: told }: Limit): Forecast {
  const plain = bins.flatMap(({ figures }) => figures[figure] ?? []);
  const now = plain.length > 0 ? median(plain.slice(-NOW)) : null;
  const beyond = told ?? ((now ?? 0) <= limit ? "above" : "below");
  // A day's mean is not what alarms: its highest hour is, or its lowest.
  const of = width < DAY ? "figures" : beyond === "above" ? "highest" : "lowest";
  const points = bins.flatMap((bin) => {
    const value = bin[of][figure];
    return value === null ? [] : [{ at: bin.at, value }];
  });
  const jump = lastJump(points.map(({ value }) => value));
  const piece = points.slice(jump);
  return {
    ...{ figure, limit, beyond, now, since: piece[0]?.at ?? null, jumped: jump > 0, points: piece.length },
    crossing: crossingOf(
      piece.map(({ at }) => at),
      piece.map(({ value }) => value),
      limit,
      beyond,
    ),
  };
}

/** Index from which there is no jump any more: 0 when there is none, or when there are so many that they are the figure's way. */
export function lastJump(values: readonly number[]): number {
  if (values.length < 4) return 0;
  const steps = values.slice(1).map((value, i) => value - values[i]);
  const centre = median(steps);
  const usual = 1.4826 * median(steps.map((step) => Math.abs(step - centre)));
  const range = values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b));
  const least = Math.max(JUMP * usual, JUMP_OF_RANGE * range);
  const jumps = steps.flatMap((step, i) => (least > 0 && Math.abs(step - centre) > least ? [i + 1] : []));
  return jumps.length > 0 && jumps.length <= MOST_JUMPS ? jumps[jumps.length - 1] : 0;
}
