/** Runs the gate as its options say, and publishes the verdict. */
import { appendFile, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidArgumentError } from "../../src/errors.js";
import { refuseInputs, writeWhole } from "../../src/write-whole.js";
import { requireWritableFile } from "../command-line/output-file.js";
import { appendRecord, checkRecordFile } from "../records/index.js";
import { type GateContext, gateAgainst } from "./against.js";
import { gateAgainstBaseline, recordBaseline } from "./against-baseline.js";
import { type Baseline, readBaseline } from "./baseline.js";
import { gateCommandAgainst } from "./benchmark/against-command.js";
import type { MetricFormat } from "./benchmark/printed-metrics.js";
import { type BenchmarkSettings, DEFAULT_LIMIT_MS, type DecideBy } from "./benchmark/settings.js";
import { withInterruption } from "./interruption.js";
import { createProgress } from "./progress.js";
import { recordOf } from "./record.js";
import { renderBenchmarkJson } from "./render/benchmark-json.js";
import { renderJunit } from "./render/junit.js";
import { renderMarkdown } from "./render/markdown.js";
import { renderTerminal } from "./render/terminal.js";
import type { GateReport } from "./report.js";
import {
  DEFAULT_BASELINE_TOLERANCE,
  DEFAULT_DURATION,
  DEFAULT_SCENARIO,
  DEFAULT_TOLERANCE,
  type RunSettings,
} from "./settings.js";

export interface GateOptions {
  against?: string;
  baseline?: string;
  writeBaseline?: string;
  tolerance?: number;
  scenario?: string[];
  duration?: string;
  workers?: number;
  rounds: number;
  seed: number;
  inconclusive: "pass" | "fail";
  command?: string;
  setup?: string;
  /** False: `--no-build`. A command builds a tree; our own gate knows how. */
  build?: boolean | string;
  metrics?: MetricFormat;
  metricsFile?: string;
  decideBy?: DecideBy;
  limit?: number;
  json?: boolean;
  record?: string;
  markdown?: string;
  junit?: string;
  benchmarkJson?: string;
}

export async function runGate(options: GateOptions, ownCli: string): Promise<void> {
  const benchmark = benchmarkOf(options);
  requireOneMode(options);
  const baseline = options.baseline === undefined ? undefined : await readBaseline(options.baseline);
  const settings = settingsOf(options, baseline);
  const outputs = {
    "--write-baseline": options.writeBaseline,
    "--record": options.record,
    "--markdown": options.markdown,
    "--junit": options.junit,
    "--benchmark-json": options.benchmarkJson,
  };
  const taken = options.baseline === undefined ? [] : [options.baseline];
  for (const [option, file] of Object.entries(outputs)) {
    if (file === undefined) continue;
    // Neither over the baseline that is read nor over another of the reports.
    refuseInputs(option, file, taken);
    await requireWritableFile(option, file);
    taken.push(file);
  }
  if (options.record !== undefined) checkRecordFile(options.record);
  await withInterruption(async (signal) => {
    const temporary = await realpath(await mkdtemp(join(tmpdir(), "engram-gate-")));
    const progress = createProgress(process.stderr.isTTY === true);
    const weaker = options.against === undefined;
    const context: GateContext = {
      folder: process.cwd(),
      ownCli,
      temporary,
      settings,
      tolerance: options.tolerance ?? (weaker ? DEFAULT_BASELINE_TOLERANCE : DEFAULT_TOLERANCE),
      seed: options.seed,
      rounds: options.rounds,
      inconclusive: options.inconclusive,
      clock: options.decideBy === "wall" ? "wall" : "auto",
      build: options.build !== false,
      progress,
      signal,
    };
    try {
      if (options.writeBaseline !== undefined) await write(options.writeBaseline, options, context);
      else await publish(await gate(options, baseline, benchmark, context), options);
    } finally {
      progress.stop();
      await rm(temporary, { recursive: true, force: true });
    }
  });
}

function gate(
  options: GateOptions,
  baseline: Baseline | undefined,
  benchmark: BenchmarkSettings | null,
  context: GateContext,
): Promise<GateReport> {
  if (benchmark !== null) return gateCommandAgainst(options.against!, benchmark, context);
  if (baseline) return gateAgainstBaseline(options.baseline!, baseline, context);
  return gateAgainst(options.against!, context);
}

