/** What a gate found, as plain data: printed by --json, and all that the other outputs are made from. */
import { type Decision, judge, type MetricSample, noiseOf, type Outcome } from "../statistics/index.js";
import type { Column, LeftOut, Table } from "./columns.js";
import { cpuNotices, stoodInNotice } from "./cpu-notices.js";
import { EXIT } from "./errors.js";
import type { ErrorReport } from "./errors-of-runs.js";
import type { Findings } from "./findings.js";
import { type MetricReport, metricOf } from "./metric-report.js";
import { SUBJECT, type Target } from "./readings.js";
import type { RunSettings } from "./settings.js";

export const REPORT_VERSION = 1;

/** How the path of each metric of processor time ends. */
const CPU_PATH = "cpu.perOperation";

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
  commits: ComparedCommits;
  settings: RunSettings;
  tolerance: number;
  /** `cpu`: the wall clock could not tell everything here, and processor time has told the rest. */
  decidedBy: DecidedBy;
  seed: number;
  rounds: number;
  metrics: MetricReport[];
  /** Judged in the same way, each alone, and no part of the outcome. */
  beside: MetricReport[];
  /** Operations that failed, by scenario and code. */
  errors: ErrorReport[];
  /** Why the two cannot be compared, one line each. */
  incomparable: string[];
  leftOut: LeftOut[];
  notices: string[];
}

/** Which figures the outcome rests on. */
export type DecidedBy = "wall" | "cpu" | "instructions";

/** Null: outside a repository, or a baseline that was written there. `dirty`: files of the head differ from its commit. */
export interface ComparedCommits {
  head: string | null;
  dirty: boolean;
  base: string | null;
}

/** Rounds of either mode, as far as a report is made of them. */
export interface MeasuredRounds {
  table(): Table;
  sameTable(): Table;
  samples(columns: readonly Column[]): MetricSample[];
  sameSamples(columns: readonly Column[]): MetricSample[];
  errors(): ErrorReport[];
  beside(): Findings;
}

export interface ReportParts {
  mode: GateReport["mode"];
  head: string;
  base: string;
  commits: ComparedCommits;
  settings: RunSettings;
  tolerance: number;
  seed: number;
  inconclusive: "pass" | "fail";
  decision: Decision;
  targets: readonly Target[];
  measured: MeasuredRounds;
  notices: readonly string[];
  /** Absent: our own store. */
  subject?: string;
  /** Asked for; by default the wall clock, and processor time where that cannot tell. */
  decidedBy?: DecidedBy;
}

export function reportOf(parts: ReportParts): GateReport {
  const { mode, head, base, commits, settings, tolerance, seed, decision, measured } = parts;
  const metrics = metricsOf(parts);
  const beside = besideOf(parts);
  return {
    kind: "engram-gate",
    version: REPORT_VERSION,
    mode,
    outcome: decision.outcome,
    exitCode: exitCodeOf(decision.outcome, parts.inconclusive),
    subject: parts.subject ?? SUBJECT,
    head,
    base,
    commits,
    settings,
    tolerance,
    decidedBy: decision.stoodIn ? "cpu" : (parts.decidedBy ?? "wall"),
    seed,
    rounds: decision.rounds,
    metrics,
    beside,
    errors: measured.errors(),
    incomparable: measured.beside().incomparable,
    leftOut: leftOutOf(parts, new Set(metrics.map(({ id }) => id))),
    notices: [
      ...parts.notices,
      ...gapNotices(measured.table()),
      ...(decision.stoodIn ? [stoodInNotice(openOf(metrics))] : cpuNotices(metrics, cpuOf(beside))),
    ],
  };
}

function openOf(metrics: readonly MetricReport[]): string[] {
  return metrics.filter(({ verdict }) => verdict === "too noisy" || verdict === "undecided").map(({ name }) => name);
}

function cpuOf(beside: readonly MetricReport[]): MetricReport[] {
  return beside.filter(({ id }) => id.endsWith(CPU_PATH));
}

function exitCodeOf(outcome: Outcome, inconclusive: "pass" | "fail"): number {
  if (outcome === "regressed") return EXIT.regression;
  if (outcome === "inconclusive") return inconclusive === "pass" ? EXIT.ok : EXIT.inconclusive;
  return EXIT.ok;
}

/** Those that were judged, and those that the A/A check has found too noisy for it. */
function metricsOf({ decision, targets, measured, mode }: ReportParts): MetricReport[] {
  const { columns } = measured.table();
  return targets.flatMap((target): MetricReport[] => {
    const noise = decision.noise.find((n) => n.name === target.id);
    const judgement = decision.judgements.find((j) => j.name === target.id);
    if ((target.beside && !judgement) || (!judgement && !noise?.tooNoisy)) return [];
    const column = columns.find((c) => c.target.id === target.id);
    return [metricOf(target, mode === "baseline", column, noise, judgement)];
  });
}

/** Each by itself, for they decide nothing together. */
function besideOf({ targets, measured, mode, seed, decision }: ReportParts): MetricReport[] {
  const { columns } = measured.table();
  const same = measured.sameTable().columns;
  return targets.flatMap((target): MetricReport[] => {
    const column = columns.find((c) => c.target === target);
    const sameColumn = same.find((c) => c.target === target);
    if (!target.beside || !column || !sameColumn) return [];
    if (decision.judgements.some((j) => j.name === target.id)) return [];
    const [sample] = measured.samples([column]);
    const [sameSample] = measured.sameSamples([sameColumn]);
    const noise = noiseOf(sameSample, decision.firstLook, seed);
    const judgement = noise.tooNoisy ? undefined : judge([sample], seed)[0];
    return [metricOf(target, mode === "baseline", column, noise, judgement)];
  });
}

/** Everything with a figure somewhere that is not among the metrics, each once. */
function leftOutOf({ measured, targets }: ReportParts, judged: ReadonlySet<string>): LeftOut[] {
  const { columns, leftOut } = measured.table();
  const same = measured.sameTable().leftOut.map((one) => ({ ...one, reason: `A/A check: ${one.reason}` }));
  const unchecked = columns.map(
    ({ target: { id, name } }): LeftOut => ({ id, name, reason: "not measured in the A/A check" }),
  );
  const found = new Map<string, LeftOut>();
  for (const one of [...leftOut, ...same, ...unchecked]) {
    const beside = targets.some(({ id, beside }) => id === one.id && beside);
    if (!judged.has(one.id) && !beside && !found.has(one.id)) found.set(one.id, one);
  }
  return [...found.values()];
}

function gapNotices({ columns }: Table): string[] {
  return columns.flatMap(({ target, gaps }) =>
    gaps === null || target.beside ? [] : [`${target.name} is judged without some rounds: ${gaps}`],
  );
}
