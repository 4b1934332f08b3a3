import type { Scenario } from "../../workloads/index.js";

/**
 * How long each phase lasts. Nothing asked for: what the scenario says. Else the time or the operations asked for are
 * divided among the phases as their durations are to each other; a phase given in operations counts as an average one.
 */
export function phaseLengths(
  scenario: Pick<Scenario, "phases">,
  asked: { readonly durationMs: number | null; readonly ops: number | null },
): Array<{ milliseconds: number | null; operations: number | null }> {
  if (asked.durationMs === null && asked.ops === null) {
    return scenario.phases.map((phase) => ({
      milliseconds: phase.duration ?? null,
      operations: phase.operations ?? null,
    }));
  }
  const timed = scenario.phases.flatMap(({ duration }) => (duration === undefined ? [] : [duration]));
  const average = timed.length === 0 ? 1 : timed.reduce((sum, one) => sum + one, 0) / timed.length;
  const weights = scenario.phases.map(({ duration }) => duration ?? average);
  const total = weights.reduce((sum, one) => sum + one, 0);
  let before = 0;
  return weights.map((weight) => {
    const from = before / total;
    before += weight;
    const to = before / total;
    return {
      milliseconds: asked.durationMs === null ? null : asked.durationMs * (to - from),
      // Rounded at both ends, so that the phases' operations add up to what was asked for.
      operations: asked.ops === null ? null : Math.round(asked.ops * to) - Math.round(asked.ops * from),
    };
  });
}
