/** What processor time says where the wall clock cannot, or where the two do not agree. */
import type { MetricReport } from "./metric-report.js";
import { formatAllowed, formatInterval, formatWorse } from "./render/formats.js";

export function cpuNotices(metrics: readonly MetricReport[], beside: readonly MetricReport[]): string[] {
  return beside.flatMap((cpu) => {
    const wall = metrics.filter(({ scenario, scale }) => scenario === cpu.scenario && scale === "ratio");
    const named = (...verdicts: MetricReport["verdict"][]) =>
      wall.filter(({ verdict }) => verdicts.includes(verdict)).map(({ name }) => name);
    const open = named("undecided", "too noisy");
    const worse = named("regressed");
    const cpuSays = `${cpu.name} an operation: ${formatWorse(cpu)} (95 % interval ${formatInterval(cpu)}), tolerance ${formatAllowed(cpu)}`;
    if (open.length > 0) return [`${cpuSays}: ${whereTheClockCannotTell(cpu)} (${open.join(", ")} by the wall clock)`];
    if (worse.length > 0 && (cpu.verdict === "pass" || cpu.verdict === "improved")) {
      return [
        `${cpuSays}: it does no more work than its base, so that ${worse.join(", ")} by the wall clock is waiting: for a lock, for memory, or for a busy machine`,
      ];
    }
    return [];
  });
}

/** What a verdict by processor time does not see. */
export function stoodInNotice(open: readonly string[]): string {
  return `decided by processor time where the wall clock cannot tell (${open.join(", ")}): waiting is free in it, and of what one part costs it shows as much as that part weighs; --decide-by wall takes nothing but the clock`;
}

function whereTheClockCannotTell({ verdict }: MetricReport): string {
  switch (verdict) {
    case "pass":
      return "the wall clock is too noisy to tell, and processor time agrees that nothing is slower";
    case "improved":
      return "the wall clock is too noisy to tell; by processor time it is faster";
    case "regressed":
      return "the wall clock is too noisy to tell; by processor time it is slower";
    default:
      return "neither the wall clock nor processor time can tell";
  }
}
