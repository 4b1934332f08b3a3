/** What a gate found, as plain data: printed by --json, and all that the other outputs are made from. */
import type { Column, LeftOut } from "./columns.js";
import { EXIT } from "./errors.js";
import { SUBJECT, type Target } from "./readings.js";
import type { RunSettings } from "./settings.js";
import { type Better, type Decision, median, type Outcome, shareOfLog, type Verdict } from "./statistics/index.js";

export const REPORT_VERSION = 1;

export interface MetricReport {
  id: string;
  name: string;
  unit: string;
  better: Better;
  /** Share that the metric may be worse. */
  tolerance: number;
  /** Medians over the rounds; null when it was too noisy to be measured. */
  head: number | null;
  base: number | null;
  /** How much worse, as a share (0.15 = 15 % worse, negative = better), with its 95 % interval. */
  worse: number | null;
  interval: { lower: number; upper: number } | null;
  /** Holm-corrected, one-sided. */
  pWorse: number | null;
  pBetter: number | null;
  /** Half-width of the A/A check, as a share. */
  noise: number;
  verdict: Verdict | "too noisy";
  /** One figure a round, so that others can check the verdict: the head's and the base's. */
  rounds: { head: number[]; base: number[] };
}

export interface GateReport {
  kind: "engram-gate";
  version: typeof REPORT_VERSION;
  /** `against` compares two builds on this machine now; `baseline` compares with stored ratios and is the weaker check. */
  mode: "against" | "baseline";
  outcome: Outcome;
  exitCode: number;
  subject: string;
  head: string;
  base: string;
  settings: RunSettings;
  tolerance: number;
  seed: number;
  rounds: number;
  metrics: MetricReport[];
  leftOut: LeftOut[];
  notices: string[];
}

export interface ReportParts {
  mode: GateReport["mode"];
  head: string;
  base: string;
  settings: RunSettings;
  tolerance: number;
  seed: number;
  inconclusive: "pass" | "fail";
  decision: Decision;
  targets: readonly Target[];
  columns: readonly Column[];
  leftOut: readonly LeftOut[];
  notices: readonly string[];
}

export function reportOf(parts: ReportParts): GateReport {
  const { mode, head, base, settings, tolerance, seed, decision } = parts;
  return {
    kind: "engram-gate",
    version: REPORT_VERSION,
    mode,
    outcome: decision.outcome,
    exitCode: exitCodeOf(decision.outcome, parts.inconclusive),
    subject: SUBJECT,
    head,
    base,
    settings,
    tolerance,
    seed,
    rounds: decision.rounds,
    metrics: metricsOf(parts),
    leftOut: [...parts.leftOut],
    notices: [...parts.notices],
  };
}

export function exitCodeOf(outcome: Outcome, inconclusive: "pass" | "fail"): number {
  if (outcome === "regressed") return EXIT.regression;
  if (outcome === "inconclusive") return inconclusive === "pass" ? EXIT.ok : EXIT.inconclusive;
  return EXIT.ok;
}

function metricsOf({ decision, targets, columns, mode }: ReportParts): MetricReport[] {
  return decision.noise.flatMap((noise): MetricReport[] => {
    const target = targets.find((t) => t.id === noise.name)!;
    const [head = [], base = []] = columns.find((c) => c.target.id === noise.name)?.figures ?? [];
    const judgement = decision.judgements.find((j) => j.name === noise.name);
    // Judged in the A/A check but with gaps since: it stands among those left out.
    if (!judgement && !noise.tooNoisy) return [];
    return [
      {
        id: target.id,
        name: target.name,
        unit: mode === "baseline" ? "x reference" : target.metric.unit,
        better: target.metric.better,
        tolerance: noise.tolerance,
        head: head.length > 0 ? median(head) : null,
        base: base.length > 0 ? median(base) : null,
        worse: judgement ? shareOfLog(judgement.effect) : null,
        interval: judgement
          ? { lower: shareOfLog(judgement.interval.lower), upper: shareOfLog(judgement.interval.upper) }
          : null,
        pWorse: judgement?.pWorse ?? null,
        pBetter: judgement?.pBetter ?? null,
        noise: noise.halfWidth,
        verdict: judgement?.verdict ?? "too noisy",
        rounds: { head, base },
      },
    ];
  });
}
