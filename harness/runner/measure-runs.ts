/** Runs asked for -> results: every scenario against every subject, judged, with the machine they ran on. */
import { cpus, loadavg } from "node:os";
import { type Results, SCHEMA_VERSION } from "../../reports/results.js";
import { InvalidArgumentError } from "../../src/errors.js";
import { assignmentOf, replaysTrace, type Scenario } from "../../workloads/index.js";
import type { Progress } from "../command-line/progress.js";
import { packageVersion } from "../command-line/version.js";
import { captureEnvironment } from "../measure/index.js";
import type { LiveRun } from "../monitor/index.js";
import { WATCHABLE_SUBJECTS, withoutPasswords } from "../subjects/index.js";
import { conductRuns, type Recording } from "./conductor.js";
import { judgeRuns } from "./judge-runs.js";
import type { RunPlan } from "./messages.js";
import { tellScenario } from "./tell-scenario.js";

export interface RunRequest {
  readonly title?: string;
  readonly scenarios: readonly Scenario[];
  readonly subjects: readonly string[];
  /** Of those that are none of ours the modules they are in, by name. */
  readonly subjectFiles?: Readonly<Record<string, string>>;
  /** Every scenario and subject is run with each; null: with as many as the scenario says. */
  readonly workers: readonly number[] | null;
  readonly durationMs: number | null;
  readonly ops: number | null;
  readonly rate: number | null;
  readonly seed: number;
  readonly trace: RunPlan["trace"];
  /** Runs of the first scenario and subject to tell how much results differ from run to run; 0: none. */
  readonly noiseRuns: number;
  /** Told of the stores while they are measured; null: nobody looks. */
  readonly live?: LiveRun | null;
  /** Whether the results have what a monitor saw; those of a live run do. */
  readonly monitor?: boolean;
  /** Subjects asked for that cannot be had here, one line each. */
  readonly leftOut?: readonly string[];
}

export interface MeasuredRuns {
  readonly results: Results;
  /** Of each run of the results, in the same order. */
  readonly recordings: readonly Recording[];
  /** Runs that could not be finished, one line each. */
  readonly failures: readonly string[];
  /** Subjects without a part in a scenario, one line each. */
  readonly leftOut: readonly string[];
}

/** Length of one run when only the noise is looked for, ms. */
const NOISE_RUN_MS = 300;

/** Throws InvalidArgumentError when a scenario, trace or subject cannot be used. */
export async function measureRuns(
  request: RunRequest,
  interrupt: AbortSignal,
  progress: Progress,
): Promise<MeasuredRuns> {
  const loadBefore = loadavg()[0];
  const plans = request.scenarios.flatMap((scenario) =>
    request.subjects.flatMap((subject) =>
      workerCounts(request, scenario).map((workers) => planOf(request, scenario, subject, workers)),
    ),
  );
  const noisePlans = Array.from({ length: request.noiseRuns }, () => ({
    ...plans[0],
    live: false,
    monitored: false,
    durationMs: NOISE_RUN_MS,
    ops: null,
  }));
  const total = plans.length + noisePlans.length;
  const environment = await captureEnvironment(0, null);
  const noise = await conductRuns(noisePlans, interrupt, (done, _, fraction, label) =>
    progress.show((done + fraction) / total, `noise, ${label}`),
  );
  const conducted = await conductRuns(
    plans,
    interrupt,
    (done, _, fraction, label) => progress.show((noisePlans.length + done + fraction) / total, label),
    (tick) => request.live?.hear(tick),
  );
  const { runs, timerFloorNs, interrupted, failures } = conducted;
  const leftOut = [...(request.leftOut ?? []), ...conducted.leftOut];
  const results: Results = {
    schemaVersion: SCHEMA_VERSION,
    engram: packageVersion(),
    createdAt: new Date().toISOString(),
    ...(request.title === undefined ? {} : { title: request.title }),
    environment: {
      ...environment,
      timerFloorNs,
      noise: halfSpread(noise.runs.flatMap(({ opsPerSecond }) => opsPerSecond ?? [])),
    },
    config: {
      command: ["engram", ...withoutPasswords(process.argv.slice(2))],
      scenarios: request.scenarios.map(({ name }) => name),
      subjects: [...request.subjects],
      workers: Math.max(...plans.map(({ workers }) => workers)),
      durationMs: request.durationMs,
      ops: request.ops,
      rate: request.rate,
      seed: request.seed,
      trace: request.trace?.path ?? null,
    },
    scenarios: request.scenarios.map(tellScenario),
    runs,
    targets: judgeRuns(runs, request.scenarios),
    ...(interrupted ? { interrupted } : {}),
    notices: [...noticesOf(plans, loadBefore), ...leftOut, ...failures],
  };
  return { results, recordings: conducted.recordings, failures, leftOut };
}

/** Where agents share threads there are never more threads than agents: what was asked for may come to the same. */
function workerCounts({ workers }: RunRequest, scenario: Scenario): number[] {
  return [...new Set((workers ?? [null]).map((asked) => assignmentOf(scenario, asked).workers))];
}

function planOf(request: RunRequest, scenario: Scenario, subject: string, workers: number): Omit<RunPlan, "directory"> {
  const { durationMs, ops, rate, seed, subjectFiles = {} } = request;
  const replays = replaysTrace(scenario);
  if (replays && request.trace === null) {
    throw new InvalidArgumentError(`scenario ${scenario.name} replays a trace: give one with --trace FILE`);
  }
  return {
    scenario,
    subject,
    ...(Object.hasOwn(subjectFiles, subject) ? { subjectFile: subjectFiles[subject] } : {}),
    workers,
    trace: replays ? request.trace : null,
    live: (request.live ?? null) !== null && WATCHABLE_SUBJECTS.includes(subject),
    monitored: (request.monitor === true || (request.live ?? null) !== null) && WATCHABLE_SUBJECTS.includes(subject),
    durationMs,
    ops,
    rate,
    seed,
  };
}

/** Half the distance from the least to the most, as a share of their mean; null for fewer than three figures. */
function halfSpread(figures: readonly number[]): number | null {
  if (figures.length < 3) return null;
  const mean = figures.reduce((sum, one) => sum + one, 0) / figures.length;
  return mean === 0 ? null : (Math.max(...figures) - Math.min(...figures)) / 2 / mean;
}

function noticesOf(plans: ReadonlyArray<{ workers: number }>, loadBefore: number): string[] {
  const notices: string[] = [];
  const processors = Math.max(1, cpus().length);
  const busiest = Math.max(...plans.map(({ workers }) => workers));
  if (busiest > processors) {
    notices.push(
      `${busiest} busy workers on ${processors} processors: they wait for each other, which shows in every tail`,
    );
  }
  if (loadBefore > processors / 2) {
    notices.push(
      `the machine was busy before the run (load ${loadBefore.toFixed(1)} on ${processors} processors): expect noise`,
    );
  }
  notices.push(`load average over 1 minute: ${loadBefore.toFixed(2)} before, ${loadavg()[0].toFixed(2)} after`);
  return notices;
}
