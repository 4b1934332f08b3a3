/** All measurements against all documented targets. */
import { judge, type TargetVerdict } from "../../src/metrics/index.js";
import { whyNotMeasured } from "./measured-by.js";
import { findTarget, TARGETS } from "./table.js";

/**
 * Every documented target judged by what was measured, in the order of the table. A target without an entry comes out
 * as not measured: with `reason` and what would measure it, or why nothing here can.
 *
 * @throws RangeError when an id is not in the table: a measurement nobody would see.
 */
export function judgeAll(
  measurements: ReadonlyMap<string, { measured: number | null; method: string }>,
  reason: string,
): TargetVerdict[] {
  for (const id of measurements.keys()) {
    if (findTarget(id) === undefined) throw new RangeError(`"${id}" is no documented target; see TARGETS for the ids`);
  }
  return TARGETS.map((target) => {
    const entry = measurements.get(target.id);
    return entry ? judge(target, entry.measured, entry.method) : judge(target, null, whyNotMeasured(target, reason));
  });
}
