/** The files given to a report: results of runs, and what other commands measured beside them. */

import { InvalidArgumentError } from "../src/errors.js";
import { judge, type TargetVerdict } from "../src/metrics/index.js";
import { evictionMeasurements, KNOWN_FILES, type Measurements, measurementsOf } from "./measurement-readers.js";
import { checkResults, readJson } from "./read-results.js";
import type { EvictionResult, Results, TargetFigure, TargetResult } from "./results.js";
import { findTarget } from "./targets/index.js";

/** What stands beside several results and belongs to none of them. */
export interface Beside extends Pick<Results, "checks" | "backups" | "bench" | "evictions"> {
  readonly targets: readonly TargetResult[];
}

export interface ReportInputs {
  readonly files: string[];
  readonly results: Results[];
  /** Null with one result, which has the measurements joined to it, and without measurements. */
  readonly beside: Beside | null;
}

/**
 * Reads the files given to a report.
 *
 * @throws InvalidArgumentError for a file that is none of those known, and for measurements without results
 */
export async function readInputs(paths: readonly string[]): Promise<ReportInputs> {
  const files: string[] = [];
  const results: Results[] = [];
  const others: Measurements[] = [];
  let firstOther = "";
  for (const path of paths) {
    const json = await readJson(path);
    const other = measurementsOf(json);
    if (other === null) {
      results.push(checkResults(json, KNOWN_FILES));
      files.push(path);
    } else {
      others.push(other);
      firstOther ||= json.file;
    }
  }
  if (others.length === 0) return { files, results, beside: null };
  if (results.length === 0) {
    throw new InvalidArgumentError(`${firstOther}: goes beside the results of a run, and there are none`);
  }
  if (results.length === 1) return { files, results: [joinMeasurements(results[0], others)], beside: null };
  return { files, results, beside: { targets: judgeFigures(others), ...panelsOf({}, others) } };
}

/** The results with the other commands' figures: a target that the run itself did not measure is judged by them. */
function joinMeasurements(results: Results, others: readonly Measurements[]): Results {
  const verdicts = new Map(judgeFigures(others).map((verdict) => [verdict.id, verdict]));
  const targets = results.targets.map((target) =>
    target.verdict === "not measured" ? (verdicts.get(target.id) ?? target) : target,
  );
  return { ...results, targets, ...panelsOf(results, others) };
}

/** The results with simulated policies: their panels, and what they say about targets. */
export function withEvictions(results: Results, evictions: readonly EvictionResult[]): Results {
  return joinMeasurements(results, [evictionMeasurements(evictions)]);
}

/** One verdict a target that something was measured for: the worse one where several files have it. */
function judgeFigures(others: readonly Measurements[]): TargetVerdict[] {
  const worst = new Map<string, TargetVerdict>();
  for (const figure of others.flatMap(({ figures }) => figures)) {
    const verdict = verdictOf(figure);
    const before = worst.get(figure.target);
    if (verdict !== null && (before === undefined || isWorse(verdict, before))) worst.set(figure.target, verdict);
  }
  return [...worst.values()];
}

function verdictOf({ target, value, method, rounds }: TargetFigure): TargetVerdict | null {
  const documented = findTarget(target);
  if (documented === undefined) return null;
  return judge(documented, value, rounds === undefined || rounds === 1 ? method : `${method}, ${rounds} rounds`);
}

function isWorse(one: TargetVerdict, other: TargetVerdict): boolean {
  if (one.distance !== null || other.distance !== null) return (one.distance ?? -1) > (other.distance ?? -1);
  const more = (one.measured ?? 0) > (other.measured ?? 0);
  return one.comparison.startsWith(">") ? !more : more;
}

function panelsOf(own: Omit<Beside, "targets">, others: readonly Measurements[]): Omit<Beside, "targets"> {
  const all = <T>(mine: readonly T[] | undefined, pick: (one: Measurements) => readonly T[] | undefined): T[] => [
    ...(mine ?? []),
    ...others.flatMap((one) => pick(one) ?? []),
  ];
  const checks = all(own.checks, (one) => one.checks);
  const backups = all(own.backups, (one) => one.backups);
  const bench = all(own.bench, (one) => one.bench);
  const evictions = all(own.evictions, (one) => one.evictions);
  return {
    ...(checks.length > 0 ? { checks } : {}),
    ...(backups.length > 0 ? { backups } : {}),
    ...(bench.length > 0 ? { bench } : {}),
    ...(evictions.length > 0 ? { evictions } : {}),
  };
}
