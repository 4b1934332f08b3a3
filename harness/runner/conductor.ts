/** Starts a process for each run, one after the other, and collects what they measured. */
import type { Run } from "../../reports/results.js";
import { InvalidArgumentError } from "../../src/errors.js";
import { Child, type Ended, tellingLine, withTemporaryFolder } from "../child/index.js";
import { RunFailedError } from "../command-line/errors.js";
import type { RelayedTick } from "../monitor/index.js";
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

interface RunListeners {
  progress(fraction: number, label: string): void;
  /** Ticks of the monitors over the stores. */
  live(tick: RelayedTick): void;
}

/** How long a run process may take to end once it has handed over its result, before what keeps it alive is killed with it, ms. */
const LINGER_MS = 5000;

/** How long a run process may take to hand over what it has when interrupted, before it is killed, ms. */
const HAND_OVER_MS = 5000;

/**
 * Runs all plans. When `interrupt` aborts, the current run hands over what it has and the rest is left out. A run that fails
 * does not take the others with it. Throws InvalidArgumentError for a plan that cannot be carried out.
 */
export async function conductRuns(
  plans: ReadonlyArray<Omit<RunPlan, "directory">>,
  interrupt: AbortSignal,
  progress: ConductorProgress,
  live: (tick: RelayedTick) => void = () => {},
): Promise<ConductedRuns> {
  const runs: Run[] = [];
  const recordings: Recording[] = [];
  const failures: string[] = [];
  const leftOut: string[] = [];
  let timerFloorNs = 0;
  for (const [done, plan] of plans.entries()) {
    if (interrupt.aborted) break;
    try {
      const measured = await conductRun(plan, interrupt, {
        progress: (fraction, label) => progress(done, plans.length, fraction, label),
        live,
      });
      if (measured === null) break;
      timerFloorNs = Math.max(timerFloorNs, measured.timerFloorNs);
      // An interrupt before the first operation leaves nothing worth showing.
      if (!measured.stopped || measured.run.ops > 0) {
        runs.push(measured.run);
        recordings.push(measured);
      }
    } catch (error) {
      if (error instanceof LeftOutError) leftOut.push(error.message);
      else if (error instanceof RunFailedError) failures.push(error.message);
      else throw error;
    }
  }
  return { runs, recordings, timerFloorNs, interrupted: interrupt.aborted, failures, leftOut };
}

type Measured = Extract<FromRunProcess, { type: "result" }>;

/** Null: interrupted before it had anything. */
async function conductRun(
  plan: Omit<RunPlan, "directory">,
  interrupt: AbortSignal,
  listeners: RunListeners,
): Promise<Measured | null> {
  return withTemporaryFolder("engram-run-", (directory) => runInProcess({ ...plan, directory }, interrupt, listeners));
}

async function runInProcess(
  plan: RunPlan,
  interrupt: AbortSignal,
  { progress, live }: RunListeners,
): Promise<Measured | null> {
  const label = `${plan.scenario.name} / ${plan.subject}`;
  let answer: Exclude<FromRunProcess, { type: "progress" | "live" }> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const child = Child.module(new URL("./run-process.js", import.meta.url), {
    interrupt,
    // What a subject starts and leaves running is ended with it.
    ownGroup: true,
    ask: (asked) => asked.send({ type: "stop" } satisfies ToRunProcess),
    graceMs: HAND_OVER_MS,
    onMessage: (message: FromRunProcess) => {
      if (message.type === "progress") progress(message.fraction, `${label}: ${message.label}`);
      else if (message.type === "live") live(message.tick);
      else {
        answer = message;
        timer = setTimeout(() => child.kill(), LINGER_MS);
      }
    },
  });
  child.send({ type: "plan", plan } satisfies ToRunProcess);
  const ended = await child.ended;
  clearTimeout(timer);
  child.endGroup();
  if (answer?.type === "result") return answer;
  if (interrupt.aborted) return null;
  if (answer?.type === "failure") throw failureOf(answer, label);
  throw new RunFailedError(`${label}: the run's process ${endOf(ended)}`);
}

function failureOf({ kind, message }: Extract<FromRunProcess, { type: "failure" }>, label: string): Error {
  if (kind === "usage") return new InvalidArgumentError(message);
  return kind === "left-out" ? new LeftOutError(`${label}: ${message}`) : new RunFailedError(`${label}: ${message}`);
}

function endOf({ exitCode, killedBy, stderr }: Ended): string {
  const how = killedBy === null ? `ended with exit code ${exitCode} before it was done` : `was killed by ${killedBy}`;
  const line = tellingLine(stderr);
  return line === undefined ? how : `${how}: ${line}`;
}