async function write(file: string, options: GateOptions, context: GateContext): Promise<void> {
  const { baseline, leftOut } = await recordBaseline(file, context);
  if (options.json) {
    process.stdout.write(`${JSON.stringify(baseline)}\n`);
    return;
  }
  for (const { name, reason } of leftOut) process.stdout.write(`left out: ${name}: ${reason}\n`);
  for (const [scenario, codes] of Object.entries(baseline.errors ?? {})) {
    if (codes.length > 0) process.stdout.write(`note: operations of ${scenario} failed: ${codes.join(", ")}\n`);
  }
  const metrics = Object.keys({ ...baseline.ratios, ...baseline.shares }).length;
  process.stdout.write(`${file}: ${metrics} metrics, ${context.rounds} rounds\n`);
}

async function publish(report: GateReport, options: GateOptions): Promise<void> {
  if (options.markdown !== undefined) await writeWhole(options.markdown, renderMarkdown(report));
  if (options.junit !== undefined) await writeWhole(options.junit, renderJunit(report));
  if (options.benchmarkJson !== undefined) await writeWhole(options.benchmarkJson, renderBenchmarkJson(report));
  const summary = process.env.GITHUB_STEP_SUMMARY;
  // Other steps write to the same file, so this one is appended to.
  if (summary) await appendFile(summary, `${renderMarkdown(report)}\n`);
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : renderTerminal(report));
  process.exitCode = report.exitCode;
  // Last: a disk that is full takes nothing from the verdict.
  if (options.record !== undefined) await appendRecord(options.record, recordOf(report, new Date()));
}

function requireOneMode({ against, baseline, writeBaseline, record }: GateOptions): void {
  const given = [against, baseline, writeBaseline].filter((mode) => mode !== undefined);
  if (given.length !== 1) {
    throw new InvalidArgumentError("engram gate: give one of --against REV, --baseline FILE, --write-baseline FILE");
  }
  if (record !== undefined && writeBaseline !== undefined) {
    throw new InvalidArgumentError("--record: goes with a verdict, and --write-baseline comes to none");
  }
}

/** Null: the scenarios of this repository are run. */
function benchmarkOf(options: GateOptions): BenchmarkSettings | null {
  const { command, against, setup, build, metrics, metricsFile, decideBy = "auto", limit } = options;
  if (command === undefined) {
    const alone = {
      setup,
      build: typeof build === "string" ? build : undefined,
      metrics,
      "metrics-file": metricsFile,
      limit,
    };
    const given = Object.entries(alone).find(([, value]) => value !== undefined);
    if (given !== undefined) throw new InvalidArgumentError(`--${given[0]}: goes with --command, and there is none`);
    if (decideBy !== "auto" && decideBy !== "wall") {
      throw new InvalidArgumentError(
        `--decide-by ${decideBy}: goes with --command; a gate over scenarios takes auto or wall`,
      );
    }
    return null;
  }
  if (against === undefined)
    throw new InvalidArgumentError("--command: goes with --against REV, the revision it is compared with");
  for (const option of ["scenario", "duration", "workers"] as const) {
    if (options[option] !== undefined) {
      throw new InvalidArgumentError(`--${option}: is for scenarios, and --command runs none; give it in the command`);
    }
  }
  return {
    command,
    setup: setup ?? null,
    build: typeof build === "string" ? build : null,
    metrics: metrics ?? "auto",
    metricsFile: metricsFile ?? null,
    decideBy,
    limitMs: limit ?? DEFAULT_LIMIT_MS,
  };
}

/** A baseline holds only under the settings it was measured with, so it brings them along. */
function settingsOf(options: GateOptions, baseline: Baseline | undefined): RunSettings {
  if (!baseline) {
    return {
      scenarios: options.scenario ?? [DEFAULT_SCENARIO],
      duration: options.duration ?? DEFAULT_DURATION,
      workers: options.workers ?? null,
    };
  }
  const { scenarios, duration, workers } = baseline.settings;
  const conflict = (option: string, given: string, stored: string): void => {
    if (given === stored) return;
    throw new InvalidArgumentError(
      `baseline ${options.baseline} was measured with ${option} ${stored}, not ${given}; leave the option out, or write another baseline`,
    );
  };
  if (options.scenario) conflict("--scenario", [...options.scenario].sort().join(","), [...scenarios].sort().join(","));
  if (options.duration) conflict("--duration", options.duration, duration);
  if (options.workers) conflict("--workers", String(options.workers), String(workers ?? "left to the scenario"));
  return { scenarios, duration, workers };
}
