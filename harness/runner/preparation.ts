/** How long what comes before a measurement takes, and the cost pass where nobody said how long. */
import { FEWEST_SLICES } from "../../reports/slices.js";
import type { RunPlan } from "./messages.js";

export interface Preparation {
  /** Each calibration of the driver's own loops, ms: long enough for them to be compiled. */
  readonly calibrationMs: number;
  /** The warm-up of each instance, at most, ms. */
  readonly warmUpMs: number;
  /** The cost pass over a phase that is given in operations, ms. */
  readonly costMs: number;
}

const THOROUGH: Preparation = { calibrationMs: 30, warmUpMs: 600, costMs: 250 };
/** For a run that is told to be too short to be believed (doubts.ts): to prepare it for longer than it lasts helps nobody. */
const HASTY: Preparation = { calibrationMs: 5, warmUpMs: 50, costMs: 20 };

/** The points of a time series are at least so far apart, ms. */
export const SLICE_MS = 20;
/** Done in less time than the fewest slices take, by every subject, one behind a socket too. */
const FEW_OPERATIONS = 2000;

export function preparationFor({ hasty, durationMs, ops }: Pick<RunPlan, "hasty" | "durationMs" | "ops">): Preparation {
  const short =
    (durationMs !== null && durationMs < FEWEST_SLICES * SLICE_MS) || (ops !== null && ops <= FEW_OPERATIONS);
  return hasty === true || short ? HASTY : THOROUGH;
}
