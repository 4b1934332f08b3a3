/** The figures of one measured process, by target, either as they are or divided by a reference subject's. */
import type { Results, Run } from "../../reports/index.js";
import type { ErrorCounts } from "./errors-of-runs.js";
import { BESIDE, METRICS, type Metric, QUALITY, type Reading } from "./metrics.js";
import { type Arm, runOf } from "./run-arm.js";
import { type WorkByScenario, workOf } from "./work.js";

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
  /** True: shown beside the verdict and no part of it. */
  beside: boolean;
}

/** What one process says. */
export interface Readings {
  /** By target id. */
  figures: ReadonlyMap<string, Reading>;
  errors: ErrorCounts;
  work: WorkByScenario;
}

export function targetsOf(scenarios: readonly string[]): Target[] {
  return scenarios.flatMap((scenario) =>
    [...METRICS, ...QUALITY, ...BESIDE].map((metric) => ({
      id: `${scenario}/${metric.path}`,
      name: `${scenario} ${metric.label}`,
      scenario,
      metric,
      beside: BESIDE.includes(metric),
    })),
  );
}

export function absoluteReadings(targets: readonly Target[], arm: Arm, results: Results): Readings {
  return readings(targets, arm, results, (run, { metric }) => metric.read(run));
}

/** A share of operations is the subject's own matter: it stays as it is. */
export function relativeReadings(targets: readonly Target[], arm: Arm, results: Results): Readings {
  return readings(targets, arm, results, (run, { metric, scenario }) =>
    metric.scale === "points"
      ? metric.read(run)
      : divide(metric.read(run), metric.read(runOf(arm, results, scenario, REFERENCE))),
  );
}

function readings(
  targets: readonly Target[],
  arm: Arm,
  results: Results,
  read: (run: Run, target: Target) => Reading,
): Readings {
  const runs = new Map(targets.map(({ scenario }) => [scenario, runOf(arm, results, scenario, SUBJECT)]));
  return {
    figures: new Map(targets.map((target) => [target.id, read(runs.get(target.scenario) as Run, target)])),
    errors: new Map([...runs].map(([scenario, { errors }]) => [scenario, errors])),
    work: new Map([...runs].map(([scenario, run]) => [scenario, workOf(run)])),
  };
}

function divide(own: Reading, reference: Reading): Reading {
  if (own.kind !== "figure") return own;
  if (reference.kind === "figure") return { kind: "figure", value: own.value / reference.value };
  const why = reference.kind === "unusable" ? reference.reason : "not measured";
  return { kind: "unusable", reason: `no figure of the reference subject ${REFERENCE}: ${why}` };
}
