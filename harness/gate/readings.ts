/** The figures of one measured process, by target, either as they are or divided by a reference subject's. */
import type { Results } from "../../reports/index.js";
import { METRICS, type Metric, type Reading } from "./metrics.js";
import { type Arm, runOf } from "./run-arm.js";

/** The subject under test. */
export const SUBJECT = "engram";
/**
 * The frozen reference of the baseline mode: an unshared Map in the same process, on the same stream, in the same round.
 * Its code is the engine's, so what moves it is the machine (and the Node version, which is why a change of that is
 * remarked on).
 */
export const REFERENCE = "map";

/** One metric of one scenario: what a verdict is about. */
export interface Target {
  /** Stable, for files: `blackboard/cost.get.mean`. */
  id: string;
  /** For readers: `blackboard get cost`. */
  name: string;
  scenario: string;
  metric: Metric;
}

/** By target id. */
export type Readings = ReadonlyMap<string, Reading>;

export function targetsOf(scenarios: readonly string[]): Target[] {
  return scenarios.flatMap((scenario) =>
    METRICS.map((metric) => ({
      id: `${scenario}/${metric.path}`,
      name: `${scenario} ${metric.label}`,
      scenario,
      metric,
    })),
  );
}

export function absoluteReadings(targets: readonly Target[], arm: Arm, results: Results): Readings {
  return new Map(targets.map((t) => [t.id, t.metric.read(runOf(arm, results, t.scenario, SUBJECT))]));
}

export function relativeReadings(targets: readonly Target[], arm: Arm, results: Results): Readings {
  return new Map(
    targets.map((t) => {
      const own = t.metric.read(runOf(arm, results, t.scenario, SUBJECT));
      const reference = t.metric.read(runOf(arm, results, t.scenario, REFERENCE));
      return [t.id, divide(own, reference)];
    }),
  );
}

function divide(own: Reading, reference: Reading): Reading {
  if (own.kind !== "figure") return own;
  if (reference.kind === "figure") return { kind: "figure", value: own.value / reference.value };
  const why = reference.kind === "unusable" ? reference.reason : "not measured";
  return { kind: "unusable", reason: `no figure of the reference subject ${REFERENCE}: ${why}` };
}
