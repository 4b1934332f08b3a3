/** What a run was asked to do: figures of builds that did different work are not compared as if it were the same. */
import type { Run } from "../../reports/index.js";
import { median } from "../statistics/index.js";

export interface Work {
  workers: number;
  /** Operations that have a figure of any kind, whatever role, phase or clock it is of. */
  operations: ReadonlySet<string>;
  /** What the subject could not do and therefore left out. */
  leftOut: string;
  /** Look-ups an operation; null where that cannot be told. */
  lookups: number | null;
}

/** By scenario, of one process. */
export type WorkByScenario = ReadonlyMap<string, Work>;

/** Look-ups an operation may differ by this much: a stream that is cut short at another place differs a little. */
const LOOKUPS_SLACK = 0.05;

export function workOf(run: Run): Work {
  const { workers, hits, misses, ops, failed = 0 } = run;
  const figures = [...Object.keys(run.latency), ...Object.keys(run.cost ?? {})];
  const names = figures.map((name) => /^\w+/.exec(name)?.[0] ?? name).filter((name) => name !== "mix");
  const begun = ops + failed;
  const lookups = hits === undefined || misses === undefined || begun === 0 ? null : (hits + misses) / begun;
  // Look-ups that fail are none, and operations of which every one fails have no figure.
  const clean = Object.keys(run.errors).length === 0;
  const leftOut = [...(run.leftOut?.operations ?? []), ...(run.leftOut?.phases ?? [])].sort().join(", ");
  return { workers, operations: new Set(names), leftOut, lookups: clean ? lookups : null };
}

/**
 * What is different, one line each; empty: the same work. An operation counts as missing only where it is in every process of one build and
 * in none of the other's, for a rare one may go unsampled.
 *
 * @param failing scenarios in which operations fail: of an operation that is missing there it is known why
 */
export function differencesOf(
  head: readonly WorkByScenario[],
  base: readonly WorkByScenario[],
  failing: ReadonlySet<string>,
): string[] {
  const scenarios = new Set([...head, ...base].flatMap((process) => [...process.keys()]));
  return [...scenarios].flatMap((scenario) => {
    const works = (processes: readonly WorkByScenario[]) => processes.flatMap((one) => one.get(scenario) ?? []);
    const heads = works(head);
    const bases = works(base);
    if (heads.length === 0 || bases.length === 0) return [];
    const found: string[] = [];
    const workers = [heads, bases].map((list) => [...new Set(list.map((work) => work.workers))].sort().join(" or "));
    if (workers[0] !== workers[1]) found.push(`${workers[0]} workers, the base ${workers[1]}`);
    const [ownGaps, gaps] = [heads, bases].map((list) =>
      [...new Set(list.map((work) => work.leftOut))].sort().join("; "),
    );
    if (ownGaps !== gaps) found.push(`left out ${ownGaps || "nothing"}, the base ${gaps || "nothing"}`);
    if (!failing.has(scenario)) {
      for (const name of missing(bases, heads)) found.push(`no ${name}, which the base does`);
      for (const name of missing(heads, bases)) found.push(`${name}, which the base does not do`);
    }
    const [own, before] = [heads, bases].map(lookupsOf);
    if (own !== null && before !== null && Math.abs(own - before) > LOOKUPS_SLACK) {
      found.push(`${own.toFixed(2)} look-ups an operation, the base ${before.toFixed(2)}`);
    }
    return found.map((what) => `${scenario} is not the same work in both: the head has ${what}`);
  });
}

/** Operations that all of `from` have and none of `others`. */
function missing(from: readonly Work[], others: readonly Work[]): string[] {
  const [first] = from;
  return [...first.operations].filter(
    (name) =>
      from.every(({ operations }) => operations.has(name)) && !others.some(({ operations }) => operations.has(name)),
  );
}

function lookupsOf(works: readonly Work[]): number | null {
  const known = works.flatMap(({ lookups }) => lookups ?? []);
  return known.length === 0 ? null : median(known);
}
