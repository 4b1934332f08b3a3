/** Words that all outputs of the gate share. */
import type { ErrorReport } from "../errors-of-runs.js";
import type { MetricReport } from "../metric-report.js";
import type { GateReport } from "../report.js";
import { formatAllowed, formatFigure, formatInterval, formatNoise, formatP, formatWorse } from "./formats.js";

const OUTCOME_WORDS: Record<GateReport["outcome"], string> = {
  regressed: "REGRESSED",
  improved: "IMPROVED",
  pass: "PASS",
  inconclusive: "INCONCLUSIVE",
};

export function outcomeWord(report: GateReport): string {
  return OUTCOME_WORDS[report.outcome];
}

/** One sentence, or two: what the outcome rests on. */
export function explanation(report: GateReport): string {
  const named = (verdict: MetricReport["verdict"]): string =>
    report.metrics
      .filter((m) => m.verdict === verdict)
      .map((m) => m.name)
      .join(", ");
  switch (report.outcome) {
    case "regressed": {
      const failing = report.errors.filter(({ verdict }) => verdict === "regressed");
      const regressed = named("regressed");
      return [
        failing.length > 0 && `Operations fail that do not fail in the base: ${failing.map(errorLine).join("; ")}.`,
        regressed && `Beyond the tolerance, and not by chance (p < 0.01): ${regressed}.`,
      ]
        .filter(Boolean)
        .join(" ");
    }
    case "improved":
      return `Nothing regressed; better by more than the tolerance: ${named("improved")}.`;
    case "pass": {
      const open = [named("too noisy"), named("undecided")].filter(Boolean).join(", ");
      return open
        ? `By processor time nothing is slower after ${report.rounds} rounds; the wall clock cannot tell here: ${open}.`
        : `Every metric is within its tolerance after ${report.rounds} rounds.`;
    }
    case "inconclusive": {
      const noisy = named("too noisy");
      const undecided = named("undecided");
      const sentences = [
        report.incomparable.length > 0 && `Not comparable: ${report.incomparable.join("; ")}.`,
        noisy && `Too noisy here for its tolerance, by the A/A check: ${noisy}.`,
        undecided && `Still undecided after ${report.rounds} rounds: ${undecided}.`,
      ].filter(Boolean);
      return sentences.length > 0 ? sentences.join(" ") : "No metric could be measured in enough rounds.";
    }
  }
}

/** `blackboard OUT_OF_MEMORY (990,000 operations in 20 processes)`. */
export function errorLine({ scenario, code, head }: ErrorReport): string {
  return `${scenario} ${code} (${occurrence(head)})`;
}

/** Of every code, how often in which build. */
export function errorLines({ errors, mode }: GateReport): string[] {
  return errors.map(({ scenario, code, head, base, verdict }) => {
    const before = mode === "baseline" && verdict !== "regressed" ? "some" : occurrence(base);
    return `${scenario} ${code}: head ${occurrence(head)}, base ${before}: ${verdict}`;
  });
}

function occurrence({ processes, operations }: ErrorReport["head"]): string {
  if (processes === 0) return "none";
  const many = operations === 1 ? "1 operation" : `${operations.toLocaleString("en-US")} operations`;
  return `${many} in ${processes === 1 ? "1 process" : `${processes} processes`}`;
}

/** Which check this was; the weaker one says so. */
export function modeLine(report: GateReport): string {
  return report.mode === "against"
    ? `${report.head} against ${report.base}, both measured now, ${report.rounds} rounds`
    : `${report.head} against ${report.base}, ${report.rounds} rounds (the weaker check: divided by a reference subject, not measured side by side)`;
}

export const COLUMNS = [
  "metric",
  "base",
  "head",
  "worse by",
  "95 % interval",
  "p",
  "tolerance",
  "A/A noise",
  "verdict",
];

/** A metric's row without its verdict, under all but the last of `COLUMNS`. */
export function cellsOf(m: MetricReport): string[] {
  return [
    m.name,
    formatFigure(m.base, m.unit),
    formatFigure(m.head, m.unit),
    formatWorse(m),
    formatInterval(m),
    formatP(m.pWorse),
    formatAllowed(m),
    formatNoise(m),
  ];
}
