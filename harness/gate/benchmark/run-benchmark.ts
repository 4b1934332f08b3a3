/** One process of somebody's benchmark: how long it took, what it cost, what it says of itself. */
import { readFile, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { Child, type Ended } from "../../child/index.js";
import { describeEnd, lastWords } from "../describe-end.js";
import { RunFailedError } from "../errors.js";
import { readMetrics } from "./printed-metrics.js";
import { invocationOf, type Shell } from "./processor-time.js";
import type { BenchmarkSettings } from "./settings.js";
import type { PrintedMetric } from "./tools.js";

export interface Tree {
  /** For messages: `head` or `base`. */
  name: string;
  /** Where the command runs. */
  folder: string;
}

export interface BenchmarkRun {
  wallMs: number;
  cpuMs: number | null;
  instructions: number | null;
  /** Null: it prints none. */
  printed: PrintedMetric[] | null;
  /** It left processes running, which were ended. */
  leftRunning: boolean;
}

export interface BenchmarkContext {
  shell: Shell;
  settings: BenchmarkSettings;
  temporary: string;
  signal: AbortSignal;
}

/** What it left running may keep its output open this long. */
const DRAIN_MS = 1000;

export async function runBenchmark(tree: Tree, context: BenchmarkContext): Promise<BenchmarkRun> {
  const { shell, settings, temporary, signal } = context;
  const { command, metrics, metricsFile, limitMs } = settings;
  const file = metricsFile === null ? null : resolve(tree.folder, metricsFile);
  // What an earlier process has left there is not this one's.
  if (file !== null) await rm(file, { force: true });
  signal.throwIfAborted();
  const { program, args, read } = invocationOf(shell, command, temporary, tree.name);
  // The summary for a CI job is the gate's to write.
  const env = { ...process.env, GITHUB_STEP_SUMMARY: undefined };
  const child = Child.program(program, args, {
    ...{ cwd: tree.folder, env, interrupt: signal, ownGroup: true, limitMs, drainMs: DRAIN_MS },
  });
  const ended = await child.ended;
  const leftRunning = child.endGroup();
  signal.throwIfAborted();
  const who = `the benchmark of the ${tree.name}`;
  if (ended.late)
    throw new RunFailedError(`${who} took longer than ${limitMs / 1000} s and was ended; --limit gives it more`);
  if (ended.exitCode !== 0) throw new RunFailedError(`${who} failed, ${describeEnd(ended)}${lastWords(ended)}`);
  const printed = await metricsOf(ended, file, metrics, who);
  return { wallMs: ended.wallMs, ...(await read()), printed, leftRunning };
}

async function metricsOf(ended: Ended, file: string | null, format: BenchmarkSettings["metrics"], who: string) {
  if (file === null) return readMetrics(ended.stdout, format, who, "printed");
  const text = await readFile(file, "utf8").catch((cause: Error) => {
    throw new RunFailedError(`${who} wrote no --metrics-file: ${cause.message}`, { cause });
  });
  return readMetrics(text, format, who, `in ${file}`);
}
