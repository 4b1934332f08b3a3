/**
 * `npm run gate:proof`: how often the gate fails a build that is no slower, and how often it catches one that is 15 % slower, on real runs.
 *
 *     npm run gate:proof -- --minutes 10
 *
 * Exit codes: 0 at most 1 % false failures and at least 95 % caught, 1 short of that, 2 bad input, 3 a run failed, 4 the machine is too
 * noisy to tell, 130 interrupted.
 */
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import Table from "cli-table3";
import { Command } from "commander";
import { assignmentOf, parseDuration } from "../../../workloads/index.js";
import { loadScenario } from "../../../workloads/scenarios.js";
import { withInterruption } from "../../command-line/interruption.js";
import { parseMinutes, parseSeed, parseWorkers } from "../../command-line/option-values.js";
import { DEFAULT_SCENARIO, EXIT, parseRunDuration } from "../../gate/index.js";
import { median, shareOfLog } from "../../statistics/index.js";
import { injected, measureRounds, type ProofRound, SLOW_DOWN, type Tuned, tuneArms } from "./measure.js";
import { type Rate, type RecordedRounds, recorded, type Trials, tryGates } from "./trials.js";

const MOST_FALSE_FAILURES = 0.01;
const LEAST_CAUGHT = 0.95;
/** As many as the gate's own first look: with fewer, a gate's rounds would be the same few over and over. */
const LEAST_ROUNDS = 20;
const GATES = 1000;
/** How far from 15 % the slow-down may come out. */
const SLOW_DOWN_SLACK = 0.03;

interface Options {
  minutes: number;
  scenario: string;
  duration: string;
  workers?: number;
  seed: number;
}

const program = new Command("gate:proof")
  .description("repeats A/A runs and injected slow-downs on real runs; prints the rates the gate reached")
  .option("--minutes <n>", "how long rounds are measured", parseMinutes, 8)
  .option("--scenario <name>", "what is run", DEFAULT_SCENARIO)
  .option("--duration <time>", "measured time of each process", parseRunDuration, "300ms")
  .option("--workers <n>", "worker threads of each process (default: the scenario's own)", parseWorkers)
  .option("--seed <n>", "order of the arms, workload streams, resampling", parseSeed, 1)
  .action(async (options: Options) => {
    process.exitCode = await withInterruption(async (signal) => {
      const temporary = await realpath(await mkdtemp(join(tmpdir(), "engram-gate-proof-")));
      try {
        return await prove(options, temporary, signal);
      } finally {
        await rm(temporary, { recursive: true, force: true });
      }
    });
  });

async function prove(options: Options, temporary: string, signal: AbortSignal): Promise<number> {
  const { minutes, seed, duration } = options;
  const scenario = loadScenario(options.scenario);
  const plan = {
    ...{
      scenario,
      subject: "engram",
      workers: assignmentOf(scenario, options.workers ?? null).workers,
      trace: null,
    },
    ...{ durationMs: parseDuration(duration), ops: null, rate: null, seed },
  };
  const loadBefore = loadavg()[0];
  const until = performance.now() + minutes * 60_000;
  say("tuning the delay");
  const tuned = await tuneArms((name) => join(temporary, name), plan, signal);
  const rounds = await measureRounds(tuned, {
    ...{ plan, until, least: LEAST_ROUNDS, signal },
    onRound: (done) =>
      say(`round ${done + 1}, ${Math.max(0, (until - performance.now()) / 60_000).toFixed(1)} minutes left`),
  });
  say("judging");
  const differences = recorded(rounds);
  const trials = await tryGates(differences, GATES, seed);
  const load = `load ${loadBefore.toFixed(1)} before, ${loadavg()[0].toFixed(1)} after, on ${cpus().length} processors`;
  process.stdout.write(render(scenario.name, duration, tuned, injected(rounds), differences, trials, load));
  const doubt = doubtOf(rounds, trials);
  if (doubt !== null) {
    process.stderr.write(`gate:proof: nothing is proved: ${doubt}\n`);
    return EXIT.inconclusive;
  }
  return trials.falseFailures.share <= MOST_FALSE_FAILURES && trials.caught.share >= LEAST_CAUGHT ? 0 : 1;
}

/** Why the rates say nothing of what they are called; null: they do. */
function doubtOf(rounds: readonly ProofRound[], { gates, same }: Trials): string | null {
  const slowDown = injected(rounds);
  if (Math.abs(slowDown - SLOW_DOWN) > SLOW_DOWN_SLACK) {
    return `the injected slow-down came out at ${percent(slowDown)} of a get instead of ${percent(SLOW_DOWN)}`;
  }
  // A gate that never decides has no false failures.
  if (same.inconclusive > gates / 2) return `${same.inconclusive} of ${gates} gates found the machine too noisy`;
  return null;
}

function render(
  scenario: string,
  duration: string,
  { delays, nsPerTurn }: Tuned,
  slowDown: number,
  { metrics, same, slowed }: RecordedRounds,
  { gates, same: sameCounts, slowed: slowedCounts, falseFailures, caught }: Trials,
  load: string,
): string {
  const ns = (turns: number) => `${Math.round(turns * nsPerTurn)} ns`;
  const lines = [
    `${same.length} measured rounds of three fresh processes each (two of this build, one of a slowed copy), ${scenario}, ${duration} a process; ${load}`,
    `injected: ${ns(delays.get)} after each get, ${ns(delays.set)} after each set, set for ${percent(SLOW_DOWN)} in rounds that are not judged; in those judged a get took ${percent(slowDown)} longer (median batch)`,
    "",
  ];
  const table = new Table({
    head: ["metric", "tolerance", "A/A median", "A/A spread", "slowed median"],
    colAligns: ["left", "right", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const [at, { label, toleranceFactor }] of metrics.entries()) {
    const own = same.map((round) => round[at]);
    const deviation = median(own.map((one) => Math.abs(one - median(own)))) * 1.4826;
    table.push([
      ...[label, percent(0.1 * toleranceFactor), signed(median(own)), percent(shareOfLog(deviation))],
      signed(median(slowed.map((round) => round[at]))),
    ]);
  }
  const words = ({ regressed, improved, pass, inconclusive }: Trials["same"]) =>
    `${regressed} regressed, ${pass} pass, ${improved} improved, ${inconclusive} inconclusive`;
  lines.push(
    table.toString(),
    "",
    `${gates} gates of each kind, whole (A/A check, looks at 20, 30 and 40 rounds), over rounds resampled with replacement from those measured:`,
    `  same build:  ${words(sameCounts)}`,
    `  slowed copy: ${words(slowedCounts)}`,
    "An inconclusive gate is no failure of the build, and has caught nothing either. Intervals: 95 %, over 40 pools redrawn from the rounds.",
    `false failures ${shown(falseFailures)} (at most 1 %), caught ${shown(caught)} (at least 95 %), ${gates} gates each over ${same.length} rounds`,
  );
  return `${lines.join("\n")}\n`;
}

function shown({ share, low, high }: Rate): string {
  return `${percent(share)} [${percent(low)}, ${percent(high)}]`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function signed(log: number): string {
  const share = shareOfLog(log);
  return `${share < 0 ? "-" : "+"}${percent(Math.abs(share))}`;
}

function say(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what}`);
}

try {
  await program.parseAsync();
} catch (error) {
  const { exitCode, code, message } = error as { exitCode?: number; code?: string; message: string };
  process.stderr.write(`gate:proof: ${message}\n`);
  process.exitCode = exitCode ?? (code === "INVALID_ARGUMENT" ? 2 : 3);
}
