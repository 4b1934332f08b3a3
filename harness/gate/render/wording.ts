/** Words and number formats that all outputs of the gate share. */
import type { GateReport, MetricReport } from "../report.js";

const OUTCOME_WORDS: Record<GateReport["outcome"], string> = {
  regressed: "REGRESSED",
  improved: "IMPROVED",
  pass: "PASS",
  inconclusive: "INCONCLUSIVE",
};

export function outcomeWord(report: GateReport): string {
  return OUTCOME_WORDS[report.outcome];
}

/** One sentence: what the outcome rests on. */
export function explanation(report: GateReport): string {
  const named = (verdict: MetricReport["verdict"]): string =>
    report.metrics
      .filter((m) => m.verdict === verdict)
      .map((m) => m.name)
      .join(", ");
  switch (report.outcome) {
    case "regressed":
      return `Beyond the tolerance, and not by chance (p < 0.01): ${named("regressed")}.`;
    case "improved":
      return `Nothing regressed; better by more than the tolerance: ${named("improved")}.`;
    case "pass":
      return `Every metric is within its tolerance after ${report.rounds} rounds.`;
    case "inconclusive": {
      if (report.metrics.length === 0) return "No metric could be measured in every round.";
      const noisy = named("too noisy");
      const undecided = named("undecided");
      return [
        noisy && `Too noisy here for its tolerance, by the A/A check: ${noisy}.`,
        undecided && `Still undecided after ${report.rounds} rounds: ${undecided}.`,
      ]
        .filter(Boolean)
        .join(" ");
    }
  }
}

/** Which check this was; the weaker one says so. */
export function modeLine(report: GateReport): string {
  return report.mode === "against"
    ? `${report.head} against ${report.base}, both measured now, ${report.rounds} rounds`
    : `${report.head} against ${report.base}, ${report.rounds} rounds (the weaker check: divided by a reference subject, not measured side by side)`;
}

export function formatFigure(value: number | null, unit: string): string {
  if (value === null) return "–";
  if (unit === "ops/s") return `${Math.round(value).toLocaleString("en-US")} ${unit}`;
  return `${value < 10 ? value.toFixed(3) : value < 100 ? value.toFixed(2) : value.toFixed(1)} ${unit}`;
}

/** `+4.2 %` is worse, `-4.2 %` better. */
export function formatShare(share: number | null): string {
  if (share === null) return "–";
  return `${share >= 0 ? "+" : "-"}${(Math.abs(share) * 100).toFixed(1)} %`;
}

export function formatInterval(interval: MetricReport["interval"]): string {
  return interval ? `${formatShare(interval.lower)} … ${formatShare(interval.upper)}` : "–";
}

export function formatP(p: number | null): string {
  if (p === null) return "–";
  return p < 0.0001 ? "< 0.0001" : p.toFixed(4);
}

export function formatTolerance(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}
