/** `gate --against REV --command CMD`: anybody's benchmark, run in turns in the working tree and in a worktree of the revision. */
import { realpath } from "node:fs/promises";
import { join, relative } from "node:path";
import { InvalidArgumentError } from "../../../src/errors.js";
import { decide, looksFrom } from "../../statistics/index.js";
import type { GateContext } from "../against.js";
import { RunFailedError } from "../errors.js";
import { PairedRounds } from "../paired-rounds.js";
import type { Readings } from "../readings.js";
import { type DecidedBy, type GateReport, reportOf } from "../report.js";
import {
  addWorktree,
  describeHead,
  openRepository,
  type Repository,
  removeWorktree,
  resolveRevision,
} from "../repository.js";
import { findShell, type Shell } from "./processor-time.js";
import { comparisonOf, GROUP, readingsOf } from "./readings.js";
import { type BenchmarkContext, type BenchmarkRun, runBenchmark, type Tree } from "./run-benchmark.js";
import type { BenchmarkSettings } from "./settings.js";
import { prepare, shareDependencies } from "./trees.js";

/** A process that starts and ends costs tens of milliseconds, which stand in every figure of its time. */
const SHORT_MS = 200;

export async function gateCommandAgainst(
  revision: string,
  settings: BenchmarkSettings,
  context: GateContext,
): Promise<GateReport> {
  const { temporary, signal, progress } = context;
  const repository = await openRepository(context.folder, signal);
  const commit = await resolveRevision(repository, revision);
  const shell = await findShell(temporary, signal);
  if (settings.decideBy === "instructions" && !shell.instructions) {
    throw new InvalidArgumentError(
      "--decide-by instructions: this machine does not count any (perf stat -e instructions:u); cpu is the next best",
    );
  }
  const worktree = join(temporary, "base");
  try {
    const trees = await prepareTrees(repository, worktree, commit, shell, settings, context);
    return await measure(revision, commit, repository, trees, { shell, settings, temporary, signal }, context);
  } finally {
    progress.stop();
    await removeWorktree(repository, worktree);
  }
}

type Trees = Record<"head" | "base", Tree>;

async function prepareTrees(
  repository: Repository,
  worktree: string,
  commit: string,
  shell: Shell,
  { setup, build }: BenchmarkSettings,
  context: GateContext,
): Promise<Trees> {
  const { progress, signal } = context;
  // The gate may be called in a folder of the repository: the command runs in the same of both trees.
  const within = relative(await realpath(repository.root), await realpath(context.folder));
  const trees: Trees = {
    head: { name: "head", folder: join(repository.root, within) },
    base: { name: "base", folder: join(worktree, within) },
  };
  progress.step(`preparing ${commit.slice(0, 12)} in a worktree`);
  await addWorktree(repository, worktree, commit);
  if (setup === null) await shareDependencies(worktree, repository.root, within);
  else await prepare("--setup of the base", setup, trees.base.folder, shell, signal);
  if (build === null) return trees;
  await prepare("--build of the base", build, trees.base.folder, shell, signal);
  progress.step("building the working tree");
  await prepare("--build of the head", build, trees.head.folder, shell, signal);
  return trees;
}

async function measure(
  revision: string,
  commit: string,
  repository: Repository,
  trees: Trees,
  benchmark: BenchmarkContext,
  context: GateContext,
): Promise<GateReport> {
  const { tolerance, seed, progress } = context;
  const { settings } = benchmark;
  let leftRunning = false;
  const run = async (name: keyof Trees): Promise<BenchmarkRun> => {
    const one = await runBenchmark(trees[name], benchmark);
    leftRunning ||= one.leftRunning;
    return one;
  };
  // Once each, unjudged: they tell what is compared, and the first of all reads its files from the disk.
  const base = await run("base");
  const head = await run("head");
  if ((base.printed === null) !== (head.printed === null)) {
    const [has, lacks] = base.printed === null ? ["head", "base"] : ["base", "head"];
    throw new RunFailedError(
      `the benchmark of the ${has} prints metrics and that of the ${lacks} none: nothing can be compared; --metrics time compares how long they take`,
    );
  }
  const { targets, incomparable } = comparisonOf(head, base, settings);
  const measureArm = async (name: keyof Trees): Promise<Readings> => readingsOf(await run(name));
  const rounds = new PairedRounds({
    targets,
    tolerance,
    seed,
    incomparable,
    measure: measureArm,
    onRound: progress.rounds,
  });
  const decision = await decide(rounds, { seed, looks: looksFrom(context.rounds) });
  if (decision.noise.length === 0) throw new RunFailedError(`no metric could be compared: ${reasonsOf(rounds)}`);
  const { commit: headCommit, dirty } = await describeHead(repository);
  return reportOf({
    ...context,
    ...{ mode: "against", subject: GROUP, decision, targets, measured: rounds, decidedBy: decidedBy(settings) },
    head: `working tree (${headCommit?.slice(0, 12) ?? "no commit"}${dirty ? " with changes" : ""})`,
    base: revision === commit ? commit.slice(0, 12) : `${revision} (${commit.slice(0, 12)})`,
    commits: { head: headCommit, dirty, base: commit },
    settings: { scenarios: [GROUP], duration: "as it takes", workers: null, command: settings.command },
    notices: [
      ...(headCommit === commit && !dirty ? ["head and base are the same commit"] : []),
      ...(leftRunning
        ? ["the command left processes running at its end; they were ended, and what they cost is in no figure"]
        : []),
      ...shortNotice(base, settings),
    ],
  });
}

function decidedBy({ decideBy }: BenchmarkSettings): DecidedBy {
  return decideBy === "auto" ? "wall" : decideBy;
}

function shortNotice({ wallMs, printed }: BenchmarkRun, { decideBy }: BenchmarkSettings): string[] {
  if (wallMs >= SHORT_MS || (printed !== null && decideBy === "wall")) return [];
  return [
    `the command takes ${wallMs.toFixed(0)} ms, most of which may be its start: one that does more shows smaller differences`,
  ];
}

function reasonsOf(rounds: PairedRounds): string {
  const reasons = rounds.table().leftOut.map(({ name, reason }) => `${name}: ${reason}`);
  return reasons.join("; ") || "none measured";
}
