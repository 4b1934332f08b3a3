/** One measured process: `engram run` through an arm's own command line, and its results.json read back. */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { RESULTS_FILE, readResults } from "../../reports/read-results.js";
import type { Results, Run } from "../../reports/results.js";
import { InvalidArgumentError } from "../../src/errors.js";
import { runProgram } from "../child/index.js";
import { describeEnd } from "./describe-end.js";
import { EXIT, RunFailedError } from "./errors.js";
import type { RunSettings } from "./settings.js";

export interface Arm {
  /** For messages: `head` or `base`. */
  name: string;
  /** Absolute path of its dist/harness/cli.js. */
  cli: string;
  /** Folder it runs in: its own tree, so that it finds its own scenarios. */
  folder: string;
}

export interface Process {
  subjects: readonly string[];
  settings: RunSettings;
  seed: number;
  /** Where the process may write; what it writes is removed. */
  temporary: string;
  signal: AbortSignal;
}

export async function runArm(arm: Arm, options: Process): Promise<Results> {
  const { subjects, settings, seed, temporary, signal } = options;
  const out = await mkdtemp(join(temporary, `${arm.name}-`));
  try {
    const args = [arm.cli, "run", ...settings.scenarios, "--subjects", subjects.join(",")];
    args.push("--duration", settings.duration, "--seed", String(seed), "--out", out, "--json");
    if (settings.workers !== null) args.push("--workers", String(settings.workers));
    // The summary for a CI job is the gate's to write, not that of the runs inside it.
    const env = { ...process.env, GITHUB_STEP_SUMMARY: undefined };
    const finished = await runProgram(process.execPath, args, {
      cwd: arm.folder,
      env,
      interrupt: signal,
      ownGroup: true,
    });
    // It did not like what we handed on: an unknown scenario, say. That is the user's to mend, not a broken run.
    if (finished.exitCode === EXIT.usage) {
      throw new InvalidArgumentError(`engram run of the ${arm.name} refused its arguments, ${describeEnd(finished)}`);
    }
    if (finished.exitCode !== 0) throw new RunFailedError(`a run of the ${arm.name} failed, ${describeEnd(finished)}`);
    return await resultsOf(arm, join(out, RESULTS_FILE));
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

/** The run of one scenario and subject; one that is not there is a failed run, since it was asked for. */
export function runOf(arm: Arm, results: Results, scenario: string, subject: string): Run {
  const run = results.runs.find((r) => r.scenario === scenario && r.subject === subject);
  if (!run) throw new RunFailedError(`a run of the ${arm.name} wrote no result for ${scenario} on ${subject}`);
  return run;
}

/** A results file that is missing, damaged or of another schema is the run's failure here, not a bad argument. */
async function resultsOf(arm: Arm, file: string): Promise<Results> {
  const results = await readResults(file).catch((cause: Error) => {
    throw new RunFailedError(`a run of the ${arm.name} left no results to read: ${cause.message}`, { cause });
  });
  if (results.interrupted) throw new RunFailedError(`a run of the ${arm.name} was stopped early`);
  return results;
}
