/** `gate --baseline FILE` and `--write-baseline FILE`: no second build, ratios to a reference subject instead. */
import { existsSync } from "node:fs";
import type { Results } from "../../reports/index.js";
import { decide, looksFrom, type Scale } from "../statistics/index.js";
import type { GateContext } from "./against.js";
import { BASELINE_VERSION, type Baseline, writeBaseline } from "./baseline.js";
import { BaselineRounds } from "./baseline-rounds.js";
import { type Column, columnsOf, type LeftOut } from "./columns.js";
import { RunFailedError } from "./errors.js";
import { REFERENCE, type Readings, relativeReadings, SUBJECT, type Target, targetsOf } from "./readings.js";
import { type GateReport, reportOf } from "./report.js";
import { type Arm, runArm } from "./run-arm.js";
import { MINIMUM_ROUNDS, seedOfRound } from "./settings.js";

export async function gateAgainstBaseline(file: string, baseline: Baseline, context: GateContext): Promise<GateReport> {
  const targets = targetsOf(context.settings.scenarios);
  const head = new RelativeRuns(context, targets);
  await head.measure(context.seed);
  const rounds = new BaselineRounds({
    targets,
    tolerance: context.tolerance,
    seed: context.seed,
    stored: new Map([...Object.entries(baseline.ratios), ...Object.entries(baseline.shares ?? {})]),
    storedErrors: new Map(Object.entries(baseline.errors ?? {})),
    measure: (seed) => head.measure(seed),
    onRound: context.progress.rounds,
  });
  const decision = await decide(rounds, { seed: context.seed, looks: looksFrom(context.rounds) });
  context.progress.stop();
  if (decision.noise.length === 0) throw nothingToCompare(rounds.table().leftOut);
  return reportOf({
    ...context,
    mode: "baseline",
    head: head.label(),
    base: `baseline ${file} (${baseline.commit?.slice(0, 12) ?? "no commit"}, ${baseline.createdAt})`,
    commits: { ...head.commit(), base: baseline.commit },
    decision,
    targets,
    measured: rounds,
    notices: environmentNotices(baseline, head.last()),
  });
}

/** Returns the targets it wrote and those it had to leave out. */
export async function recordBaseline(
  file: string,
  context: GateContext,
): Promise<{ baseline: Baseline; leftOut: LeftOut[] }> {
  const { settings, seed, progress } = context;
  const targets = targetsOf(settings.scenarios);
  const head = new RelativeRuns(context, targets);
  await head.measure(seed);
  const rounds: Readings[][] = [];
  while (rounds.length < context.rounds) {
    progress.rounds("baseline", rounds.length, context.rounds);
    rounds.push([await head.measure(seedOfRound(seed, rounds.length))]);
  }
  progress.stop();
  const table = columnsOf(
    targets.filter(({ beside }) => !beside),
    rounds,
    ["head"],
  );
  // A baseline of fewer rounds would not be read.
  const enough = ({ figures }: Column) => figures[0].length >= MINIMUM_ROUNDS;
  const columns = table.columns.filter(enough);
  const short = table.columns.filter((column) => !enough(column));
  const leftOut = [
    ...table.leftOut,
    ...short.map(({ target: { id, name }, gaps }): LeftOut => ({ id, name, reason: gaps as string })),
  ];
  const figuresOf = (scale: Scale) =>
    Object.fromEntries(
      columns
        .filter(({ target }) => target.metric.scale === scale)
        .map(({ target, figures }) => [target.id, figures[0]]),
    );
  const ratios = figuresOf("ratio");
  if (Object.keys(ratios).length === 0) throw nothingToCompare(leftOut);
  const { environment } = head.last();
  const baseline: Baseline = {
    kind: "engram-gate-baseline",
    version: BASELINE_VERSION,
    createdAt: new Date().toISOString(),
    commit: environment.commit,
    environment: { cpuModel: environment.cpuModel, cpuCount: environment.cpuCount, node: environment.node },
    reference: REFERENCE,
    settings: { ...settings, seed },
    ratios,
    shares: figuresOf("points"),
    errors: Object.fromEntries(settings.scenarios.map((scenario) => [scenario, codesOf(scenario, rounds.flat())])),
  };
  await writeBaseline(file, baseline);
  return { baseline, leftOut };
}

function codesOf(scenario: string, processes: readonly Readings[]): string[] {
  return [...new Set(processes.flatMap(({ errors }) => Object.keys(errors.get(scenario) ?? {})))].sort();
}

/** Processes of this build that measure the subject and the reference together. */
class RelativeRuns {
  private readonly arm: Arm;
  private results: Results | undefined;

  constructor(
    private readonly context: GateContext,
    private readonly targets: readonly Target[],
  ) {
    const { ownCli, folder } = context;
    if (!existsSync(ownCli)) throw new RunFailedError(`${ownCli} is missing; npm run build makes it`);
    this.arm = { name: "head", cli: ownCli, folder };
  }

  async measure(seed: number): Promise<Readings> {
    this.results = await runArm(this.arm, { ...this.context, subjects: [SUBJECT, REFERENCE], seed });
    return relativeReadings(this.targets, this.arm, this.results);
  }

  last(): Results {
    return this.results!;
  }

  /** The environment's, which says of a commit whose files were changed that it is dirty. */
  commit(): { head: string | null; dirty: boolean } {
    const { commit } = this.last().environment;
    return { head: commit?.replace(/-dirty$/, "") ?? null, dirty: commit?.endsWith("-dirty") ?? false };
  }

  label(): string {
    const { commit } = this.last().environment;
    return `this build (${commit?.slice(0, 12) ?? `version ${this.last().engram}`})`;
  }
}

function environmentNotices(baseline: Baseline, { environment }: Results): string[] {
  const then = baseline.environment;
  const notices: string[] = [];
  if (then.node !== environment.node) {
    notices.push(`the baseline was measured on Node ${then.node}, this is ${environment.node}`);
  }
  if (then.cpuModel !== environment.cpuModel || then.cpuCount !== environment.cpuCount) {
    notices.push(
      `the baseline was measured on ${then.cpuCount} x ${then.cpuModel}, this is ${environment.cpuCount} x ${environment.cpuModel}`,
    );
  }
  return notices;
}

function nothingToCompare(leftOut: readonly LeftOut[]): RunFailedError {
  const reasons = leftOut.map(({ name, reason }) => `${name}: ${reason}`).join("; ");
  return new RunFailedError(`no metric could be compared: ${reasons || "none measured"}`);
}
