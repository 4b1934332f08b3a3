/** The figures of one measured process, by target, either as they are or divided by a reference subject's. */
import type { Results, Run } from "../../reports/index.js";
import { phasesOf } from "../../reports/phases.js";
import { loadScenario } from "../../workloads/scenarios.js";
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
  /** Phases are other work, or the same under another load: each is judged by itself. Null: the scenario has one, or it is of all. */
  phase: string | null;
  metric: Metric;
  /** True: shown beside the verdict and no part of it. */
  beside: boolean;
  /** Of one beside: it decides where the others end without a word. */
  standsIn?: boolean;
}

/** Whether processor time decides where the wall clock cannot tell, or nothing but the wall clock does. */
export type OwnClock = "auto" | "wall";

/** What one process says. */
export interface Readings {
  /** By target id. */
  figures: ReadonlyMap<string, Reading>;
  errors: ErrorCounts;
  work: WorkByScenario;
}

/** How fast each phase of each scenario is; whether the scenario does what it is asked, and what it costs, as a whole. */
export function targetsOf(scenarios: readonly string[], clock: OwnClock = "wall"): Target[] {
  return scenarios.flatMap((scenario) => [
    ...phaseNames(scenario).flatMap((phase) => METRICS.map((metric) => targetOf(scenario, phase, metric))),
    ...QUALITY.map((metric) => targetOf(scenario, null, metric)),
    ...BESIDE.map((metric) => ({ ...targetOf(scenario, null, metric), standsIn: clock === "auto" })),
  ]);
}

function targetOf(scenario: string, phase: string | null, metric: Metric): Target {
  const place = phase === null ? "" : `${phase}/`;
  const said = phase === null ? "" : ` (${phase})`;
  return {
    id: `${scenario}/${place}${metric.path}`,
    name: `${scenario}${said} ${metric.label}`,
    scenario,
    phase,
    metric,
    beside: BESIDE.includes(metric),
  };
}

/** Null where there is one; a scenario that this version does not know is taken for one of a single phase. */
function phaseNames(scenario: string): readonly (string | null)[] {
  let names: string[];
  try {
    names = loadScenario(scenario).phases.map(({ name }, i) => name ?? `phase ${i + 1}`);
  } catch {
    return [null];
  }
  return names.length > 1 ? [...new Set(names)] : [null];
}

function read({ metric, phase }: Target, run: Run): Reading {
  if (phase === null) return metric.read(run);
  const part = phasesOf(run).find((one) => one.phase === phase);
  return part === undefined ? { kind: "absent" } : metric.read(part);
}

export function absoluteReadings(targets: readonly Target[], arm: Arm, results: Results): Readings {
  return readings(targets, arm, results, (run, target) => read(target, run));
}

/** A share of operations is the subject's own matter: it stays as it is. */
export function relativeReadings(targets: readonly Target[], arm: Arm, results: Results): Readings {
  return readings(targets, arm, results, (run, target) =>
    target.metric.scale === "points"
      ? read(target, run)
      : divide(read(target, run), read(target, runOf(arm, results, target.scenario, REFERENCE))),
  );
}

function readings(
  targets: readonly Target[],
  arm: Arm,
  results: Results,
  readingOf: (run: Run, target: Target) => Reading,
): Readings {
  const runs = new Map(targets.map(({ scenario }) => [scenario, runOf(arm, results, scenario, SUBJECT)]));
  return {
    figures: new Map(targets.map((target) => [target.id, readingOf(runs.get(target.scenario) as Run, target)])),
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
