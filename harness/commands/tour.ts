/** `engram tour`: what there is to see, within two minutes and without any file from outside. What `npm start` runs. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import type { EvictionResult } from "../../reports/results.js";
import { withInterruption } from "../command-line/interruption.js";
import { parseSeed } from "../command-line/option-values.js";
import { type OutputFolder, prepareOutputFolder } from "../command-line/output-folder.js";
import { createProgress, type Progress } from "../command-line/progress.js";
import { type MeasuredRuns, measureRuns } from "../runner/index.js";
import { whyMissing } from "../subjects/index.js";
import { parsePolicies, parseSizes, sweep } from "../sweep/index.js";
import { defaultFolder, finish } from "./run.js";
import { makeTourTrace } from "./tour-trace.js";

/** A board all agents read, the standard's read-mostly records, sessions that come and go, and a trace. */
const SCENARIOS = ["blackboard", "ycsb-b", "session", "replay"];
const SUBJECTS = ["engram", "map", "lmdb", "noop"];
const DURATION_MS = 1000;
const POLICIES = "lru,fifo,clock,arc,lirs,lfu,2q,s3-fifo,sieve,w-tinylfu,adaptive,opt";
const SIZES = "1%,5%,10%,20%";
/** Of the progress bar: the sweep takes about as long as one run. */
const RUNS_SHARE = 0.95;

export function tourCommand(): Command {
  return new Command("tour")
    .description("the main scenarios against engram, map and lmdb, and eviction policies over a trace: about a minute")
    .option("--seed <n>", "of streams and trace", "1")
    .option("--out <dir>", "where results.json and report.html are written (default: results/<time>)")
    .option("--json", "print results.json alone on stdout")
    .action(tour);
}

async function tour(options: { seed: string; out?: string; json?: boolean }): Promise<void> {
  const seed = parseSeed(options.seed);
  // it goes on without a peer that is not installed; `engram run --subjects` says what is missing
  const subjects = SUBJECTS.filter((name) => whyMissing(name) === null);
  const folder = await prepareOutputFolder(options.out ?? defaultFolder());
  const temporary = await mkdtemp(join(tmpdir(), "engram-tour-"));
  try {
    await withInterruption(async (interrupt) => {
      const measured = await measure(seed, subjects, temporary, folder, interrupt);
      await finish(measured, folder, options.json === true, true);
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function measure(
  seed: number,
  subjects: readonly string[],
  temporary: string,
  folder: OutputFolder,
  interrupt: AbortSignal,
): Promise<MeasuredRuns> {
  const progress = createProgress();
  try {
    const { loadScenario } = await import("../../workloads/scenarios.js");
    const { trace, path } = await makeTourTrace(temporary, seed);
    const measured = await measureRuns(
      {
        title: "A tour of Engram",
        scenarios: SCENARIOS.map(loadScenario),
        subjects,
        workers: null,
        durationMs: DURATION_MS,
        ops: null,
        rate: null,
        seed,
        trace: { path, format: "oracleGeneral", limit: null },
        noiseRuns: 0,
      },
      interrupt,
      { ...progress, show: (share, label) => progress.show(share * RUNS_SHARE, label) },
    );
    // The file is gone when somebody reads this.
    const config = { ...measured.results.config, trace: `synthetic, seed ${seed}` };
    const evictions = await sweepPolicies(trace, seed, interrupt, progress);
    const results = { ...measured.results, config };
    if (evictions === null) return { ...measured, results };
    const { withEvictions } = await import("../../reports/index.js");
    return { ...measured, results: withEvictions(results, evictions) };
  } catch (error) {
    await folder.removeIfEmpty();
    throw error;
  } finally {
    progress.stop();
  }
}

/** Null when interrupted. */
async function sweepPolicies(
  trace: Awaited<ReturnType<typeof makeTourTrace>>["trace"],
  seed: number,
  signal: AbortSignal,
  progress: Progress,
): Promise<EvictionResult[] | null> {
  if (signal.aborted) return null;
  try {
    return await sweep({
      traces: [trace],
      policies: parsePolicies(POLICIES),
      sizes: parseSizes(SIZES),
      seed,
      signal,
      onProgress: ({ done, total }) =>
        progress.show(RUNS_SHARE + (1 - RUNS_SHARE) * (done / total), "eviction policies"),
    });
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}
