/** Operations that failed, by error code: what the head has of them and its base has not is a regression, however fast it is. */
import type { Run } from "../../reports/index.js";

/** Of one process: how often each code, by scenario. */
export type ErrorCounts = ReadonlyMap<string, Readonly<Record<string, number>>>;

export interface Occurrence {
  /** Processes with at least one. */
  processes: number;
  operations: number;
}

/** One code in one scenario. */
export interface ErrorReport {
  /** Stable, for files: `blackboard/errors.OUT_OF_MEMORY`. */
  id: string;
  scenario: string;
  code: string;
  head: Occurrence;
  /** A stored baseline tells that there were some, not how many. */
  base: Occurrence;
  /** `regressed`: the base has none at all. Of a code that both have the share of failed operations is judged. */
  verdict: "regressed" | "in both" | "gone";
}

export function countOf({ errors }: Run): number {
  return Object.values(errors).reduce((sum, count) => sum + count, 0);
}

/**
 * An error is no sample of a distribution: once is enough. A code that appears in a single round of the head is a regression when none of
 * the base's processes, those of the A/A check included, has shown it; a code that is just as rare in both builds shows more
 * often in the base's, for it has twice as many processes.
 */
export function errorsOf(
  head: readonly ErrorCounts[],
  base: readonly ErrorCounts[],
  known: ReadonlyMap<string, readonly string[]> = new Map(),
): ErrorReport[] {
  const heads = tally(head);
  const bases = tally(base);
  const none: Occurrence = { processes: 0, operations: 0 };
  const keys = new Map([...heads, ...bases].map(([key, { scenario, code }]) => [key, { scenario, code }]));
  return [...keys].map(([key, { scenario, code }]): ErrorReport => {
    const own = heads.get(key)?.seen ?? none;
    const before = bases.get(key)?.seen ?? none;
    const inBase = before.processes > 0 || known.get(scenario)?.includes(code) === true;
    const verdict = own.processes === 0 ? "gone" : inBase ? "in both" : "regressed";
    return { id: `${scenario}/errors.${code}`, scenario, code, head: own, base: before, verdict };
  });
}

function tally(processes: readonly ErrorCounts[]) {
  const found = new Map<string, { scenario: string; code: string; seen: Occurrence }>();
  for (const counts of processes) {
    for (const [scenario, codes] of counts) {
      for (const [code, operations] of Object.entries(codes)) {
        const key = `${scenario}/${code}`;
        const entry = found.get(key) ?? { scenario, code, seen: { processes: 0, operations: 0 } };
        entry.seen.processes++;
        entry.seen.operations += operations;
        found.set(key, entry);
      }
    }
  }
  return found;
}
