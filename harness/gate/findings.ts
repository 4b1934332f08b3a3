/** What the rounds say beside their figures: what fails in the head alone, and what cannot be compared. */
import type { Beside } from "../statistics/index.js";
import type { Table } from "./columns.js";
import type { ErrorReport } from "./errors-of-runs.js";
import type { Readings, Target } from "./readings.js";
import { differencesOf } from "./work.js";

export interface Findings extends Beside {
  /** Why nothing good can be said of the head, one line each. */
  incomparable: string[];
}

export function findingsOf(
  targets: readonly Target[],
  { columns }: Table,
  errors: readonly ErrorReport[],
  head: readonly Readings[],
  base: readonly Readings[],
): Findings {
  const failing = new Set(errors.map(({ scenario }) => scenario));
  const incomparable = differencesOf(
    head.map(({ work }) => work),
    base.map(({ work }) => work),
    failing,
  );
  const scenarios = [...new Set(targets.map(({ scenario }) => scenario))];
  for (const scenario of scenarios) {
    const judged = columns.some(
      ({ target }) =>
        target.scenario === scenario && (!target.beside || target.standsIn) && target.metric.scale === "ratio",
    );
    if (!judged) incomparable.push(`of ${scenario} no speed could be compared`);
  }
  return {
    broken: errors.some(({ verdict }) => verdict === "regressed"),
    comparable: incomparable.length === 0,
    incomparable,
  };
}
