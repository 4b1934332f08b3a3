/** Starts a process for each run, one after the other, and collects what they measured. */
import { type ChildProcess, fork } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Run } from "../../reports/results.js";
import { InvalidArgumentError } from "../../src/errors.js";
import { RunFailedError } from "../command-line/errors.js";
import type { FromRunProcess, NamedHistogram, RunPlan, ToRunProcess } from "./messages.js";
import { LeftOutError } from "./unsupported.js";

export interface Recording {
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly histograms: readonly NamedHistogram[];
}

export interface ConductedRuns {
  readonly runs: Run[];
  /** Of each run, in the same order. */
  readonly recordings: Recording[];
  /** The highest timer floor of all runs, ns; 0 when there was none. */
  readonly timerFloorNs: number;
  readonly interrupted: boolean;
  /** Runs that could not be finished, one line each: a process died, an invariant broke. */
  readonly failures: string[];
  /** Subjects that can do nothing of a scenario, one line each. */
  readonly leftOut: string[];
}

/** `done` runs of `total` are over, the current one to `fraction`. */
export type ConductorProgress = (done: number, total: number, fraction: number, label: string) => void;

/** How long a run process may take to hand over what it has when interrupted, before it is killed, ms. */
const HAND_OVER_MS = 5000;

/** The tail of what a dying process said on stderr, to be shown with its end. */
const LAST_WORDS_BYTES = 4096;

/**
 * Runs all plans. When `interrupt` aborts, the current run hands over what it has and the rest is left out. A run that fails
 * does not take the others with it. Throws InvalidArgumentError for a plan that cannot be carried out.
 */
export async function conductRuns(
  plans: ReadonlyArray<Omit<RunPlan, "directory">>,
  interrupt: AbortSignal,
  progress: ConductorProgress,
): Promise<ConductedRuns> {
  const runs: Run[] = [];
  const recordings: Recording[] = [];
  const failures: string[] = [];
  const leftOut: string[] = [];
  let timerFloorNs = 0;
  for (const [done, plan] of plans.entries()) {
    if (interrupt.aborted) break;
    try {
      const outcome = await conductRun(plan, interrupt, (fraction, label) =>
        progress(done, plans.length, fraction, label),
      );
      if (outcome === null) break;
      timerFloorNs = Math.max(timerFloorNs, outcome.timerFloorNs);
      // An interrupt before the first operation leaves nothing worth showing.
      if (!outcome.stopped || outcome.run.ops > 0) {
        runs.push(outcome.run);
        recordings.push(outcome);
      }
    } catch (error) {
      if (error instanceof LeftOutError) leftOut.push(error.message);
      else if (error instanceof RunFailedError) failures.push(error.message);
      else throw error;
    }
  }
  return { runs, recordings, timerFloorNs, interrupted: interrupt.aborted, failures, leftOut };
}

type Outcome = Extract<FromRunProcess, { type: "result" }>;

/** Null: interrupted before it had anything. */
async function conductRun(
  plan: Omit<RunPlan, "directory">,
  interrupt: AbortSignal,
  progress: (fraction: number, label: string) => void,
): Promise<Outcome | null> {
  const directory = await mkdtemp(join(tmpdir(), "engram-run-"));
  const removeAtExit = () => rmSync(directory, { recursive: true, force: true });
  process.on("exit", removeAtExit);
  try {
    return await runInProcess({ ...plan, directory }, interrupt, progress);
  } finally {
    process.off("exit", removeAtExit);
    // Here and not in the process itself: it may have been killed.
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

function runInProcess(
  plan: RunPlan,
  interrupt: AbortSignal,
  progress: (fraction: number, label: string) => void,
): Promise<Outcome | null> {
  const label = `${basename(plan.scenario).replace(/\.ya?ml$/, "")} / ${plan.subject}`;
  return new Promise((resolve, reject) => {
    const child = fork(new URL("./run-process.js", import.meta.url), [], {
      // Structured clone: a result may hold Infinity, and undefined stays away.
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let lastWords = "";
    let outcome: FromRunProcess | undefined;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      lastWords = (lastWords + text).slice(-LAST_WORDS_BYTES);
    });
    child.on("message", (message: FromRunProcess) => {
      if (message.type === "progress") progress(message.fraction, `${label}: ${message.label}`);
      else outcome = message;
    });
    const killOnExit = () => child.kill("SIGKILL");
    process.on("exit", killOnExit);
    const stopInterrupting = onInterrupt(child, interrupt);
    child.on("error", (error) => reject(new RunFailedError(`${label}: cannot start a process (${error.message})`)));
    child.on("close", (code, signal) => {
      process.off("exit", killOnExit);
      stopInterrupting();
      if (process.env.ENGRAM_DEBUG === "1") process.stderr.write(lastWords);
      if (outcome?.type === "result") resolve(outcome);
      else if (interrupt.aborted) resolve(null);
      else if (outcome?.type === "failure") reject(failureOf(outcome, label));
      else reject(new RunFailedError(`${label}: the run's process ${endOf(code, signal)}${reason(lastWords)}`));
    });
    tell(child, { type: "plan", plan });
  });
}

function failureOf({ kind, message }: Extract<FromRunProcess, { type: "failure" }>, label: string): Error {
  if (kind === "usage") return new InvalidArgumentError(message);
  return kind === "left-out" ? new LeftOutError(`${label}: ${message}`) : new RunFailedError(`${label}: ${message}`);
}

/** Asks the process to hand over when interrupted, and kills it when it does not. Returns how to stop watching. */
function onInterrupt(child: ChildProcess, interrupt: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined;
  const ask = () => {
    tell(child, { type: "stop" });
    timer = setTimeout(() => child.kill("SIGKILL"), HAND_OVER_MS);
  };
  interrupt.addEventListener("abort", ask, { once: true });
  if (interrupt.aborted) ask();
  return () => {
    clearTimeout(timer);
    interrupt.removeEventListener("abort", ask);
  };
}

function tell(child: ChildProcess, message: ToRunProcess): void {
  // A process that is gone already is dealt with when it closes.
  if (child.connected) child.send(message, () => {});
}

function endOf(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `ended with exit code ${code} before it was done` : `was killed by ${signal}`;
}

/** The line of the last words that says most: the one with the error. */
function reason(lastWords: string): string {
  const lines = lastWords.split("\n").map((line) => line.trim());
  const line = lines.find((one) => /error|fatal/i.test(one)) ?? lines.findLast((one) => one !== "");
  return line ? `: ${line}` : "";
}
