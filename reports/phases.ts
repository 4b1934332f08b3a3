/** A run phase by phase: phases are other work, or the same under another load, and nothing of one is averaged with another's. */
import { latencyName } from "./latency-names.js";
import type { Latency, Run } from "./results.js";
import { throughputError } from "./slices.js";

/** One phase of a run in the shape of a run of its own, or the run itself where it has one phase. */
export interface PhaseRun extends Run {
  readonly opsPerSecond: number;
  /** Null: the run has one. */
  readonly phase: string | null;
  /** 95 % of the throughput's uncertainty, as a share; null: not known. */
  readonly error: number | null;
}

export function phasesOf(run: Run): PhaseRun[] {
  const { phases, opsPerSecond, series = [] } = run;
  if (phases === undefined) {
    const rate = opsPerSecond ?? 0;
    return [{ ...run, opsPerSecond: rate, phase: null, error: throughputError([series], rate) }];
  }
  return phases.map(({ name, rate, hits, misses, hitRatio, ...figures }) => ({
    ...run,
    ...figures,
    phase: name,
    rate: rate ?? undefined,
    hitRatio,
    ...(hitRatio === null ? { hits: undefined, misses: undefined } : { hits, misses }),
    phases: undefined,
    latency: ofPhase(run.latency, name),
    cost: ofPhase(run.cost ?? {}, name),
    roles: run.roles?.filter((role) => role.phase === name),
  }));
}

/** The latencies of one phase, by the names they have within it. */
function ofPhase(latencies: Run["latency"], phase: string): Record<string, Latency> {
  return Object.fromEntries(
    Object.entries(latencies)
      .filter(([, latency]) => latency.phase === phase)
      .map(([name, latency]) => [nameWithin(name, latency), latency]),
  );
}

function nameWithin(name: string, { operation, label, from }: Latency): string {
  if (operation === undefined) return name;
  return latencyName({ operation, label: label ?? null, phase: null, from: from ?? null });
}

/** A run that failed in more of its operations than this did other work than was asked for. */
export const MOST_FAILED = 0.01;

/** Operations that were begun and failed, as a share of all that were begun, 0 to 1. */
export function failedShare({ ops, failed = 0 }: Pick<Run, "ops" | "failed">): number {
  return failed === 0 ? 0 : failed / (ops + failed);
}
